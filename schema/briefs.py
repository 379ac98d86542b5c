"""The one page of one product for one audience: verdict first, what is asked of whom last."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.asides import aside
from schema.blanks import ours, plain_name, why_blank
from schema.facts import Fact, Kind
from schema.gains import NOTHING, other_side
from schema.headlines import LABELS, TOPIC_LABELS, asked, headline, moved_over_longer, outlook_label
from schema.insights import APART, Insight, Topic, counter_of
from schema.judgements import Compared
from schema.metrics import Audience, Unit
from schema.operating_points import limit_alone
from schema.paces import crowd, pace
from schema.pages import UNCOMPARED, Page, subject
from schema.paragraphs import Paragraph as Paragraph
from schema.paragraphs import Section as Section
from schema.paragraphs import advised_once
from schema.periods import Period
from schema.restatements import restated
from schema.statements import levels
from schema.statements.stating import Statement, state
from schema.statements.subjects import as_stated
from schema.statements.subjects import told as told_kind
from schema.targets import agreed
from schema.texts import Text
from schema.trends import course, still
from schema.verdicts import CHANGES, GAINS, LOSSES, Because
from schema.verdicts import Kind as VerdictKind
from schema.worth import flip, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A product's page; every text is plain and not yet escaped."""

    product: str
    audience: Audience
    period: Period
    headline: Text  # carries the verdict
    sections: tuple[Section, ...]
    closing: Text  # what is asked of whom, or that no action is needed


def compose(page: Page, audience: Audience) -> Brief:
    """Compose the page for one audience; sections without anything to say are left out."""
    sections = _in_short(page, audience) if audience in levels.PLAIN_READERS else _in_full(page, audience)
    return Brief(
        product=page.product.key, audience=audience, period=page.period, headline=headline(page),
        sections=advised_once(section for section in sections if section.paragraphs), closing=asked(page),
    )  # fmt: skip


def _in_short(page: Page, audience: Audience) -> list[Section]:
    unfit = [i for i in page.ranked.said if i.topic is Topic.NOT_FIT]
    said = [i for i in page.ranked.said if i.topic is not Topic.NOT_FIT]
    rest = _rest(page)
    return [
        Section(title=UNFIT, paragraphs=tuple(_unfit(page, i.metric, audience) for i in unfit)),
        Section(title="What moved", paragraphs=_moved(page, said, audience)),
        Section(title="Over a longer time", paragraphs=tuple(longer(page, audience))),
        Section(title="Money", paragraphs=tuple(_money(page, audience))),
        Section(title=REST, paragraphs=(Paragraph(label="", text=rest),) if rest else ()),
    ]


def _moved(page: Page, insights: Sequence[Insight], audience: Audience) -> tuple[Paragraph, ...]:
    pins = frozenset(each.metric for each in insights if each.pinned or each.topic in ASIDE)
    return _together([paragraph(page, each, audience) for each in insights], pins)


def paragraph(page: Page, insight: Insight, audience: Audience, *, short: bool = False) -> Paragraph:
    """Say one insight: its metric, and with a gain what its countermetric did.

    short   for a digest's parent: a countermetric that is unclear is named only
    """
    if insight.topic is Topic.CORRECTION:
        label, words = TOPIC_LABELS[insight.topic], restated(page, insight.metric)
        return Paragraph(label=label, text=words, metrics=(insight.metric,))
    if insight.topic in SEEN:
        return _seen(page, insight, audience, short=short)
    # what is told of sources is their figures now: that no change is clear would only stand between them
    told = say(
        page, insight.metric, audience, UNCOMPARED if insight.topic is Topic.SOURCES else None, short=short
    )
    label = TOPIC_LABELS.get(insight.topic) or told.label
    if short and insight.topic is Topic.WHAT_IF:
        return replace(
            told, label=label, text=limit_alone(page, insight.metric).text, statements=(), advice=()
        )
    if insight.topic in {Topic.LIMIT, Topic.GAP}:
        line = agreed(page, insight.metric, audience)
        core = texts.join((told.core, line))
        return replace(told, label=label, text=texts.join((core, *told.advice)), core=core)
    return replace(told, label=label)


def say(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, short: bool = False,
    more: Text = NOTHING, above: AbstractSet[str] = frozenset(),
) -> Paragraph:  # fmt: skip
    """Say a metric against one window; a gain never stands without its countermetric.

    more    what else is said of this very figure
    above   countermetrics whose figures for this window stand above already
    """
    main = state(subject(page, key, compared), audience)
    return _told(page, main, compared, short=short, more=more, above=above)


def _told(
    page: Page, main: Statement, compared: Compared | None, *, short: bool, more: Text = NOTHING,
    above: AbstractSet[str] = frozenset(),
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


def _seen(page: Page, insight: Insight, audience: Audience, *, short: bool) -> Paragraph:
    """Say a course, the pace to a goal, or one group that is more than agreed; good news with its countermetric."""
    key = insight.metric
    label = outlook_label(page, insight) or TOPIC_LABELS[insight.topic]
    if insight.topic is Topic.CROWD:
        return Paragraph(label=label, text=crowd(page, key).text, metrics=(key,))
    if insight.topic is not Topic.PACE:
        return replace(_told(page, course(page, key, audience), None, short=short), label=label)
    text = pace(page, key).text
    if not page.seen.paces[key].reaches:
        return Paragraph(label=label, text=text, metrics=(key,))
    other = other_side(page, state(subject(page, key), audience), None, short=short)
    return Paragraph(label=label, text=texts.join((text, other.text)), metrics=(key, *other.metrics))


ASIDE: Final = frozenset({Topic.SOURCES, Topic.MIX, Topic.WHAT_IF})  # said beside the metric's own statement
SEEN: Final = frozenset({Topic.CREEP, Topic.TURN, *APART})


def _together(paragraphs: list[Paragraph], pins: AbstractSet[str] = frozenset()) -> tuple[Paragraph, ...]:
    """Leave out what stands in another one's paragraph already; gains and pins keep their own."""
    within = {_place(each) for paragraph in paragraphs for each in paragraph.statements[1:]}
    return tuple(
        each
        for each in paragraphs
        if not each.statements
        or _place(each.statements[0]) not in within
        or each.statements[0].subject.kind in GAINS
        or each.metrics[0] in pins
    )


def _place(statement: Statement) -> tuple[str, str]:
    """Name what a statement compares: its metric and the other window."""
    return statement.metric, str(statement.subject.moment.then)


def _unfit(page: Page, key: str, audience: Audience) -> Paragraph:
    text = texts.fill("{why:cap}", {"why": why_blank(page, key)})
    blank = page.judged[key].blank
    if blank is not None and audience not in levels.PLAIN_READERS and not ours(blank):
        text = texts.join((text, texts.fill("{detail}", {"detail": facts.name(blank.detail)})))
    return Paragraph(label=page.catalogue[key].name, text=text, metrics=(key,))


def longer(page: Page, audience: Audience, *, short: bool = False) -> list[Paragraph]:
    """Say what changed since a milestone or some periods ago, where that is asked for."""
    found: list[Paragraph] = []
    above: dict[str, set[str]] = {}  # by window, the other sides that are told
    for key, each in moved_over_longer(page):
        told = above.setdefault(each.comparison.key, set())
        found.append(_longer(page, key, audience, each, short=short, above=told))
        told.update(other.metric for other in found[-1].statements[1:])
    return sorted(_together(found), key=_harm)[:MOST_LONGER]


def _harm(paragraph: Paragraph) -> int:
    """Put losses first and gains without a cost last, so that no loss is among what there is no room for."""
    return HARM.index(paragraph.label) if paragraph.label in HARM else len(HARM)


HARM: Final = (
    LABELS[VerdictKind.CLEAR_LOSS], TOPIC_LABELS[Topic.COST], LABELS[VerdictKind.SMALL_LOSS],
)  # fmt: skip


def _longer(
    page: Page, key: str, audience: Audience, compared: Compared, *, short: bool, above: AbstractSet[str]
) -> Paragraph:
    said = say(page, key, audience, compared, short=short, above=above)
    if audience is not Audience.EXECUTIVE:
        return said
    return replace(said, text=texts.join((said.text, still(page, key, compared))))


def _money(page: Page, audience: Audience) -> list[Paragraph]:
    """Say what the money figures stand at where they are not said already, and where each conclusion flips."""
    told = {insight.metric for insight in page.ranked.said if insight.topic not in APART}
    found = []
    for key in page.product.shown:
        judgement = page.judged.get(key)
        if judgement is None or judgement.now is None or page.catalogue[key].unit is not Unit.MONEY:
            continue
        turn = flip(page, key)
        if key not in told:
            found.append(say(page, key, audience, more=texts.join((span(page, key), turn))))
        elif turn:
            found.append(Paragraph(label="", text=turn, metrics=(key,)))
    return found


UNFIT: Final = "Not fit to use"
MOST_LONGER: Final = 5  # the rest stands in the engineer's page


def _rest(page: Page) -> Text:
    """Say in a line what else moved, how many figures were checked and how many are quiet."""
    quiet = page.ranked.quiet
    same = sum(1 for key in quiet if page.judged[key].verdict.kind is VerdictKind.SAME)
    checked = "figure" if len(page.judged) == 1 else "figures"
    found = (("same", same, "about as before"), ("unclear", len(quiet) - same, "not clear or not compared"))
    parts = [
        texts.fill(f"{{count}} {words}", {"count": _number(key, count)})
        for key, count, words in found
        if count
    ]
    counts = texts.fill(f"{{count}} {checked} checked{': {parts}' if parts else ''}.", {
        "count": _number("checked", len(page.judged)), "parts": texts.join(parts, ", "),
    })  # fmt: skip
    return texts.join((*_unsaid(page), counts))


def _unsaid(page: Page) -> list[Text]:
    """Name what there was no room to say, sources that differ among it (wording rule 39)."""
    named: dict[str, dict[str, None]] = {}
    for each in page.ranked.unsaid:
        words = _words_for(page, each)
        if words:
            named.setdefault(words, {})[each.metric] = None
    return [
        texts.fill(words, {"them": texts.join([plain_name(page, key) for key in keys], "; ")})
        for words, keys in named.items()
    ]


def _words_for(page: Page, insight: Insight) -> str:
    if insight.topic in ALSO:
        return ALSO[insight.topic] if insight.topic is not Topic.PACE or insight.harm else ""
    moved = insight.topic in COURSES or page.judged[insight.metric].verdict.kind in CHANGES
    return "Also moved: {them}." if moved else ""


COURSES: Final = frozenset({Topic.CREEP, Topic.TURN, Topic.INPUTS, Topic.MIX})
ALSO: Final[Mapping[Topic, str]] = {
    Topic.SOURCES: "Sources also differ on: {them}.",
    Topic.PACE: "Also short of a goal at this pace: {them}.",
    Topic.CROWD: "Also past the limit for one group: {them}.",
}


def _number(function: str, value: int) -> Fact:
    return Fact(of="digest", function=function, kind=Kind.COUNT, value=Decimal(value), shown=str(value))


def _in_full(page: Page, audience: Audience) -> list[Section]:
    judged = [(key, page.judged[key]) for key in _told_in_full(page) if key in page.judged]
    corrected = [each for each in page.ranked.said if each.topic is Topic.CORRECTION]
    sections = [
        Section(title="Corrected", paragraphs=tuple(paragraph(page, each, audience) for each in corrected)),
        Section(
            title=UNFIT,
            paragraphs=tuple(_unfit(page, key, audience) for key, each in judged if each.now is None),
        ),
        Section(
            title="Figures",
            paragraphs=tuple(_figure(page, key, audience) for key, each in judged if each.now),
        ),
        how_judged(page),
    ]
    if audience is Audience.COMPLIANCE:
        sections.append(Section(title="What these figures rest on", paragraphs=tuple(_assumptions(page))))
    return sections


def how_judged(page: Page, *, plain: bool = False) -> Section:
    """Say how many changes were tested together, and where the line is (wording rule 17); in plain words on request."""
    tested = max((each.verdict.tested for each in page.judged.values()), default=0)
    if not tested:
        return Section(title=HOW_JUDGED, paragraphs=())
    words = "{tested} changes tested together; a change is named where q is at most {limit}."
    if plain:
        words = "{tested} changes tested together. Of every {base} named so, at most {most} are expected to be no real change."
    foot = texts.fill(words, {
        "tested": _number("tested", tested), "limit": levels.constant(LIMIT_Q, "largest_q"),
        "base": levels.constant(facts.HUNDRED, "of_every", shown="100"),
        "most": levels.constant(LIMIT_Q * facts.HUNDRED, "largest_q", shown="10"),
    })  # fmt: skip
    return Section(title=HOW_JUDGED, paragraphs=(Paragraph(label="", text=foot),))


REST: Final = "The rest"
HOW_JUDGED: Final = "How changes are judged"


def _told_in_full(page: Page) -> list[str]:
    """List what the product shows, then what the headline counts, then what stands beside a gain."""
    counted = [
        each.metric for each in (*page.ranked.said, *page.ranked.unsaid) if each.topic is not Topic.UNUSUAL
    ]
    keys = list(dict.fromkeys((*page.product.shown, *counted)))
    beside = [
        counter
        for key in keys
        if key in page.judged
        for each in _gained(page, key)
        if (counter := counter_of(page.catalogue[key], page.judged, each.comparison.key)[0]) is not None
    ]
    return list(dict.fromkeys((*keys, *beside)))


def _gained(page: Page, key: str) -> list[Compared]:
    """List the windows in which a metric gained."""
    compared = page.judged[key].compared
    return [each for each in compared if told_kind(page.catalogue[key], each.verdict.kind) in GAINS]


def _figure(page: Page, key: str, audience: Audience) -> Paragraph:
    compared = page.judged[key].compared
    others = [subject(page, key, each) for each in compared[1:]]
    statement = state(subject(page, key), audience, others=others)
    label = LABELS[statement.subject.kind] if compared else ""
    sides = [
        other_side(page, statement, None if each is compared[0] else each) for each in _gained(page, key)
    ]
    missing = dict.fromkeys(each.text for each in sides if not each.statements)  # others stand on this page
    target = agreed(page, key, audience) if page.judged[key].off_target else Text(())
    beside = [aside(page, key, audience, each) for each in compared or (None,)]
    text = texts.join((statement.text, *beside, *missing, target))
    return Paragraph(label=label, text=text, metrics=(key,), statements=(statement,))


LIMIT_Q: Final = Decimal("0.10")


def _assumptions(page: Page) -> list[Paragraph]:
    """Name every assumption with its value, owner and last day (wording rule 8)."""
    lines = []
    for name, each in page.product.assumptions.items():
        shown = as_stated(each.value, each.unit, each.unit_name or "", currency=page.product.currency)
        until = facts.day(each.until) if each.until else "no day"
        expired = " It has expired and is not used." if each.expired(page.today) else ""
        lines.append(Paragraph(label="", text=texts.fill(
            "{means:cap}: {value}, owned by {owner}, holds until {until}." + expired,
            {
                "means": facts.name(str(each.means)), "value": levels.constant(each.value, name, shown=shown),
                "owner": Fact(of="product", function="owner", kind=Kind.NAME, value=None, shown=each.owner or "nobody",
                              unit="person" if each.owner else ""),
                "until": Fact(of=name, function="until", kind=Kind.TIME, value=None, shown=until),
            },
        )))  # fmt: skip
    return lines
