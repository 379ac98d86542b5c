"""Schedules in words: taken apart as people type them, and said with zone, holidays and changes of the clocks."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schema.schedules import Occurrence, Schedule

COUNTED: Final = {2: "second", 3: "third", 4: "fourth"}
_EVERY: Final = re.compile(
    r"^(?:on |every )*(other|second|2nd|two|third|3rd|three|fourth|4th|four|\d{1,2}) weeks?(?: on)? (.+)$|"
    r"^every (other|second|2nd|third|3rd|fourth|4th) (\S+)$",
    re.IGNORECASE,
)
_NUMBERS: Final = {"other": 2, "second": 2, "2nd": 2, "two": 2, "third": 3, "3rd": 3, "three": 3, "fourth": 4, "4th": 4, "four": 4}  # fmt: skip
_ZONE: Final = re.compile(r"[A-Za-z_]+/[A-Za-z_/+\-0-9]+|UTC|GMT")
_CLOCK: Final = re.compile(r"\d{1,2}(?:[:.h]\d{2})?(?:am|pm)?", re.IGNORECASE)  # `31st` is a day


def taken_apart(text: str) -> dict[str, object]:
    """Find day, time, zone and pace in what somebody typed, as muster.yaml names them; nothing is checked.

    `every second Monday at 9:30 Europe/Berlin` gives on, every, at and zone; whatever follows the time is the zone.
    """
    words = [word for word in text.split() if word.lower() not in {"at", "in"}]
    found: dict[str, object] = {}
    clock = next((place for place in range(len(words)) if _is_clock(words, place)), len(words))
    if words and clock == len(words) and _ZONE.fullmatch(words[-1]):
        found["zone"] = words.pop()
        clock -= 1
    words, after = words[:clock], words[clock:]
    if len(after) > 1 and after[1].lower() in {"am", "pm"}:
        after[:2] = ["".join(after[:2])]
    if after:
        found["at"] = after[0]
    if after[1:]:
        found["zone"] = "_".join(after[1:])
    day = " ".join(words)
    paced = _EVERY.match(day)
    if paced:
        count = paced[1] or paced[3]
        found["every"] = int(count) if count.isdigit() else _NUMBERS[count.lower()]
        day = paced[2] or paced[4]
    return ({"on": day} if day else {}) | found


def _is_clock(words: list[str], place: int) -> bool:
    """Tell whether a word is a time: `9:30`; `9` is one after something else, and not in `2 weeks`."""
    after = words[place + 1].lower() if place + 1 < len(words) else ""
    plain = place > 0 or ":" in words[place]
    return plain and not after.startswith("week") and _CLOCK.fullmatch(words[place]) is not None


def said(schedule: Schedule) -> str:
    """Say a schedule on one line: `every second Monday at 09:30, Europe/Berlin`."""
    return f"{_days(schedule)} at {schedule.at:%H:%M}, {schedule.zone.key}"


def _days(schedule: Schedule) -> str:
    day = schedule.day
    if schedule.monthly:
        ordinal = (day.ordinal or "first").lower()
        return f"the {ordinal} {_named(day.weekday) if day.weekday else 'business day'} of each month"
    if schedule.every == 1:
        return f"every {_named(day.weekday)}"
    if schedule.every in COUNTED:
        return f"every {COUNTED[schedule.every]} {_named(day.weekday)}"
    return f"every {schedule.every} weeks on {_named(day.weekday)}"


def _named(weekday: str | None) -> str:
    return (weekday or "").capitalize()


def short_day(day: date) -> str:
    """Name a day of the months around now: `Mon 30 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def marks(found: Occurrence, schedule: Schedule) -> Iterator[str]:
    """Say what is unusual about an occurrence."""
    if found.moved:
        yield f"moved from {short_day(found.promised_on)}, {found.holiday}"
    elif found.holiday is not None:
        yield f"on {found.holiday}, as its week has no business day left"
    if found.clocks:
        yield f"the clocks leave out {schedule.at:%H:%M} on that day"


def offset(moment: datetime, zone: ZoneInfo) -> str:
    """Say how far a zone is from UTC at a moment: `UTC+1`, `UTC-3:30`."""
    minutes = (moment.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
