"""Threads for calls that block: one that hangs is left behind, and neither the next call nor the exit waits for it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Hanging(Exception):  # noqa: N818 - named for what happened
    """As many calls hang as may; no other is begun before one of them ends."""


class Daemons:
    """Runs calls in threads of their own, so many at once.

    at_once   calls that somebody waits for
    hanging   calls that nobody waits for any more and that have not ended yet
    """

    def __init__(self, name: str, *, at_once: int, hanging: int) -> None:
        self._name = name
        self._gate = asyncio.Semaphore(at_once)
        self._most = at_once + hanging
        self._running = 0  # changed in the loop's thread and in those that end
        self._counting = threading.Lock()

    async def run(self, work: Callable[[], T], *, give_up: Callable[[], None]) -> T:
        """Run one call; whoever stops waiting for it leaves it behind. Raises Hanging.

        give_up   told when nobody waits any more; may make the call end
        """
        async with self._gate:
            if self._running >= self._most:
                raise Hanging
            future = self._begin(work)
            try:
                return await asyncio.wrap_future(future)
            except asyncio.CancelledError:
                give_up()
                raise
            finally:
                del future  # an error would hold it, and it the error: what the error saw would stay open

    def _begin(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # so that a result may come when nobody waits any more
        self._count(1)
        thread = threading.Thread(target=self._work, args=(work, future), name=self._name, daemon=True)
        thread.start()
        return future

    def _work(self, work: Callable[[], T], future: Future[T]) -> None:
        with _Settling(future):
            try:
                found = work()
            finally:
                self._count(-1)
            future.set_result(found)
        del future  # as above

    def _count(self, by: int) -> None:
        with self._counting:
            self._running += by


class _Settling(Generic[T]):
    """Hands whatever is raised to whoever waits."""

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> bool:
        if error is not None and not self._future.done():
            self._future.set_exception(error)
        return True
