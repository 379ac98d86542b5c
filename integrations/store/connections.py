"""Opening the two engines: waits, durability and what a reader may do."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from integrations.store.errors import StoreUnavailable

LOCK_WAIT_S = 5.0
STATEMENT_WAIT_S = 30.0
CONNECT_WAIT_S = 5
READING_IDLE_S = 300.0  # inside a transaction; a stopped process keeps nothing for ever
TRY_AGAIN_S = 0.01  # of what SQLite refuses at once instead of waiting
WRITING_IDLE_S = 8.0  # where nothing ever waits: a machine that is gone must not keep the sender's lease
POSTGRESQL_NAMES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
SQLITE_NAMES = frozenset({"sqlite", "sqlite+pysqlite"})


def parsed(url: str) -> URL:
    """Read a database address and name the driver; the text of an error never holds the password."""
    try:
        found = make_url(url)
    except ArgumentError:
        found = None
    if found is not None and found.drivername in POSTGRESQL_NAMES:
        return found.set(drivername="postgresql+psycopg")
    if found is not None and found.drivername in SQLITE_NAMES:
        return _file(found)
    message = "The database address must look like sqlite:///muster.db or postgresql://user@host/name."
    raise StoreUnavailable(message)


def _file(url: URL) -> URL:
    if not url.database or url.database == ":memory:":
        message = "Muster keeps its SQLite database in a file, such as sqlite:///muster.db; memory cannot be shared."
        raise StoreUnavailable(message)
    return url.set(drivername="sqlite+pysqlite")


def writing_engine(url: URL, *, lock_wait_s: float, connections: int) -> Engine:
    """Open an engine whose transactions may change rows."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, lock_wait_s=lock_wait_s, connections=1, begin="BEGIN IMMEDIATE")
    return _postgresql(url, lock_wait_s=lock_wait_s, connections=connections, idle_s=WRITING_IDLE_S)


def reading_engine(url: URL, *, lock_wait_s: float, connections: int) -> Engine:
    """Open an engine whose transactions see one moment and change nothing."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, lock_wait_s=lock_wait_s, connections=connections, begin="BEGIN", only_read=True)
    engine = _postgresql(url, lock_wait_s=lock_wait_s, connections=connections)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def migrating_engine(url: URL) -> Engine:
    """Open an engine for one long transaction that rebuilds tables; it waits as long as another upgrade takes."""
    if url.get_backend_name() == "sqlite":
        # foreign keys are off because a table is dropped while it is rebuilt; they are checked before the commit
        return _sqlite(url, lock_wait_s=120, connections=1, begin="BEGIN IMMEDIATE", foreign_keys=False)
    return _postgresql(url, lock_wait_s=120, connections=1, statement_wait_s=0)


def _sqlite(
    url: URL,
    *,
    lock_wait_s: float,
    connections: int,
    begin: str,
    only_read: bool = False,
    foreign_keys: bool = True,
) -> Engine:
    # isolation_level None: the driver starts no transaction behind our back; "begin" below does
    engine = create_engine(
        url,
        connect_args={"timeout": lock_wait_s, "isolation_level": None},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=lock_wait_s,
        hide_parameters=True,  # the text of an error is logged
    )
    pragmas = _pragmas(lock_wait_s=lock_wait_s, only_read=only_read, foreign_keys=foreign_keys)
    event.listen(engine, "connect", pragmas)

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)
    return engine


def _pragmas(*, lock_wait_s: float, only_read: bool, foreign_keys: bool) -> Callable[[Any, Any], None]:
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        _write_ahead(cursor, lock_wait_s)
        cursor.execute("PRAGMA synchronous = FULL")  # a commit that was answered survives a power cut
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA journal_size_limit = 67108864")  # bytes that the log keeps after a checkpoint
        cursor.execute("PRAGMA cache_size = -16384")  # KiB
        if only_read:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    return on_connect


def _write_ahead(cursor: Any, lock_wait_s: float) -> None:
    """Switch to write-ahead logging; of two that switch a new file at once, SQLite lets one fail without waiting."""
    until = time.monotonic() + lock_wait_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(TRY_AGAIN_S)


def _postgresql(
    url: URL, *, lock_wait_s: float, connections: int, statement_wait_s: float = STATEMENT_WAIT_S,
    idle_s: float = READING_IDLE_S,
) -> Engine:  # fmt: skip
    settings = {
        "timezone": "UTC",
        "lock_timeout": f"{lock_wait_s * 1000:.0f}",
        "statement_timeout": f"{statement_wait_s * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{idle_s * 1000:.0f}",  # a stopped process holds no lock for long
        "tcp_user_timeout": "30000",  # ms
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(
        url,
        connect_args={"connect_timeout": CONNECT_WAIT_S, "options": options, "application_name": "muster"},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=lock_wait_s,
        hide_parameters=True,  # the text of an error is logged
        pool_pre_ping=True,
        pool_recycle=1800,
    )
