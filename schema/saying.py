"""A metric said against one window: its statement, with a gain what that cost, and what stands beside both."""

from collections.abc import Set as AbstractSet
from typing import Final

from schema import texts
from schema.asides import aside
from schema.gains import NOTHING, other_side, place
from schema.gains import Place as Place
from schema.headlines import LABELS, TOPIC_LABELS
from schema.insights import Topic
from schema.judgements import Compared
from schema.metrics import Audience
from schema.pages import Page, subject
from schema.paragraphs import Paragraph
from schema.statements.stating import Statement, state
from schema.texts import Text
from schema.verdicts import GAINS, LOSSES, Because
from schema.verdicts import Kind as VerdictKind

ASIDE: Final = frozenset({Topic.SOURCES, Topic.MIX, Topic.WHAT_IF})  # said beside the metric's own statement


def say(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, short: bool = False,
    more: Text = NOTHING, above: AbstractSet[Place] = frozenset(),
) -> Paragraph:  # fmt: skip
    """Say a metric against one window; a gain never stands without its countermetric.

    more    what else is said of this very figure
    above   what stands above already: it is named and pointed to
    """
    main = state(subject(page, key, compared), audience)
    return told(page, main, compared, short=short, more=more, above=above)


def told(
    page: Page, main: Statement, compared: Compared | None, *, short: bool, more: Text = NOTHING,
    above: AbstractSet[Place] = frozenset(),
) -> Paragraph:  # fmt: skip
    key, audience, kind = main.metric, main.audience, main.subject.kind
    label = LABELS[kind] if main.verdict.because is not Because.NOT_ASKED else ""
    if kind not in GAINS:
        plain = aside(page, key, audience, compared, short=short)
        core = texts.join((main.core, more, plain))
        return Paragraph(
            label=label, text=texts.join((core, *main.advice)), metrics=(key,), statements=(main,),
            advice=main.advice, core=core,
        )  # fmt: skip
    other = other_side(page, main, compared, short=short, above=above)
    lost = any(each.verdict.kind in LOSSES for each in other.statements)
    advice = tuple(dict.fromkeys((*main.advice, *other.advice)))
    own = {each.metric for each in page.ranked.said if each.topic in ASIDE} - {key}
    beside = tuple(
        aside(
            page,
            each.metric,
            audience,
            compared,
            short=short,
            named=bool(other.metrics),
            counter=each is not main,
        )
        for each in (main, *other.statements)
        if each.metric not in own
    )
    core = texts.join((other.warning, main.core, other.text, more, *beside))
    return Paragraph(
        label=TOPIC_LABELS[Topic.COST] if lost and kind is VerdictKind.CLEAR_GAIN else label,
        text=texts.join((core, *advice)),
        metrics=(key, *other.metrics),
        statements=(main, *other.statements),
        advice=advice,
        core=core,
    )


def places(paragraph: Paragraph) -> set[Place]:
    """List the changes that a paragraph tells, by metric and window."""
    main = {place(each) for each in paragraph.statements[:1] if each.subject.compared}
    return main | {place(each) for each in paragraph.statements[1:]}
