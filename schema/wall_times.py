"""Where a wall time lies in a zone, whatever the clocks do there."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

A_MINUTE = timedelta(minutes=1)
LONGEST_GAP = 2 * 24 * 60  # minutes: Samoa once left out a day


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
