"""The personal feed: engagement and the model's accuracy, side by side, since a new ranking model."""

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, split, step, text

NEW_MODEL = LAST - 8
SESSIONS, CHECKED, ELIGIBLE, COHORT = 42_000, 1_800, 26_000, 1_900


def tables(weeks: Weeks) -> list[Table]:
    """Give hourly sessions, one row a checked prediction, and a row a week of people."""
    draw = Draw("feed")
    return [
        Table(
            name="sessions",
            columns=("hour TEXT", "sessions INTEGER", "engaged INTEGER", "hide_presses INTEGER"),
            rows=[row for week in weeks.numbers for row in _sessions(draw, weeks, week)],
        ),
        Table(
            name="checked_predictions",
            columns=("at TEXT", "predicted INTEGER", "opened INTEGER"),
            rows=[row for week in weeks.numbers for row in _checked(draw, weeks, week)],
        ),
        Table(
            name="people",
            columns=("week_start TEXT", "eligible INTEGER", "used INTEGER", "switched_off INTEGER"),
            rows=[_people(draw, weeks, week) for week in weeks.numbers[:-1]],
        ),
        Table(
            name="cohorts",
            columns=("completed_at TEXT", "started INTEGER", "active_in_week_four INTEGER"),
            rows=[_cohort(draw, weeks, week) for week in weeks.numbers[:-1]],
        ),
    ]


def _exact(week: int) -> bool:
    return week in (LAST, NEW_MODEL - 1)


def _level(week: int, before: float, after: float) -> float:
    return step(week, (before, after), (NEW_MODEL,), ramp=2)


def _sessions(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    hours = list(weeks.hours(week))
    whole = weeks.periods[week]
    over = len(hours) * 3600 / (whole.end - whole.start).total_seconds()
    n = round(draw.about(SESSIONS) * over)
    engaged = draw.count(n, _level(week, 0.300, 0.351), exact=_exact(week))
    hidden = draw.count(n, _level(week, 0.021, 0.0215))
    if not hours:
        return []
    totals = draw.parts(n, len(hours))
    return [
        (text(hour), *counts)
        for hour, *counts in zip(hours, totals, split(engaged, totals), split(hidden, totals), strict=True)
    ]


def _checked(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    n = draw.about(CHECKED)
    opened = draw.marks(n, draw.count(n, 0.40, exact=_exact(week)))
    right = _right(draw, opened, _level(week, 0.700, 0.784), exact=_exact(week))
    moments = draw.moments(weeks.periods[week], n)
    return [
        (text(at), did if good else 1 - did, did)
        for at, did, good in zip(moments, opened, right, strict=True)
        if weeks.past(at)
    ]


def _right(draw: Draw, opened: list[int], share: float, *, exact: bool) -> list[int]:
    return draw.marks(len(opened), draw.count(len(opened), share, exact=exact))


def _people(draw: Draw, weeks: Weeks, week: int) -> Row:
    eligible = draw.about(ELIGIBLE, spread=0.005)
    used = draw.count(eligible, _level(week, 0.52, 0.535))
    return text(weeks.periods[week].start), eligible, used, draw.count(used, _level(week, 0.030, 0.036))


def _cohort(draw: Draw, weeks: Weeks, week: int) -> Row:
    started = draw.about(COHORT)
    return text(weeks.periods[week].start), started, draw.count(started, _level(week, 0.55, 0.56))
