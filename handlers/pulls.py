"""Pulling: ask the sources for what the store lacks, and keep what they say with its receipt."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.services import Services, Snapshot
from integrations.base import Answer, Trouble, fetch
from integrations.store import blanks as stored_blanks
from integrations.store import readings as stored_readings
from integrations.store.readings import Restatement
from schema.judgements import expected_definition
from schema.periods import Period
from schema.products import Product
from schema.readings import Blank, BlankReason, Reading, Receipt
from schema.sources import digest

log = logging.getLogger(__name__)

GRACE_S = 2.0
HOPELESS = frozenset({BlankReason.SOURCE_ERROR, BlankReason.FORBIDDEN, BlankReason.RATE_LIMITED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What one pull of a product brought."""

    product: str
    readings: int = 0
    troubles: tuple[Blank, ...] = ()
    restatements: tuple[Restatement, ...] = ()
    by_source: Mapping[str, str] = field(default_factory=dict)  # a plain line a source


Progress = Callable[[int, int], None]  # done, of how many


async def pull(
    services: Services, snapshot: Snapshot, product: Product, *, period: Period, again: int = 1,
    progress: Progress | None = None,
) -> Pulled:  # fmt: skip
    """Pull what a product's texts for one period need.

    again     how many of the newest periods are asked for even where a reading is known
    progress  told after each answer
    """
    wanted = await _wanted(services, snapshot, product, period, again)
    answers = await _ask_all(services, snapshot, product, wanted, progress)
    readings, blanks = _sorted_out(product, snapshot, answers, services.now())
    added = await services.store.write(
        lambda session: stored_readings.add(session, snapshot.workspace, readings=readings, blanks=blanks)
    )
    log.info("pulled", extra={"product": product.key, "readings": added.readings, "blanks": added.blanks})
    return Pulled(
        product=product.key, readings=added.readings, troubles=tuple(b for b in blanks if b.period == period),
        restatements=added.restatements, by_source=_by_source(product, answers),
    )  # fmt: skip


Asked = tuple[str, Period]  # a query's name, a period
Answers = dict[Asked, Answer | Trouble]


async def _wanted(
    services: Services, snapshot: Snapshot, product: Product, period: Period, again: int
) -> list[Asked]:
    """List queries and periods to ask for, newest period first."""
    needed = {key: product.history_periods(key, period) for key in product.metrics}
    if not needed:
        return []
    calendar = product.calendar
    first = calendar.shift(period, 1 - max(needed.values()))
    known = await services.store.read(lambda session: stored_readings.history(
        session, snapshot.workspace, product=product.key, metrics=tuple(needed), first=first, last=period,
    ))  # fmt: skip
    have = {
        (each.metric, each.period)
        for each in known
        if each.receipt.query_digest == digest(product.queries[product.metrics[each.metric].query])
        and each.receipt.definition == expected_definition(snapshot.catalogue[each.metric])
    }
    fresh = set(calendar.back(period, again))
    wanted: dict[Asked, None] = {}
    for key, count in needed.items():
        for each in calendar.back(period, count):
            if each in fresh or (key, each) not in have:
                wanted[product.metrics[key].query, each] = None
    return sorted(wanted, key=lambda asked: asked[1].start, reverse=True)


async def _ask_all(
    services: Services,
    snapshot: Snapshot,
    product: Product,
    wanted: Iterable[Asked],
    progress: Progress | None,
) -> Answers:
    """Ask all sources side by side; one that is down is asked for its newest period only."""
    asked = list(wanted)
    answers: Answers = {}
    gate = asyncio.Semaphore(services.reads_at_once)

    async def ask(name: str, periods: list[Period]) -> None:
        hopeless: Trouble | None = None
        for each in periods:
            if hopeless is None:
                async with gate:
                    answer = await _ask(services, snapshot, product, name, each)
                if isinstance(answer, Trouble) and answer.reason in HOPELESS:
                    hopeless = answer
                answers[name, each] = answer
            if progress is not None:
                progress(len(answers), len(asked))

    async with asyncio.TaskGroup() as group:
        for name in dict.fromkeys(name for name, _ in asked):
            periods = [each for other, each in asked if other == name]
            # the newest alone first, so that a dead source costs one time-out; then the past side by side
            group.create_task(ask(name, periods[:1]))
    past = [(name, each) for name, each in asked if (name, each) not in answers and not _dead(answers, name)]
    async with asyncio.TaskGroup() as group:
        for name, each in past:
            group.create_task(ask(name, [each]))
    return answers


def _dead(answers: Answers, name: str) -> bool:
    return any(
        other == name and isinstance(answer, Trouble) and answer.reason in HOPELESS
        for (other, _), answer in answers.items()
    )


async def _ask(
    services: Services, snapshot: Snapshot, product: Product, name: str, period: Period
) -> Answer | Trouble:
    query = product.queries[name]
    own = snapshot.configuration.sources[query.source].timeout_s
    # a source's own time-out speaks first, for it says what was slow
    timeout_s = min(services.source_timeout_s, own + GRACE_S)
    return await fetch(snapshot.connectors[query.source], query, period, timeout_s=timeout_s)


def _sorted_out(
    product: Product, snapshot: Snapshot, answers: Answers, now: datetime
) -> tuple[list[Reading], list[Blank]]:
    readings: list[Reading] = []
    blanks: list[Blank] = []
    for key, asked in product.metrics.items():
        for (name, period), answer in answers.items():
            if name != asked.query:
                continue
            if isinstance(answer, Trouble):
                blanks.append(Blank(
                    product=product.key, metric=key, period=period, reason=answer.reason, detail=answer.detail,
                    source=product.queries[name].source, fetched_at=now, newest_at=answer.newest_at,
                ))  # fmt: skip
                continue
            readings.extend(_readings(product, snapshot, key, name, period, answer, now))
    return readings, blanks


def _readings(
    product: Product, snapshot: Snapshot, key: str, name: str, period: Period, answer: Answer, now: datetime
) -> list[Reading]:
    query = product.queries[name]
    receipt = Receipt(
        source=query.source, query_digest=digest(query), definition=expected_definition(snapshot.catalogue[key]),
        window=period, sample=answer.sample, fetched_at=now, newest_at=answer.newest_at,
    )  # fmt: skip
    return [
        Reading(
            product=product.key,
            metric=key,
            group=group,
            period=period,
            measurement=measurement,
            receipt=receipt,
        )
        for group, measurement in answer.measurements.items()
    ]


def _by_source(product: Product, answers: Answers) -> dict[str, str]:
    lines: dict[str, str] = {}
    for source in dict.fromkeys(product.queries[name].source for name, _ in answers):
        mine = [answer for (name, _), answer in answers.items() if product.queries[name].source == source]
        troubles = [answer for answer in mine if isinstance(answer, Trouble)]
        if troubles:
            lines[source] = f"{len(mine) - len(troubles)} of {len(mine)} answered; {troubles[0].detail}"
        else:
            lines[source] = f"{len(mine)} of {len(mine)} answered"
    return lines


async def troubles(
    services: Services, snapshot: Snapshot, product: Product, period: Period
) -> dict[str, Blank]:
    """Give why metrics have no reading in a period, by metric."""
    found = await services.store.read(lambda session: stored_blanks.troubles(
        session, snapshot.workspace, product=product.key, metrics=tuple(product.metrics), first=period, last=period,
    ))  # fmt: skip
    return {blank.metric: blank for blank in found}
