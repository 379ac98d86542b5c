"""One stand a kind of source: the week's world behind it, and the faults that it can have."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from aiohttp import web
from pydantic import TypeAdapter

from integrations.base import Connector
from integrations.http import HttpClient, Patience
from integrations.mlflow import MlflowConnector
from integrations.sources import open_connector
from schema.sources import Source
from tests.connectors.servers import folder, mlflow_url, prometheus_url
from tests.databases import empty_url
from tests.databases import server as postgresql
from tests.proxy import Proxy, proxied, serving

SECRET = "s3cret-0f-the-s0urce"
QUICK = Patience(attempts=2, first_wait_s=0.01, wait_limit_s=0.02, retry_after_limit_s=0.5)
KINDS = ("sqlite", "postgresql", "duckdb", "http_json", "mlflow", "prometheus")
SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


class QuickClient(HttpClient):
    """The client with less patience, and a memory of who was opened."""

    def __init__(self, **asked: Any) -> None:
        super().__init__(**asked, patience=QUICK)


@dataclass
class Stand:
    """A source as muster.yaml would describe it, and the proxy before it, if it speaks HTTP."""

    source: dict[str, Any]
    proxy: Proxy | None = None
    page_size: int | None = None
    secrets: dict[str, str] = field(default_factory=lambda: {"TOKEN": SECRET})

    def open(self, overrides: dict[str, Any]) -> Connector:
        page_size = overrides.pop("page_size", None)
        source = SOURCE.validate_python({**self.source, **overrides})
        connector = open_connector(
            "numbers", source, secrets=self.secrets.__getitem__, folder=folder(), http=QuickClient
        )
        if page_size is not None:
            assert isinstance(connector, MlflowConnector)
            connector._page_size = page_size
        return connector

    @asynccontextmanager
    async def fault(self, name: str | None) -> AsyncIterator[None]:
        """Make something go wrong for a while."""
        if name == "terminated":
            async with terminating():
                yield
            return
        if self.proxy is not None:
            self.proxy.fault = name
        else:
            assert name is None, f"a database has no fault {name}"
        yield


@asynccontextmanager
async def standing(kind: str) -> AsyncIterator[Stand]:
    """Open the stand of one kind."""
    if kind in ("sqlite", "postgresql", "duckdb"):
        url = {"sqlite": sqlite_url, "postgresql": postgresql_url, "duckdb": duckdb_url}[kind]()
        yield Stand(
            source={"kind": "sql", "url": {"secret": "URL"}},
            secrets={"URL": url, "DAMAGED": f"{kind}:///damaged.{kind}"},
        )
    elif kind == "http_json":
        async with serving(json_service) as upstream, proxied(upstream) as proxy:
            headers = {"Authorization": {"secret": "TOKEN"}}
            yield Stand(
                source={"kind": kind, "url": proxy.url, "headers": headers, "network": "private"}, proxy=proxy
            )
    else:
        upstream = await asyncio.to_thread({"mlflow": mlflow_url, "prometheus": prometheus_url}[kind])
        async with proxied(upstream) as proxy:
            token = {"secret": "TOKEN"}
            yield Stand(
                source={"kind": kind, "url": proxy.url, "token": token, "network": "private"}, proxy=proxy
            )


# --- databases ---

TABLE = "CREATE TABLE answers (told_at TIMESTAMP, sex TEXT, ok INTEGER, cost DECIMAL(12, 2))"
GROUP = {"women": (50, 40), "men": (50, 50)}


def rows() -> Iterator[tuple[str, str, int, str]]:
    """List the week's answers, one before it and one after; one cost a row of 0.10."""
    yield "2026-11-15 23:59:59", "women", 0, "0.10"
    for sex, (total, right) in GROUP.items():
        for number in range(total):
            yield f"2026-11-{16 + number % 7} 12:00:{number:02d}", sex, int(number < right), "0.10"
    yield "2026-11-23 00:00:00", "women", 0, "0.10"


@cache
def sqlite_url() -> str:
    path = folder() / "answers.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(TABLE)
    connection.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows())
    connection.commit()
    connection.close()
    damage(path)
    return "sqlite:///answers.sqlite"


@cache
def duckdb_url() -> str:
    path = folder() / "answers.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", list(rows()))
    damage(path)
    return "duckdb:///answers.duckdb"


def damage(path: Path) -> None:
    """Copy half of a file, as a copy that was cut."""
    whole = path.read_bytes()
    (path.parent / f"damaged{path.suffix}").write_bytes(whole[: len(whole) // 2])


@cache
def postgresql_url() -> str:
    """Make a database, and a user who may read one of its two tables."""
    url = empty_url("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("CREATE TABLE salaries (amount INTEGER)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO answers VALUES (%s, %s, %s, %s)", list(rows()))
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
        connection.execute("GRANT SELECT ON answers TO reader")
    return url.replace("//postgres:@", f"//reader:{SECRET}@")


@asynccontextmanager
async def terminating() -> AsyncIterator[None]:
    """End every session of the reader as soon as it runs something."""
    stop = asyncio.Event()
    task = asyncio.create_task(terminate(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def terminate(stop: asyncio.Event) -> None:
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader' AND wait_event = 'PgSleep'"
    async with await psycopg.AsyncConnection.connect(postgresql().get_uri(), autocommit=True) as connection:
        while not stop.is_set():
            await connection.execute(sql)
            await asyncio.sleep(0.02)


# --- a JSON service ---

DOCUMENTS: dict[str, Any] = {
    "/week": '{"ok": 90, "all": 100, "until": "2026-11-22T23:00:00Z", "has_more": false}',
    "/groups": '{"groups": [{"sex": "women", "ok": 40, "all": 50}, {"sex": "men", "ok": 50, "all": 50}]}',
    "/none": '{"ok": 0, "all": 0}',
    "/no-groups": '{"groups": []}',
    "/nan": '{"ok": NaN, "all": 100}',
    "/more": '{"ok": 90, "all": 100, "has_more": true}',
    "/comma": '{"rate": "12,3"}',
    "/exact": '{"rate": 0.1000000000000000055511151231257827}',
    "/bands": '{"bands": [{"name": "low", "now": 4, "then": 6}, {"name": "high", "now": 6, "then": 4}]}',
}


async def json_service(request: web.Request) -> web.Response:
    """Answer who knows the secret; /window says what was asked for."""
    if request.headers.get("Authorization") != SECRET:
        return web.Response(status=401, text=f"not {request.headers.get('Authorization')}")
    if request.path == "/window":
        return web.json_response(dict(request.query))
    if request.path not in DOCUMENTS:
        return web.Response(status=404)
    return web.Response(text=DOCUMENTS[request.path], content_type="application/json")


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Hold a file to what it was."""
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before
