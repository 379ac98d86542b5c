"""A week's pull of many metrics over sources that each take 100 ms, against the floor that the limit sets."""

import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

import httpx

from handlers.pages import closed_period
from handlers.pulls import pull
from handlers.services import Services, Snapshot
from integrations.store.engine import Store
from tests import builders
from tests.bench import stories
from tests.bench.children import child
from tests.bench.commits import emptied
from tests.bench.measuring import Line, Size, ratios, spread, times

COUNTS = {Size.FULL: (3, 200), Size.QUICK: (1, 200), Size.TINY: (1, 20)}  # rounds, metrics
SOURCES = 10
WAIT_S = 0.1
METRIC: dict[str, Any] = {
    "name": "Open rate", "plain": "the share of {items} that were opened", "family": "own", "formula": "hits/cases",
    "unit": "share", "minimum": 0, "maximum": 1, "direction": "higher", "countermetrics": ["csat"],
    "accepts": ["proportion"], "function": "proportion", "form": "proportion",
    "words": {"of": "{items}", "hit": "were opened", "rest": "were not"},
    "what": "It shows how many of the {items} somebody opened.",
    "not_meaning": "It does not show that an opened one was worth reading.",
    "misreading": "A catchy headline read as a good suggestion.", "note": "Left out: what was read without a click.",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A workspace whose sources are far away."""

    services: Services
    snapshot: Snapshot


def document(ports: Sequence[int], count: int) -> dict[str, Any]:
    """Configure one product: a query and a metric of its own each, spread over the sources."""
    names = [
        f"own_{''.join(chr(ord('a') + int(digit)) for digit in f'{number:03}')}" for number in range(count)
    ]
    values = {"numerator": "$.hits", "denominator": "$.cases"}
    queries = {
        name: {
            "source": f"source-{place % len(ports)}", "shape": "proportion", "path": f"/{name}",
            "params": {"from": "{start}", "to": "{end}"}, "values": values,
        }
        for place, name in enumerate(names)
    }  # fmt: skip
    metrics = {name: {"query": name} for name in names}
    return builders.document(fraud_detection={"queries": queries, "metrics": metrics}) | {
        "metrics": [METRIC | {"key": name} for name in names],
        "sources": {
            f"source-{place}": {"kind": "http_json", "url": f"http://127.0.0.1:{port}", "network": "private"}
            for place, port in enumerate(ports)
        },
    }


@asynccontextmanager
async def a_stand(ports: Sequence[int], count: int) -> AsyncIterator[Stand]:
    folder = Path(mkdtemp(dir=stories.folder()))
    store = Store(emptied())
    snapshot = builders.snapshot(document(ports, count), folder)
    try:
        await builders.a_workspace_in(store)
        yield Stand(services=builders.services(store, snapshot), snapshot=snapshot)
    finally:
        for connector in snapshot.connectors.values():
            await connector.close()
        await store.close()


async def bare(ports: Sequence[int], count: int) -> float:
    """Ask the same questions with nothing but the HTTP client, one after another, for one place of the limit."""
    began = time.perf_counter()
    async with httpx.AsyncClient(trust_env=False) as client:
        for number in range(count):
            (await client.get(f"http://127.0.0.1:{ports[number % len(ports)]}/bare")).raise_for_status()
    return time.perf_counter() - began


async def against_the_floor(size: Size) -> list[Line]:
    rounds, count = COUNTS[size]
    async with (
        child("tests.bench.waiting", str(SOURCES)) as sources,
        a_stand(sources.started, count) as stand,
    ):
        product = stand.snapshot.product("fraud-detection")
        period = closed_period(product, builders.NOW)
        await pull(stand.services, stand.snapshot, product, period=product.calendar.shift(period, -rounds))
        await sources.ask(str(WAIT_S))
        at_once = stand.services.reads_at_once
        floor_s = math.ceil(count / at_once) * WAIT_S
        took, bare_s = [], []
        for back in range(rounds - 1, -1, -1):  # a week later each time, so that each metric has one question
            began = time.perf_counter()
            pulled = await pull(
                stand.services, stand.snapshot, product, period=product.calendar.shift(period, -back)
            )
            took.append(time.perf_counter() - began)
            assert (pulled.readings, pulled.troubles) == (count, ()), pulled
            bare_s.append(await bare(sources.started, math.ceil(count / at_once)))
    return [Line(
        what=f"{count} metrics over {SOURCES} sources of 100 ms, against the floor of {at_once} at once",
        goal=times(1.3), **spread(ratios([(each, floor_s) for each in took])),
        beside={"took_s": median(took), "floor_s": floor_s, "bare_client_s": median(bare_s)},
    )]  # fmt: skip
