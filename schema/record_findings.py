"""What a typed value shows: that it is whole, timely, of what goes out, and within its limit."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final

from schema import facts, texts
from schema.evidence import Finding, Record, digest_of
from schema.facts import Fact, Kind
from schema.limits import Held, Scale, base_for, count_of, held, in_every, value, with_limit
from schema.metrics import Unit
from schema.requirements import RecordUnit
from schema.sightings import Failure, Sight, called, mismatch, too_few, untimely
from schema.statements.counted import FEWEST_FOR_SHARES
from schema.statistics.certainty import wilson
from schema.statistics.figures import LARGEST_COUNT
from schema.texts import Filling, Text

MISSING: Final = "Still missing: {words}; give it with its date."
UNITS: Final = {
    RecordUnit.SHARE: (Unit.SHARE, ""),
    RecordUnit.NUMBER: (Unit.SCORE, ""),
    RecordUnit.COUNT: (Unit.COUNT, ""),
    RecordUnit.SECONDS: (Unit.SECONDS, ""),
    RecordUnit.MINUTES: (Unit.MINUTES, ""),
    RecordUnit.HOURS: (Unit.HOURS, ""),
    RecordUnit.DAYS: (Unit.OWN, "days"),
    RecordUnit.MONEY: (Unit.MONEY, ""),
}
SAID: Final = {
    RecordUnit.SHARE: "a share",
    RecordUnit.NUMBER: "a number",
    RecordUnit.COUNT: "a count",
    RecordUnit.YES: "yes or no",
    RecordUnit.TEXT: "words",
}
_NEVER_NEGATIVE: Final = frozenset(UNITS) - {RecordUnit.NUMBER, RecordUnit.MONEY}
_EXACT: Final = frozenset({RecordUnit.COUNT})
_AGREE: Final = Decimal("0.001")
MOST_DIGITS: Final = 18  # before the point, and after it
MOST_CHARACTERS: Final = 60
NOT_A_NUMBER: Final = "NaN"
YES: Final = "yes"
NO: Final = "no"
ANSWERS: Final = frozenset({YES, NO})


def record_finding(sight: Sight, record: Record | None) -> Finding:
    """Find what a record shows; None when there is none."""
    if record is None:
        return sight.missing(texts.fill(MISSING, {"words": sight.words()}))
    number = number_of(record)
    wrong_unit = _wrong_unit(sight, record)
    given = _held(sight, record, number) if number is not None and wrong_unit is None else None
    failure = (
        wrong_unit
        or _unsound(record)
        or untimely(sight, record.measured_at)
        or mismatch(sight, _states(sight, record))
        or too_few(sight, record.denominator)
        or _refused(record)
    )
    measured_at = record.measured_at
    return sight.finding(
        digest=digest_of({"asked": sight.requirement.digest, "record": record_digest(record)}),
        failure=failure, beyond=given is not None and given.sound and not given.holds,
        statement=_statement(sight, record, given), link=record.link,
        measured_at=measured_at if measured_at is not None and measured_at.tzinfo is not None else None,
    )  # fmt: skip


def record_digest(record: Record) -> str:
    """Name by content what was measured, and where it can be looked up; who put it here, and when, do not count."""
    counts = [record.numerator, record.denominator]
    return digest_of(
        {
            "name": record.name,
            "value": [record.value.strip(), record.unit, *counts],
            "measured": [record.measured_at, record.link],
            "states": dict(record.states),
        }
    )


def number_of(record: Record) -> Decimal | None:
    """Read a record's figure; None where it has none."""
    if record.unit not in UNITS:
        return None
    text = record.value.strip()
    try:
        number = Decimal(text if len(text) <= MOST_CHARACTERS else NOT_A_NUMBER)
    except InvalidOperation:
        return Decimal(NOT_A_NUMBER)
    bearable = number.is_finite() and (not number or abs(number.adjusted()) <= MOST_DIGITS)
    return number if bearable else Decimal(NOT_A_NUMBER)


def _held(sight: Sight, record: Record, number: Decimal) -> Held:
    if not _counted(record):
        return held(sight.requirement, number, None, None)
    part, whole = record.numerator or 0, record.denominator or 1
    interval = wilson(part, whole)
    value = Decimal(part) / whole
    low, high = (Decimal(repr(end)) for end in (interval.low, interval.high))
    return held(sight.requirement, value, min(low, value), max(high, value))


def _counted(record: Record) -> bool:
    part, whole = record.numerator, record.denominator
    return (
        record.unit is RecordUnit.SHARE
        and part is not None
        and whole is not None
        and 0 <= part <= whole <= LARGEST_COUNT
        and whole > 0
    )


def _wrong_unit(sight: Sight, record: Record) -> Failure | None:
    asked = sight.requirement.unit
    if asked is None or record.unit is asked:
        return None
    return Failure("{it:cap} was given as {given}, and {asked} is asked for.", {
        "given": facts.name(SAID.get(record.unit, record.unit.value)),
        "asked": facts.name(SAID.get(asked, f"a figure in {asked.value}")),
    })  # fmt: skip


def _unsound(record: Record) -> Failure | None:
    """Say why what was given is no value of its kind."""
    if not record.value.strip():
        return Failure("{it:cap} was given empty; give the value.")
    if record.unit is RecordUnit.YES and record.value not in ANSWERS:
        return Failure("{it:cap} is neither yes nor no; give one of the two.")
    number = number_of(record)
    if number is None:
        return None
    if not number.is_finite():
        return Failure("{it:cap} is no number; write digits, with a point for decimals.")
    if record.unit in _NEVER_NEGATIVE and number < 0:
        return Failure("{it:cap} is less than nothing; give what was counted or timed.")
    if record.unit is RecordUnit.COUNT and number % 1:
        return Failure("{it:cap} is no whole number, and whole things are counted here.")
    return _uneven(record, number) if record.unit is RecordUnit.SHARE else None


def _uneven(record: Record, number: Decimal) -> Failure | None:
    if number > 1:
        return Failure("{it:cap} is more than the whole; write how many of how many.")
    if record.numerator is None and record.denominator is None:
        return None
    if not _counted(record):
        return Failure("{it:cap} has counts that do not fit together; write how many of how many.")
    exact = Decimal(record.numerator or 0) / (record.denominator or 1)
    if abs(exact - number) > _AGREE:
        return Failure("{it:cap} is not what its counts give; write how many of how many.")
    return None


def _states(sight: Sight, record: Record) -> dict[str, str]:
    """Give what a record says of the manifest; one in words says it with its value."""
    part = sight.requirement.matches
    if part is not None and record.unit is RecordUnit.TEXT and not record.states.get(part):
        return {**record.states, part: record.value}
    return dict(record.states)


def _refused(record: Record) -> Failure | None:
    if record.unit is RecordUnit.YES and record.value != YES:
        return Failure("{it:cap} was answered with no, and only yes settles this.")
    return None


def _scale(sight: Sight, record: Record, given: Held) -> Scale:
    unit, name = UNITS[record.unit]
    limits = [end for end in (given.at_least, given.at_most) if end is not None]
    counted = unit is Unit.SHARE and given.ranged and limits
    return Scale(
        of="record", unit=unit, unit_name=name, currency=sight.product.currency,
        base=base_for(None, limits) if counted else None, as_given=not given.ranged,
    )  # fmt: skip


def _statement(sight: Sight, record: Record, given: Held | None) -> Text:
    if given is None or not given.sound:
        told = {"words": sight.words(), "value": facts.name(record.value.strip() or "nothing")}
        return texts.fill("{words:cap}: {value}.", told)
    scale = _scale(sight, record, given)
    level, base = _level(record, given, scale)
    said = texts.fill("{words:cap}: {level}", {"words": sight.words(), "level": level})
    without = Text(()) if record.unit in _EXACT else texts.plain("it came without a range")
    return with_limit(said, given, scale, word=called(sight), without=without, told=base)


def _level(record: Record, given: Held, scale: Scale) -> tuple[Filling, int | None]:
    """Say a figure as its limit is said, and give the base that this says it of; few cases are only counted."""
    part, whole = record.numerator, record.denominator
    if not given.ranged or part is None or whole is None:
        return value(replace(given, low=None, high=None), scale), None
    counts: dict[str, Filling] = {"part": _count("numerator", part), "whole": _count("denominator", whole)}
    per = count_of(given, scale) if 0 < part < whole and whole >= FEWEST_FOR_SHARES else None
    if per is None or scale.base is None:
        return texts.fill("{part} of {whole}", counts), None
    told = {**counts, "per": in_every(per, scale)}
    return texts.fill("{per} ({part} of {whole})", told), scale.base


def _count(function: str, value: int) -> Fact:
    return Fact(of="record", function=function, kind=Kind.COUNT, value=Decimal(value), shown=f"{value:,}")
