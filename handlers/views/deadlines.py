"""Until when a launch can be signed, in words: the day on which it is to go out comes first where both are near."""

from datetime import date, datetime

from handlers.views.receipts import slack_time


def day(on: date) -> str:
    """Write a day so that nobody takes the month for the day."""
    return f"{on.day} {on:%B %Y}"


def until(deadline: datetime, wanted_on: date | None) -> str:
    """Say by when people are to sign; the rest of a sentence."""
    if wanted_on is None:
        return f"{slack_time(deadline)}; then it expires"
    return f"{day(wanted_on)}, when it is to go out; it expires {slack_time(deadline)}"
