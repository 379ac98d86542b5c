"""Waiting for the next change of state without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
Listener = Callable[[str], None]


class Changes:
    """Wakes waiters and listeners on every change.

    notify()    says that something changed; the topic is a channel or user id, or ""
    wait_for()  looks again after each change
    """

    def __init__(self) -> None:
        self.version = 0
        self.busy = 0  # calls and deliveries under way
        self._waiters: set[asyncio.Future[None]] = set()
        self._listeners: set[Listener] = set()

    def notify(self, topic: str = "") -> None:
        self.version += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        for listener in tuple(self._listeners):
            listener(topic)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener on every change; returns how to stop that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def begin(self) -> None:
        self.busy += 1

    def end(self) -> None:
        self.busy -= 1
        self.notify()

    async def next(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 20.0) -> T:
        """Wait until the predicate gives something true, and return that; TimeoutError otherwise."""
        async with asyncio.timeout(timeout_s):
            while not (found := predicate()):
                await self.next()
        return found

    async def settled(self, *, quiet_s: float = 0.05, timeout_s: float = 20.0) -> None:
        """Wait until no call or delivery is under way and nothing has changed for a moment."""
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    async with asyncio.timeout(quiet_s):
                        await self.next()
                except TimeoutError:
                    if not self.busy:
                        return
