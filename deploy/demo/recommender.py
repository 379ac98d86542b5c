"""The content recommender: its training data age and people click less, until a retraining with fresh data."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, by_day, marked, split, text

FROZEN = LAST - 21  # from here on no new training data arrive
RETRAINED = LAST - 5  # fresh data, and editors who look before a suggestion goes out
IMPRESSIONS, SESSIONS, VIEWS = 160_000, 30_000, 24_000
SEARCHES, TOP, REVIEWS, PROFILES = 120, 5, 320, 64_000
FIRST_CLICKS, WORST_CLICKS, CLICKS_SINCE = 0.0585, 0.0460, 0.0460 * 1.27
FIRST_ENGAGED, WORST_ENGAGED, ENGAGED_SINCE = 0.360, 0.290, 0.352
BY_PHONE = (0.40, 0.66)  # share of visits, until the freeze and in the last week
HIDES_BY_PHONE = 2.6  # times as often as at a desk
TOPICS = {  # share of views in the oldest week, and how much of it is gained or lost until the last one
    "local news": (0.21, -0.15),
    "sport": (0.19, -0.12),
    "food": (0.15, -0.02),
    "travel": (0.13, -0.10),
    "science": (0.11, 0.03),
    "energy prices": (0.07, 0.22),
    "short video": (0.14, 0.14),
}


def tables(weeks: Weeks) -> list[Table]:
    """Give views and training rows by topic, visits by device, and what editors and readers judged."""
    draw = Draw("recommender")
    views = [row for week in weeks.numbers for row in _views(draw, weeks, week)]
    learned = [row for week in weeks.numbers for row in _learned(weeks, week)]
    judged = [row for week in weeks.numbers for row in _judged(draw, weeks, week)]
    reviews = [row for week in weeks.numbers if week >= RETRAINED for row in _reviews(draw, weeks, week)]
    profiles = [row for week in weeks.numbers for row in _profiles(draw, weeks, week)]
    return [
        Table(name="topic_views", columns=("hour TEXT", "topic TEXT", "views INTEGER"), rows=views),
        Table(
            name="training_topics", columns=("trained_at TEXT", "topic TEXT", "records INTEGER"), rows=learned
        ),
        Table(
            name="judged_results",
            columns=("at TEXT", "search INTEGER", "place INTEGER", "useful INTEGER"),
            rows=judged,
        ),
        Table(name="editor_reviews", columns=("at TEXT", "changed INTEGER", "minutes REAL"), rows=reviews),
        Table(
            name="visits_by_device",
            columns=("day TEXT", "device TEXT", "sessions INTEGER", "hides INTEGER"),
            rows=[row for record in days(weeks) for row in _by_device(weeks, record)],
        ),
        Table(
            name="profiles", columns=("day TEXT", "records INTEGER", "without_topic INTEGER"), rows=profiles
        ),
    ]


def days(weeks: Weeks) -> list[dict[str, object]]:
    """Give one record a whole day, for the JSON service: impressions, clicks, sessions, engaged ones, hides."""
    draw = Draw("recommender days")
    records: list[dict[str, object]] = []
    for week in weeks.numbers:
        records += _days(draw, weeks, week)
    return [record for record in records if str(record["end"]) <= weeks.at.isoformat()]


def trainings(weeks: Weeks) -> list[dict[str, object]]:
    """Give one record a training: when it was, and how far its data reached."""
    runs = [(weeks.periods[week].start + timedelta(hours=4), _newest(weeks, week)) for week in weeks.numbers]
    return [
        {"start": at.isoformat(), "end": at.isoformat(), "newest_record_at": newest.isoformat()}
        for at, newest in runs
        if weeks.past(at)
    ]


def catalogue(weeks: Weeks) -> list[dict[str, object]]:
    """Give one record a whole week: items that could be shown, and items that were."""
    draw = Draw("recommender catalogue")
    return [
        {
            "start": weeks.periods[week].start.isoformat(),
            "end": weeks.periods[week].end.isoformat(),
            "available": (available := draw.about(6000, spread=0.005)),
            "shown": draw.count(available, 0.41 - 0.05 * _aged(week)),
        }
        for week in weeks.numbers[:-1]
    ]


def _aged(week: int) -> float:
    """Tell how much of its decline the model has gone through: 0 is fresh, 1 is the week before the retraining."""
    if week < FROZEN or week >= RETRAINED:
        return 0.0
    return (week - FROZEN + 1) / (RETRAINED - FROZEN)


def _level(week: int, first: float, worst: float, since: float) -> float:
    return since if week >= RETRAINED else first + (worst - first) * _aged(week)


def _newest(weeks: Weeks, week: int) -> datetime:
    source = FROZEN if FROZEN <= week < RETRAINED else week
    return weeks.periods[source].start - timedelta(hours=2)


def _days(draw: Draw, weeks: Weeks, week: int) -> list[dict[str, object]]:
    exact = week in (LAST, RETRAINED - 1)
    shown, sessions = draw.about(IMPRESSIONS), draw.about(SESSIONS)
    clicks = draw.count(shown, _level(week, FIRST_CLICKS, WORST_CLICKS, CLICKS_SINCE), exact=exact)
    engaged = draw.count(sessions, _level(week, FIRST_ENGAGED, WORST_ENGAGED, ENGAGED_SINCE), exact=exact)
    hides = draw.count(sessions, _level(week, 0.019, 0.026, 0.0205))
    edges = weeks.midnights(week)
    names = ("impressions", "clicks", "sessions", "engaged", "hides")
    a_day = draw.parts(shown, len(edges) - 1)
    parts = [split(total, a_day) for total in (shown, clicks, sessions, engaged, hides)]
    return [
        {"start": start.isoformat(), "end": end.isoformat(), **dict(zip(names, counts, strict=True))}
        for start, end, *counts in zip(edges, edges[1:], *parts, strict=False)
    ]


def _by_device(weeks: Weeks, record: Mapping[str, Any]) -> list[Row]:
    """Split a day of the JSON service by device, so that both add up to the same."""
    day = datetime.fromisoformat(record["start"])
    week = next(number for number in weeks.numbers if weeks.periods[number].holds(day))
    gone = min(1.0, max(0.0, (week - FROZEN + 1) / (LAST - FROZEN + 1)))
    share = BY_PHONE[0] + (BY_PHONE[1] - BY_PHONE[0]) * gone
    sessions = round(record["sessions"] * share)
    hides = round(record["hides"] * share * HIDES_BY_PHONE / (share * HIDES_BY_PHONE + 1 - share))
    return [
        (text(day), "phone", sessions, hides),
        (text(day), "desk", record["sessions"] - sessions, record["hides"] - hides),
    ]


def _share(topic: str, week: int) -> float:
    first, gain = TOPICS[topic]
    return first + gain * week / LAST


def _views(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    rows: list[Row] = []
    hours = list(weeks.hours(week))
    for topic in TOPICS:
        total = draw.count(draw.about(VIEWS), _share(topic, week))
        a_day = draw.parts(total, 7)
        rows += [(text(hour), topic, a_day[i]) for i, hour in enumerate(hours[12::24][:7])]
    return rows


def _learned(weeks: Weeks, week: int) -> list[Row]:
    at = weeks.periods[week].start + timedelta(hours=4)
    if not weeks.past(at):
        return []
    source = FROZEN if FROZEN <= week < RETRAINED else week
    return [(text(at), topic, round(200_000 * _share(topic, max(0, source - 1)))) for topic in TOPICS]


def _judged(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    useful = _level(week, 0.47, 0.40, 0.46)
    return [
        (text(at), number, place, draw.hit(useful - 0.03 * place))
        for number, at in enumerate(draw.moments(weeks.periods[week], SEARCHES))
        if weeks.past(at)
        for place in range(1, TOP + 1)
    ]


def _reviews(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    n = draw.about(REVIEWS)
    rows = marked(draw, weeks, week, hits=draw.count(n, 0.12), n=n)
    return [(*row, round(draw.lognormal(1.8, 0.5), 2)) for row in rows]


def _profiles(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    records = draw.about(PROFILES)
    return by_day(draw, weeks, week, (records, draw.count(records, 0.012)))
