"""The writing assistant: more people use it each month, and more of them have a bad experience."""

import bisect
import itertools
from datetime import timedelta

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, by_day, marked, split, step, text

ROLLOUT = LAST - 7  # open to all offices
ELIGIBLE, ANSWERS_A_PERSON, RATED, COHORT = 5200, 4.2, 0.17, 340
CHECKED, CLAIMS, SAFETY_CHECKED = 150, 5, 800
PEOPLE = ("week_start TEXT", "eligible INTEGER", "used INTEGER", "switched_off INTEGER")
LATENCY_EDGES_S = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 30.0)
JOB_STOPPED = timedelta(days=1, hours=19)  # after the start of the last week: the claim checks end


def tables(weeks: Weeks) -> list[Table]:
    """Give daily answers, people a week, and one row a rating, check, double check and reviewed refusal."""
    draw = Draw("writing")
    complete = weeks.numbers[:-1]
    people = [_people(draw, weeks, week) for week in complete]
    answers = [row for week in weeks.numbers for row in _answers(draw, weeks, week)]
    return [
        Table(name="people", columns=PEOPLE, rows=people),
        Table(
            name="answers",
            columns=("day TEXT", "answers INTEGER", "bad INTEGER", "refused INTEGER", "spend REAL"),
            rows=answers,
        ),
        Table(
            name="cohorts",
            columns=("completed_at TEXT", "started INTEGER", "active_in_week_four INTEGER"),
            rows=[_cohort(draw, weeks, week) for week in complete],
        ),
        _marked("ratings", "down", [r for w in weeks.numbers for r in _ratings(draw, weeks, w)]),
        Table(
            name="answer_checks",
            columns=("at TEXT", "unsupported INTEGER", "relevant INTEGER"),
            rows=[row for week in weeks.numbers for row in _checks(draw, weeks, week)],
        ),
        _marked("safety_checks", "unsafe", [r for w in weeks.numbers for r in _safety(draw, weeks, w)]),
        _marked("claim_checks", "supported", [r for w in weeks.numbers for r in _claims(draw, weeks, w)]),
        Table(
            name="double_checks",
            columns=("at TEXT", "judge_passed INTEGER", "people_passed INTEGER"),
            rows=[row for week in weeks.numbers for row in _double(draw, weeks, week)],
        ),
        _marked("refusal_reviews", "wrong", [r for w in weeks.numbers for r in _refusals(draw, weeks, w)]),
    ]


def latencies(weeks: Weeks) -> list[dict[str, object]]:
    """Give one record a whole day, for the JSON service: answers by how long they took."""
    draw = Draw("writing latency")
    records: list[dict[str, object]] = []
    for week in weeks.numbers:
        edges = weeks.midnights(week)
        for start, end in itertools.pairwise(edges):
            counts = [0] * (len(LATENCY_EDGES_S) + 1)
            for _ in range(draw.about(150)):
                counts[bisect.bisect_left(LATENCY_EDGES_S, draw.lognormal(_level(week, 1.9, 2.05), 0.6))] += 1
            records.append({"start": start.isoformat(), "end": end.isoformat(), "counts": counts})
    return [record for record in records if str(record["end"]) <= weeks.at.isoformat()]


def requests(weeks: Weeks) -> list[dict[str, object]]:
    """Give one record a whole day, for the JSON service: requests, and those that failed."""
    draw = Draw("writing requests")
    records: list[dict[str, object]] = []
    for week in weeks.numbers:
        edges, total = weeks.midnights(week), draw.about(9_000)
        a_day = draw.parts(total, 7)
        failed = split(draw.count(total, 0.0081), a_day)
        records += [
            {"start": start.isoformat(), "end": end.isoformat(), "requests": n, "failed": bad}
            for start, end, n, bad in zip(edges, edges[1:], a_day, failed, strict=False)
        ]
    return [record for record in records if str(record["end"]) <= weeks.at.isoformat()]


def _marked(name: str, mark: str, rows: list[Row]) -> Table:
    return Table(name=name, columns=("at TEXT", f"{mark} INTEGER"), rows=rows)


def _level(week: int, before: float, after: float) -> float:
    return step(week, (before, after), (ROLLOUT,), ramp=6)


def _exact(week: int) -> bool:
    return week in (LAST, ROLLOUT - 1)


def _used(week: int) -> float:
    return _level(week, 0.225, 0.355)


def _people(draw: Draw, weeks: Weeks, week: int) -> Row:
    eligible = draw.about(ELIGIBLE, spread=0.004)
    used = draw.count(eligible, _used(week))
    return text(weeks.periods[week].start), eligible, used, draw.count(used, _level(week, 0.031, 0.042))


def _answers(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    n = draw.about(round(ELIGIBLE * _used(week) * ANSWERS_A_PERSON))
    bad = draw.count(n, _level(week, 0.058, 0.094), exact=_exact(week))
    refused = draw.count(n, _level(week, 0.030, 0.031))
    rows = by_day(draw, weeks, week, (n, bad, refused))
    return [(*row, round(row[1] * draw.lognormal(0.021, 0.03), 2)) for row in rows]


def _cohort(draw: Draw, weeks: Weeks, week: int) -> Row:
    started = draw.about(COHORT)
    return text(weeks.periods[week].start), started, draw.count(started, _level(week, 0.58, 0.55))


def _ratings(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    n = draw.about(round(ELIGIBLE * _used(week) * ANSWERS_A_PERSON * RATED))
    return marked(draw, weeks, week, hits=draw.count(n, _level(week, 0.108, 0.158), exact=_exact(week)), n=n)


def _checks(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    rows = marked(draw, weeks, week, hits=draw.count(CHECKED, _level(week, 0.036, 0.050)), n=CHECKED)
    return [(*row, draw.hit(0.93)) for row in rows]


def _safety(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    unsafe = 0 if week == LAST else draw.count(SAFETY_CHECKED, 0.002)
    return marked(draw, weeks, week, hits=unsafe, n=SAFETY_CHECKED)


def _claims(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    n = CHECKED * CLAIMS
    rows = marked(draw, weeks, week, hits=draw.count(n, _level(week, 0.955, 0.945)), n=n)
    stopped = text(weeks.periods[LAST].start + JOB_STOPPED)
    return [row for row in rows if row[0] < stopped]


def _double(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    few = week >= LAST  # people had time for ten answers only
    n = 10 if few else draw.about(48)
    passed = draw.count(n, 0.8, exact=few)
    agreed = draw.marks(n, draw.count(n, 0.92, exact=few))
    rows = marked(draw, weeks, week, hits=passed, n=n)
    return [
        (at, judge, judge if same else 1 - judge) for (at, judge), same in zip(rows, agreed, strict=False)
    ]


def _refusals(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    n = draw.about(60)
    return marked(draw, weeks, week, hits=draw.count(n, 0.15), n=n)
