"""Business days: Monday to Friday, without the public holidays of a country."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from schema.schedules import instant

SATURDAY = 5  # as `date.weekday()` counts


def business_days_after(moment: datetime, days: int, *, zone: str, country: str = "") -> datetime:
    """Give the same wall time so many business days later; aware UTC."""
    here = moment.astimezone(ZoneInfo(zone))
    day = here.date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_business_day(day, country)
    return instant(day, here.time(), ZoneInfo(zone))


def is_business_day(day: date, country: str = "") -> bool:
    """Tell whether people work on a day."""
    return day.weekday() < SATURDAY and day not in _public(country, day.year)


def knows_country(country: str) -> bool:
    """Tell whether the public holidays of a country are known; "" means none are kept."""
    return not country or country in holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=256)
def _public(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year)) if country else frozenset()
