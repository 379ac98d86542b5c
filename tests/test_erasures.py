"""Forgetting people: no name is left, every hash holds, and nobody who comes back counts twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.files import catalogue
from handlers import cards, configuration, drawing, erasures, launches, proofs
from handlers.items import Answer
from handlers.launches import Breaking
from integrations.store import cards as stored_cards
from integrations.store import checkins, identities, ledger, people
from integrations.store.identities import Identity, IdentityKind
from schema.checkins import Answers
from schema.errors import Refusal
from schema.flaws import flaws
from schema.launches import EventKind, State
from schema.ledger import begin
from schema.products import Role
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import EVA, EVERYBODY, MIA, PIA, SIGNED, Room, a_key, person
from tests.test_checkins_kept import CHECKIN, STUCK, TURN

SIGN = Intent.SIGN
TWO = replace(SIGNED, counts={Role.ML: 2})
MAX = person("MAX", Role.ML)


@pytest.fixture(name="room")
def a_room(store):
    return Room(store, specs=(TWO,))


async def forget(room, who):
    return await erasures.forget(room.services, room.snapshot, who.user)


async def names(room):
    return await room.store.read(lambda session: people.every(session, room.workspace))


async def test_who_was_forgotten_and_comes_back_is_no_second_person(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    await room.said(launch, MIA, Role.ML, T_1=SIGN)

    forgotten = await forget(room, MIA)
    await room.said(launch, MIA, Role.ML, T_1=SIGN)

    assert forgotten.launches == (launch,)
    assert [reason.words for reason in (await room.gate(launch)).reasons] == [
        "T-1 has 1 of 2 signatures and waits for data science."
    ]
    await room.said(launch, MAX, Role.ML, T_1=SIGN)
    assert (await room.gate(launch)).open is True
    events = await room.store.read(lambda session: ledger.events_since(session, room.workspace))
    assert flaws(begin(room.workspace), events) == ()


async def test_an_approval_does_not_outlive_the_name_of_who_signed(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    for who in (MIA, MAX):
        await room.said(launch, who, Role.ML, T_1=SIGN)
    before = await names(room)

    await forget(room, MIA)

    gate = await room.gate(launch)
    assert (gate.open, gate.state) == (False, State.OPEN)
    assert len(await names(room)) == len(before) - 1


async def test_an_objection_outlives_the_name_of_who_made_it(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    no = Answer(intent=Intent.OBJECT, reason="It forgets small shops.")
    await room.said(launch, MIA, Role.ML, T_1=no)
    await forget(room, MIA)
    for who in (MIA, MAX):
        await room.said(launch, who, Role.ML, T_1=SIGN)

    gate = await room.gate(launch)
    assert gate.open is False
    assert len(gate.dissent) == 1
    await launches.override(
        *room.acting(launch), gate.dissent[0].seq, reason="We fixed it.", by=EVA, key=a_key()
    )
    assert (await room.gate(launch)).open is True


async def test_what_the_forgotten_asked_for_is_withdrawn(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))

    await forget(room, PIA)

    assert (await room.gate(launch)).state is State.WITHDRAWN


async def test_accounts_that_were_linked_stay_one_person_when_they_are_forgotten(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    for who in (MIA, MAX):
        await room.said(launch, who, Role.ML, T_1=SIGN)
    given = room.documented(reviews={"same_person": [[MIA.user, MAX.user]]})
    applied = await configuration.apply(
        room.store, room.workspace, given, catalogue=catalogue(), now=room.clock.now
    )
    room.snapshot = replace(
        room.snapshot, revision=applied.revision, configuration=builders.configuration(given)
    )

    await forget(room, MAX)

    assert (await room.gate(launch)).items["T-1"] == "needs_sign"
    assert not {MIA.user, MAX.user} & {each.user for each in (await names(room)).values()}


async def test_nobody_of_an_emergency_is_forgotten_before_it_is_reviewed(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    glass = Breaking(reason="Payments are down", incident="INC-2041", hours=2)
    await launches.break_glass(*room.acting(launch), glass, by=EVA, key=a_key())

    with pytest.raises(Refusal, match="went out in an emergency and this person is part of it"):
        await forget(room, EVA)


async def test_somebody_unknown_is_said_to_be(room):
    with pytest.raises(Refusal, match="The ledger knows nobody with the id U0NOBODY00"):
        await forget(room, replace(MAX, user="U0NOBODY00"))


async def test_what_the_forgotten_said_before_standups_is_erased_and_what_became_of_it_is_said(room):
    await room.opened(people=(*EVERYBODY, MAX))
    week = {"product": "fraud-detection", "period": "2026-W47"}
    stuck = replace(STUCK, by=PIA.user)
    given = replace(CHECKIN, **week, person=PIA.user, answers=Answers(changed="Labels", blockers=(stuck,)))
    other = replace(STUCK, id="b2", by=MAX.user, unblocker=PIA.user)

    def say(session):
        for user in (PIA.user, MAX.user):
            checkins.put(session, room.workspace, replace(TURN, **week, person=user))
        checkins.keep(session, room.workspace, given)
        answers = Answers(blockers=(other,))
        checkins.keep(session, room.workspace, replace(given, person=MAX.user, answers=answers))
        named = Identity(
            kind=IdentityKind.PERSON, id=PIA.user, body={"name": "Pia"}, fetched_at=room.clock.now
        )
        identities.remember(session, room.workspace, named)
        cards.put(
            session, room.workspace, key=f"checkin.thread.fraud-detection.2026-W47.{PIA.user}", channel="C1",
            message={"text": "Pia: labels", "blocks": [], "thread_ts": "1.2", "by": PIA.user}, now=room.clock.now,
        )  # fmt: skip

    await room.store.write(say)
    forgotten = await forget(room, PIA)

    assert "1 check-in and 1 blocker were erased" in forgotten.line
    assert f"take {PIA.user} out of muster.yaml too" in forgotten.line

    def left(session):
        turns = checkins.turns(session, room.workspace, **week)
        card = stored_cards.get(
            session, room.workspace, f"checkin.thread.fraud-detection.2026-W47.{PIA.user}"
        )
        since = room.clock.now - timedelta(days=1)
        return turns, card.message, identities.known(session, room.workspace, [PIA.user], since=since)

    turns, message, known = await room.store.read(left)
    assert [(turn.person, turn.checkin.answers.blockers[0].unblocker) for turn in turns] == [(MAX.user, None)]
    assert (message["text"], message["thread_ts"], "by" in message) == (
        "What stood here was erased.",
        "1.2",
        False,
    )
    assert known == {}


async def test_who_never_decided_anything_is_forgotten_too(room):
    turn = replace(TURN, product="fraud-detection", person="U0ONLY0000")
    await room.store.write(lambda session: checkins.put(session, room.workspace, turn))

    await forget(room, replace(MAX, user="U0ONLY0000"))

    with pytest.raises(Refusal, match="knows nobody"):
        await forget(room, replace(MAX, user="U0ONLY0000"))


async def test_the_words_of_the_forgotten_go_where_that_is_asked_and_their_objection_still_blocks(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    no = Answer(intent=Intent.OBJECT, reason="It forgets small shops.")
    await room.said(launch, MIA, Role.ML, T_1=no)
    await room.said(launch, MAX, Role.ML, T_1=Answer(intent=Intent.COMMENT, reason="I am not so sure."))
    before = await room.texts()

    forgotten = await erasures.forget(room.services, room.snapshot, MIA.user, words=True)

    assert "1 text that they wrote was erased." in forgotten.line
    assert await room.texts() == before - 1
    card = await room.store.read(
        lambda session: stored_cards.get(session, room.workspace, f"launch.{launch}")
    )
    assert "somebody whose name was erased objects to T-1" in str(card.message)
    assert "(The words were erased.)" in str(card.message)
    assert (await room.gate(launch)).open is False
    events = await room.store.read(lambda session: ledger.events_since(session, room.workspace))
    [said] = [event for event in events if event.kind == EventKind.OBJECTED]
    [written] = [event for event in events if event.kind == EventKind.TEXT_ERASED]
    assert (written.launch, written.payload) == (launch, {"texts": [said.payload["text"]]})
    page = (await proofs.prove(room.services, room.snapshot, launch)).page.decode()
    assert "Some of what somebody wrote here was erased." in page
    assert flaws(begin(room.workspace), events) == ()


async def test_the_words_in_a_launch_that_has_ended_go_too_and_it_stays_ended(room):
    launch = await room.opened(people=(*EVERYBODY, MAX))
    no = Answer(intent=Intent.OBJECT, reason="It forgets small shops.")
    await room.said(launch, MIA, Role.ML, T_1=no)
    await launches.withdraw(*room.acting(launch), by=PIA, key=a_key())

    await erasures.forget(room.services, room.snapshot, MIA.user, words=True)
    await drawing.catch_up(room.services, room.snapshot)

    gate = await room.gate(launch)
    events = await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))
    assert (gate.state, gate.seq) == (State.WITHDRAWN, events[-1].seq)
    assert events[-1].kind == EventKind.TEXT_ERASED
    card = await room.store.read(
        lambda session: stored_cards.get(session, room.workspace, f"launch.{launch}")
    )
    assert "small shops" not in str(card.message)
