"""When a weekly standup happens, over changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from schema.periods import Cadence
from schema.recurrences import NAMES, Day, Weekday, day_of
from schema.schedule_words import taken_apart
from schema.schedules import Schedule, posted_at
from schema.wall_times import instant
from tests import builders

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


# --- days as people write them ---


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("monday", "monday"), ("Mondays", "monday"), ("every Monday", "monday"), ("mon", "monday"), ("Thurs", "thursday"),
        ("1st monday", "first monday"), ("the last Friday of the month", "last friday"), ("last workday", "last business day"),
        ("third thu", "third thursday"), ("First Business Day", "first business day"),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(written, read):
    assert str(day_of(written)) == read
    assert str(day_of(read)) == read


def test_every_day_that_is_offered_reads_back():
    assert {str(day_of(name)) for name in NAMES} == set(NAMES)
    assert len(NAMES) == 7 + 5 * 8


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("mondey", "Did you mean `monday`?"),
        ("every 31st", "did you mean `last business day`?"),
        ("the 3rd of each month", "did you mean `first business day`?"),
        ("every second monday", "may mean two things. Write a plain weekday with `every: 2` and `from: …`"),
        ("fist monday", "Did you mean `first monday`"),
        ("", "Did you mean"),
        ("x" * 500, "What works: `friday`, `monday`"),
    ],
)
def test_a_day_that_does_not_come_again_gets_the_nearest_that_does(written, told):
    with pytest.raises(PydanticCustomError) as caught:
        day_of(written)

    assert told in str(caught.value) or not written


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("every second Monday at 9:30 Europe/Berlin", {"on": "Monday", "at": "9:30", "zone": "Europe/Berlin", "every": 2}),
        ("Monday 9", {"on": "Monday", "at": "9"}),
        ("first monday 10:00", {"on": "first monday", "at": "10:00"}),
        ("every 2 weeks on friday 5 pm", {"on": "friday", "at": "5pm", "every": 2}),
        ("last business day 16:00 UTC", {"on": "last business day", "at": "16:00", "zone": "UTC"}),
        ("9:30", {"at": "9:30"}),
        ("Europe/Berlin", {"zone": "Europe/Berlin"}),
        ("Monday 9:30 New York", {"on": "Monday", "at": "9:30", "zone": "New_York"}),
    ],
)  # fmt: skip
def test_what_somebody_types_is_taken_apart(typed, parts):
    assert taken_apart(typed) == parts


@given(text=st.text(max_size=80))
def test_whatever_is_typed_can_be_taken_apart(text):
    assert set(taken_apart(text)) <= {"on", "at", "zone", "every"}


# --- holidays ---


def promised(schedule, year=2026, count=60):
    return list(islice(schedule.after(datetime(year, 1, 1, tzinfo=UTC)), count))


def a_schedule(day, **edits):
    return Schedule(**{"day": day_of(day), "at": time(9, 30), "zone": BERLIN} | edits)


@pytest.mark.parametrize(
    ("day", "holidays", "meant", "becomes"),
    [
        ("monday", "DE", date(2026, 4, 6), date(2026, 4, 7)),  # Easter Monday: the next day of work
        ("friday", "DE", date(2026, 12, 25), date(2026, 12, 24)),  # none is left in that week: the one before
        ("friday", "DE", date(2026, 4, 3), date(2026, 4, 2)),
        ("saturday", "DE", date(2026, 10, 3), date(2026, 10, 2)),
        ("thursday", "CN", date(2026, 2, 19), date(2026, 2, 19)),  # a week of holidays: nothing to move it to
    ],
)
def test_a_holiday_moves_a_standup_within_its_week(day, holidays, meant, becomes):
    [found] = [each for each in promised(a_schedule(day, holidays=holidays)) if each.promised_on == meant]

    assert (found.on, found.holiday is not None, found.moved) == (becomes, True, meant != becomes)


def test_a_monthly_standup_stays_in_its_month():
    schedule = a_schedule(
        "last monday", holidays="GB", cadence=Cadence.MONTH
    )  # the bank holiday of 31 August 2026

    [found] = [each for each in promised(schedule) if each.promised_on == date(2026, 8, 31)]

    assert found.on == date(2026, 8, 31)  # no other business day of that week is in August


def test_the_last_business_day_leaves_out_weekends_and_holidays():
    days = [each.on for each in promised(a_schedule("last business day", holidays="DE"), count=12)]

    assert days[:5] == [
        date(2026, 1, 30),
        date(2026, 2, 27),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 29),
    ]


def test_a_schedule_begins_where_it_says_and_counts_its_weeks_from_there():
    schedule = a_schedule("monday", every=2, since=date(2026, 11, 26))

    assert [each.on for each in promised(schedule, count=3)] == [
        date(2026, 12, 7),
        date(2026, 12, 21),
        date(2027, 1, 4),
    ]


# --- over all zones and twenty years ---

CODES = ("", "DE", "DE-BE", "US", "IL", "JP", "CN", "IR", "BR", "GB-SCT")
TIMES = st.times().map(lambda each: each.replace(second=0, microsecond=0))


@given(
    zone=st.sampled_from(ZONES), first=st.integers(0, 1_020), weekday=st.sampled_from(Weekday), at=TIMES,
    holidays=st.sampled_from(CODES),
)  # fmt: skip
@settings(max_examples=60)
def test_every_week_has_one_at_its_wall_time_or_by_the_rule(*, zone, first, weekday, at, holidays):
    here = ZoneInfo(zone)
    schedule = Schedule(day=Day(weekday=weekday), at=at, zone=here, holidays=holidays)
    begins = FIRST + timedelta(weeks=first)

    found = list(islice(schedule.after(begins), 30))

    weeks = [each.promised_on.isocalendar()[:2] for each in found]
    assert weeks == [(found[0].promised_on + timedelta(weeks=n)).isocalendar()[:2] for n in range(30)]
    for each in found:
        assert (
            each.on.isocalendar()[:2] == each.promised_on.isocalendar()[:2]
        )  # a holiday keeps it in its week
        assert each.promised_on.weekday() == weekday.number
        wall = each.at.astimezone(here).replace(tzinfo=None)
        assert each.clocks == (wall != datetime.combine(each.on, at))
        if each.clocks:  # the minute before does not exist, or is before the gap
            before = (each.at - timedelta(minutes=1)).astimezone(here).replace(tzinfo=None)
            assert before < datetime.combine(each.on, at) < wall
        else:
            earlier = [each.at - timedelta(minutes=15 * n) for n in range(1, 9)]
            assert all(
                other.astimezone(here).replace(tzinfo=None) != wall for other in earlier
            )  # the first time
    assert [each.at for each in found] == sorted({each.at for each in found})


@given(
    zone=st.sampled_from(ZONES), name=st.sampled_from([each for each in NAMES if " " in each]),
    year=st.integers(2015, 2035), holidays=st.sampled_from(CODES),
)  # fmt: skip
@settings(max_examples=60)
def test_every_month_has_one(zone, name, year, holidays):
    schedule = a_schedule(name, zone=ZoneInfo(zone), holidays=holidays, cadence=Cadence.MONTH)

    found = list(islice(schedule.after(datetime(year, 1, 3, tzinfo=UTC)), 14))

    months = [each.on.year * 12 + each.on.month for each in found]
    assert months == list(range(months[0], months[0] + 14))
    assert [each.promised_on.month for each in found] == [each.on.month for each in found]


@given(
    zone=st.sampled_from(ZONES), days=st.integers(0, 7_000), minutes=st.integers(0, 20_000), every=st.integers(1, 5),
    weekday=st.sampled_from(Weekday),
)  # fmt: skip
@settings(max_examples=60)
def test_where_one_looks_from_changes_nothing(*, zone, days, minutes, every, weekday):
    """What comes after a moment is the same seen from an earlier one, and what is ahead is the beginning of it."""
    begins = FIRST + timedelta(days=days)
    schedule = Schedule(
        day=Day(weekday=weekday), at=time(9, 30), zone=ZoneInfo(zone), every=every, since=FIRST.date(), holidays="US"
    )  # fmt: skip
    later = begins + timedelta(minutes=minutes)

    seen = list(islice(schedule.after(begins), 12))
    from_later = list(islice(schedule.after(later), 4))

    assert [each for each in seen if each.at > later][:4] == from_later[
        : len([e for e in seen if e.at > later])
    ]
    assert schedule.ahead(later)[:2] == tuple(from_later[:2])
    gaps = [b.promised_on - a.promised_on for a, b in pairwise(seen)]
    assert set(gaps) == {timedelta(weeks=every)}


def test_the_period_that_a_standup_tells_of_finds_the_moment_of_its_post():
    product = builders.configuration(builders.document()).products["fraud-detection"]
    period = product.calendar.named("2026-W47")

    assert posted_at(product, period) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    monthly = builders.document(fraud_detection={"standup": {"on": "first monday", "at": "09:30"}})
    weekly = builders.configuration(monthly).products["fraud-detection"]
    assert posted_at(weekly, period) is None
    assert posted_at(weekly, product.calendar.named("2026-W49")) == datetime(2026, 12, 7, 9, 30, tzinfo=UTC)
