"""What a source wrote, read as exact numbers and as a shape; the same rules for every kind of source."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from integrations.base import Call, NotANumber, UnexpectedAnswer
from schema.queries import FIELDS
from schema.readings import (
    Bands,
    Bare,
    Confusion,
    Inputs,
    Mean,
    Measurement,
    Proportion,
    Ranged,
    Shape,
)

LONGEST_GROUP = 300  # characters; the store keeps no longer one
UNNAMED = "not stated"  # a group without a name; "" would be mistaken for everybody
# no comma, no blank, no digits of other scripts
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
_NOT_A_NUMBER = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_COUNT_LIMIT = 10**18
_MILLISECONDS = 1000


def number(raw: object, *, call: Call, field: str) -> Decimal:
    """Read one number exactly; `12,3`, a truth value or a list is refused, NaN and infinities are named."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        raise UnexpectedAnswer(call, f"{field} is not a number")
    text = str(raw).strip()
    if _NOT_A_NUMBER.fullmatch(text):
        raise NotANumber(call, f"{field} is {text}, which is not a number")
    if not _NUMBER.fullmatch(text):
        raise UnexpectedAnswer(call, f"{field} is not written as a number such as 12.3")
    return Decimal(text)


def count(raw: object, *, call: Call, field: str) -> int:
    """Read a whole number that is not negative."""
    value = number(raw, call=call, field=field)
    if value < 0 or value > _COUNT_LIMIT or value != value.to_integral_value():
        raise UnexpectedAnswer(call, f"{field} is a count and must be a whole number from 0")
    return int(value)


def moment(raw: object, *, call: Call, unit: str = "iso") -> datetime | None:
    """Read a time as aware UTC; one without a zone is UTC, a day is its first moment.

    unit         epoch: seconds; epoch_ms: milliseconds; else ISO 8601
    """
    if raw is None or raw == "":
        return None
    try:
        return _moment(raw, unit)
    except (ValueError, OverflowError, ArithmeticError) as error:
        raise UnexpectedAnswer(call, "newest_at is not a time") from error


def _moment(raw: object, unit: str) -> datetime:
    if isinstance(raw, datetime):
        return _utc(raw)
    if isinstance(raw, date):
        return datetime.combine(raw, time.min, tzinfo=UTC)
    if unit in {"epoch", "epoch_ms"}:
        seconds = Decimal(str(raw)) / (_MILLISECONDS if unit == "epoch_ms" else 1)
        return datetime.fromtimestamp(float(seconds), tz=UTC)
    return _utc(datetime.fromisoformat(str(raw)))


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def group_name(parts: Iterable[object], *, call: Call) -> str:
    """Name a group by the values that make it; raises UnexpectedAnswer for what is no name."""
    name = " / ".join(UNNAMED if part is None or part == "" else str(part) for part in parts)
    if len(name) > LONGEST_GROUP:
        raise UnexpectedAnswer(call, f"a group has a name of more than {LONGEST_GROUP} characters")
    return name


def measured(shape: Shape, fields: Mapping[str, object], *, call: Call) -> Measurement | None:
    """Read the fields of one group as a shape; None when nothing happened: no value, and no count but 0.

    raises       UnexpectedAnswer for a missing field, a broken count or an impossible relation; NotANumber
    """
    wanted = FIELDS[shape] or frozenset(fields)
    for field in sorted(wanted):
        if field not in fields:
            raise UnexpectedAnswer(call, f"{field} is missing from the answer")
    given = {field: fields[field] for field in wanted}
    if shape is Shape.BANDS:
        return _bands(given, call)
    if _nothing(shape, given, call):
        return None
    for field, raw in sorted(given.items()):
        if raw is None:
            raise UnexpectedAnswer(
                call, f"{field} has no value although others have; write 0 where none means zero"
            )
    return _simple(shape, given, call)


def _nothing(shape: Shape, given: Mapping[str, object], call: Call) -> bool:
    present = {field: raw for field, raw in given.items() if raw is not None}
    if not present:
        return True
    if shape is Shape.PROPORTION:
        total = present.get("denominator")
        return (
            total is not None
            and number(total, call=call, field="denominator") == 0
            and _all_zero(present, call)
        )
    if shape in {Shape.CONFUSION, Shape.MEAN} or len(present) < len(given):
        return _all_zero(present, call)
    return False


def _all_zero(present: Mapping[str, object], call: Call) -> bool:
    return all(number(raw, call=call, field=field) == 0 for field, raw in present.items())


def _simple(shape: Shape, given: Mapping[str, object], call: Call) -> Measurement:
    def whole(field: str) -> int:
        return count(given[field], call=call, field=field)

    def exact(field: str) -> Decimal:
        return number(given[field], call=call, field=field)

    match shape:
        case Shape.CONFUSION:
            return Confusion(tp=whole("tp"), fp=whole("fp"), fn=whole("fn"), tn=whole("tn"))
        case Shape.PROPORTION:
            return _proportion(whole("numerator"), whole("denominator"), call)
        case Shape.MEAN:
            return _mean(exact("value"), whole("n"), exact("sd"), call)
        case Shape.RANGED:
            return _ranged(exact("value"), exact("low"), exact("high"), call)
        case Shape.INPUTS:
            return Inputs(counts=tuple((field, exact(field)) for field in sorted(given)))
        case _:
            return Bare(value=exact("value"))


def _proportion(numerator: int, denominator: int, call: Call) -> Proportion:
    if numerator > denominator:
        raise UnexpectedAnswer(call, "numerator is above denominator")
    return Proportion(numerator=numerator, denominator=denominator)


def _mean(value: Decimal, n: int, sd: Decimal, call: Call) -> Mean:
    if sd < 0 or n == 0:
        raise UnexpectedAnswer(call, "a mean needs n above 0 and sd from 0")
    return Mean(value=value, n=n, sd=sd)


def _ranged(value: Decimal, low: Decimal, high: Decimal, call: Call) -> Ranged:
    if not low <= value <= high:
        raise UnexpectedAnswer(call, "value lies outside of low and high")
    return Ranged(value=value, low=low, high=high)


def _bands(given: Mapping[str, object], call: Call) -> Bands | None:
    columns = {field: _column(raw, field, call) for field, raw in given.items()}
    names = [group_name([name], call=call) for name in columns["band"]]
    if len({len(column) for column in columns.values()}) != 1 or len(set(names)) != len(names):
        raise UnexpectedAnswer(call, "band, now and reference must be as long as each other, each band once")
    if not names:
        return None
    return Bands(
        names=tuple(names),
        now=_amounts(columns["now"], "now", call),
        reference=_amounts(columns["reference"], "reference", call),
    )


def _column(raw: object, field: str, call: Call) -> Sequence[object]:
    if not isinstance(raw, list | tuple):
        raise UnexpectedAnswer(call, f"{field} must be a list, one entry a band")
    return raw


def _amounts(raw: Sequence[object], field: str, call: Call) -> tuple[Decimal, ...]:
    amounts = tuple(number(entry, call=call, field=field) for entry in raw)
    if any(amount < 0 for amount in amounts):
        raise UnexpectedAnswer(call, f"{field} may not be negative")
    return amounts
