"""Working hours: nine to five on business days, in somebody's own time zone."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schema.deadlines import is_business_day
from schema.wall_times import instant

OPENS: Final = time(9)
CLOSES: Final = time(17)
A_DAY: Final = timedelta(days=1)


def working(moment: datetime, zone: str, country: str = "") -> datetime:
    """Give the first moment from this one on at which people work in a zone."""
    here = moment.astimezone(ZoneInfo(zone))
    day, at = here.date(), here.time()
    if at >= CLOSES:
        day, at = day + A_DAY, OPENS
    while not is_business_day(day, country):
        day, at = day + A_DAY, OPENS
    if day == here.date() and at >= OPENS:
        return moment
    return instant(day, max(at, OPENS), ZoneInfo(zone))


def business_day_before(moment: datetime, zone: str, country: str = "") -> datetime:
    """Give the same wall time on the business day before; aware UTC."""
    here = moment.astimezone(ZoneInfo(zone))
    day = here.date() - A_DAY
    while not is_business_day(day, country):
        day -= A_DAY
    return instant(day, here.time(), ZoneInfo(zone))
