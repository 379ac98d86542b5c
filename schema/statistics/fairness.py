"""Gaps between groups, from each group's counts.

A gap is a prompt for review, never a finding. Source: METRICS.md 4.3 and (f) 17.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schema.statistics.certainty import Interval, newcombe, ratio_interval
from schema.statistics.confusion import Confusion
from schema.statistics.figures import demand_part

FEWEST_TO_RANK = 30  # METRICS.md (b) 42: a smaller group gets no rank and no percent
FEWEST_TO_SHOW = 10  # a smaller group is withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Some cases of a group, out of all of them."""

    hits: int
    cases: int

    def __post_init__(self) -> None:
        demand_part(self.hits, self.cases)

    @property
    def share(self) -> float:
        return self.hits / self.cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The distance between the groups with the highest and the lowest rate."""

    highest: str
    lowest: str
    difference: float  # highest - lowest, a share
    interval: Interval  # of the difference, by Newcombe


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The lowest rate over the highest."""

    value: float  # 0–1
    interval: Interval | None  # log interval; None where the lowest rate is 0 or all are 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OddsGaps:
    """Gaps in the two error rates; the larger is the equalized odds difference."""

    tpr: Gap
    fpr: Gap

    @property
    def difference(self) -> float:
        return max(self.tpr.difference, self.fpr.difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstGroup:
    """The group with the lowest rate among those large enough to rank."""

    name: str
    rate: Rate
    unranked: tuple[str, ...]  # names of the smaller groups


def gap(rates: Mapping[str, Rate], *, confidence: float = 0.95) -> Gap:
    """Give the largest difference between two groups' rates; ties go to the earlier group.

    raises   ValueError with fewer than two groups
    """
    highest, lowest = _ends(rates)
    high, low = rates[highest], rates[lowest]
    return Gap(
        highest=highest,
        lowest=lowest,
        difference=high.share - low.share,
        interval=newcombe(high.hits, high.cases, low.hits, low.cases, confidence=confidence),
    )


def ratio(rates: Mapping[str, Rate], *, confidence: float = 0.95) -> Ratio:
    """Give the smallest ratio between two groups' rates.

    raises   ValueError with fewer than two groups, or when every rate is 0
    """
    highest, lowest = _ends(rates)
    high, low = rates[highest], rates[lowest]
    if not high.hits:
        raise ValueError("Every group's rate is 0, so no ratio exists.")
    sure = low.hits and low.hits < low.cases
    interval = (
        ratio_interval(low.hits, low.cases, high.hits, high.cases, confidence=confidence) if sure else None
    )
    return Ratio(value=(low.hits * high.cases) / (low.cases * high.hits), interval=interval)


def odds_gaps(groups: Mapping[str, Confusion], *, confidence: float = 0.95) -> OddsGaps:
    """Give the gaps in true and false positive rates.

    raises   ValueError when a group has no positive or no negative cases
    """
    tpr = {name: Rate(hits=g.tp, cases=g.positives) for name, g in groups.items()}
    fpr = {name: Rate(hits=g.fp, cases=g.negatives) for name, g in groups.items()}
    return OddsGaps(tpr=gap(tpr, confidence=confidence), fpr=gap(fpr, confidence=confidence))


def worst_group(rates: Mapping[str, Rate], *, fewest: int = FEWEST_TO_RANK) -> WorstGroup:
    """Give the group served worst, leaving out those too small to rank.

    raises   ValueError when no group has enough cases
    """
    ranked = {name: rate for name, rate in rates.items() if rate.cases >= fewest}
    if not ranked:
        raise ValueError(f"No group has the {fewest} cases that a rank needs.")
    name = min(ranked, key=lambda group: ranked[group].share)
    unranked = tuple(group for group in rates if group not in ranked)
    return WorstGroup(name=name, rate=ranked[name], unranked=unranked)


def _ends(rates: Mapping[str, Rate]) -> tuple[str, str]:
    if len(rates) < 2:
        raise ValueError("A gap takes at least two groups.")
    highest = max(rates, key=lambda group: rates[group].share)
    others = (group for group in rates if group != highest)
    return highest, min(others, key=lambda group: rates[group].share)
