"""The gate asked and used for real: asking writes nothing, using is recorded once, and no doubt opens it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import gates, launches, ticks
from handlers.launches import Breaking
from integrations.store import launches as stored
from integrations.store import ledger
from schema.attempts import Code, Declined
from schema.errors import Refusal
from schema.gates import ReasonCode
from schema.launches import EventKind, State
from schema.products import Role
from schema.votes import Intent
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import LEO, MANIFEST, MEASURED, MIA, RON, SAM, SIGNED, WAIVABLE, Room, a_key

SIGN = Intent.SIGN
OTHER = replace(MANIFEST, code="1" * 40)


@pytest.fixture(name="room")
def a_room(store):
    return Room(store, specs=(SIGNED, WAIVABLE, MEASURED))


async def approved(room):
    await room.drilled("3")
    launch = await room.opened()
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    await room.said(launch, SAM, Role.SRE, T_3=SIGN)
    return launch


async def position(room):
    return await room.store.read(lambda session: ledger.head(session, room.workspace).seq)


async def state(room, launch):
    return (await room.store.read(lambda session: stored.get(session, room.workspace, launch))).state


async def test_asking_changes_nothing_however_often(room):
    launch = await approved(room)
    before = await position(room)

    answers = [await room.gate(launch) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0].open is True
    assert await position(room) == before


async def test_the_answer_is_the_same_for_every_process(room):
    launch = await approved(room)

    other = replace(room.services)  # with memories of its own
    there = await gates.answer(other, room.snapshot, launch)

    assert other.folds is not room.services.folds
    assert there == await room.gate(launch)


async def test_evidence_that_grew_too_old_closes_the_gate_before_anybody_writes_it(room):
    launch = await approved(room)
    room.clock.turn(days=30)
    assert (await room.gate(launch)).open is True

    room.clock.turn(seconds=1)
    gate = await room.gate(launch)

    assert (gate.open, gate.state) == (False, State.APPROVED)
    assert {reason.code for reason in gate.reasons} == {ReasonCode.EVIDENCE}
    assert "T-3" in gate.reasons[0].words
    with pytest.raises(Declined) as refused:
        await room.used(launch)
    assert refused.value.code is Code.CLOSED
    await ticks.tick_launch(*room.acting(launch))
    assert await state(room, launch) is State.OPEN


async def test_what_cannot_be_looked_at_is_said_and_lets_nothing_pass(room):
    launch = await approved(room)
    nothing = replace(room.snapshot.configuration, products={})
    room.snapshot = replace(room.snapshot, configuration=nothing)

    gate = await room.gate(launch)

    assert gate.open is None
    assert "could not be looked at" in gate.reasons[0].words
    with pytest.raises(Declined):
        await room.used(launch)


async def test_another_manifest_is_told_from_the_one_that_was_signed(room):
    launch = await approved(room)

    assert (await room.gate(launch, manifest=MANIFEST.digest)).open is True
    other = await room.gate(launch, manifest=OTHER.digest)

    assert other.open is False
    assert other.reasons[0].code is ReasonCode.MANIFEST
    with pytest.raises(Declined) as refused:
        await room.used(launch, manifest=OTHER.digest)
    assert refused.value.code is Code.OTHER_MANIFEST
    assert await state(room, launch) is State.APPROVED


async def test_a_release_system_records_the_use_under_its_own_name(room):
    launch = await approved(room)

    used = await room.used(launch, by="release:deploy")

    assert used.events[0].actor == "release:deploy"
    assert used.launch.revision.used.by == "release:deploy"


async def test_a_second_use_gets_the_first_record(room):
    launch = await approved(room)
    first = await room.used(launch, by="release:deploy", key="run-1")
    room.clock.turn(minutes=5)

    same_run = await room.used(launch, by="release:deploy", key="run-1")
    other_run = await room.used(launch, by="release:deploy", key="run-2")

    assert same_run.events == first.events
    assert (same_run.fresh, other_run.events) == (False, ())
    assert other_run.launch.revision.used == first.launch.revision.used


async def test_who_may_not_record_a_use_is_refused_and_noted(room):
    launch = await approved(room)

    with pytest.raises(Declined):
        await room.used(launch, by=LEO)

    events = await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))
    assert events[-1].payload == {"what": "record that it went out", "why": "no_right"}


async def test_an_emergency_answers_no_and_is_used_only_when_that_is_accepted(room):
    launch = await room.opened()
    breaking = Breaking(reason="Fraud is running away.", incident="INC-2041", hours=2)
    await launches.break_glass(*room.acting(launch), breaking, by=SAM, key=a_key())

    gate = await room.gate(launch)
    assert gate.open is False
    assert gate.bypass_until == room.clock.now + timedelta(hours=2)
    with pytest.raises(Declined):
        await room.used(launch)
    used = await room.used(launch, accept_bypass=True)

    assert [event.kind for event in used.events] == [EventKind.BYPASS_USED]
    assert await state(room, launch) is State.BYPASSED
    room.clock.turn(hours=2)
    with pytest.raises(Declined, match="emergency is over"):
        await room.used(launch, accept_bypass=True)


async def test_an_unknown_launch_is_told_so_with_what_would_work(room):
    with pytest.raises(Refusal, match=r"no launch `fraud-detection-9`\. None has been opened"):
        await room.gate("fraud-detection-9")

    launch = await room.opened()
    with pytest.raises(Refusal, match=rf"Did you mean `{launch}`\? `muster launches --all` lists them"):
        await room.gate("fraud-detection-9")


async def test_the_least_that_is_missing_is_listed(room):
    launch = await room.opened()

    looked = await gates.look(*room.acting(launch))

    calls = {call.role: call.items for call in looked.missing.signatures}
    assert calls == {Role.ML: ("T-1",), Role.RAI: ("T-2",), Role.SRE: ("T-3",)}
    assert [finding.item for finding in looked.missing.evidence] == ["T-3"]


async def test_a_deadline_that_passed_takes_no_signature_and_is_written_once(room):
    launch = await room.opened()
    room.clock.turn(days=8)

    with pytest.raises(Declined, match="deadline has passed"):
        await room.said(launch, MIA, Role.ML, T_1=SIGN)
    for _ in range(3):
        await ticks.tick_launch(*room.acting(launch))

    events = await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))
    assert [event.kind for event in events].count(EventKind.EXPIRED) == 1
    assert await state(room, launch) is State.EXPIRED
    assert (await room.gate(launch)).open is False
