"""What a change amounts to: an interval, the smallest change that matters, and how many were tested."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from schema.estimates.estimating import Estimate
from schema.metrics import Direction, Metric
from schema.readings import Mean, Measurement
from schema.statistics import certainty as statistics
from schema.statistics.certainty import Change, Interval, Sample

FEWEST_IN_A_SAMPLE: Final = 2
FEWEST_CASES: Final = 30  # wording rule 18
LARGEST_Q: Final = 0.10  # wording rule 17
DEFAULT_MATTERS: Final = Decimal("0.05")  # of the previous level; DESIGN.md 5


class Kind(StrEnum):
    """The verdicts; the last three are for metrics without a good direction, or that cannot be compared."""

    CLEAR_GAIN = "clear gain"
    SMALL_GAIN = "small gain"
    SAME = "about the same"
    CANNOT_TELL = "cannot tell"
    SMALL_LOSS = "small loss"
    CLEAR_LOSS = "clear loss"
    CLEAR_CHANGE = "clear change"
    SMALL_CHANGE = "small change"
    NOT_COMPARABLE = "not comparable"


class Because(StrEnum):
    """Why a verdict is not a plainer one; closed."""

    NOTHING = ""
    WIDE = "wide"  # the interval holds both nothing and a change that matters
    FEW_CASES = "few_cases"  # under 30 cases in a window
    ONE_OF_MANY = "one_of_many"  # the interval excludes 0, q does not
    SHORT_HISTORY = "short_history"  # a bare value with under 8 past changes
    NO_VALUE_BEFORE = "no_value_before"
    DEFINITION = "definition"
    QUESTION = "question"  # the query or source changed
    WINDOW = "window"  # the windows differ in length
    STALE = "stale"  # the source said after the reading that its data are too old
    GROUPS = "groups"  # other groups were large enough to be compared
    MATURITY = "maturity"  # the share of known outcomes has clearly changed
    OVERLAP = "overlap"  # the windows share a period
    NOT_ASKED = "not_asked"  # the configuration asks for no comparison
    UNSTATED = "unstated"  # the level before was 0 or below, and nobody stated what matters


GAINS: Final = frozenset({Kind.CLEAR_GAIN, Kind.SMALL_GAIN})
LOSSES: Final = frozenset({Kind.CLEAR_LOSS, Kind.SMALL_LOSS})
CHANGES: Final = frozenset({*GAINS, *LOSSES, Kind.CLEAR_CHANGE, Kind.SMALL_CHANGE})
SMALL: Final = frozenset({Kind.SMALL_GAIN, Kind.SMALL_LOSS, Kind.SMALL_CHANGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A metric's value in one window, with what must be equal before two are compared."""

    estimate: Estimate
    measurement: Measurement | None  # the whole's, where there is one
    definition: str
    question: str  # digest of the query
    periods: int = 1  # how many periods the window joins


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judged change, in the metric's unit; differences are now minus before, whichever way is good."""

    kind: Kind
    difference: Decimal | None = None
    low: Decimal | None = None  # ends of the 95 % interval of the difference
    high: Decimal | None = None
    p: float | None = None
    q: float | None = None  # in its family; None outside one
    tested: int = 0  # how many the family holds
    matters: Decimal | None = None
    matters_is_default: bool = False
    because: Because = Because.NOTHING

    @property
    def rose(self) -> bool:
        """Tell whether the level went up; only asked of a change."""
        return self.difference is not None and self.difference > 0

    @property
    def excludes_nothing(self) -> bool:
        """Tell whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def smallest_that_matters(before: Decimal, stated: Decimal | None) -> tuple[Decimal, bool] | None:
    """Give the smallest change that matters and whether it is the default; None where no default exists."""
    if stated is not None:
        return stated, False
    return (before * DEFAULT_MATTERS, True) if before > 0 else None


def difference(now: Level, before: Level, history: Sequence[Decimal | None]) -> Change | None:
    """Compare two levels by the strongest way that their shape allows; None with too short a past.

    history  levels of past periods, oldest first, for a bare value
    source   DESIGN.md 5
    """
    counted = _of_proportions(now.estimate, before.estimate)
    if counted is not None:
        return counted
    samples = _sample(now.measurement), _sample(before.measurement)
    if samples[0] is not None and samples[1] is not None:
        return statistics.welch(samples[0], samples[1])
    spans = _interval(now.estimate), _interval(before.estimate)
    if spans[0] is not None and spans[1] is not None:
        return statistics.square_and_add(
            float(now.estimate.value), spans[0], float(before.estimate.value), spans[1]
        )
    return _of_bare_values(now.estimate, before.estimate, history)


def judge(
    metric: Metric,
    now: Level,
    before: Level | None,
    *,
    matters: Decimal | None,
    history: Sequence[Decimal | None] = (),
) -> Verdict:
    """Judge one change on its own; `in_family` then corrects for how many were tested.

    matters  the product's smallest change that matters; None takes the default
    """
    if before is None:
        return Verdict(kind=Kind.NOT_COMPARABLE, because=Because.NO_VALUE_BEFORE)
    barred = _barred(now, before)
    if barred is not Because.NOTHING:
        return Verdict(kind=Kind.NOT_COMPARABLE, because=barred)
    exact = now.estimate.value - before.estimate.value
    threshold = smallest_that_matters(before.estimate.value, matters)
    if threshold is None:
        return Verdict(kind=Kind.CANNOT_TELL, because=Because.UNSTATED, difference=exact)
    least, is_default = threshold
    change = difference(now, before, history)
    if change is None:
        return Verdict(
            kind=Kind.CANNOT_TELL, because=Because.SHORT_HISTORY, difference=exact,
            matters=least, matters_is_default=is_default,
        )  # fmt: skip
    low, high = Decimal(repr(change.interval.low)), Decimal(repr(change.interval.high))
    verdict = Verdict(
        kind=_kind(metric, low, high, least), difference=exact, low=low, high=high, p=change.p,
        matters=least, matters_is_default=is_default,
    )  # fmt: skip
    if _few(now.estimate) or _few(before.estimate):
        return replace(verdict, kind=Kind.CANNOT_TELL, because=Because.FEW_CASES)
    if verdict.kind is Kind.CANNOT_TELL:
        return replace(verdict, because=Because.WIDE)
    return verdict


def in_family(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Correct a product's verdicts of one closed period for how many were tested (Benjamini-Hochberg).

    verdicts  one a metric, against `previous`
    returns   the same with q; what excludes 0 with q over the limit becomes *cannot tell*
    """
    tested = {key: verdict.p for key, verdict in verdicts.items() if verdict.p is not None}
    qs = dict(zip(tested, statistics.benjamini_hochberg(list(tested.values())), strict=True))
    return {
        key: _corrected(verdict, qs[key], len(tested)) if key in qs else replace(verdict, tested=len(tested))
        for key, verdict in verdicts.items()
    }


def _corrected(verdict: Verdict, q: float, tested: int) -> Verdict:
    counted = replace(verdict, q=q, tested=tested)
    if verdict.kind in CHANGES and q > LARGEST_Q:
        return replace(counted, kind=Kind.CANNOT_TELL, because=Because.ONE_OF_MANY)
    return counted


def _barred(now: Level, before: Level) -> Because:
    if now.definition != before.definition:
        return Because.DEFINITION
    if now.question != before.question:
        return Because.QUESTION
    if now.periods != before.periods:
        return Because.WINDOW
    return Because.GROUPS if _compared_groups(now) != _compared_groups(before) else Because.NOTHING


def _compared_groups(level: Level) -> frozenset[str]:
    """Name the groups that are large enough to be compared: when one comes or goes, a gap says nothing."""
    return frozenset(
        each.group
        for each in level.estimate.groups
        if each.denominator is None or each.denominator >= FEWEST_CASES
    )


def _kind(metric: Metric, low: Decimal, high: Decimal, least: Decimal) -> Kind:
    if metric.direction in {Direction.TARGET, Direction.NONE}:
        return _kind_without_good(low, high, least)
    if metric.direction is Direction.LOWER:
        low, high = -high, -low
    if low > 0:
        return Kind.CLEAR_GAIN if high >= least else Kind.SMALL_GAIN
    if high < 0:
        return Kind.CLEAR_LOSS if low <= -least else Kind.SMALL_LOSS
    return Kind.SAME if low > -least and high < least else Kind.CANNOT_TELL


def _kind_without_good(low: Decimal, high: Decimal, least: Decimal) -> Kind:
    if low > 0 or high < 0:
        return Kind.CLEAR_CHANGE if max(abs(low), abs(high)) >= least else Kind.SMALL_CHANGE
    return Kind.SAME if low > -least and high < least else Kind.CANNOT_TELL


def _of_proportions(now: Estimate, before: Estimate) -> Change | None:
    if (
        now.numerator is None
        or now.denominator is None
        or before.numerator is None
        or before.denominator is None
    ):
        return None
    if not now.denominator or not before.denominator:
        return None
    counts = now.numerator, now.denominator, before.numerator, before.denominator
    _, p = statistics.pooled_z(*counts)
    return Change(float(now.value - before.value), statistics.newcombe(*counts), p)


def _of_bare_values(now: Estimate, before: Estimate, history: Sequence[Decimal | None]) -> Change | None:
    past = [None if value is None else float(value) for value in history]
    changes = sum(1 for a, b in itertools.pairwise(past) if a is not None and b is not None)
    if changes < statistics.FEWEST_PAST_CHANGES:
        return None
    return statistics.change_of_a_bare_value(past, float(now.value), float(before.value))


def _sample(measurement: Measurement | None) -> Sample | None:
    if not isinstance(measurement, Mean) or measurement.n < FEWEST_IN_A_SAMPLE:
        return None
    return Sample(value=float(measurement.value), n=measurement.n, sd=float(measurement.sd))


def _interval(estimate: Estimate) -> Interval | None:
    """Give the ends that a change is tested with: an amount's hold the spread of its counts too."""
    if estimate.tested is not None:
        low, high = estimate.tested
        return Interval(low=float(low), high=float(high))
    if estimate.low is None or estimate.high is None:
        return None
    return Interval(low=float(estimate.low), high=float(estimate.high))


def _few(estimate: Estimate) -> bool:
    cases = estimate.denominator if estimate.denominator is not None else estimate.n
    return cases is not None and cases < FEWEST_CASES
