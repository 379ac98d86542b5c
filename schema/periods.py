"""Weeks and months, cut in a product's zone and held in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MONTHS_A_YEAR = 12
DAYS_A_WEEK = 7


class Cadence(StrEnum):
    """How long a period is."""

    WEEK = "week"  # ISO week, Monday to Monday
    MONTH = "month"  # calendar month


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Period:
    """A half-open span `[start, end)`; both ends are aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive times and empty spans, and hold both ends in UTC."""
        for moment in (self.start, self.end):
            if moment.tzinfo is None:
                message = "a period needs times with a zone"
                raise ValueError(message)
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            message = "a period must end after it starts"
            raise ValueError(message)

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in the period; the end does not."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The cutting of time into periods for one product."""

    zone: ZoneInfo
    cadence: Cadence = Cadence.WEEK

    def containing(self, moment: datetime) -> Period:
        """Find the period that a moment lies in."""
        return self._from(self._first_day(moment.astimezone(self.zone).date()))

    def last_complete(self, now: datetime) -> Period:
        """Find the newest period that has ended by now."""
        return self.shift(self.containing(now), -1)

    def shift(self, period: Period, count: int) -> Period:
        """Find the period that lies `count` periods later; earlier when negative."""
        first = period.start.astimezone(self.zone).date()
        return self._from(self._days_on(first, count))

    def back(self, period: Period, count: int) -> tuple[Period, ...]:
        """List the `count` periods that end with this one, oldest first."""
        return tuple(self.shift(period, -before) for before in range(count - 1, -1, -1))

    def window(self, period: Period, count: int) -> Period:
        """Join the `count` periods that end with this one into one span."""
        return Period(start=self.shift(period, 1 - count).start, end=period.end)

    def distance(self, earlier: Period, later: Period) -> int:
        """Count the periods from one start to another."""
        first = earlier.start.astimezone(self.zone).date()
        last = later.start.astimezone(self.zone).date()
        if self.cadence is Cadence.WEEK:
            return (last - first).days // DAYS_A_WEEK
        return (last.year - first.year) * MONTHS_A_YEAR + last.month - first.month

    def key(self, period: Period) -> str:
        """Name a period for keys and links: `2026-W47`, `2026-10`."""
        first = period.start.astimezone(self.zone).date()
        if self.cadence is Cadence.MONTH:
            return f"{first.year:04d}-{first.month:02d}"
        year, week, _ = first.isocalendar()
        return f"{year:04d}-W{week:02d}"

    def named(self, key: str) -> Period:
        """Find the period with this key; raises ValueError when it is not one."""
        year, _, rest = key.partition("-")
        if self.cadence is Cadence.WEEK:
            if not rest.startswith("W"):
                message = f"{key} is not a week such as 2026-W47"
                raise ValueError(message)
            return self._from(date.fromisocalendar(int(year), int(rest[1:]), 1))
        return self._from(date(int(year), int(rest), 1))

    def last_day(self, period: Period) -> date:
        """Give the last day that lies wholly in the period, in the product's zone."""
        return period.end.astimezone(self.zone).date() - timedelta(days=1)

    def _first_day(self, day: date) -> date:
        if self.cadence is Cadence.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1)

    def _days_on(self, first: date, count: int) -> date:
        if self.cadence is Cadence.WEEK:
            return first + timedelta(days=DAYS_A_WEEK * count)
        months = first.year * MONTHS_A_YEAR + first.month - 1 + count
        return date(months // MONTHS_A_YEAR, months % MONTHS_A_YEAR + 1, 1)

    def _from(self, first: date) -> Period:
        return Period(start=self._midnight(first), end=self._midnight(self._days_on(first, 1)))

    def _midnight(self, day: date) -> datetime:
        # a gap in the clocks at midnight: astimezone moves it to the first valid minute after
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)
