"""Two ways to write: one thread that shares commits (SQLite), or a pool of them (PostgreSQL)."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from integrations.store.errors import RETRIED, StoreBusy, StoreClosed, sqlstate, translated

T = TypeVar("T")
LARGEST_BATCH = 64
TRIES = 3


class Job(Generic[T]):
    """One action and the answer that somebody waits for."""

    def __init__(self, action: Callable[[Session], T]) -> None:
        self.action = action
        self.future: Future[T] = Future()
        self.error: BaseException | None = None
        self.result: T | None = None

    def __enter__(self) -> "Job[T]":
        self.error = self.result = None
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Keep whatever the action raised for the one who asked; it is theirs to see."""
        self.error = error
        return True

    def deliver(self) -> None:
        """Answer the one who waits."""
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # set by the same run


class SharedWriter:
    """One thread that owns writing: what waits shares a commit, each in its own savepoint.

    An action may run twice: alone, when the commit that it shared could not be made.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="muster-writer", daemon=True)
        self._thread.start()

    def submit(self, action: Callable[[Session], T]) -> Future[T]:
        """Queue an action; its future is answered after the commit."""
        job = Job(action)
        with self._lock:
            if self._closed:
                raise StoreClosed("The store is closed; nothing was changed.")
            self._queue.put(job)
        return job.future

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _work(self) -> None:
        going = True
        while going:
            batch, going = self._next_batch()
            jobs = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if jobs:
                self._settle(jobs)

    def _next_batch(self) -> tuple[list[Job[Any]], bool]:
        batch: list[Job[Any]] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == LARGEST_BATCH:
                return batch, True
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _settle(self, jobs: list[Job[Any]]) -> None:
        error = self._committed(jobs)
        # of a lock that is held for long, each would wait in vain for as long again
        if error is not None and len(jobs) > 1 and not isinstance(error, StoreBusy):
            for job in jobs:
                self._committed([job])
        for job in jobs:
            job.deliver()

    def _committed(self, jobs: list[Job[Any]]) -> BaseException | None:
        """Run some in one transaction; gives what kept it from its commit."""
        if len(jobs) == 1:
            return _alone(jobs[0], self._engine)
        whole: Job[None] = Job(lambda _session: None)
        with whole, translated(), self._engine.begin() as connection:
            for job in jobs:
                _attempt(job, connection)
        if whole.error is not None:
            for job in jobs:
                job.error = job.error or whole.error
        return whole.error


def _alone(job: Job[Any], engine: Engine) -> BaseException | None:
    """Run one action in a transaction of its own, which needs no savepoint; gives what went wrong."""
    with job, translated(), Session(engine, expire_on_commit=False) as session, session.begin():
        job.result = job.action(session)
    return job.error


def _attempt(job: Job[Any], connection: Connection) -> None:
    """Run one action in its own savepoint; raise only when the whole transaction is lost with it."""
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        with job, translated():
            job.result = job.action(session)
            session.commit()
        if job.error is not None:
            session.rollback()  # after a full disk there is no savepoint left: this raises, and each runs alone


class PooledWriter:
    """Threads that each run an ordinary transaction; the server shares the commits."""

    def __init__(self, engine: Engine, *, threads: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="muster-writer")
        self._closed = False

    def submit(self, action: Callable[[Session], T]) -> Future[T]:
        """Start an action as soon as a thread is free."""
        if self._closed:
            raise StoreClosed("The store is closed; nothing was changed.")
        return self._pool.submit(self._run, action)

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._closed = True
        self._pool.shutdown(wait=True)
        self._engine.dispose()

    def _run(self, action: Callable[[Session], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                return self._once(action)
            except DBAPIError as error:
                if sqlstate(error) not in RETRIED:
                    with translated():
                        raise
        with translated():
            return self._once(action)

    def _once(self, action: Callable[[Session], T]) -> T:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            return action(session)
