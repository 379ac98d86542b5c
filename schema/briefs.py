"""The one page of one product for one audience: verdict first, what is asked of whom last."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Final

from schema import facts, texts
from schema.asides import aside
from schema.blanks import ours, plain_name, why_blank
from schema.facts import Fact, Kind
from schema.gains import other_side
from schema.headlines import LABELS, TOPIC_LABELS, asked, headline, outlook_label
from schema.insights import APART, Insight, Topic, counter_of
from schema.judgements import Compared
from schema.longer_times import longer
from schema.metrics import Audience, Unit
from schema.operating_points import limit_alone
from schema.paces import crowd, pace
from schema.pages import UNCOMPARED, Page, subject
from schema.paragraphs import Paragraph as Paragraph
from schema.paragraphs import Section as Section
from schema.paragraphs import advised_once
from schema.periods import Period
from schema.restatements import restated
from schema.ripeness import still_open
from schema.saying import Place, places, told
from schema.saying import say as say
from schema.statements import levels
from schema.statements.stating import state
from schema.statements.subjects import as_stated
from schema.statements.subjects import told as told_kind
from schema.targets import agreed
from schema.texts import Text
from schema.trends import course
from schema.verdicts import CHANGES, GAINS, SMALL
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
    sections = [
        Section(title=UNFIT, paragraphs=tuple(_unfit(page, i.metric, audience) for i in unfit)),
        Section(title="What moved", paragraphs=tuple(paragraphs(page, said, audience))),
        Section(title="Over a longer time", paragraphs=tuple(longer(page, audience))),
        Section(title="Money", paragraphs=tuple(_money(page, audience))),
    ]
    if not any(section.paragraphs for section in sections):
        sections = [Section(title=STANDING, paragraphs=tuple(_standing(page, audience)))]
    notes = still_open(page, (line for section in sections for line in section.paragraphs))
    lines = (Paragraph(label="", text=rest),) if rest else ()
    return [*sections, Section(title=REST, paragraphs=(*notes, *lines))]


STANDING: Final = "Where it stands"
MOST_STANDING: Final = 3


def _standing(page: Page, audience: Audience) -> list[Paragraph]:
    """Say the first figures alone, where nothing moved: a page without any figure would tell its reader nothing."""
    keys = (key for key in page.product.shown if key in page.judged and page.judged[key].now is not None)
    return [say(page, key, audience, UNCOMPARED) for key in islice(keys, MOST_STANDING)]


def paragraphs(
    page: Page, insights: Iterable[Insight], audience: Audience, *, short: bool = False
) -> list[Paragraph]:
    """Say insights in their order; what a gain cost is told once, and pointed to from then on."""
    found: list[Paragraph] = []
    above: set[Place] = set()
    for each in insights:
        found.append(paragraph(page, each, audience, short=short, above=above))
        above |= places(found[-1])
    return found


def paragraph(
    page: Page, insight: Insight, audience: Audience, *, short: bool = False,
    above: AbstractSet[Place] = frozenset(),
) -> Paragraph:  # fmt: skip
    """Say one insight: its metric, and with a gain what its countermetric did.

    short   for a digest's parent: a countermetric that is unclear is named only
    above   what stands above already
    """
    if insight.topic is Topic.CORRECTION:
        label, words = TOPIC_LABELS[insight.topic], restated(page, insight.metric)
        return Paragraph(label=label, text=words, metrics=(insight.metric,))
    if insight.topic in SEEN:
        return _seen(page, insight, audience, short=short, above=above)
    # what is told of sources is their figures now: that no change is clear would only stand between them
    said = say(
        page, insight.metric, audience, UNCOMPARED if insight.topic is Topic.SOURCES else None, short=short,
        above=above,
    )  # fmt: skip
    label = TOPIC_LABELS.get(insight.topic) or said.label
    if short and insight.topic is Topic.WHAT_IF:
        return replace(
            said, label=label, text=limit_alone(page, insight.metric).text, statements=(), advice=()
        )
    if insight.topic in {Topic.LIMIT, Topic.GAP}:
        line = agreed(page, insight.metric, audience)
        core = texts.join((said.core, line))
        return replace(said, label=label, text=texts.join((core, *said.advice)), core=core)
    return replace(said, label=label)


def _seen(
    page: Page, insight: Insight, audience: Audience, *, short: bool, above: AbstractSet[Place]
) -> Paragraph:
    """Say a course, the pace to a goal, or one group that is more than agreed; good news with its countermetric."""
    key = insight.metric
    label = outlook_label(page, insight) or TOPIC_LABELS[insight.topic]
    if insight.topic is Topic.CROWD:
        return Paragraph(label=label, text=crowd(page, key).text, metrics=(key,))
    if insight.topic is not Topic.PACE:
        return replace(told(page, course(page, key, audience), None, short=short, above=above), label=label)
    text = pace(page, key).text
    if not page.seen.paces[key].reaches:
        return Paragraph(label=label, text=text, metrics=(key,))
    other = other_side(page, state(subject(page, key), audience), None, short=short, above=above)
    return Paragraph(label=label, text=texts.join((text, other.text)), metrics=(key, *other.metrics))


SEEN: Final = frozenset({Topic.CREEP, Topic.TURN, *APART})


def _unfit(page: Page, key: str, audience: Audience) -> Paragraph:
    text = texts.fill("{why:cap}", {"why": why_blank(page, key)})
    blank = page.judged[key].blank
    if blank is not None and audience not in levels.PLAIN_READERS and not ours(blank):
        text = texts.join((text, texts.fill("{detail}", {"detail": facts.name(blank.detail)})))
    return Paragraph(label=page.catalogue[key].name, text=text, metrics=(key,))


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
    named: dict[str, list[Text]] = {}
    for each in page.ranked.unsaid:
        words = _words_for(page, each)
        if words:
            named.setdefault(words, []).append(
                _named(page, each) if words == MOVED else plain_name(page, each.metric)
            )
    return [texts.fill(words, {"them": texts.join(them, "; ")}) for words, them in named.items()]


def _named(page: Page, insight: Insight) -> Text:
    """Name a metric with what the headline counts it as."""
    kind = told_kind(page.catalogue[insight.metric], page.judged[insight.metric].verdict.kind)
    label = TOPIC_LABELS[insight.topic] if insight.topic in TOPIC_LABELS else LABELS[kind]
    return texts.fill(f"{{plain}} ({label.lower()})", {"plain": plain_name(page, insight.metric)})


def _words_for(page: Page, insight: Insight) -> str:
    if insight.topic in ALSO:
        return ALSO[insight.topic] if insight.topic is not Topic.PACE or insight.harm else ""
    moved = insight.topic in COURSES or page.judged[insight.metric].verdict.kind in CHANGES | SMALL
    return MOVED if moved else ""


MOVED: Final = "Also moved, with figures on the page for engineers: {them}."

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
        Section(title="Corrected", paragraphs=tuple(paragraphs(page, corrected, audience))),
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
