"""What follows from the four counts of a yes-or-no decision, and from its base rate."""

import math
from dataclasses import dataclass

from schema.statistics.figures import demand_counts, demand_shares, demand_some


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """The four counts; every property raises ValueError where its denominator is 0.

    Property names are the keys of the catalogue. Source: METRICS.md (a) and (f) 1.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    def __post_init__(self) -> None:
        demand_counts(tp=self.tp, fp=self.fp, fn=self.fn, tn=self.tn)

    @property
    def total(self) -> int:
        return self.tp + self.fp + self.fn + self.tn

    @property
    def alerts(self) -> int:
        return self.tp + self.fp

    @property
    def positives(self) -> int:
        return self.tp + self.fn

    @property
    def negatives(self) -> int:
        return self.fp + self.tn

    @property
    def precision(self) -> float:
        return _ratio(self.tp, self.alerts, "alerts")

    @property
    def recall(self) -> float:
        return _ratio(self.tp, self.positives, "positive cases")

    @property
    def false_positive_rate(self) -> float:
        return _ratio(self.fp, self.negatives, "negative cases")

    @property
    def false_discovery_rate(self) -> float:
        return _ratio(self.fp, self.alerts, "alerts")

    @property
    def specificity(self) -> float:
        return _ratio(self.tn, self.negatives, "negative cases")

    @property
    def npv(self) -> float:
        return _ratio(self.tn, self.tn + self.fn, "passed cases")

    @property
    def f1(self) -> float:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn, "alerts and no positive cases")

    @property
    def accuracy(self) -> float:
        return _ratio(self.tp + self.tn, self.total, "cases")

    @property
    def baseline_accuracy(self) -> float:
        """Give the accuracy of always saying what is more common."""
        return _ratio(max(self.positives, self.negatives), self.total, "cases")

    @property
    def balanced_accuracy(self) -> float:
        return (self.recall + self.specificity) / 2

    @property
    def mcc(self) -> float:
        """Give Matthews' correlation, -1 to 1."""
        margins = self.alerts * self.positives * self.negatives * (self.tn + self.fn)
        if not margins:
            raise ValueError("Matthews' correlation needs alerts, passed, positive and negative cases.")
        return (self.tp * self.tn - self.fp * self.fn) / math.sqrt(margins)

    @property
    def prevalence(self) -> float:
        return _ratio(self.positives, self.total, "cases")

    @property
    def alert_rate(self) -> float:
        return _ratio(self.alerts, self.total, "cases")

    @property
    def lift(self) -> float:
        """Give precision over prevalence, a multiple."""
        return _ratio(self.tp * self.total, self.alerts * self.positives, "alerts or no positive cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRate:
    """What a model does to a population in which the case is this common."""

    cases: int
    positives: int
    true_alerts: int
    false_alerts: int
    right_share: float  # of alerts, from the unrounded figures


def base_rate(
    prevalence: float, *, recall: float, false_positive_rate: float, cases: int = 100_000
) -> BaseRate:
    """Say what recall and false positive rate come to at a prevalence; counts are rounded half up.

    raises   ValueError outside 0–1, or when nothing would raise an alert
    source   METRICS.md (f) 2
    """
    demand_shares(prevalence=prevalence, recall=recall, false_positive_rate=false_positive_rate)
    demand_some(cases=cases)
    right = cases * prevalence * recall
    wrong = cases * (1 - prevalence) * false_positive_rate
    if not right + wrong:
        raise ValueError("Nothing raises an alert at these rates, so no share of alerts is right.")
    return BaseRate(
        cases=cases,
        positives=_half_up(cases * prevalence),
        true_alerts=_half_up(right),
        false_alerts=_half_up(wrong),
        right_share=right / (right + wrong),
    )


def base_rate_table(
    prevalences: tuple[float, ...], *, recall: float, false_positive_rate: float, cases: int = 100_000
) -> tuple[BaseRate, ...]:
    """Say it for several prevalences: one model, several different sentences."""
    return tuple(
        base_rate(p, recall=recall, false_positive_rate=false_positive_rate, cases=cases) for p in prevalences
    )


def _ratio(part: int, whole: int, what: str) -> float:
    if not whole:
        raise ValueError(f"There are no {what}.")
    return part / whole


def _half_up(value: float) -> int:
    return math.floor(round(value, 6) + 0.5)  # six places: 0.29 × 50 is 14.499999999999998
