"""The store: whole transactions, each in one hop to a thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session

from integrations.store.connections import LOCK_WAIT_S, parsed, reading_engine, writing_engine
from integrations.store.errors import StoreClosed, translated
from integrations.store.writing import PooledWriter, SharedWriter

T = TypeVar("T")


class Store:
    """A database and the threads that talk to it.

    An action is a plain function of a session. It touches nothing else, because it may run again: alone
    when a shared commit failed, or after a deadlock. What it returns is delivered only after the commit.
    """

    def __init__(
        self, url: str, *, readers: int = 4, writers: int = 8, lock_wait_s: float = LOCK_WAIT_S
    ) -> None:
        """Open nothing yet but the threads; the first action connects."""
        self.url = parsed(url)
        self._closed = False
        self._reading = reading_engine(self.url, lock_wait_s=lock_wait_s, connections=readers)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="muster-reader")
        engine = writing_engine(self.url, lock_wait_s=lock_wait_s, connections=writers)
        self._writer = SharedWriter(engine) if self.embedded else PooledWriter(engine, threads=writers)

    @property
    def embedded(self) -> bool:
        """Tell whether the database is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    async def write(self, action: Callable[[Session], T]) -> T:
        """Run a transaction that may change rows; when this returns, the change is durable."""
        return await asyncio.wrap_future(self._writer.submit(_awaitable(action)))

    async def read(self, action: Callable[[Session], T]) -> T:
        """Run a transaction that sees one moment and may change nothing."""
        return await asyncio.wrap_future(self._submit_read(_awaitable(action)))

    def write_sync(self, action: Callable[[Session], T]) -> T:
        """Write from a program without an event loop."""
        return self._writer.submit(action).result()

    def read_sync(self, action: Callable[[Session], T]) -> T:
        """Read from a program without an event loop."""
        return self._submit_read(action).result()

    def upgrade(self) -> None:
        """Bring the tables to what this version needs; safe to call from several processes at once."""
        from integrations.store.upgrade import upgrade  # noqa: PLC0415 - most starts need no Alembic

        with translated():
            upgrade(self.url)

    async def close(self) -> None:
        """Finish what waits, then let go of the database."""
        await asyncio.to_thread(self.close_sync)

    def close_sync(self) -> None:
        """Finish what waits, then let go of the database."""
        self._closed = True
        self._writer.close()
        self._readers.shutdown(wait=True)
        self._reading.dispose()

    def _submit_read(self, action: Callable[[Session], T]) -> Future[T]:
        if self._closed:
            raise StoreClosed("The store is closed; nothing was read.")
        return self._readers.submit(self._read, action)

    def _read(self, action: Callable[[Session], T]) -> T:
        with translated(), Session(self._reading, expire_on_commit=False) as session:
            return action(session)


def lock_workspace(session: AnySession, workspace: str) -> None:
    """Let no other transaction decide in this workspace until this one ends."""
    lock(session, "workspace", workspace)


def lock(session: AnySession, *name: str) -> None:
    """Hold a named lock until the transaction ends; SQLite has one writer and needs none."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("\x1f".join(name), 0))))


def probe(session: AnySession) -> None:
    """Ask the database for a sign of life."""
    session.execute(text("SELECT 1"))


def _awaitable(action: Callable[[Session], T]) -> Callable[[Session], T]:
    """Let an action fail by what a coroutine can raise; whoever awaits a StopIteration would wait for ever."""

    def act(session: Session) -> T:
        try:
            return action(session)
        except StopIteration as error:
            message = "there was nothing to take the next of"
            raise RuntimeError(message) from error

    return act
