"""Two processes on one PostgreSQL: one dies while it sends, the other goes on, and nothing is lost or doubled."""

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text

from bot.demo import apply
from bot.files import Secrets
from bot.local_slack.faults import FaultKind
from bot.rehearse.acting import still_owed
from bot.rehearse.counting import Came, counted
from bot.rehearse.lives import alive
from bot.rehearse.owing import Owing, composed
from bot.rehearse.plans import Rehearsal
from bot.rehearse.stages import staged
from bot.rehearse.steps import POST
from bot.settings import Settings, variable
from integrations.store.engine import Store
from tests import builders
from tests.databases import fresh_url
from tests.test_cli import written

FACTOR = 8
SENDS = 24
WITHIN_S = 10  # issue: another holds its lease within that
SLACK_S = 1.0  # what a busy machine may need beside; not divided


@asynccontextmanager
async def a_stage(tmp_path):
    """Play on PostgreSQL, before a Slack that fails at nothing."""
    channels = {name: {"channel": f"C0{name.upper()}0001"} for name in ("search", "support")}
    wanted = Rehearsal(config=written(tmp_path / "muster.yaml", builders.document(**channels)), factor=FACTOR)
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(
            staged(wanted, Settings.from_env({}), Secrets(environment=os.environ))
        )
        environment = {**plain.environment, variable("database_url"): fresh_url("postgresql")}
        ours = {name: value for name, value in environment.items() if name.startswith("MUSTER_")}
        await apply(Settings.from_env(ours), plain.config, lambda: datetime.now(UTC))
        store = Store(environment[variable("database_url")])
        stack.push_async_callback(store.close)
        plain.slack.heal()
        yield replace(plain, store=store, environment=environment)


async def first_to_say(event, *lives):
    """Give the one process that says so first, and the other."""
    async with asyncio.timeout(30):
        while not any(life.heard[event] for life in lives):  # noqa: ASYNC110 - their logs tell nobody else
            await asyncio.sleep(0.01)
    return sorted(lives, key=lambda life: not life.heard[event])


async def nothing_left(stage, owing):
    async with asyncio.timeout(30):
        while not stage.heard_out(owing.channels) or await stage.store.read(still_owed):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.1)


async def test_the_other_process_goes_on_within_ten_seconds_and_nothing_is_lost_or_doubled(tmp_path):
    async with a_stage(tmp_path) as stage, alive(stage) as one, alive(stage) as two:
        owing = Owing(stage, await composed(stage, Settings.from_env({})))
        sending, waiting = await first_to_say("lease_taken", one, two)
        await first_to_say("ready", waiting)
        slow = stage.slack.fail(FaultKind.SLOW, POST, seconds=4)  # its death finds requests on their way
        sending.die_at("part_begun", spare=4)
        await owing.owe(SENDS)

        assert await sending.dead(20)
        stage.slack.heal(slow)
        assert await waiting.says("lease_taken", within_s=WITHIN_S / FACTOR + SLACK_S)
        await nothing_left(stage, owing)
        came, doubled = await counted(stage, owing)

    assert (set(came), doubled) == ({Came.SENT}, 0)
    assert came.total() == owing.planned + len(owing.channels) >= SENDS
    assert sending.heard["part_begun"] > sending.heard["part_sent"]
    assert waiting.heard["part_searched"] > 0


def test_a_lease_and_a_look_at_it_last_less_than_ten_seconds():
    usual = Settings.from_env({})

    assert usual.lease_s + usual.due_every_s < WITHIN_S


def test_a_machine_that_is_gone_in_the_middle_of_a_transaction_keeps_no_lock_for_ten_seconds():
    store = Store(fresh_url("postgresql"))
    asked = text("SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")

    kept_ms = store.write_sync(lambda session: session.execute(asked).scalar_one())

    store.close_sync()
    assert 0 < kept_ms < WITHIN_S * 1_000
