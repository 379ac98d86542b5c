"""When a weekly standup happens, over changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.periods import Cadence
from schema.recurrences import Day, Weekday, day_of
from schema.schedules import Schedule
from schema.wall_times import instant

FIRST = datetime(2015, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = sorted(
    name for name in available_timezones() if "/" in name and not name.startswith(("posix/", "right/"))
)


def test_a_wall_time_stays_the_same_over_both_clock_changes():
    schedule = Schedule(day=day_of("monday"), at=time(9, 30), zone=BERLIN)

    year = list(islice(schedule.after(datetime(2026, 1, 1, tzinfo=UTC)), 52))

    assert {each.at.astimezone(BERLIN).time() for each in year} == {time(9, 30)}
    assert {each.at.astimezone(UTC).hour for each in year} == {7, 8}


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (
            date(2026, 3, 29),
            time(2, 30),
            datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        ),  # gap: 03:00 is the first valid one
        (
            date(2026, 10, 25),
            time(2, 30),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),  # overlap: the first time
        (date(2026, 6, 1), time(2, 30), datetime(2026, 6, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_gaps_move_to_the_first_valid_minute_and_overlaps_run_the_first_time(day, at, expected):
    assert instant(day, at, BERLIN) == expected


def test_a_day_that_a_zone_left_out_runs_when_the_next_one_begins():
    apia = ZoneInfo("Pacific/Apia")

    assert instant(date(2011, 12, 30), time(9, 30), apia).astimezone(apia) == datetime(
        2011, 12, 31, tzinfo=apia
    )


def test_a_monthly_one_is_the_first_such_weekday():
    schedule = Schedule(day=day_of("monday"), at=time(9, 30), zone=BERLIN, cadence=Cadence.MONTH)

    days = [
        each.at.astimezone(BERLIN).day
        for each in islice(schedule.after(datetime(2026, 1, 1, tzinfo=UTC)), 24)
    ]

    assert all(day <= 7 for day in days)
    assert len(days) == 24


@given(
    zone=st.sampled_from(ZONES),
    days=st.integers(0, 7_000),
    weekday=st.integers(0, 6),
    at=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
)
def test_every_week_has_one_occurrence_in_every_zone(zone, days, weekday, at):
    schedule = Schedule(day=Day(weekday=list(Weekday)[weekday]), at=at, zone=ZoneInfo(zone))

    found = [each.at for each in islice(schedule.after(FIRST + timedelta(days=days)), 60)]

    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert all(timedelta(days=5, hours=22) < gap < timedelta(days=8, hours=2) for gap in gaps)
    weeks = [round((each - found[0]) / timedelta(days=7)) for each in found]
    assert weeks == list(range(60))
