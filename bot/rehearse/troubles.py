"""What else goes wrong while a rehearsal runs: the database is locked, and Slack drops its sockets."""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from bot.rehearse.plans import Rehearsal
from bot.rehearse.stages import Stage
from integrations.store.connections import LOCK_WAIT_S

EVERY_S = 60.0  # between two troubles, before the factor
LOCKED_S = 10.0  # at most, before the factor
LONG_AFTER = 25  # troubles until a lock that the store itself gives up waiting for; that wait is not divided
BEAT_S = 0.02
BUSY_S = 30.0  # how long a lock is waited for


@contextlib.asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """Keep everybody else from writing."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


async def trouble(stage: Stage, wanted: Rehearsal) -> None:
    """Make trouble until it is ended."""
    chance = random.Random(wanted.seed)  # noqa: S311 - accidents that can be repeated
    number = 0
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * EVERY_S / wanted.factor)
        number += 1
        stage.slack.state.calls.clear()  # thousands of answers that nobody looks at
        match number % 3:
            case 0:
                stage.slack.drop_sockets(stage.app)
            case 1:
                await stage.slack.disconnect(stage.app)
            case _:
                await _lock(stage, chance.uniform(0, LOCKED_S) / wanted.factor)
        if number % LONG_AFTER == 0:
            await _lock(stage, LOCK_WAIT_S + 1)


async def _lock(stage: Stage, for_s: float) -> None:
    async with locked(stage.database):
        await asyncio.sleep(for_s)


class Pulse:
    """Notes how long this machine stood still: a pause longer than the waits makes a post too late for its search."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def beat(self) -> None:
        """Listen until it is ended."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(BEAT_S)
            self.longest_s = max(self.longest_s, loop.time() - began - BEAT_S)
