"""A product's closed period judged once: every metric's level, what it is compared with, and the verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from schema.estimates import Estimate, NotEstimable, definition, estimate
from schema.metrics import Catalogue, Metric
from schema.periods import Period
from schema.products import Comparison, Previous, Product, ProductMetric
from schema.readings import (
    WHOLE,
    Bare,
    Blank,
    BlankReason,
    Confusion,
    Inputs,
    Mean,
    Measurement,
    Proportion,
    Reading,
    Receipt,
    Shape,
)
from schema.sources import digest
from schema.statistics import Interval
from schema.verdicts import Because, Level, Verdict, in_family, judge
from schema.verdicts import Kind as VerdictKind

HISTORY: Final = 13  # periods shown as a line, and behind a bare value's spread
RIPE: Final = Decimal("0.95")  # wording rule 32
MATURITY: Final = "label_maturity"

Past: TypeAlias = Mapping[str, Mapping[Period, Mapping[str, Reading]]]  # by metric, period, group


Json: TypeAlias = str | int | float | bool | None


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
    history: tuple[Decimal | None, ...] = ()  # oldest first, this period last
    provisional: bool = False

    @property
    def verdict(self) -> Verdict:
        """Give the verdict against the period before."""
        return self.compared[0].verdict if self.compared else NOT_ASKED


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
            _Question(product=product, metric=catalogue[key], asked=asked, past=past.get(key, {}), given=given),
            period, blanks.get(key),
        )
        for key, asked in product.metrics.items()
    }  # fmt: skip
    corrected = in_family({key: each.compared[0].verdict for key, each in judged.items() if each.compared})
    unripe = _unripe(judged.get(MATURITY))
    return {
        key: replace(
            each,
            compared=_with_first(each.compared, corrected.get(key)),
            provisional=unripe and Shape.CONFUSION in catalogue[key].accepts,
        )
        for key, each in judged.items()
    }


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

    def blank(self, at: Period, reason: BlankReason, detail: str, fetched_at: datetime) -> Blank:
        """Say why there is no value."""
        return Blank(
            product=self.product.key, metric=self.metric.key, period=at, reason=reason, detail=detail,
            source=self.product.queries[self.asked.query].source, fetched_at=fetched_at,
        )  # fmt: skip


def _judgement(question: _Question, period: Period, blank: Blank | None) -> Judgement:
    product, metric, asked = question.product, question.metric, question.asked
    history = tuple(_value(_stand(question, each)) for each in product.calendar.back(period, HISTORY))
    now = _stand(question, period)
    if not isinstance(now, Stand):
        why = blank or now or question.blank(
            period, BlankReason.NOT_FOUND, "It has not been pulled yet.", period.end
        )  # fmt: skip
        return Judgement(
            metric=metric.key, period=period, now=None, before={}, blank=why, compared=(), history=history
        )
    befores = {
        each.key: found
        for each in _comparisons(asked)
        if isinstance(found := _stand(question, product.compared(each, period, asked.window)), Stand)
    }
    compared = tuple(
        Compared(comparison=each, before=_level(befores.get(each.key)), verdict=judge(
            metric, now.level, _level(befores.get(each.key)), matters=asked.matters, history=history[:-1],
        ))
        for each in _comparisons(asked)
    )  # fmt: skip
    return Judgement(
        metric=metric.key, period=period, now=now, before=befores, blank=None, compared=compared,
        off_target=_off_target(asked, now.level.estimate), history=history,
    )  # fmt: skip


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
        joined = _joined(whole, total=metric.total)
        result = estimate(metric, joined, question.given)
    except NotEstimable as trouble:
        return question.blank(at, trouble.reason, trouble.detail, newest.receipt.fetched_at)
    level = Level(
        estimate=result, measurement=joined.get(WHOLE), definition=newest.receipt.definition,
        question=newest.receipt.query_digest, periods=asked.window,
    )  # fmt: skip
    return Stand(level=level, measurements=joined, receipt=newest.receipt)


def _joined(whole: Sequence[Mapping[str, Reading]], *, total: bool) -> dict[str, Measurement]:
    groups = dict.fromkeys(name for each in whole for name in each)
    return {
        name: join_measurements([each[name].measurement for each in whole if name in each], total=total)
        for name in groups
    }


def join_measurements(parts: Sequence[Measurement], *, total: bool = False) -> Measurement:
    """Add the measurements of neighbouring periods up to one; raises NotEstimable where they do not add up.

    total   bare values are amounts that may be added
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Confusion):
        tables = [each for each in parts if isinstance(each, Confusion)]
        return Confusion(
            tp=sum(t.tp for t in tables), fp=sum(t.fp for t in tables),
            fn=sum(t.fn for t in tables), tn=sum(t.tn for t in tables),
        )  # fmt: skip
    if isinstance(first, Proportion):
        shares = [each for each in parts if isinstance(each, Proportion)]
        return Proportion(
            numerator=sum(s.numerator for s in shares), denominator=sum(s.denominator for s in shares)
        )
    if isinstance(first, Inputs):
        return _joined_inputs([each for each in parts if isinstance(each, Inputs)])
    if isinstance(first, Mean):
        return _joined_means([each for each in parts if isinstance(each, Mean)])
    if total and isinstance(first, Bare):
        return Bare(value=sum((each.value for each in parts if isinstance(each, Bare)), Decimal(0)))
    raise NotEstimable(
        BlankReason.SOURCE_ERROR, "Values without counts cannot be joined over several periods."
    )


def _joined_inputs(parts: Sequence[Inputs]) -> Inputs:
    total: dict[str, Decimal] = {}
    for each in parts:
        for name, value in each.counts:
            total[name] = total.get(name, Decimal(0)) + value
    return Inputs(counts=tuple(sorted(total.items())))


def _joined_means(parts: Sequence[Mean]) -> Mean:
    n = sum(each.n for each in parts)
    mean = sum((each.value * each.n for each in parts), Decimal(0)) / n
    squares = sum(
        ((each.n - 1) * each.sd**2 + each.n * (each.value - mean) ** 2 for each in parts), Decimal(0)
    )
    return Mean(value=mean, n=n, sd=(squares / (n - 1)).sqrt() if n > 1 else Decimal(0))


def past_of(readings: Iterable[Reading]) -> dict[str, dict[Period, dict[str, Reading]]]:
    """Index newest revisions by metric, period and group."""
    past: dict[str, dict[Period, dict[str, Reading]]] = {}
    for each in readings:
        past.setdefault(each.metric, {}).setdefault(each.period, {})[each.group] = each
    return past


def expected_definition(metric: Metric) -> str:
    """Give the definition version that a reading pulled now would carry."""
    return definition(metric)


def question_of(product: Product, metric: str) -> str:
    """Give the digest of the query that a reading pulled now would carry."""
    return digest(product.queries[product.metrics[metric].query])


def _value(stand: Stand | Blank | None) -> Decimal | None:
    return stand.level.estimate.value if isinstance(stand, Stand) else None


def _level(stand: Stand | None) -> Level | None:
    return stand.level if stand is not None else None


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


def _unripe(maturity: Judgement | None) -> bool:
    return maturity is not None and maturity.now is not None and maturity.now.level.estimate.value < RIPE


DECIMALS: Final = ("difference", "low", "high", "matters")
PLAIN: Final = ("p", "q", "tested", "matters_is_default")


def body_of(verdict: Verdict) -> dict[str, Json]:
    """Turn a verdict into plain JSON for the store; exact figures become text."""
    body: dict[str, Json] = {"kind": verdict.kind.value, "because": verdict.because.value}
    for name in DECIMALS:
        value = getattr(verdict, name)
        body[name] = None if value is None else str(value)
    return body | {name: getattr(verdict, name) for name in PLAIN}


def verdict_of(body: Mapping[str, Json]) -> Verdict:
    """Read a stored verdict back; raises ValueError or KeyError for what is none."""
    exact = {name: None if body[name] is None else Decimal(str(body[name])) for name in DECIMALS}
    p, q = (None if body[name] is None else float(str(body[name])) for name in ("p", "q"))
    return Verdict(
        kind=VerdictKind(str(body["kind"])), because=Because(str(body["because"])), p=p, q=q,
        tested=int(str(body["tested"])), matters_is_default=bool(body["matters_is_default"]), **exact,
    )  # fmt: skip
