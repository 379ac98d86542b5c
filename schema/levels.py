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
from schema.verdicts import CHANGES
from schema.verdicts import Kind as VerdictKind

FEWEST_FOR_SHARES: Final = 30  # wording rule 18
FEWEST_COMPARED: Final = 2
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
    base = base_of(subject, shown)
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
    base = _base_of_gap(subject, shown) or facts.BASES[0]
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
    fillings["ratio"] = Fact(
        of=f"{metric.key}/now", function="ratio", kind=Kind.LEVEL, value=now.value, unit="percent",
        shown=facts.percent(now.value, 0), group=last.group,
    )  # fmt: skip
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
        return _per(metric, BEFORE, before.value, _base_of_gap(subject, shown) or facts.BASES[0])
    if metric.form in {Form.PROPORTION, Form.WORST}:
        counted = [each for each in (now, before) if each.denominator is not None]
        few = any((each.denominator or 0) < FEWEST_FOR_SHARES for each in counted)
        if few or (not now.numerator and counted):
            return texts.fill("{numerator} of {denominator}", {
                "numerator": count(metric, BEFORE, "numerator", before.numerator or 0),
                "denominator": count(metric, BEFORE, "denominator", before.denominator or 0),
            })  # fmt: skip
        return _per(metric, BEFORE, before.value, base_of(subject, shown))
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
        return _base_of_gap(subject, subject.itself)
    if now.denominator is not None and not now.numerator:
        return facts.base_for(now.high) if now.high is not None else None
    counted = [each.denominator for each in (now, before) if each and each.denominator is not None]
    if any(cases < FEWEST_FOR_SHARES for cases in counted):
        return None
    return base_of(subject, subject.itself)


def _base_of_gap(subject: Subject, shown: Shown) -> int | None:
    groups = ranked(shown.now)
    if len(groups) < FEWEST_COMPARED:
        return None
    first, last = groups[0].value, groups[-1].value
    base = _base_for_ends(subject, facts.base_for(first, last))
    if shown.before is None or shown.metric.unit is not Unit.SHARE or not _changed(subject):
        return base
    before = shown.before.value
    larger = (each for each in facts.BASES if each >= base)
    apart = (
        each for each in larger if facts.per(first, each) - facts.per(last, each) != facts.per(before, each)
    )
    return next(apart, base)


def _fewer(metric: Metric, end: Decimal, base: int, which: str) -> Fact:
    count = facts.outward(end, base, low=which == "low")
    shown = "level" if count == 0 else f"{abs(count):,} {'more' if count > 0 else 'fewer'}"
    return figure(f"{metric.key}/change", which, Kind.CHANGE, end, shown=shown, base=base)


def _signed_end(subject: Subject, end: Decimal, which: str) -> Fact:
    metric = subject.metric
    if facts.rounded(end, 9) == 0:
        shown = "level"
    elif metric.form is Form.GAP:
        shown = facts.points(abs(end)).removeprefix("+")  # a ratio is told as a percentage
    else:
        shown = _as_plain(subject, metric, abs(end), MONEY_DIGITS)
    more = "" if shown == "level" else " more" if end > 0 else " less"
    of, unit = f"{metric.key}/change", "points" if metric.form is Form.GAP else metric.unit.value
    return figure(of, which, Kind.CHANGE, end, shown=f"{shown}{more}", unit=unit)


def _value(subject: Subject, shown: Shown, at: str, digits: int | None) -> Fact:
    metric = shown.metric
    value = shown.now.value if at == NOW or shown.before is None else shown.before.value
    text = _as_plain(subject, metric, value, digits)
    return figure(f"{metric.key}/{at}", "level", Kind.LEVEL, value, shown=text, unit=metric.unit.value)


def _as_plain(subject: Subject, metric: Metric, value: Decimal, digits: int | None) -> str:
    """Write a value with as many decimals as the larger level needs, so that what is compared looks alike."""
    if metric.unit in {Unit.SHARE, Unit.MONEY}:
        return show(metric, value, subject.language.currency, digits=digits)
    levels = [abs(each.value) for each in (subject.now, subject.before) if each is not None]
    places = facts.decimals_of(max(levels), metric.unit)
    while value and not facts.rounded(value, places):
        places += 1
    return facts.quantity(value, metric.unit, unit_name=metric.unit_name, decimals=places)


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


def base_of(subject: Subject, shown: Shown) -> int:
    """Choose the one denominator of a statement.

    Both levels share it, and do not look equal where they changed; the ends of a change that is not clear fit it too.
    """
    metric, now = shown.metric, shown.now
    if metric.unit is not Unit.SHARE:
        return facts.BASES[0]
    before = now.value if shown.before is None else shown.before.value
    values = [now.value, before, *([1 - now.value] if metric.words.rest else [])]
    base = facts.base_for(*values, apart=_changed(subject) and before != now.value)
    return _base_for_ends(subject, base)


def _base_for_ends(subject: Subject, base: int) -> int:
    verdict = subject.verdict
    if (
        verdict.kind is not VerdictKind.CANNOT_TELL
        or verdict.low is None
        or verdict.high is None
        or subject.shown
    ):
        return base
    return facts.base_to_see(verdict.low, verdict.high, base)


def _changed(subject: Subject) -> bool:
    return subject.verdict.kind in CHANGES


def look_equal(subject: Subject) -> bool:
    """Tell whether both levels show as the same figure, rounded as short as plain readers get it."""
    alike = subject.metric.form not in SHARED_FORMS and subject.before is not None
    if not alike or subject.shown:
        return False
    now, before = (_value(subject, subject.itself, at, MONEY_DIGITS) for at in (NOW, BEFORE))
    return now.shown == before.shown


def size_of_change(subject: Subject) -> Fact:
    """Show how far apart the two levels are."""
    metric, size = subject.metric, abs(subject.verdict.difference or Decimal(0))
    shown = show(metric, size, subject.language.currency, digits=MONEY_DIGITS)
    of = f"{metric.key}/change"
    return figure(of, "size", Kind.CHANGE, size, shown=shown, unit=metric.unit.value)
