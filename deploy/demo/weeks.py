"""Thirty complete weeks and the running one, and seeded draws that fill them."""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from schema.periods import Calendar, Period

ZONE = ZoneInfo("Europe/Berlin")
COMPLETE = 30
LAST = COMPLETE - 1  # number of the last complete week; the running one is COMPLETE
Row: TypeAlias = Sequence[Any]  # of a table
EXACT_SUM = 30  # under it a count is drawn case by case


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """The weeks of the story, oldest first, and the moment at which it is told."""

    at: datetime  # aware UTC
    periods: tuple[Period, ...]  # COMPLETE of them, then the running one

    @property
    def numbers(self) -> range:
        return range(len(self.periods))

    def first_day(self, week: int) -> date:
        """Give the Monday of a week, in the company's zone."""
        return self.periods[week].start.astimezone(ZONE).date()

    def past(self, moment: datetime) -> bool:
        """Tell whether a moment lies before the telling, so that its row exists."""
        return moment < self.at

    def hours(self, week: int) -> Iterator[datetime]:
        """Go through the whole hours of a week that are over; a week of a clock change has one more or less."""
        period = self.periods[week]
        hour = timedelta(hours=1)
        for number in range((period.end - period.start) // hour):
            start = period.start + number * hour
            if start + hour <= self.at:
                yield start

    def midnights(self, week: int) -> list[datetime]:
        """List the ends of a week's days in the company's zone: eight midnights."""
        first = self.first_day(week)
        days = [first + timedelta(days=number) for number in range(8)]
        return [datetime.combine(day, time.min, tzinfo=ZONE).astimezone(UTC) for day in days]


def weeks_before(at: datetime) -> Weeks:
    """Cut the weeks that end before a moment; raises ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("The story needs a moment with a zone.")
    calendar = Calendar(zone=ZONE)
    running = calendar.containing(at)
    return Weeks(at=at.astimezone(UTC), periods=calendar.back(running, COMPLETE + 1))


def text(moment: datetime) -> str:
    """Write a moment as the SQL sources hold it: UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(" ", "seconds")[:19]


def marked(draw: "Draw", weeks: Weeks, week: int, *, hits: int, n: int) -> list[Row]:
    """Give n rows of a moment and a mark, of which `hits` are 1, as far as their moments have passed."""
    marks, moments = draw.marks(n, hits), draw.moments(weeks.periods[week], n)
    return [(text(at), mark) for at, mark in zip(moments, marks, strict=True) if weeks.past(at)]


def by_day(draw: "Draw", weeks: Weeks, week: int, totals: Sequence[int]) -> list[Row]:
    """Split a week's totals over its days that are over; the later totals follow the first."""
    edges = weeks.midnights(week)
    first = draw.parts(totals[0], len(edges) - 1)
    others = [split(total, first) for total in totals[1:]]
    days = zip(edges, edges[1:], first, *others, strict=False)
    return [(text(start), *counts) for start, end, *counts in days if end <= weeks.at]


def step(week: int, levels: Sequence[float], starts: Sequence[int], *, ramp: int = 3) -> float:
    """Give the level in a week: one level before the first start, then one from each start on.

    ramp   weeks from a start until its level is reached
    """
    level = levels[0]
    for start, goal in zip(starts, levels[1:], strict=True):
        level += (goal - level) * min(1.0, max(0.0, (week - start + 1) / ramp))
    return level


def slope(week: int, first: float, last: float) -> float:
    """Give the level on the straight line from the oldest week to the last complete one."""
    return first + (last - first) * min(1.0, week / LAST)


class Draw:
    """Seeded chance: the same name gives the same numbers, whatever the other draws do."""

    __slots__ = ("_random",)

    def __init__(self, name: str) -> None:
        """Start from a name; a text seeds through sha512, so it is the same in every process."""
        self._random = random.Random(name)

    def about(self, n: int, *, spread: float = 0.03) -> int:
        """Give a volume near n."""
        return max(1, round(n * (1 + self._random.gauss(0, spread))))

    def count(self, n: int, share: float, *, exact: bool = False) -> int:
        """Give how many of n cases come true, as chance would have it or as exactly as whole cases can."""
        if exact:
            return round(n * share)
        if n * min(share, 1 - share) < EXACT_SUM:
            return sum(self._random.random() < share for _ in range(n))
        drawn = round(self._random.gauss(n * share, math.sqrt(n * share * (1 - share))))
        return min(n, max(0, drawn))

    def hit(self, share: float) -> int:
        """Give 1 with this chance, else 0."""
        return int(self._random.random() < share)

    def share(self) -> float:
        """Give any number from 0 to 1."""
        return self._random.random()

    def moments(self, period: Period, n: int) -> list[datetime]:
        """Give n moments in a period, in order, on whole seconds."""
        length = (period.end - period.start).total_seconds()
        offsets = sorted(int(self._random.random() * length) for _ in range(n))
        return [period.start + timedelta(seconds=offset) for offset in offsets]

    def marks(self, n: int, hits: int) -> list[int]:
        """Give n marks, of which `hits` are 1, in any order."""
        marks = [1] * hits + [0] * (n - hits)
        self._random.shuffle(marks)
        return marks

    def lognormal(self, mean: float, sigma: float) -> float:
        """Give a positive value whose long-run mean is `mean`."""
        return self._random.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)

    def shuffled(self, values: Sequence[int]) -> list[int]:
        """Give the values in any order."""
        mixed = list(values)
        self._random.shuffle(mixed)
        return mixed

    def parts(self, total: int, n: int) -> list[int]:
        """Split a whole number over n places, unevenly; the parts add up to it."""
        weights = [0.6 + 0.8 * self._random.random() for _ in range(n)]
        return split(total, weights)


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Split a whole number over places by their weights; the parts add up to it."""
    scale = total / sum(weights)
    edges = [0, *(round(reached * scale) for reached in itertools.accumulate(weights))]
    return [later - earlier for earlier, later in itertools.pairwise(edges)]
