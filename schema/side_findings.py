"""What the side questions of a product's metrics show in one period, looked up and reckoned once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from schema.estimates.estimating import Estimate, NotEstimable, estimate
from schema.findings import (
    Findings,
    Flags,
    GapCheck,
    OtherLimit,
    OtherSource,
    Split,
    counts,
    gap_check,
    is_nested,
    other_limit,
    split,
)
from schema.judgements import Judgement, Past, assumptions, demand_one_question, joined_groups
from schema.metrics import Catalogue, Metric, Unit
from schema.periods import Period
from schema.products import Limit, Previous, Product, ProductMetric
from schema.readings import WHOLE, Blank, Confusion, Measurement, Proportion, Reading
from schema.sides import side_key, side_queries
from schema.sources import digest
from schema.statements.subjects import written
from schema.statistics.certainty import benjamini_hochberg
from schema.verdicts import CHANGES, smallest_that_matters

Readings: TypeAlias = Mapping[Period, Mapping[str, Reading]]
LOOKED_BACK: Final = 4  # closed periods in which the same finding makes a repeat less worth saying
PREVIOUS: Final = Previous().key


def with_findings(
    product: Product, catalogue: Catalogue, judged: Mapping[str, Judgement], *, past: Past,
    blanks: Mapping[str, Blank], today: date,
) -> dict[str, Judgement]:  # fmt: skip
    """Add to each judgement what its side questions show.

    past, blanks   by the key that readings are stored under: the metrics' own and their side questions'
    """
    given = assumptions(product, today)
    found = {
        key: replace(each, findings=_Beside(
            product=product, metric=catalogue[key], asked=product.metrics[key], past=past, blanks=blanks, given=given,
        ).findings(each))
        if each.now is not None and not each.outdated and side_queries(product.metrics[key]) else each
        for key, each in judged.items()
    }  # fmt: skip
    return _tested_together(found)


def _tested_together(judged: Mapping[str, Judgement]) -> dict[str, Judgement]:
    """Let the number of splits and limits looked at raise the bar for each (wording rule 17)."""
    tried = [(key, part) for key, each in judged.items() for part in _tried(each)]
    qs = benjamini_hochberg([part.p for _, part in tried])
    sure = {(key, part): q for (key, part), q in zip(tried, qs, strict=True)}
    return {key: replace(each, findings=_with_q(key, each.findings, sure)) for key, each in judged.items()}


def _tried(judgement: Judgement) -> tuple[Split | OtherLimit, ...]:
    newest = judgement.findings.splits.get(PREVIOUS)
    limits = judgement.findings.limits
    return limits if newest is None or judgement.verdict.kind in CHANGES else (newest, *limits)


def _with_q(key: str, findings: Findings, sure: Mapping[tuple[str, Split | OtherLimit], float]) -> Findings:
    splits = {name: replace(each, q=sure.get((key, each))) for name, each in findings.splits.items()}
    limits = tuple(replace(each, q=sure.get((key, each))) for each in findings.limits)
    return replace(findings, splits=splits, limits=limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """One metric of a product with all that was read beside it."""

    product: Product
    metric: Metric
    asked: ProductMetric
    past: Past
    blanks: Mapping[str, Blank]
    given: Mapping[str, Decimal]

    def findings(self, judgement: Judgement) -> Findings:
        """Gather what is shown beside a judgement that has a value."""
        assert judgement.now is not None
        at, now = judgement.period, judgement.now.level.estimate
        least = smallest_that_matters(abs(now.value), self.asked.matters)
        matters = least[0] if least else None
        splits = {} if self.metric.grouped else self._splits(judgement, matters)
        return Findings(
            splits=splits, misfit=self._misfit(judgement), gap=self._gap(at, now), limits=self._limits(at),
            sources=self._sources(at, now), matters=matters,
        )  # fmt: skip

    def _read(self, query: str, at: Period) -> Mapping[str, Measurement]:
        """Give what a side query answered for a window, by group; nothing where a part lacks today's answer."""
        found = self.past.get(side_key(self.metric.key, query), {})
        return self._joined(found, at, digest(self.product.queries[query]))

    def _own(self, at: Period) -> Mapping[str, Measurement]:
        return self._joined(
            self.past.get(self.metric.key, {}), at, digest(self.product.queries[self.asked.query])
        )

    def _joined(self, found: Readings, at: Period, question: str) -> Mapping[str, Measurement]:
        window = [found.get(each, {}) for each in self.product.calendar.back(at, self.asked.window)]
        if not all(window) or any(
            r.receipt.query_digest != question for each in window for r in each.values()
        ):
            return {}
        try:
            demand_one_question(window)
            return joined_groups(window, total=self.metric.total)
        except NotEstimable:
            return {}

    def _estimate(self, measured: Mapping[str, Measurement]) -> Estimate | None:
        try:
            return estimate(self.metric, measured, self.given) if measured else None
        except NotEstimable:
            return None

    def _splits(self, judgement: Judgement, matters: Decimal | None) -> dict[str, Split]:
        found = {
            each.comparison.key: made
            for each in judgement.compared
            if each.before is not None and (made := self._split(
                judgement.period, self.product.compared(each.comparison, judgement.period, self.asked.window)
            )) is not None
        }  # fmt: skip
        newest = found.get(PREVIOUS)
        if newest is not None and judgement.verdict.kind not in CHANGES:
            found[PREVIOUS] = replace(newest, repeats=self._repeats(judgement, newest, matters))
        return found

    def _repeats(self, judgement: Judgement, newest: Split, matters: Decimal | None) -> int:
        def same(at: Period) -> bool:
            then = self._split(at, self.product.calendar.shift(at, -self.asked.window))
            if (
                then is None
                or Findings(splits={PREVIOUS: then}, matters=matters).hidden_change(PREVIOUS) is None
            ):
                return False
            return (then.rate > 0) is (newest.rate > 0)

        return self._run(judgement.period, same)

    def _split(self, now: Period, before: Period) -> Split | None:
        """Split the change between two windows; None where the segments are not known or are not the whole."""
        if self.asked.mix is None:
            return None
        counted = [self._segments(self.asked.mix, at) for at in (now, before)]
        whole = [self._estimate(self._own(at)) for at in (now, before)]
        if not (counted[0] and counted[1] and whole[0] and whole[1]):
            return None
        if not (_adds_up(counted[0], whole[0]) and _adds_up(counted[1], whole[1])):
            return None
        return split(counted[0], counted[1], change=whole[0].value - whole[1].value)

    def _segments(self, query: str, at: Period) -> dict[str, tuple[int, int]]:
        measured = self._read(query, at)
        try:
            return {name: counts(self.metric, each, self.given) for name, each in measured.items()}
        except NotEstimable:
            return {}

    def _misfit(self, judgement: Judgement) -> bool:
        if self.asked.mix is None or self.metric.grouped or judgement.now is None:
            return False
        counted = self._segments(self.asked.mix, judgement.period)
        return bool(counted) and not _adds_up(counted, judgement.now.level.estimate)

    def _gap(self, at: Period, now: Estimate) -> GapCheck | None:
        if self.asked.mix is None or not self.metric.grouped:
            return None
        by_segment: dict[str, dict[str, Measurement]] = {}
        for name, measurement in self._read(self.asked.mix, at).items():
            group, _, segment = name.partition(BETWEEN_COLUMNS)
            by_segment.setdefault(segment, {})[group] = measurement
        estimates = {name: found for name, each in by_segment.items() if (found := self._estimate(each))}
        return gap_check(now, estimates, parts=len(by_segment)) if by_segment else None

    def _limits(self, at: Period) -> tuple[OtherLimit, ...]:
        found = [self._limit(which, query, at) for which, query in self.asked.alternatives.items()]
        return tuple(each for each in found if each is not None)

    def _limit(self, which: Limit, query: str, at: Period) -> OtherLimit | None:
        newest = self._limit_at(which, query, at)
        if newest is None:
            return None

        def same(then: Period) -> bool:
            earlier = self._limit_at(which, query, then)
            return earlier is not None and earlier.pays is newest.pays

        return replace(newest, repeats=self._run(at, same))

    def _limit_at(self, which: Limit, query: str, at: Period) -> OtherLimit | None:
        now, there = _flags(self._own(at)), _flags(self._read(query, at))
        if now is None or there is None or not is_nested(which, now, there):
            return None  # limits that are not nested differ by more than the cases between them
        try:
            return other_limit(which, now=now, there=there, given=self.given)
        except KeyError:  # an assumption has expired; the figure itself says so
            return None

    def _sources(self, at: Period, now: Estimate) -> tuple[OtherSource, ...]:
        return tuple(self._source(query, at, now) for query in self.asked.also)

    def _source(self, query: str, at: Period, now: Estimate) -> OtherSource:
        value = self._estimate(self._read(query, at))
        above = value is not None and value.value > now.value

        def same(then: Period) -> bool:
            theirs, ours = self._estimate(self._read(query, then)), self._estimate(self._own(then))
            return (
                theirs is not None
                and ours is not None
                and self.differ(theirs, ours)
                and (theirs.value > ours.value) is above
            )

        differs = value is not None and self.differ(value, now)
        return OtherSource(
            query=query, source=self.product.queries[query].source, value=value, differs=differs,
            difference=value.value - now.value if value else Decimal(0),
            blank=self.blanks.get(side_key(self.metric.key, query)) if value is None else None,
            repeats=self._run(at, same) if differs else 0,
        )  # fmt: skip

    def differ(self, one: Estimate, other: Estimate) -> bool:
        """Tell whether two values differ beyond rounding."""
        return differ(self.metric, one, other, currency=self.product.currency)

    def _run(self, at: Period, same: Callable[[Period], bool]) -> int:
        """Count the closed periods directly before with the same finding."""
        before = list(reversed(self.product.calendar.back(at, LOOKED_BACK + 1)))[1:]
        for number, each in enumerate(before):
            if not same(each):
                return number
        return LOOKED_BACK


BETWEEN_COLUMNS: Final = " / "  # of a group's name that two columns make


def differ(metric: Metric, one: Estimate, other: Estimate, *, currency: str) -> bool:
    """Tell whether two values differ by more than half of the last digit that engineers are shown.

    Values on either side of where rounding turns are shown apart, and may be the same figure rounded by two systems.
    """
    shown = {written(each.value, metric.unit, metric.unit_name, currency=currency) for each in (one, other)}
    if len(shown) == 1:
        return False
    places = max(len(re.sub(r"\D", "", each.partition(".")[2])) for each in shown)
    last = Decimal(1).scaleb(-places - (PERCENT_DIGITS if metric.unit is Unit.SHARE else 0))
    return abs(one.value - other.value) > last / 2


PERCENT_DIGITS: Final = 2


def _adds_up(counted: Mapping[str, tuple[int, int]], whole: Estimate) -> bool:
    hits, cases = (sum(each[place] for each in counted.values()) for place in (0, 1))
    return (hits, cases) == (whole.numerator, whole.denominator)


def _flags(measured: Mapping[str, Measurement]) -> Flags | None:
    match measured.get(WHOLE):
        case Confusion(tp=right, fp=wrong):
            return Flags(right=right, flags=right + wrong)
        case Proportion(numerator=right, denominator=flags):
            return Flags(right=right, flags=flags)
        case _:
            return None
