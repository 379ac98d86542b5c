"""The moment that counts as now, as people type it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from schema.errors import Refusal

EARLIEST, LATEST = 1970, 2200  # years; the calendar runs out soon after, and no source has data there
_WEEK = re.compile(r"\d{4}-?W\d\d")
EXAMPLES = "Write it as 2026-11-23, or with a time: 2026-11-23T09:30+01:00."


def moment(at: str | None) -> datetime | None:
    """Read a day, or a day and time in UTC unless it says otherwise; a day counts as its end, so that it is over."""
    if at is None:
        return None
    try:
        found = _read(at)
        _need_day(at)
    except ValueError:
        raise Refusal(f"“{at}” is no day. {EXAMPLES}") from None
    if not EARLIEST <= found.year <= LATEST:
        raise Refusal(f"“{at}” is out of reach. {EXAMPLES}")
    return found


def _need_day(at: str) -> None:
    """Refuse a week: Python reads its Monday, and the page would be that of the week before."""
    if _WEEK.fullmatch(at):
        after = date.fromisoformat(at) + timedelta(days=7)
        raise Refusal(f"“{at}” is a week, and a day is asked for; for what stands once it is over: {after}.")


def clock(at: str | None) -> Callable[[], datetime]:
    """Give what tells the time: the moment that was typed, or the machine's clock."""
    fixed = moment(at)
    return lambda: fixed or datetime.now(UTC)


def _read(at: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(at), time(23, 59), tzinfo=UTC)
    except ValueError:
        found = datetime.fromisoformat(at)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
