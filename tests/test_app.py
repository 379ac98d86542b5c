"""The composition root: what a process needs to start, how it ends, and what it leaves behind."""

import asyncio
import signal
import time

import pytest

from bot.app import opened
from bot.demo import apply
from bot.files import Secrets
from bot.settings import Settings, SlackMode
from integrations.store import workspaces
from integrations.store.engine import Store
from schema.errors import Refusal
from tests import builders
from tests.conversations import words
from tests.stages import a_process
from tests.test_cli import a_slack, written
from tests.test_server import a_bot

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
NONE = Secrets(environment={})


def now():
    return builders.NOW


async def test_a_bot_starts_in_two_seconds_and_leaves_no_task_behind(tmp_path):
    before = asyncio.all_tasks()
    async with a_slack(tmp_path) as (_, _app, settings):
        began = time.monotonic()
        async with opened(Settings.from_env(settings), NONE, now=now) as muster:
            took = time.monotonic() - began
            assert await muster.ready() is None
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert any(name.startswith("muster-clock") for name in names)
        await asyncio.sleep(0)
        left = {
            task.get_name() for task in asyncio.all_tasks() - before if task.get_name().startswith("muster")
        }

    assert took < 2
    assert left == set()


@pytest.mark.parametrize(
    ("on", "fault", "why"),
    [
        ("auth.test", {"kind": "slow", "seconds": 30}, "Slack cannot be reached: "),
        ("auth.test", {"kind": "html"}, "Slack cannot be reached: "),
        ("auth.test", {"kind": "status_before", "status": 503}, "Slack cannot be reached: "),
        ("auth.test", {"kind": "error", "error": "account_inactive"}, "Slack does not take MUSTER_SLACK_BOT_TOKEN: account_inactive."),
        ("apps.connections.open", {"kind": "slow", "seconds": 30}, "Slack cannot be reached: TimeoutError."),
        ("apps.connections.open", {"kind": "drop_before"}, "Slack cannot be reached: "),
        ("apps.connections.open", {"kind": "error", "error": "token_revoked"}, "Slack does not take MUSTER_SLACK_APP_TOKEN: token_revoked."),
        ("apps.connections.open", {"kind": "html"}, "Slack does not take MUSTER_SLACK_APP_TOKEN: "),
    ],
)  # fmt: skip
async def test_a_slack_that_says_no_at_the_start_is_one_sentence(tmp_path, on, fault, why):
    async with a_slack(tmp_path, MUSTER_SLACK_TIMEOUT_S="1", MUSTER_TIME_FACTOR="2") as (
        slack,
        _app,
        settings,
    ):
        slack.fail(on=on, **fault)
        with pytest.raises(Refusal) as refused:
            async with opened(Settings.from_env(settings), NONE, now=now):
                pass
        slack.heal()

    assert str(refused.value).startswith(why)
    assert "\n" not in str(refused.value)


async def test_a_database_of_another_team_is_refused(tmp_path):
    async with a_slack(tmp_path) as (_, _app, settings):
        made = Settings.from_env(settings)
        store = Store(made.database)
        await store.write(lambda session: workspaces.join_team(session, "main", "T0ANOTHER1"))
        await store.close()

        with pytest.raises(Refusal, match="belongs to another Slack team"):
            async with opened(made, NONE, now=now):
                pass


async def test_a_bot_without_configuration_says_what_to_do_first(tmp_path):
    async with a_slack(tmp_path) as (_, _app, settings):
        bare = Settings.from_env({**settings, "MUSTER_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"})
        with pytest.raises(Refusal, match="Nothing has been set up here yet"):
            async with opened(bare, NONE, now=now):
                pass


async def test_a_process_that_is_stopped_while_it_starts_stops(tmp_path):
    async with a_slack(tmp_path) as (slack, _app, settings):
        slack.fail("slow", "auth.test", seconds=30)
        async with a_process("run", **settings) as process:
            async with asyncio.timeout(10):
                while not slack.calls("auth.test"):  # noqa: ASYNC110 - a call that hangs tells nobody
                    await asyncio.sleep(0.05)
            began = time.monotonic()
            code = await process.stop(signal.SIGTERM)
        slack.heal()

    assert code == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in "".join(process.lines)


async def test_a_setting_that_hurries_is_warned_of(tmp_path):
    async with (
        a_slack(tmp_path, MUSTER_SETTLE_S="5") as (_, _app, settings),
        a_process("run", **settings) as process,
    ):
        warned = await process.line("faster_than_default")
        await process.line("ready")
        assert await process.stop(signal.SIGINT) == 0

    assert warned["setting"] == "MUSTER_SETTLE_S"


async def test_a_configuration_that_is_applied_while_it_runs_is_used(tmp_path):
    async with a_bot(tmp_path, MUSTER_SLACK_MODE="http", MUSTER_TIME_FACTOR="4") as (slack, _app, muster):
        assert muster.settings.slack_mode is SlackMode.HTTP
        document = builders.document(fraud_detection={"title": "Fraud watch"})
        await apply(muster.settings, written(tmp_path / "muster.yaml", document), now)
        async with asyncio.timeout(5):
            while True:
                typed = await slack.command(builders.LEA, builders.CHANNEL, "/muster help")
                if "Fraud watch" in words(typed.ack):
                    break
                await asyncio.sleep(0.05)


async def test_posting_everything_posts_each_product_with_a_channel_once(tmp_path):
    async with a_bot(tmp_path, MUSTER_SLACK_MODE="http", MUSTER_TIME_FACTOR="10") as (slack, _app, muster):
        await muster.post_everything()
        await muster.post_everything()

        [parent] = slack.messages(builders.CHANNEL)
        assert "1 clear loss" in words(parent)
