"""The clock that wakes us; what is due stands in the database."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)
MISFIRE_GRACE_S = 3600  # APScheduler's own is 1 s: a busy loop would lose wake-ups (FRAMEWORK_FACTS 7)
STOP_S = 10.0
TELL_AGAIN = timedelta(minutes=5)  # of a trouble that stays as it is
FAILS = 3  # ticks in a row, from which on something is wrong for longer
HANGS_S = 900.0  # a tick that takes this long waits for something that does not come


class Clock:
    """Calls a tick at once, then every so often; one tick at a time, and a failing one does not end it.

    name            of what it does, for the log
    succeeded_at    when a tick last came to its end without a fault
    """

    def __init__(
        self,
        tick: Callable[[], Awaitable[None]],
        every_s: float,
        *,
        name: str = "tick",
        hangs_s: float = HANGS_S,
    ) -> None:
        self._tick = tick
        self._hangs_s = hangs_s
        self._began_at: datetime | None = None  # the tick that runs now
        self._every_s = every_s
        self.name = name
        self.succeeded_at: datetime | None = None
        self._failed = 0  # ticks in a row
        self._told: tuple[str, datetime] | None = (
            None  # of the trouble that lasts: what it is, and when it was logged
        )
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._due = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._task = asyncio.create_task(self._run(), name=f"muster-clock-{self.name}")
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

    def trouble(self) -> str | None:
        """Say what keeps this clock from its work; None when nothing does."""
        began = self._began_at
        if began is not None and (datetime.now(UTC) - began).total_seconds() > self._hangs_s:
            return f"The {self.name} clock has worked on one round since {began:%Y-%m-%d %H:%M} UTC."
        if self._failed < FAILS:
            return None
        since = f"{self.succeeded_at:%Y-%m-%d %H:%M} UTC" if self.succeeded_at else "the start"
        return f"The {self.name} clock has failed {self._failed} times in a row; it last worked at {since}."

    def end(self) -> None:
        """Begin no new tick."""
        if self._task is not None and not self._stopping:
            self._scheduler.shutdown(wait=False)
            self._stopping = True
            self._due.set()

    async def stop(self, *, within_s: float = STOP_S) -> None:
        """Let the tick that runs come to its end, or cut it off after a time."""
        self.end()
        if self._task is None:
            return
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
        self._began_at = datetime.now(UTC)
        try:
            await self._tick()
        except Exception as error:
            self._failed += 1
            self._tell(error)
        else:
            if self._told is not None:
                log.info("tick_works_again", extra={"clock": self.name, "failed": self._failed})
            self._failed, self._told = 0, None
            self.succeeded_at = datetime.now(UTC)
        finally:
            self._began_at = None

    def _tell(self, error: Exception) -> None:
        """Log what went wrong; the same trouble at every tick fills no disk."""
        what, now = _described(error), datetime.now(UTC)
        if self._told is not None and self._told[0] == what and now - self._told[1] < TELL_AGAIN:
            return
        self._told = what, now
        reference = secrets.token_hex(4)
        extra = {"clock": self.name, "reference": reference, "failed": self._failed}
        log.error("tick_failed", exc_info=error, extra=extra)


def _described(error: BaseException) -> str:
    """Say what an error is, so that it can be told from another one."""
    inner = map(_described, error.exceptions) if isinstance(error, BaseExceptionGroup) else ()
    return f"{type(error).__name__}: {error} {sorted(set(inner))}"
