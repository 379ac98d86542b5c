"""A whole bot whose disk is full, or whose database is locked for longer than it waits: nothing that was acked is lost."""

import asyncio
import json
import os
import resource
from collections import deque
from contextlib import asynccontextmanager

import pytest

from bot.files import Secrets
from bot.rehearse.acting import still_owed
from bot.rehearse.counting import Came, counted
from bot.rehearse.lives import alive
from bot.rehearse.owing import Owing, composed
from bot.rehearse.plans import Rehearsal
from bot.rehearse.stages import JOINED, staged
from bot.rehearse.troubles import locked
from bot.settings import Settings
from integrations.store.connections import LOCK_WAIT_S
from tests import builders
from tests.test_cli import written

SENDS = 6
HERE = Secrets(environment=os.environ)


@pytest.fixture
async def stage(tmp_path):
    config = written(tmp_path / "muster.yaml", builders.document())
    async with staged(Rehearsal(config=config, factor=40), Settings.from_env({}), HERE) as made:
        made.slack.heal()
        yield made


@asynccontextmanager
async def full(_stage, life):
    """Let the system refuse every byte that this process writes to a file."""
    pid, most = life.process.pid, resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, most))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


@asynccontextmanager
async def held(stage, _life):
    async with locked(stage.database):
        yield


def why(life, event):
    """Give the reason that stands in the log with the last of these events."""
    line = next(json.loads(each) for each in reversed(life.last) if json.loads(each)["event"] == event)
    return line.get("error") or line["exception"]


async def heard(life, *events):
    async with asyncio.timeout(4 * LOCK_WAIT_S):
        while not all(life.heard[event] for event in events):  # noqa: ASYNC110 - its log tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("trouble", "reason"), [(full, "The disk does not take"), (held, "locked by another process")]
)
async def test_nothing_is_lost_or_doubled_the_log_says_why_and_it_goes_on(stage, trouble, reason):
    owing = Owing(stage, await composed(stage, Settings.from_env({})))
    async with alive(stage) as life:
        life.last = deque()
        await owing.owe(SENDS)
        await heard(life, "ready", "part_sent")
        async with trouble(stage, life):
            later = stage.slack.add_channel("joined-later")
            await stage.slack.join(stage.app.bot_user_id, later)
            await heard(life, "tick_failed", "event_not_stored")
            acked = [
                each.acked
                for each in stage.slack.sent(JOINED)
                if each.payload["event"]["channel"] == later.id
            ]
        await stage.slack.wait_for(lambda: stage.slack.messages(later.id), timeout_s=20)
        async with asyncio.timeout(20):
            while await stage.store.read(still_owed):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.05)
        came, doubled = await counted(stage, owing)

    assert not any(acked)
    assert (set(came), doubled) == ({Came.SENT}, 0)
    assert len(stage.slack.messages(later.id)) == 1
    assert reason in why(life, "event_not_stored")
    assert reason in why(life, "tick_failed")
