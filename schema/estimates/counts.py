"""What follows from counts of right and wrong decisions, and from plain proportions."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schema.estimates.values import Assumptions, Estimate, around, empty, exact, misshapen, share
from schema.metrics import Metric
from schema.readings import Bare, Confusion, Mean, Measurement, Proportion, Ranged
from schema.statistics.certainty import Interval, f1_interval, newcombe, wilson
from schema.statistics.distributions import normal_quantile, student_quantile

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Picked:
    """Which counts of a confusion table a proportion takes, and what both kinds are called."""

    pick: Callable[[Confusion], tuple[int, int]]  # hits, cases
    of: str
    hits: str
    others: str


PICKED: Final[Mapping[str, Picked]] = {
    "precision": Picked(lambda c: (c.tp, c.tp + c.fp), "flagged cases", "caught", "false_alarms"),
    "recall": Picked(lambda c: (c.tp, c.tp + c.fn), "known positive cases", "caught", "missed"),
    "false_positive_rate": Picked(
        lambda c: (c.fp, c.fp + c.tn), "negative cases", "false_alarms", "left_alone"
    ),
    "false_discovery_rate": Picked(lambda c: (c.fp, c.tp + c.fp), "flagged cases", "false_alarms", "caught"),
    "specificity": Picked(lambda c: (c.tn, c.fp + c.tn), "negative cases", "left_alone", "false_alarms"),
    "npv": Picked(lambda c: (c.tn, c.tn + c.fn), "cases that were let through", "left_alone", "missed"),
    "alert_rate": Picked(lambda c: (c.tp + c.fp, total(c)), "cases", "flags", "let_through"),
}


def total(confusion: Confusion) -> int:
    """Count all cases."""
    return confusion.tp + confusion.fp + confusion.fn + confusion.tn


def picked(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the proportion that the metric's function picks."""
    kind = PICKED[metric.function]
    hits, cases = counts_of(measurement, kind.pick)
    parts = {kind.hits: Decimal(hits), kind.others: Decimal(cases - hits)}
    return share(hits, cases, of=kind.of, parts=parts)


def counts_of(measurement: Measurement, pick: Callable[[Confusion], tuple[int, int]]) -> tuple[int, int]:
    """Give hits and cases of a confusion table or of a proportion."""
    if isinstance(measurement, Confusion):
        return pick(measurement)
    if isinstance(measurement, Proportion):
        return measurement.numerator, measurement.denominator
    raise misshapen("The source gave no counts.")


def proportion(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give so many of so many."""
    if not isinstance(measurement, Proportion):
        raise misshapen(f"{metric.name} takes a numerator and a denominator.")
    return share(measurement.numerator, measurement.denominator, of="cases")


def given(metric: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Take the source's value as it is, with the interval that comes or follows with it."""
    match measurement:
        case Bare(value=value):
            return Estimate(value=value)
        case Ranged(value=value, low=low, high=high):
            return Estimate(value=value, low=low, high=high, method="given")
        case Mean():
            return _mean(metric, measurement)
        case Proportion():
            return proportion(metric, measurement, assumptions)
        case _:
            raise misshapen(f"{metric.name} takes a value, and not counts of another kind.")


def accuracy(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the share of right decisions, beside what doing nothing would have reached."""
    table = _table(metric, measurement)
    cases = total(table)
    if not cases:
        raise empty("cases")
    positives = table.tp + table.fn
    parts = {
        "baseline": Decimal(max(positives, cases - positives)) / cases,
        "prevalence": Decimal(positives) / cases,
        "false_alarms": Decimal(table.fp),
        "missed": Decimal(table.fn),
    }
    return share(table.tp + table.tn, cases, of="cases", parts=parts)


def agreement(_: Metric, measurement: Measurement, __: Assumptions) -> Estimate:
    """Give how often a judge and people agree; a table also gives the judge's two error sides."""
    hits, cases = counts_of(measurement, lambda c: (c.tp + c.tn, total(c)))
    sides: dict[str, Decimal] = {}
    if isinstance(measurement, Confusion):
        for name, (part, whole) in {
            "sensitivity": (measurement.tp, measurement.tp + measurement.fn),
            "specificity": (measurement.tn, measurement.tn + measurement.fp),
        }.items():
            if whole:
                sides[name] = Decimal(part) / whole
    return share(hits, cases, of="cases checked by both", parts=sides)


def f1(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give F1 with Wilson's interval on TP/(TP+FP+FN), mapped; METRICS.md 3.2."""
    table = _table(metric, measurement)
    cases = table.tp + table.fp + table.fn
    if not cases:
        raise empty("flagged and no known positive cases")
    value = Decimal(2 * table.tp) / (2 * table.tp + table.fp + table.fn)
    low, high = around(value, f1_interval(table.tp, table.fp, table.fn))
    parts = {"false_alarms": Decimal(table.fp), "missed": Decimal(table.fn)}
    return Estimate(value=value, low=low, high=high, n=cases, method="Jaccard", parts=parts)


def balanced_accuracy(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the mean of recall and specificity, which is (1 + recall − false positive rate)/2."""
    table = _table(metric, measurement)
    positives, negatives = table.tp + table.fn, table.fp + table.tn
    if not positives or not negatives:
        raise empty("positive cases" if not positives else "negative cases")
    value = (Decimal(table.tp) / positives + Decimal(table.tn) / negatives) / 2
    gap = newcombe(table.tp, positives, table.fp, negatives)
    low, high = around(value, Interval(low=(1 + gap.low) / 2, high=(1 + gap.high) / 2))
    parts = {"false_alarms": Decimal(table.fp), "missed": Decimal(table.fn)}
    return Estimate(value=value, low=low, high=high, n=positives + negatives, method="Newcombe", parts=parts)


def mcc(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give Matthews' correlation; its interval is left out where it would pretend to be exact."""
    table = _table(metric, measurement)
    margins = _margins(table)
    if not math.prod(margins):
        raise empty("cases of every kind: flagged, let through, positive and negative")
    value = Decimal(table.tp * table.tn - table.fp * table.fn) / Decimal(math.prod(margins)).sqrt()
    value = min(Decimal(1), max(Decimal(-1), value))
    interval = _phi_interval(float(value), table)
    low, high = around(value, interval) if interval else (None, None)
    parts = {"false_alarms": Decimal(table.fp), "missed": Decimal(table.fn)}
    method = "delta" if interval else ""
    return Estimate(value=value, low=low, high=high, n=total(table), method=method, parts=parts)


def lift(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give precision over prevalence; the interval is the precision's, the prevalence held fixed."""
    table = _table(metric, measurement)
    flags, positives, cases = table.tp + table.fp, table.tp + table.fn, total(table)
    if not flags or not positives:
        raise empty("flagged cases" if not flags else "known positive cases")
    value = Decimal(table.tp * cases) / (flags * positives)
    low, high = around(value, wilson(table.tp, flags), times=Decimal(cases) / positives)
    parts = {"precision": Decimal(table.tp) / flags, "prevalence": Decimal(positives) / cases}
    return Estimate(value=value, low=low, high=high, n=flags, method="Wilson", parts=parts)


def _table(metric: Metric, measurement: Measurement) -> Confusion:
    if not isinstance(measurement, Confusion):
        raise misshapen(f"{metric.name} takes counts of right and wrong decisions.")
    return measurement


def _mean(metric: Metric, mean: Mean) -> Estimate:
    if mean.n < 2:  # a spread of one value says nothing
        return Estimate(value=mean.value, n=mean.n)
    half = exact(student_quantile(CONFIDENCE, mean.n - 1)) * mean.sd / Decimal(mean.n).sqrt()
    low, high = mean.value - half, mean.value + half
    if metric.minimum is not None:
        low = max(low, min(metric.minimum, mean.value))
    if metric.maximum is not None:
        high = min(high, max(metric.maximum, mean.value))
    return Estimate(value=mean.value, low=low, high=high, n=mean.n, method="Student")


def _margins(table: Confusion) -> tuple[int, int, int, int]:
    return table.tp + table.fp, table.fn + table.tn, table.tp + table.fn, table.fp + table.tn


def _phi_interval(phi: float, table: Confusion) -> Interval | None:
    """Give the delta interval of a fourfold correlation (Bishop, Fienberg & Holland 1975), on Fisher's scale."""
    flagged, passed, positive, negative = (margin / total(table) for margin in _margins(table))
    first, second = flagged * passed, positive * negative
    lean = (flagged - passed) * (positive - negative) / math.sqrt(first * second)
    squares = (flagged - passed) ** 2 / first + (positive - negative) ** 2 / second
    spread = 1 - phi**2 + phi * (1 + phi**2 / 2) * lean - 0.75 * phi**2 * squares
    if spread <= 0 or abs(phi) >= 1:
        return None
    half = normal_quantile(CONFIDENCE) * math.sqrt(spread / total(table)) / (1 - phi**2)
    return Interval(low=math.tanh(math.atanh(phi) - half), high=math.tanh(math.atanh(phi) + half))
