"""What a metric's side questions show: a split of its change, another limit, another source, a gap looked at again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from schema.estimates.estimating import Estimate, NotEstimable, estimate
from schema.estimates.values import QUANTILE, counted, exact
from schema.facts import DUST
from schema.metrics import Metric
from schema.products import Limit
from schema.readings import WHOLE, Blank, BlankReason, Measurement
from schema.statistics.distributions import normal_p
from schema.statistics.money import FraudAssumptions, friction_flip
from schema.statistics.shares import Segment, mix_and_rate
from schema.verdicts import LARGEST_Q

Assumed = Mapping[str, Decimal]
FEWEST_COMPARED: Final = 30  # wording rules 18 and 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of all cases one segment had."""

    segment: str
    now: Decimal
    before: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A change of a share, split into a changed mix of segments and changed rates within them; rate + mix = change."""

    change: Decimal
    mix: Decimal
    rate: Decimal
    low: Decimal  # ends of the 95 % interval of the rate effect
    high: Decimal
    p: float
    segments: int
    reversed: bool  # Simpson: no segment moved with the total, and at least one against it
    all_against: bool  # Simpson, and no segment stood still
    mover: Share | None  # the segment whose part of all cases changed by the largest amount
    repeats: int = 0  # closed periods before with the same finding
    q: float | None = None  # p, corrected for all that was looked at beside figures; None before that

    @property
    def mostly_mix(self) -> bool:
        """Tell whether the mix makes up more of the change than the rates."""
        return abs(self.mix) > abs(self.rate)

    @property
    def clear(self) -> bool:
        """Tell whether the rates have changed beyond chance."""
        return self.low > 0 or self.high < 0

    @property
    def hides(self) -> bool:
        """Tell whether the mix takes back at least half of what the rates brought."""
        return self.mix * self.rate < 0 and abs(self.mix) * 2 >= abs(self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCheck:
    """Whether two groups stand in the same order within each segment as in all (wording rule 43)."""

    first: str  # the group with the higher share in all
    last: str
    segments: int  # in which both groups are large enough to be compared
    turned: int  # of them, with the other order
    all_compared: bool  # no segment was too small


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What a limit flags, and how much of it rightly."""

    right: int
    flags: int

    @property
    def wrong(self) -> int:
        """Count the flags that were wrong."""
        return self.flags - self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLimit:
    """What the same cases would have come to at another limit, in money."""

    which: Limit
    net: Decimal
    difference: Decimal  # against the limit that is in use
    low: Decimal  # ends of its 95 % interval, the cases between the limits being counts that vary
    high: Decimal
    p: float
    now: Flags
    there: Flags
    assumed: Decimal  # the cost of a wrong flag that is reckoned with
    flip: Decimal | None  # the cost of a wrong flag at which the answer turns
    repeats: int = 0
    q: float | None = None  # as of a split

    @property
    def pays(self) -> bool:
        """Tell whether it would clearly have brought more."""
        return self.low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSource:
    """What another source says of the same metric and window, or why it says nothing."""

    query: str
    source: str
    value: Estimate | None
    difference: Decimal = Decimal(0)  # its value less ours
    differs: bool = False  # beyond rounding, at the digits that engineers are shown
    blank: Blank | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that stands beside one judgement."""

    splits: Mapping[str, Split] = field(default_factory=dict)  # by comparison key
    misfit: bool = False  # the segments do not add up to the whole, so nothing is split
    gap: GapCheck | None = None
    limits: tuple[OtherLimit, ...] = ()
    sources: tuple[OtherSource, ...] = ()
    matters: Decimal | None = None  # the smallest difference that matters

    @property
    def dispute(self) -> OtherSource | None:
        """Give the source that says something else by what matters, the furthest one."""
        far = [each for each in self.sources if each.differs and self._matter(each.difference)]
        return max(far, key=lambda each: abs(each.difference), default=None)

    @property
    def better_limit(self) -> OtherLimit | None:
        """Give the limit that would clearly have brought more by what matters, the best one."""
        better = [
            each for each in self.limits if each.pays and _sure(each.q) and self._matter(each.difference)
        ]
        return max(better, key=lambda each: each.difference, default=None)

    def hidden_change(self, comparison: str) -> Split | None:
        """Give the split whose mix hides that its rates have clearly changed by what matters.

        Asked where the whole has not clearly changed.
        """
        found = self.splits.get(comparison)
        if found is None or not (found.clear and found.hides and _sure(found.q)):
            return None
        return found if self._matter(found.rate) else None

    def _matter(self, difference: Decimal) -> bool:
        return self.matters is not None and abs(difference) >= self.matters


NO_FINDINGS: Final = Findings()


def _sure(q: float | None) -> bool:
    return q is None or q <= LARGEST_Q


def counts(metric: Metric, measurement: Measurement, given: Assumed) -> tuple[int, int]:
    """Give hits and cases of one segment; raises NotEstimable for what is no share of counts."""
    try:
        found = estimate(metric, {WHOLE: measurement}, given)
    except NotEstimable as trouble:
        if trouble.reason is BlankReason.EMPTY:
            return 0, 0
        raise
    if found.numerator is None or found.denominator is None:
        raise NotEstimable(BlankReason.SOURCE_ERROR, "A segment came without counts.")
    return found.numerator, found.denominator


def split(
    now: Mapping[str, tuple[int, int]], before: Mapping[str, tuple[int, int]], *, change: Decimal
) -> Split | None:
    """Split a change; None where a window has no cases.

    now, before   hits and cases by segment
    change        of the total, whose counts are the segments' together
    """
    names = sorted({*now, *before})
    segments = {
        name: Segment(
            hits_before=before.get(name, NONE)[0], cases_before=before.get(name, NONE)[1],
            hits_now=now.get(name, NONE)[0], cases_now=now.get(name, NONE)[1],
        )
        for name in names
    }  # fmt: skip
    totals = sum(s.cases_now for s in segments.values()), sum(s.cases_before for s in segments.values())
    if not all(totals):
        return None
    found = mix_and_rate(segments)
    mix = change if abs(change - exact(found.mix)) < DUST else exact(found.mix)
    rate = change - mix
    reach = exact(QUANTILE * _error(segments, *totals))
    return Split(
        change=change, mix=mix, rate=rate, low=rate - reach, high=rate + reach, p=_p(rate, reach),
        segments=len(names), reversed=found.reversed,
        all_against=all(each.rate * found.change < 0 for each in found.segments.values()), mover=_mover(segments, *totals),
    )  # fmt: skip


NONE: Final = (0, 0)


def _error(segments: Mapping[str, Segment], cases_now: int, cases_before: int) -> float:
    """Give the standard error of the rate effect; a hit and a miss are added to each rate, so that none is sure."""
    variance = 0.0
    for each in segments.values():
        if each.cases_now and each.cases_before:
            weight = (each.cases_now / cases_now + each.cases_before / cases_before) / 2
            variance += weight**2 * (
                _variance(each.hits_now, each.cases_now) + _variance(each.hits_before, each.cases_before)
            )
    return math.sqrt(variance)


def _variance(hits: int, cases: int) -> float:
    rate = (hits + 1) / (cases + 2)
    return rate * (1 - rate) / cases


def _p(value: Decimal, reach: Decimal) -> float:
    if not reach:
        return 0.0 if value else 1.0
    return normal_p(float(value / reach) * QUANTILE)


def _mover(segments: Mapping[str, Segment], cases_now: int, cases_before: int) -> Share | None:
    shares = [
        Share(
            segment=name, now=Decimal(each.cases_now) / cases_now, before=Decimal(each.cases_before) / cases_before
        )
        for name, each in segments.items()
        if min(each.cases_now, each.cases_before) >= FEWEST_COMPARED
    ]  # fmt: skip
    return max(shares, key=lambda each: (abs(each.now - each.before), each.segment), default=None)


def gap_check(whole: Estimate, segments: Mapping[str, Estimate], *, parts: int) -> GapCheck | None:
    """Look at the two groups of a gap within each segment; None where the whole compares no two groups.

    parts   how many segments there are, those without an estimate too
    """
    ranked = [
        each.group for each in whole.groups if each.denominator is None or each.denominator >= FEWEST_COMPARED
    ]
    if len(ranked) < A_PAIR:
        return None
    first, last = ranked[0], ranked[-1]
    distances = [found for each in segments.values() if (found := _distance(each, first, last)) is not None]
    return GapCheck(
        first=first, last=last, segments=len(distances), turned=sum(1 for each in distances if each < 0),
        all_compared=len(distances) == parts,
    )  # fmt: skip


A_PAIR: Final = 2


def _distance(segment: Estimate, first: str, last: str) -> Decimal | None:
    """Give how far the first group lies above the last one; None where one of them is too small."""
    values = {
        each.group: each.value
        for each in segment.groups
        if each.denominator is None or each.denominator >= FEWEST_COMPARED
    }
    return values[first] - values[last] if first in values and last in values else None


def is_nested(which: Limit, now: Flags, there: Flags) -> bool:
    """Tell whether one limit flags all that the other one does: then a looser one flags no fewer, right or wrong."""
    tight, loose = (now, there) if which is Limit.LOOSER else (there, now)
    return tight.right <= loose.right and tight.wrong <= loose.wrong


def other_limit(which: Limit, *, now: Flags, there: Flags, given: Assumed) -> OtherLimit:
    """Say what another limit would have brought on the same cases; raises KeyError without the assumptions.

    source   METRICS.md (f) 6
    """
    assumed = FraudAssumptions(**{name: float(given[name]) for name in ASSUMED})
    worth = (given["average_loss"] + given["fee"]) * given["prevented_share"]
    gain, cost = worth - given["review_cost"], given["review_cost"] + given["friction_cost"]
    right, wrong = there.right - now.right, there.wrong - now.wrong
    difference = right * gain - wrong * cost
    below, above = _reach(right, gain), _reach(-wrong, cost)
    low, high = difference - _root(below[0], above[0]), difference + _root(below[1], above[1])
    flip = friction_flip((now.right, now.wrong), (there.right, there.wrong), assumed)
    return OtherLimit(
        which=which, net=there.right * gain - there.wrong * cost, difference=difference, low=low, high=high,
        p=_p(difference, (high - low) / 2), now=now, there=there, assumed=given["friction_cost"],
        flip=None if flip is None else exact(flip),
    )  # fmt: skip


ASSUMED: Final = ("average_loss", "fee", "prevented_share", "review_cost", "friction_cost")


def _reach(count: int, each: Decimal) -> tuple[Decimal, Decimal]:
    """Give how far count × each may lie below and above, the count being one of events; either may be negative."""
    fewest, most = counted(abs(count))
    down, up = (abs(count) - fewest) * abs(each), (most - abs(count)) * abs(each)
    return (down, up) if count * each >= 0 else (up, down)


def _root(one: Decimal, other: Decimal) -> Decimal:
    return (one**2 + other**2).sqrt()
