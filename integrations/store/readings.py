"""Readings: append-only, each restatement a new revision."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from integrations.store.blanks import add_blanks
from integrations.store.engine import lock
from integrations.store.measurements import read, written
from integrations.store.tables import Found, table_of
from schema.periods import Period
from schema.readings import Blank, Reading, Receipt, Withdrawn
from schema.tables.columns import plain
from schema.tables.readings import ReadingRow

READINGS = table_of(ReadingRow)
C = READINGS.c
KEY = (C.product, C.metric, C.period_start, C.period_end, C.group, C.source, C.query_digest, C.definition)
COLUMNS = (
    *KEY,
    C.revision,
    C.shape,
    C.measurement,
    C.window_start,
    C.window_end,
    C.sample,
    C.fetched_at,
    C.newest_at,
)
KEY_LENGTH = len(KEY)
GROUP = [column.name for column in KEY].index(C.group.name)  # its place in the key
LONGEST_NAME = 300  # characters; PostgreSQL's index refuses keys over 2,700 bytes

Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A source that says another value for the same question than it said before."""

    old: Reading
    new: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What a pull changed in the store."""

    readings: int  # rows that were added, restatements included
    blanks: int
    restatements: tuple[Restatement, ...]


def add(
    session: Session, workspace: str, *, readings: Iterable[Reading], blanks: Iterable[Blank] = ()
) -> Added:
    """Store what a pull brought; what equals the newest revision adds nothing.

    The revision of the given readings is not read: it is what the store makes it. The readings of a metric, period
    and question are all its groups: one that was there before and is missing now is withdrawn.
    """
    fresh: list[Reading] = []
    restatements: list[Restatement] = []
    by_product = sorted(readings, key=lambda reading: reading.product)
    for product, group in groupby(by_product, key=lambda reading: reading.product):
        for old, new in _changes(session, workspace, product, tuple(group)):
            fresh.append(new)
            if old is not None:
                restatements.append(Restatement(old=old, new=new))
    if fresh:
        session.execute(insert(READINGS), [_row(workspace, reading) for reading in fresh])
    return Added(
        readings=len(fresh),
        blanks=add_blanks(session, workspace, blanks),
        restatements=tuple(restatements),
    )


def latest(
    session: Session,
    workspace: str,
    *,
    product: str,
    metric: str,
    periods: Sequence[Period],
    group: str | None = None,
) -> tuple[Reading, ...]:
    """Give the newest revision of every key of these periods, oldest period first; `group=None` gives all groups."""
    chosen = [C.metric == metric, C.period_start.in_([period.start for period in periods])]
    if group is not None:
        chosen.append(C.group == group)
    wanted = {(period.start, period.end) for period in periods}
    rows = _newest(session, workspace, product, *chosen)
    return _values(row for row in rows if (row.period_start, row.period_end) in wanted)


def history(
    session: Session, workspace: str, *, product: str, metrics: Collection[str], first: Period, last: Period
) -> tuple[Reading, ...]:
    """Give the newest revisions of a product's metrics between two periods, both included, in one query.

    Ordered by metric, period and group; where a key changed with its question, what was fetched last comes last,
    so that a dict by (metric, period, group) holds the newest answer.
    """
    between = [
        _among(metrics),
        C.period_start >= first.start,
        C.period_start <= last.start,
        C.period_end <= last.end,
    ]
    return _values(_newest(session, workspace, product, *between))


def _newest(session: Session, workspace: str, product: str, *chosen: ColumnElement[bool]) -> list[Found]:
    """Walk a stretch of the primary key and keep the last revision of each."""
    query = (
        select(*COLUMNS)
        .where(C.workspace == workspace, C.product == product, *chosen)
        .order_by(*KEY, C.revision)
    )
    newest: dict[Key, Found] = {}
    for row in session.execute(query):
        newest[tuple(row)[:KEY_LENGTH]] = row
    return list(newest.values())


def _among(metrics: Collection[str]) -> ColumnElement[bool]:
    return C.metric.in_(sorted(metrics))


def _values(rows: Iterable[Found]) -> tuple[Reading, ...]:
    ordered = sorted(
        rows, key=lambda row: (row.metric, row.period_start, row.period_end, row.group, row.fetched_at)
    )
    return tuple(_reading(row) for row in ordered)


def _changes(
    session: Session, workspace: str, product: str, readings: tuple[Reading, ...]
) -> Iterator[tuple[Reading | None, Reading]]:
    """Compare one product's readings with what is stored; give what differs, with what stood there before."""
    lock(session, "readings", workspace, product)
    known = _known(session, workspace, product, readings)
    for reading in (*readings, *_withdrawn(known, readings)):
        key = _key(reading)
        before = known.get(key)
        if before is None or before.measurement != reading.measurement:
            new = replace(reading, revision=before.revision + 1 if before else 1)
            known[key] = new
            yield before, new


def _known(session: Session, workspace: str, product: str, readings: Sequence[Reading]) -> dict[Key, Reading]:
    starts = [reading.period.start for reading in readings]
    metrics = {reading.metric for reading in readings}
    span = [_among(metrics), C.period_start >= min(starts), C.period_start <= max(starts)]
    rows = _newest(session, workspace, product, *span)
    asked = {_answer(_key(reading)) for reading in readings}
    return {key: _reading(row) for row in rows if _answer(key := tuple(row)[:KEY_LENGTH]) in asked}


def _answer(key: Key) -> Key:
    """Give a key without its group: what one answer of a source is stored under."""
    return (*key[:GROUP], *key[GROUP + 1 :])


def _withdrawn(known: Mapping[Key, Reading], readings: Sequence[Reading]) -> list[Reading]:
    """Make a reading for each group that an answer no longer holds."""
    given = {_key(reading) for reading in readings}
    receipts = {_answer(_key(reading)): reading.receipt for reading in readings}
    return [
        replace(old, measurement=Withdrawn(), receipt=receipts[_answer(key)])
        for key, old in known.items()
        if key not in given
    ]


def _key(reading: Reading) -> Key:
    """Give the same tuple that the database gives for KEY."""
    period, receipt = reading.period, reading.receipt
    names = (reading.product, reading.metric, reading.group, receipt.source)
    if max(map(len, names)) > LONGEST_NAME:
        message = f"a name of {max(map(len, names))} characters cannot be a key; {LONGEST_NAME} is the most"
        raise ValueError(message)
    product, metric, group, source = map(plain, names)
    return (
        product,
        metric,
        period.start,
        period.end,
        group,
        source,
        plain(receipt.query_digest),
        plain(receipt.definition),
    )


def _row(workspace: str, reading: Reading) -> dict[str, str | int | datetime | None]:
    receipt = reading.receipt
    shape, measurement = written(reading.measurement)
    return {
        "workspace": workspace,
        "product": reading.product,
        "metric": reading.metric,
        "period_start": reading.period.start,
        "period_end": reading.period.end,
        "group": reading.group,
        "source": receipt.source,
        "query_digest": receipt.query_digest,
        "definition": receipt.definition,
        "revision": reading.revision,
        "shape": shape,
        "measurement": measurement,
        "window_start": receipt.window.start,
        "window_end": receipt.window.end,
        "sample": receipt.sample,
        "fetched_at": receipt.fetched_at,
        "newest_at": receipt.newest_at,
    }


def _reading(row: Found) -> Reading:
    return Reading(
        product=row.product,
        metric=row.metric,
        group=row.group,
        period=Period(start=row.period_start, end=row.period_end),
        measurement=read(row.shape, row.measurement),
        receipt=_receipt(row),
        revision=row.revision,
    )


def _receipt(row: Found) -> Receipt:
    return Receipt(
        source=row.source,
        query_digest=row.query_digest,
        definition=row.definition,
        window=Period(start=row.window_start, end=row.window_end),
        sample=row.sample,
        fetched_at=row.fetched_at,
        newest_at=row.newest_at,
    )
