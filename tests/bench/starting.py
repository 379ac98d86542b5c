"""`muster run` from nothing to ready, and the memory that it then holds."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

from bot.demo import MANIFEST
from bot.files import catalogue, load_yaml
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import App
from bot.workspaces import MAIN
from handlers import configuration
from integrations.store.engine import Store
from tests import builders
from tests.bench import stories
from tests.bench.children import ROOT
from tests.bench.commits import emptied
from tests.bench.measuring import Goal, Line, Size, spread, times

COUNTS = {Size.FULL: (5, 1_000), Size.QUICK: (3, 1_000), Size.TINY: (1, 20)}  # rounds, products
WITHIN = Goal(limit=2, unit="s")
READY = b"ready"
START_S = 60
CALM_S = {Size.FULL: 2.5, Size.QUICK: 2.5, Size.TINY: 0.1}  # the clocks have gone round once
IDLE = """
import importlib, sys
for name in open(sys.argv[1]).read().split():
    try:
        importlib.import_module(name)
    except ImportError:  # a name that only stands for something else
        pass
print('imported', flush=True)
sys.stdin.read()
"""
PROGRAM = "import sys; from bot.__main__ import main; sys.argv = ['muster', 'run']; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a process runs: a database with a configuration, and its environment."""

    folder: Path
    environment: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How one start went."""

    ready_s: float
    memory_mb: float
    said: bytes  # on standard error


def document(products: int) -> dict[str, Any]:
    """Configure so many products, a channel each, whose standups are far from due."""
    named = {
        f"product_{number:04}": {"channel": f"C0BENCH{number:04}", "standup": {"on": "monday", "at": "09:30"}}
        for number in range(products - 1)
    }
    return builders.document(**named)


async def a_home(slack: LocalSlack, app: App, products: int) -> Home:
    folder = Path(mkdtemp(dir=stories.folder()))
    builders.write_outcomes(folder)
    url = emptied()
    store = Store(url)
    try:
        given = document(products)
        applied = await configuration.apply(store, MAIN, given, catalogue=catalogue(), now=stories.AT)
        assert (applied.problems, len(given["products"])) == ((), products)
    finally:
        await store.close()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return Home(folder=folder, environment=kept | {
        "PYTHONPATH": str(ROOT), "MUSTER_HOME": str(folder), "MUSTER_DATABASE_URL": url,
        "MUSTER_SLACK_API_URL": slack.base_url, "MUSTER_SLACK_BOT_TOKEN": app.bot_token,
        "MUSTER_SLACK_APP_TOKEN": app.app_token, "MUSTER_HTTP_PORT": "0",
    })  # fmt: skip


@asynccontextmanager
async def running(home: Home, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *options, "-c", PROGRAM, cwd=home.folder, env=home.environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()  # its files are thrown away with it
        await process.communicate()


async def start(home: Home, calm_s: float, *options: str) -> Start:
    """Start, wait until it says that it is ready, then for its memory to settle."""
    began = time.perf_counter()
    async with running(home, *options) as process:
        assert process.stderr is not None
        said = b""
        async with asyncio.timeout(START_S):
            while True:
                line = await process.stderr.readline()
                said += line
                assert line, said.decode()[-2_000:]
                if READY in line and b"import time:" not in line:
                    break
        ready_s = time.perf_counter() - began
        await asyncio.sleep(calm_s)
        return Start(ready_s=ready_s, memory_mb=await memory_mb(process.pid), said=said)


async def memory_mb(pid: int) -> float:
    """Ask the system how much memory a process holds."""
    asked = await asyncio.create_subprocess_exec(
        "ps", "-o", "rss=", "-p", str(pid), stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await asked.communicate()
    return int(answer) / 1024


def imported(said: bytes) -> list[str]:
    """Read the modules that a start imported, in order."""
    lines = [line for line in said.decode().splitlines() if line.startswith("import time:")]
    return [line.rpartition("|")[2].strip() for line in lines if "imported package" not in line]


async def only_imports_mb(names: list[str]) -> float:
    """Give the memory of a process that imports the same modules and does nothing."""
    listed = Path(mkdtemp(dir=stories.folder())) / "modules.txt"
    listed.write_text("\n".join(names), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", IDLE, str(listed), cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), START_S) == b"imported\n"
        return await memory_mb(process.pid)
    finally:
        process.kill()
        await process.communicate()


async def to_ready(size: Size) -> list[Line]:
    rounds, products = COUNTS[size]
    async with LocalSlack() as slack:
        slack.add_workspace("Acme")
        app = slack.add_app_from_manifest(load_yaml(MANIFEST).document)
        one, many = await a_home(slack, app, 1), await a_home(slack, app, products)
        traced = await start(one, CALM_S[size] / 5, "-X", "importtime")
        small, large = [], []
        for _ in range(rounds):
            small.append(await start(one, 0))
            large.append(await start(many, CALM_S[size]))
    bare_mb = await only_imports_mb(imported(traced.said))
    return [
        Line(
            what=f"start to ready with {products:,} products", goal=WITHIN, **spread([each.ready_s for each in large]),
            beside={"with_one_product_s": median(each.ready_s for each in small)},
        ),
        Line(
            what=f"resident memory with {products:,} products, against the same imports alone", goal=times(1.5),
            **spread([each.memory_mb / bare_mb for each in large]),
            beside={
                "ours_mb": median(each.memory_mb for each in large), "imports_mb": bare_mb,
            },
        ),
    ]  # fmt: skip
