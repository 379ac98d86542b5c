"""The demo's story for tests: its files, a local Slack with its people, and `muster` as a process of its own."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.app import opened
from bot.demo import Demo, Stage, prepare, seed, settings_for
from bot.demo import staged as demo_staged
from bot.files import Secrets
from bot.local_slack.server import LocalSlack
from bot.settings import SlackMode
from deploy.demo import people, service, story

AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)  # a Monday; every standup of the story is due or was
MUSTER = str(Path(sys.executable).parent / "muster")
ANA, BEN, CHLOE, LEA, KAI = "U0ANA00001", "U0BEN00001", "U0CHL00001", "U0LEA00001", "U0KAI00001"
FRAUD, JOBS, SUPPORT = "C0FRAUD001", "C0JOBS0001", "C0SUPPORT1"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="muster-story-")


@cache
def story_file() -> Path:
    """Write the story once a process, with a service that nobody runs; gives its muster.yaml."""
    return story.write(Path(_folder().name), at=AT, service_url="http://127.0.0.1:9")


def now() -> datetime:
    return AT


@asynccontextmanager
async def a_stage(mode: str):
    """Start the demo as `muster demo` does, or the same bot over signed HTTP."""
    if mode == "socket":
        async with demo_staged(Demo(at=AT, port=0)) as stage:
            yield stage
        return
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-test-")))
        slack = await stack.enter_async_context(LocalSlack(title=people.WORKSPACE))
        behind = AT - datetime.now(UTC)
        slack.clock.advance(behind.total_seconds())

        def running() -> datetime:
            return datetime.now(UTC) + behind  # one that stands still would stop what waits its turn

        app = seed(slack)
        address = await stack.enter_async_context(service.serve(folder / story.SERVICE))
        config = await asyncio.to_thread(story.write, folder, at=AT, service_url=address)
        settings = settings_for(slack, app, folder, config).model_copy(update={"slack_mode": SlackMode.HTTP})
        await prepare(settings, config, running)
        muster = await stack.enter_async_context(opened(settings, Secrets(environment={}), now=running))
        slack.change_app(app, mode="http", request_url=f"http://127.0.0.1:{muster.port}/slack/events")
        yield Stage(slack=slack, muster=muster, app=app)


class Process:
    """`muster` in a process of its own; its log comes as one JSON object a line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def line(self, event: str, within_s: float = 15) -> dict:
        """Wait for a line of the log."""
        async with asyncio.timeout(within_s):
            while True:
                raw = await self.process.stderr.readline()
                assert raw, f"ended with {await self.process.wait()} before {event}: {self.lines}"
                self.lines.append(raw.decode())
                if raw.startswith(b"{") and json.loads(raw).get("event") == event:
                    return json.loads(raw)

    async def stop(self, number: int = signal.SIGTERM, within_s: float = 8) -> int:
        """Ask it to stop and give its exit code."""
        self.process.send_signal(number)
        out, err = await asyncio.wait_for(self.process.communicate(), within_s)
        self.lines += [out.decode(), err.decode()]
        return self.process.returncode


def environment(**settings: str) -> dict[str, str]:
    """Give what a process inherits: nothing of ours but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    return kept | settings


@asynccontextmanager
async def a_process(*arguments: str, cwd: Path | None = None, **settings: str):
    """Start `muster`; whatever happens, it does not outlive the test."""
    process = await asyncio.create_subprocess_exec(
        MUSTER, *arguments, cwd=cwd, env=environment(**settings),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def finished(
    *arguments: str, within_s: float = 30, cwd: Path | None = None, **settings: str
) -> tuple[int, str, str]:
    """Run `muster` to its end: its exit code, what it said, and what it complained of."""
    async with a_process(*arguments, cwd=cwd, **settings) as started:
        out, err = await asyncio.wait_for(started.process.communicate(), within_s)
        return started.process.returncode, out.decode(), err.decode()
