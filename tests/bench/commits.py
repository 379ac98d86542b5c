"""Durable one-row commits: sixteen writers through the store, against one after another on the same engine."""

import asyncio
import shutil
import time
from collections.abc import Callable
from functools import cache
from itertools import count
from statistics import median

from sqlalchemy import Engine, insert
from sqlmodel import Session

from integrations.store.connections import LOCK_WAIT_S, parsed, writing_engine
from integrations.store.engine import Store
from integrations.store.tables import table_of
from schema.tables.deliveries import PostRow
from tests.bench import stories
from tests.bench.measuring import Line, Size, in_turns, p95, ratios, spread, times

COUNTS = {Size.FULL: (7, 2_000), Size.QUICK: (3, 800), Size.TINY: (1, 64)}  # rounds, commits
WRITERS = 16
POSTS = table_of(PostRow)
NUMBERS = count(1)


@cache
def template() -> str:
    url = f"sqlite:///{stories.folder()}/template.db"
    store = Store(url)
    store.upgrade()
    store.close_sync()
    return url


def emptied() -> str:
    """Copy the database that has all tables and no rows."""
    name = stories.folder() / f"bench_{next(NUMBERS)}.db"
    shutil.copy(template().removeprefix("sqlite:///"), name)
    return f"sqlite:///{name}"


def adding(number: int) -> Callable[[Session], None]:
    row = {"workspace": "w", "channel": "C1", "ts": str(number), "product": "p", "kind": "standup"}

    def add(session: Session) -> None:
        session.execute(insert(POSTS).values(row))

    return add


async def through_the_store(store: Store, commits: int, waited: list[float]) -> float:
    """Give the commits a second of sixteen writers who each wait for their own."""

    async def writer() -> None:
        for _ in range(commits // WRITERS):
            began = time.perf_counter()
            await store.write(adding(next(NUMBERS)))
            waited.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    return commits / (time.perf_counter() - began)


async def bare(engine: Engine, commits: int) -> float:
    """Give the commits a second of one thread on the engine itself, one row each."""
    return one_by_one(engine, commits)


def one_by_one(engine: Engine, commits: int) -> float:
    """Commit one row after the other; gives how many a second."""
    began = time.perf_counter()
    for _ in range(commits):
        with Session(engine) as session, session.begin():
            adding(next(NUMBERS))(session)
    return commits / (time.perf_counter() - began)


async def speed(size: Size) -> list[Line]:
    rounds, commits = COUNTS[size]
    store = Store(emptied())
    engine = writing_engine(parsed(emptied()), lock_wait_s=LOCK_WAIT_S, connections=1)
    waited: list[float] = []
    try:
        await through_the_store(store, WRITERS, [])
        await bare(engine, WRITERS)
        pairs = await in_turns(
            rounds, lambda: through_the_store(store, commits, waited), lambda: bare(engine, commits // 4)
        )
    finally:
        await store.close()
        engine.dispose()
    return [Line(
        what="durable one-row commits, 16 writers through the store, against one by one on its engine (SQLite)",
        goal=times(None), **spread(ratios(pairs)),
        beside={
            "ours_per_s": median(a for a, _ in pairs), "bare_per_s": median(b for _, b in pairs),
            "waited_p50_ms": median(waited) * 1_000, "waited_p95_ms": p95(waited) * 1_000,
        },
    )]  # fmt: skip
