"""Muster on this machine: a local Slack, the bot, and the story of seven products in files that real connectors read."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import Muster, opened
from bot.files import Secrets, catalogue, checklists, load_yaml
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import App
from bot.printing import everything
from bot.rehearsal import rehearse
from bot.settings import Settings
from bot.workspaces import MAIN
from deploy.demo import people, service, story
from deploy.demo.weeks import ZONE
from handlers import configuration
from integrations import keys
from integrations.store.engine import Store
from schema.errors import Refusal

PORT = 8111
MANIFEST = Path(__file__).parent.parent / "deploy" / "slack_manifest.yaml"
SAMPLE_SECRET = "sample-signing-secret"  # noqa: S105 - of the local Slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """How the demo is wanted.

    at    what counts as now when it starts; None: now
    port  of the page; 0 takes a free one, None the usual one, or a free one where that is taken
    """

    at: datetime | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The running demo."""

    slack: LocalSlack
    muster: Muster
    app: App

    @property
    def url(self) -> str:
        """Give the address of the page, as the product manager of fraud-detection sees it."""
        first = people.PEOPLE[0].id
        fraud = next(each.id for each in people.CHANNELS if "fraud" in each.name)
        return f"{self.slack.url}?user={first}#/{people.TEAM}/{fraud}"


@contextlib.asynccontextmanager
async def staged(demo: Demo) -> AsyncIterator[Stage]:
    """Start the local Slack and the bot, write and apply the story, and close everything again."""
    now, offset_s = _clock(demo.at)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-demo-")))
        slack = LocalSlack(title=people.WORKSPACE)
        slack.clock.advance(offset_s)
        stack.push_async_callback(slack.stop)
        await _listen(slack, demo.port)
        app = seed(slack)
        address = await stack.enter_async_context(service.serve(folder / story.SERVICE))
        config = await asyncio.to_thread(story.write, folder, at=now(), service_url=address)
        settings = settings_for(slack, app, folder, config)
        await prepare(settings, config, now)
        secrets = Secrets(environment={})
        muster = await stack.enter_async_context(opened(settings, secrets, now=now))
        yield Stage(slack=slack, muster=muster, app=app)


async def _listen(slack: LocalSlack, port: int | None) -> None:
    try:
        await slack.start(PORT if port is None else port)
    except OSError as error:
        if port is not None:
            why = os.strerror(error.errno or 0)
            raise Refusal(f"Port {port} cannot be listened on: {why}. Leave --port out.") from None
        await slack.start(0)


def _clock(at: datetime | None) -> tuple[Callable[[], datetime], float]:
    """Give a clock that starts at a moment and runs on, and how far it is from the machine's."""
    offset = timedelta(0) if at is None else at - datetime.now(UTC)
    return lambda: datetime.now(UTC) + offset, offset.total_seconds()


def seed(slack: LocalSlack) -> App:
    """Fill the local Slack with the company of the story, and install Muster from its manifest."""
    slack.add_workspace(people.WORKSPACE, team_id=people.TEAM)
    for person in people.PEOPLE:
        handle = person.name.lower().replace(" ", ".")
        slack.add_user(handle, id=person.id, real_name=person.name, title=person.title, tz=person.zone)
    manifest: dict[str, Any] = load_yaml(MANIFEST).document
    app = slack.add_app_from_manifest(manifest, signing_secret=SAMPLE_SECRET)
    for each in people.CHANNELS:
        members = [*(each.members or people.EVERYBODY), app.bot_user_id]
        slack.add_channel(each.name, id=each.id, members=members, topic=each.topic, private=each.private)
    for group in people.GROUPS:
        slack.add_group(group.handle, name=group.name, members=group.members, id=group.id)
    return app


def settings_for(slack: LocalSlack, app: App, folder: Path, config: Path) -> Settings:
    """Make the settings of a bot that speaks with a local Slack."""
    return Settings.from_env({
        "MUSTER_HOME": str(folder),
        "MUSTER_CONFIG": str(config),
        "MUSTER_SIGNING_KEY": str(folder / "signing-key"),
        "MUSTER_SLACK_API_URL": slack.base_url,
        "MUSTER_SLACK_BOT_TOKEN": app.bot_token,
        "MUSTER_SLACK_APP_TOKEN": app.app_token,
        "MUSTER_SLACK_SIGNING_SECRET": SAMPLE_SECRET,
        "MUSTER_HTTP_PORT": "0",
        "MUSTER_POSTS_A_MINUTE": "1000",  # nobody waits for a pace that protects Slack's own servers
        "MUSTER_POSTS_A_SECOND_PER_CHANNEL": "2",
    })  # fmt: skip


async def prepare(settings: Settings, config: Path, now: Callable[[], datetime]) -> None:
    """Apply the story's configuration, make the key that signs its ledger, and bring its launches to where they stand."""
    await apply(settings, config, now)
    assert settings.signing_key is not None  # `settings_for` names one
    await asyncio.to_thread(keys.new, settings.signing_key)
    await rehearse(settings, now=now)


async def apply(settings: Settings, config: Path, now: Callable[[], datetime]) -> None:
    """Apply a configuration as its file has it; raises Refusal where it cannot be."""
    store = Store(settings.database)
    try:
        store.upgrade()
        document = load_yaml(config).document
        applied = await configuration.apply(
            store, MAIN, document, catalogue=catalogue(), checklists=checklists(), now=now()
        )
    finally:
        await store.close()
    if applied.problems:
        raise Refusal("\n".join(problem.sentence for problem in applied.problems))


async def run_once(demo: Demo) -> None:
    """Post the digests, print every posted message as text, and stop."""
    async with staged(demo) as stage:
        await stage.muster.post_everything()
        for each in everything(stage.slack, zone=ZONE):
            sys.stdout.write(each)


async def stay(demo: Demo) -> None:
    """Post the digests, print the page's address, and run until Ctrl-C."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    began = time.monotonic()
    async with staged(demo) as stage:
        sys.stdout.write(f"\nMuster is ready. Open {stage.url}\nPosting the Monday standups …\n")
        sys.stdout.flush()
        if await _unless(stop, stage.muster.post_everything()):
            took = time.monotonic() - began
            sys.stdout.write(
                f"Posted after {took:.0f} s. Pick a user at the left; Ctrl-C stops everything.\n"
            )
            sys.stdout.flush()
            await stop.wait()
    sys.stdout.write("Stopped.\n")


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work unless the person stops it; True when it was done."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (working, stopping):
        task.cancel()
        await asyncio.wait({task})
    if working.cancelled():
        return False
    working.result()
    return True
