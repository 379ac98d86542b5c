"""What changed since a milestone or some periods ago, what was lost first; what there is no room for is named."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from schema import texts
from schema.blanks import plain_name
from schema.headlines import LABELS, span
from schema.judgements import Compared
from schema.longer_moves import Moved, moved_over_longer
from schema.metrics import Audience
from schema.pages import Page
from schema.paragraphs import Paragraph
from schema.saying import Place, places, say
from schema.texts import Text
from schema.trends import still

MOST: Final = 6  # of them are told with their figures; the rest stands in the engineer's page


def longer(page: Page, audience: Audience) -> list[Paragraph]:
    """Say what changed over a longer time, where that is asked for."""
    moved = moved_over_longer(page)
    return [*_in_order(page, moved[:MOST], audience, short=False), *_named(page, moved[MOST:])]


def both_sides(page: Page) -> list[Paragraph]:
    """Say for a digest's parent what weighs most over a longer time, and the first that came out otherwise."""
    moved = moved_over_longer(page)
    other = [each for each in moved if (each.weight, each.kind) != (moved[0].weight, moved[0].kind)]
    return _in_order(page, [*moved[:1], *other[:1]], Audience.EXECUTIVE, short=True)


def _in_order(page: Page, moved: Iterable[Moved], audience: Audience, *, short: bool) -> list[Paragraph]:
    found: list[Paragraph] = []
    above: set[Place] = set()
    for each in moved:
        said = say(page, each.metric, audience, each.compared, short=short, above=above)
        found.append(_told(page, audience, said, each.compared))
        above |= places(said)
    return found


def _told(page: Page, audience: Audience, said: Paragraph, compared: Compared) -> Paragraph:
    if audience is not Audience.EXECUTIVE:
        return said
    return replace(said, text=texts.join((said.text, still(page, said.metrics[0], compared))))


def _named(page: Page, moved: Iterable[Moved]) -> list[Paragraph]:
    """Name what there is no room for, window by window, with what the headline counts it as."""
    by_window: dict[str, list[Moved]] = {}
    for each in moved:
        by_window.setdefault(each.compared.comparison.key, []).append(each)
    return [
        Paragraph(
            label="",
            text=texts.fill(ALSO, {
                "span": span(page, each[0].metric, each[0].compared),
                "them": texts.join([_name(page, one) for one in each], "; "),
            }),
            metrics=tuple(one.metric for one in each),
        )
        for each in by_window.values()
    ]  # fmt: skip


def _name(page: Page, moved: Moved) -> Text:
    return texts.fill(f"{{plain}} ({LABELS[moved.kind].lower()})", {"plain": plain_name(page, moved.metric)})


ALSO: Final = "Also moved {span}, with figures on the page for engineers: {them}."
