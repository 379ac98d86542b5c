"""An agreed target in words."""

from schema import texts
from schema.metrics import Audience
from schema.pages import Page
from schema.statements import levels
from schema.statements.subjects import stated
from schema.texts import Text


def agreed(page: Page, key: str, audience: Audience) -> Text:
    """Say where a metric is meant to be; nothing where no target is agreed."""
    target = page.product.metrics[key].target
    metric = page.catalogue[key]
    if target is None:
        return Text(())
    told = audience is not Audience.ENGINEER  # engineers read the score itself
    shown = {
        name: levels.constant(end, "target", shown=stated(end, metric, page.product.currency, as_told=told))
        for name, end in (("low", target.low), ("high", target.high))
        if end is not None
    }
    if len(shown) > 1:
        return texts.fill("The agreed target is {low} to {high}.", shown)
    return texts.fill(
        "The agreed target is at least {low}." if "low" in shown else "The agreed target is at most {high}.",
        shown,
    )
