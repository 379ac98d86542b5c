"""A brief out of a million stored readings, against one out of a thousand: the same plan, and about the same time."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import event

from handlers.pages import brief, closed_period
from handlers.services import Services, Snapshot
from integrations.store import readings as stored_readings
from integrations.store.engine import Store
from schema.judgements import expected_definition
from schema.metrics import Audience
from schema.products import Product
from schema.readings import Confusion, Reading, Receipt
from schema.sources import digest
from tests import builders
from tests.bench import stories
from tests.bench.commits import emptied
from tests.bench.measuring import Line, Size, in_turns, ratios, spread, times

COUNTS = {
    Size.FULL: (15, 20, 1_000),
    Size.QUICK: (5, 10, 100),
    Size.TINY: (1, 1, 2),
}  # rounds, briefs, products
METRICS = (
    "precision", "recall", "false_positive_rate", "specificity", "npv", "f1", "accuracy", "balanced_accuracy", "false_discovery_rate",
    "alert_rate",
)  # fmt: skip
PERIODS = 100
COPY = """
INSERT INTO readings ({columns})
WITH RECURSIVE other(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM other WHERE number < ?)
SELECT {copied} FROM other CROSS JOIN readings WHERE product = ?
"""
PLAN = "EXPLAIN QUERY PLAN "


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A store with readings of one product, and perhaps of many others."""

    services: Services
    snapshot: Snapshot
    product: Product
    readings: int

    async def briefs(self, count: int) -> float:
        """Give the median time of a brief, in milliseconds."""
        period, took = closed_period(self.product, builders.NOW), []
        for _ in range(count):
            began = time.perf_counter()
            made = await brief(
                self.services, self.snapshot, self.product, audience=Audience.EXECUTIVE, period=period
            )
            took.append(time.perf_counter() - began)
            assert made.sections
        return median(took) * 1_000


def document() -> dict[str, Any]:
    return builders.document(fraud_detection={"metrics": {name: {"query": "outcomes"} for name in METRICS}})


def history(product: Product, snapshot: Snapshot) -> list[Reading]:
    """Make a hundred weeks of ten metrics: a thousand readings."""
    last = closed_period(product, builders.NOW)
    return [
        Reading(
            product=product.key, metric=name, group="", period=period,
            measurement=Confusion(tp=800 + at % 7, fp=180 + at % 11, fn=100 + at % 5, tn=9_000),
            receipt=Receipt(
                source="warehouse", query_digest=digest(product.queries["outcomes"]),
                definition=expected_definition(snapshot.catalogue[name]), window=period, sample=1,
                fetched_at=period.end + timedelta(hours=2), newest_at=period.end,
            ),
        )
        for name in METRICS
        for at, period in enumerate(product.calendar.back(last, PERIODS))
    ]  # fmt: skip


def multiply(url: str, product: str, products: int) -> int:
    """Give so many other products the same readings, some before and some behind it in the order of names."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        database.execute("PRAGMA synchronous = OFF")
        columns = [f'"{row[1]}"' for row in database.execute("PRAGMA table_info(readings)")]
        other = f"substr('bdfghjkm', 1 + number * 7 / {products}, 1) || printf('-product-%04d', number)"  # in order, so it is quick
        copied = ", ".join(other if column == '"product"' else column for column in columns)
        database.execute(COPY.format(columns=", ".join(columns), copied=copied), (products - 1, product))
        database.commit()
        return int(database.execute("SELECT count(*) FROM readings").fetchone()[0])


def remove(url: str) -> None:
    """Take a large file away at once, not at the end of the run."""
    for ending in ("", "-wal", "-shm"):
        Path(url.removeprefix("sqlite:///") + ending).unlink(missing_ok=True)


@asynccontextmanager
async def a_shelf(products: int) -> AsyncIterator[Shelf]:
    url, folder = emptied(), Path(mkdtemp(dir=stories.folder()))
    builders.write_outcomes(folder)
    store = Store(url)
    snapshot = builders.snapshot(document(), folder)
    product = snapshot.product("fraud-detection")
    try:
        await builders.a_workspace_in(store)
        rows = history(product, snapshot)
        await store.write(
            lambda session: stored_readings.add(session, builders.WORKSPACE, readings=rows, blanks=[])
        )
        count = len(rows)
        if products > 1:
            count = await asyncio.to_thread(multiply, url, product.key, products)
        yield Shelf(
            services=builders.services(store, snapshot), snapshot=snapshot, product=product, readings=count
        )
    finally:
        for connector in snapshot.connectors.values():
            await connector.close()
        await store.close()
        remove(url)


async def plans(shelf: Shelf) -> list[str]:
    """Ask the database how it would answer every query of a brief."""
    asked: list[tuple[str, Any]] = []
    store = shelf.services.store

    def note(_connection, _cursor, statement, parameters, *_more) -> None:
        asked.append((statement, parameters))

    event.listen(store._reading, "before_cursor_execute", note)
    await shelf.briefs(1)
    event.remove(store._reading, "before_cursor_execute", note)
    with closing(sqlite3.connect(store.url.database)) as database:
        return [
            row[3]
            for statement, parameters in asked
            if statement.lstrip().upper().startswith(("SELECT", "WITH"))
            for row in database.execute(PLAN + statement, parameters)
        ]


async def against_a_thousand(size: Size) -> list[Line]:
    rounds, count, products = COUNTS[size]
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(a_shelf(1))
        many = await stack.enter_async_context(a_shelf(products))
        wanted, found = await plans(few), await plans(many)
        pairs = await in_turns(rounds, lambda: many.briefs(count), lambda: few.briefs(count))
    assert wanted, "a brief asked the database nothing"
    return [Line(
        what=f"a brief with {many.readings:,} stored readings against {few.readings:,}, same query plan",
        goal=times(1.5), **spread(ratios(pairs)),
        beside={
            "many_ms": median(a for a, _ in pairs), "few_ms": median(b for _, b in pairs), "plan": "; ".join(found),
        },
        unmet="" if found == wanted else f"the plan was {'; '.join(wanted)}",
    )]  # fmt: skip
