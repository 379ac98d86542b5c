"""Tickets of the support assistant: fewer reach a person since its release, and are solved sooner."""

import itertools
from bisect import bisect_right
from datetime import datetime
from functools import lru_cache

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, step

RELEASE = LAST - 11  # twelve complete weeks with the assistant, so far
NOTES = LAST  # agents get shorter notes with a hand-over
HANDED_OVER, MINUTES = (0.60, 0.365, 0.33), (22.0, 5.6, 4.7)
TICKETS = 2400
SPEND_A_TICKET = (0.11, 0.17)  # US dollars of model fees, before and since the release
SURVEYED, ANSWERED = 0.45, 0.21


@lru_cache(maxsize=1)  # the vendor counts the same tickets
def tables(weeks: Weeks) -> list[Table]:
    """Give one row a ticket."""
    draw = Draw("support")
    rows = [row for week in weeks.numbers for row in _tickets(draw, weeks, week) if weeks.past(row[0])]
    columns = (
        "opened_at TIMESTAMP",
        "reached_agent INTEGER",
        "confirmed INTEGER",
        "reopened INTEGER",
        "minutes DOUBLE",
        "surveyed INTEGER",
        "rating INTEGER",
        "spend DOUBLE",
    )
    return [Table(name="tickets", columns=columns, rows=rows)]


def vendors_count(weeks: Weeks) -> list[dict[str, object]]:
    """Give one record a whole day as the assistant's vendor counts it: who left without a word was helped."""
    [tickets] = tables(weeks)
    by_day: dict[datetime, list[Row]] = {}
    edges = [edge for week in weeks.numbers for edge in weeks.midnights(week)[:-1]]
    for row in tickets.rows:
        by_day.setdefault(edges[bisect_right(edges, row[0]) - 1], []).append(row)
    ends = dict(itertools.pairwise([*edges, weeks.periods[-1].end]))
    return [
        {
            "start": start.isoformat(),
            "end": ends[start].isoformat(),
            "chats": len(rows),
            "solved": sum(1 for row in rows if not row[1] and not row[3]),
        }
        for start, rows in sorted(by_day.items())
        if ends[start] <= weeks.at
    ]


def _tickets(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    exact = week in (LAST, LAST - 1, RELEASE - 1)
    n = draw.about(TICKETS)
    reached = draw.marks(n, draw.count(n, _stepped(week, HANDED_OVER), exact=exact))
    sure, back, pleased = (_level(week, *ends) for ends in ((0.57, 0.60), (0.085, 0.08), (0.78, 0.80)))
    confirmed = [0 if agent else draw.hit(sure) for agent in reached]
    reopened = [0 if agent else draw.hit(back) for agent in reached]
    minutes = _minutes(draw, week, reached, exact=exact)
    ratings = [_rating(draw, pleased) for _ in reached]
    spend = SPEND_A_TICKET[week >= RELEASE]
    return [
        (
            at,
            agent,
            solved,
            again,
            round(took, 2),
            asked,
            rating,
            round(spend * (0.4 + 1.2 * draw.share()), 4),
        )
        for at, agent, solved, again, took, (asked, rating) in zip(
            draw.moments(weeks.periods[week], n), reached, confirmed, reopened, minutes, ratings, strict=True
        )
    ]


def _level(week: int, before: float, after: float) -> float:
    return step(week, (before, after), (RELEASE,))


def _stepped(week: int, levels: tuple[float, float, float]) -> float:
    return levels[2] if week >= NOTES else _level(week, *levels[:2])


def _minutes(draw: Draw, week: int, reached: list[int], *, exact: bool) -> list[float]:
    by_agent, alone = _level(week, 34.0, 12.6), _level(week, 4.0, 1.6)
    drawn = [draw.lognormal(by_agent if agent else alone, 0.7) for agent in reached]
    if not exact:
        return drawn
    scale = _stepped(week, MINUTES) * len(drawn) / sum(drawn)
    return [minutes * scale for minutes in drawn]


def _rating(draw: Draw, pleased: float) -> tuple[int, str | int]:
    if not draw.hit(SURVEYED):
        return 0, ""
    if not draw.hit(ANSWERED):
        return 1, ""
    return 1, 4 + draw.hit(0.55) if draw.hit(pleased) else 1 + draw.count(2, 0.6)
