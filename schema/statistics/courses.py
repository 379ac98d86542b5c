"""Where a series is heading: a slow move that goes on, or a new level that it has come to.

Both take complete periods only, oldest first. Source: METRICS.md 3.4 and (c) 7, 8.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schema.statistics.certainty import Interval, Sample, welch
from schema.statistics.detectors import FEWEST_FOR_A_SHIFT, FEWEST_PERIODS, ewma, level, shift, squares_left

FEWEST_WATCHED: Final = 4  # wording rule 23
LONGEST_FRESH: Final = 4  # periods for which a new level is news
ALMOST_ONE: Final = (
    0.999999  # any shift is given back with its p; how sure is enough is decided with all others
)
CLIPPED: Final = 3.0  # standard deviations that one period may count for: an odd week is no slow move


class Detector(StrEnum):
    """What found it."""

    EWMA = "ewma"
    CHANGE_POINT = "change_point"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A mean that is another one than before."""

    detector: Detector
    earlier: int  # periods on the old level
    recent: int  # periods since
    before: float  # mean of the earlier ones
    now: float  # mean of the recent ones
    interval: Interval  # 95 % of the difference, Welch
    p: float
    repeats: int  # periods before this one in which it could be seen already


def creep(values: Sequence[float]) -> Move | None:
    """Find a slow move that goes on: the EWMA is outside its limits, and the newest period lies farthest out.

    values   8 periods for mean and spread, then at least 4 that are watched
    returns  None where nothing creeps, or where one step tells the series better than a slope
    """
    if len(values) < FEWEST_PERIODS + FEWEST_WATCHED:
        return None
    past, recent = values[:FEWEST_PERIODS], values[FEWEST_PERIODS:]
    mean, sd = level(past)
    if sd == 0:
        return None
    reach = CLIPPED * sd
    steps = ewma([min(max(each, mean - reach), mean + reach) for each in recent], mean=mean, sd=sd)
    flags = [step.flagged for step in steps]
    if not flags[-1] or not _goes_on(recent, mean, steps[-1].statistic) or not _slopes(values):
        return None
    run = next((at for at, flag in enumerate(reversed(flags)) if not flag), len(flags))
    return _move(values, FEWEST_PERIODS, Detector.EWMA, repeats=run - 1)


def turn(values: Sequence[float]) -> Move | None:
    """Find the likeliest new level while it is news; p is corrected for every place that was tried.

    values   at least 12 periods
    """
    found = shift(values, level=ALMOST_ONE) if len(values) >= FEWEST_FOR_A_SHIFT else None
    if found is None or len(values) - found.at > LONGEST_FRESH:
        return None
    repeats = len(values) - found.at - SHORTEST_SIDE
    return _move(values, found.at, Detector.CHANGE_POINT, repeats=repeats, p=found.p)


SHORTEST_SIDE: Final = 3  # periods on a new level before it can be seen


def _move(
    values: Sequence[float], at: int, detector: Detector, *, repeats: int, p: float | None = None
) -> Move:
    earlier, recent = values[:at], values[at:]
    change = welch(_sample(recent), _sample(earlier))
    return Move(
        detector=detector, earlier=len(earlier), recent=len(recent), before=statistics.fmean(earlier),
        now=statistics.fmean(recent), interval=change.interval, p=change.p if p is None else p, repeats=repeats,
    )  # fmt: skip


def _sample(values: Sequence[float]) -> Sample:
    return Sample(value=statistics.fmean(values), n=len(values), sd=statistics.stdev(values))


def _goes_on(recent: Sequence[float], mean: float, statistic: float) -> bool:
    """Tell whether the newest period lies farther out than any before it: what went back does not go on."""
    side = 1 if statistic > mean else -1
    return (recent[-1] - mean) * side >= max((each - mean) * side for each in recent)


def _slopes(values: Sequence[float]) -> bool:
    """Tell whether a slope, all along or after the first periods, leaves less unexplained than the best step."""
    places = range(SHORTEST_SIDE, len(values) - SHORTEST_SIDE + 1)
    step = min(squares_left(values[:at]) + squares_left(values[at:]) for at in places)
    along = [float(at) for at in range(len(values))]
    bent = [max(0.0, at - FEWEST_PERIODS + 1) for at in along]
    return min(_unexplained(along, values), _unexplained(bent, values)) < step


def _unexplained(xs: Sequence[float], values: Sequence[float]) -> float:
    """Give the squares left over by the best straight line."""
    middle, height = statistics.fmean(xs), statistics.fmean(values)
    along = math.fsum((x - middle) * (y - height) for x, y in zip(xs, values, strict=True))
    return squares_left(values) - along**2 / squares_left(xs)
