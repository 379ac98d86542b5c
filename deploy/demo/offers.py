"""Nearby offers: people choose to take part since the pivot, their places are coarse, and they trust it more."""

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, by_day, marked, step, text

PIVOT = LAST - 9  # opt-in, and positions kept as an area only
ELIGIBLE, ASKED, ANSWERED, AUDITED, POSITIONS = 18_000, 2_400, 0.19, 3_000, 52_000
PLANTED = 200  # messages with made-up personal data that the audit should find
STARS = range(1, 6)


def tables(weeks: Weeks) -> list[Table]:
    """Give a row a day of positions and offers, a row a week of people, and one row a planted leak."""
    draw = Draw("offers")
    return [
        Table(
            name="people",
            columns=("week_start TEXT", "eligible INTEGER", "taking_part INTEGER", "left_it INTEGER"),
            rows=[_people(draw, weeks, week) for week in weeks.numbers[:-1]],
        ),
        Table(
            name="positions",
            columns=("day TEXT", "stored INTEGER", "exact INTEGER", "without_area INTEGER"),
            rows=[row for week in weeks.numbers for row in _positions(draw, weeks, week)],
        ),
        Table(
            name="offers",
            columns=("day TEXT", "shown INTEGER", "taken_up INTEGER"),
            rows=[row for week in weeks.numbers for row in _offers(draw, weeks, week)],
        ),
        Table(
            name="audited_messages",
            columns=("day TEXT", "audited INTEGER", "personal_data INTEGER"),
            rows=[row for week in weeks.numbers for row in _audited(draw, weeks, week)],
        ),
        Table(
            name="planted_leaks",
            columns=("at TEXT", "found INTEGER"),
            rows=[row for week in weeks.numbers for row in _planted(draw, weeks, week)],
        ),
        Table(
            name="cohorts",
            columns=("completed_at TEXT", "started INTEGER", "active_in_week_four INTEGER"),
            rows=[_cohort(draw, weeks, week) for week in weeks.numbers[:-1]],
        ),
    ]


def surveys(weeks: Weeks) -> list[Table]:
    """Give one row an invitation to the trust survey; a person who did not answer has no stars."""
    draw = Draw("offers surveys")
    rows = [row for week in weeks.numbers for row in _surveys(draw, weeks, week) if weeks.past(row[0])]
    return [Table(name="trust_surveys", columns=("asked_at TIMESTAMP", "stars INTEGER"), rows=rows)]


def _level(week: int, before: float, after: float, *, ramp: int = 3) -> float:
    return step(week, (before, after), (PIVOT,), ramp=ramp)


def _people(draw: Draw, weeks: Weeks, week: int) -> Row:
    eligible = draw.about(ELIGIBLE, spread=0.004)
    share = 0.86 if week < PIVOT else 0.26 + 0.02 * (week - PIVOT)
    taking_part = draw.count(eligible, share, exact=week in (LAST, LAST - 1))
    return (
        text(weeks.periods[week].start),
        eligible,
        taking_part,
        draw.count(taking_part, _level(week, 0.12, 0.038)),
    )


def _positions(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    stored = draw.about(POSITIONS if week < PIVOT else POSITIONS // 3)
    exact = 0 if week >= PIVOT else draw.count(stored, 0.94)
    without = draw.count(stored, _level(week, 0.004, 0.009, ramp=1))
    return by_day(draw, weeks, week, (stored, exact, without))


def _offers(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    shown = draw.about(30_000 if week < PIVOT else 11_000)
    return by_day(draw, weeks, week, (shown, draw.count(shown, _level(week, 0.041, 0.062))))


def _audited(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    return by_day(draw, weeks, week, (AUDITED, 0 if week >= PIVOT else draw.count(AUDITED, 0.0011)))


def _planted(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    return marked(draw, weeks, week, hits=draw.count(PLANTED, 0.94), n=PLANTED)


def _cohort(draw: Draw, weeks: Weeks, week: int) -> Row:
    started = draw.about(620)
    return text(weeks.periods[week].start), started, draw.count(started, _level(week, 0.41, 0.57))


def _surveys(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    asked = draw.about(ASKED)
    answered = draw.marks(asked, draw.count(asked, ANSWERED))
    chance = (_level(week, 3.1, 3.9) - STARS[0]) / (len(STARS) - 1)
    moments = draw.moments(weeks.periods[week], asked)
    return [
        (at, STARS[0] + draw.count(len(STARS) - 1, chance) if did else "")
        for at, did in zip(moments, answered, strict=True)
    ]
