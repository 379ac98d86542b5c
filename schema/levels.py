"""A metric's level in words: so many of every so many, a gap, an amount; and the level before it."""

from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates import Estimate, GroupEstimate
from schema.facts import Fact, Kind
from schema.metrics import Audience, Form, Metric, Unit
from schema.subjects import MONEY_DIGITS as MONEY_DIGITS
from schema.subjects import PLAIN_READERS as PLAIN_READERS
from schema.subjects import SHARED_FORMS as SHARED_FORMS
from schema.subjects import Language as Language
from schema.subjects import Moment as Moment
from schema.subjects import Shown as Shown
from schema.subjects import Subject as Subject
from schema.subjects import constant as constant
from schema.subjects import figure as figure
from schema.subjects import phrase as phrase
from schema.subjects import show as show
from schema.texts import Filling, Text

FEWEST_FOR_SHARES: Final = 30  # wording rule 18
NOW: Final = "now"
BEFORE: Final = "before"
CHANGE: Final = "change"


def level(
    subject: Subject, audience: Audience, *, rest: bool = True, apart: bool = False,
    unmarked: frozenset[str] = frozenset(),
) -> Text:  # fmt: skip
    """Say a metric's value now, without a full stop; starts in lower case.

    rest       also say what became of those that are not counted, where that is worth saying
    apart      two levels take two sentences
    unmarked   caveats that the sentence before has made already
    """
    plain = audience in PLAIN_READERS
    digits = MONEY_DIGITS if plain else None
    if subject.shown and plain:
        parts = [_level_of(subject, shown, digits, rest=False) for shown in subject.shown]
        if not apart:
            return texts.join(parts, ", and ")
        return texts.join([parts[0], *(texts.fill("{part:cap}", {"part": part}) for part in parts[1:])], ". ")
    told = _level_of(subject, subject.itself, digits, rest=rest)
    if subject.moment.joined > 1 and plain:
        told = texts.fill("{level} ({window})", {"level": told, "window": subject.moment.window})
    words = [word for word in marks(subject) if word not in unmarked]
    return texts.join((" and ".join(words), ": ", told), "") if words else told


def marks(subject: Subject) -> tuple[str, ...]:
    """List the caveats that a figure carries (wording rule 32)."""
    estimated = ("estimated",) if subject.metric.estimated else ()
    return (*estimated, "provisional") if subject.provisional else estimated


def _level_of(subject: Subject, shown: Shown, digits: int | None, *, rest: bool) -> Text:
    metric = shown.metric
    if metric.form is Form.GAP and len(ranked(shown.now)) > 1:
        return _gap(subject, shown)
    if metric.form in SHARED_FORMS:
        return _share(subject, shown, rest=rest)
    line = metric.constants.get("watch_line")
    return texts.fill("{subject} was {value}" if line is None else WATCHED, {
        "subject": phrase(metric.words.subject or metric.plain, metric, subject.language),
        "value": _value(subject, shown, NOW, digits),
        "line": "" if line is None else constant(line, "constant"),
    })  # fmt: skip


WATCHED: Final = "{subject} was {value} against a watch line of {line}"


def _share(subject: Subject, shown: Shown, *, rest: bool) -> Text:
    metric, now = shown.metric, shown.now
    of = phrase(metric.words.of, metric, subject.language)
    hit = phrase(metric.words.hit, metric, subject.language)
    worst = _worst(shown)
    if now.denominator is not None and (now.denominator < FEWEST_FOR_SHARES or not now.numerator):
        return texts.join((worst, _counts(metric, now, of, hit)), "")
    base = base_of(metric, now, shown.before)
    fillings: dict[str, Filling] = {
        "base": _base(metric, NOW, base), "of": of, "hit": hit, "hits": _per(metric, NOW, now.value, base),
    }  # fmt: skip
    template = "of every {base} {of}, {hits} {hit}"
    if metric.words.rest and rest and base == facts.BASES[0]:
        others = base - facts.per(now.value, base)
        fillings["rest_count"] = figure(
            f"{metric.key}/now", "rest", Kind.PER, Decimal(others), shown=str(others)
        )
        fillings["rest"] = phrase(metric.words.rest, metric, subject.language)
        template += " and {rest_count} {rest}"
    told = texts.join((worst, texts.fill(template, fillings)), "")
    if "baseline" not in now.parts:
        return told
    nothing = _per(metric, NOW, now.parts["baseline"], base, function="baseline")
    return texts.join((told, texts.fill("(doing nothing: {nothing})", {"nothing": nothing})))


def _worst(shown: Shown) -> Text:
    if shown.metric.form is not Form.WORST or not shown.now.groups:
        return Text(())
    group = facts.group_name(shown.now.groups[-1].group)
    return texts.fill("in the group that fares worst, {group}, ", {"group": group})


def _counts(metric: Metric, now: Estimate, of: Text, hit: Text) -> Text:
    numerator = now.numerator or 0
    fillings: dict[str, Filling] = {
        "numerator": count(metric, NOW, "numerator", numerator),
        "denominator": count(metric, NOW, "denominator", now.denominator or 0),
        "of": of,
        "hit": hit,
    }
    if numerator or now.high is None:
        return texts.fill("{numerator} of {denominator} {of} {hit}", fillings)
    base = facts.base_for(now.high)
    upper = f"{facts.outward(now.high, base, low=False):,}"
    fillings["upper"] = figure(f"{metric.key}/now", "upper", Kind.PER, now.high, shown=upper, base=base)
    fillings["base"] = _base(metric, NOW, base)
    return texts.fill(
        "{numerator} of {denominator} {of} {hit}; the true rate may be up to {upper} in every {base}",
        fillings,
    )


def _gap(subject: Subject, shown: Shown) -> Text:
    metric, now = shown.metric, shown.now
    first, last = ranked(now)[0], ranked(now)[-1]
    base = facts.base_for(first.value, last.value)
    fillings: dict[str, Filling] = {
        "base": _base(metric, NOW, base),
        "of": phrase(metric.words.of, metric, subject.language),
        "hit": phrase(metric.words.hit, metric, subject.language),
        "first": _per(metric, NOW, first.value, base, group=first.group),
        "first_group": facts.group_name(first.group),
        "last": _per(metric, NOW, last.value, base, group=last.group),
        "last_group": facts.group_name(last.group),
    }
    if metric.unit is Unit.SHARE:
        gap = facts.per(first.value, base) - facts.per(last.value, base)
        fillings["gap"] = figure(f"{metric.key}/now", "gap", Kind.PER, Decimal(gap), shown=f"{gap:,}")
        return texts.fill(GAP + ": a gap of {gap}", fillings)
    ratio = facts.percent(now.value, 0)
    fillings["ratio"] = figure(
        f"{metric.key}/now", "ratio", Kind.LEVEL, now.value, shown=ratio, unit="percent"
    )
    return texts.fill(GAP + ": {last_group} at {ratio} of the rate of {first_group}", fillings)


GAP: Final = "of every {base} {of}, {first} among {first_group} and {last} among {last_group} {hit}"


def level_before(subject: Subject) -> Filling:
    """Say the level before in the same shape as the level now."""
    if subject.before is None:
        return Text(())
    if not subject.shown:
        return _before_of(subject, subject.itself)
    parts = [_before_of(subject, shown) for shown in subject.shown if shown.before]
    return texts.join([texts.fill("{it}", {"it": part}) for part in parts], " and ")


def _before_of(subject: Subject, shown: Shown) -> Filling:
    metric, now, before = shown.metric, shown.now, shown.before
    if before is None:
        return Text(())
    if metric.form is Form.GAP and metric.unit is Unit.SHARE:
        return _per(metric, BEFORE, before.value, _base_of_gap(now) or facts.BASES[0])
    if metric.form in {Form.PROPORTION, Form.WORST}:
        counted = [each for each in (now, before) if each.denominator is not None]
        few = any((each.denominator or 0) < FEWEST_FOR_SHARES for each in counted)
        if few or (not now.numerator and counted):
            return texts.fill("{numerator} of {denominator}", {
                "numerator": count(metric, BEFORE, "numerator", before.numerator or 0),
                "denominator": count(metric, BEFORE, "denominator", before.denominator or 0),
            })  # fmt: skip
        return _per(metric, BEFORE, before.value, base_of(metric, now, before))
    if metric.form is Form.GAP:
        ratio = facts.percent(before.value, 0)
        of = f"{metric.key}/before"
        return figure(of, "ratio", Kind.LEVEL, before.value, shown=ratio, unit="percent")
    return _value(subject, shown, BEFORE, MONEY_DIGITS)


def ends_of_change(subject: Subject, low: Decimal, high: Decimal) -> tuple[Filling, Filling]:
    """Show the ends of the change's interval: `6 fewer` and `level`, or with the unit."""
    metric = subject.metric
    if metric.unit is not Unit.SHARE or subject.shown:
        return _signed_end(subject, low, "low"), _signed_end(subject, high, "high")
    told = _told_base(subject)
    base = facts.base_to_see(low, high, told or facts.BASES[0])
    ends = _fewer(metric, low, base, "low"), _fewer(metric, high, base, "high")
    if base == told:
        return ends
    return ends[0], texts.fill(
        "{high} in every {base}", {"high": ends[1], "base": _base(metric, CHANGE, base)}
    )


def _told_base(subject: Subject) -> int | None:
    """Give the denominator that the level's words name; None where they give counts alone."""
    metric, now, before = subject.metric, subject.now, subject.before
    if metric.form is Form.GAP:
        return _base_of_gap(now)
    if now.denominator is not None and not now.numerator:
        return facts.base_for(now.high) if now.high is not None else None
    counted = [each.denominator for each in (now, before) if each and each.denominator is not None]
    return None if any(cases < FEWEST_FOR_SHARES for cases in counted) else base_of(metric, now, before)


def _base_of_gap(now: Estimate) -> int | None:
    groups = ranked(now)
    return facts.base_for(groups[0].value, groups[-1].value) if len(groups) > 1 else None


def _fewer(metric: Metric, end: Decimal, base: int, which: str) -> Fact:
    count = facts.outward(end, base, low=which == "low")
    shown = "level" if count == 0 else f"{abs(count):,} {'more' if count > 0 else 'fewer'}"
    return figure(f"{metric.key}/change", which, Kind.CHANGE, end, shown=shown, base=base)


def _signed_end(subject: Subject, end: Decimal, which: str) -> Fact:
    metric = subject.metric
    size = show(metric, abs(end), subject.language.currency, digits=MONEY_DIGITS)
    shown = "level" if facts.rounded(end, 9) == 0 else f"{size} {'more' if end > 0 else 'less'}"
    return figure(f"{metric.key}/change", which, Kind.CHANGE, end, shown=shown, unit=metric.unit.value)


def _value(subject: Subject, shown: Shown, at: str, digits: int | None) -> Fact:
    metric = shown.metric
    value = shown.now.value if at == NOW or shown.before is None else shown.before.value
    text = show(metric, value, subject.language.currency, digits=digits)
    return figure(f"{metric.key}/{at}", "level", Kind.LEVEL, value, shown=text, unit=metric.unit.value)


def ranked(estimate: Estimate) -> list[GroupEstimate]:
    """List the groups that are large enough to be compared, highest first."""
    return [
        each for each in estimate.groups if each.denominator is None or each.denominator >= FEWEST_FOR_SHARES
    ]


def count(metric: Metric, at: str, function: str, value: int, *, group: str = "") -> Fact:
    """Show counted things."""
    of, shown = f"{metric.key}/{at}", f"{value:,}"
    return Fact(of=of, function=function, kind=Kind.COUNT, value=Decimal(value), shown=shown, group=group)


def _base(metric: Metric, at: str, base: int) -> Fact:
    return figure(f"{metric.key}/{at}", "base", Kind.BASE, Decimal(base), shown=f"{base:,}")


def _per(
    metric: Metric, at: str, value: Decimal, base: int, *, function: str = "per", group: str = ""
) -> Fact:
    return Fact(
        of=f"{metric.key}/{at}", function=function, kind=Kind.PER, value=value, unit="per", base=base,
        shown=f"{facts.per(value, base):,}", group=group,
    )  # fmt: skip


def base_of(metric: Metric, now: Estimate, before: Estimate | None) -> int:
    """Choose the denominator that now and before share in one statement."""
    if metric.unit is not Unit.SHARE:
        return facts.BASES[0]
    before_value = now.value if before is None else before.value
    values = [now.value, before_value, *([1 - now.value] if metric.words.rest else [])]
    return facts.base_for(*values, apart=before_value != now.value)
