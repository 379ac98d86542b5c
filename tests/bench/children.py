"""Servers in processes of their own, so that what is measured does not pay for what measures; they end with us."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LINE_MOST = 64 * 1024 * 1024
START_S = 60
END_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process that answers a line of JSON with a line of JSON."""

    process: asyncio.subprocess.Process
    started: Any  # what it said first

    async def ask(self, question: str) -> Any:
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(question.encode() + b"\n")
        await stdin.drain()
        return await _said(self.process)


async def _said(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), START_S)
    assert line, f"a server of the measurements ended with {await process.wait()}"
    return json.loads(line)


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run a module until its standard input closes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", module, *arguments, cwd=ROOT, limit=LINE_MOST,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Child(process=process, started=await _said(process))
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), END_S)
    except TimeoutError:
        process.kill()
        await process.wait()


async def serve(started: object, answer: Callable[[str], Awaitable[object]] | None = None) -> None:
    """Be such a process: say that it started, then answer until standard input closes."""
    print(json.dumps(started), flush=True)
    while question := await asyncio.to_thread(sys.stdin.readline):
        if answer is not None:
            print(json.dumps(await answer(question.strip())), flush=True)
