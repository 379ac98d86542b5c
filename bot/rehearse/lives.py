"""A process of Muster from its start to its death, as its log tells it."""

import asyncio
import contextlib
import json
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bot.rehearse.stages import Stage
from schema.errors import Refusal

LINE_MOST = 1024 * 1024
LOOK_EVERY_S = 0.01
LAST = 5  # lines that are kept for whoever has to say why it ended


@dataclass(slots=True)
class Life:
    """One process, and what it has said so far."""

    process: asyncio.subprocess.Process
    heard: Counter[str] = field(default_factory=Counter)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST))
    _deadly: str = ""  # the event that it is killed at
    _spared: int = 0  # how many of those pass first
    _killed: asyncio.Event = field(default_factory=asyncio.Event)
    _silent: asyncio.Event = field(default_factory=asyncio.Event)  # its log has come to its end

    async def says(self, event: str, *, within_s: float) -> bool:
        """Wait until its log says this once more; False when that takes too long."""
        loop, before = asyncio.get_running_loop(), self.heard[event]
        until = loop.time() + within_s
        while self.heard[event] == before and loop.time() < until:
            await self.check()
            await asyncio.sleep(LOOK_EVERY_S)
        return self.heard[event] > before

    def live(self) -> None:
        """Kill it at nothing any more."""
        self._deadly = ""

    def die_at(self, event: str, *, spare: int = 0) -> None:
        """Kill it as soon as its log says so, after so many that pass."""
        self._deadly, self._spared = event, spare

    async def dead(self, within_s: float) -> bool:
        """Wait for the kill; False when its step did not come in time."""
        ended = asyncio.create_task(self.process.wait())
        struck = asyncio.create_task(self._killed.wait())
        try:
            await asyncio.wait({ended, struck}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (ended, struck):
                each.cancel()
        if not self._killed.is_set():
            await self.check()
        return self._killed.is_set()

    async def check(self) -> None:
        """Raise Refusal, with what it said last, when it has ended."""
        if self.process.returncode is None:
            return
        await self._silent.wait()
        said = "\n".join(self.last)
        raise Refusal(f"Muster ended by itself with code {self.process.returncode}. It said last:\n{said}")

    async def listen(self) -> None:
        """Read its log, and kill it where that is wanted."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            event = _event(line)
            self.heard[event] += 1
            if event and event == self._deadly:
                self._pass_or_die()
            self.last.append(line.decode(errors="replace").strip())
        self._silent.set()

    def _pass_or_die(self) -> None:
        if self._spared > 0:
            self._spared -= 1
        elif not self._killed.is_set():
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self._killed.set()


def _event(line: bytes) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return ""
    return str(said.get("event", "")) if isinstance(said, dict) else ""


@contextlib.asynccontextmanager
async def alive(stage: Stage) -> AsyncIterator[Life]:
    """Start Muster as a person would, and make sure at the end that it is dead."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=dict(stage.environment), cwd=stage.home, limit=LINE_MOST,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    life = Life(process)
    listening = asyncio.create_task(life.listen(), name="muster-rehearsal-log")
    try:
        yield life
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listening
