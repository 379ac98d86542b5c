"""Intervals, tests and corrections that say how sure a figure or a change is.

Sources are the sections of METRICS.md; every worked number there is a known answer in tests/answers/.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from schema.statistics.distributions import normal_p, normal_quantile, student_p, student_quantile
from schema.statistics.figures import demand_counts, demand_finite, demand_inside, demand_part, demand_some

FEWEST_PAST_CHANGES = 8  # METRICS.md 3.4: a spread needs this many periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A closed range of finite numbers, low to high."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise ValueError(f"{self.low} to {self.high} is no interval of finite numbers.")

    @property
    def width(self) -> float:
        """Give high minus low."""
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Say whether the value lies inside, ends included."""
        return self.low <= value <= self.high


class Change(NamedTuple):
    """A difference (now minus before), its interval, and its two-sided p."""

    difference: float
    interval: Interval
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mean of n values with their standard deviation (n - 1 in its denominator)."""

    value: float
    n: int
    sd: float

    def __post_init__(self) -> None:
        demand_counts(n=self.n)
        demand_finite(value=self.value, sd=self.sd)
        if self.n < 2 or self.sd < 0:
            raise ValueError("A sample takes at least 2 values and a spread of at least 0.")

    @property
    def error(self) -> float:
        """Give the standard error of the mean."""
        return self.sd / math.sqrt(self.n)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Give the Wilson score interval of a proportion, clamped to 0–1.

    raises   ValueError unless 0 ≤ successes ≤ n and n ≥ 1
    source   METRICS.md 3.1 (Brown, Cai & DasGupta 2001)
    """
    demand_part(successes, n)
    z = normal_quantile(confidence)
    share, square = successes / n, z * z / n
    centre = share + square / 2
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n))
    # None and all are exact ends; computed, 0 of 20 gives 1.4e-17.
    low = max(0.0, (centre - half) / (1 + square)) if successes else 0.0
    high = min(1.0, (centre + half) / (1 + square)) if successes < n else 1.0
    return Interval(low=min(low, share), high=max(high, share))


def newcombe(a: int, n: int, b: int, m: int, *, confidence: float = 0.95) -> Interval:
    """Give the Newcombe hybrid-score interval of a/n - b/m.

    raises   ValueError when a of n or b of m is no proportion
    source   METRICS.md 3.2 (Newcombe 1998, method 10)
    """
    first, second = wilson(a, n, confidence), wilson(b, m, confidence)
    return _squared_and_added(a / n, first, b / m, second)


def exact_upper_zero(n: int, confidence: float = 0.95) -> float:
    """Give the exact one-sided upper bound of a share when 0 of n happened.

    raises   ValueError when n < 1
    source   METRICS.md 3.1: 1 - (1 - confidence)^(1/n)
    """
    demand_some(n=n)
    demand_inside(confidence=confidence)
    return -math.expm1(math.log1p(-confidence) / n)


def rule_of_three(n: int) -> float:
    """Give 3/n, the upper 95% bound by hand when 0 of n happened, at most 1."""
    demand_some(n=n)
    return min(1.0, 3 / n)


def f1_interval(tp: int, fp: int, fn: int, *, confidence: float = 0.95) -> Interval:
    """Give the interval of F1: Wilson's on tp/(tp+fp+fn), mapped by 2J/(1+J).

    raises   ValueError for negative counts or when all three are 0
    source   METRICS.md 3.2
    """
    demand_counts(tp=tp, fp=fp, fn=fn)
    jaccard = wilson(tp, tp + fp + fn, confidence)
    return Interval(low=2 * jaccard.low / (1 + jaccard.low), high=2 * jaccard.high / (1 + jaccard.high))


def pooled_z(a: int, n: int, b: int, m: int) -> tuple[float, float]:
    """Give z and two-sided p of a/n against b/m with the pooled variance.

    returns  (0, 1) when both sides are all hits or all misses: nothing differs
    raises   ValueError when a of n or b of m is no proportion
    source   METRICS.md (f) 3
    """
    demand_part(a, n)
    demand_part(b, m)
    hits, cases = a + b, n + m
    if hits in {0, cases}:
        return 0.0, 1.0
    pooled = hits / cases
    z = (a / n - b / m) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return z, normal_p(z)


def welch(now: Sample, before: Sample, *, confidence: float = 0.95) -> Change:
    """Compare two means whose spreads may differ.

    returns  the Student interval and p at Welch's degrees of freedom; where neither side
             varies at all, any difference is exact: width 0, and p 0 or 1
    source   METRICS.md 3.2, DESIGN.md 5
    """
    difference = now.value - before.value
    error = math.hypot(now.error, before.error)
    if error == 0:
        return _exact_change(difference)
    parts = (now.error / error) ** 2, (before.error / error) ** 2
    freedoms = 1 / (parts[0] ** 2 / (now.n - 1) + parts[1] ** 2 / (before.n - 1))
    return _student_change(difference, error, freedoms, confidence)


def change_of_a_bare_value(
    history: Sequence[float | None], now: float, before: float, *, confidence: float = 0.95
) -> Change:
    """Judge now - before by the spread of past period-to-period changes.

    history  past levels, oldest first, without now; None is a period without a value, and
             a change is counted only between two neighbours that both have one
    returns  difference ± t·sd at (changes - 1) degrees of freedom; where the past never
             varied, any difference is exact: width 0, and p 0 or 1
    raises   ValueError with fewer than 8 past changes, or figures that are not finite
    source   DESIGN.md 5
    """
    demand_finite(now=now, before=before)
    changes = [b - a for a, b in pairwise(history) if a is not None and b is not None]
    for past in changes:
        demand_finite(a_past_change=past)
    if len(changes) < FEWEST_PAST_CHANGES:
        raise ValueError(f"{len(changes)} past changes; a bare value needs at least {FEWEST_PAST_CHANGES}.")
    spread = statistics.stdev(changes)
    if spread == 0:
        return _exact_change(now - before)
    return _student_change(now - before, spread, len(changes) - 1, confidence)


def square_and_add(
    value1: float,
    interval1: Interval,
    value2: float,
    interval2: Interval,
    *,
    confidence: float = 0.95,
) -> Change:
    """Compare any two figures that carry an interval; the difference is value1 - value2.

    confidence   the level both intervals were made at; the result has the same
    returns      for two Wilson intervals this is Newcombe's. p is the normal p at which 0
                 would be the interval's end, so p < 1 - confidence exactly when the
                 interval excludes 0; without any width p is 0 or 1
    raises       ValueError when a value lies outside its interval
    source       DESIGN.md 5
    """
    for value, interval in ((value1, interval1), (value2, interval2)):
        if not interval.holds(value):
            raise ValueError(f"{value} lies outside {interval.low} to {interval.high}.")
    difference = value1 - value2
    interval = _squared_and_added(value1, interval1, value2, interval2)
    return Change(difference, interval, _p_of_interval(difference, interval, confidence))


def ratio_interval(a: int, n: int, b: int, m: int, *, confidence: float = 0.95) -> Interval:
    """Give the log interval of the risk ratio (a/n) / (b/m).

    raises   ValueError when a count is 0 (its logarithm has no interval) or when both
             sides are all hits (the interval would pretend to be exact)
    source   METRICS.md (f) 17 (Katz 1978)
    """
    demand_part(a, n)
    demand_part(b, m)
    if not a or not b:
        raise ValueError("A ratio has no interval when one side has no hits.")
    if a == n and b == m:
        raise ValueError("A ratio has no interval when both sides are all hits.")
    ratio = (a / n) / (b / m)
    reach = math.exp(normal_quantile(confidence) * math.sqrt(1 / a - 1 / n + 1 / b - 1 / m))
    return Interval(low=ratio / reach, high=ratio * reach)


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Give q for each p, in the order given; the family is the whole list.

    returns  [] for []
    raises   ValueError when a p lies outside 0–1
    source   METRICS.md 3.3 (Benjamini & Hochberg 1995)
    """
    tests = len(ps)
    qs = [0.0] * tests
    least = 1.0
    rank = tests
    for place in sorted(range(tests), key=ps.__getitem__, reverse=True):
        if not 0 <= ps[place] <= 1:
            raise ValueError(f"p is {ps[place]}; it lies from 0 to 1.")
        least = min(least, ps[place] * tests / rank)
        qs[place] = least
        rank -= 1
    return qs


def _squared_and_added(value1: float, interval1: Interval, value2: float, interval2: Interval) -> Interval:
    difference = value1 - value2
    down = math.hypot(value1 - interval1.low, interval2.high - value2)
    up = math.hypot(interval1.high - value1, value2 - interval2.low)
    return Interval(low=difference - down, high=difference + up)


def _p_of_interval(difference: float, interval: Interval, confidence: float) -> float:
    towards_zero = difference - interval.low if difference > 0 else interval.high - difference
    if difference == 0:
        return 1.0
    if towards_zero == 0:
        return 0.0
    return normal_p(normal_quantile(confidence) * difference / towards_zero)


def _exact_change(difference: float) -> Change:
    return Change(difference, Interval(low=difference, high=difference), float(difference == 0))


def _student_change(difference: float, error: float, freedoms: float, confidence: float) -> Change:
    half = student_quantile(confidence, freedoms) * error
    interval = Interval(low=difference - half, high=difference + half)
    return Change(difference, interval, student_p(difference / error, freedoms))
