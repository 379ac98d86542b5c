"""A gap between groups in words: both ends beside their groups, the gap and what it was, rounded alike."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates.estimating import Estimate, GroupEstimate
from schema.facts import Fact, Kind
from schema.metrics import Form, Unit
from schema.statements.counted import BEFORE, FEWEST_FOR_SHARES, NOW, base_figure, count, per
from schema.statements.subjects import Shown, Subject, phrase
from schema.texts import Filling, Text
from schema.verdicts import CHANGES

RATIO_NEAR: Final = Decimal("0.01")  # a ratio of two shown counts is within a hundredth of the exact one
MOST_HELD: Final = 10_000  # a base that is chosen only so that the figures add up is no larger


@dataclass(frozen=True, slots=True, kw_only=True)
class GapBase:
    """The one denominator of a gap; `counted` where no base shows both ends so that they give the gap."""

    base: int
    counted: bool = False


def ranked(estimate: Estimate) -> list[GroupEstimate]:
    """List the groups that are large enough to be compared, highest first."""
    return [
        each for each in estimate.groups if each.denominator is None or each.denominator >= FEWEST_FOR_SHARES
    ]


def base_of_gap(subject: Subject, shown: Shown, *, least: int) -> GapBase:
    """Choose a denominator at which both ends, the gap and what it was are near and add up."""
    first, last = ranked(shown.now)[0].value, ranked(shown.now)[-1].value
    known, rests = (first, last, *_gaps(shown)), (1 - first, 1 - last)
    counts = all(each.denominator is not None for each in (ranked(shown.now)[0], ranked(shown.now)[-1]))
    for base in (each for each in facts.BASES if each >= least):
        near = facts.base_for(*known, rests=rests, least=base) == base
        if near and _adds_up(subject, shown, base):
            return GapBase(base=base)
        if near and counts and base >= MOST_HELD:
            break  # counts are easier to hold than a larger base
    gaps = _gaps(shown)
    apart = bool(gaps) and _told_apart(subject, shown)
    chosen = (each for each in facts.BASES if each >= least and _shows_gaps(gaps, each, apart=apart))
    return GapBase(base=next(chosen, facts.BASES[-1]), counted=True)


def _shows_gaps(gaps: list[Decimal], base: int, *, apart: bool) -> bool:
    """Tell whether a base shows a gap well, and roughly what it was."""
    if apart and facts.per(gaps[0], base) == facts.per(gaps[1], base):
        return False
    return facts.base_for(*gaps[:1], rests=gaps[1:], least=base) == base


def _gaps(shown: Shown) -> list[Decimal]:
    if shown.metric.unit is not Unit.SHARE:
        return []
    return [shown.now.value, *([shown.before.value] if shown.before else [])]


def _told_apart(subject: Subject, shown: Shown) -> bool:
    before = shown.before
    return subject.verdict.kind in CHANGES and before is not None and before.value != shown.now.value


def _adds_up(subject: Subject, shown: Shown, base: int) -> bool:
    groups = ranked(shown.now)
    ends = facts.per(groups[0].value, base), facts.per(groups[-1].value, base)
    if shown.metric.unit is not Unit.SHARE:
        return not ends[0] or abs(Decimal(ends[1]) / ends[0] - shown.now.value) <= RATIO_NEAR
    if ends[0] - ends[1] != facts.per(shown.now.value, base):
        return False
    if shown.before is None or not _told_apart(subject, shown):
        return True
    return facts.per(shown.before.value, base) != facts.per(shown.now.value, base)


def gap(subject: Subject, shown: Shown, chosen: GapBase) -> Text:
    """Say both ends with their groups, and how far apart they are."""
    metric, now = shown.metric, shown.now
    ends = ranked(now)[0], ranked(now)[-1]
    counted = chosen.counted and all(each.denominator is not None for each in ends)
    fillings: dict[str, Filling] = {
        "base": base_figure(metric, NOW, chosen.base),
        "of": phrase(metric.words.of, metric, subject.language),
        "hit": phrase(metric.words.hit, metric, subject.language),
    }
    for name, each in zip(("first", "last"), ends, strict=True):
        fillings[f"{name}_group"] = facts.group_name(each.group)
        fillings[name] = (
            _counts(shown, each) if counted else per(metric, NOW, each.value, chosen.base, group=each.group)
        )
    if metric.unit is not Unit.SHARE:
        fillings["ratio"] = ratio(subject, shown, NOW, group=ends[1].group)
        return texts.fill((COUNTED if counted else ENDS) + RATIO, fillings)
    function = "per" if counted else "gap"
    fillings["gap"] = per(metric, NOW, now.value, chosen.base, function=function)
    return texts.fill(
        COUNTED + ". That is a gap of {gap} in every {base}" if counted else ENDS + ": a gap of {gap}",
        fillings,
    )


def distance(subject: Subject, shown: Shown, chosen: GapBase) -> Text | None:
    """Say how far apart both ends are, without the ends; None where these are as short to read."""
    metric, now = shown.metric, shown.now
    base = facts.base_for(now.value, least=subject.least)
    if metric.unit is not Unit.SHARE or not now.value or base is None:
        return None
    if not chosen.counted and base >= chosen.base:
        return None
    first, last = ranked(now)[0].group, ranked(now)[-1].group
    return texts.fill(DISTANCE, {
        "base": base_figure(metric, NOW, base),
        "of": phrase(metric.words.of, metric, subject.language),
        "hit": phrase(metric.words.hit, metric, subject.language),
        "gap": per(metric, NOW, now.value, base, function="gap"),
        "first": facts.group_name(first),
        "last": facts.group_name(last),
    })  # fmt: skip


DISTANCE: Final = "of every {base} {of}, {gap} more among {first} than among {last} {hit}"
ENDS: Final = "of every {base} {of}, {first} among {first_group} and {last} among {last_group} {hit}"
COUNTED: Final = "of {of}, among {first_group} {first} and among {last_group} {last} {hit}"
RATIO: Final = ": {last_group} at {ratio} of the rate of {first_group}"


def _counts(shown: Shown, group: GroupEstimate) -> Text:
    return texts.fill("{numerator} of {denominator}", {
        "numerator": count(shown.metric, NOW, "numerator", group.numerator or 0, group=group.group),
        "denominator": count(shown.metric, NOW, "denominator", group.denominator or 0, group=group.group),
    })  # fmt: skip


def ratio(subject: Subject, shown: Shown, at: str, *, group: str = "") -> Fact:
    """Show a ratio as a percentage, with as many decimals as both levels need to be told apart."""
    now, before = shown.now.value, shown.before.value if shown.before else shown.now.value
    apart = _told_apart(subject, shown)
    places = 0
    while places < facts.MOST_DECIMALS and (
        any(_hides(each, places) for each in (now, before))
        or (apart and facts.percent(now, places) == facts.percent(before, places))
    ):
        places += 1
    value = before if at == BEFORE else now
    return Fact(
        of=f"{shown.metric.key}/{at}", function="ratio", kind=Kind.LEVEL, value=value, unit="percent",
        shown=facts.percent(value, places), group=group,
    )  # fmt: skip


def _hides(value: Decimal, places: int) -> bool:
    """Tell whether some would look like none, or all but some like all."""
    shown = facts.rounded(value * facts.HUNDRED, places)
    return (shown == 0 and value > facts.DUST) or (shown == facts.HUNDRED and abs(1 - value) > facts.DUST)


def turned(shown: Shown) -> Text:
    """Say whose figure the earlier one was, where it was not the same groups'."""
    now, before = shown.now, shown.before
    if before is None or not now.groups or not before.groups:
        return Text(())
    if shown.metric.form is Form.WORST:
        return _other_worst(now, before)
    ends = [(each[0].group, each[-1].group) for each in (ranked(now), ranked(before)) if each]
    moved = len(ends) > 1 and ends[0] != ends[1] and now.value and before.value
    if shown.metric.form is not Form.GAP or not moved:
        return Text(())
    if ends[1] == ends[0][::-1]:
        return texts.plain(", then the other way round")
    if not set(ends[1]) <= {each.group for each in ranked(now)}:
        return texts.plain(", then between other groups")
    first, last = map(facts.group_name, ends[1])
    return texts.fill(", then between {first} and {last}", {"first": first, "last": last})


def _other_worst(now: Estimate, before: Estimate) -> Text:
    group = now.groups[-1].group
    lowest = {each.group for each in ranked(before) if each.value == before.value}
    if group in lowest or not lowest:
        return Text(())
    then = before.groups[-1].group
    if then not in {each.group for each in ranked(now)}:
        return texts.plain(", then in another group")
    return texts.fill(", then in {group}", {"group": facts.group_name(then)})
