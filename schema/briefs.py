"""The one page of one product for one audience: verdict first, what is asked of whom last."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schema import facts, levels, texts
from schema.blanks import WHY_BLANK as WHY_BLANK
from schema.blanks import plain_name, why_blank
from schema.facts import Fact, Kind
from schema.gains import other_side
from schema.headlines import LABELS, TOPIC_LABELS, asked, headline
from schema.insights import Insight, Topic
from schema.judgements import Compared
from schema.metrics import Audience, Unit
from schema.pages import Page, subject
from schema.periods import Period
from schema.statements import Statement, state
from schema.subjects import written
from schema.texts import Text
from schema.verdicts import GAINS, LOSSES, Because
from schema.verdicts import Kind as VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One thing said: a label, sentences, and the metrics whose receipts stand behind it."""

    label: str  # the verdict or topic in words, such as `Clear loss`; empty for plain lines
    text: Text
    metrics: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of a brief or digest."""

    title: str
    paragraphs: tuple[Paragraph, ...]


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
        sections=tuple(section for section in sections if section.paragraphs), closing=asked(page),
    )  # fmt: skip


def _in_short(page: Page, audience: Audience) -> list[Section]:
    unfit = [i for i in page.ranked.said if i.topic is Topic.NOT_FIT]
    said = [i for i in page.ranked.said if i.topic is not Topic.NOT_FIT]
    rest = _rest(page)
    return [
        Section(title=UNFIT, paragraphs=tuple(_unfit(page, i.metric, audience) for i in unfit)),
        Section(title="What moved", paragraphs=_together([paragraph(page, i, audience) for i in said])),
        Section(title="Over a longer time", paragraphs=tuple(longer(page, audience))),
        Section(title="Money", paragraphs=tuple(_money(page, audience))),
        Section(title="The rest", paragraphs=(Paragraph(label="", text=rest),) if rest else ()),
    ]


def paragraph(page: Page, insight: Insight, audience: Audience) -> Paragraph:
    """Say one insight: its metric, and with a gain what its countermetric did."""
    said = _said(page, insight.metric, audience)
    label = TOPIC_LABELS.get(insight.topic) or said.label
    text = said.text
    if insight.topic in {Topic.LIMIT, Topic.GAP}:
        text = texts.join((text, _target(page, insight.metric)))
    return Paragraph(label=label, text=text, metrics=said.metrics, statements=said.statements)


def _said(page: Page, key: str, audience: Audience, compared: Compared | None = None) -> Paragraph:
    """Say a metric against one window; a gain never stands without its countermetric."""
    main = state(subject(page, key, compared), audience)
    label = LABELS[main.verdict.kind] if main.verdict.because is not Because.NOT_ASKED else ""
    if main.verdict.kind not in GAINS:
        return Paragraph(label=label, text=main.text, metrics=(key,), statements=(main,))
    other = other_side(page, main, compared)
    advice = dict.fromkeys((*main.advice, *other.advice))
    return Paragraph(
        label=label,
        text=texts.join((other.warning, main.core, other.text, *advice)),
        metrics=(key, *other.metrics),
        statements=(main, *other.statements),
    )


def _together(paragraphs: list[Paragraph]) -> tuple[Paragraph, ...]:
    """Leave out what stands in another one's paragraph already."""
    within = {key for each in paragraphs for key in each.metrics[1:]}
    return tuple(
        each
        for each in paragraphs
        if each.metrics[:1] == () or each.metrics[0] not in within or len(each.metrics) > 1
    )


def _target(page: Page, key: str) -> Text:
    target = page.product.metrics[key].target
    metric = page.catalogue[key]
    if target is None:
        return Text(())
    shown = {
        name: levels.constant(end, "target", shown=levels.show(metric, end, page.product.currency))
        for name, end in (("low", target.low), ("high", target.high))
        if end is not None
    }
    if len(shown) > 1:
        return texts.fill("The agreed target is {low} to {high}.", shown)
    return texts.fill(
        "The agreed target is at least {low}." if "low" in shown else "The agreed target is at most {high}.",
        shown,
    )


def _unfit(page: Page, key: str, audience: Audience) -> Paragraph:
    text = texts.fill("{why:cap}", {"why": why_blank(page, key)})
    blank = page.judged[key].blank
    if blank is not None and audience not in levels.PLAIN_READERS:
        text = texts.join((text, texts.fill("{detail}", {"detail": facts.name(blank.detail)})))
    return Paragraph(label=page.catalogue[key].name, text=text, metrics=(key,))


def longer(page: Page, audience: Audience) -> list[Paragraph]:
    """Say what changed since a milestone or some periods ago, where that is asked for; outside the tested family."""
    found = []
    for key in page.product.shown:
        judgement = page.judged.get(key)
        for compared in judgement.compared[1:] if judgement and judgement.now else ():
            if compared.before is None or not (
                compared.verdict.kind in GAINS or compared.verdict.kind in LOSSES
            ):
                continue
            found.append(_said(page, key, audience, compared))
    return list(_together(found))[:MOST_LONGER]


UNFIT: Final = "Not fit to use"
MOST_LONGER: Final = 5  # the rest stands in the engineer's page


def _money(page: Page, audience: Audience) -> list[Paragraph]:
    """Say what the money figures stand at where they are not said already, and where each conclusion flips."""
    told = {insight.metric for insight in page.ranked.said}
    found = []
    for key in page.product.shown:
        judgement = page.judged.get(key)
        if judgement is None or judgement.now is None or page.catalogue[key].unit is not Unit.MONEY:
            continue
        flip = _flip(page, key)
        if key in told and not flip:
            continue
        if key in told:
            found.append(Paragraph(label="", text=flip, metrics=(key,)))
            continue
        said = _said(page, key, audience)
        text = texts.join((said.text, _range(page, key), flip))
        found.append(Paragraph(label=said.label, text=text, metrics=said.metrics, statements=said.statements))
    return found


def _flip(page: Page, key: str) -> Text:
    """Say where a money conclusion turns (METRICS.md (f) 5-7)."""
    judgement, metric = page.judged[key], page.catalogue[key]
    parts = judgement.now.level.estimate.parts if judgement.now else {}
    if "break_even" not in parts:
        return Text(())
    flags = levels.phrase("{flags}", metric, page.language())
    base = facts.base_for(parts["break_even"])
    fillings: dict[str, texts.Filling] = {
        "count": levels.figure(f"{key}/now", "break_even", Kind.PER, parts["break_even"],
                               shown=f"{facts.per(parts['break_even'], base):,}", base=base),
        "base": levels.figure(f"{key}/now", "base", Kind.BASE, Decimal(base), shown=f"{base:,}"),
        "flags": flags,
    }  # fmt: skip
    text = texts.fill("It pays while at least {count} of every {base} {flags} are right.", fillings)
    if "flip_friction_cost" not in parts:
        return text
    cost = parts["flip_friction_cost"]
    shown = facts.money(cost, page.product.currency, digits=levels.MONEY_DIGITS)
    fact = levels.figure(f"{key}/now", "flip", Kind.LEVEL, cost, shown=shown, unit=Unit.MONEY.value)
    return texts.join((text, texts.fill("It pays while a wrong flag costs under {cost}.", {"cost": fact})))


def _range(page: Page, key: str) -> Text:
    """Say the low and the high end where silence may count either way."""
    judgement, metric = page.judged[key], page.catalogue[key]
    parts = judgement.now.level.estimate.parts if judgement.now else {}
    if not {"low_end", "high_end"} <= parts.keys():
        return Text(())
    ends = {}
    for which in ("low_end", "high_end"):
        shown = levels.show(metric, parts[which], page.product.currency, digits=levels.MONEY_DIGITS)
        ends[which] = levels.figure(
            f"{key}/now", which, Kind.LEVEL, parts[which], shown=shown, unit=metric.unit.value
        )
    return texts.fill(
        "It lies between {low_end} and {high_end}: it depends on how many silent people were helped.", ends
    )


def _rest(page: Page) -> Text:
    """Say in a line what else moved, how many figures were checked and how many are quiet."""
    quiet = page.ranked.quiet
    same = sum(1 for key in quiet if page.judged[key].verdict.kind is VerdictKind.SAME)
    also = [plain_name(page, insight.metric) for insight in page.ranked.unsaid]
    counts = texts.fill(
        "{count} figures checked: {same} about as before, {unclear} not clear or not compared.",
        {
            "count": _number("checked", len(page.judged)),
            "same": _number("same", same),
            "unclear": _number("unclear", len(quiet) - same),
        },
    )
    moved = texts.fill("Also moved: {also}.", {"also": texts.join(also, "; ")}) if also else Text(())
    return texts.join((moved, counts))


def _number(function: str, value: int) -> Fact:
    return Fact(of="digest", function=function, kind=Kind.COUNT, value=Decimal(value), shown=str(value))


def _in_full(page: Page, audience: Audience) -> list[Section]:
    judged = [(key, page.judged[key]) for key in page.product.shown if key in page.judged]
    sections = [
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
        sections.append(Section(title="What the money figures rest on", paragraphs=tuple(_assumptions(page))))
    return sections


def how_judged(page: Page) -> Section:
    """Say how many changes were tested together, and where the line is (wording rule 17)."""
    tested = max((each.verdict.tested for each in page.judged.values()), default=0)
    foot = texts.fill(
        "{tested} changes tested together; a change is named where q is at most {limit}.",
        {"tested": _number("tested", tested), "limit": levels.constant(LIMIT_Q, "largest_q")},
    )
    return Section(title="How changes are judged", paragraphs=(Paragraph(label="", text=foot),))


def _figure(page: Page, key: str, audience: Audience) -> Paragraph:
    compared = page.judged[key].compared
    others = [subject(page, key, each) for each in compared[1:]]
    statement = state(subject(page, key), audience, others=others)
    label = LABELS[statement.verdict.kind] if compared else ""
    gained = any(each.verdict.kind in GAINS for each in compared)
    other = other_side(page, statement, None) if gained else None
    missing = (
        other.text if other and not other.statements else Text(())
    )  # a measured one stands on the page itself
    text = texts.join((statement.text, missing))
    return Paragraph(label=label, text=text, metrics=(key,), statements=(statement,))


LIMIT_Q: Final = Decimal("0.10")


def _assumptions(page: Page) -> list[Paragraph]:
    """Name every assumption with its value, owner and last day (wording rule 8)."""
    lines = []
    for name, each in page.product.assumptions.items():
        shown = written(each.value, each.unit, each.unit_name or "", currency=page.product.currency)
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
