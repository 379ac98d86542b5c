"""When something that repeats happens: wall time and zone, never an offset; a holiday moves it within its week."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schema.deadlines import is_business_day
from schema.periods import DAYS_A_WEEK, MONTHS_A_YEAR, Cadence, Period
from schema.products import Product
from schema.public_holidays import name_of
from schema.recurrences import Day
from schema.wall_times import instant

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=DAYS_A_WEEK)
AHEAD = timedelta(weeks=8)  # how long a process may be down and still find everything that it missed
AT_LEAST = 2  # for what is once a month or a quarter
A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that something happens."""

    at: datetime  # aware UTC
    promised_on: date  # the day that the schedule names
    on: date  # the day that it is on, in the schedule's zone
    holiday: str | None = None  # on the promised day
    clocks: bool = False  # the clocks leave out its wall time, so it is at the first minute after

    @property
    def moved(self) -> bool:
        """Tell whether a holiday put it on another day."""
        return self.on != self.promised_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A day that comes again and a wall time."""

    day: Day
    at: time
    zone: ZoneInfo
    cadence: Cadence = Cadence.WEEK  # by month, a plain weekday is the first one
    every: int = 1  # weeks, counted from the week of `since`
    since: date | None = None  # nothing happens before
    holidays: str = ""  # whose holidays it keeps out of the way of; "" for none

    def after(self, moment: datetime) -> Iterator[Occurrence]:
        """Go through the occurrences later than a moment, soonest first, without end."""
        day = moment.astimezone(self.zone).date() - A_DAY  # a gap may move an occurrence into the next day
        for promised in self._days_from(max(day, self.since or day)):
            found = self._on(promised)
            if found.at > moment and (self.since is None or promised >= self.since):
                yield found

    def next_after(self, moment: datetime) -> datetime:
        """Find the first occurrence later than a moment."""
        return next(self.after(moment)).at

    def until(self, moment: datetime, end: datetime) -> Iterator[Occurrence]:
        """Go through the occurrences later than a moment and not later than an end."""
        for found in self.after(moment):
            if found.at > end:
                return
            yield found

    def ahead(self, moment: datetime) -> tuple[Occurrence, ...]:
        """List the occurrences of the next eight weeks, and at least two; soonest first."""
        day = moment.astimezone(UTC).date()
        found = [each for each in _ahead(self, day) if each.at > moment]
        return tuple(
            each for count, each in enumerate(found) if count < AT_LEAST or each.at <= moment + AHEAD
        )

    @property
    def monthly(self) -> bool:
        """Tell whether it happens once a month."""
        return self.day.ordinal is not None or self.cadence is Cadence.MONTH

    def _days_from(self, day: date) -> Iterator[date]:
        """Go through the promised days from the week or the month of a day on."""
        return self._months(day) if self.monthly else self._weeks(day)

    def _weeks(self, day: date) -> Iterator[date]:
        monday = day - timedelta(days=day.weekday())
        first = self.since or monday
        behind = (monday - (first - timedelta(days=first.weekday()))).days // DAYS_A_WEEK % self.every
        monday += A_WEEK * (-behind % self.every)
        while True:
            yield monday + timedelta(days=self.day.number)
            monday += A_WEEK * self.every

    def _months(self, day: date) -> Iterator[date]:
        count = day.year * MONTHS_A_YEAR + day.month - 1
        while True:
            yield self.day.in_month(count // MONTHS_A_YEAR, count % MONTHS_A_YEAR + 1, self.holidays)
            count += 1

    def _on(self, promised: date) -> Occurrence:
        holiday = name_of(promised, self.holidays)
        day = promised if holiday is None else self._beside(promised)
        at = instant(day, self.at, self.zone)
        left_out = at.astimezone(self.zone).replace(tzinfo=None) != datetime.combine(day, self.at)
        return Occurrence(
            at=at.astimezone(UTC), promised_on=promised, on=day, holiday=holiday, clocks=left_out
        )

    def _beside(self, promised: date) -> date:
        """Find the next business day of that week, else the one before; it stays in its month where it is monthly.

        So that it is about the same period, and no period is told twice or never. In a week without a business day
        it stays where it is.
        """
        monday = promised - timedelta(days=promised.weekday())
        week = [monday + A_DAY * number for number in range(DAYS_A_WEEK)]
        free = [day for day in week if is_business_day(day, self.holidays) and self._may_be(day, promised)]
        later = [day for day in free if day > promised]
        return later[0] if later else free[-1] if free else promised

    def _may_be(self, day: date, promised: date) -> bool:
        return not self.monthly or day.month == promised.month


@lru_cache(maxsize=4096)
def _ahead(schedule: Schedule, day: date) -> tuple[Occurrence, ...]:
    """List what is ahead on a day, in UTC, for the whole of it: it is looked at every few seconds."""
    begins = datetime.combine(day, time.min, tzinfo=UTC)
    end, found = begins + AHEAD + A_DAY, list[Occurrence]()
    for each in schedule.after(begins):
        if each.at > end and len(found) > AT_LEAST:
            break
        found.append(each)
    return tuple(found)


def posted_at(product: Product, period: Period) -> datetime | None:
    """Find when the schedule posts the standup about a period; None when it does not."""
    schedule = standup_schedule(product)
    if schedule is None:
        return None
    after = product.calendar.shift(period, 1).end
    coming = schedule.until(period.end - A_MOMENT, after + A_DAY)
    return next((each.at for each in coming if product.calendar.last_complete(each.at) == period), None)


def standup_schedule(product: Product, *, paused: bool = False) -> Schedule | None:
    """Give when a product's standup is posted; None when it has no time.

    paused  give it also while it is paused
    """
    standup = product.standup
    if standup is None or (standup.paused and not paused):
        return None
    return Schedule(
        day=standup.on,
        at=standup.at,
        zone=product.standup_zone,
        cadence=product.cadence,
        every=standup.every,
        since=standup.since,
        holidays=product.holidays or "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One coming standup, and who left it out."""

    occurrence: Occurrence
    delivery: str  # its id
    left_out: str = ""  # who and why, escaped; "" when it is posted


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When a product's standup runs."""

    product: Product
    schedule: Schedule | None  # also while it is paused
    runs: tuple[Run, ...] = ()
    lost: str = ""  # the period that was still to be told, and after a change is not
    told: bool = False  # its channel is told of a change
