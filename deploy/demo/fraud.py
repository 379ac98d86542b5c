"""Card payments: one row a flagged payment or a fraud that passed, and payments counted by the hour."""

from datetime import datetime, timedelta

from deploy.demo.files import Table
from deploy.demo.weeks import LAST, Draw, Row, Weeks, by_day, slope, text

LOWER_LIMIT = LAST  # in the last complete week more payments are flagged
PAYMENTS, FRAUDS = 24_000, 250
SETTLED_SOON = 0.64  # share of outcomes that are final by the end of their own week
CARDS = ("domestic", "foreign")
MATURED = timedelta(days=45)
ABROAD, ABROAD_OF_CASES = 0.18, 0.24  # payments with foreign cards, and how often a known case is one
OTHER_LIMITS = {  # recall and precision of the limits that are replayed beside the one in use, before it moved and since
    "looser": ((0.86, 0.72), (0.93, 0.52)),
    "tighter": ((0.70, 0.87), (0.885, 0.82)),
}
GOODWILL = 12.0  # US dollars credited to a good customer, on average


def tables(weeks: Weeks) -> list[Table]:
    """Give hourly payments, one row a known case, what checking cost, and what other limits would have flagged."""
    draw = Draw("fraud")
    payments: list[Row] = []
    cases: list[Row] = []
    for week in weeks.numbers:
        payments += _payments(draw, weeks, week)
        cases += [case for case in _cases(draw, weeks, week) if weeks.past(case[0])]
    costs = [cost for week in weeks.numbers[:-1] for cost in _costs(draw, weeks, week, cases)]
    replays = [row for week in weeks.numbers for row in _replays(weeks, week)]
    columns = ("decided_at TEXT", "card TEXT", "flagged INTEGER", "fraud INTEGER", "final_at TEXT")
    return [
        Table(name="payments", columns=("hour TEXT", "card TEXT", "payments INTEGER"), rows=payments),
        Table(name="cases", columns=columns, rows=[_as_text(case, weeks) for case in cases]),
        Table(name="costs", columns=("booked_at TEXT", "kind TEXT", "amount REAL"), rows=costs),
        Table(
            name="replays",
            columns=("day TEXT", "at_limit TEXT", "flags INTEGER", "right_flags INTEGER"),
            rows=replays,
        ),
    ]


def _payments(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    hours = list(weeks.hours(week))
    whole = weeks.periods[week]
    over = len(hours) * 3600 / (whole.end - whole.start).total_seconds()
    n = round(draw.about(PAYMENTS, spread=0.02) * over)
    if not hours:
        return []
    abroad = draw.count(n, ABROAD)
    split = [draw.parts(total, len(hours)) for total in (n - abroad, abroad)]
    return [
        (text(hour), card, part)
        for card, parts in zip(CARDS, split, strict=True)
        for hour, part in zip(hours, parts, strict=True)
    ]


def _cases(draw: Draw, weeks: Weeks, week: int) -> list[Row]:
    """Give (moment, card, flagged, fraud, moment at which the outcome is final)."""
    frauds = draw.about(FRAUDS, spread=0.02)
    recall, precision = (
        (0.90, 0.67) if week >= LOWER_LIMIT else (slope(week, 0.78, 0.80), slope(week, 0.81, 0.825))
    )
    exact = week == LAST
    caught = draw.count(frauds, recall, exact=exact)
    wrong = draw.count(round(caught / precision), 1 - precision, exact=exact)
    kinds = [(1, 1)] * caught + [(1, 0)] * wrong + [(0, 1)] * (frauds - caught)
    period = weeks.periods[week]
    moments = draw.moments(period, len(kinds))
    return [
        (at, CARDS[draw.hit(ABROAD_OF_CASES)], *kinds[i], _final(draw, at, period.end))
        for at, i in zip(moments, draw.shuffled(range(len(kinds))), strict=True)
    ]


def _final(draw: Draw, at: datetime, week_end: datetime) -> datetime:
    if draw.hit(SETTLED_SOON):
        return at + (week_end - at) * draw.share()
    return week_end + MATURED * draw.share()


def _as_text(case: Row, weeks: Weeks) -> Row:
    at, *what, final = case
    return text(at), *what, text(final) if weeks.past(final) else None


def _costs(draw: Draw, weeks: Weeks, week: int, cases: list[Row]) -> list[Row]:
    period = weeks.periods[week]
    flagged = [case for case in cases if case[2] and period.holds(case[0])]
    wrong = sum(1 for case in flagged if not case[3])
    booked = text(period.end - timedelta(hours=6))
    review = sum(round(draw.lognormal(4.0, 0.3), 2) for _ in flagged)
    goodwill = sum(round(draw.lognormal(GOODWILL, 0.5), 2) for _ in range(wrong))
    return [(booked, "review", round(review, 2)), (booked, "goodwill", round(goodwill, 2))]


def _replays(weeks: Weeks, week: int) -> list[Row]:
    """Give a row a day and limit: the same payments, flagged as another limit would have flagged them."""
    rows: list[Row] = []
    for name, levels in OTHER_LIMITS.items():
        draw = Draw(f"fraud replays {name} {week}")
        recall, precision = levels[week >= LOWER_LIMIT]
        caught = draw.count(FRAUDS, recall, exact=week == LAST)
        counts = round(caught / precision), caught
        rows += [(day, name, *of_day) for day, *of_day in by_day(draw, weeks, week, counts)]
    return rows
