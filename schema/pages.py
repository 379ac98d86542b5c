"""What a text about one product and period is made from: its judgements, ranked, and the windows in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates.estimating import Estimate, NotEstimable, estimate
from schema.facts import Fact, Kind
from schema.insights import MATERIAL, NO_BACKGROUND, Background, Ranked, Restated, rank
from schema.judgements import MATURITY, NOT_ASKED, Compared, Judgement, assumptions
from schema.metrics import Catalogue, Metric
from schema.periods import Cadence, Period
from schema.products import Comparison, PeriodsAgo, Previous, Product, Since
from schema.readings import Confusion
from schema.signals import NO_SIGNALS, Signals, signals
from schema.statements import levels
from schema.statements.levels import FEWEST_FOR_SHARES, Language, Moment, Shown, Subject
from schema.texts import Filling, Text

AGREEMENT: Final = "judge_agreement"


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
    seen: Signals = NO_SIGNALS
    restated: Mapping[str, Restated] = field(default_factory=dict)  # figures of the period before, by metric

    def language(self) -> Language:
        """Give the product's words for statements."""
        return Language(nouns=self.nouns, labels=self.product.labels, currency=self.product.currency)


def page(
    product: Product, catalogue: Catalogue, nouns: Mapping[str, str], *, period: Period,
    judged: Mapping[str, Judgement], today: date, background: Background = NO_BACKGROUND,
) -> Page:  # fmt: skip
    """Rank a product's judgements for its texts; the material amount is the product's own assumption."""
    material = assumptions(product, today).get(MATERIAL)
    seen = signals(product, catalogue, judged, period)
    ranked = rank(catalogue, judged, replace(background, material=material, seen=seen))
    return Page(
        product=product, catalogue=catalogue, nouns=nouns_of(product, nouns), period=period, judged=judged,
        ranked=ranked, today=today, seen=seen, restated=background.corrected,
    )  # fmt: skip


def nouns_of(product: Product, defaults: Mapping[str, str]) -> dict[str, str]:
    """Lay a product's nouns over the catalogue's, singular and plural by slot name."""
    words = dict(defaults)
    for name, forms in product.nouns.items():
        words[name] = forms.one
        words[PLURALS.get(name, f"{name}s")] = forms.many
    return words


PLURALS: Final = {"person": "people", "search": "searches"}


def moment(page: Page, comparison: Comparison, judgement: Judgement) -> Moment:
    """Say which windows are compared."""
    source = judgement.now.receipt.source if judgement.now else ""
    joined = page.product.metrics[judgement.metric].window
    when, then = _when(page, comparison, joined)
    return Moment(
        window=window(page.product, page.period, joined), when=when, then=then, source=source, joined=joined
    )


def window(product: Product, period: Period, joined: int = 1) -> Fact:
    """Name a period, or the `joined` periods that end with it, by days: `16 to 22 November 2026`."""
    first = product.calendar.window(period, joined).start.astimezone(product.zoneinfo).date()
    last = product.calendar.last_day(period)
    same_month = (first.year, first.month) == (last.year, last.month)
    start = str(first.day) if same_month else facts.day(first, year=first.year != last.year)
    return Fact(
        of="period", function="window", kind=Kind.TIME, value=None, shown=f"{start} to {facts.day(last)}"
    )


def _when(page: Page, comparison: Comparison, joined: int) -> tuple[Text, Text]:
    """Say the other window twice: when it was, and what it was."""
    product = page.product
    one = "week" if product.cadence is Cadence.WEEK else "month"
    count = levels.constant(Decimal(joined), "window")
    unit = texts.fill(f"{{count}} {one}s", {"count": count}) if joined > 1 else texts.plain(one)
    if isinstance(comparison, Since):
        fillings: dict[str, Filling] = {"milestone": facts.name(comparison.since), "unit": unit}
        when = "in the last {unit} before {milestone}" if joined > 1 else "before {milestone}"
        return texts.fill(when, fillings), texts.fill("the last {unit} before {milestone}", fillings)
    if isinstance(comparison, PeriodsAgo):
        last = product.calendar.last_day(product.compared(comparison, page.period, joined))
        year = last.year != product.calendar.last_day(page.period).year
        shown = facts.day(last, year=year)
        day = Fact(of="period", function="day", kind=Kind.TIME, value=None, shown=shown)
        span = texts.fill("the {unit} to {day}", {"unit": unit, "day": day})
        return texts.fill("in {span}", {"span": span}), span
    span = texts.fill("the {unit} before", {"unit": unit})
    return span, span


def subject(page: Page, key: str, compared: Compared | None = None) -> Subject:
    """Gather what a statement about a metric may lean on; raises ValueError for a metric without a value."""
    judgement = page.judged[key]
    if judgement.now is None:
        message = f"{key} has no value to state"
        raise ValueError(message)
    metric = page.catalogue[key]
    chosen = compared or next(iter(judgement.compared), UNCOMPARED)
    return Subject(
        metric=metric, now=judgement.now.level.estimate,
        before=chosen.before.estimate if chosen.before else None, verdict=chosen.verdict,
        language=page.language(), moment=moment(page, chosen.comparison, judgement),
        shown=_shown(page, metric, judgement, chosen), provisional=judgement.provisional and key != MATURITY,
        agreement=_agreement(page),
        relative=_relative(metric, judgement.now.level.estimate, chosen),
    )  # fmt: skip


UNCOMPARED: Final = Compared(comparison=Previous(), before=None, verdict=NOT_ASKED)


def _shown(page: Page, metric: Metric, judgement: Judgement, chosen: Compared) -> tuple[Shown, ...]:
    if not metric.shown_as or judgement.now is None:
        return ()
    before = judgement.before.get(chosen.comparison.key)
    stands = [judgement.now, *([before] if before else [])]
    if not all(isinstance(each, Confusion) for stand in stands for each in stand.measurements.values()):
        return ()  # a ready-made score says nothing of what it is made of
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
        of=f"{AGREEMENT}/now",
        function="level",
        kind=Kind.LEVEL,
        value=value,
        shown=facts.percent(value),
        unit="share",
    )


def _relative(metric: Metric, now: Estimate, chosen: Compared) -> Fact | None:
    """Give a change since a milestone as a share of the level before, where its base is large enough (rule 15)."""
    before = chosen.before.estimate if chosen.before else None
    if not isinstance(chosen.comparison, Since) or before is None or before.value <= 0:
        return None
    if any(count is not None and count < FEWEST_FOR_SHARES for count in (before.numerator, now.numerator)):
        return None
    change = (now.value - before.value) / before.value
    hidden = facts.rounded(abs(change), 2) == 0 or (change > -1 and facts.rounded(change, 2) == -1)
    if hidden or now.value < 0:
        return None  # nothing much, all but a little, or across nought
    shown = f"{facts.percent(abs(change), 0)} {'more' if change > 0 else 'less'}"
    return Fact(
        of=f"{metric.key}/change",
        function="relative",
        kind=Kind.RELATIVE,
        value=change,
        shown=shown,
        unit="percent",
    )
