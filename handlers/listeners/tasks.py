"""Work that outlives its request; it has an owner, and ends with it."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Owns what runs in the background; `close` waits for it, and cuts off what takes too long."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Begin; the work itself deals with what goes wrong in it, and what it does not is logged."""
        if self._closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("task_failed", exc_info=error, extra={"task": task.get_name()})

    def __len__(self) -> int:
        """Count what is under way."""
        return len(self._running)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self, *, within_s: float = 5) -> None:
        """Take nothing new, and end what there is."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)
        for task in list(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
