"""The one page of one product for one audience, and what a digest and a card take from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from schema import facts, levels, texts
from schema.estimates import NotEstimable, estimate
from schema.facts import Fact, Kind
from schema.insights import Insight, Ranked, Topic, rank
from schema.judgements import MATURITY, Compared, Judgement
from schema.levels import Language, Moment, Shown, Subject
from schema.metrics import Audience, Catalogue, Form, Metric, Unit
from schema.periods import Cadence, Period
from schema.products import Comparison, PeriodsAgo, Product, Since
from schema.readings import Blank, BlankReason
from schema.statements import Statement, state
from schema.texts import Text
from schema.verdicts import GAINS, LOSSES, Because
from schema.verdicts import Kind as VerdictKind

AGREEMENT: Final = "judge_agreement"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that a brief of one product and period is composed from."""

    product: Product
    catalogue: Catalogue
    nouns: Mapping[str, str]  # the catalogue's nouns with the product's own over them
    period: Period
    judged: Mapping[str, Judgement]
    ranked: Ranked
    today: date

    def language(self) -> Language:
        """Give the product's words for statements."""
        return Language(nouns=self.nouns, labels=self.product.labels, currency=self.product.currency)


def page(
    product: Product, catalogue: Catalogue, nouns: Mapping[str, str], *, period: Period,
    judged: Mapping[str, Judgement], today: date, repeats: Mapping[str, int] | None = None,
    corrected: Iterable[str] = (),
) -> Page:  # fmt: skip
    """Rank a product's judgements for its texts."""
    material = product.assumptions.get("material_amount")
    ranked = rank(
        catalogue, judged, repeats=repeats, corrected=corrected, material=material.value if material else None
    )
    return Page(
        product=product, catalogue=catalogue, nouns=nouns_of(product, nouns), period=period, judged=judged,
        ranked=ranked, today=today,
    )  # fmt: skip


def nouns_of(product: Product, defaults: Mapping[str, str]) -> dict[str, str]:
    """Lay a product's nouns over the catalogue's, singular and plural by slot name."""
    words = dict(defaults)
    for name, forms in product.nouns.items():
        words[name] = forms.one
        words[PLURALS.get(name, f"{name}s")] = forms.many
    return words


PLURALS: Final = {"person": "people", "search": "searches"}


def compose(page: Page, audience: Audience) -> Brief:
    """Compose the page for one audience: verdict first, what is asked of whom last."""
    sections = [
        *(_sections_for_all(page, audience) if audience in PLAIN_READERS else _sections_in_full(page, audience)),
    ]
    if audience is Audience.COMPLIANCE and page.product.assumptions:
        sections.append(Section(title="What the money figures rest on", paragraphs=tuple(_assumptions(page))))
    return Brief(
        product=page.product.key, audience=audience, period=page.period, headline=headline(page),
        sections=tuple(section for section in sections if section.paragraphs), closing=asked(page),
    )  # fmt: skip


PLAIN_READERS: Final = (Audience.EXECUTIVE, Audience.SUPPORT)

LABELS: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "Clear gain",
    VerdictKind.SMALL_GAIN: "Small gain",
    VerdictKind.SAME: "About the same",
    VerdictKind.CANNOT_TELL: "Cannot tell",
    VerdictKind.SMALL_LOSS: "Small loss",
    VerdictKind.CLEAR_LOSS: "Clear loss",
    VerdictKind.CLEAR_CHANGE: "Clear change",
    VerdictKind.SMALL_CHANGE: "Small change",
    VerdictKind.NOT_COMPARABLE: "Not comparable",
}
TOPIC_LABELS: Final[Mapping[Topic, str]] = {
    Topic.CORRECTION: "Correction",
    Topic.NOT_FIT: "Not fit to use",
    Topic.LIMIT: "Off target",
    Topic.GAP: "Gap past its limit",
    Topic.COST: "Gain with a cost",
    Topic.UNUSUAL: "Unusual",
}
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


def moment(page: Page, comparison: Comparison, judgement: Judgement) -> Moment:
    """Say which windows are compared."""
    source = judgement.now.receipt.source if judgement.now else ""
    return Moment(window=window(page.product, page.period), when=_when(page.product, comparison), source=source)


def window(product: Product, period: Period) -> Fact:
    """Name a period by its days: `16 to 22 November 2026`."""
    first = period.start.astimezone(product.zoneinfo).date()
    last = product.calendar.last_day(period)
    same_month = (first.year, first.month) == (last.year, last.month)
    start = str(first.day) if same_month else facts.day(first, year=first.year != last.year)
    return Fact(
        of="period", function="window", kind=Kind.TIME, value=None, shown=f"{start} to {facts.day(last)}"
    )


def _when(product: Product, comparison: Comparison) -> Text:
    unit = "week" if product.cadence is Cadence.WEEK else "month"
    if isinstance(comparison, Since):
        return texts.fill("before {milestone}", {"milestone": facts.name(comparison.since)})
    if isinstance(comparison, PeriodsAgo):
        count = levels.constant(Decimal(comparison.periods_ago), "periods_ago")
        return texts.fill(f"{{count}} {unit}s before", {"count": count})
    return texts.plain(f"the {unit} before")


def subject(page: Page, key: str, compared: Compared | None = None) -> Subject:
    """Gather what a statement about a metric may lean on; the metric must have a value."""
    judgement = page.judged[key]
    if judgement.now is None:
        message = f"{key} has no value to state"
        raise ValueError(message)
    metric = page.catalogue[key]
    chosen = compared or judgement.compared[0]
    return Subject(
        metric=metric, now=judgement.now.level.estimate,
        before=chosen.before.estimate if chosen.before else None, verdict=chosen.verdict,
        language=page.language(), moment=moment(page, chosen.comparison, judgement),
        shown=_shown(page, metric, judgement, chosen), provisional=judgement.provisional and key != MATURITY,
        agreement=_agreement(page),
    )  # fmt: skip


def _shown(page: Page, metric: Metric, judgement: Judgement, chosen: Compared) -> tuple[Shown, ...]:
    if not metric.shown_as or judgement.now is None:
        return ()
    before = judgement.before.get(chosen.comparison.key)
    shown = []
    for key in metric.shown_as:
        other = page.catalogue[key]
        try:
            now = estimate(other, judgement.now.measurements, {})
            then = estimate(other, before.measurements, {}) if before else None
        except NotEstimable:
            return ()
        shown.append(Shown(metric=other, now=now, before=then))
    return tuple(shown)


def _agreement(page: Page) -> Fact | None:
    judgement = page.judged.get(AGREEMENT)
    if judgement is None or judgement.now is None:
        return None
    value = judgement.now.level.estimate.value
    return Fact(
        of=f"{AGREEMENT}/now", function="level", kind=Kind.LEVEL, value=value, shown=facts.percent(value), unit="share"
    )


def headline(page: Page) -> Text:
    """Say the verdict of the period in one sentence: what is off first, then losses, gains and the rest."""
    counts = _counted(page)
    title = facts.name(page.product.title)
    span = window(page.product, page.period)
    if not counts:
        return texts.fill("{title}, {window}: nothing has clearly changed.", {"title": title, "window": span})
    return texts.fill(
        "{title}, {window}: {counts}.", {"title": title, "window": span, "counts": texts.join(counts, ", ")}
    )


TALLY: Final[Sequence[tuple[str, str, str]]] = (  # what is counted, its singular, its plural
    ("correction", "figure corrected", "figures corrected"),
    ("not_fit", "figure not fit to use", "figures not fit to use"),
    ("limit", "figure off its target", "figures off target"),
    ("gap", "gap past its limit", "gaps past their limits"),
    ("loss", "clear loss", "clear losses"),
    ("gain", "clear gain", "clear gains"),
    ("change", "clear change", "clear changes"),
    ("small", "small change", "small changes"),
)


def _counted(page: Page) -> list[Text]:
    tally: dict[str, int] = {}
    for insight in (*page.ranked.said, *page.ranked.unsaid):
        kind = _kind_counted(insight, page.judged[insight.metric])
        if kind:
            tally[kind] = tally.get(kind, 0) + 1
    parts = []
    for key, one, many in TALLY:
        if key in tally:
            count = Fact(of="digest", function="count", kind=Kind.COUNT, value=Decimal(tally[key]), shown=str(tally[key]))
            parts.append(texts.fill(f"{{count}} {one if tally[key] == 1 else many}", {"count": count}))
    return parts


def _kind_counted(insight: Insight, judgement: Judgement) -> str:
    if insight.pinned:
        return insight.topic.value
    kind = judgement.verdict.kind
    if insight.topic is Topic.SMALL:
        return "small"
    if kind in LOSSES:
        return "loss"
    if kind in GAINS:
        return "gain"
    return "change" if kind is VerdictKind.CLEAR_CHANGE else ""


def asked(page: Page) -> Text:
    """Say what is asked of whom; the last sentence of every page."""
    for insight in page.ranked.said:
        ask = ASKS.get(insight.topic) or (ASKS[Topic.CHANGE] if insight.harm else None)
        if ask is None or (insight.topic is Topic.CHANGE and page.judged[insight.metric].verdict.kind not in LOSSES):
            continue
        metric = page.catalogue[insight.metric]
        plain = levels.phrase(metric.plain, metric, page.language())
        return texts.fill(ask, {"owner": _owner(page), "plain": plain})
    return texts.plain("No action needed.")


ASKS: Final[Mapping[Topic, str]] = {
    Topic.CORRECTION: "Asked of {owner}: check what was decided on the old figure for {plain}.",
    Topic.NOT_FIT: "Asked of {owner}: see that {plain} can be measured again.",
    Topic.LIMIT: "Asked of {owner}: say what is done about {plain}, or agree on another target.",
    Topic.GAP: "Asked of {owner}: have {plain} reviewed, with a written reason.",
    Topic.COST: "Asked of {owner}: decide whether {plain} is worth what moved with it.",
    Topic.CHANGE: "Asked of {owner}: say what is done about {plain}.",
}


def _owner(page: Page) -> Fact:
    return Fact(of="product", function="owner", kind=Kind.NAME, value=None, shown=page.product.owner, unit="person")


def _sections_for_all(page: Page, audience: Audience) -> list[Section]:
    unfit = [i for i in page.ranked.said if i.topic is Topic.NOT_FIT]
    said = [i for i in page.ranked.said if i.topic is not Topic.NOT_FIT]
    sections = [
        Section(title="Not fit to use", paragraphs=tuple(_unfit(page, i.metric) for i in unfit)),
        Section(title="What moved", paragraphs=tuple(paragraph(page, i, audience) for i in said)),
        Section(title="Since a milestone", paragraphs=tuple(_since(page, audience))),
    ]
    rest = _rest(page)
    if rest:
        sections.append(Section(title="The rest", paragraphs=(Paragraph(label="", text=rest),)))
    return sections


def paragraph(page: Page, insight: Insight, audience: Audience) -> Paragraph:
    """Say one insight: its metric, and with a gain what its countermetric did."""
    main = state(subject(page, insight.metric), audience)
    label = TOPIC_LABELS.get(insight.topic) or LABELS[main.verdict.kind]
    parts, statements, metrics = [main.text], [main], [insight.metric]
    if insight.topic is Topic.LIMIT or insight.topic is Topic.GAP:
        parts.append(_target(page, insight.metric))
    if insight.counter is not None:
        counter = _counter(page, insight, audience)
        parts.append(counter.text)
        statements.extend(counter.statements)
        metrics.extend(counter.metrics)
    return Paragraph(label=label, text=texts.join(parts), metrics=tuple(metrics), statements=tuple(statements))


def _counter(page: Page, insight: Insight, audience: Audience) -> Paragraph:
    """Say what a gain's countermetric did; what is unclear or unknown says so at once (wording rule 34)."""
    key = insight.counter or ""
    metric = page.catalogue[key]
    plain = levels.phrase(metric.plain, metric, page.language())
    if not insight.counter_known:
        return Paragraph(label="", text=texts.fill("What it cost is not known: {plain} is not measured here.", {"plain": plain}))
    judgement = page.judged[key]
    if judgement.now is None:
        text = texts.fill("What it cost is not known: {blank}", {"blank": _why_blank(page, key)})
        return Paragraph(label="", text=text, metrics=(key,))
    statement = state(subject(page, key), audience)
    unclear = {VerdictKind.CANNOT_TELL, VerdictKind.NOT_COMPARABLE}
    start = "The other side is not clear yet: {text}" if statement.verdict.kind in unclear else "At the same time: {text}"
    text = texts.fill(start, {"text": _uncapped(statement.text)})
    return Paragraph(label="", text=text, metrics=(key,), statements=(statement,))


def _uncapped(text: Text) -> Text:
    first = text.pieces[0] if text.pieces else ""
    if isinstance(first, str) and first[:2] in {"Of", "In"}:
        return Text((first[:1].lower() + first[1:], *text.pieces[1:]))
    return text


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
    return texts.fill("The agreed target is at least {low}." if "low" in shown else "The agreed target is at most {high}.", shown)


def _unfit(page: Page, key: str) -> Paragraph:
    metric = page.catalogue[key]
    text = texts.fill("{why:cap}", {"why": _why_blank(page, key)})
    return Paragraph(label=metric.name, text=text, metrics=(key,))


def _why_blank(page: Page, key: str) -> Text:
    blank = page.judged[key].blank
    metric = page.catalogue[key]
    plain = levels.phrase(metric.plain, metric, page.language())
    if blank is None:
        return texts.fill("{plain} has a figure.", {"plain": plain})
    return texts.fill("there is no figure for {plain}: {why}.", {"plain": plain, "why": _why(page, blank)})


def _why(page: Page, blank: Blank) -> Text:
    if blank.reason is BlankReason.STALE and blank.newest_at is not None:
        reach = facts.day(blank.newest_at.astimezone(page.product.zoneinfo).date())
        fact = Fact(of="source", function="newest", kind=Kind.TIME, value=None, shown=reach)
        return texts.fill("the newest data are of {day}", {"day": fact})
    return texts.plain(WHY_BLANK[blank.reason])


def _since(page: Page, audience: Audience) -> list[Paragraph]:
    """Say what changed since a milestone, where the configuration asks for it; outside the tested family."""
    found = []
    for key in page.product.shown:
        judgement = page.judged.get(key)
        for compared in judgement.compared[1:] if judgement and judgement.now else ():
            if compared.before is None or not (compared.verdict.kind in GAINS or compared.verdict.kind in LOSSES):
                continue
            statement = state(subject(page, key, compared), audience)
            text = texts.join((statement.text, _relative(page, key, compared)))
            found.append(Paragraph(label=LABELS[statement.verdict.kind], text=text, metrics=(key,), statements=(statement,)))
    return found


def _relative(page: Page, key: str, compared: Compared) -> Text:
    """Say a change as a share of the level before; both levels stand in the sentence before it (wording rule 15)."""
    judgement = page.judged[key]
    before = compared.before.estimate if compared.before else None
    if judgement.now is None or before is None or before.value <= 0:
        return Text(())
    if before.denominator is not None and before.denominator < levels.FEWEST_FOR_SHARES:
        return Text(())
    change = (judgement.now.level.estimate.value - before.value) / before.value
    shown = facts.percent(abs(change), 0)
    fact = Fact(of=f"{key}/change", function="relative", kind=Kind.RELATIVE, value=change, shown=shown, unit="percent")
    word = "more" if change > 0 else "less"
    return texts.fill(f"That is {{relative}} {word} than before.", {"relative": fact})


def _rest(page: Page) -> Text:
    """Say in one line how many were checked and how many are quiet."""
    count = len(page.judged)
    quiet = len(page.ranked.quiet) + len(page.ranked.unsaid)
    if not quiet:
        return Text(())
    return texts.fill("{count} figures checked, {quiet} about as before or unclear.", {
        "count": _number("checked", count), "quiet": _number("quiet", quiet),
    })  # fmt: skip


def _number(function: str, value: int) -> Fact:
    return Fact(of="digest", function=function, kind=Kind.COUNT, value=Decimal(value), shown=str(value))


def _sections_in_full(page: Page, audience: Audience) -> list[Section]:
    paragraphs: list[Paragraph] = []
    unfit: list[Paragraph] = []
    for key in page.product.shown:
        judgement = page.judged.get(key)
        if judgement is None:
            continue
        if judgement.now is None:
            unfit.append(_unfit(page, key))
            continue
        for compared in judgement.compared:
            statement = state(subject(page, key, compared), audience)
            paragraphs.append(Paragraph(
                label=LABELS[statement.verdict.kind], text=statement.text, metrics=(key,), statements=(statement,)
            ))  # fmt: skip
    tested = max((each.verdict.tested for each in page.judged.values()), default=0)
    foot = texts.fill("{tested} changes tested together; a change is named where q is at most {limit}.", {
        "tested": _number("tested", tested), "limit": levels.constant(LIMIT_Q, "largest_q"),
    })  # fmt: skip
    return [
        Section(title="Not fit to use", paragraphs=tuple(unfit)),
        Section(title="Figures", paragraphs=tuple(paragraphs)),
        Section(title="How changes are judged", paragraphs=(Paragraph(label="", text=foot),)),
    ]


LIMIT_Q: Final = Decimal("0.10")


def _assumptions(page: Page) -> list[Paragraph]:
    """Name every assumption with its value, owner and last day (wording rule 8)."""
    lines = []
    for name, each in page.product.assumptions.items():
        metric_unit = Metric.model_construct(unit=each.unit, unit_name=each.unit_name or "")
        shown = levels.show(metric_unit, each.value, page.product.currency)
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
