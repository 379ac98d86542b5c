"""Signing what was shown: bound to the showing, to the person and to the very state of each item."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import delegations, items
from handlers.deciding import Acting, Presser, Seen
from handlers.delegations import Handing
from handlers.items import Answer
from handlers.people import Cold
from integrations.store import identities, ledger, texts
from integrations.store import showings as stored
from integrations.store.identities import Identity, IdentityKind
from schema.attempts import Code, Declined
from schema.errors import Refusal
from schema.launches import EventKind, State
from schema.ledger import digest
from schema.products import Role
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import (
    EVERYBODY,
    MANIFEST,
    MEASURED,
    MIA,
    NOON,
    PIA,
    SAM,
    SIGNED,
    WAIVABLE,
    Room,
    a_key,
    person,
)

LEGAL = "S0LEGAL0001"
SIGN, OBJECT, BACK, COMMENT = Intent.SIGN, Intent.OBJECT, Intent.TAKE_BACK, Intent.COMMENT


@pytest.fixture(name="room")
def a_room(store):
    return Room(store, specs=(SIGNED, WAIVABLE, MEASURED))


async def shown(room, launch, who=MIA, role=Role.ML):
    return await items.show(*room.acting(launch), person=who, role=role, id=a_key())


async def sign(room, showing, who=MIA, key="", **answers):
    given = {
        name.replace("_", "-"): each if isinstance(each, Answer) else Answer(intent=each)
        for name, each in answers.items()
    }
    return await items.sign(room.services, room.snapshot, showing.id, given, person=who, key=key or a_key())


def told(user, *, at=NOON, **body):
    body = {"name": "Mia", "is_stranger": False, **body}
    return Identity(kind=IdentityKind.PERSON, id=user, body=body, fetched_at=at)


def group(*users, at=NOON):
    return Identity(kind=IdentityKind.GROUP, id=LEGAL, body={"users": list(users)}, fetched_at=at)


async def remembered(room, *said):
    await room.store.write(lambda session: identities.remember(session, room.workspace, *said))


async def written(room, launch):
    return await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))


def pressing(room, user=MIA.user):
    return Presser(user=user, since=room.clock.now - timedelta(minutes=10), unknown="There is none.")


def in_groups(store, **product):
    """Make a room in which Mia holds machine learning, and legal is held by a group."""
    roles = {"ml": [MIA.user], "leg": [LEGAL]}
    document = builders.document(fraud_detection={"roles": roles, **product})
    return Room(store, specs=(SIGNED, WAIVABLE, MEASURED), document=document)


async def test_who_presses_is_known_in_the_decision_by_what_slack_said_lately(store):
    room = in_groups(store)
    launch = await room.opened()
    showing = await shown(room, launch)

    with pytest.raises(Cold) as cold:
        await sign(room, showing, pressing(room), key="once", T_1=SIGN)
    await remembered(room, group(), told(MIA.user, at=NOON - timedelta(minutes=11)))
    with pytest.raises(Cold) as old:
        await sign(room, showing, pressing(room), key="once", T_1=SIGN)
    await remembered(room, told(MIA.user))
    decided = await sign(room, showing, pressing(room), key="once", T_1=SIGN)
    again = await sign(room, showing, pressing(room), key="once", T_1=SIGN)

    assert (cold.value.ids, old.value.ids) == ({MIA.user, LEGAL}, {MIA.user})
    assert [event.kind for event in decided.events] == [EventKind.SIGNED]
    assert decided.who.roles == {Role.ML}
    assert not again.fresh
    assert again.events == decided.events


async def test_who_presses_decides_nothing_as_a_guest_or_without_the_role(store):
    room = in_groups(store)
    launch = await room.opened()
    showing, other = await shown(room, launch), await shown(room, launch, SAM, Role.SRE)
    await remembered(room, group(), told(MIA.user, is_restricted=True), told(SAM.user))

    with pytest.raises(Declined) as guest:
        await sign(room, showing, pressing(room), T_1=SIGN)
    with pytest.raises(Declined) as nobody:
        await sign(room, other, pressing(room, SAM.user), T_3=SIGN)

    assert (guest.value.code, nobody.value.code) == (Code.BARRED, Code.NO_ROLE)
    events = await written(room, launch)
    assert [event.kind for event in events[-2:]] == [EventKind.ATTEMPT_REFUSED] * 2


async def test_who_presses_and_may_not_know_of_the_product_is_told_nothing(store):
    room = in_groups(store, readers="roles")
    launch = await room.opened()
    showing = await shown(room, launch, SAM, Role.SRE)
    before = await written(room, launch)
    await remembered(room, group(), told(SAM.user))

    with pytest.raises(Refusal, match="There is none"):
        await sign(room, showing, pressing(room, SAM.user), T_3=SIGN)

    assert await written(room, launch) == before


async def test_a_showing_keeps_every_word_and_names_it_by_its_content(room):
    launch = await room.opened()
    await room.drilled("3")

    showing = await shown(room, launch, SAM, Role.SRE)
    found = await room.store.read(lambda session: stored.get(session, room.workspace, showing.id))

    assert found == showing
    assert list(showing.items) == ["T-3"]
    assert "Can it be switched off?" in showing.text["T-3"]
    assert "how long the switch-off took" in showing.text["T-3"].lower()
    content = {"muster-showing": 1, "revision": 1, "items": dict(showing.items), "text": dict(showing.text)}
    assert showing.hash == digest(content)


async def test_a_sign_off_names_the_showing_that_it_rests_on(room):
    launch = await room.opened()
    showing = await shown(room, launch)

    decided = await sign(room, showing, T_1=SIGN)

    [event] = decided.events
    assert (event.payload["showing"], event.payload["digest"]) == (showing.id, showing.items["T-1"])


async def test_somebody_elses_showing_signs_nothing(room):
    launch = await room.opened(people=(*EVERYBODY, person("MAX", Role.ML)))
    showing = await shown(room, launch)

    with pytest.raises(Declined, match="shown to somebody else") as refused:
        await sign(room, showing, person("MAX", Role.ML), T_1=SIGN)
    assert refused.value.code is Code.STALE


async def test_a_showing_of_last_month_signs_nothing(room):
    launch = await room.opened()
    showing = await shown(room, launch)
    room.clock.turn(hours=24, seconds=1)

    with pytest.raises(Declined, match="more than a day ago"):
        await sign(room, showing, T_1=SIGN)


async def test_a_showing_that_nobody_stored_signs_nothing(room):
    launch = await room.opened()
    showing = replace(await shown(room, launch), id="another")

    with pytest.raises(Refusal, match="open the items again"):
        await sign(room, showing, T_1=SIGN)


async def test_what_changed_since_it_was_shown_is_named_with_the_time(room):
    launch = await room.opened()
    await room.drilled("3")
    showing = await shown(room, launch, SAM, Role.SRE)
    room.clock.turn(minutes=7)
    await room.drilled("4")

    with pytest.raises(Declined, match=r"T-3 has changed since this was shown to you; open the items again"):
        await sign(room, showing, SAM, T_3=SIGN)


async def test_a_new_revision_makes_every_open_form_old(room):
    launch = await room.opened()
    showing = await shown(room, launch)
    await room.revised(launch, manifest=replace(MANIFEST, code="0" * 40))

    with pytest.raises(Declined, match="T-1 has changed since this was shown"):
        await sign(room, showing, T_1=SIGN)


async def test_only_what_was_shown_can_be_signed(room):
    launch = await room.opened()
    showing = await shown(room, launch)

    with pytest.raises(Declined, match="T-2 was not shown to you"):
        await sign(room, showing, T_2=SIGN)


async def test_all_answers_of_a_form_count_or_none_does(room):
    both = person("MIA", Role.ML, Role.RAI)
    launch = await room.opened(people=(*EVERYBODY, both))
    showing = await items.show(*room.acting(launch), person=both, role=Role.ML, id=a_key())

    with pytest.raises(Declined):
        await sign(room, showing, both, T_1=SIGN, T_9=SIGN)
    with pytest.raises(Declined, match="Say why"):
        await sign(room, showing, both, T_1=OBJECT)
    assert (await room.gate(launch)).items["T-1"] == "needs_sign"


async def test_the_same_submission_again_gives_the_same_answer_and_adds_nothing(room):
    launch = await room.opened()
    showing = await shown(room, launch)

    first = await sign(room, showing, key="view-1", T_1=SIGN)
    again = await sign(room, showing, key="view-1", T_1=SIGN)

    assert (first.fresh, again.fresh) == (True, False)
    assert again.events == first.events
    assert again.launch == first.launch


async def test_a_refused_submission_again_is_refused_in_the_same_words_even_when_it_would_pass_now(room):
    launch = await room.opened()
    showing = await shown(room, launch)
    outsider = replace(MIA, standing=replace(MIA.standing, roles=frozenset()))
    with pytest.raises(Declined) as first:
        await sign(room, showing, outsider, key="view-1", T_1=SIGN)

    with pytest.raises(Declined) as again:
        await sign(room, showing, key="view-1", T_1=SIGN)

    assert (str(again.value), again.value.code) == (str(first.value), first.value.code)


async def test_an_objection_blocks_until_the_same_person_takes_it_back(room):
    launch = await room.opened()
    objecting = Answer(intent=OBJECT, reason="It forgets small shops.")
    await sign(room, await shown(room, launch), T_1=objecting)
    assert (await room.gate(launch)).items["T-1"] == "objected"

    await sign(room, await shown(room, launch), T_1=BACK)

    assert (await room.gate(launch)).items["T-1"] == "needs_sign"


async def test_a_role_that_nothing_asks_is_shown_nothing(room):
    launch = await room.opened()

    with pytest.raises(Refusal, match="Nothing in fraud-detection-1 asks"):
        await shown(room, launch, PIA, Role.FIN)


async def test_a_colleague_signs_for_one_who_is_away_and_both_stand_in_the_ledger(room):
    max_ = person("MAX", Role.ENG)
    launch = await room.opened(people=(*EVERYBODY, max_))
    handing = Handing(to=max_, roles=frozenset({Role.ML}), starts_at=room.clock.now,
                      ends_at=room.clock.now + timedelta(days=3))  # fmt: skip
    await delegations.delegate(room.services, room.snapshot, room.product, handing, by=MIA, key="d-1")
    await delegations.delegate(room.services, room.snapshot, room.product, handing, by=MIA, key="d-1")
    showing = await shown(room, launch, max_)

    with pytest.raises(Declined):
        await sign(room, showing, max_, T_1=SIGN)
    decided = await items.sign(
        room.services, room.snapshot, showing.id, {"T-1": Answer(intent=SIGN)}, person=max_, key=a_key(),
        acting_for=Acting(principal=MIA),
    )  # fmt: skip

    assert (
        decided.events[0].payload["principal"]
        == decided.launch.revision.voices["T-1"][decided.events[0].actor]
        .newest[showing.items["T-1"]]
        .principal
    )
    assert (await room.gate(launch)).items["T-1"] == "signed"


async def test_a_refused_hand_over_stands_in_the_ledger_once(room):
    handing = Handing(to=MIA, roles=frozenset({Role.ML}), starts_at=room.clock.now,
                      ends_at=room.clock.now + timedelta(days=3))  # fmt: skip
    for _ in range(2):
        with pytest.raises(Declined, match="Name a colleague who may decide here"):
            await delegations.delegate(room.services, room.snapshot, room.product, handing, by=MIA, key="d-1")

    [noted] = await room.store.read(lambda session: ledger.events_of(session, room.workspace, ""))
    assert noted.kind == EventKind.ATTEMPT_REFUSED
    assert noted.payload == {"what": "hand over in fraud-detection", "why": "delegation"}


async def test_a_delegation_that_ended_signs_nothing(room):
    max_ = person("MAX", Role.ENG)
    launch = await room.opened(people=(*EVERYBODY, max_))
    handing = Handing(to=max_, roles=frozenset({Role.ML}), starts_at=room.clock.now,
                      ends_at=room.clock.now + timedelta(days=3))  # fmt: skip
    delegation = await delegations.delegate(
        room.services, room.snapshot, room.product, handing, by=MIA, key="d-1"
    )
    await delegations.end(room.services, room.snapshot, delegation, by=MIA, key="d-2")
    showing = await shown(room, launch, max_)

    with pytest.raises(Declined, match="has not let you sign for them"):
        await items.sign(
            room.services, room.snapshot, showing.id, {"T-1": Answer(intent=SIGN)}, person=max_, key=a_key(),
            acting_for=Acting(principal=MIA),
        )  # fmt: skip


async def test_a_comment_changes_nothing_but_is_kept(room):
    launch = await room.opened()

    decided = await sign(
        room, await shown(room, launch), T_1=Answer(intent=COMMENT, reason="Seen in staging.")
    )

    assert [event.kind for event in decided.events] == [EventKind.COMMENTED]
    assert decided.launch.state is State.OPEN


async def test_what_can_be_signed_no_more_is_cleared_and_only_words_that_were_signed_stay(room):
    launch = await room.opened()
    old, signed = await shown(room, launch), await shown(room, launch)
    await sign(room, signed, T_1=SIGN)
    room.clock.turn(days=2)
    new = await shown(room, launch)
    before = await room.texts()

    gone = await room.store.write(
        lambda session: stored.forget(session, before=room.clock.now - timedelta(hours=25))
    )

    assert gone == 2
    assert await room.store.read(lambda session: stored.get(session, room.workspace, old.id)) is None
    assert await room.store.read(lambda session: stored.get(session, room.workspace, new.id)) == new
    assert await room.texts() == before - 1
    kept = await room.store.read(
        lambda session: [texts.text_of(session, room.workspace, each.id) for each in (old, signed)]
    )
    assert kept[0] is None
    assert "T-1" in kept[1]


async def test_with_a_person_goes_what_they_were_shown_and_never_answered(room):
    launch = await room.opened()
    unsigned, signed = await shown(room, launch), await shown(room, launch)
    await sign(room, signed, T_1=SIGN)
    users = [signed.user]

    await room.store.write(lambda session: stored.forget_people(session, room.workspace, users))

    kept = await room.store.read(
        lambda session: [texts.text_of(session, room.workspace, each.id) for each in (unsigned, signed)]
    )
    assert kept[0] is None
    assert "T-1" in kept[1]


async def kinds(room, launch):
    events = await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))
    return [event.kind for event in events]


async def test_settings_that_changed_a_moment_ago_decide_nothing(room):
    launch = await room.opened()
    await room.settings_changed()

    with pytest.raises(Refusal, match="press again"):
        await room.said(launch, MIA, Role.ML, T_1=SIGN)
    assert EventKind.SIGNED not in await kinds(room, launch)


async def test_a_person_who_changed_a_moment_ago_decides_nothing(room):
    launch = await room.opened()

    since = room.clock.now - timedelta(minutes=10)
    told = Identity(kind=IdentityKind.PERSON, id=MIA.user, body={"name": "Mia"}, fetched_at=room.clock.now)
    await room.store.write(lambda session: identities.remember(session, room.workspace, told))
    mia = replace(MIA, seen=Seen(said={MIA.user: told}, since=since))
    await room.said(launch, mia, Role.ML, T_1=SIGN)
    gone = replace(told, body={"name": "Mia", "deleted": True})
    await room.store.write(lambda session: identities.remember(session, room.workspace, gone))

    with pytest.raises(Refusal, match="changed a moment ago"):
        await room.said(launch, mia, Role.ML, T_1=BACK)
    assert (await kinds(room, launch))[-1] == EventKind.SIGNED
