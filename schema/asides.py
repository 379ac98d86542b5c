"""Everything that is said beside a metric's own statement, for one reader."""

from schema import texts
from schema.judgements import Compared
from schema.metrics import Audience
from schema.mixes import gap_told, mix_told
from schema.operating_points import limits_told
from schema.other_sources import sources_told
from schema.paces import crowd_in_full, pace_in_full
from schema.pages import Page
from schema.products import Previous
from schema.remarks import Remark
from schema.statements.levels import PLAIN_READERS
from schema.texts import Text
from schema.trends import course_in_full, floor_in_full, inputs


def asides(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, short: bool = False,
    named: bool = False, counter: bool = False,
) -> tuple[Remark, ...]:  # fmt: skip
    """List what stands beside a statement, in reading order; what belongs to no change is said once, not a window.

    short     for a digest's parent
    named     another metric stands in the same paragraph, so say which one is meant
    counter   the metric is told as another one's other side
    """
    mix = mix_told(page, key, audience, compared, short=short, named=named)
    newest = compared is None or compared.comparison == Previous()
    gap = gap_told(page, key, audience, compared, counter=counter)
    rest = (
        (sources_told(page, key, audience, named=named),
         limits_told(page, key, audience, named=named), *_seen(page, key, audience))
        if newest else ()
    )  # fmt: skip
    return tuple(each for each in (mix, gap, *rest) if each)


def _seen(page: Page, key: str, audience: Audience) -> tuple[Remark, ...]:
    """Say what shows in a metric's past, goal and groups; plain readers get it where it is worth its own paragraph."""
    if audience in PLAIN_READERS:
        return (inputs(page, key),)
    return (
        course_in_full(page, key), floor_in_full(page, key), inputs(page, key), pace_in_full(page, key),
        crowd_in_full(page, key),
    )  # fmt: skip


def aside(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, short: bool = False,
    named: bool = False, counter: bool = False,
) -> Text:  # fmt: skip
    """Say what stands beside a statement."""
    return texts.join(
        [
            each.text
            for each in asides(page, key, audience, compared, short=short, named=named, counter=counter)
        ]
    )
