"""When people are asked and reminded, and where they stand: rules without a clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.checkins import (
    Answers,
    CheckIn,
    Hours,
    Member,
    State,
    Turn,
    ask_moment,
    deadline_before,
    first_moment,
    members,
    reminder_moment,
)

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca",
)  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")
POST = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)  # a Monday
DEADLINE = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # Friday, 16:00 in Berlin


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def hours(zone: str = "Europe/Berlin", works=weekdays, ask_at: time = time(10)) -> Hours:
    return Hours(zone=ZoneInfo(zone), works=works, ask_at=ask_at)


def only(*days: int):
    return lambda day: day.weekday() in days


def a_turn(**said) -> Turn:
    given = {"product": "fraud", "period": "2026-W47", "person": "U1", "deadline": DEADLINE, "post_at": POST}
    return Turn(**(given | {"zone": "UTC"} | said))


# --- examples ---


def test_answers_are_due_on_the_last_business_day_before_the_post():
    assert deadline_before(POST, at=time(16), zone=BERLIN, is_business_day=weekdays) == DEADLINE


def test_a_holiday_before_the_post_makes_the_deadline_earlier():
    def open_(day: date) -> bool:
        return weekdays(day) and day != date(2026, 11, 20)

    found = deadline_before(POST, at=time(16), zone=BERLIN, is_business_day=open_)

    assert found == DEADLINE - timedelta(days=1)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (hours(), datetime(2026, 11, 19, 9, 0, tzinfo=UTC)),  # Thursday
        (hours("Asia/Kolkata"), datetime(2026, 11, 19, 4, 30, tzinfo=UTC)),
        (
            hours("America/Los_Angeles"),
            datetime(2026, 11, 18, 18, 0, tzinfo=UTC),
        ),  # Thursday 10:00 is too late
        (hours(works=only(0, 1)), datetime(2026, 11, 17, 9, 0, tzinfo=UTC)),  # works on Mondays and Tuesdays
        (hours(works=only(4)), datetime(2026, 11, 13, 9, 0, tzinfo=UTC)),  # on Fridays: the one before
        (hours(works=lambda _: False), None),
    ],
)
def test_people_are_asked_on_the_latest_of_their_days_that_leaves_a_day(who, expected):
    assert ask_moment(DEADLINE, who) == expected


@pytest.mark.parametrize(
    ("who", "asked", "expected"),
    [
        (hours(), datetime(2026, 11, 19, 9, 0, tzinfo=UTC), datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        (
            hours("America/Los_Angeles"),
            datetime(2026, 11, 18, 18, 0, tzinfo=UTC),
            None,  # four fifths end on Friday at 02:48 there, and nine o'clock is after the deadline
        ),
        (
            hours("Asia/Kolkata"),
            datetime(2026, 11, 19, 4, 30, tzinfo=UTC),
            datetime(2026, 11, 20, 8, 6, tzinfo=UTC),
        ),
    ],
)
def test_who_is_missing_is_reminded_after_four_fifths_of_the_time(who, asked, expected):
    assert reminder_moment(asked, DEADLINE, who) == expected


def test_who_came_to_the_roster_at_night_is_asked_in_the_morning():
    night = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)

    assert first_moment(night, DEADLINE, hours()) == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert first_moment(DEADLINE - timedelta(minutes=5), DEADLINE, hours()) == DEADLINE - timedelta(minutes=5)
    assert first_moment(DEADLINE, DEADLINE, hours()) is None


# --- properties ---

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2045, 12, 31)).map(  # noqa: DTZ001 - made aware below
    lambda each: each.replace(tzinfo=UTC)
)
WORKING_DAYS = st.sets(st.integers(0, 6), min_size=1)
WALL_TIMES = st.times(time(6), time(20)).map(lambda each: each.replace(second=0, microsecond=0))


@given(post=MOMENTS, zone=st.sampled_from(ZONES), at=WALL_TIMES, days=WORKING_DAYS)
def test_a_deadline_lies_on_a_business_day_before_the_post_with_none_between(post, zone, at, days):
    here = ZoneInfo(zone)

    found = deadline_before(post, at=at, zone=here, is_business_day=only(*days))

    day, last = found.astimezone(here).date(), post.astimezone(here).date()
    assert day < last
    between = [day + timedelta(days=n) for n in range(1, (last - day).days)]
    assert not any(each.weekday() in days for each in between)


@given(deadline=MOMENTS, zone=st.sampled_from(ZONES), at=WALL_TIMES, days=WORKING_DAYS)
def test_an_ask_leaves_a_day_and_no_later_one_would(deadline, zone, at, days):
    who = hours(zone, only(*days), at)

    found = ask_moment(deadline, who)

    assert found is not None
    here = found.astimezone(who.zone)
    assert found <= deadline - timedelta(hours=24)
    assert here.weekday() in days or here.time() < at  # a gap of the clocks may move it past midnight
    later = [
        here.date() + timedelta(days=n) for n in range(1, 9) if (here + timedelta(days=n)).weekday() in days
    ]
    assert all(datetime.combine(day, at, who.zone) > deadline - timedelta(hours=24) for day in later)


@given(asked=MOMENTS, window=st.timedeltas(timedelta(hours=1), timedelta(days=9)), zone=st.sampled_from(ZONES), days=WORKING_DAYS)  # fmt: skip
def test_a_reminder_comes_in_working_hours_after_four_fifths_and_before_the_deadline(
    asked, window, zone, days
):
    who, deadline = hours(zone, only(*days)), asked + window

    found = reminder_moment(asked, deadline, who)

    if found is not None:
        here = found.astimezone(who.zone)
        assert asked + window * 0.8 - timedelta(seconds=1) <= found < deadline
        assert time(9) <= here.time() < time(17)
        assert here.weekday() in days


# --- where people stand ---

CHECKIN = CheckIn(
    product="fraud", period="2026-W47", person="U1", answers=Answers(learned="Much."), given_at=POST
)


@pytest.mark.parametrize(
    ("turn", "before", "after"),
    [
        (a_turn(), State.UNASKED, State.UNASKED),
        (a_turn(asked_at=DEADLINE - timedelta(days=1)), State.ASKED, State.MISSING),
        (a_turn(asked_at=DEADLINE, away="on holiday"), State.AWAY, State.AWAY),
        (a_turn(asked_at=DEADLINE, skipped_at=DEADLINE), State.SKIPPED, State.SKIPPED),
        (a_turn(checkin=CHECKIN, away="on holiday"), State.ANSWERED, State.ANSWERED),
        (a_turn(checkin=CheckIn(
            product="fraud", period="2026-W47", person="U1", answers=Answers(), given_at=POST, late=True,
        )), State.LATE, State.LATE),
    ],
)  # fmt: skip
def test_a_turn_says_where_somebody_stands(turn, before, after):
    assert turn.state(DEADLINE - timedelta(minutes=1)) is before
    assert turn.state(DEADLINE) is after


def test_who_left_or_may_not_be_asked_is_no_member_unless_they_answered():
    turns = [
        a_turn(person="U1", left=True),
        a_turn(person="U2", barred="This is a guest."),
        a_turn(person="U3", left=True, checkin=CHECKIN),
        a_turn(person="U4", away="on holiday"),
    ]

    assert members(turns, POST) == (
        Member(person="U3", state=State.ANSWERED),
        Member(person="U4", state=State.AWAY, why="on holiday"),
    )
