"""A tiny workspace: one product over a SQLite file that real connectors read, and more by hand."""

import copy
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.files import catalogue, nouns
from handlers.services import Services, Snapshot
from integrations.sources import open_connector
from integrations.store import workspaces
from integrations.store.engine import Store
from schema.configuration.reading import Configuration, read_configuration

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # a Monday; the newest closed week is 2026-W47
WEEKS = 20
WORKSPACE = "main"
ANA, BEN, PIA, LEA = "U0ANA00001", "U0BEN00001", "U0PIA00001", "U0LEA00001"
CHANNEL = "C0FRAUD0001"

PRODUCT: dict[str, Any] = {
    "title": "Fraud detection",
    "channel": CHANNEL,
    "zone": "UTC",
    "owner": ANA,
    "backup_owner": BEN,
    "roles": {"pm": [PIA]},
    "currency": "USD",
    "nouns": {"case": "payment", "positive": "fraud case", "negative": "good payment", "flag": "alert"},
    "queries": {
        "outcomes": {
            "source": "warehouse",
            "shape": "confusion",
            "sql": "SELECT tp, fp, fn, tn FROM outcomes WHERE day >= :start AND day < :end",
        }
    },
    "metrics": {"precision": {"query": "outcomes"}, "recall": {"query": "outcomes"}},
    "standup": {"on": "monday", "at": "09:30"},
}


def document(**products: Mapping[str, Any]) -> dict[str, Any]:
    """Give a parsed muster.yaml with the tiny product, and others by key; edits go over the tiny product's fields."""
    named = {"fraud-detection": {}, **products}
    return {
        "workspace": {"name": "Acme", "zone": "UTC", "currency": "USD"},
        "sources": {"warehouse": {"kind": "sql", "url": "sqlite:///fraud.db"}},
        "products": {
            key.replace("_", "-"): copy.deepcopy(PRODUCT) | dict(edits) for key, edits in named.items()
        },
    }


@cache
def known_metrics():
    return catalogue()


def configuration(given: Mapping[str, Any]) -> Configuration:
    """Read a parsed file that is sound."""
    found = read_configuration(given, catalogue=known_metrics(), today=date(2026, 11, 23))
    assert isinstance(found, Configuration), [problem.sentence for problem in found]
    return found


def write_outcomes(
    folder: Path, *, weeks: int = WEEKS, last: tuple[int, int, int, int] = (700, 300, 100, 9000)
) -> None:
    """Write one row of outcomes a week, the same each week but for the last."""
    first = date(2026, 11, 18) - timedelta(weeks=weeks - 1)  # Wednesdays
    with sqlite3.connect(folder / "fraud.db") as database:
        database.execute("CREATE TABLE outcomes (day TEXT, tp INT, fp INT, fn INT, tn INT)")
        rows = [((first + timedelta(weeks=at)).isoformat(), 820, 180, 100, 9000) for at in range(weeks)]
        rows[-1] = (rows[-1][0], *last)
        database.executemany("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)", rows)
    database.close()


def snapshot(given: Mapping[str, Any], folder: Path) -> Snapshot:
    """Hold a configuration with its sources opened."""
    found = configuration(given)
    connectors = {
        name: open_connector(name, source, secrets=lambda name: name, folder=folder)
        for name, source in found.sources.items()
    }
    return Snapshot(workspace=WORKSPACE, revision=1, configuration=found, connectors=connectors)


def services(store: Store, held: Snapshot, *, now: datetime = NOW) -> Services:
    """Give services that always hold this snapshot, at a fixed moment."""

    async def newest(_workspace: str) -> Snapshot:
        return held

    return Services(store=store, snapshot=newest, now=lambda: now, nouns=nouns())


async def a_workspace_in(store: Store, *, now: datetime = NOW) -> None:
    """Make the workspace whose rows these are."""
    await store.write(lambda session: workspaces.ensure(session, WORKSPACE, name="Acme", now=now))
