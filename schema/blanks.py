"""Why there is no figure, in words; and what a metric is called in a product's own words."""

from collections.abc import Mapping
from typing import Final

from schema import facts, texts
from schema.facts import Fact, Kind
from schema.pages import Page
from schema.readings import Blank, BlankReason
from schema.statements import levels
from schema.texts import Text

WHY_BLANK: Final[Mapping[BlankReason, str]] = {
    BlankReason.NOT_FOUND: "the source does not know it",
    BlankReason.EMPTY: "the source has no records for that time",
    BlankReason.STALE: "the newest data are too old",
    BlankReason.PARTIAL: "the data for that time are not complete",
    BlankReason.TRUNCATED: "the source cut its answer short",
    BlankReason.NAN: "the source gave something that is not a number",
    BlankReason.FORBIDDEN: "the source refused access",
    BlankReason.RATE_LIMITED: "the source asked us to come back later",
    BlankReason.CHANGED_DEFINITION: "the definition has changed",
    BlankReason.SOURCE_ERROR: "the source did not answer as it should",
}


def why_blank(page: Page, key: str) -> Text:
    """Say that a metric has no figure, and why."""
    blank = page.judged[key].blank
    metric = page.catalogue[key]
    plain = levels.phrase(metric.plain, metric, page.language())
    if blank is None:
        return texts.fill("{plain} has a figure.", {"plain": plain})
    return texts.fill("there is no figure for {plain}: {why}.", {"plain": plain, "why": why(page, blank)})


def why(page: Page, blank: Blank) -> Text:
    """Say why there is no figure, without a full stop: in words of ours where its source did answer."""
    expired = _expired(page, blank)
    if expired:
        return texts.fill("what it rests on has expired: {means}", {"means": facts.name(expired)})
    if ours(blank):
        detail = blank.detail.removesuffix(".")
        return texts.fill("{detail}", {"detail": facts.name(detail[:1].lower() + detail[1:])})
    if blank.reason is BlankReason.STALE and blank.newest_at is not None:
        reach = facts.day(blank.newest_at.astimezone(page.product.zoneinfo).date())
        fact = Fact(of="source", function="newest", kind=Kind.TIME, value=None, shown=reach)
        return texts.fill("the newest data are of {day}, which is too old", {"day": fact})
    return texts.plain(WHY_BLANK[blank.reason])


def ours(blank: Blank) -> bool:
    """Tell whether nothing follows from what the source gave; what a source itself says names the source."""
    return blank.reason in OURS and blank.source not in blank.detail


OURS: Final = frozenset({BlankReason.EMPTY, BlankReason.NOT_FOUND, BlankReason.PARTIAL})


def _expired(page: Page, blank: Blank) -> str:
    """Name the first assumption behind a metric that no longer holds; empty where all do."""
    needed = page.catalogue[blank.metric].needs if ours(blank) else ()
    known = (page.product.assumptions.get(name) for name in needed)
    return next((str(each.means) for each in known if each is not None and each.expired(page.today)), "")


def plain_name(page: Page, key: str) -> Text:
    """Call a metric what an executive calls it."""
    metric = page.catalogue[key]
    return levels.phrase(metric.plain, metric, page.language())
