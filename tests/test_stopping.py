"""How a running Muster ends, and how it says that it cannot work."""

import asyncio
import logging
import re
import time
from pathlib import Path

import pytest
import yaml

from bot import app
from bot.clock import Clock
from handlers import deliveries
from handlers.listeners.tasks import Tasks
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import World, a_world, only_sqlite
from tests.test_server import TOKEN, a_bot, asks

COMPOSE = Path(__file__).parent.parent / "deploy" / "compose.yaml"


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


async def hang():
    await asyncio.sleep(3600)


async def test_clocks_and_tasks_that_hang_are_stopped_together(world):
    clocks = [Clock(hang, 1, name=str(n)) for n in range(4)]
    for clock in clocks:
        clock.start()
    tasks = Tasks()
    tasks.start(hang(), name="hung")
    await asyncio.sleep(0)

    began = time.monotonic()
    await app.stop(clocks, tasks, within_s=0.5)

    assert time.monotonic() - began < 0.5 * 3
    assert len(tasks) == 0


@only_sqlite
async def test_a_process_that_stops_begins_no_new_delivery(world: World):
    await world.prepared()
    sender = await world.sender()
    sender.memory.stopping = True

    assert await deliveries.send_due(sender) == 0

    assert world.texts() == []


def test_the_container_gives_more_time_than_stopping_takes():
    grace = yaml.safe_load(COMPOSE.read_text())["services"]["muster"]["stop_grace_period"]
    assert float(grace.removesuffix("s")) >= 3 * app.STOP_S


async def test_a_task_that_fails_is_logged(caplog):
    async def fails():
        message = "a defect"
        raise LookupError(message)

    tasks = Tasks()
    with caplog.at_level(logging.ERROR, "handlers.listeners.tasks"):
        tasks.start(fails(), name="muster-old-button")
        await tasks.idle()
        await asyncio.sleep(0)

    [record] = [record for record in caplog.records if record.message == "task_failed"]
    assert record.task == "muster-old-button"


async def test_a_clock_that_fails_again_and_again_says_so_until_it_works():
    broken = True

    async def tick():
        if broken:
            message = "a defect"
            raise LookupError(message)

    clock = Clock(tick, 0.01, name="digests")
    assert clock.trouble() is None
    clock.start()
    async with asyncio.timeout(5):
        while (said := clock.trouble()) is None:  # noqa: ASYNC110 - a clock tells nobody
            await asyncio.sleep(0.01)
    assert re.match(r"The digests clock has failed ([3-9]|\d\d+) times in a row", said)
    broken = False
    async with asyncio.timeout(5):
        while clock.trouble() is not None:  # noqa: ASYNC110 - as said
            await asyncio.sleep(0.01)
    await clock.stop()

    assert clock.succeeded_at is not None


async def test_a_bot_whose_ticks_fail_is_not_ready_and_shows_when_each_clock_last_worked(tmp_path):
    async def fails():
        message = "a defect"
        raise LookupError(message)

    async with a_bot(tmp_path, MUSTER_SLACK_MODE="http") as (_, _, muster):
        assert await muster.ready() is None
        broken = Clock(fails, 0.01, name="broken")
        muster.clocks.append(broken)  # the bot stops it
        broken.start()
        async with asyncio.timeout(8):
            while (await asks(muster.port, "readyz"))[0] == 200:  # noqa: ASYNC110 - as said
                await asyncio.sleep(0.01)
        status, said = await asks(muster.port, "readyz")
        _, metrics = await asks(muster.port, "metrics", Authorization=f"Bearer {TOKEN}")

    assert (status, "broken clock has failed" in said) == (503, True)
    for name in ("effects", "digests", "prepare", "watch"):
        assert f'muster_clock_last_success_timestamp_seconds{{clock="{name}"}}' in metrics
