"""What a measurement is: a value beside its goal, the spread of its rounds, and the plain numbers behind it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median


class Size(StrEnum):
    """How much is measured: for the record, for a quick look, or only to see that it runs."""

    FULL = "full"
    QUICK = "quick"
    TINY = "tiny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A limit on a value; None for what is only reported."""

    limit: float | None
    unit: str
    at_most: bool = True

    def __str__(self) -> str:
        if self.limit is None:
            return "reported"
        return f"{'≤' if self.at_most else '≥'} {self.limit:g} {self.unit}"

    def holds(self, value: float) -> bool | None:
        if self.limit is None:
            return None
        return value <= self.limit if self.at_most else value >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table.

    low, high   of the rounds
    beside      the absolute numbers; their names carry the units
    unmet       what else was to hold and does not
    """

    what: str
    goal: Goal
    value: float
    low: float
    high: float
    beside: Mapping[str, float | str] = field(default_factory=dict)
    unmet: str = ""

    @property
    def ok(self) -> bool | None:
        holds = self.goal.holds(self.value)
        return holds if holds is None else holds and not self.unmet


Measure = Callable[[Size], Awaitable[Sequence[Line]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing to measure; it gives a line for each of its goals.

    within_s  it is cut off after that
    """

    number: int
    name: str
    measure: Measure
    within_s: float = 180


def times(limit: float | None, *, at_most: bool = True) -> Goal:
    """Give a goal for a ratio."""
    return Goal(limit=limit, unit="×", at_most=at_most)


def ratios(pairs: Sequence[tuple[float, float]]) -> list[float]:
    """Divide within each round, so that a slow moment of the machine falls on both."""
    return [ours / theirs for ours, theirs in pairs]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give a line's value and spread."""
    return {"value": median(values), "low": min(values), "high": max(values)}


def p95(values: Sequence[float]) -> float:
    """Give the value that one in twenty is above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


async def in_turns(
    rounds: int, ours: Callable[[], Awaitable[float]], theirs: Callable[[], Awaitable[float]]
) -> list[tuple[float, float]]:
    """Measure both in every round, first the one, then the other one first."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            second = await theirs()
            pairs.append((await ours(), second))
        else:
            pairs.append((await ours(), await theirs()))
    return pairs
