"""Counts as readers see them: rounded so that they add up, of a round number, split by part."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from schema.statistics.figures import demand_counts, demand_part, demand_some

LARGEST_DENOMINATOR = 1_000_000  # METRICS.md (b) 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment's hits and cases in two periods."""

    hits_before: int
    cases_before: int
    hits_now: int
    cases_now: int

    def __post_init__(self) -> None:
        demand_counts(
            hits_before=self.hits_before,
            cases_before=self.cases_before,
            hits_now=self.hits_now,
            cases_now=self.cases_now,
        )
        if self.hits_before > self.cases_before or self.hits_now > self.cases_now:
            raise ValueError("A segment has more hits than cases.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one segment adds to a change; all are shares."""

    rate: float
    mix: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MixAndRate:
    """The change of a total rate, split; change = rate + mix; all are shares."""

    before: float
    now: float
    change: float
    rate: float
    mix: float
    segments: Mapping[str, Effect]
    reversed: bool  # Simpson: no segment moved with the total, and at least one against it


def shares_of(total: int, counts: Sequence[int]) -> list[int]:
    """Split a whole total like the counts, by largest remainder; ties go to the earlier count.

    returns  whole numbers that add up to total exactly
    raises   ValueError when all counts are 0
    source   METRICS.md (b) 6, (f) 20
    """
    demand_counts(total=total)
    for count in counts:
        demand_counts(count=count)
    cases = sum(counts)
    demand_some(the_sum_of_the_counts=cases)
    split = [divmod(total * count, cases) for count in counts]
    parts = [whole for whole, _ in split]
    by_remainder = sorted(range(len(counts)), key=lambda place: -split[place][1])
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts


def denominator_for(shares: Iterable[float | Fraction], *, start: int = 10, smallest: int = 1) -> int:
    """Choose the one denominator for all shares of a message: a power of ten.

    start      the least denominator to use, itself a power of ten from 10 to 1,000,000
    smallest   what the smallest share above 0 must at least count, once multiplied
    raises     ValueError when even 1,000,000 is too small
    source     METRICS.md (b) 7
    """
    if start not in {10**power for power in range(1, 7)}:
        raise ValueError(f"{start} is no power of ten from 10 to {LARGEST_DENOMINATOR}.")
    above_zero = [_a_share(share) for share in shares if share]
    denominator = start
    while above_zero and min(above_zero) * denominator < smallest:
        denominator *= 10
        if denominator > LARGEST_DENOMINATOR:
            raise ValueError(f"The smallest share counts under {smallest} even of {LARGEST_DENOMINATOR}.")
    return denominator


def out_of(denominator: int, part: int, whole: int) -> int:
    """Give part of whole as a count of the denominator, half up, exactly."""
    demand_some(denominator=denominator)
    demand_part(part, whole)
    return (2 * part * denominator + whole) // (2 * whole)


def mix_and_rate(segments: Mapping[str, Segment]) -> MixAndRate:
    """Split the change of a total rate into changed rates and a changed mix of segments.

    segments   by name; one that is empty in one period has, there, its other period's rate
    raises     ValueError when either period has no cases at all
    source     METRICS.md 3.5, midpoint weights; computed in fractions, so it adds up exactly
    """
    cases_before = sum(s.cases_before for s in segments.values())
    cases_now = sum(s.cases_now for s in segments.values())
    demand_some(cases_before=cases_before, cases_now=cases_now)
    before = Fraction(sum(s.hits_before for s in segments.values()), cases_before)
    now = Fraction(sum(s.hits_now for s in segments.values()), cases_now)
    effects = {
        name: _effects(s, Fraction(s.cases_before, cases_before), Fraction(s.cases_now, cases_now))
        for name, s in segments.items()
    }
    return MixAndRate(
        before=float(before),
        now=float(now),
        change=float(now - before),
        rate=float(sum(rate for rate, _ in effects.values())),
        mix=float(sum(mix for _, mix in effects.values())),
        segments={name: Effect(rate=float(rate), mix=float(mix)) for name, (rate, mix) in effects.items()},
        reversed=_reversed(now - before, [rate for rate, _ in effects.values()]),
    )


def _effects(segment: Segment, before: Fraction, now: Fraction) -> tuple[Fraction, Fraction]:
    rate_before, rate_now = _rates(segment)
    rate = (before + now) / 2 * (rate_now - rate_before)
    mix = (rate_before + rate_now) / 2 * (now - before)
    return rate, mix


def _rates(segment: Segment) -> tuple[Fraction, Fraction]:
    if not segment.cases_before and not segment.cases_now:
        return Fraction(0), Fraction(0)
    before = Fraction(segment.hits_before, segment.cases_before) if segment.cases_before else None
    now = Fraction(segment.hits_now, segment.cases_now) if segment.cases_now else before
    assert now is not None  # one of the two periods has cases
    return (now if before is None else before), now


def _reversed(change: Fraction, rates: Sequence[Fraction]) -> bool:
    if change == 0:
        return False
    against = [rate for rate in rates if rate * change < 0]
    return bool(against) and len(against) == sum(1 for rate in rates if rate)


def _a_share(share: float | Fraction) -> float | Fraction:
    if not 0 <= share <= 1 or math.isnan(share):
        raise ValueError(f"{share} is no share from 0 to 1.")
    return share
