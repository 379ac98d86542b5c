"""Launches decided for real: events, projection, card, thread and direct messages of each action, on both engines."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.files import catalogue
from handlers import configuration, drawing, items, launches, ticks
from handlers.items import Answer
from handlers.launches import Asked, Breaking, OtherTier, Waiving
from integrations.store import cards as stored_cards
from integrations.store import launches as stored
from integrations.store import ledger, outbox
from integrations.store.launches import projected
from schema.attempts import Code, Declined
from schema.checklists import CheckKind
from schema.flaws import flaws
from schema.gates import ReasonCode
from schema.histories import fold
from schema.launches import EventKind, State
from schema.ledger import begin
from schema.products import Role
from schema.requirements import EvidenceKind, Requirement
from schema.risks import Tier
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import (
    EVA,
    EVERYBODY,
    LEO,
    MANIFEST,
    MEASURED,
    MIA,
    OWN,
    PIA,
    RON,
    SAM,
    SIGNED,
    WAIVABLE,
    Room,
    a_key,
    person,
    team,
)  # fmt: skip

SIGN, OBJECT, BACK = Intent.SIGN, Intent.OBJECT, Intent.TAKE_BACK


@pytest.fixture(name="room")
def a_room(store):
    return Room(store)


async def events_of(room, launch):
    return await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))


async def kinds(room, launch):
    return [event.kind for event in await events_of(room, launch)]


async def kept(room, launch):
    return await room.store.read(lambda session: stored.get(session, room.workspace, launch))


async def told(room):
    """Give what waits to be said to people directly: user and words."""
    waiting = await room.store.read(lambda session: outbox.waiting(session, room.workspace))
    return [(each.payload["user"], each.payload["text"]) for each in waiting if each.kind == "dm"]


async def card(room, key):
    return await room.store.read(lambda session: stored_cards.get(session, room.workspace, key))


async def thread(room, launch):
    """Give the lines of a launch's thread, oldest first."""
    seqs = [event.seq for event in await events_of(room, launch)]
    found = [await card(room, f"launch.{launch}.said.{seq}") for seq in seqs]
    return [each.message["text"] for each in found if each is not None]


async def approved(room, **opened):
    launch = await room.opened(**opened)
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    return launch


async def test_a_launch_opens_with_its_card_a_message_a_role_and_a_word_to_who_asked(room):
    launch = await room.opened()

    assert launch == "fraud-detection-1"
    assert await kinds(room, launch) == [EventKind.OPENED, EventKind.SUBMITTED, EventKind.CHECKED]
    assert (await kept(room, launch)).state is State.OPEN
    shown = await card(room, "launch.fraud-detection-1")
    assert "Ranker v3" in shown.message["text"]
    assert shown.channel == room.product.channel
    assert (await card(room, "launch.fraud-detection-1.role.ml")).under == "launch.fraud-detection-1"
    [(user, words)] = await told(room)
    assert (user, "is open for sign-off" in words) == (PIA.user, True)


async def test_where_no_source_has_to_be_asked_a_launch_is_checked_as_it_opens(room):
    given = Asked(title="Ranker v3", manifest=MANIFEST, answers=frozenset())
    opened = await launches.open_launch(
        room.services, room.snapshot, room.product, given, by=PIA, team=team(*EVERYBODY), key=a_key()
    )

    assert opened.decided.launch.state is State.OPEN
    assert "Open for sign-off" in (await card(room, f"launch.{opened.id}")).message["text"]
    assert await ticks.tick_launch(*room.acting(opened.id)) == ()
    revised = await launches.revise(
        *room.acting(opened.id), given, by=PIA, team=team(*EVERYBODY), key=a_key()
    )
    assert revised.launch.state is State.OPEN


async def asking_a_source(store):
    """Open a launch whose one item rests on a figure that nobody has asked for yet."""
    reading = Requirement(
        name="recall", kind=EvidenceKind.READING, words="how much it finds", metric="recall"
    )
    room = Room(store, specs=(replace(SIGNED, check=CheckKind.AUTO_AND_SIGN, requirements=(reading,)),))
    given = Asked(title="Ranker v3", manifest=MANIFEST, answers=frozenset())
    opened = await launches.open_launch(
        room.services, room.snapshot, room.product, given, by=PIA, team=team(*EVERYBODY), key=a_key()
    )
    return room, given, opened


async def test_where_a_source_has_to_be_asked_a_launch_says_that_it_is_checking(store):
    room, given, opened = await asking_a_source(store)

    assert opened.decided.launch.state is State.CHECKING
    assert "is being checked" in (await card(room, f"launch.{opened.id}")).message["text"]
    role = f"launch.{opened.id}.role.ml"
    assert await card(room, role) is None  # nobody is asked yet
    room.clock.turn(seconds=5)
    await ticks.tick_launch(*room.acting(opened.id))
    assert (
        "Nothing to sign yet: evidence is missing or does not pass for 1 item."
        in (await card(room, role)).message["text"]
    )
    await launches.revise(*room.acting(opened.id), given, by=PIA, team=team(*EVERYBODY), key=a_key())
    await drawing.catch_up(room.services, room.snapshot)
    assert "The checks run first." in (await card(room, role)).message["text"]


async def test_of_a_launch_that_ends_before_it_asked_anybody_no_role_hears(store):
    room, _, opened = await asking_a_source(store)
    room.clock.turn(seconds=5)
    await launches.withdraw(*room.acting(opened.id), by=PIA, key=a_key())

    assert "Withdrawn" in (await card(room, f"launch.{opened.id}")).message["text"]
    assert await card(room, f"launch.{opened.id}.role.ml") is None


async def test_what_a_higher_tier_asks_is_looked_at_as_it_is_raised(store):
    paper = replace(WAIVABLE, id="T-9", check=CheckKind.AUTO_AND_SIGN, applies_from=Tier.HIGH, requirements=(
        Requirement(name="page", kind=EvidenceKind.DOCUMENT, words="the page"),
    ))  # fmt: skip
    room = Room(store, specs=(SIGNED, paper))
    launch = await room.opened()

    other = OtherTier(tier=Tier.HIGH, team=team(*EVERYBODY))
    raised = await launches.change_tier(*room.acting(launch), other, by=SAM, key=a_key())

    assert [event.kind for event in raised.events] == [EventKind.TIER_RAISED, EventKind.EVIDENCE_CHANGED]
    assert raised.gate.reasons[-1].code is ReasonCode.EVIDENCE  # not: it is looked at again in a moment
    assert await ticks.tick_launch(*room.acting(launch)) == ()


async def test_launches_of_a_product_are_counted_from_one(room):
    assert [await room.opened() for _ in range(3)] == [f"fraud-detection-{n}" for n in (1, 2, 3)]


async def test_the_last_signature_approves_and_the_owner_records_its_use_once(room):
    launch = await approved(room)

    assert (await room.gate(launch)).open is True
    used = await room.used(launch)
    again = await room.used(launch)

    assert [event.kind for event in used.events] == [EventKind.USED]
    assert again.events == ()
    assert (await kept(room, launch)).state is State.LAUNCHED
    with pytest.raises(Declined, match="Another manifest has gone out"):
        await room.used(launch, manifest="0" * 64)


async def test_each_decision_gets_one_line_in_the_thread_with_the_reason_as_a_quote(room):
    launch = await room.opened()
    room.clock.turn(seconds=5)

    await room.said(
        launch, MIA, Role.ML, T_1=Answer(intent=OBJECT, reason="The <b>new</b> model forgets small shops.")
    )

    assert "Mia objects to T-1." in (await thread(room, launch))[-1]
    assert "“The &lt;b&gt;new&lt;/b&gt; model forgets small shops.”" in (await thread(room, launch))[-1]


async def test_a_free_text_stands_beside_the_ledger_and_never_in_it(room):
    launch = await room.opened()

    await room.said(launch, MIA, Role.ML, T_1=Answer(intent=OBJECT, reason="It forgets small shops."))

    everything = repr([event.payload for event in await events_of(room, launch)])
    assert "small shops" not in everything
    assert "Ranker" not in everything
    assert MIA.user not in everything


async def test_a_burst_of_decisions_changes_the_card_once_and_the_rest_is_caught_up(room):
    launch = await room.opened()
    room.clock.turn(seconds=5)
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)

    behind = await kept(room, launch)
    assert behind.drawn < behind.seq
    assert await drawing.catch_up(room.services, room.snapshot) == 1
    assert await drawing.catch_up(room.services, room.snapshot) == 0

    assert (await kept(room, launch)).drawn == behind.seq
    assert "Ron signed T-2." in (await thread(room, launch))[-1]
    assert "Approved" in (await card(room, f"launch.{launch}")).message["text"]


async def test_a_refused_attempt_stands_in_the_ledger_once_and_changes_nothing_else(room):
    launch = await room.opened()
    before = await kept(room, launch)

    for _ in range(2):  # a payload that comes twice
        with pytest.raises(Declined, match="T-1 is for people from data science"):
            await room.said(launch, LEO, Role.ML, key="one-click", T_1=SIGN)

    refused = [event for event in await events_of(room, launch) if event.kind == EventKind.ATTEMPT_REFUSED]
    assert [event.payload for event in refused] == [{"what": "sign T-1", "why": "no_role"}]
    after = await kept(room, launch)
    assert (after.state, after.revision, after.seq) == (before.state, before.revision, before.seq + 1)


async def test_the_words_of_a_refused_attempt_are_not_kept(room):
    launch = await room.opened()
    showing = await items.show(room.services, room.snapshot, launch, person=LEO, role=Role.ML, id=a_key())
    before = await room.texts()

    words = Answer(intent=OBJECT, reason="I only look like an expert.")
    with pytest.raises(Declined):
        await items.sign(room.services, room.snapshot, showing.id, {"T-1": words}, person=LEO, key=a_key())

    assert await room.texts() == before


@pytest.mark.parametrize(
    "why", ["You are a guest here.", "Bots decide nothing.", "This account is deactivated."]
)
async def test_who_never_decides_is_refused_with_the_reason_and_noted(room, why):
    launch = await room.opened()
    guest = person("MIA", Role.ML, barred=why)

    with pytest.raises(Declined, match=why):
        await room.said(launch, guest, Role.ML, T_1=SIGN)

    assert (await events_of(room, launch))[-1].payload["why"] == Code.BARRED


async def test_the_requester_fills_no_seat_not_even_by_another_account(store):
    document = Room.documented(reviews={"same_person": [[PIA.user, MIA.user]]})
    room = Room(store, document=document)
    launch = await room.opened(people=(*EVERYBODY, person("MAX", Role.ML)))

    with pytest.raises(Declined, match="You asked for this launch"):
        await room.said(launch, MIA, Role.ML, T_1=SIGN)


TWO = replace(SIGNED, counts={Role.ML: 2})
MIB = person("MIB", Role.ML)  # the other account of Mia


async def linked(room, *users):
    """Say in muster.yaml that accounts are one person's, and apply it."""
    document = room.documented(reviews={"same_person": [list(users)]})
    applied = await configuration.apply(
        room.store, room.workspace, document, catalogue=catalogue(), now=room.clock.now
    )
    room.snapshot = replace(
        room.snapshot, revision=applied.revision, configuration=builders.configuration(document)
    )


async def test_two_accounts_that_turn_out_to_be_one_persons_fill_one_seat(store):
    room = Room(store, specs=(TWO,))
    launch = await room.opened(people=(*EVERYBODY, MIB))
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, MIB, Role.ML, T_1=SIGN)
    assert (await room.gate(launch)).open is True

    await linked(room, MIA.user, MIB.user)

    gate = await room.gate(launch)
    assert gate.open is False
    assert [reason.words for reason in gate.reasons] == [
        "T-1 has 1 of 2 signatures and waits for data science."
    ]


async def test_the_requesters_other_account_has_filled_no_seat(store):
    other = person("AAA", Role.ML)  # sorted before the requester's: its pid is the one that both share
    room = Room(store, specs=(SIGNED,))
    launch = await room.opened(people=(*EVERYBODY, other))
    await room.said(launch, other, Role.ML, T_1=SIGN)
    assert (await room.gate(launch)).open is True

    await linked(room, PIA.user, other.user)

    assert (await room.gate(launch)).open is False
    assert [event.kind for event in await ticks.tick_launch(*room.acting(launch))] == [EventKind.REOPENED]
    with pytest.raises(Declined, match="You asked for this launch"):
        await room.said(launch, person("PIA", Role.ML), Role.ML, T_1=SIGN)


async def test_a_seat_that_nobody_can_fill_refuses_the_launch_before_anything_is_posted(room):
    with pytest.raises(Declined, match="Nobody who may decide is from responsible AI, which T-2 needs"):
        await room.opened(people=(PIA, MIA))

    assert await room.store.read(lambda session: ledger.head(session, room.workspace).seq) == 0
    assert await room.store.read(lambda session: outbox.waiting(session, room.workspace)) == ()
    assert await room.texts() == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"outsiders": True}, "is shared with another company"),
        (
            {"closed": ["Slack does not list the user group S0ML, so nobody holds ml through it."]},
            "does not list",
        ),
    ],
)
async def test_a_team_that_cannot_be_told_refuses_the_launch(room, changes, why):
    asked = launches.Asked(title="Ranker", manifest=MANIFEST, answers=frozenset())
    with pytest.raises(Declined, match=why):
        await launches.open_launch(
            room.services,
            room.snapshot,
            room.product,
            asked,
            by=PIA,
            team=team(*EVERYBODY, **changes),
            key="k",
        )


async def test_without_a_key_or_a_channel_no_launch_opens(room):
    asked = launches.Asked(title="Ranker", manifest=MANIFEST, answers=frozenset())
    keyless = replace(room.services, signing_key=None)
    with pytest.raises(Declined, match="muster key new"):
        await launches.open_launch(
            keyless, room.snapshot, room.product, asked, by=PIA, team=team(*EVERYBODY), key="k"
        )
    homeless = room.product.model_copy(update={"channel": None})
    with pytest.raises(Declined, match="has no channel yet"):
        await launches.open_launch(
            room.services, room.snapshot, homeless, asked, by=PIA, team=team(*EVERYBODY), key="k"
        )


async def test_requests_of_last_month_are_cleared(room):
    await room.opened(key="old")
    room.clock.turn(days=31)
    await room.opened(key="new")

    gone = await room.store.write(
        lambda session: stored.forget(session, before=room.clock.now - timedelta(days=30))
    )

    assert gone == 1
    assert await room.opened(key="new") == "fraud-detection-2"


async def test_opening_twice_with_the_same_request_opens_once(room):
    first = await room.opened(key="submit-1")
    assert await room.opened(key="submit-1") == first
    assert (await kinds(room, first)).count(EventKind.OPENED) == 1


async def test_a_new_revision_keeps_the_signatures_of_what_did_not_change(room):
    launch = await approved(room)
    other = replace(MANIFEST, data=("offers-2026-11-22",))

    await room.revised(launch, manifest=other)

    assert (await kept(room, launch)).revision == 2
    gate = await room.gate(launch)
    assert gate.state is State.OPEN
    assert {name: state.value for name, state in gate.items.items()} == {"T-1": "signed", "T-2": "stale"}


async def test_waivers_overrides_tiers_and_endings_are_written_and_shown(room):
    launch = await room.opened()
    room.clock.turn(seconds=2)
    showing = await items.show(room.services, room.snapshot, launch, person=RON, role=Role.RAI, id=a_key())
    waiving = Waiving(
        item="T-2", digest=showing.items["T-2"], owner=SAM, reason="The study ends in May.", metric="recall",
        until=room.clock.now + timedelta(days=30),
    )  # fmt: skip
    act = room.acting(launch)
    await launches.waive(*act, waiving, by=RON, key=a_key())
    objected = await room.said(launch, MIA, Role.ML, T_1=Answer(intent=OBJECT, reason="Not yet."))
    seq = objected.events[0].seq
    await launches.override(*act, seq, reason="Legal has looked at it.", by=EVA, key=a_key())
    await launches.change_tier(*act, OtherTier(tier=Tier.MEDIUM, team=team(*EVERYBODY)), by=LEO, key=a_key())
    await launches.reject(*act, reason="We stop here.", by=LEO, key=a_key())

    told_of = await kinds(room, launch)
    await drawing.catch_up(room.services, room.snapshot)
    lines = "\n".join(await thread(room, launch))
    assert "Ron waives T-2 until <!date^" in lines
    assert "“The study ends in May.”" in lines
    assert "Eva goes on in spite of the objection to T-1, which stays visible." in lines
    assert "Leo rejects the launch." in lines
    for kind in (EventKind.WAIVED, EventKind.OVERRIDDEN, EventKind.TIER_RAISED, EventKind.REJECTED):
        assert kind in told_of
    row = await kept(room, launch)
    assert (row.state, row.ended, row.tier) == (State.REJECTED, True, Tier.MEDIUM)
    with pytest.raises(Declined, match="nothing changes it any more"):
        await launches.withdraw(*act, by=PIA, key=a_key())


async def test_an_emergency_passes_for_hours_and_is_never_approved(room):
    launch = await room.opened()
    breaking = Breaking(reason="Fraud is running away.", incident="INC-2041", hours=2)
    await launches.break_glass(*room.acting(launch), breaking, by=SAM, key=a_key())

    gate = await room.gate(launch)
    assert (gate.open, gate.state) == (False, State.BYPASSED)
    assert gate.bypass_until == room.clock.now + timedelta(hours=2)
    room.clock.turn(hours=2)
    assert (await room.gate(launch)).bypass_until is None
    for who in (LEO, EVA):
        await launches.review_bypass(*room.acting(launch), reason="It was right.", by=who, key=a_key())
    assert (await kept(room, launch)).state is State.CLOSED


async def test_revoking_and_withdrawing_say_why(room):
    launch = await approved(room)
    await launches.revoke(*room.acting(launch), reason="The data was mislabelled.", by=RON, key=a_key())
    other = await room.opened()
    await launches.withdraw(*room.acting(other), reason="Next month.", by=PIA, key=a_key())

    assert (await kept(room, launch)).state is State.REVOKED
    assert (await kept(room, other)).state is State.WITHDRAWN


async def test_new_rules_reach_an_open_launch_only_when_somebody_says_so(room):
    launch = await approved(room)
    room.services = replace(
        room.services, checklists=replace(room.services.checklists, items=(SIGNED, WAIVABLE, MEASURED))
    )

    assert (await room.gate(launch)).open is True
    await launches.rebase(*room.acting(launch), by=OWN, team=team(*EVERYBODY), key=a_key())
    await ticks.tick_launch(*room.acting(launch))

    gate = await room.gate(launch)
    assert (gate.open, gate.total) == (False, 3)


async def test_the_projection_of_every_prefix_is_what_the_events_rebuild(room):
    launch = await room.opened()
    for who, role, answer in [
        (MIA, Role.ML, SIGN),
        (RON, Role.RAI, SIGN),
        (MIA, Role.ML, BACK),
        (MIA, Role.ML, SIGN),
    ]:
        item = "T_1" if role is Role.ML else "T_2"
        decided = await room.said(launch, who, role, **{item: answer})
        row = await kept(room, launch)
        events = await events_of(room, launch)
        rebuilt = fold(events)
        assert rebuilt == decided.launch
        assert {name: getattr(row, name) for name in projected(rebuilt)} == projected(rebuilt)
        assert row.hash == events[-1].hash


async def test_the_chain_verifies_after_everything_that_happened(room):
    await test_waivers_overrides_tiers_and_endings_are_written_and_shown(room)

    events = await room.store.read(lambda session: ledger.events_since(session, room.workspace))
    assert len(events) >= 9
    assert flaws(begin(room.workspace), events) == ()
