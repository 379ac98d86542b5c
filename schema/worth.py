"""Where a money conclusion turns, and between which ends a figure lies (METRICS.md (f) 5-7)."""

from collections.abc import Mapping
from decimal import Decimal

from schema import facts, texts
from schema.facts import Kind
from schema.metrics import Unit
from schema.pages import Page
from schema.statements import levels
from schema.texts import Text


def flip(page: Page, key: str) -> Text:
    """Say at which share of right flags and at which cost of a wrong one it no longer pays."""
    parts = _parts(page, key)
    if "break_even" not in parts:
        return Text(())
    return texts.join((_break_even(page, key, parts["break_even"]), _dearest_mistake(page, key, parts)))


def _parts(page: Page, key: str) -> Mapping[str, Decimal]:
    now = page.judged[key].now
    return now.level.estimate.parts if now else {}


def _break_even(page: Page, key: str, least: Decimal) -> Text:
    """Say which share of right flags it takes, rounded up: what is under it does not pay."""
    metric = page.catalogue[key]
    flags = levels.phrase("{flags}", metric, page.language())
    if least > 1:
        return texts.fill("It would not pay even if all {flags} were right.", {"flags": flags})
    base = facts.base_for_end(least)
    if base is None:
        return Text(())  # it pays whatever the share
    place, count = f"{key}/now", facts.outward(least, base, low=False)
    return texts.fill("It pays while at least {count} of every {base} {flags} are right.", {
        "count": levels.figure(place, "break_even", Kind.PER, least, shown=f"{count:,}", base=base),
        "base": levels.figure(place, "base", Kind.BASE, Decimal(base), shown=f"{base:,}"),
        "flags": flags,
    })  # fmt: skip


def _dearest_mistake(page: Page, key: str, parts: Mapping[str, Decimal]) -> Text:
    cost = parts.get("flip_friction_cost")
    if not cost:
        return Text(())
    least = facts.floored(cost, levels.MONEY_DIGITS)
    shown = facts.money(least, page.product.currency, digits=levels.MONEY_DIGITS)
    fact = levels.figure(f"{key}/now", "flip", Kind.LEVEL, cost, shown=shown, unit=Unit.MONEY.value)
    return texts.fill("It pays while a wrong alert costs under {cost}.", {"cost": fact})


def span(page: Page, key: str) -> Text:
    """Say the low and the high end where silence may count either way; ends that do not hold the figure say nothing."""
    parts, metric, now = _parts(page, key), page.catalogue[key], page.judged[key].now
    if now is None or not {"low_end", "high_end"} <= parts.keys():
        return Text(())
    ends = {}
    for which in ("low_end", "high_end"):
        shown = levels.show(metric, parts[which], page.product.currency, digits=levels.MONEY_DIGITS)
        ends[which] = levels.figure(
            f"{key}/now", which, Kind.LEVEL, parts[which], shown=shown, unit=metric.unit.value
        )
    holds = parts["low_end"] <= now.level.estimate.value <= parts["high_end"]
    if not holds or ends["low_end"].shown == ends["high_end"].shown:
        return Text(())
    return texts.fill(
        "It lies between {low_end} and {high_end}: it depends on how many silent people were helped.", ends
    )
