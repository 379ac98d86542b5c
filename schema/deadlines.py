"""Business days: those on which people work where a product is, without the public holidays there."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schema.public_holidays import known, name_of, weekend
from schema.wall_times import instant

A_DAY = timedelta(days=1)


def business_days_after(moment: datetime, days: int, *, zone: str, country: str = "") -> datetime:
    """Give the same wall time so many business days later; aware UTC.

    country  whose public holidays are kept, or a part of it: `DE`, `DE-BE`; "" for none
    """
    here = moment.astimezone(ZoneInfo(zone))
    day = here.date()
    while days > 0:
        day += A_DAY
        days -= is_business_day(day, country)
    return instant(day, here.time(), ZoneInfo(zone))


def is_business_day(day: date, country: str = "") -> bool:
    """Tell whether people work on a day."""
    return day.weekday() not in weekend(country) and name_of(day, country) is None


def business_day_before(day: date, country: str = "") -> date:
    """Give the last business day before a day."""
    day -= A_DAY
    while not is_business_day(day, country):
        day -= A_DAY
    return day


def knows_country(country: str) -> bool:
    """Tell whether the public holidays of a country, or of its part, are known; "" means none are kept."""
    return known(country)
