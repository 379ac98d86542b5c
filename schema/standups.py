"""The digest of a product and period: a short parent, and sections for its thread."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schema import delays, facts, records, texts, voices
from schema.blanks import plain_name
from schema.briefs import REST, Paragraph, Section, compose, how_judged, paragraphs
from schema.consequences import consequence
from schema.facts import Fact, Kind, number
from schema.headlines import TOPIC_LABELS, asked, headline, is_asked_for_longer
from schema.insights import Topic
from schema.longer_times import both_sides
from schema.metrics import Audience, Unit
from schema.pages import Page
from schema.periods import Period
from schema.restatements import restated, restated_together
from schema.ripeness import still_open
from schema.statements import levels
from schema.texts import Text
from schema.weeks import Week

MOST_LINES: Final = 6  # of a parent
ENDS: Final = 2  # of them: the headline, and what is asked
MOST_LEADS: Final = 3  # figures told in it
MOST_BLOCKERS: Final = 20
QUIET: Final = Week()
NO_NOTE: Final = Text(())
LABEL_CORRECTED: Final = TOPIC_LABELS[Topic.CORRECTION]
AGAIN: Final = (
    "Composed again on {day}: figures are as they are known now, what people said is what was stored for that {unit}, and"
    " launches are left out."
)
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
    note: Text = NO_NOTE  # of a period whose time has passed: on which day it was composed again


def compose_standup(page: Page, week: Week = QUIET) -> Standup:
    """Compose the digest: the verdict, what moved, what delays and what is asked in the parent, the rest for the thread.

    week   what is known besides the figures
    """
    top = headline(page)
    closing = Paragraph(
        label="", text=asked(page, *delays.asks(week.gathered.blockers, week.launches, week.names))
    )
    held = _held(page, week)
    leads = _leads(page, most=min(MOST_LEADS, MOST_LINES - ENDS - len(held)))
    room = MOST_LINES - ENDS - len(leads) - len(held)
    above = (*leads, *still_open(page, leads)[:room], *held)
    parent = (Paragraph(label="", text=top), *above, closing)
    return Standup(
        product=page.product.key, period=page.period, parent=parent, sections=_thread(page, week, above),
        charts=charts(page), fallback=texts.join((top, closing.text)), note=_note(page, week),
    )  # fmt: skip


def _leads(page: Page, *, most: int) -> tuple[Paragraph, ...]:
    """Choose what the parent says: this period's insights; of a longer time what is asked about, or both sides of it.

    What is too small to act on comes after whatever is larger.
    """
    large, small = _said(page)
    if large and not is_asked_for_longer(page):
        return (*large, *small)[:most]
    over = both_sides(page)
    return (*large[: most - 1], *over[:1]) if large else (*over, *small)[:most]


def _said(page: Page) -> tuple[tuple[Paragraph, ...], tuple[Paragraph, ...]]:
    """Say this period's insights, what was corrected first and in one line; apart from those too small to act on."""
    corrected = [each.metric for each in page.ranked.said if each.topic is Topic.CORRECTION]
    others = [each for each in page.ranked.said if each.topic not in {Topic.NOT_FIT, Topic.CORRECTION}]
    others.sort(key=lambda each: each.topic is Topic.SMALL)
    told = paragraphs(page, others, Audience.EXECUTIVE, short=True)
    larger = sum(each.topic is not Topic.SMALL for each in others)
    large, small = tuple(told[:larger]), tuple(told[larger:])
    if not corrected:
        return large, small
    words = restated(page, corrected[0]) if len(corrected) == 1 else restated_together(page, corrected)
    return (Paragraph(label=LABEL_CORRECTED, text=words, metrics=tuple(corrected)), *large), small


def _held(page: Page, week: Week) -> tuple[Paragraph, ...]:
    """Name what delays most: the first blocker, and the launch that goes out next where it lacks something."""
    blockers = delays.ordered(week.gathered.blockers, week.launches)
    lines = [delays.blocker_line(page, each, week.launches, week.names, short=True) for each in blockers[:1]]
    waiting = [each for each in delays.soonest(week.launches) if not each.may_go_out]
    return (*lines, *(delays.launch_line(each, short=True) for each in waiting[:1]))


def _thread(page: Page, week: Week, leads: tuple[Paragraph, ...]) -> tuple[Section, ...]:
    """Say what the parent had no room for; the engineer's figures are one button away."""
    told = {str(each.text) for each in leads}
    figures = compose(page, Audience.EXECUTIVE).sections
    rest = tuple(each for each in figures if each.title == REST)
    sections = [
        *(each for each in figures if each.title != REST), *_around(page, week), *rest, how_judged(page, plain=True),
        _record(week),
    ]  # fmt: skip
    fresh = [
        replace(each, paragraphs=tuple(line for line in each.paragraphs if str(line.text) not in told))
        for each in sections
    ]
    return tuple(each for each in fresh if each.paragraphs or each.voices)


def _around(page: Page, week: Week) -> tuple[Section, ...]:
    """Say what delays, what became of decisions, and what people wrote."""
    blockers = delays.ordered(week.gathered.blockers, week.launches)
    return (
        Section(
            title="Blockers, what delays a launch first",
            paragraphs=tuple(
                delays.blocker_line(page, each, week.launches, week.names)
                for each in blockers[:MOST_BLOCKERS]
            ),
        ),
        Section(
            title="Launches under way",
            paragraphs=tuple(delays.launch_line(each) for each in delays.soonest(week.launches)),
        ),
        Section(
            title=f"What the {page.product.cadence.value} before decided, and its numbers since",
            paragraphs=tuple(consequence(page, each, week.names) for each in week.decided),
        ),
        voices.check_ins(page, week.gathered, week.names),
    )


def _record(week: Week) -> Section:
    """Say how the posts before this one went."""
    lines = () if week.record is None else (Paragraph(label="", text=records.said(week.record)),)
    return Section(title="Record", paragraphs=lines)


def _note(page: Page, week: Week) -> Text:
    if week.composed_again_on is None:
        return Text(())
    shown = facts.day(week.composed_again_on)
    day = Fact(of="period", function="day", kind=Kind.TIME, value=None, shown=shown)
    return texts.fill(AGAIN, {"day": day, "unit": page.product.cadence.value})


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
    words = texts.fill("{plain:cap}: between {low} and {high} in these {count} {unit}s.", {
        "plain": plain_name(page, key), "low": low, "high": high, "unit": page.product.cadence.value,
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
