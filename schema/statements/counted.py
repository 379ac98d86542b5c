"""Counted things as figures: so many cases, so many of every so many."""

from decimal import Decimal

from schema import facts
from schema.facts import Fact, Kind
from schema.metrics import Metric

BEFORE = "before"
NOW = "now"
CHANGE = "change"
FEWEST_FOR_SHARES = 30  # wording rule 18


def count(metric: Metric, at: str, function: str, value: int, *, group: str = "") -> Fact:
    """Show counted things."""
    of, shown = f"{metric.key}/{at}", f"{value:,}"
    return Fact(of=of, function=function, kind=Kind.COUNT, value=Decimal(value), shown=shown, group=group)


def base_figure(metric: Metric, at: str, base: int) -> Fact:
    """Show a base itself."""
    return Fact(
        of=f"{metric.key}/{at}", function="base", kind=Kind.BASE, value=Decimal(base), shown=f"{base:,}"
    )


def per(
    metric: Metric, at: str, value: Decimal, base: int, *, function: str = "per", group: str = ""
) -> Fact:
    """Show a share as so many of every base; some never look like none, nor all but some like all."""
    found = facts.per(value, base)
    if found == 0 and value > facts.DUST:
        shown = f"under {1:,}"
    elif found == base and value < 1 - facts.DUST:
        shown = f"over {base - 1:,}"
    else:
        shown = f"{found:,}"
    return Fact(
        of=f"{metric.key}/{at}", function=function, kind=Kind.PER, value=value, unit="per", base=base,
        shown=shown, group=group,
    )  # fmt: skip
