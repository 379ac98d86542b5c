"""What a slot may hold: a figure with where it comes from, shown in one declared way."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from schema.metrics import Unit

BASES: Final = (
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
)  # wording rule 7; under a hundred cases counts are shown
HUNDRED: Final = Decimal(100)
FEWEST_SHOWN: Final = Decimal("1.5")
NEAR: Final = Decimal("0.05")  # a count is within a twentieth of the exact figure
ROUGHLY: Final = Decimal("0.2")  # what is left is within a fifth, where nobody is told it
MONEY_SIGNS: Final[Mapping[str, str]] = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
PLAIN_DECIMALS: Final = 1
MOST_DECIMALS: Final = 9
DUST: Final = Decimal(1).scaleb(-12)  # what is left over when a float is read
CENTS: Final = 2


class Kind(StrEnum):
    """What a shown figure is, which says how a rule reads it."""

    LEVEL = "level"  # a metric's value
    COUNT = "count"  # counted things
    PER = "per"  # so many of every base
    BASE = "base"  # the base itself
    CHANGE = "change"  # a difference of two levels
    RELATIVE = "relative"  # a difference over the earlier level
    CHANCE = "chance"  # p or q
    CONSTANT = "constant"  # a number of a definition or of the configuration
    TIME = "time"  # a date, a span, an age
    NAME = "name"  # words that people chose; may hold digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure in a text.

    of       the reading or judgement it rests on: `precision/now`, `precision/before`, `precision/change`
    function the named function that made it: `level`, `per`, `difference`, `low`, `high` …
    value    the exact figure; None for names and dates
    shown    what the reader sees
    base     what a share is shown of: so many of every `base`; 1 where the value is shown as it is
    group    whose figure it is, where it is one group's; the name of that group carries it too
    """

    of: str
    function: str
    kind: Kind
    value: Decimal | None
    shown: str
    unit: str = ""  # `points`, `percent`, `per`, a currency, `seconds` …: what the text must print
    base: int = 1
    group: str = ""


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Round half up, and never to minus nought."""
    result = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def number(value: Decimal, decimals: int) -> str:
    """Write with thousands separators: `98,795`, `4.60`; raises ValueError when it is not a number."""
    if not value.is_finite():
        message = "only finite figures are shown"
        raise ValueError(message)
    return f"{rounded(value, decimals):,f}"


def significant(value: Decimal, digits: int) -> Decimal:
    """Round to so many significant digits, half up."""
    if value == 0:
        return Decimal(0)
    return rounded(value, digits - 1 - value.adjusted()) + 0


def decimals_of_points(difference: Decimal) -> int:
    """Choose decimals of a difference in points so that small ones keep two digits: 3.0, 0.12."""
    size = abs(difference) * HUNDRED
    if size < DUST or size >= 1:
        return PLAIN_DECIMALS
    return min(1 - size.adjusted(), MOST_DECIMALS)


def decimals_of_share(value: Decimal) -> int:
    """Choose decimals of a percentage so that what is small, the share or its rest, keeps two digits: 1.8, 99.985."""
    return max(decimals_of_points(value), decimals_of_points(1 - value) if 0 <= value <= 1 else 0)


def percent(value: Decimal, decimals: int | None = None) -> str:
    """Write a share as a percentage: `82.0%`."""
    places = decimals_of_share(value) if decimals is None else decimals
    return f"{number(value * HUNDRED, places)}%"


def points(value: Decimal, decimals: int | None = None) -> str:
    """Write a difference of two shares, signed: `-3.0 points`, `+0.12 points`."""
    places = decimals_of_points(value) if decimals is None else decimals
    text = signed(value * HUNDRED, places)
    return f"{text} point" if text.lstrip("+-") == "1" else f"{text} points"


def decimals_in(value: Decimal) -> int:
    """Count the decimals that a figure of the configuration was written with, ending noughts left out."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def signed(value: Decimal, decimals: int) -> str:
    """Write with its sign; nought has none."""
    shown = number(value, decimals)
    return shown if value < 0 or rounded(value, decimals) == 0 else f"+{shown}"


def per(value: Decimal, base: int) -> int:
    """Count of every `base`, half up."""
    return int(rounded(value * base, 0))


def base_for(
    *shares: Decimal, rests: Iterable[Decimal] = (), apart: bool = False, least: int = BASES[0]
) -> int | None:
    """Choose one power of ten so that each count that is not nought is near its exact figure, and none says `1 were`.

    rests    what is left of shares beside which it is not said: all but a little must not look like all
    apart    the first two shares differ, so their counts must not look equal
    least    the smallest base to take
    returns  None where even the largest base hides or blurs one of them
    """
    present = [abs(share) for share in shares if abs(share) > DUST]
    left = [rest for rest in rests if rest > DUST]
    for base in (each for each in BASES if each >= least):
        near = all(share * base >= FEWEST_SHOWN and _near(share, base, NEAR) for share in present)
        if (
            near
            and all(_near(rest, base, ROUGHLY) for rest in left)
            and not (apart and per(shares[0], base) == per(shares[1], base))
        ):
            return base
    return None


def base_for_end(end: Decimal) -> int | None:
    """Choose a power of ten at which an end, rounded away from the middle, is still near its exact figure."""
    return next(
        (base for base in BASES if 1 <= outward(end, base, low=False) <= end * base * (1 + NEAR)), None
    )


def _near(share: Decimal, base: int, within: Decimal) -> bool:
    exact = share * base
    return abs(rounded(exact, 0) - exact) <= exact * within


def base_to_see(low: Decimal, high: Decimal, base: int) -> int:
    """Raise a base until the wider end of an interval is at least one of it."""
    widest = max(abs(low), abs(high))
    return next((each for each in BASES if each >= base and widest * each >= 1), BASES[-1])


def outward(value: Decimal, base: int, *, low: bool) -> int:
    """Count of every `base`, rounded away from the middle of an interval, so that it never looks narrower.

    An end within a twentieth of a count of nought counts as nought.
    """
    exact = rounded(value * base, MOST_DECIMALS)
    if abs(exact) <= NEAR:
        return 0
    return int(exact.to_integral_value(rounding=ROUND_FLOOR if low else ROUND_CEILING))


def end_of_change(value: Decimal, base: int, *, low: bool) -> int:
    """Count an end of every `base`, rounded away from the middle unless it is within a twentieth of a whole count."""
    exact = rounded(value * base, MOST_DECIMALS)
    nearest = rounded(exact, 0)
    return int(nearest) if abs(exact - nearest) <= NEAR else outward(value, base, low=low)


def floored(value: Decimal, digits: int) -> Decimal:
    """Round an amount down to so many significant digits, or to what money is shown with.

    What lies under it lies under the value too.
    """
    if value == 0:
        return Decimal(0)
    size = value.adjusted()
    last = max(size - digits + 1, min(-CENTS, size - 1))
    return value.quantize(Decimal(1).scaleb(last), rounding=ROUND_FLOOR) + 0


def amount_outward(value: Decimal, digits: int, *, low: bool) -> Decimal:
    """Round an interval's end away from its middle, so that it never looks narrower."""
    return floored(value, digits) if low else -floored(-value, digits) + 0


def money(value: Decimal, currency: str, *, digits: int | None = None) -> str:
    """Write an amount: `$97,925.00`, or with so many significant digits `$97,900`."""
    sign = "-" if value < 0 else ""
    mark = MONEY_SIGNS.get(currency, f"{currency} ")
    size = abs(value)
    cents = CENTS if size == 0 else max(CENTS, 1 - size.adjusted())  # a price under a cent keeps two digits
    if digits is None:
        whole = size == size.to_integral_value()
        return f"{sign}{mark}{number(size, 0 if whole else cents)}"
    short = significant(size, digits)
    if short >= HUNDRED:
        return f"{sign}{mark}{number(short, 0)}"
    places = max(0, -int(short.as_tuple().exponent))
    return f"{sign}{mark}{number(size, min(places, cents))}"


def day(value: date, *, year: bool = True) -> str:
    """Write a day: `22 November 2026`."""
    text = f"{value.day} {MONTHS[value.month - 1]}"
    return f"{text} {value.year}" if year else text


MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

SINGULAR: Final[Mapping[Unit, str]] = {Unit.SECONDS: "second", Unit.MINUTES: "minute", Unit.HOURS: "hour"}


def quantity(value: Decimal, unit: Unit, *, unit_name: str = "", decimals: int | None = None) -> str:
    """Write a value with its unit: `4.6 seconds`, `17.5 units`, `80 times`."""
    places = decimals if decimals is not None else decimals_of(value, unit)
    text = number(value, places)
    if unit in SINGULAR:
        word = SINGULAR[unit]
        return f"{text} {word}" if text == "1" else f"{text} {word}s"
    if unit is Unit.MULTIPLE:
        return f"{text} times"
    return f"{text} {unit_name}" if unit_name else text


def decimals_of(value: Decimal, unit: Unit) -> int:
    """Choose decimals so that a value keeps about three digits, and a count none."""
    if unit is Unit.COUNT:
        return 0
    size = abs(value)
    if unit is Unit.SCORE:
        return max(3, -size.adjusted()) if size else 3
    if size == 0 or size >= HUNDRED:
        return 0 if size == size.to_integral_value() or size >= HUNDRED else 1
    return 1 if size >= 1 else min(2 - size.adjusted(), 6)


def name(text: str) -> Fact:
    """Hold words that people chose: a product, a source, a noun; digits in them are theirs."""
    return Fact(of="", function="name", kind=Kind.NAME, value=None, shown=text)


def group_name(group: str) -> Fact:
    """Hold the name of a group of people, beside whose figures it stands."""
    return Fact(of="", function="group", kind=Kind.NAME, value=None, shown=group, group=group)


FIGURE: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
FEWER: Final = re.compile(r"\b(?:fewer|less|lower)\b")
LEVEL: Final = "level"
WORDED: Final = re.compile(r"\b(?:fewer|less|lower|more|higher)\b")
SHORT_DIGITS: Final = 3
SMALLEST_CHANCE: Final = Decimal("0.001")  # what is less is shown as less than this


@lru_cache(maxsize=16_384)
def shows(fact: Fact) -> bool:
    """Tell whether what is shown is the figure, rounded half up, or away from the middle at an interval's end."""
    if fact.value is None or fact.kind in {Kind.NAME, Kind.TIME}:
        return True
    if fact.shown == LEVEL:
        return _is_level(fact, fact.value)
    found = FIGURE.search(fact.shown)
    if found is None:
        return False
    shown = Decimal(found[0].replace(",", ""))
    if fact.shown.startswith("under "):
        return fact.value < shown == SMALLEST_CHANCE or 0 < fact.value * fact.base < shown == 1
    if fact.shown.startswith("over "):
        return fact.base > fact.value * fact.base > shown == fact.base - 1
    return _has_its_sign(fact, fact.value, shown) and shown in _roundings(fact, found[0])


def _is_level(fact: Fact, value: Decimal) -> bool:
    if fact.base > 1:
        return outward(value, fact.base, low=fact.function == "low") == 0 or per(value, fact.base) == 0
    return rounded(value, MOST_DECIMALS) == 0


def _has_its_sign(fact: Fact, value: Decimal, shown: Decimal) -> bool:
    worded = WORDED.search(fact.shown)
    if fact.kind is not Kind.CHANGE and fact.shown.startswith("+"):
        return False
    if shown == 0:
        return True
    if worded:
        return (value < 0) is bool(FEWER.search(fact.shown))
    if fact.kind is Kind.CHANGE and fact.function in SIGNED:
        return fact.shown.startswith("-" if value < 0 else "+")
    return value > 0 or (value < 0 and fact.shown.startswith("-"))


OUTWARD: Final = frozenset({"upper", "break_even"})
ENDS: Final = frozenset({"low", "high"})
SIGNED: Final = frozenset({"difference", *ENDS})


def _is_end_in_money(fact: Fact) -> bool:
    worded = WORDED.search(fact.shown)
    return worded is not None and fact.kind is Kind.CHANGE and fact.unit == Unit.MONEY


def _roundings(fact: Fact, text: str) -> set[Decimal]:
    """List what the figure may be shown as, without a sign, with as many decimals as the text has."""
    value = fact.value or Decimal(0)
    away = Decimal(abs(outward(value, fact.base, low=fact.function == "low")))
    if fact.function in OUTWARD:
        return {away}
    if fact.base > 1 and WORDED.search(fact.shown):
        end = Decimal(abs(end_of_change(value, fact.base, low=fact.function == "low")))
        return {
            end if fact.function in ENDS else away,
            Decimal(abs(per(value, fact.base))),
        }  # METRICS.md (b) lets an end be rounded to the nearest
    if fact.function == "flip":
        return {floored(value, SHORT_DIGITS)}
    if _is_end_in_money(fact):
        return {abs(amount_outward(value, SHORT_DIGITS, low=fact.function == "low")), abs(value)}
    percent_or_points = "%" in fact.shown or "point" in fact.shown
    scale = fact.base if fact.base > 1 else 100 if percent_or_points else 1
    size = abs(value * scale)
    places = len(text.partition(".")[2])
    if fact.unit != Unit.MONEY or places or size < HUNDRED:
        return {rounded(size, places)}
    short = {significant(size, SHORT_DIGITS)}
    return short | {size} if size == size.to_integral_value() else short
