"""Everything that is said beside a metric's own statement, for one reader."""

from schema import texts
from schema.judgements import Compared
from schema.limits import limits_told
from schema.metrics import Audience
from schema.mixes import gap_told, mix_told
from schema.other_sources import sources_told
from schema.pages import Page
from schema.products import Previous
from schema.remarks import Remark
from schema.texts import Text


def asides(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, short: bool = False,
    named: bool = False,
) -> tuple[Remark, ...]:  # fmt: skip
    """List what stands beside a statement, in reading order; what belongs to no change is said once, not a window.

    short   for a digest's parent
    named   another metric stands in the same paragraph, so say which one is meant
    """
    mix = mix_told(page, key, audience, compared, short=short, named=named)
    newest = compared is None or compared.comparison == Previous()
    rest = (
        (gap_told(page, key, audience, short=short), sources_told(page, key, audience, named=named),
         limits_told(page, key, audience, named=named))
        if newest else ()
    )  # fmt: skip
    return tuple(each for each in (mix, *rest) if each)


def aside(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, short: bool = False,
    named: bool = False,
) -> Text:  # fmt: skip
    """Say what stands beside a statement."""
    return texts.join([each.text for each in asides(page, key, audience, compared, short=short, named=named)])
