"""What follows from one measurement a group. A gap prompts a review; it is never a finding.

Groups under 10 are withheld and counted; groups under 30 are shown without a rank. Source: METRICS.md 4.3.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final

from schema.estimates.counts import counts_of, total
from schema.estimates.values import (
    Assumptions,
    Estimate,
    GroupEstimate,
    NotEstimable,
    amount,
    around,
    count,
    misshapen,
)
from schema.metrics import Metric
from schema.readings import BlankReason, Confusion, Inputs, Measurement
from schema.statistics.certainty import newcombe, ratio_interval, wilson
from schema.statistics.fairness import FEWEST_TO_RANK, FEWEST_TO_SHOW

Rates = dict[str, tuple[int, int]]  # hits and cases a group
Pick = Callable[[Confusion], tuple[int, int]]
Groups = Mapping[str, Measurement]

RATES: Final[Mapping[str, Pick]] = {
    "selection_gap": lambda c: (c.tp + c.fp, total(c)),
    "selection_ratio": lambda c: (c.tp + c.fp, total(c)),
    "recall_gap": lambda c: (c.tp, c.tp + c.fn),
    "false_alarm_gap": lambda c: (c.fp, c.fp + c.tn),
    "worst_group_recall": lambda c: (c.tp, c.tp + c.fn),
}


def gap(metric: Metric, groups: Groups, _: Assumptions) -> Estimate:
    """Give the highest less the lowest rate, with Newcombe's interval."""
    return _gap(_rates(groups, RATES[metric.function]))


def ratio(metric: Metric, groups: Groups, _: Assumptions) -> Estimate:
    """Give the lowest over the highest rate, with the log interval where it exists."""
    rates = _rates(groups, RATES[metric.function])
    (a, n), (b, m), shown, parts = _ends(rates)
    if not a:
        raise NotEstimable(
            BlankReason.EMPTY, "Nobody was chosen in any group, so there is nothing to compare."
        )
    value = Decimal(b * n) / (m * a)
    cases = sum(g.denominator or 0 for g in shown if _ranks(g.denominator))
    if not b or (a == n and b == m):  # the logarithm has no interval there
        return Estimate(value=value, n=cases, parts=parts, groups=shown)
    low, high = around(value, ratio_interval(b, m, a, n))
    return Estimate(value=value, low=low, high=high, n=cases, method="log", parts=parts, groups=shown)


def error_gap(metric: Metric, groups: Groups, _: Assumptions) -> Estimate:
    """Give the wider of the gaps in misses and in false alarms; the groups show the mistakes of that side."""
    if not all(isinstance(measurement, Confusion) for measurement in groups.values()):
        raise misshapen(f"{metric.name} takes counts of right and wrong decisions for each group.")
    misses = _gap(_rates(groups, lambda c: (c.fn, c.tp + c.fn)))
    false_alarms = _gap(_rates(groups, lambda c: (c.fp, c.fp + c.tn)))
    wider = misses if misses.value >= false_alarms.value else false_alarms
    both = {"tpr_gap": misses.value, "fpr_gap": false_alarms.value}
    return Estimate(
        value=wider.value,
        low=wider.low,
        high=wider.high,
        n=wider.n,
        method=wider.method,
        parts={**wider.parts, **both},
        groups=wider.groups,
    )


def worst_group_recall(metric: Metric, groups: Groups, _: Assumptions) -> Estimate:
    """Give the lowest recall among the groups large enough to rank."""
    shown, parts = _shown(_rates(groups, RATES[metric.function]))
    ranked = [group for group in shown if _ranks(group.denominator)]
    if not ranked:
        raise _too_small("groups")
    worst = ranked[-1]
    return Estimate(
        value=worst.value,
        low=worst.low,
        high=worst.high,
        numerator=worst.numerator,
        denominator=worst.denominator,
        n=worst.denominator,
        method="Wilson",
        parts=parts,
        groups=shown,
    )


def calibration_gap(metric: Metric, groups: Groups, _: Assumptions) -> Estimate:
    """Give the widest distance, in any ranked group, of the mean stated chance from what happened."""
    gaps = [_distance(metric, name, inputs) for name, inputs in groups.items()]
    shown, parts = _ordered(gaps)
    ranked = [group for group in shown if _ranks(group.denominator)]
    if not ranked:
        raise _too_small("groups")
    widest = ranked[0]
    return Estimate(
        value=widest.value,
        low=widest.low,
        high=widest.high,
        n=sum(group.denominator or 0 for group in ranked),
        method="Wilson",
        parts=parts,
        groups=shown,
    )


def _gap(rates: Rates) -> Estimate:
    (a, n), (b, m), shown, parts = _ends(rates)
    value = Decimal(a * m - b * n) / (n * m)
    low, high = around(value, newcombe(a, n, b, m))
    cases = sum(g.denominator or 0 for g in shown if _ranks(g.denominator))
    return Estimate(value=value, low=low, high=high, n=cases, method="Newcombe", parts=parts, groups=shown)


def _rates(groups: Groups, pick: Pick) -> Rates:
    return {name: counts_of(measurement, pick) for name, measurement in groups.items()}


def _ends(
    rates: Rates,
) -> tuple[tuple[int, int], tuple[int, int], tuple[GroupEstimate, ...], dict[str, Decimal]]:
    shown, parts = _shown(rates)
    ranked = [group.group for group in shown if _ranks(group.denominator)]
    if len(ranked) < 2:
        raise _too_small("groups to compare")
    return rates[ranked[0]], rates[ranked[-1]], shown, parts


def _shown(rates: Rates) -> tuple[tuple[GroupEstimate, ...], dict[str, Decimal]]:
    return _ordered(_of_group(name, hits, cases) for name, (hits, cases) in rates.items())


def _ordered(
    groups: Iterable[GroupEstimate | None],
) -> tuple[tuple[GroupEstimate, ...], dict[str, Decimal]]:
    """Put those too small to rank first, by name, then the ranked ones, highest first; count the withheld."""
    found = list(groups)
    kept = [group for group in found if group is not None]
    ranked = sorted((g for g in kept if _ranks(g.denominator)), key=lambda g: (-g.value, g.group))
    unranked = sorted((g for g in kept if not _ranks(g.denominator)), key=lambda g: g.group)
    parts = {
        "ranked_groups": Decimal(len(ranked)),
        "unranked_groups": Decimal(len(unranked)),
        "withheld_groups": Decimal(len(found) - len(kept)),
    }
    return (*unranked, *ranked), parts


def _of_group(name: str, hits: int, cases: int) -> GroupEstimate | None:
    if cases < FEWEST_TO_SHOW:
        return None
    value = Decimal(hits) / cases
    low, high = around(value, wilson(hits, cases))
    return GroupEstimate(group=name, value=value, numerator=hits, denominator=cases, low=low, high=high)


def _distance(metric: Metric, name: str, measurement: Measurement) -> GroupEstimate | None:
    if not isinstance(measurement, Inputs):
        raise misshapen(f"{metric.name} takes named inputs for each group.")
    stated, happened, cases = (
        amount(measurement, "stated"),
        count(measurement, "happened"),
        count(measurement, "cases"),
    )
    if stated > 1 or happened > cases:
        raise misshapen(f"{metric.name} was given an impossible chance or count.")
    seen = _of_group(name, happened, cases)
    if seen is None or seen.low is None or seen.high is None:
        return None
    away = abs(stated - seen.low), abs(stated - seen.high)
    low = Decimal(0) if seen.low <= stated <= seen.high else min(away)
    return GroupEstimate(
        group=name,
        value=abs(stated - seen.value),
        numerator=happened,
        denominator=cases,
        low=low,
        high=max(away),
    )


def _ranks(cases: int | None) -> bool:
    return cases is not None and cases >= FEWEST_TO_RANK


def _too_small(what: str) -> NotEstimable:
    return NotEstimable(BlankReason.EMPTY, f"There are too few {what} that are large enough to rank.")
