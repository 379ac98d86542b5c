"""The pace to a goal, and one group that is most of what a metric counts, in words (METRICS.md (c) 17 and 18)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.facts import Fact, Kind
from schema.metrics import Form, Metric, Unit
from schema.pages import Page
from schema.remarks import SILENT, Remark, place, remark
from schema.signals import Crowd, Pace
from schema.statements import levels
from schema.statements.counted import base_figure, count, per
from schema.statements.full import CONFIDENCE
from schema.statements.levels import MONEY_DIGITS, SHARED_FORMS
from schema.statements.subjects import stated
from schema.texts import Filling, Text
from schema.wording.readability import is_easy

GOALS: Final = (
    "The goal for {plain} is {goal} by {day}.",
    "{plain:cap} has a goal. It is {goal} by {day}.",
)
RANGE: Final = "It was {now}; at this pace it would be between {low} and {high} then: {outlook}."
OUTLOOKS: Final[Mapping[bool | None, str]] = {
    True: "that is enough",
    False: "that is not enough",
    None: "we cannot tell yet if that is enough",
}
GOAL_IN_FULL: Final = (
    "Goal {goal} by {day}: at this pace between {low} and {high} ({confidence} range, {ahead} {unit} ahead, from"
    " {changes} past changes), {outlook}."
)
OUTLOOKS_IN_FULL: Final[Mapping[bool | None, str]] = {
    True: "all of which reaches it",
    False: "all of which misses it",
    None: "with the goal inside",
}
CROWD: Final = "Of every {base} {of} that {hit}, {share} were among {group}. The agreed limit for one group is {at_most}."
CROWD_IN_FULL: Final = "Concentration: {group} {hits} of {total}, {share} ({confidence} range {low} to {high}), over the agreed {at_most}."
AT: Final = "beside"


def pace(page: Page, key: str) -> Remark:
    """Say goal and range to plain readers, in the fullest wording that can be read at once."""
    found = page.seen.paces[key]
    metric = page.catalogue[key]
    fillings = {
        **_ends(page, metric, found), "plain": levels.phrase(metric.plain, metric, page.language()),
        "day": _day(page, found), "outlook": OUTLOOKS[found.reaches],
    }  # fmt: skip
    ranged = texts.fill(RANGE, fillings)
    texts_ = [texts.join((texts.fill(goal, fillings), ranged)) for goal in GOALS]
    return _held(next((each for each in texts_ if is_easy(each)), texts_[-1]))


def _ends(page: Page, metric: Metric, found: Pace) -> dict[str, Filling]:
    """Show the goal and both ends so that they stand to one another as they are."""
    if metric.unit is Unit.SHARE and metric.form in SHARED_FORMS:
        return _ends_of_share(metric, found, now=_now(page, metric))
    now = _now(page, metric)
    values = {"goal": found.goal.reach, "now": now, "low": found.low, "high": found.high}
    places = _places(metric, list(values.values()))
    return {name: _end(page, metric, name, value, places=places) for name, value in values.items()}


def _now(page: Page, metric: Metric) -> Decimal:
    stand = page.judged[metric.key].now
    return stand.level.estimate.value if stand else Decimal(0)


def _ends_of_share(metric: Metric, found: Pace, *, now: Decimal) -> dict[str, Filling]:
    base = _base(found.goal.reach, (found.low, found.high))
    goal = per(metric, AT, found.goal.reach, base, function="goal")
    return {
        "goal": texts.fill("{goal} of every {base}", {"goal": goal, "base": base_figure(metric, AT, base)}),
        "now": per(metric, AT, now, base, function="now"),
        "low": per(metric, AT, found.low, base, function="low"),
        "high": per(metric, AT, found.high, base, function="high"),
    }  # fmt: skip


def _base(line: Decimal, others: Sequence[Decimal]) -> int:
    """Choose a denominator at which a line is whole, and the others lie on their own side of it and apart."""
    for base in facts.BASES:
        whole = line * base
        shown = [facts.per(each, base) for each in others]
        sides = all(
            (each > line) == (told > whole) or each == line for each, told in zip(others, shown, strict=True)
        )
        if whole == whole.to_integral_value() and sides and len(set(shown)) == len(set(others)):
            return base
    return facts.BASES[-1]


def _places(metric: Metric, values: Sequence[Decimal]) -> int:
    """Choose decimals at which values that differ look different."""
    places = facts.decimals_of(max(map(abs, values)), metric.unit)
    while places < MOST_PLACES and len({facts.rounded(each, places) for each in values}) < len(set(values)):
        places += 1
    return places


MOST_PLACES: Final = 6


def _end(page: Page, metric: Metric, name: str, value: Decimal, *, places: int) -> Fact:
    shown = _shown(page, metric, value, places, exact=name == "goal")
    unit = Unit.SHARE.value if metric.form is Form.GAP else metric.unit.value
    kind = Kind.CONSTANT if name == "goal" else Kind.LEVEL
    return levels.figure(place(metric.key), name, kind, value, shown=shown, unit=unit)


def _shown(page: Page, metric: Metric, value: Decimal, places: int, *, exact: bool) -> str:
    currency = page.product.currency
    if exact:
        return stated(value, metric, currency, as_told=True)
    if metric.form is Form.GAP or metric.unit is Unit.SHARE:
        return facts.percent(value)
    if metric.unit is Unit.MONEY:
        return facts.money(value, currency, digits=MONEY_DIGITS)
    return facts.quantity(value, metric.unit, unit_name=metric.unit_name, decimals=places)


def _day(page: Page, found: Pace) -> Fact:
    this_year = found.goal.by.year == page.product.calendar.last_day(page.period).year
    shown = facts.day(found.goal.by, year=not this_year)
    return Fact(of=place(found.metric), function="day", kind=Kind.TIME, value=None, shown=shown)


def pace_in_full(page: Page, key: str) -> Remark:
    """Say goal and range to engineers and compliance, with what the range rests on."""
    found = page.seen.paces.get(key)
    if found is None:
        return SILENT
    metric = page.catalogue[key]
    values = {"goal": found.goal.reach, "low": found.low, "high": found.high}
    places = _places(metric, list(values.values()))
    ends = {name: _end(page, metric, name, value, places=places) for name, value in values.items()}
    return _held(texts.fill(GOAL_IN_FULL, {
        **ends, "day": _day(page, found), "outlook": OUTLOOKS_IN_FULL[found.reaches], **_behind(page, found),
    }))  # fmt: skip


def _behind(page: Page, found: Pace) -> dict[str, Filling]:
    counts = {"ahead": found.ahead, "changes": found.changes}
    return {
        **{name: levels.constant(Decimal(value), name) for name, value in counts.items()},
        "confidence": levels.constant(CONFIDENCE, "confidence", shown="95%"), "unit": page.product.cadence.value + ("s" if found.ahead > 1 else ""),
    }  # fmt: skip


def crowd(page: Page, key: str) -> Remark:
    """Say to plain readers how much one group is, and how much was agreed."""
    found = page.seen.crowds[key]
    metric = page.catalogue[key]
    base = _base(found.at_most, (found.share,))
    return _held(texts.fill(CROWD, {
        "base": base_figure(metric, AT, base),
        "of": levels.phrase(metric.words.of, metric, page.language()),
        "hit": levels.phrase(metric.words.hit, metric, page.language()),
        "share": per(metric, AT, found.share, base, function="share", group=found.group),
        "group": facts.group_name(found.group),
        "at_most": per(metric, AT, found.at_most, base, function="at_most"),
    }))  # fmt: skip


def crowd_in_full(page: Page, key: str) -> Remark:
    """Say the same to engineers and compliance, with counts and range."""
    found = page.seen.crowds.get(key)
    if found is None:
        return SILENT
    metric = page.catalogue[key]
    return _held(texts.fill(CROWD_IN_FULL, {
        "group": facts.group_name(found.group),
        "hits": count(metric, AT, "hits", found.hits, group=found.group),
        "total": count(metric, AT, "total", found.total),
        "confidence": levels.constant(CONFIDENCE, "confidence", shown="95%"),
        **_shares(metric, found),
    }))  # fmt: skip


def _shares(metric: Metric, found: Crowd) -> dict[str, Filling]:
    ends = {
        "share": found.share, "at_most": found.at_most,
        "low": Decimal(repr(found.interval.low)), "high": Decimal(repr(found.interval.high)),
    }  # fmt: skip
    return {
        name: levels.figure(place(metric.key), name, Kind.LEVEL, value, shown=facts.percent(value), unit="share")
        for name, value in ends.items()
    }  # fmt: skip


def _held(text: Text) -> Remark:
    """Hold a text to the figures that it was filled with."""
    return remark(text, text.facts)
