"""Databases opened so that they can only be read, for so long, and their errors in our words."""

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from integrations.base import Call, IntegrationError, NotAuthorised, NotFound, Unavailable, UnexpectedAnswer
from schema.errors import Refusal
from schema.queries import dialect_of

_PROGRESS_STEPS = 10_000  # SQLite's instructions between two looks at the clock; about a millisecond
_SQLITE_READS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_DUCKDB_CONFIG = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
}
_LEAST_CONNECT_S = 2  # libpq takes no less
# A server that is gone without a word is noticed within half a minute.
_KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 10,  # s
    "keepalives_interval": 5,  # s
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # ms
}
# What lets a role reach the server's files and programs, past any list of tables that it may read.
POWERS = """SELECT r.rolsuper AS superuser,
    pg_has_role(current_user, 'pg_read_server_files', 'MEMBER') AS pg_read_server_files,
    pg_has_role(current_user, 'pg_write_server_files', 'MEMBER') AS pg_write_server_files,
    pg_has_role(current_user, 'pg_execute_server_program', 'MEMBER') AS pg_execute_server_program
FROM pg_roles r WHERE r.rolname = current_user"""
# PostgreSQL's SQLSTATEs; https://www.postgresql.org/docs/current/errcodes-appendix.html, seen 2026-11-23
_FORBIDDEN_STATES = ("28", "42501")
_UNKNOWN_STATES = ("42P01", "42703", "42883", "3D000", "3F000")
_TIMEOUT_STATE = "57014"
_READ_ONLY_STATE = "25006"
# What the drivers say where they give no SQLSTATE; libpq gives none while connecting.
_FORBIDDEN_WORDS = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "permission denied",
    'FATAL:  role "',
)
_UNKNOWN_WORDS = (
    'FATAL:  database "',
    "no such table",
    "no such column",
    "no such function",
    "does not exist!",
    "not found in FROM",
)
_WRITE_WORDS = (
    "not authorized",
    "prohibited",
    "readonly database",
    "read-only mode",
    "disabled by configuration",
)


def open_engine(source: str, text: str, *, folder: Path, timeout_s: float) -> sa.Engine:
    """Make an engine that opens a connection for each question; opens nothing yet. Raises Refusal.

    DuckDB takes long to open a file that nobody has open, so its connections stay until the engine is disposed of.
    """
    dialect = dialect_of(text)
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):  # its text holds the URL, and that a password
        raise Refusal(f"The source {source} needs a SQLAlchemy URL such as sqlite:///file.db.") from None
    if dialect == "sqlite":
        path = _file(source, url, folder)
        return sa.create_engine(
            "sqlite://",
            creator=lambda: _open_sqlite(path, timeout_s),
            poolclass=NullPool,
            hide_parameters=True,
        )
    if dialect == "duckdb":
        url = URL.create("duckdb", database=str(_file(source, url, folder)))
        config = {"read_only": True, "config": dict(_DUCKDB_CONFIG)}
        return sa.create_engine(
            url, connect_args=config, poolclass=QueuePool, max_overflow=-1, hide_parameters=True
        )
    url = url.set(drivername="postgresql+psycopg")
    arguments: dict[str, Any] = {
        "connect_timeout": max(_LEAST_CONNECT_S, int(timeout_s)),
        **_KEEPALIVES,
    }
    return sa.create_engine(url, connect_args=arguments, poolclass=NullPool, hide_parameters=True)


class Line:
    """The connection of one question, so that it can be cut while the question hangs."""

    def __init__(self) -> None:
        self._raw: Any = None  # the driver's connection
        self._error: type[Exception] = OSError  # what the driver raises
        self._cut = False
        self._holding = threading.Lock()  # so that no other question is cut on the same connection or socket

    @contextmanager
    def held(self, connection: sa.Connection) -> Iterator[None]:
        """Know the connection while the question runs; raises TimeoutError where nobody waits for it any more."""
        self._error = connection.dialect.loaded_dbapi.Error
        self._know(connection.connection.dbapi_connection)
        if self._cut:
            raise TimeoutError
        try:
            yield
        finally:
            self._know(None)

    def _know(self, raw: Any) -> None:
        with self._holding:
            self._raw = raw

    def cut(self) -> None:
        """End the question; its thread then hears that the server is gone, or that a file's reading was ended."""
        with self._holding, suppress(OSError, self._error):  # the other end may have closed it meanwhile
            self._cut = True
            if self._raw is None:
                return
            if not hasattr(self._raw, "fileno"):
                self._raw.interrupt()
                return
            with socket.socket(fileno=os.dup(self._raw.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)


@contextmanager
def confined(connection: sa.Connection, *, timeout_s: float) -> Iterator[None]:
    """Hold a connection to reading and to its time; nothing is ever committed."""
    raw: Any = connection.connection.dbapi_connection
    match connection.engine.dialect.name:
        case "sqlite":
            _confine_sqlite(raw, timeout_s)
            yield
        case "duckdb":  # read-only since it was opened
            with _alarm(raw, timeout_s):
                yield
        case _:
            connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            connection.execute(sa.text("SET LOCAL TIME ZONE 'UTC'"))
            connection.execute(sa.text(f"SET LOCAL statement_timeout = {max(1, int(timeout_s * 1000))}"))
            yield
    connection.rollback()


@contextmanager
def translated(call: Call, *, timeout_s: float) -> Iterator[None]:
    """Say a driver's error in our words."""
    try:
        yield
    except SQLAlchemyError as error:
        # not `from error`: its text holds the statement and every value that was bound
        raise _translation(error, call, timeout_s) from None


def warning_of(powers: Mapping[str, object]) -> str:
    """Warn of a role that may do more than read tables; "" for one that may not."""
    if powers["superuser"]:
        held = "is a superuser"
    else:
        roles = ", ".join(name for name, has in powers.items() if has)
        held = f"is a member of {roles}" if roles else ""
    if not held:
        return ""
    return (
        f"; warning: its role {held}, so it may do more than read tables. Give Muster a role with SELECT only"
    )


def _file(source: str, url: URL, folder: Path) -> Path:
    if not url.database or url.database == ":memory:":
        raise Refusal(
            f"The source {source} needs a file in its URL, such as {url.get_backend_name()}:///file.db."
        )
    return (folder / url.database).resolve()


def _open_sqlite(path: Path, timeout_s: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=timeout_s)


def _confine_sqlite(connection: sqlite3.Connection, timeout_s: float) -> None:
    ends = time.monotonic() + timeout_s
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(_authorised)
    connection.set_progress_handler(lambda: int(time.monotonic() > ends), _PROGRESS_STEPS)


def _authorised(action: int, _first: str | None, second: str | None, *_: object) -> int:
    if action == sqlite3.SQLITE_FUNCTION and second == "load_extension":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _SQLITE_READS else sqlite3.SQLITE_DENY


@contextmanager
def _alarm(connection: Any, timeout_s: float) -> Iterator[None]:
    alarm = threading.Timer(timeout_s, connection.interrupt)
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _translation(error: SQLAlchemyError, call: Call, timeout_s: float) -> IntegrationError:
    cause = getattr(error, "orig", None)
    state, text = str(getattr(cause, "sqlstate", None) or ""), str(cause)

    def says(words: tuple[str, ...]) -> bool:
        return any(word in text for word in words)

    if state == _TIMEOUT_STATE or "interrupted" in text.lower():
        return Unavailable(call, f"no answer within {timeout_s:g} s")
    if state.startswith(_FORBIDDEN_STATES) or (not state and says(_FORBIDDEN_WORDS)):
        return NotAuthorised(call, "the database does not let this user read it")
    if state.startswith(_UNKNOWN_STATES) or (not state and says(_UNKNOWN_WORDS)):
        return NotFound(call, "there is no such database, table, column or function")
    if state == _READ_ONLY_STATE or (not state and says(_WRITE_WORDS)):
        return UnexpectedAnswer(call, "the query does more than read its tables")
    if "pytz" in text:  # DuckDB gives a time with a zone only with a library that it does not require
        return UnexpectedAnswer(call, "a time with a zone must be cast AS TIMESTAMP")
    if not state and isinstance(error, sa.exc.OperationalError):
        return Unavailable(call, "the database cannot be opened; check its address, and that it runs")
    return UnexpectedAnswer(call, "the database refused the query")
