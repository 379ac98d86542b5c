"""An agreed target in words."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from schema import texts
from schema.metrics import Audience, Unit
from schema.pages import Page, subject
from schema.statements import levels
from schema.statements.counted import base_figure, per
from schema.statements.subjects import stated
from schema.texts import Filling, Text


def agreed(page: Page, key: str, audience: Audience) -> Text:
    """Say where a metric is meant to be; nothing where no target is agreed."""
    target = page.product.metrics[key].target
    metric = page.catalogue[key]
    if target is None:
        return Text(())
    told = audience is not Audience.ENGINEER  # engineers read the score itself
    ends = {name: end for name, end in (("low", target.low), ("high", target.high)) if end is not None}
    base = _base(page, key, ends.values()) if audience in levels.PLAIN_READERS else None
    shown: dict[str, Filling] = {
        name: levels.constant(end, "target", shown=stated(end, metric, page.product.currency, as_told=told))
        if base is None
        else texts.fill("{count} of every {base}", {
            "count": per(metric, AT, end, base, function="target"), "base": base_figure(metric, AT, base),
        })
        for name, end in ends.items()
    }  # fmt: skip
    if len(shown) > 1:
        return texts.fill("The agreed target is {low} to {high}.", shown)
    return texts.fill(
        "The agreed target is at least {low}." if "low" in shown else "The agreed target is at most {high}.",
        shown,
    )


def _base(page: Page, key: str, ends: Iterable[Decimal]) -> int | None:
    """Give the denominator that the share beside it is told of; None where that does not show the target exactly."""
    about = subject(page, key)
    if about.shown or about.metric.unit is not Unit.SHARE or not levels.is_share(about.itself):
        return None
    base = levels.base_of(about, about.itself)
    return base if base is not None and all(end * base == int(end * base) for end in ends) else None


AT: Final = "target"
