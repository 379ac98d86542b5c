"""Job matching: a gap between women and men that explanations and a retraining cut."""

from dataclasses import dataclass

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, step

EXPLAINED = LAST - 13  # every suggestion shows its reasons, and recruiters report the wrong ones
RETRAINED = LAST - 8  # without the inputs that stood in for gender
QUALIFIED = 0.40
REVIEWED, ASKED = 620, 260


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People of one group: how many a week, and shares at the start, after explanations, after the retraining."""

    name: str
    size: int
    suggested: tuple[float, float, float]  # of all
    found: tuple[float, float, float]  # suggested ones, of those who are qualified


GROUPS = (
    Group(name="men", size=1600, suggested=(0.300, 0.300, 0.300), found=(0.56, 0.56, 0.56)),
    Group(name="women", size=1450, suggested=(0.180, 0.215, 0.258), found=(0.36, 0.42, 0.49)),
    Group(name="not stated", size=22, suggested=(0.25, 0.26, 0.28), found=(0.45, 0.47, 0.52)),
    Group(name="non-binary", size=6, suggested=(0.25, 0.26, 0.28), found=(0.45, 0.47, 0.52)),
)


def tables(weeks: Weeks) -> list[Table]:
    """Give one row a candidate, a recruiter's review of a suggestion, and an answer about its reasons."""
    draw = Draw("jobs")
    candidates = [
        row for week in weeks.numbers for group in GROUPS for row in _candidates(draw, weeks, week, group)
    ]
    reviews: list[Row] = [
        (*row, round(draw.lognormal(3.4, 0.6), 2))
        for week in weeks.numbers
        for row in _marked(draw, weeks, week, n=REVIEWED, share=_level(week, (0.16, 0.13, 0.12)))
    ]
    answers = [
        row
        for week in weeks.numbers
        if week >= EXPLAINED
        for row in _marked(draw, weeks, week, n=ASKED, share=_level(week, (0.6, 0.66, 0.72)))
    ]
    columns = (
        "seen_at TIMESTAMP",
        "gender VARCHAR",
        "qualified INTEGER",
        "suggested INTEGER",
        "with_reasons INTEGER",
    )
    return [
        Table(name="candidates", columns=columns, rows=candidates),
        Table(
            name="recruiter_reviews",
            columns=("seen_at TIMESTAMP", "changed INTEGER", "minutes DOUBLE"),
            rows=reviews,
        ),
        Table(name="reason_answers", columns=("seen_at TIMESTAMP", "helpful INTEGER"), rows=answers),
    ]


def _level(week: int, levels: tuple[float, float, float]) -> float:
    return step(week, levels, (EXPLAINED, RETRAINED))


def _candidates(draw: Draw, weeks: Weeks, week: int, group: Group) -> list[Row]:
    exact = week in (LAST, EXPLAINED - 1)
    n = draw.about(group.size)
    qualified = round(n * QUALIFIED)
    selected = draw.count(n, _level(week, group.suggested), exact=exact)
    found = min(qualified, selected, draw.count(qualified, _level(week, group.found), exact=exact))
    kinds = _kinds(n, qualified, selected, found)
    order, reasons = draw.shuffled(range(n)), _reasons(draw, week, n)
    moments = draw.moments(weeks.periods[week], n)
    return [
        (at, group.name, *kinds[i], reason)
        for at, i, reason in zip(moments, order, reasons, strict=True)
        if weeks.past(at)
    ]


def _kinds(n: int, qualified: int, selected: int, found: int) -> list[tuple[int, int]]:
    """List (qualified, suggested) of n people."""
    wrongly = min(selected - found, n - qualified)
    return (
        [(1, 1)] * found
        + [(1, 0)] * (qualified - found)
        + [(0, 1)] * wrongly
        + [(0, 0)] * (n - qualified - wrongly)
    )


def _reasons(draw: Draw, week: int, n: int) -> list[int]:
    return draw.marks(n, draw.count(n, 0.97 if week >= EXPLAINED else 0.0))


def _marked(draw: Draw, weeks: Weeks, week: int, *, n: int, share: float) -> list[Row]:
    n = draw.about(n)
    marks, moments = draw.marks(n, draw.count(n, share)), draw.moments(weeks.periods[week], n)
    return [(at, mark) for at, mark in zip(moments, marks, strict=True) if weeks.past(at)]
