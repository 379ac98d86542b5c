"""A metric's level in words: so many of every so many, a gap, an amount; and the level before it."""

from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates.estimating import Estimate
from schema.facts import Fact, Kind
from schema.metrics import Audience, Form, Metric, Unit
from schema.statements.counted import BEFORE as BEFORE
from schema.statements.counted import CHANGE as CHANGE
from schema.statements.counted import FEWEST_FOR_SHARES as FEWEST_FOR_SHARES
from schema.statements.counted import NOW as NOW
from schema.statements.counted import base_figure, per
from schema.statements.counted import count as count
from schema.statements.gaps import GapBase, base_of_gap, distance, gap, ratio
from schema.statements.gaps import ranked as ranked
from schema.statements.gaps import turned as turned
from schema.statements.subjects import MONEY_DIGITS as MONEY_DIGITS
from schema.statements.subjects import PLAIN_READERS as PLAIN_READERS
from schema.statements.subjects import SHARED_FORMS as SHARED_FORMS
from schema.statements.subjects import Language as Language
from schema.statements.subjects import Moment as Moment
from schema.statements.subjects import Shown as Shown
from schema.statements.subjects import Subject as Subject
from schema.statements.subjects import constant as constant
from schema.statements.subjects import figure as figure
from schema.statements.subjects import phrase as phrase
from schema.statements.subjects import show as show
from schema.texts import Filling, Text
from schema.verdicts import CHANGES
from schema.verdicts import Kind as VerdictKind


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
        told = _stand_ins(subject, digits, apart=apart)
    else:
        told = _level_of(subject, subject.itself, digits, rest=rest)
    if subject.moment.joined > 1 and plain:
        own = apart and not subject.shown  # two stand-ins take two sentences already
        template = "{level}. The window is {window}" if own else "{level} ({window})"
        told = texts.fill(template, {"level": told, "window": subject.moment.window})
    words = [word for word in marks(subject) if word not in unmarked]
    return texts.join((" and ".join(words), ": ", told), "") if words else told


def _stand_ins(subject: Subject, digits: int | None, *, apart: bool) -> Text:
    """Say the metrics that plain readers are told instead."""
    parts = [_level_of(subject, shown, digits, rest=False) for shown in subject.shown]
    if not apart:
        return texts.join(parts, ", and ")
    return texts.join([parts[0], *(texts.fill("{part:cap}", {"part": part}) for part in parts[1:])], ". ")


def marks(subject: Subject) -> tuple[str, ...]:
    """List the caveats that a figure carries (wording rule 32)."""
    estimated = ("estimated",) if subject.metric.estimated else ()
    return (*estimated, "provisional") if subject.provisional else estimated


def _level_of(subject: Subject, shown: Shown, digits: int | None, *, rest: bool) -> Text:
    metric = shown.metric
    if metric.form is Form.GAP and len(ranked(shown.now)) > 1:
        chosen = _base_of_gap(subject, shown)
        return (distance(subject, shown, chosen) if subject.brief else None) or gap(subject, shown, chosen)
    if is_share(shown):
        return _share(subject, shown, rest=rest)
    line = metric.constants.get("watch_line")
    return texts.fill("{subject} was {value}" if line is None else WATCHED, {
        "subject": phrase(metric.words.subject or metric.plain, metric, subject.language),
        "value": _value(subject, shown, NOW, digits),
        "line": "" if line is None else constant(line, "constant"),
    })  # fmt: skip


def is_share(shown: Shown) -> bool:
    """Tell whether a level is so many of every so many; a gap that came without its groups is a figure."""
    return shown.metric.form in {Form.PROPORTION, Form.WORST}


WATCHED: Final = "{subject} was {value} against a watch line of {line}"


def _share(subject: Subject, shown: Shown, *, rest: bool) -> Text:
    metric, now = shown.metric, shown.now
    minutes = metric.function == "availability" and "minutes" in now.parts
    of = texts.plain(MINUTES) if minutes else phrase(metric.words.of, metric, subject.language)
    hit = texts.plain(WORKED) if minutes else phrase(metric.words.hit, metric, subject.language)
    worst, base = _worst(shown), _base_told(subject, shown)
    if base is None:
        return texts.join((worst, _counts(shown, of, hit), _nothing_counted(shown)), "")
    fillings: dict[str, Filling] = {
        "base": base_figure(metric, NOW, base), "of": of, "hit": hit, "hits": per(metric, NOW, now.value, base),
    }  # fmt: skip
    template = "of every {base} {of}, {hits} {hit}"
    if metric.words.rest and rest and base == facts.BASES[0] and not minutes:
        others = base - facts.per(now.value, base)
        fillings["rest_count"] = figure(
            f"{metric.key}/now", "rest", Kind.PER, Decimal(others), shown=str(others)
        )
        fillings["rest"] = phrase(metric.words.rest, metric, subject.language)
        template += " and {rest_count} {rest}"
    told = texts.join((worst, texts.fill(template, fillings)), "")
    if "baseline" not in now.parts:
        return told
    nothing = per(metric, NOW, now.parts["baseline"], base, function="baseline")
    return texts.join((told, texts.fill("({nothing} by doing nothing)", {"nothing": nothing})))


def _nothing_counted(shown: Shown) -> Text:
    """Say beside counts how many doing nothing would reach, where that is told."""
    baseline, cases = shown.now.parts.get("baseline"), shown.now.denominator
    if baseline is None or not cases:
        return Text(())
    counted = figure(
        f"{shown.metric.key}/now", "baseline", Kind.COUNT, baseline, shown=f"{facts.per(baseline, cases):,}", base=cases
    )  # fmt: skip
    return texts.fill(" ({nothing} by doing nothing)", {"nothing": counted})


MINUTES: Final = "minutes"
WORKED: Final = "had the service working"


def _base_told(subject: Subject, shown: Shown) -> int | None:
    """Give the denominator that a share is told of; None where it is told as counts."""
    if shown.now.denominator is None:
        return base_of(subject, shown) or facts.BASES[-1]
    return base_of(subject, shown) if shown.now.numerator and not _of_few(shown) else None


def _of_few(shown: Shown) -> bool:
    """Tell whether either window has too few cases for a share (wording rule 18)."""
    cases = [each.denominator for each in (shown.now, shown.before) if each and each.denominator is not None]
    return bool(cases) and min(cases) < FEWEST_FOR_SHARES


def _base_of_bound(shown: Shown) -> int | None:
    """Give the denominator of the bound beside none seen; None where it is told as a count too."""
    high = shown.now.high
    return None if high is None or _of_few(shown) else facts.base_for_end(high)


def _worst(shown: Shown) -> Text:
    if shown.metric.form is not Form.WORST or not shown.now.groups:
        return Text(())
    group = facts.group_name(shown.now.groups[-1].group)
    return texts.fill("in the group that fares worst, {group}, ", {"group": group})


def _counts(shown: Shown, of: Text, hit: Text) -> Text:
    metric, now = shown.metric, shown.now
    numerator = now.numerator or 0
    fillings: dict[str, Filling] = {
        "numerator": count(metric, NOW, "numerator", numerator),
        "denominator": count(metric, NOW, "denominator", now.denominator or 0),
        "of": of,
        "hit": hit,
    }
    if numerator or now.high is None:
        return texts.fill("{numerator} of {denominator} {of} {hit}", fillings)
    base = _base_of_bound(shown)
    of_as_many = now.denominator or facts.BASES[-1]
    upper = f"{facts.outward(now.high, base or of_as_many, low=False):,}"
    place = f"{metric.key}/now"
    if base is None:
        fillings["upper"] = figure(place, "upper", Kind.COUNT, now.high, shown=upper, base=of_as_many)
        return texts.fill(BOUND + "{upper} in as many", fillings)
    fillings["upper"] = figure(place, "upper", Kind.PER, now.high, shown=upper, base=base)
    fillings["base"] = base_figure(metric, NOW, base)
    return texts.fill(BOUND + "{upper} in every {base}", fillings)


BOUND: Final = "{numerator} of {denominator} {of} {hit}; the true rate may be up to "


def level_before(subject: Subject) -> Filling:
    """Say the level before in the same shape as the level now."""
    if subject.before is None:
        return Text(())
    if not subject.shown:
        return _before_of(subject, subject.itself)
    parts = [(_before_of(subject, shown), turned(shown)) for shown in subject.shown if shown.before]
    return texts.join(
        [texts.fill("{it}{turned}", {"it": it, "turned": other}) for it, other in parts], " and "
    )


def _before_of(subject: Subject, shown: Shown) -> Filling:
    metric, now, before = shown.metric, shown.now, shown.before
    if before is None:
        return Text(())
    if metric.form is Form.GAP and len(ranked(now)) > 1:
        if metric.unit is not Unit.SHARE:
            return ratio(subject, shown, BEFORE)
        return per(metric, BEFORE, before.value, _base_of_gap(subject, shown).base)
    if is_share(shown):
        return _share_before(subject, shown, before)
    return _value(subject, shown, BEFORE, MONEY_DIGITS)


def _share_before(subject: Subject, shown: Shown, before: Estimate) -> Filling:
    """Say a share as it was: of the same base, or as counts where it is of few, of none, or the level is so told."""
    metric, base = shown.metric, _base_told(subject, shown)
    counted = before.numerator is not None and before.denominator is not None
    if counted and (base is None or not before.numerator or (before.denominator or 0) < FEWEST_FOR_SHARES):
        return texts.fill("{numerator} of {denominator}", {
            "numerator": count(metric, BEFORE, "numerator", before.numerator or 0),
            "denominator": count(metric, BEFORE, "denominator", before.denominator or 0),
        })  # fmt: skip
    if base is not None:
        return per(metric, BEFORE, before.value, base)
    base = (
        _base_named(subject, shown)
        or facts.base_for(before.value, rests=(1 - before.value,))
        or facts.BASES[-1]
    )
    return texts.fill("{hits} in every {base}", {
        "hits": per(metric, BEFORE, before.value, base), "base": base_figure(metric, BEFORE, base),
    })  # fmt: skip


def ends_of_change(subject: Subject, low: Decimal, high: Decimal) -> tuple[Filling, Filling]:
    """Show the ends of the change's interval: `6 fewer` and `level`, or with the unit."""
    metric = subject.metric
    if metric.unit is not Unit.SHARE or subject.shown or not _tells_counts(subject.itself):
        return _signed_end(subject, low, "low"), _signed_end(subject, high, "high")
    named = _base_named(subject, subject.itself)
    base = named or facts.base_to_see(low, high, facts.BASES[0])
    ends = _fewer(metric, low, base, "low"), _fewer(metric, high, base, "high")
    if base == named:
        return ends
    return ends[0], texts.fill(
        "{high} in every {base}", {"high": ends[1], "base": base_figure(metric, CHANGE, base)}
    )


def _tells_counts(shown: Shown) -> bool:
    return is_share(shown) or (shown.metric.form is Form.GAP and len(ranked(shown.now)) > 1)


def _base_named(subject: Subject, shown: Shown) -> int | None:
    """Give the denominator that the level's words name; None where they give counts alone."""
    now = shown.now
    if shown.metric.form is Form.GAP:
        return _base_of_gap(subject, shown).base if len(ranked(now)) > 1 else None
    if now.denominator is not None and not now.numerator:
        return _base_of_bound(shown)
    return _base_told(subject, shown)


def _base_of_gap(subject: Subject, shown: Shown) -> GapBase:
    return base_of_gap(subject, shown, least=_base_for_ends(subject, facts.BASES[0]))


def _fewer(metric: Metric, end: Decimal, base: int, which: str) -> Fact:
    count = facts.end_of_change(end, base, low=which == "low")
    shown = "level" if count == 0 else f"{abs(count):,} {'more' if count > 0 else 'fewer'}"
    return figure(f"{metric.key}/change", which, Kind.CHANGE, end, shown=shown, base=base)


def _signed_end(subject: Subject, end: Decimal, which: str) -> Fact:
    metric = subject.metric
    if facts.rounded(end, 9) == 0:
        shown = "level"
    elif metric.form is Form.GAP or metric.unit is Unit.SHARE:
        shown = facts.points(abs(end)).removeprefix("+")  # a ratio is told as a percentage
    elif metric.unit is Unit.MONEY:
        away = facts.amount_outward(end, MONEY_DIGITS, low=which == "low")
        shown = show(metric, abs(away), subject.language.currency, digits=MONEY_DIGITS)
    else:
        shown = _as_plain(subject, metric, abs(end), MONEY_DIGITS)
    less = " fewer" if _is_counted(metric) else " less"
    more = "" if shown == "level" else " more" if end > 0 else less
    points = metric.form is Form.GAP or metric.unit is Unit.SHARE
    unit = "points" if points else metric.unit.value
    return figure(f"{metric.key}/change", which, Kind.CHANGE, end, shown=f"{shown}{more}", unit=unit)


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
    unit_name = "" if _is_counted(metric) else metric.unit_name
    return facts.quantity(value, metric.unit, unit_name=unit_name, decimals=places)


def _is_counted(metric: Metric) -> bool:
    """Tell whether the metric's own words name what is counted, so that the unit would only repeat it."""
    return bool(metric.unit_name) and (metric.words.subject or "").startswith("the number of ")


def base_of(subject: Subject, shown: Shown) -> int | None:
    """Choose the one denominator of a statement; None where none shows its levels and what is left of them.

    Both levels share it, and do not look equal where they changed; the ends of a change that is not clear fit it too.
    """
    metric, now = shown.metric, shown.now
    if metric.unit is not Unit.SHARE:
        return facts.BASES[0]
    before = now.value if shown.before is None else shown.before.value
    least = _base_for_ends(subject, facts.BASES[0])
    apart = _changed(subject) and before != now.value
    said = [1 - now.value] if metric.words.rest else []
    rests = (1 - now.value, 1 - before)
    return facts.base_for(now.value, before, *said, rests=rests, apart=apart, least=least)


def _base_for_ends(subject: Subject, base: int) -> int:
    base, ends = max(base, subject.least), subject.ends
    if subject.verdict.kind is not VerdictKind.CANNOT_TELL or ends is None or subject.shown:
        return base
    return facts.base_to_see(*ends, base)


def _changed(subject: Subject) -> bool:
    return subject.verdict.kind in CHANGES


def look_equal(subject: Subject) -> bool:
    """Tell whether both levels show as the same figure, rounded as short as plain readers get it."""
    alike = not _tells_counts(subject.itself) and subject.before is not None
    if not alike or subject.shown:
        return False
    now, before = (_value(subject, subject.itself, at, MONEY_DIGITS) for at in (NOW, BEFORE))
    return now.shown == before.shown


def size_of_change(subject: Subject) -> Fact:
    """Show how far apart the two levels are."""
    metric, size = subject.metric, abs(subject.verdict.difference or Decimal(0))
    of = f"{metric.key}/change"
    if metric.unit is Unit.SHARE:
        shown = facts.points(size).removeprefix("+")
        return figure(of, "size", Kind.CHANGE, size, shown=shown, unit="points")
    shown = show(metric, size, subject.language.currency, digits=MONEY_DIGITS)
    return figure(of, "size", Kind.CHANGE, size, shown=shown, unit=metric.unit.value)
