"""A slow move, a new level and changed inputs, in words (METRICS.md (c) 7, 8 and 12)."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.courses import Course
from schema.estimates.estimating import Estimate
from schema.facts import Fact, Kind
from schema.insights import is_for_everybody
from schema.judgements import MATURITY, RIPE, Compared
from schema.metrics import Audience
from schema.pages import Page, subject
from schema.remarks import SILENT, Remark, place, remark
from schema.signals import shows_shift
from schema.statements import levels
from schema.statements import plain as plain_statements
from schema.statements.levels import Moment, Subject
from schema.statements.stating import Statement
from schema.statements.subjects import told as told_kind
from schema.statistics.courses import Detector
from schema.texts import Filling, Text
from schema.verdicts import CHANGES, GAINS, LOSSES
from schema.wording.readability import is_easy

CREEP: Final = (
    "{level:cap} on average in the last {recent} {unit}s, {moved} {before} in the {earlier} before. It keeps {going}{good}.",
    "{level:cap} on average in the last {recent} {unit}s. In the {earlier} before it was {before}. It keeps {going}{good}.",
)
TURN: Final = (
    "{level:cap} on average since {day}, {moved} {before} in the {earlier} {unit}s before. That is a new level{good}.",
    "{level:cap} on average since {day}. In the {earlier} {unit}s before it was {before}. That is a new level{good}.",
)
IN_FULL: Final[Mapping[Detector, str]] = {
    Detector.EWMA: "Slow move: a mean of {now} in the last {recent} {unit}s against {before} in the {earlier} before; the weighted running mean is outside its limits (q {q}, {tested} tested).",
    Detector.CHANGE_POINT: "New level since {day}: a mean of {now} in {recent} {unit}s against {before} in the {earlier} before (q {q}, {tested} tested).",
}


def course(page: Page, key: str, audience: Audience) -> Statement:
    """Say a metric's course to plain readers, in the fullest wording that can be read at once."""
    found = page.seen.courses[key]
    told = _subject(page, key, found)
    fillings = _fillings(page, told, found)
    core = Text(())
    for template in TURN if found.move.detector is Detector.CHANGE_POINT else CREEP:
        core = texts.fill(template, fillings)
        if is_easy(core):
            break
    advice = plain_statements.for_customers(told) if audience is Audience.SUPPORT else ()
    return Statement(
        metric=key, audience=audience, verdict=found.verdict, text=texts.join((core, *advice)), core=core,
        advice=advice, subject=told,
    )  # fmt: skip


def _subject(page: Page, key: str, found: Course) -> Subject:
    """Hold the two means as levels, so that they are told like any other."""
    base = subject(page, key)
    span = texts.fill(
        "the {earlier} {unit}s before", {"earlier": _periods(found, "earlier"), "unit": _unit(page)}
    )
    return replace(
        base, now=_mean(base.now, found.now), before=_mean(base.now, found.before), verdict=found.verdict,
        moment=Moment(window=base.moment.window, when=texts.join(("in", span)), then=span, source=base.moment.source),
        shown=(), relative=None, periods=found.periods,
    )  # fmt: skip


def _mean(like: Estimate, value: Decimal) -> Estimate:
    """Hold a mean of several periods, without the counts of any."""
    return Estimate(value=value, method=like.method)


def _fillings(page: Page, told: Subject, found: Course) -> dict[str, Filling]:
    rose = found.verdict.rose
    good = ", which is good" if told.kind in GAINS else ", which is bad" if told.kind in LOSSES else ""
    return {
        "level": levels.level(told, Audience.EXECUTIVE, rest=False), "before": levels.level_before(told),
        "moved": "up from" if rose else "down from", "going": "rising" if rose else "falling", "good": good,
        "recent": _periods(found, "recent"), "earlier": _periods(found, "earlier"), "unit": _unit(page),
        "day": _since(page, found),
    }  # fmt: skip


def _periods(found: Course, which: str) -> Fact:
    """Count the periods on one side; the newer ones are the detector's own finding (wording rule 23)."""
    count = found.move.recent if which == "recent" else found.move.earlier
    function = found.move.detector.value if which == "recent" else which
    return Fact(
        of=f"{found.metric}/course",
        function=function,
        kind=Kind.COUNT,
        value=Decimal(count),
        shown=f"{count:,}",
    )


def _unit(page: Page) -> str:
    return page.product.cadence.value


def _since(page: Page, found: Course) -> Fact:
    """Name the first day on a new level."""
    calendar = page.product.calendar
    first = calendar.shift(page.period, 1 - found.move.recent).start.astimezone(page.product.zoneinfo).date()
    year = first.year != calendar.last_day(page.period).year
    return Fact(
        of=f"{found.metric}/course", function=found.move.detector.value, kind=Kind.TIME, value=None,
        shown=facts.day(first, year=year),
    )  # fmt: skip


def still(page: Page, key: str, compared: Compared) -> Text:
    """Say of a longer comparison that tells the same move that it goes on."""
    found = page.seen.courses.get(key)
    if found is None or not found.told_longer or not is_for_everybody(page.catalogue[key]):
        return Text(())
    kind = told_kind(page.catalogue[key], compared.verdict.kind)
    same = (
        kind in CHANGES - GAINS and compared.verdict.rose is found.verdict.rose
    )  # a gain's other side comes first
    if not same or found.move.detector is not Detector.EWMA:
        return Text(())
    going = "rising" if found.verdict.rose else "falling"
    return texts.fill(STILL, {"going": going, "recent": _periods(found, "recent"), "unit": _unit(page)})


STILL: Final = "It keeps {going}, also in the last {recent} {unit}s."


def course_in_full(page: Page, key: str) -> Remark:
    """Say a metric's course to engineers and compliance, whatever else is said of the metric."""
    found = page.seen.courses.get(key)
    if found is None:
        return SILENT
    metric, currency = page.catalogue[key], page.product.currency
    means = {
        which: levels.figure(
            place(key), which, Kind.LEVEL, value, shown=levels.show(metric, value, currency), unit=metric.unit.value
        )
        for which, value in (("now", found.now), ("before", found.before))
    }  # fmt: skip
    told = texts.fill(IN_FULL[found.move.detector], {
        **means, "recent": _periods(found, "recent"), "earlier": _periods(found, "earlier"), "unit": _unit(page),
        "day": _since(page, found), "q": _chance(key, found),
        "tested": levels.constant(Decimal(found.verdict.tested), "course"),
    })  # fmt: skip
    return remark(told, told.facts)


def _chance(key: str, found: Course) -> Fact:
    q = Decimal(repr(found.verdict.q))
    smallest = facts.SMALLEST_CHANCE
    shown = facts.number(q, 3) if q >= smallest else f"under {facts.number(smallest, 3)}"
    return levels.figure(place(key), "q", Kind.CHANCE, q, shown=shown)


def inputs(page: Page, key: str) -> Remark:
    """Say that nobody knows yet what a shift does, where it lies above luck or off its target (wording rule 26)."""
    shifted = key in page.seen.inputs or (shows_shift(page.catalogue[key]) and page.judged[key].off_target)
    maturity = page.judged.get(MATURITY)
    if not shifted or page.judged[key].now is None:
        return SILENT
    if maturity is None or maturity.now is None:
        return Remark(text=texts.plain(UNKNOWN))
    if maturity.now.level.estimate.value >= RIPE:
        return SILENT
    known = levels.level(subject(page, MATURITY), Audience.EXECUTIVE, rest=False)
    return remark(texts.fill(NOT_YET, {"known": known}), known.facts)


UNKNOWN: Final = (
    "What comes in has changed. What that does to right and wrong is not known until outcomes are in."
)
NOT_YET: Final = (
    "What comes in has changed. What that does to right and wrong is not known yet: so far, {known}."
)


def floor_in_full(page: Page, key: str) -> Remark:
    """Say to engineers and compliance what luck alone would show."""
    found = page.seen.inputs.get(key)
    if found is None:
        return SILENT
    metric = page.catalogue[key]
    places = facts.decimals_of(found.floor, metric.unit)
    shown = facts.quantity(found.floor, metric.unit, unit_name=metric.unit_name, decimals=places)
    floor = levels.figure(
        place(key), "noise_floor", Kind.LEVEL, found.floor, shown=shown, unit=metric.unit.value
    )
    told = texts.fill("Without any shift, about {floor} is to be expected.", {"floor": floor})
    return remark(told, [floor])
