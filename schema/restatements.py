"""What the digest before said and what is known of it now: the first thing that the next one says (insight 20)."""

from collections.abc import Sequence
from decimal import Decimal

from schema import texts
from schema.blanks import plain_name
from schema.facts import Fact, Kind
from schema.pages import Page
from schema.statements import levels
from schema.texts import Text


def restated(page: Page, key: str) -> Text:
    """Say one figure as the last post said it, and as it is known now."""
    each, unit = page.restated[key], page.product.cadence.value
    if not each.now:
        return texts.fill(
            f"The {unit} before was told as: {{posted}}. That figure was taken back.",
            {"posted": as_told(key, each.posted)},
        )
    return texts.fill(
        f"The {unit} before was told as: {{posted}}. It was: {{now}}.",
        {"posted": as_told(key, each.posted), "now": as_told(key, each.now)},
    )


def restated_together(page: Page, keys: Sequence[str]) -> Text:
    """Count several figures and name one; the thread has each."""
    count = levels.constant(Decimal(len(keys)), "corrections")
    return texts.fill(
        f"{{count}} figures of the {page.product.cadence.value} before were corrected, among them {{first}}."
        " The thread has old and new values of each.",
        {"count": count, "first": plain_name(page, keys[0])},
    )


def as_told(metric: str, words: str) -> Fact:
    """Hold what a post said, as it said it."""
    return Fact(of=f"{metric}/told", function="told", kind=Kind.NAME, value=None, shown=words)
