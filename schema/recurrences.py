"""On which days something repeats: a weekday, or the first or last one of a month; read as people write it."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator

from schema.deadlines import is_business_day
from schema.problems import mistake, nearest, quoted

A_DAY: Final = timedelta(days=1)
DAYS_A_WEEK: Final = 7
BUSINESS_DAY: Final = "business day"


class Weekday(StrEnum):
    """Days as people name them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """Count as `date.weekday()` does: Monday is 0."""
        return list(Weekday).index(self)


class Ordinal(StrEnum):
    """Which one of a month."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    LAST = "last"

    def of(self, days: list[date]) -> date:
        """Pick from a month's days; every month has four of each weekday."""
        return days[-1 if self is Ordinal.LAST else list(Ordinal).index(self)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day that comes again: `monday`, `first monday`, `last business day`."""

    weekday: Weekday | None  # None: any business day, which then has an ordinal
    ordinal: Ordinal | None = None  # None: every week

    def __str__(self) -> str:
        """Write it as muster.yaml does."""
        return " ".join(part for part in (self.ordinal, self.weekday or BUSINESS_DAY) if part)

    @property
    def number(self) -> int:
        """Count the weekday as `date.weekday()` does; raises ValueError for any business day."""
        if self.weekday is None:
            message = "a business day has no place in the week"
            raise ValueError(message)
        return self.weekday.number

    def in_month(self, year: int, month: int, holidays: str) -> date:
        """Give the one of a month; without an ordinal the first."""
        last = calendar.monthrange(year, month)[1]
        days = [date(year, month, number) for number in range(1, last + 1)]
        fitting = [day for day in days if self._fits(day, holidays)]
        return (self.ordinal or Ordinal.FIRST).of(fitting or days)

    def _fits(self, day: date, holidays: str) -> bool:
        if self.weekday is None:
            return is_business_day(day, holidays)
        return day.weekday() == self.number


def _names() -> Iterator[str]:
    yield from Weekday
    for ordinal in Ordinal:
        yield from (f"{ordinal} {day}" for day in (*Weekday, BUSINESS_DAY))


NAMES: Final = tuple(_names())
_SHORT: Final = {
    "1st": "first",
    "2nd": "second",
    "3rd": "third",
    "4th": "fourth",
    "5th": "last",
    "workday": BUSINESS_DAY,
}
_SHORT_DAYS: Final = {day[:length]: day.value for day in Weekday for length in (3, 4)}
_PACED: Final = re.compile(r"every (other|second|third|fourth|2nd|3rd|4th)\b", re.IGNORECASE)
_OF_MONTH: Final = re.compile(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: (?:day )?of (?:the|each|every) month)?")


def tidy(text: str) -> str:
    """Bring what people write of a day to one spelling: `Every 1st Mondays` is `first monday`."""
    words = re.sub(r"^(?:on |every |each |the )+", "", text.strip().lower()).split()
    spelt = [_SHORT.get(word) or _SHORT_DAYS.get(word.rstrip("s.")) or _one(word) for word in words]
    return " ".join(spelt).removesuffix(" of the month").removesuffix(" of each month")


def _one(word: str) -> str:
    return word[:-1] if word.endswith("days") else word


def day_of(text: str) -> Day:
    """Read a day that comes again; raises a mistake with the nearest that works."""
    spelt = tidy(text)
    paced = _PACED.match(text.strip())
    if paced:
        works = (
            "Write a plain weekday with `every: 2` and `from: …`, or `second monday` for one of each month."
        )
        raise mistake(f"{quoted(text)} may mean two things.", works)
    if spelt not in NAMES:
        raise mistake(f"{quoted(text)} is no day of a standup.", _nearest(text, spelt))
    first, _, rest = spelt.partition(" ")
    if not rest:
        return Day(weekday=Weekday(first))
    return Day(ordinal=Ordinal(first), weekday=None if rest == BUSINESS_DAY else Weekday(rest))


def _nearest(text: str, spelt: str) -> str:
    found = _OF_MONTH.fullmatch(re.sub(r"^(?:on |every |each )+", "", text.strip().lower()))
    if found:
        near = "first" if int(found[1]) < 15 else "last"
        return f"Not every month has it on a day of work; did you mean `{near} {BUSINESS_DAY}`?"
    return nearest(spelt, NAMES if " " in spelt else Weekday, kind="days")


def _day(value: object) -> object:
    if isinstance(value, Day):
        return value
    if isinstance(value, str):
        return day_of(value)
    if isinstance(value, list):
        works = "Choose one: a standup tells of a week or a month that has ended, once."
        raise mistake("A standup has one day.", works)
    raise mistake(
        f"{quoted(value)} is no day of a standup.", "Write a day, such as `monday` or `first monday`."
    )


RepeatingDay: TypeAlias = Annotated[Day, BeforeValidator(_day)]
