"""What can be wrong with the database itself, in words for the people who run Muster.

StoreError
├── StoreBusy        somebody else holds it; trying again later works
├── StoreFull        no room left on the disk or in the database's own limit
├── StoreUnavailable not there, not readable, or gone while we spoke
├── StoreDamaged     the file is not a database, or not a whole one
├── StoreTooNew      a newer Muster has written it
└── StoreClosed      this process is shutting down
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreError(Exception):
    """The database cannot do its work now; the text is one sentence that says what would help."""


class StoreBusy(StoreError):  # noqa: N818 - the name says what is so
    """Another process or transaction held what we need for longer than we wait."""


class StoreFull(StoreError):  # noqa: N818 - the name says what is so
    """There is no room for another row."""


class StoreUnavailable(StoreError):  # noqa: N818 - the name says what is so
    """The database does not answer or may not be opened."""


class StoreDamaged(StoreError):  # noqa: N818 - the name says what is so
    """The file is not a whole database."""


class StoreTooNew(StoreError):  # noqa: N818 - the name says what is so
    """The tables are of a newer Muster than this one."""


class StoreClosed(StoreError):  # noqa: N818 - the name says what is so
    """The store was closed before this call."""


BUSY = "The database is locked by another process; the change was not made. Try again, or end what holds it."
FULL = "The database has no room left; the change was not made. Free some disk space, then try again."
GONE = "The database does not answer; nothing is known to have changed. Check that it runs and that its address is right."
UNOPENED = "The database file cannot be opened or made. See that its folder is there, and that Muster may write in it."
UNWRITTEN = (
    "The disk does not take or give the database's bytes; nothing is known to have changed. Look at its room, its"
    " quota and its health."
)
READ_ONLY = (
    "The database may only be read; the change was not made. Check the rights of the file and its folder."
)
DAMAGED = "The database file is damaged or is not a database. Put back the last backup."

SQLITE_TROUBLES: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, BUSY),
    sqlite3.SQLITE_LOCKED: (StoreBusy, BUSY),
    sqlite3.SQLITE_FULL: (StoreFull, FULL),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, UNWRITTEN),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, UNOPENED),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, READ_ONLY),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, DAMAGED),
}
PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the plain one in their low byte

# https://www.postgresql.org/docs/current/errcodes-appendix.html, seen 2026-11-23
POSTGRESQL_TROUBLES: dict[str, tuple[type[StoreError], str]] = {
    "55P03": (StoreBusy, BUSY),  # lock_not_available
    "57014": (StoreBusy, BUSY),  # query_canceled: statement_timeout
    "40001": (StoreBusy, BUSY),  # serialization_failure
    "40P01": (StoreBusy, BUSY),  # deadlock_detected
    "53100": (StoreFull, FULL),  # disk_full
    "53300": (StoreUnavailable, GONE),  # too_many_connections
    "25006": (StoreUnavailable, READ_ONLY),  # read_only_sql_transaction
}
RETRIED = frozenset({"40001", "40P01"})


def sqlstate(error: DBAPIError) -> str | None:
    """Give PostgreSQL's code for an error, where there is one."""
    found = getattr(error.orig, "sqlstate", None)
    return found if isinstance(found, str) else None


def trouble(error: DBAPIError) -> StoreError | None:
    """Say what is wrong with the database; None when the statement itself is at fault."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        known = SQLITE_TROUBLES.get(code & PRIMARY_CODE)
    else:
        known = POSTGRESQL_TROUBLES.get(sqlstate(error) or "")
    if known is None and _lost(error):
        known = (StoreUnavailable, GONE)
    return known[0](known[1]) if known else None


def _lost(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    return (
        type(error.orig).__name__ == "OperationalError"
        and sqlstate(error) is None
        and not isinstance(error.orig, sqlite3.Error)
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors about the database into ours; errors of a statement pass."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy(BUSY) from error
    except DBAPIError as error:
        known = trouble(error)
        if known is None:
            raise
        raise known from error
