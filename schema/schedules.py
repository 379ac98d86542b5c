"""When something that repeats happens: wall time and zone, never an offset."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schema.periods import Cadence
from schema.products import Product

A_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(days=1)
DAYS_A_WEEK = 7
LONGEST_GAP = 2 * 24 * 60  # minutes: Samoa once left out a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A weekday and a wall time: every week, or its first one in each month."""

    weekday: int  # Monday is 0
    at: time
    zone: ZoneInfo
    cadence: Cadence = Cadence.WEEK

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Go through the occurrences later than a moment, soonest first; aware UTC, without end."""
        day = moment.astimezone(self.zone).date() - A_DAY  # a gap may move an occurrence into the next day
        while True:
            day = self._day_on_or_after(day)
            found = instant(day, self.at, self.zone)
            if found > moment:
                yield found
            day += A_DAY

    def next_after(self, moment: datetime) -> datetime:
        """Find the first occurrence later than a moment."""
        return next(self.after(moment))

    def _day_on_or_after(self, day: date) -> date:
        found = day + timedelta(days=(self.weekday - day.weekday()) % DAYS_A_WEEK)
        while self.cadence is Cadence.MONTH and found.day > DAYS_A_WEEK:
            found += timedelta(days=DAYS_A_WEEK)
        return found


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Find when a wall time is: in a gap of the clocks the first valid minute after, in an overlap the first time."""
    wall = datetime.combine(day, at)
    for minutes in range(LONGEST_GAP):
        candidate = (wall + minutes * A_MINUTE).replace(tzinfo=zone)
        found = candidate.astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) == candidate.replace(tzinfo=None):
            return found
    message = f"{zone} has no {at} on or after {day}"
    raise ValueError(message)


def standup_schedule(product: Product) -> Schedule | None:
    """Give when a product's standup is posted; None when it has no time."""
    if product.standup is None:
        return None
    return Schedule(
        weekday=product.standup.on.number,
        at=product.standup.at,
        zone=product.zoneinfo,
        cadence=product.cadence,
    )
