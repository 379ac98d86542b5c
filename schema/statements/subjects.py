"""What a statement leans on: a metric's levels, the product's own words, and the windows in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates.estimating import Estimate
from schema.facts import Fact, Kind
from schema.metrics import Audience, Form, Metric, Unit
from schema.texts import Filling, Text
from schema.verdicts import Because, Verdict
from schema.verdicts import Kind as VerdictKind

WITHOUT_GOOD: Final[Mapping[VerdictKind, VerdictKind]] = {
    VerdictKind.CLEAR_GAIN: VerdictKind.CLEAR_CHANGE, VerdictKind.CLEAR_LOSS: VerdictKind.CLEAR_CHANGE,
    VerdictKind.SMALL_GAIN: VerdictKind.SMALL_CHANGE, VerdictKind.SMALL_LOSS: VerdictKind.SMALL_CHANGE,
}  # fmt: skip

MONEY_DIGITS: Final = 3  # wording rule 8
PLAIN_READERS: Final = frozenset({Audience.EXECUTIVE, Audience.SUPPORT})
SHARED_FORMS: Final = frozenset({Form.PROPORTION, Form.GAP, Form.WORST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The product's own words: nouns by slot name, labels, currency."""

    nouns: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Which windows are compared, in words."""

    window: Fact  # `16 to 22 November 2026`
    when: Text  # when it was otherwise: `the week before`, `in the week to 25 October`, `before release 2.3`
    then: Text  # the same as a noun: `the week before`, `the week to 25 October`, `the last week before release 2.3`
    joined: int = 1  # how many periods the window holds; more than one is always said
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A metric with its levels in both windows; one may stand in for another, from the same measurement."""

    metric: Metric
    now: Estimate
    before: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that a statement may lean on."""

    metric: Metric
    now: Estimate
    before: Estimate | None
    verdict: Verdict
    language: Language
    moment: Moment
    shown: Sequence[Shown] = ()
    provisional: bool = False  # labels are not ripe
    agreement: Fact | None = None  # of the automatic judge with people
    relative: Fact | None = None  # the change over the level before, where it is worth saying: `45% less`
    periods: int = 0  # complete periods behind what a detector found
    least: int = facts.BASES[0]  # shares are told of no fewer, so that a limit beside them is told of as many
    brief: bool = False  # a gap is told alone where its ends would need a larger denominator

    @property
    def itself(self) -> Shown:
        """Give the metric's own levels."""
        return Shown(metric=self.metric, now=self.now, before=self.before)

    @property
    def compared(self) -> bool:
        """Tell whether a change is stated: something was asked for, found and fit to compare."""
        asked = self.verdict.because is not Because.NOT_ASKED
        return asked and self.before is not None and self.verdict.kind is not VerdictKind.NOT_COMPARABLE

    @property
    def kind(self) -> VerdictKind:
        """Give the verdict as it is told."""
        return told(self.metric, self.verdict.kind)

    @property
    def ends(self) -> tuple[Decimal, Decimal] | None:
        """Give the ends of the change's interval, none of them past what a share can move by."""
        low, high = self.verdict.low, self.verdict.high
        if low is None or high is None:
            return None
        before = self.before
        if self.metric.unit is not Unit.SHARE or self.metric.maximum != 1 or before is None:
            return low, high
        most = before.value if before.high is None else before.high
        least = before.value if before.low is None else before.low
        floor = self.metric.minimum or Decimal(0)
        return max(low, floor - most), min(high, 1 - least)


def told(metric: Metric, kind: VerdictKind) -> VerdictKind:
    """Give a verdict as it is told: what comes in may shift, which is neither good nor bad (wording rule 26)."""
    return WITHOUT_GOOD.get(kind, kind) if metric.form is Form.DRIFT else kind


def figure(
    of: str, function: str, kind: Kind, value: Decimal, *, shown: str, unit: str = "", base: int = 1
) -> Fact:
    """Make a figure that rests on a metric's level now, before, or on the change: `precision/now`."""
    return Fact(of=of, function=function, kind=kind, value=value, shown=shown, unit=unit, base=base)


def constant(value: Decimal, name: str, *, shown: str | None = None) -> Fact:
    """Hold a number of a definition or of the configuration."""
    text = shown if shown is not None else facts.number(value, facts.decimals_in(value))
    return Fact(of=name, function="constant", kind=Kind.CONSTANT, value=value, shown=text)


def show(metric: Metric, value: Decimal, currency: str, *, digits: int | None = None) -> str:
    """Write a value in the metric's unit; `digits` shortens money."""
    return written(value, metric.unit, metric.unit_name, currency=currency, digits=digits)


def written(value: Decimal, unit: Unit, unit_name: str, *, currency: str, digits: int | None = None) -> str:
    """Write a value in a unit; `digits` shortens money."""
    if unit is Unit.SHARE:
        return facts.percent(value)
    if unit is Unit.MONEY:
        return facts.money(value, currency, digits=digits)
    return facts.quantity(value, unit, unit_name=unit_name)


def stated(value: Decimal, metric: Metric, currency: str, *, as_told: bool) -> str:
    """Write a value of the configuration as it stands there.

    as_told   a ratio of groups is written as the percentage that it is told as
    """
    if metric.form is Form.GAP and as_told:
        return as_stated(value, Unit.SHARE, "", currency=currency)
    return as_stated(value, metric.unit, metric.unit_name, currency=currency)


def as_stated(value: Decimal, unit: Unit, unit_name: str, *, currency: str) -> str:
    """Write a value of the configuration in a unit, with the decimals that it was written with."""
    if unit is Unit.SHARE:
        return facts.percent(value, facts.decimals_in(value * facts.HUNDRED))
    if unit is Unit.MONEY:
        return facts.money(value, currency)
    return facts.quantity(value, unit, unit_name=unit_name, decimals=facts.decimals_in(value))


def phrase(template: str, metric: Metric, language: Language) -> Text:
    """Fill a metric's own words with the product's nouns and labels and the definition's numbers."""
    names = texts.fields(template)
    if not names:
        return Text((template,))
    return texts.fill(template, {name: _filling(name, metric, language) for name in names})


def _filling(name: str, metric: Metric, language: Language) -> Filling:
    if name.startswith("label."):
        label = language.labels.get(name.removeprefix("label."))
        return facts.name(label) if label else "not stated"
    if name.startswith("constant."):
        return constant(metric.constants[name.removeprefix("constant.")], name)
    return facts.name(language.nouns[name])
