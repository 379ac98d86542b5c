"""The digest of a product and period: a short parent, and sections for its thread."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schema import texts
from schema.briefs import Paragraph, Section, compose, how_judged, longer, paragraph
from schema.facts import Kind, number
from schema.headlines import asked, headline, is_asked_for_longer
from schema.insights import Topic
from schema.metrics import Audience, Unit
from schema.pages import Page
from schema.periods import Period
from schema.statements import levels
from schema.texts import Text

MOST_LINES: Final = 6  # of a parent
MOST_CHARTS: Final = 2  # Slack's limit a message; SLACK.md fact 44
FEWEST_POINTS: Final = 4
MOST_POINTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One metric over the last periods; values are in the shown unit, None is a gap."""

    metric: str
    title: str
    unit: str  # `%`, `minutes` …
    labels: tuple[str, ...]  # oldest first
    values: tuple[Decimal | None, ...]
    words: Text  # the same in words, for those who cannot see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Standup:
    """A digest, ready to be shown; every text is plain and not yet escaped."""

    product: str
    period: Period
    parent: tuple[Paragraph, ...]  # at most six lines; the first is the headline
    sections: tuple[Section, ...]
    charts: tuple[Chart, ...]
    fallback: Text  # notification and screen readers


def compose_standup(page: Page) -> Standup:
    """Compose the digest: the verdict, what moved and what is asked in the parent, the rest for the thread."""
    top = headline(page)
    closing = Paragraph(label="", text=asked(page))
    said = [
        paragraph(page, insight, Audience.EXECUTIVE, short=True)
        for insight in page.ranked.said
        if insight.topic is not Topic.NOT_FIT
    ]
    leads = _leads(page, said)
    parent = (Paragraph(label="", text=top), *leads, closing)
    return Standup(
        product=page.product.key, period=page.period, parent=parent, sections=_thread(page, leads),
        charts=charts(page), fallback=texts.join((top, closing.text)),
    )  # fmt: skip


def _leads(page: Page, said: Sequence[Paragraph]) -> tuple[Paragraph, ...]:
    """Choose what the parent says: this period's insights; of a longer time what is asked about, or both sides of it."""
    most = MOST_LINES - 3
    if said and not is_asked_for_longer(page):
        return tuple(said[:most])
    over = longer(page, Audience.EXECUTIVE, short=True)
    if said:
        return (*said[: most - 1], *over[:1])
    other = (each for each in over[1:] if each.label != over[0].label)
    return (*over[:1], *itertools.islice(other, 1))


def _thread(page: Page, leads: tuple[Paragraph, ...]) -> tuple[Section, ...]:
    """Say what the parent had no room for; the engineer's figures are one button away."""
    told = {str(each.text) for each in leads}
    sections = [*compose(page, Audience.EXECUTIVE).sections, how_judged(page)]
    fresh = [
        replace(each, paragraphs=tuple(line for line in each.paragraphs if str(line.text) not in told))
        for each in sections
    ]
    return tuple(each for each in fresh if each.paragraphs)


def charts(page: Page) -> tuple[Chart, ...]:
    """Draw the metrics that moved, at most two."""
    wanted = dict.fromkeys((*(insight.metric for insight in page.ranked.said), *page.product.shown))
    found = (_chart(page, key) for key in wanted if key in page.judged)
    return tuple(chart for chart in found if chart is not None)[:MOST_CHARTS]


def _chart(page: Page, key: str) -> Chart | None:
    judgement = page.judged[key]
    metric = page.catalogue[key]
    history = judgement.history[-MOST_POINTS:]
    known = [value for value in history if value is not None]
    if len(known) < FEWEST_POINTS:
        return None
    calendar = page.product.calendar
    periods = calendar.back(page.period, len(history))
    share = metric.unit is Unit.SHARE
    values = tuple(None if value is None else (value * 100 if share else value) for value in history)
    low, high = (
        levels.figure(
            f"{key}/history", which, Kind.LEVEL, end, shown=levels.show(metric, end, page.product.currency),
            unit=metric.unit.value,
        )
        for which, end in (("low", min(known)), ("high", max(known)))
    )  # fmt: skip
    words = texts.fill("Between {low} and {high} in these {count} {unit}s.", {
        "low": low, "high": high, "unit": page.product.cadence.value,
        "count": levels.constant(Decimal(len(known)), "periods", shown=number(Decimal(len(known)), 0)),
    })  # fmt: skip
    return Chart(
        metric=key, title=metric.name, unit=_axis(metric.unit, metric.unit_name, page.product.currency),
        labels=tuple(_label(page, each) for each in periods), values=values, words=words,
    )  # fmt: skip


def _axis(unit: Unit, unit_name: str, currency: str) -> str:
    if unit is Unit.SHARE:
        return "%"
    if unit is Unit.MONEY:
        return currency
    return unit_name or ("" if unit in {Unit.SCORE, Unit.COUNT} else unit.value)


def _label(page: Page, period: Period) -> str:
    first = period.start.astimezone(page.product.zoneinfo).date()
    return f"{first.day} {('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')[first.month - 1]}"
