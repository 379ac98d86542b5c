"""A product's closed period judged once: every metric's level, what it is compared with, and the verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from schema.estimates.estimating import Estimate, NotEstimable, definition, estimate
from schema.findings import NO_FINDINGS, Findings
from schema.joins import join_measurements as join_measurements
from schema.metrics import Catalogue, Metric
from schema.periods import Period
from schema.products import Comparison, Previous, Product, ProductMetric
from schema.readings import (
    WHOLE,
    Blank,
    BlankReason,
    Measurement,
    Reading,
    Receipt,
    Shape,
    Withdrawn,
)
from schema.sides import asked_of
from schema.sources import digest
from schema.statistics.certainty import Interval
from schema.verdict_bodies import body_of as body_of
from schema.verdict_bodies import verdict_of as verdict_of
from schema.verdicts import CHANGES, Because, Level, Verdict, in_family, judge
from schema.verdicts import Kind as VerdictKind

HISTORY: Final = 13  # periods shown as a line, and behind a bare value's spread
RIPE: Final = Decimal("0.95")  # wording rule 32
MATURITY: Final = "label_maturity"
NO_QUESTIONS: Final[Mapping[str, tuple[str, str]]] = {}

Past: TypeAlias = Mapping[str, Mapping[Period, Mapping[str, Reading]]]  # by metric, period, group


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparison with its verdict; `before` is None where there is nothing to compare with."""

    comparison: Comparison
    before: Level | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A metric's value in one window, with the measurements that made it."""

    level: Level
    measurements: Mapping[str, Measurement]
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one metric of one product amounts to in one period."""

    metric: str
    period: Period
    now: Stand | None
    before: Mapping[str, Stand]  # by comparison key
    blank: Blank | None  # why there is no value; None where there is one
    compared: tuple[Compared, ...]  # the first is against `previous`; empty where no comparison is asked for
    off_target: bool = False  # the whole interval lies off the agreed target
    history: tuple[Decimal | None, ...] = ()  # oldest first, this period last; empty for joined windows
    provisional: bool = False
    outdated: bool = False  # the source said after the reading that its data are too old
    beside: tuple[Compared, ...] = ()  # in the windows of the gains that this metric stands beside
    findings: Findings = NO_FINDINGS  # what its side questions show

    @property
    def verdict(self) -> Verdict:
        """Give the verdict against the period before."""
        return self.compared[0].verdict if self.compared else NOT_ASKED

    def against(self, comparison: str) -> Compared | None:
        """Find what the metric did in one window, by the comparison's key; None where it is not compared so."""
        return next(
            (each for each in (*self.compared, *self.beside) if each.comparison.key == comparison), None
        )


NOT_ASKED: Final = Verdict(kind=VerdictKind.NOT_COMPARABLE, because=Because.NOT_ASKED)


def judge_product(
    product: Product,
    catalogue: Catalogue,
    *,
    period: Period,
    past: Past,
    blanks: Mapping[str, Blank],
    today: date,
) -> dict[str, Judgement]:
    """Judge every metric of a product for one closed period, by metric.

    past     newest revisions of all readings that the comparisons need
    blanks   why a metric has no reading in this period, by metric
    """
    given = assumptions(product, today)
    judged = {
        key: _judgement(
            _Question(
                product=product, metric=catalogue[key], asked=asked, past=past.get(key, {}), given=given, today=today,
                beside=compared_beside(product, catalogue, key),
            ),
            period, blanks.get(key),
        )
        for key, asked in product.metrics.items()
    }  # fmt: skip
    ripened = _ripened(judged, catalogue)
    corrected = in_family({key: each.compared[0].verdict for key, each in ripened.items() if each.compared})
    return {
        key: replace(each, compared=_with_first(each.compared, corrected.get(key)))
        for key, each in ripened.items()
    }


def compared_beside(product: Product, catalogue: Catalogue, key: str) -> tuple[Comparison, ...]:
    """List the comparisons that a metric has only as a countermetric: those of the gains it stands beside."""
    own = {each.key for each in _comparisons(product.metrics[key])}
    asked = [
        each
        for other, metric in product.metrics.items()
        if key in catalogue[other].countermetrics
        for each in _comparisons(metric)
        if each.key not in own
    ]
    return tuple({each.key: each for each in asked}.values())


def _ripened(judged: Mapping[str, Judgement], catalogue: Catalogue) -> dict[str, Judgement]:
    """Mark figures whose outcomes are still open, and bar comparisons with a time when far more were known."""
    maturity = judged.get(MATURITY)
    if maturity is None or maturity.now is None:
        return dict(judged)
    unripe = maturity.now.level.estimate.value < RIPE
    moved = {
        each.comparison.key for each in (*maturity.compared, *maturity.beside) if each.verdict.kind in CHANGES
    }
    return {
        key: _with_maturity(each, moved, unripe=unripe) if Shape.CONFUSION in catalogue[key].accepts else each
        for key, each in judged.items()
    }


def _with_maturity(judgement: Judgement, moved: AbstractSet[str], *, unripe: bool) -> Judgement:
    def barred(compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
        return tuple(
            replace(each, verdict=UNEVEN)
            if each.comparison.key in moved and each.before is not None
            else each
            for each in compared
        )

    return replace(
        judgement, provisional=unripe, compared=barred(judgement.compared), beside=barred(judgement.beside)
    )


UNEVEN: Final = Verdict(kind=VerdictKind.NOT_COMPARABLE, because=Because.MATURITY)


def assumptions(product: Product, today: date) -> dict[str, Decimal]:
    """Give the assumptions that still hold, by name."""
    return {name: each.value for name, each in product.assumptions.items() if not each.expired(today)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One metric of one product with all that was read for it."""

    product: Product
    metric: Metric
    asked: ProductMetric
    past: Mapping[Period, Mapping[str, Reading]]
    given: Mapping[str, Decimal]
    today: date
    beside: tuple[Comparison, ...] = ()

    def blank(self, at: Period, reason: BlankReason, detail: str, fetched_at: datetime) -> Blank:
        """Say why there is no value."""
        return Blank(
            product=self.product.key, metric=self.metric.key, period=at, reason=reason, detail=detail,
            source=self.product.queries[self.asked.query].source, fetched_at=fetched_at,
        )  # fmt: skip


def _judgement(question: _Question, period: Period, blank: Blank | None) -> Judgement:
    metric, asked = question.metric, question.asked
    now = _stand(question, period)
    if not isinstance(now, Stand):
        return Judgement(
            metric=metric.key, period=period, now=None, before={}, blank=_why(question, period, now, blank),
            compared=(), history=_history(question, period, None),
        )  # fmt: skip
    befores: dict[str, Stand] = {}
    stale = (
        blank is not None and blank.reason is BlankReason.STALE and blank.fetched_at > now.receipt.fetched_at
    )
    history = _history(question, period, now.level)

    def compared(comparison: Comparison) -> Compared:
        other = question.product.compared(comparison, period, asked.window)
        before = _stand(question, other)
        if not isinstance(before, Stand):
            return Compared(
                comparison=comparison, before=None, verdict=judge(metric, now.level, None, matters=None)
            )
        if stale:
            return Compared(comparison=comparison, before=before.level, verdict=OUTDATED)
        if other.end > question.product.calendar.window(period, asked.window).start:
            return Compared(comparison=comparison, before=None, verdict=OVERLAPPING)
        befores[comparison.key] = before
        verdict = judge(metric, now.level, before.level, matters=asked.matters, history=history[:-1])
        return Compared(comparison=comparison, before=before.level, verdict=verdict)

    return Judgement(
        metric=metric.key, period=period, now=now, before=befores, blank=None,
        compared=tuple(compared(each) for each in _comparisons(asked)),
        beside=tuple(compared(each) for each in question.beside),
        off_target=_off_target(asked, now.level.estimate), history=history, outdated=stale,
    )  # fmt: skip


OUTDATED: Final = Verdict(kind=VerdictKind.NOT_COMPARABLE, because=Because.STALE)
OVERLAPPING: Final = Verdict(kind=VerdictKind.NOT_COMPARABLE, because=Because.OVERLAP)


def _why(question: _Question, period: Period, now: Blank | None, blank: Blank | None) -> Blank:
    """Say why there is no value: what is wrong with what was read, what the source said, or what is missing."""
    if now is not None:
        return now
    if blank is not None:
        return blank
    detail = "It has not been pulled yet."
    if period in question.past:
        detail = "A part of its window has no reading."
    return question.blank(period, BlankReason.NOT_FOUND, detail, period.end)


def _history(question: _Question, period: Period, like: Level | None) -> tuple[Decimal | None, ...]:
    """Give the levels of the last periods that answer the same question; joined windows overlap and give none."""
    if question.asked.window > 1:
        return ()
    levels = [_level_at(question, each) for each in question.product.calendar.back(period, HISTORY)]
    return tuple(
        level.estimate.value if level is not None and (like is None or _same_question(level, like)) else None
        for level in levels
    )


def _level_at(question: _Question, at: Period) -> Level | None:
    found = _stand(question, at)
    return found.level if isinstance(found, Stand) else None


def _same_question(level: Level, like: Level) -> bool:
    return (level.question, level.definition) == (like.question, like.definition)


def _comparisons(asked: ProductMetric) -> list[Comparison]:
    if not asked.compare:
        return []
    others = [each for each in asked.compare if not isinstance(each, Previous)]
    return [Previous(), *others]


def _stand(question: _Question, at: Period) -> Stand | Blank | None:
    metric, asked = question.metric, question.asked
    window = question.product.calendar.back(at, asked.window)
    readings = [question.past.get(each) for each in window]
    whole = [each for each in readings if each]
    if len(whole) < len(window):
        return None
    newest = next(iter(whole[-1].values()))
    try:
        demand_one_question(whole)
        joined = joined_groups(whole, total=metric.total)
        result = estimate(metric, joined, question.given)
    except NotEstimable as trouble:
        detail = _expired(question) or trouble.detail
        return question.blank(at, trouble.reason, detail, newest.receipt.fetched_at)
    level = Level(
        estimate=result, measurement=joined.get(WHOLE), definition=newest.receipt.definition,
        question=newest.receipt.query_digest, periods=asked.window,
    )  # fmt: skip
    return Stand(level=level, measurements=joined, receipt=newest.receipt)


def _expired(question: _Question) -> str:
    """Name an assumption that the metric needs and that no longer holds."""
    for name in question.metric.needs:
        found = question.product.assumptions.get(name)
        if found is not None and found.until is not None and found.expired(question.today):
            return f"The assumption {name} held until {found.until}."
    return ""


def demand_one_question(whole: Sequence[Mapping[str, Reading]]) -> None:
    """Refuse a window whose periods answer different questions; raises NotEstimable."""
    asked = {(r.receipt.query_digest, r.receipt.definition) for each in whole for r in each.values()}
    if len(asked) > 1:
        raise NotEstimable(BlankReason.CHANGED_DEFINITION, "The query changed within its window.")


def joined_groups(whole: Sequence[Mapping[str, Reading]], *, total: bool) -> dict[str, Measurement]:
    """Join a window's answers; a group without cases in a period has no row there, everybody must have one."""
    groups = dict.fromkeys(name for each in whole for name in each)
    if any(WHOLE in each for each in whole) and not all(WHOLE in each for each in whole):
        raise NotEstimable(BlankReason.PARTIAL, "A part of its window has no figure for everybody.")
    return {
        name: join_measurements([each[name].measurement for each in whole if name in each], total=total)
        for name in groups
    }


def past_of(
    readings: Iterable[Reading], questions: Mapping[str, tuple[str, str]] = NO_QUESTIONS
) -> dict[str, dict[Period, dict[str, Reading]]]:
    """Index newest revisions by metric, period and group; a period has the groups of one question only.

    readings    oldest fetched first for each key
    questions   today's query digest and definition, by metric; where a period lacks its answer, the question that was
                answered last stands in, and what is withdrawn is left out
    """
    answers: dict[tuple[str, Period], dict[tuple[str, str], dict[str, Reading]]] = {}
    for each in readings:
        asked = (each.receipt.query_digest, each.receipt.definition)
        found = answers.setdefault((each.metric, each.period), {})
        groups = found.pop(asked, {})  # the question fetched last comes last
        groups[each.group] = each
        found[asked] = groups
    past: dict[str, dict[Period, dict[str, Reading]]] = {}
    for (metric, period), found in answers.items():
        groups = found.get(questions.get(metric, ("", "")), next(reversed(found.values())))
        left = {name: each for name, each in groups.items() if not isinstance(each.measurement, Withdrawn)}
        if left:
            past.setdefault(metric, {})[period] = left
    return past


def questions_of(product: Product, catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    """Give the query digest and definition that a reading pulled now would carry, by the key it is stored under."""
    return {
        key: (digest(product.queries[asked.query]), definition(catalogue[asked.metric]))
        for key, asked in asked_of(product).items()
    }


def expected_definition(metric: Metric) -> str:
    """Give the definition version that a reading pulled now would carry."""
    return definition(metric)


def question_of(product: Product, metric: str) -> str:
    """Give the digest of the query that a reading pulled now would carry."""
    return digest(product.queries[product.metrics[metric].query])


def _with_first(compared: tuple[Compared, ...], verdict: Verdict | None) -> tuple[Compared, ...]:
    if not compared or verdict is None:
        return compared
    return (replace(compared[0], verdict=verdict), *compared[1:])


def _off_target(asked: ProductMetric, now: Estimate) -> bool:
    if asked.target is None:
        return False
    if now.low is None or now.high is None:
        return asked.target.crossed(now.value)
    return asked.target.crossed(Interval(low=float(now.low), high=float(now.high)))
