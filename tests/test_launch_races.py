"""Two clicks at once, two processes at once, a thousand people at once, and a process that dies in between."""

import asyncio
import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import drawing, folds, items, ticks
from handlers.deciding import Request
from handlers.decisions import TOGETHER, decide
from handlers.items import Answer
from integrations.store import launches as stored
from integrations.store import ledger, outbox
from integrations.store.engine import Store
from integrations.store.launches import projected
from schema.attempts import Declined
from schema.errors import Refusal
from schema.flaws import flaws
from schema.histories import fold
from schema.launches import EventKind, State
from schema.ledger import begin
from schema.products import Role
from schema.votes import Intent
from tests.databases import a_database, a_store, an_engine, two_stores  # noqa: F401 - fixtures
from tests.launch_rooms import EVERYBODY, MANIFEST, MIA, OWN, PIA, RON, SIGNED, WAIVABLE, Room, a_key, person

SIGN = Intent.SIGN
CROWD = 1_000
BURST = 40  # of the slower engine


@pytest.fixture(name="room")
def a_room(store):
    return Room(store)


@pytest.fixture(name="rooms")
def two_rooms(stores):
    """Give one workspace as two processes have it: two stores, each with memories of its own."""
    one = Room(stores[0])
    other = Room(stores[1], clock=one.clock)
    return one, other


def events_in(room, launch=None):
    if launch is None:
        return room.store.read(lambda session: ledger.events_since(session, room.workspace))
    return room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))


async def kinds(room, launch):
    return [event.kind for event in await events_in(room, launch)]


async def sound(room):
    """Hold the chain to its hashes and every launch's row to its events."""
    events = await events_in(room)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert flaws(begin(room.workspace), events) == ()
    for id_ in {event.launch for event in events if event.launch}:
        row = await room.store.read(lambda session, id_=id_: stored.get(session, room.workspace, id_))
        mine = [event for event in events if event.launch == id_]
        rebuilt = fold(mine)
        assert {name: getattr(row, name) for name in projected(rebuilt)} == projected(rebuilt)
        assert row.hash == mine[-1].hash


async def outcomes(*waiting):
    """Let several go at once; gives results and refusals, anything else is raised."""
    found = await asyncio.gather(*waiting, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, Refusal):
            raise each
    return found


async def showing(room, launch, who=MIA, role=Role.ML):
    return await items.show(*room.acting(launch), person=who, role=role, id=a_key())


def signing(room, shown, who=MIA, *, key="", item="T-1"):
    given = {item: Answer(intent=SIGN)}
    return items.sign(room.services, room.snapshot, shown.id, given, person=who, key=key or a_key())


async def test_one_click_that_comes_many_times_at_once_signs_once(room):
    launch = await room.opened()
    shown = await showing(room, launch)

    found = await outcomes(*(signing(room, shown, key="click") for _ in range(20)))

    assert [each.fresh for each in found].count(True) == 1
    assert len({each.events for each in found}) == 1
    assert (await kinds(room, launch)).count(EventKind.SIGNED) == 1
    await sound(room)


async def test_one_click_that_reaches_two_processes_signs_once(rooms):
    one, other = rooms
    launch = await one.opened()
    shown = await showing(one, launch)

    found = await outcomes(*(signing(room, shown, key="click") for _ in range(5) for room in (one, other)))

    assert [each.fresh for each in found].count(True) == 1
    assert (await kinds(one, launch)).count(EventKind.SIGNED) == 1
    await sound(other)


async def test_two_clicks_of_one_person_sign_once(rooms):
    one, other = rooms
    launch = await one.opened()
    shown = [await showing(room, launch) for room in rooms]

    await outcomes(*(signing(room, each) for room, each in zip(rooms, shown, strict=True)))

    assert (await kinds(other, launch)).count(EventKind.SIGNED) == 1
    await sound(one)


async def test_the_last_two_signatures_at_once_approve_once(rooms):
    one, other = rooms
    launch = await one.opened()
    ml, rai = await showing(one, launch), await showing(other, launch, RON, Role.RAI)

    await outcomes(signing(one, ml), signing(other, rai, RON, item="T-2"))

    assert (await kinds(one, launch)).count(EventKind.APPROVED) == 1
    assert (await one.gate(launch)) == (await other.gate(launch))
    assert (await one.gate(launch)).open is True
    await sound(one)


async def test_two_uses_at_once_are_one_use(rooms):
    one, other = rooms
    launch = await one.opened()
    await outcomes(signing(one, await showing(one, launch)))
    await outcomes(signing(one, await showing(one, launch, RON, Role.RAI), RON, item="T-2"))

    found = await outcomes(*(room.used(launch, by=f"release:{n}") for n in range(4) for room in rooms))

    assert (await kinds(other, launch)).count(EventKind.USED) == 1
    assert len({each.launch.revision.used for each in found}) == 1
    await sound(one)


async def test_uses_of_two_manifests_at_once_are_one_use_and_one_refusal(rooms):
    one, other = rooms
    launch = await one.opened()
    await outcomes(signing(one, await showing(one, launch)))
    await outcomes(signing(one, await showing(one, launch, RON, Role.RAI), RON, item="T-2"))

    found = await outcomes(
        one.used(launch, by="release:a"), other.used(launch, by="release:b", manifest="0" * 64)
    )

    assert sum(isinstance(each, Declined) for each in found) == 1
    assert (await kinds(one, launch)).count(EventKind.USED) == 1
    await sound(one)


async def test_a_signature_and_the_deadline_at_once_end_it_once(rooms):
    one, other = rooms
    launch = await one.opened()
    one.clock.turn(days=6)  # the deadline is a week after the opening
    shown = await showing(one, launch)
    one.clock.now += timedelta(days=1) - timedelta(seconds=1)

    async def late():
        one.clock.turn(seconds=1)
        return await ticks.tick_launch(*other.acting(launch))

    await outcomes(signing(one, shown), late(), ticks.tick_launch(*one.acting(launch)))

    told = await kinds(one, launch)
    assert told.count(EventKind.EXPIRED) == 1
    assert EventKind.SIGNED not in told[told.index(EventKind.EXPIRED) :]
    await sound(one)


async def test_what_a_process_remembers_grows_with_what_another_adds(rooms):
    one, other = rooms
    launch = await one.opened()
    assert await one.gate(launch) == await other.gate(launch)

    await one.said(launch, MIA, Role.ML, T_1=SIGN)
    await other.said(launch, RON, Role.RAI, T_2=SIGN)

    row = await one.store.read(lambda session: stored.get(session, one.workspace, launch))
    whole = fold(await events_in(one, launch))
    for room in rooms:
        assert (
            await room.store.read(lambda session, room=room: folds.load(session, room.services.folds, row))
            == whole
        )
    lost = folds.Fold(
        hash="0" * 64, launch=replace(whole, seq=whole.seq - 1, title="of a commit that failed")
    )
    one.services.folds.put(f"{one.workspace}/{launch}", lost)
    one.services.folds.put(row.hash, None)
    assert await one.store.read(lambda session: folds.load(session, one.services.folds, row)) == whole


async def test_launches_opened_at_once_get_numbers_without_gaps(rooms):
    found = await outcomes(*(room.opened() for _ in range(3) for room in rooms))

    assert sorted(found) == [f"fraud-detection-{n}" for n in range(1, 7)]
    await sound(rooms[0])


async def test_one_submission_that_opens_twice_at_once_opens_once(rooms):
    found = await outcomes(*(room.opened(key="submit") for room in rooms))

    assert set(found) == {"fraud-detection-1"}
    await sound(rooms[0])


async def test_a_memory_of_a_commit_that_failed_is_never_believed(room):
    launch = await room.opened()
    shown = await showing(room, launch)
    written = room.services.store.write

    async def fails(action):
        def then_breaks(session):
            action(session)
            raise OSError("no room left")

        return await written(then_breaks)

    room.services.store.write = fails
    with pytest.raises(OSError, match="no room left"):
        await signing(room, shown, key="click")
    room.services.store.write = written

    assert EventKind.SIGNED not in await kinds(room, launch)
    assert (await room.gate(launch)).items["T-1"] == "needs_sign"
    assert (await signing(room, shown, key="click")).fresh
    await sound(room)


async def test_one_request_that_breaks_costs_the_others_nothing(room):
    launch = await room.opened(people=(*EVERYBODY, *(person(f"P{n}", Role.ML) for n in range(6))))
    shown = [(who, await showing(room, launch, who)) for who in (person(f"P{n}", Role.ML) for n in range(6))]

    def broken(_):
        raise ZeroDivisionError

    bad = decide(
        room.services, Request(snapshot=room.snapshot, launch=launch, rule=broken, by=OWN, key="bad")
    )
    first = signing(room, await showing(room, launch))
    found = await asyncio.gather(
        first, bad, *(signing(room, each, who) for who, each in shown), return_exceptions=True
    )

    assert [type(each) for each in found if isinstance(each, BaseException)] == [ZeroDivisionError]
    assert (await kinds(room, launch)).count(EventKind.SIGNED) == 7
    await sound(room)


async def test_who_goes_away_while_others_decide_leaves_nobody_waiting(room):
    launch = await room.opened(people=(*EVERYBODY, *(person(f"P{n}", Role.ML) for n in range(9))))
    shown = [(who, await showing(room, launch, who)) for who in (person(f"P{n}", Role.ML) for n in range(9))]
    tasks = [asyncio.create_task(signing(room, each, who)) for who, each in shown]
    await asyncio.sleep(0)

    for task in tasks[::3]:
        task.cancel()
    found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)

    assert sum(isinstance(each, asyncio.CancelledError) for each in found) == 3
    assert (await kinds(room, launch)).count(EventKind.SIGNED) >= 6
    assert not room.services.benches[room.workspace].waiting
    await sound(room)


async def test_equal_user_ids_in_two_workspaces_are_two_people(store):
    one, other = Room(store), Room(store, workspace="elsewhere")
    mine, theirs = await one.opened(), await other.opened()
    assert mine == theirs  # ids are counted in each workspace

    here = await one.said(mine, MIA, Role.ML, T_1=SIGN)

    assert (await one.gate(mine)).items["T-1"] == "signed"
    assert (await other.gate(theirs)).items["T-1"] == "needs_sign"
    there = await other.said(theirs, MIA, Role.ML, T_1=SIGN)
    assert here.events[0].actor != there.events[0].actor
    await sound(one)
    await sound(other)


async def test_a_showing_of_another_workspace_signs_nothing(store):
    one, other = Room(store), Room(store, workspace="elsewhere")
    launch = await one.opened()
    await other.opened()
    shown = await showing(one, launch)

    with pytest.raises(Refusal, match="open the items again"):
        await signing(other, shown)


async def test_the_same_version_name_of_two_models_is_not_the_same(room):
    launch = await room.opened()
    await room.said(launch, MIA, Role.ML, T_1=SIGN)

    await room.revised(launch, manifest=replace(MANIFEST, model="ranker-small"))

    assert (await room.gate(launch)).items["T-1"] == "stale"


async def test_two_launches_of_one_channel_share_nothing(room):
    one, other = await room.opened(), await room.opened()

    await room.said(one, MIA, Role.ML, T_1=SIGN)

    assert (await room.gate(other)).items["T-1"] == "needs_sign"
    shown = await showing(room, one, RON, Role.RAI)
    signed = await signing(room, shown, RON, item="T-2")
    assert signed.launch.id == one
    assert (await room.gate(other)).state is State.OPEN


async def test_a_crowd_signs_one_item_within_a_breath_once_each(store):
    crowd = CROWD if store.embedded else BURST
    room = Room(store, specs=(WAIVABLE, replace(SIGNED, counts={Role.ML: 3})))
    people = [person(f"P{n:04}", Role.ML) for n in range(crowd)]
    launch = await room.opened(people=(*EVERYBODY, *people))
    shown = await asyncio.gather(*(showing(room, launch, who) for who in people))

    found = await outcomes(*(signing(room, each, who) for who, each in zip(people, shown, strict=True)))

    assert all(each.fresh for each in found)
    assert (await kinds(room, launch)).count(EventKind.SIGNED) == crowd
    assert (
        len({event.actor for event in await events_in(room, launch) if event.kind == EventKind.SIGNED})
        == crowd
    )
    assert crowd > TOGETHER or not store.embedded
    await drawing.catch_up(room.services, room.snapshot)
    waiting = await store.read(lambda session: outbox.waiting(session, room.workspace))
    assert (
        len([each for each in waiting if each.kind == "card"]) <= 3
    )  # the card, and what stands above the lines
    await sound(room)


def sign_until_killed(url, pipe):
    """Open a launch and let people sign it, telling of each as it is answered."""

    async def work():
        room = Room(Store(url))
        people = [person(f"P{n:04}", Role.ML) for n in range(400)]
        launch = await room.opened(people=(*EVERYBODY, *people))
        pipe.send(launch)
        for who in people:
            shown = await showing(room, launch, who)
            await signing(room, shown, who, key=f"{who.user}-click")
            pipe.send(who.user)

    asyncio.run(work())


async def test_what_was_answered_outlives_a_kill_and_is_answered_alike_afterwards(database):
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=sign_until_killed, args=(database, theirs))
    process.start()
    theirs.close()
    launch = mine.recv()
    answered = [mine.recv() for _ in range(25)]
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    while mine.poll():
        try:
            answered.append(mine.recv())
        except EOFError:
            break

    room = Room(Store(database))
    await sound(room)
    signed = (await kinds(room, launch)).count(EventKind.SIGNED)
    assert len(answered) <= signed <= len(answered) + 1
    again = Request(
        snapshot=room.snapshot, launch=launch, rule=lambda _: (), by=PIA, key=f"{answered[0]}-click"
    )
    assert (await decide(room.services, again)).fresh is False
    assert await drawing.catch_up(room.services, room.snapshot) in (0, 1)
    row = await room.store.read(lambda session: stored.get(session, room.workspace, launch))
    assert row.drawn == row.seq
    mine.close()
    await room.store.close()
