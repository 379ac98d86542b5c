"""What shows beside a metric's verdict: its course, changed inputs, its pace to a goal, and one group that is most of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from schema.courses import Course, courses
from schema.estimates.groups import RATES
from schema.judgements import MATURITY, RIPE, Judgement
from schema.metrics import Catalogue, Direction, Form, Metric
from schema.periods import Period
from schema.products import Goal, Product
from schema.readings import WHOLE, Confusion, Measurement, Proportion
from schema.statistics.certainty import Interval, wilson
from schema.statistics.distributions import normal_p
from schema.statistics.fairness import FEWEST_TO_RANK
from schema.statistics.projections import Projection, project
from schema.verdicts import DEFAULT_MATTERS

CLEARLY: Final = 0.01  # the largest p at which a shift counts as more than luck
LARGEST_FLOOR: Final = Decimal("0.1")  # with fewer rows a band, luck goes further than chi-squared says
LOOKED_BACK: Final = 4  # periods in which an outlook may have been the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A shift of what comes in, clearly above what no shift at all would show, while outcomes are open."""

    metric: str
    value: Decimal
    floor: Decimal  # to expect without any shift
    p: float
    matters: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Where a metric may stand on its goal's day, at its own past pace."""

    metric: str
    goal: Goal
    low: Decimal
    high: Decimal
    ahead: int  # periods until the goal's day
    changes: int  # past ones that it rests on
    reaches: bool | None  # None: the goal lies within the range
    distance: Decimal  # from the goal to the middle of the range
    matters: Decimal
    p: float
    repeats: int  # periods before this one with the same outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """One group that is more of what a metric counts than agreed."""

    metric: str
    group: str
    hits: int
    total: int  # hits of all groups, withheld ones too
    interval: Interval
    at_most: Decimal
    p: float

    @property
    def share(self) -> Decimal:
        """Give the group's part of all hits."""
        return Decimal(self.hits) / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """All of it, by metric."""

    courses: Mapping[str, Course] = field(default_factory=dict)
    inputs: Mapping[str, Inputs] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)
    crowds: Mapping[str, Crowd] = field(default_factory=dict)


NO_SIGNALS: Final = Signals()


def signals(
    product: Product, catalogue: Catalogue, judged: Mapping[str, Judgement], period: Period
) -> Signals:
    """Look at every metric of a closed period; figures that their source calls too old show nothing."""
    open_outcomes = outcomes_open(judged)
    judged = {key: each for key, each in judged.items() if not each.outdated}
    found_inputs = {
        key: inputs
        for key, each in judged.items()
        if open_outcomes and (inputs := inputs_of(product, catalogue[key], each))
    }
    return Signals(
        courses=courses(product, catalogue, judged),
        inputs=found_inputs,
        paces={
            key: pace
            for key, each in judged.items()
            if (pace := pace_of(product, catalogue[key], each, period))
        },
        crowds={
            key: crowd for key, each in judged.items() if (crowd := crowd_of(product, catalogue[key], each))
        },
    )


def outcomes_open(judged: Mapping[str, Judgement]) -> bool:
    """Tell whether too few outcomes are known; False where nobody measures it."""
    maturity = judged.get(MATURITY)
    return maturity is not None and maturity.now is not None and maturity.now.level.estimate.value < RIPE


def shows_shift(metric: Metric) -> bool:
    """Tell whether a metric says how far what comes in has shifted."""
    return metric.form is Form.DRIFT or metric.key == DRIFTED


DRIFTED: Final = "drifted_share"


def inputs_of(product: Product, metric: Metric, judgement: Judgement) -> Inputs | None:
    """Compare a shift with what luck alone gives: without any shift it is (1/n + 1/m) · chi-squared of bands - 1.

    source   METRICS.md 4.1; the chi-squared p by Wilson and Hilferty's cube root
    """
    now = judgement.now.level.estimate if judgement.now else None
    if now is None or metric.form is not Form.DRIFT or not now.parts.get("noise_floor"):
        return None
    floor, freedoms = now.parts["noise_floor"], int(now.parts["bands"]) - 1
    if floor > LARGEST_FLOOR:
        return None
    p = _above(float(now.value / floor), freedoms)
    matters = product.metrics[metric.key].matters or now.value * DEFAULT_MATTERS
    if p > CLEARLY or now.value - floor < matters:
        return None  # with many rows any shift is more than luck, and few matter
    return Inputs(metric=metric.key, value=now.value, floor=floor, p=p, matters=matters)


def _above(times: float, freedoms: int) -> float:
    """Give the chance of a chi-squared value of so many times its mean, or more."""
    spread = 2 / (9 * freedoms)
    z = (times ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    half = normal_p(z) / 2
    return half if z > 0 else 1 - half


def pace_of(product: Product, metric: Metric, judgement: Judgement, period: Period) -> Pace | None:
    """Say between which values a metric may stand on its goal's day; None once the day is near past, or with a short past."""
    asked = product.metrics[metric.key]
    if asked.goal is None or judgement.now is None or judgement.provisional:
        return None
    ahead = product.periods_until(asked.goal, period)
    history = [None if each is None else float(each) for each in judgement.history]
    outlook = project(history, ahead) if ahead > 0 else None
    if outlook is None:
        return None
    low, high = _within(metric, outlook)
    if low >= high:
        return None
    goal = asked.goal
    return Pace(
        metric=metric.key, goal=goal, low=low, high=high, ahead=ahead, changes=outlook.changes,
        reaches=reaches(metric, goal, low, high), distance=Decimal(repr(outlook.centre)) - goal.reach,
        matters=asked.matters or judgement.now.level.estimate.value.copy_abs() * DEFAULT_MATTERS or Decimal(1),
        p=outlook.doubt(float(goal.reach)), repeats=_same_outlook(metric, goal, history, ahead),
    )  # fmt: skip


def _within(metric: Metric, outlook: Projection) -> tuple[Decimal, Decimal]:
    """Keep a range inside what the metric can be."""
    low, high = Decimal(repr(outlook.low)), Decimal(repr(outlook.high))
    if metric.minimum is not None:
        low, high = max(low, metric.minimum), max(high, metric.minimum)
    if metric.maximum is not None:
        low, high = min(low, metric.maximum), min(high, metric.maximum)
    return low, high


def reaches(metric: Metric, goal: Goal, low: Decimal, high: Decimal) -> bool | None:
    """Tell whether the whole range reaches the goal, or falls short of it; None where it does neither."""
    if metric.direction is Direction.LOWER:
        low, high = -high, -low
        line = -goal.reach
    else:
        line = goal.reach
    return True if low >= line else False if high < line else None


def _same_outlook(metric: Metric, goal: Goal, history: list[float | None], ahead: int) -> int:
    """Count the periods right before this one from which the goal looked the same."""

    def seen(back: int) -> bool | str | None:
        earlier = history[: len(history) - back]
        outlook = project(earlier, ahead + back) if earlier and earlier[-1] is not None else None
        return "unknown" if outlook is None else reaches(metric, goal, *_within(metric, outlook))

    today = seen(0)
    count = 0
    while count < LOOKED_BACK and seen(count + 1) == today:
        count += 1
    return count


def crowd_of(product: Product, metric: Metric, judgement: Judgement) -> Crowd | None:
    """Find one group that is, with the whole of its interval, more of the hits than agreed.

    Only groups that are large enough to be ranked are named (wording rule 42).
    """
    asked = product.metrics[metric.key].concentration
    if asked is None or judgement.now is None or metric.function not in RATES:
        return None
    rates = _rates(metric, judgement.now.measurements)
    total = sum(hits for hits, _ in rates.values())
    large = {group: hits for group, (hits, cases) in rates.items() if cases >= FEWEST_TO_RANK}
    if total < FEWEST_TO_RANK or not large:
        return None
    group = min(large, key=lambda name: (-large[name], name))
    interval = wilson(large[group], total)
    at_most = float(asked.at_most)
    if interval.low <= at_most:
        return None
    z = (large[group] / total - at_most) / math.sqrt(at_most * (1 - at_most) / total)
    return Crowd(
        metric=metric.key, group=group, hits=large[group], total=total, interval=interval, at_most=asked.at_most,
        p=normal_p(z),
    )  # fmt: skip


def _rates(metric: Metric, measurements: Mapping[str, Measurement]) -> dict[str, tuple[int, int]]:
    pick = RATES[metric.function]
    found = {}
    for group, each in measurements.items():
        if group != WHOLE and isinstance(each, Confusion):
            found[group] = pick(each)
        elif group != WHOLE and isinstance(each, Proportion):
            found[group] = each.numerator, each.denominator
    return found
