"""The clock that wakes us; what is due stands in the database."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)
MISFIRE_GRACE_S = 3600  # APScheduler's own is 1 s: a busy loop would lose wake-ups (FRAMEWORK_FACTS 7)
STOP_S = 10.0


class Clock:
    """Calls a tick at once, then every so often; one tick at a time, and a failing one does not end it.

    name    of what it does, for the log
    """

    def __init__(self, tick: Callable[[], Awaitable[None]], every_s: float, *, name: str = "tick") -> None:
        self._tick = tick
        self._every_s = every_s
        self._name = name
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._due = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._task = asyncio.create_task(self._run(), name=f"muster-clock-{self._name}")
        self._scheduler.add_job(
            self._wake_up,
            "interval",
            seconds=self._every_s,
            misfire_grace_time=MISFIRE_GRACE_S,
            coalesce=True,
            max_instances=1,
            next_run_time=datetime.now(UTC),
        )
        self._scheduler.start()

    def wake(self) -> None:
        """Tick at once; during a tick, once more after it."""
        self._due.set()

    async def stop(self, *, within_s: float = STOP_S) -> None:
        """Let the tick that runs come to its end, or cut it off after a time."""
        if self._task is None:
            return
        self._scheduler.shutdown(wait=False)
        self._stopping = True
        self._due.set()
        await asyncio.wait([self._task], timeout=within_s)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None

    async def _wake_up(self) -> None:
        self._due.set()

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            if self._stopping:
                return
            await self._ticked()

    async def _ticked(self) -> None:
        try:
            await self._tick()
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("tick_failed", extra={"clock": self._name, "reference": reference})
