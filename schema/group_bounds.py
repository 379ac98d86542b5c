"""How bad a figure that compares groups may be, whichever groups turn out to be the ones that differ most.

The interval of a gap is that of the two groups at its ends. A smaller group between them may reach further, and a limit
has to hold for it too; else a group that gets better could turn a pass into a fail.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Final, TypeAlias

from schema.estimates.estimating import Estimate, GroupEstimate
from schema.limits import Held
from schema.metrics import Form, Metric, Unit
from schema.statements.gaps import ranked
from schema.statistics.certainty import newcombe, ratio_interval

MOST_A_SIDE: Final = 20
WITHHELD: Final = "withheld_groups"
Counts: TypeAlias = tuple[int, int]  # of how many


def widened(given: Held, metric: Metric, estimate: Estimate) -> Held:
    """Let the ends of an interval reach as far as those of any two groups that are large enough to be compared."""
    if given.low is None or given.high is None:
        return given
    if metric.form is Form.WORST:
        lows = [each.low for each in ranked(estimate) if each.low is not None]
        return replace(given, low=min([given.low, *lows]))
    if metric.form is not Form.GAP:
        return given
    if metric.unit is Unit.SHARE:
        gaps = (newcombe(*one, *other).high for one, other in _pairs(estimate))
        return replace(given, high=max([given.high, *map(_exact, gaps)]))
    ratios = (ratio_interval(*one, *other).low for one, other in _pairs(estimate) if _has_ratio(one, other))
    return replace(given, low=min([given.low, *map(_exact, ratios)]))


def hidden(estimate: Estimate) -> bool:
    """Tell whether a group is so small that its figure is withheld."""
    return estimate.parts.get(WITHHELD, Decimal(0)) > 0


def _pairs(estimate: Estimate) -> Iterator[tuple[Counts, Counts]]:
    counts = [
        (each.numerator, each.denominator)
        for each in _extreme(ranked(estimate))
        if each.numerator is not None and each.denominator is not None
    ]
    return permutations(counts, 2)


def _extreme(groups: list[GroupEstimate]) -> list[GroupEstimate]:
    """Keep the groups that reach highest and lowest; pairs of a thousand others would take seconds."""
    if len(groups) <= 2 * MOST_A_SIDE:
        return groups
    by_high = sorted(groups, key=lambda each: each.value if each.high is None else each.high, reverse=True)
    by_low = sorted(groups, key=lambda each: each.value if each.low is None else each.low)
    kept = {each.group: each for each in (*by_high[:MOST_A_SIDE], *by_low[:MOST_A_SIDE])}
    return list(kept.values())


def _has_ratio(one: Counts, other: Counts) -> bool:
    return bool(one[0] and other[0]) and not (one[0] == one[1] and other[0] == other[1])


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))
