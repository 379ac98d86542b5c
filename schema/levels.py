"""A metric's level in words: so many of every so many, a gap, an amount; and the level before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates import Estimate, GroupEstimate
from schema.facts import Fact, Kind
from schema.metrics import Audience, Form, Metric, Unit
from schema.texts import Filling, Text
from schema.verdicts import Verdict

MARKS: Final = (
    ("estimated", lambda subject: subject.metric.estimated),
    ("provisional", lambda subject: subject.provisional),
)
FEWEST_FOR_SHARES: Final = 30  # wording rule 18
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
    stale_until: Fact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A metric that stands in for another one, with both levels from the same measurement."""

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


def level(subject: Subject, audience: Audience, *, rest: bool = True) -> Text:
    """Say a metric's value now, without a full stop; starts in lower case.

    rest   also say what became of those that are not counted, where that is worth saying
    """
    if subject.shown and audience in PLAIN_READERS:
        parts = [
            _level_of(subject, shown.metric, shown.now, shown.before, MONEY_DIGITS, rest=False)
            for shown in subject.shown
        ]
        return texts.join(parts, ", and ")
    digits = MONEY_DIGITS if audience in PLAIN_READERS else None
    level = _level_of(subject, subject.metric, subject.now, subject.before, digits, rest=rest)
    if subject.moment.joined > 1 and audience in PLAIN_READERS:
        level = texts.fill("{level} ({window})", {"level": level, "window": subject.moment.window})
    marks = [word for word, holds in MARKS if holds(subject)]
    return texts.join((" and ".join(marks), ": ", level), "") if marks else level


def _level_of(
    subject: Subject,
    metric: Metric,
    now: Estimate,
    before: Estimate | None,
    digits: int | None,
    *,
    rest: bool,
) -> Text:
    if metric.form is Form.GAP and len(ranked(now)) > 1:
        return _gap(subject, metric, now)
    if metric.form in SHARED_FORMS:
        return _share(subject, metric, now, before, rest=rest)
    return texts.fill(
        "{subject} was {value}"
        + (" against a watch line of {line}" if "watch_line" in metric.constants else ""),
        {
            "subject": phrase(metric.words.subject or metric.plain, metric, subject.language),
            "value": _value(subject, metric, now, "now", digits),
            "line": constant(metric.constants.get("watch_line", Decimal(0)), "constant"),
        },
    )


def _share(subject: Subject, metric: Metric, now: Estimate, before: Estimate | None, *, rest: bool) -> Text:
    words = metric.words
    of = phrase(words.of, metric, subject.language)
    hit = phrase(words.hit, metric, subject.language)
    group = (
        texts.fill("in the group that fares worst, {group}, ", {"group": facts.name(now.groups[-1].group)})
        if (metric.form is Form.WORST and now.groups)
        else Text(())
    )
    if now.denominator is not None and (now.denominator < FEWEST_FOR_SHARES or not now.numerator):
        return texts.join((group, _counts(metric, now, of, hit)), "")
    base = base_of(metric, now, before)
    fillings: dict[str, Filling] = {
        "base": figure("now", "base", Kind.BASE, Decimal(base), f"{base:,}", metric),
        "of": of,
        "hits": _per(now.value, base, metric, "now"),
        "hit": hit,
    }
    template = "of every {base} {of}, {hits} {hit}"
    if words.rest and rest and base == facts.BASES[0]:
        others = base - facts.per(now.value, base)
        fillings["rest_count"] = figure("now", "rest", Kind.PER, Decimal(others), str(others), metric)
        fillings["rest"] = phrase(words.rest, metric, subject.language)
        template += " and {rest_count} {rest}"
    told = texts.join((group, texts.fill(template, fillings)), "")
    if "baseline" not in now.parts:
        return told
    nothing = _per(now.parts["baseline"], base, metric, "now", function="baseline")
    return texts.join((told, texts.fill("(doing nothing: {nothing})", {"nothing": nothing})))


def _counts(metric: Metric, now: Estimate, of: Text, hit: Text) -> Text:
    numerator, denominator = now.numerator or 0, now.denominator or 0
    fillings: dict[str, Filling] = {
        "numerator": figure("now", "numerator", Kind.COUNT, Decimal(numerator), f"{numerator:,}", metric),
        "denominator": figure(
            "now", "denominator", Kind.COUNT, Decimal(denominator), f"{denominator:,}", metric
        ),
        "of": of,
        "hit": hit,
    }
    if numerator or now.high is None:
        return texts.fill("{numerator} of {denominator} {of} {hit}", fillings)
    base = facts.base_for(now.high)
    fillings["upper"] = figure(
        "now", "upper", Kind.PER, now.high, f"{facts.outward(now.high, base, low=False):,}", metric
    )
    fillings["base"] = figure("now", "base", Kind.BASE, Decimal(base), f"{base:,}", metric)
    return texts.fill(
        "{numerator} of {denominator} {of} {hit}; the true rate may be up to {upper} in every {base}",
        fillings,
    )


def _gap(subject: Subject, metric: Metric, now: Estimate) -> Text:
    groups = ranked(now)
    first, last = groups[0], groups[-1]
    base = facts.base_for(first.value, last.value)
    fillings: dict[str, Filling] = {
        "base": figure("now", "base", Kind.BASE, Decimal(base), f"{base:,}", metric),
        "of": phrase(metric.words.of, metric, subject.language),
        "hit": phrase(metric.words.hit, metric, subject.language),
        "first": _per(first.value, base, metric, "now"),
        "first_group": facts.name(first.group),
        "last": _per(last.value, base, metric, "now"),
        "last_group": facts.name(last.group),
    }
    start = texts.fill(
        "of every {base} {of}, {first} among {first_group} and {last} among {last_group} {hit}", fillings
    )
    if metric.unit is Unit.SHARE:
        gap = facts.per(first.value, base) - facts.per(last.value, base)
        fact = figure("now", "gap", Kind.PER, Decimal(gap), f"{gap:,}", metric)
        return texts.join((start, texts.fill(": a gap of {gap}", {"gap": fact})), "")
    ratio = figure("now", "ratio", Kind.LEVEL, now.value, facts.percent(now.value, 0), metric, unit="percent")
    return texts.join(
        (start, texts.fill(": {last} at {ratio} of the rate of {first}", {
            "last": fillings["last_group"], "ratio": ratio, "first": fillings["first_group"],
        })), "",
    )  # fmt: skip


def level_before(subject: Subject) -> Filling:
    before = subject.before
    if before is None:
        return Text(())
    if subject.shown:
        parts = [
            _before_of(subject, shown.metric, shown.now, shown.before)
            for shown in subject.shown
            if shown.before
        ]
        return texts.join([texts.fill("{it}", {"it": part}) for part in parts], " and ")
    return _before_of(subject, subject.metric, subject.now, before)


def _before_of(subject: Subject, metric: Metric, now: Estimate, before: Estimate | None) -> Filling:
    if before is None:
        return Text(())
    if metric.form is Form.GAP and metric.unit is Unit.SHARE:
        groups = ranked(now)
        base = facts.base_for(groups[0].value, groups[-1].value) if len(groups) > 1 else facts.BASES[0]
        return _per(before.value, base, metric, "before")
    if metric.form in {Form.PROPORTION, Form.WORST}:
        counted = [each for each in (now, before) if each.denominator is not None]
        if any((each.denominator or 0) < FEWEST_FOR_SHARES for each in counted) or (
            not now.numerator and counted
        ):
            return _plain_counts(metric, before)
        return _per(before.value, base_of(metric, now, before), metric, "before")
    if metric.form is Form.GAP:
        shown = facts.percent(before.value, 0)
        return figure("before", "ratio", Kind.LEVEL, before.value, shown, metric, unit="percent")
    return _value(subject, metric, before, "before", MONEY_DIGITS)


def _plain_counts(metric: Metric, before: Estimate) -> Text:
    numerator, denominator = before.numerator or 0, before.denominator or 0
    return texts.fill("{numerator} of {denominator}", {
        "numerator": figure("before", "numerator", Kind.COUNT, Decimal(numerator), f"{numerator:,}", metric),
        "denominator": figure("before", "denominator", Kind.COUNT, Decimal(denominator), f"{denominator:,}", metric),
    })  # fmt: skip


def ends_of_change(subject: Subject, low: Decimal, high: Decimal) -> tuple[Filling, Filling]:
    """Show the ends of the change's interval: `6 fewer` and `level`, or with the unit."""
    metric = subject.metric
    if metric.unit is not Unit.SHARE or subject.shown:
        return _signed_end(subject, low, "low"), _signed_end(subject, high, "high")
    told = _told_base(subject)
    base = facts.base_to_see(low, high, told or facts.BASES[0])
    ends = _fewer(low, base, metric, "low"), _fewer(high, base, metric, "high")
    if base == told:
        return ends
    per = figure("change", "base", Kind.BASE, Decimal(base), f"{base:,}", metric)
    return ends[0], texts.fill("{high} in every {base}", {"high": ends[1], "base": per})


def _told_base(subject: Subject) -> int | None:
    """Give the denominator that the level's words name; None where they give counts alone."""
    metric, now, before = subject.metric, subject.now, subject.before
    if metric.form is Form.GAP:
        groups = ranked(now)
        return facts.base_for(groups[0].value, groups[-1].value) if len(groups) > 1 else None
    if now.denominator is not None and not now.numerator:
        return facts.base_for(now.high) if now.high is not None else None
    few = any(
        each.denominator is not None and each.denominator < FEWEST_FOR_SHARES
        for each in (now, before)
        if each
    )
    return None if few else base_of(metric, now, before)


def _fewer(end: Decimal, base: int, metric: Metric, which: str) -> Fact:
    count = facts.outward(end, base, low=which == "low")
    shown = "level" if count == 0 else f"{abs(count):,} {'more' if count > 0 else 'fewer'}"
    return figure("change", which, Kind.CHANGE, end, shown, metric)


def _signed_end(subject: Subject, end: Decimal, which: str) -> Fact:
    metric = subject.metric
    size = show(metric, abs(end), subject.language.currency, digits=MONEY_DIGITS)
    shown = "level" if facts.rounded(end, 9) == 0 else f"{size} {'more' if end > 0 else 'less'}"
    return figure("change", which, Kind.CHANGE, end, shown, metric, unit=metric.unit.value)


def _value(subject: Subject, metric: Metric, estimate: Estimate, at: str, digits: int | None) -> Fact:
    shown = show(metric, estimate.value, subject.language.currency, digits=digits)
    return figure(at, "level", Kind.LEVEL, estimate.value, shown, metric, unit=metric.unit.value)


def show(metric: Metric, value: Decimal, currency: str, *, digits: int | None = None) -> str:
    """Write a value in the metric's unit; `digits` shortens money."""
    if metric.unit is Unit.SHARE:
        return facts.percent(value)
    if metric.unit is Unit.MONEY:
        return facts.money(value, currency, digits=digits)
    return facts.quantity(value, metric.unit, unit_name=metric.unit_name)


def figure(
    at: str, function: str, kind: Kind, value: Decimal, shown: str, metric: Metric, *, unit: str = ""
) -> Fact:
    """Make a figure that rests on the metric's level now, before, or on the change."""
    return Fact(of=f"{metric.key}/{at}", function=function, kind=kind, value=value, shown=shown, unit=unit)


def constant(value: Decimal, name: str, *, shown: str | None = None) -> Fact:
    """Hold a number of a definition or of the configuration."""
    text = (
        shown
        if shown is not None
        else facts.number(value, max(0, -int(value.normalize().as_tuple().exponent)))
    )
    return Fact(of=name, function="constant", kind=Kind.CONSTANT, value=value, shown=text)


def phrase(template: str, metric: Metric, language: Language) -> Text:
    """Fill a metric's own words with the product's nouns and labels and the definition's numbers."""
    names = texts.fields(template)
    return (
        texts.fill(template, {name: _filling(name, metric, language) for name in names})
        if names
        else Text((template,))
    )


def _filling(name: str, metric: Metric, language: Language) -> Filling:
    if name.startswith("label."):
        label = language.labels.get(name.removeprefix("label."))
        return facts.name(label) if label else "not stated"
    if name.startswith("constant."):
        return constant(metric.constants[name.removeprefix("constant.")], name)
    return facts.name(language.nouns[name])


def ranked(estimate: Estimate) -> list[GroupEstimate]:
    """List the groups that are large enough to be compared, highest first."""
    return [
        each for each in estimate.groups if each.denominator is None or each.denominator >= FEWEST_FOR_SHARES
    ]


def _per(value: Decimal, base: int, metric: Metric, at: str, *, function: str = "per") -> Fact:
    count = facts.per(value, base)
    return figure(at, function, Kind.PER, value, f"{count:,}", metric, unit="per")


def base_of(metric: Metric, now: Estimate, before: Estimate | None) -> int:
    """Choose the denominator that now and before share in one statement."""
    if metric.unit is not Unit.SHARE:
        return facts.BASES[0]
    before_value = now.value if before is None else before.value
    values = [now.value, before_value, *([1 - now.value] if metric.words.rest else [])]
    return facts.base_for(*values, apart=before_value != now.value)
