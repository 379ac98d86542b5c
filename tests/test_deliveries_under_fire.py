"""Many deliveries under every fault at once, with processes that die: nothing lost, nothing doubled."""

import asyncio
import random
import sqlite3
from collections import Counter
from dataclasses import replace

import pytest

from bot.local_slack.faults import FaultKind
from handlers import deliveries
from integrations.store.engine import Store
from integrations.store.errors import StoreBusy
from schema.deliveries import DeliveryState, PartState
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import WAITS, WORDS, a_world, only_sqlite, payload

FIRE = replace(WAITS, lease_s=0.5, workspace_per_minute=20_000, channel_interval_s=0.5, retry_for_s=60)
ON_POSTS = {
    FaultKind.RATE_LIMITED: {"seconds": 5},
    FaultKind.STATUS_BEFORE: {},
    FaultKind.STATUS_AFTER: {},
    FaultKind.DROP_BEFORE: {},
    FaultKind.DROP_AFTER: {},
    FaultKind.APPEARS_LATE: {"seconds": 20},
    FaultKind.HTML: {},
    FaultKind.ERROR: {"error": "internal_error"},
}
ON_READS = {FaultKind.RATE_LIMITED: {"seconds": 5}, FaultKind.STATUS_BEFORE: {}, FaultKind.DROP_BEFORE: {}}


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


def set_on_fire(local):
    for kind, fields in ON_POSTS.items():
        local.fail(kind, "chat.postMessage", probability=0.04, **fields)
    for kind, fields in ON_READS.items():
        local.fail(kind, "conversations.history", probability=0.1, **fields)
        local.fail(kind, "conversations.replies", probability=0.1, **fields)
    local.fail(FaultKind.SHORT, limit=3)


async def ticking(sender):
    while True:
        await deliveries.send_due(sender)
        await asyncio.sleep(0.01)


async def dying_again_and_again(world, name, rng):
    """Be one process after another, each of which dies without a word."""
    for life in range(1000):
        sender = await world.sender(f"{name}.{life}", waits=FIRE)
        task = asyncio.create_task(ticking(sender))
        await asyncio.wait([task], timeout=rng.uniform(0.3, 1.2))
        task.cancel()
        await asyncio.wait([task])


async def ended(world, ids):
    async with asyncio.timeout(40):
        while True:
            states = {(await world.get(id)).state for id in ids}
            if states <= {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN}:
                return states
            await asyncio.sleep(0.1)


async def test_nothing_is_lost_and_nothing_doubled_under_every_fault_at_once(world):
    channels = [world.local.add_channel(f"c{n}", members=[world.app]).id for n in range(8)]
    wanted = [[f"{n}.{part}" for part in range(3)] for n in range(40)]
    ids = [
        await world.prepared([payload(words) for words in each], product=f"p{n}", channel=channels[n % 8])
        for n, each in enumerate(wanted)
    ]
    set_on_fire(world.local)
    rng = random.Random(7)

    processes = [asyncio.create_task(dying_again_and_again(world, name, rng)) for name in ("one", "two")]
    states = await ended(world, ids)
    for process in processes:
        process.cancel()
    await asyncio.wait(processes)

    shown = Counter(text.split(" ")[0] for channel in channels for text in world.texts(channel))
    assert states == {DeliveryState.SENT}
    assert shown == Counter(words for each in wanted for words in each)
    assert sum(call.fault != "" for call in world.local.calls()) > 10


@only_sqlite
async def test_the_fire_shows_a_double_where_the_wait_is_too_short(world):
    hasty = replace(FIRE, settle_s=0.02, look_apart_s=0.01)
    id = await world.prepared()
    world.local.fail(FaultKind.APPEARS_LATE, "chat.postMessage", seconds=40, times=1)

    await world.sent(await world.sender(waits=hasty), id)
    await world.local.wait_for(lambda: len(world.local.messages(world.channel)) == 2)

    assert [m["text"] for m in world.local.messages(world.channel)] == [WORDS[0]] * 2


@only_sqlite
async def test_a_locked_database_delays_a_delivery_and_doubles_nothing(world, database):
    id = await world.prepared()
    quick = Store(database, lock_wait_s=0.05)
    sender = await world.sender(store=quick)
    lock = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
    world.local.fail(FaultKind.SLOW, "chat.postMessage", seconds=10, skip=1, times=1)  # 0.1 s
    sending = asyncio.create_task(deliveries.send_due(sender))
    await world.local.wait_for(lambda: len(world.local.calls("chat.postMessage")) == 1)
    await world.wait_for_part(id, 1, PartState.SENDING)

    lock.execute("BEGIN IMMEDIATE")  # the answer comes, and cannot be written down
    with pytest.raises(ExceptionGroup) as caught:
        await sending
    lock.execute("ROLLBACK")
    lock.close()
    await world.sent(sender, id)
    await quick.close()

    assert isinstance(caught.value.exceptions[0], StoreBusy)
    assert world.texts() == WORDS
