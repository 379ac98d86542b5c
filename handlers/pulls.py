"""Pulling: ask the sources for what the store lacks, and keep what they say with its receipt."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from handlers import wakes
from handlers.services import Services, Snapshot
from integrations.base import Answer, Trouble, fetch, unanswered
from integrations.store import blanks as stored_blanks
from integrations.store import readings as stored_readings
from integrations.store.readings import Restatement
from schema.judgements import compared_beside, expected_definition, questions_of
from schema.periods import Period
from schema.products import Product
from schema.readings import Blank, BlankReason, Reading, Receipt
from schema.sides import Asked, asked_of
from schema.sources import AnyQuery, digest

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
    services: Services,
    snapshot: Snapshot,
    product: Product,
    *,
    period: Period,
    again: int = 1,
    progress: Progress | None = None,
) -> Pulled:
    """Pull what a product's texts for one period need.

    again     how many of the newest periods are asked for even where a reading is known
    progress  told after each answer
    """
    at = _Pull(services, snapshot, product, asked_of(product))
    wanted = await at.wanted(period, again)
    answers = await at.ask_all(wanted, progress)
    readings, blanks = at.sorted_out(answers)

    def keep(session: Session) -> stored_readings.Added:
        added = stored_readings.add(session, snapshot.workspace, readings=readings, blanks=blanks)
        if added.readings or added.blanks:
            wakes.evidence(session, snapshot.workspace, product.key, now=services.now())
        return added

    added = await services.store.write(keep)
    log.info("pulled", extra={"product": product.key, "readings": added.readings, "blanks": added.blanks})
    return Pulled(
        product=product.key,
        readings=added.readings,
        troubles=tuple(blank for blank in blanks if blank.period == period),
        restatements=added.restatements,
        by_source=at.by_source(answers),
    )


Question = tuple[str, Period]  # a query's name, a period
Answers = dict[Question, Answer | Trouble]


@dataclass(frozen=True, slots=True)
class _Pull:
    """One pull of one product."""

    services: Services
    snapshot: Snapshot
    product: Product
    asked: Mapping[str, Asked]  # by the key of its readings

    async def wanted(self, period: Period, again: int) -> list[Question]:
        """List queries and periods to ask for, newest period first."""
        product = self.product
        needed = {key: self._periods(each.metric, period) for key, each in self.asked.items()}
        if not needed:
            return []
        have = await self._have(
            tuple(needed), product.calendar.shift(period, 1 - max(needed.values())), period
        )
        fresh = set(product.calendar.back(period, again))
        wanted: dict[Question, None] = {}
        for key, count in needed.items():
            for each in product.calendar.back(period, count):
                if each in fresh or (key, each) not in have:
                    wanted[self.asked[key].query, each] = None
        return sorted(wanted, key=lambda asked: asked[1].start, reverse=True)

    def _periods(self, metric: str, period: Period) -> int:
        """Count the periods that a metric's questions need."""
        beside = compared_beside(self.product, self.snapshot.catalogue, metric)
        return self.product.history_periods(metric, period, beside)

    async def _have(self, metrics: tuple[str, ...], first: Period, last: Period) -> set[tuple[str, Period]]:
        """List what is stored as an answer to today's question and definition."""
        known = await self.services.store.read(
            lambda session: stored_readings.history(
                session,
                self.snapshot.workspace,
                product=self.product.key,
                metrics=metrics,
                first=first,
                last=last,
            )
        )
        questions = questions_of(self.product, self.snapshot.catalogue)
        return {
            (each.metric, each.period)
            for each in known
            if (each.receipt.query_digest, each.receipt.definition) == questions[each.metric]
        }

    async def ask_all(self, asked: list[Question], progress: Progress | None) -> Answers:
        """Ask all sources side by side; one that is down is asked for its newest period only."""
        answers: Answers = {}
        silent: dict[str, Trouble | None] = {}  # sources that let a question run into its time-out

        async def ask(name: str, period: Period) -> None:
            source = self._query(name).source
            async with self.services.reads:
                answers[name, period] = silent.get(source) or await self._ask(name, period, silent)
            if progress is not None:
                progress(len(answers), len(asked))

        # the newest alone first, so that a dead source costs one time-out; then the past side by side
        newest = dict(reversed(asked))
        async with asyncio.TaskGroup() as group:
            for name, period in newest.items():
                group.create_task(ask(name, period))
        past = [each for each in asked if each not in answers and not self._dead(answers, each[0])]
        async with asyncio.TaskGroup() as group:
            for name, period in past:
                group.create_task(ask(name, period))
        # a task that was cut off raises nothing: what it was to answer must not look answered
        for name, period in (*newest.items(), *past):
            answers.setdefault((name, period), unanswered(self._query(name)))
        return answers

    def _dead(self, answers: Answers, name: str) -> bool:
        """Tell whether the source of a query gave nothing usable, for this query or another one."""
        source = self._query(name).source
        mine = [answer for (other, _), answer in answers.items() if self._query(other).source == source]
        return any(isinstance(each, Trouble) and each.reason in HOPELESS for each in mine) and not any(
            isinstance(each, Answer) for each in mine
        )

    async def _ask(self, name: str, period: Period, silent: dict[str, Trouble | None]) -> Answer | Trouble:
        """Ask one question; a source that stays silent is remembered, so that its other questions do not wait too."""
        query = self._query(name)
        own = self.snapshot.configuration.sources[query.source].timeout_s
        # a source's own time-out speaks first, for it says what was slow
        timeout_s = min(self.services.source_timeout_s, own + GRACE_S)
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await fetch(self.snapshot.connectors[query.source], query, period, timeout_s=timeout_s)
        waited_s = loop.time() - began
        if isinstance(answer, Answer):
            silent[query.source] = None  # it speaks: one slow question says nothing of the others
        elif answer.reason in HOPELESS and waited_s >= min(own, timeout_s):
            silent.setdefault(query.source, answer)
        return answer

    def _query(self, name: str) -> AnyQuery:
        return self.product.queries[name]

    def sorted_out(self, answers: Answers) -> tuple[list[Reading], list[Blank]]:
        """Give each metric its readings and blanks out of the answers to its query."""
        now = self.services.now()
        readings: list[Reading] = []
        blanks: list[Blank] = []
        for key, asked in self.asked.items():
            for (name, period), answer in answers.items():
                if name != asked.query:
                    continue
                if isinstance(answer, Trouble):
                    blanks.append(self._blank(key, period, answer, now))
                else:
                    readings.extend(self._readings(key, period, answer, now))
        return readings, blanks

    def _blank(self, key: str, period: Period, trouble: Trouble, now: datetime) -> Blank:
        return Blank(
            product=self.product.key,
            metric=key,
            period=period,
            reason=trouble.reason,
            detail=trouble.detail,
            source=self._query(self.asked[key].query).source,
            fetched_at=now,
            newest_at=trouble.newest_at,
        )

    def _readings(self, key: str, period: Period, answer: Answer, now: datetime) -> list[Reading]:
        asked = self.asked[key]
        query = self._query(asked.query)
        receipt = Receipt(
            source=query.source,
            query_digest=digest(query),
            definition=expected_definition(self.snapshot.catalogue[asked.metric]),
            window=period,
            sample=answer.sample,
            fetched_at=now,
            newest_at=answer.newest_at,
        )
        return [
            Reading(
                product=self.product.key, metric=key, group=group, period=period,
                measurement=measurement, receipt=receipt,
            )
            for group, measurement in answer.measurements.items()
        ]  # fmt: skip

    def by_source(self, answers: Answers) -> dict[str, str]:
        """Say in one line what each source gave."""
        lines: dict[str, str] = {}
        for source in dict.fromkeys(self._query(name).source for name, _ in answers):
            mine = {asked: got for asked, got in answers.items() if self._query(asked[0]).source == source}
            troubles = [(asked[1], got) for asked, got in mine.items() if isinstance(got, Trouble)]
            said = f"{len(mine) - len(troubles)} of {len(mine)} answered"
            lines[source] = f"{said}; {self._first(*troubles[0])}" if troubles else said
        return lines

    def _first(self, period: Period, trouble: Trouble) -> str:
        return f"{trouble.detail.removesuffix('.')} ({self.product.calendar.key(period)})."


async def troubles(
    services: Services, snapshot: Snapshot, product: Product, period: Period
) -> dict[str, Blank]:
    """Give why there is no reading in a period, by the key that it would be stored under."""
    found = await services.store.read(lambda session: stored_blanks.troubles(
        session, snapshot.workspace, product=product.key, metrics=tuple(asked_of(product)), first=period, last=period,
    ))  # fmt: skip
    return {blank.metric: blank for blank in found}
