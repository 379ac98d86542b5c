"""What a typed value shows: that it is whole, timely, of what goes out, and within its limit."""

from decimal import Decimal, InvalidOperation
from typing import Final

from schema import facts, texts
from schema.evidence import Finding, Record, digest_of
from schema.facts import Fact, Kind
from schema.limits import Held, Scale, against, base_for, held, value, with_limit
from schema.metrics import Unit
from schema.requirements import RecordUnit
from schema.sightings import Sight, called, mismatch, too_few, untimely
from schema.statistics.certainty import wilson
from schema.statistics.figures import LARGEST_COUNT
from schema.texts import Filling, Text

MISSING: Final = "Nobody has said {words} yet; give it with the day on which it was measured."
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
        or _beyond(sight, record, given)
    )
    measured_at = record.measured_at
    return sight.finding(
        digest=digest_of({"asked": sight.requirement.digest, "record": record_digest(record)}),
        failure=failure, why=_why(sight, record, given),
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


def _wrong_unit(sight: Sight, record: Record) -> Text | None:
    asked = sight.requirement.unit
    if asked is None or record.unit is asked:
        return None
    return texts.fill("It was given as {given}, and {asked} is asked for.", {
        "given": facts.name(SAID.get(record.unit, record.unit.value)),
        "asked": facts.name(SAID.get(asked, f"a figure in {asked.value}")),
    })  # fmt: skip


def _unsound(record: Record) -> Text | None:
    """Say why what was given is no value of its kind."""
    if not record.value.strip():
        return texts.plain("What was given is empty; give the value.")
    if record.unit is RecordUnit.YES and record.value not in ANSWERS:
        return texts.plain("What was given is neither yes nor no.")
    number = number_of(record)
    if number is None:
        return None
    if not number.is_finite():
        return texts.plain("What was given is no number; write digits, with a point for decimals.")
    if record.unit in _NEVER_NEGATIVE and number < 0:
        return texts.plain("What was given is less than nothing; give what was counted or timed.")
    if record.unit is RecordUnit.COUNT and number % 1:
        return texts.plain("What was given is no whole number, and whole things are counted here.")
    return _uneven(record, number) if record.unit is RecordUnit.SHARE else None


def _uneven(record: Record, number: Decimal) -> Text | None:
    if number > 1:
        return texts.plain("No share is more than a whole; write how many of how many.")
    if record.numerator is None and record.denominator is None:
        return None
    if not _counted(record):
        return texts.plain("The counts behind the share do not fit together; write how many of how many.")
    exact = Decimal(record.numerator or 0) / (record.denominator or 1)
    if abs(exact - number) > _AGREE:
        return texts.plain("The share is not what its counts give; write how many of how many.")
    return None


def _states(sight: Sight, record: Record) -> dict[str, str]:
    """Give what a record says of the manifest; one in words says it with its value."""
    part = sight.requirement.matches
    if part is not None and record.unit is RecordUnit.TEXT and not record.states.get(part):
        return {**record.states, part: record.value}
    return dict(record.states)


def _refused(record: Record) -> Text | None:
    if record.unit is RecordUnit.YES and record.value != YES:
        return texts.plain("The answer is no, and only yes settles this.")
    return None


def _beyond(sight: Sight, record: Record, given: Held | None) -> Text | None:
    if given is None or not given.sound or given.holds:
        return None
    return against(given, _scale(sight, record, given))


def _why(sight: Sight, record: Record, given: Held | None) -> Text:
    if given is not None and given.sound and given.limited:
        return against(given, _scale(sight, record, given))
    return texts.plain("It is there, and recent enough.")


def _scale(sight: Sight, record: Record, given: Held) -> Scale:
    unit, name = UNITS[record.unit]
    limits = [end for end in (given.at_least, given.at_most) if end is not None]
    counted = unit is Unit.SHARE and given.ranged and limits
    return Scale(
        of="record", unit=unit, unit_name=name, currency=sight.product.currency,
        base=base_for(None, limits) if counted else None, as_given=not given.ranged,
    )  # fmt: skip


def _statement(sight: Sight, record: Record, given: Held | None) -> Text:
    told = {"words": sight.words(), "value": _value(sight, record, given)}
    if given is None or not given.sound:
        return texts.fill("{words:cap}: {value}.", told)
    scale = _scale(sight, record, given)
    said = texts.fill("{words:cap}: {value}", told)
    without = Text(()) if record.unit in _EXACT else texts.plain("it came without a range")
    return with_limit(said, given, scale, word=called(sight), without=without)


def _value(sight: Sight, record: Record, given: Held | None) -> Filling:
    if given is None or not given.sound:
        return facts.name(record.value.strip() or "nothing")
    if given.ranged and record.numerator is not None and record.denominator is not None:
        counts = {
            "part": _count("numerator", record.numerator),
            "whole": _count("denominator", record.denominator),
        }
        return texts.fill("{part} of {whole}", counts)
    end = Held(value=given.value, low=None, high=None, at_least=given.at_least, at_most=given.at_most)
    return value(end, _scale(sight, record, given))


def _count(function: str, value: int) -> Fact:
    return Fact(of="record", function=function, kind=Kind.COUNT, value=Decimal(value), shown=f"{value:,}")
