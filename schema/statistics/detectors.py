"""Detectors that look along one metric's own history: odd values, slow creep, shifts of level.

All take complete periods only, oldest first. Source: METRICS.md 3.4 and (f) 10.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schema.statistics.distributions import student_p
from schema.statistics.figures import demand_finite, demand_inside, demand_positive

FEWEST_PERIODS = 8
FEWEST_FOR_A_SHIFT = 12
_SHORTEST_SIDE = 3  # periods on either side of a change point


class Rule(StrEnum):
    """Which rule judged a value: its robust z, or any change at all from a constant past."""

    ROBUST_Z = "robust_z"
    EXACT_CHANGE = "exact_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """How odd a value is against its past."""

    median: float  # of the past, in the metric's unit
    mad: float  # median absolute deviation, unscaled, in the metric's unit
    z: float | None  # modified z; None where the past never varied
    rule: Rule
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One period of a control chart, with the limits that hold in it."""

    statistic: float
    low: float
    high: float

    @property
    def flagged(self) -> bool:
        """Say whether the statistic lies beyond a limit."""
        return not self.low <= self.statistic <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumStep:
    """One period of a two-sided CUSUM, in standard deviations."""

    up: float
    down: float  # counted as a positive number
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The likeliest single shift of level."""

    at: int  # index of the first period on the new level
    before: float  # mean level before it
    now: float  # mean level from it on
    p: float  # corrected for having tried every place


def median_absolute_deviation(values: Sequence[float]) -> float:
    """Give the unscaled median distance from the median."""
    _demand_periods(values, 1)
    centre = statistics.median(values)
    return statistics.median(abs(value - centre) for value in values)


def oddity(history: Sequence[float], value: float, *, limit: float = 3.5) -> Oddity:
    """Judge a value by its modified z, 0.6745 · (value - median) / MAD.

    history  at least 8 matched periods, without the value itself
    returns  where the MAD is 0, any value other than the median is flagged, with z None
    source   Iglewicz & Hoaglin, by METRICS.md 3.4
    """
    _demand_periods(history, FEWEST_PERIODS)
    demand_finite(value=value)
    median, mad = statistics.median(history), median_absolute_deviation(history)
    if mad == 0:
        return Oddity(median=median, mad=mad, z=None, rule=Rule.EXACT_CHANGE, flagged=value != median)
    z = 0.6745 * (value - median) / mad
    demand_finite(modified_z=z)
    return Oddity(median=median, mad=mad, z=z, rule=Rule.ROBUST_Z, flagged=abs(z) > limit)


def level(history: Sequence[float]) -> tuple[float, float]:
    """Give mean and standard deviation of at least 8 calm periods, for EWMA and CUSUM."""
    _demand_periods(history, FEWEST_PERIODS)
    return statistics.fmean(history), statistics.stdev(history)


def ewma(
    values: Sequence[float], *, mean: float, sd: float, weight: float = 0.2, reach: float = 3
) -> tuple[Step, ...]:
    """Follow slow creep: an exponentially weighted mean with its exact, widening limits.

    weight   λ, of the newest value, above 0 and at most 1
    reach    L, how many standard deviations the limits lie away
    raises   ValueError unless sd, weight and reach are above 0
    """
    demand_positive(sd=sd, weight=weight, reach=reach)
    demand_finite(mean=mean)
    if weight > 1:
        raise ValueError(f"weight is {weight}; it is at most 1.")
    steps, statistic = [], mean
    for period, value in enumerate(values, start=1):
        demand_finite(value=value)
        statistic = weight * value + (1 - weight) * statistic
        fade = 1 - (1 - weight) ** (2 * period)
        half = reach * sd * math.sqrt(weight / (2 - weight) * fade)
        steps.append(Step(statistic=statistic, low=mean - half, high=mean + half))
    return tuple(steps)


def cusum(
    values: Sequence[float], *, mean: float, sd: float, slack: float = 0.5, limit: float = 5
) -> tuple[CusumStep, ...]:
    """Add up what exceeds the slack on either side; beyond the limit the level has shifted.

    slack, limit   in standard deviations; 0.5 and 5 watch for a shift of one
    source         Page's tabular CUSUM
    """
    demand_positive(sd=sd, limit=limit)
    demand_finite(mean=mean, slack=slack)
    steps, up, down = [], 0.0, 0.0
    for value in values:
        demand_finite(value=value)
        z = (value - mean) / sd
        up, down = max(0.0, up + z - slack), max(0.0, down - z - slack)
        steps.append(CusumStep(up=up, down=down, flagged=max(up, down) > limit))
    return tuple(steps)


def shift(values: Sequence[float], *, level: float = 0.05) -> Shift | None:
    """Find the likeliest single shift of level, or None when none is sure enough.

    values   at least 12 periods; three or more stay on either side
    level    the most that p may be, after Bonferroni over every place tried
    """
    _demand_periods(values, FEWEST_FOR_A_SHIFT)
    demand_inside(level=level)
    places = range(_SHORTEST_SIDE, len(values) - _SHORTEST_SIDE + 1)
    p, at = min((_p_of_split(values, place), place) for place in places)
    corrected = min(1.0, p * len(places))
    if corrected > level:
        return None
    before, now = statistics.fmean(values[:at]), statistics.fmean(values[at:])
    return Shift(at=at, before=before, now=now, p=corrected)


def _p_of_split(values: Sequence[float], at: int) -> float:
    """Give Student's p, with one spread for both sides, of a shift at this place."""
    left, right = values[:at], values[at:]
    difference = statistics.fmean(right) - statistics.fmean(left)
    squares = squares_left(left) + squares_left(right)
    freedoms = len(values) - 2
    error = math.sqrt(squares / freedoms * (1 / len(left) + 1 / len(right)))
    if error == 0:
        return float(difference == 0)
    return student_p(difference / error, freedoms)


def squares_left(values: Sequence[float]) -> float:
    """Add up the squared distances from the mean; two passes, as exact as needed and much faster than fractions."""
    mean = statistics.fmean(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _demand_periods(values: Sequence[float], fewest: int) -> None:
    if len(values) < fewest:
        raise ValueError(f"{len(values)} periods; at least {fewest} are needed.")
    for value in values:
        demand_finite(value=value)
