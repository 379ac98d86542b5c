"""How good predictions are, row by row: amounts, ranked lists, stated chances, promised uptime."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from schema.statistics.figures import (
    demand_amounts,
    demand_counts,
    demand_finite,
    demand_inside,
    demand_possible,
    demand_shares,
    demand_some,
)


class Gain(StrEnum):
    """What a relevance is worth in nDCG: itself, or 2^relevance - 1."""

    LINEAR = "linear"  # scikit-learn's
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mape:
    """A mean absolute percentage error; it has no value for rows whose actual is 0."""

    value: float  # share, not percent
    rows: int  # counted
    dropped: int  # left out because the actual is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band of stated chances."""

    cases: int
    stated: float  # mean stated chance, 0–1
    observed: float  # share that happened, 0–1

    def __post_init__(self) -> None:
        demand_some(cases=self.cases)
        demand_shares(stated=self.stated, observed=self.observed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBudget:
    """Promised and spent bad minutes of a window."""

    allowed_minutes: float
    used_share: float  # may exceed 1


def mae(actual: Sequence[float], forecast: Sequence[float]) -> float:
    """Give the mean absolute error, in the unit of the rows."""
    misses = _misses(actual, forecast)
    return _mean([abs(miss) for miss in misses])


def rmse(actual: Sequence[float], forecast: Sequence[float]) -> float:
    """Give the root of the mean squared error, in the unit of the rows."""
    misses = _misses(actual, forecast)
    return demand_possible(math.hypot(*misses) / math.sqrt(len(misses)), "The error")


def bias(actual: Sequence[float], forecast: Sequence[float]) -> float:
    """Give the mean of forecast - actual; above 0 the forecasts ran high."""
    return _mean(_misses(actual, forecast))


def mape(actual: Sequence[float], forecast: Sequence[float]) -> Mape:
    """Give the mean absolute percentage error, with the rows it had to drop.

    raises   ValueError when every actual is 0
    """
    rows = [abs(miss / a) for a, miss in zip(actual, _misses(actual, forecast), strict=True) if a]
    if not rows:
        raise ValueError("Every actual value is 0, so no percentage error exists.")
    return Mape(value=_mean(rows), rows=len(rows), dropped=len(actual) - len(rows))


def wape(actual: Sequence[float], forecast: Sequence[float]) -> float:
    """Give the summed absolute error per summed absolute actual, a share."""
    misses = _misses(actual, forecast)
    volume = math.fsum(abs(a) for a in actual)
    if not volume:
        raise ValueError("Every actual value is 0, so no share of it exists.")
    return demand_possible(math.fsum(abs(miss) for miss in misses) / volume, "The error")


def r2(actual: Sequence[float], forecast: Sequence[float]) -> float:
    """Give 1 - squared error / squared distance from the mean; it may be below 0.

    raises   ValueError when the actual values do not vary
    """
    misses = _misses(actual, forecast)
    centre = _mean(actual)
    spread = math.hypot(*(a - centre for a in actual))
    if not spread:
        raise ValueError("The actual values do not vary, so no share of variance exists.")
    return demand_possible(1 - (math.hypot(*misses) / spread) ** 2, "R²")


def ndcg(relevances: Sequence[float], k: int, *, gain: Gain = Gain.LINEAR) -> float:
    """Give nDCG@k of one list.

    relevances   of every judged item, in the order shown, 0 or more; the ideal is the same list sorted
    raises       ValueError when nothing is relevant
    source       METRICS.md (f) 18
    """
    demand_some(k=k)
    for relevance in relevances:
        demand_amounts(relevance=relevance)
    ideal = _dcg(sorted(relevances, reverse=True)[:k], gain)
    if not ideal:
        raise ValueError("Nothing in the list is relevant, so no ideal order exists.")
    return _dcg(relevances[:k], gain) / ideal


def mrr(first_ranks: Sequence[int | None]) -> float:
    """Give the mean of 1/rank of the first relevant result; None is a query without one."""
    for rank in first_ranks:
        demand_some(rank=1 if rank is None else rank)
    return _mean([1 / rank if rank else 0.0 for rank in first_ranks])


def hit_rate_at_k(lists: Sequence[Sequence[bool]], k: int) -> float:
    """Give the share of lists with a relevant result among the first k."""
    demand_some(k=k)
    return _mean([float(any(shown[:k])) for shown in lists])


def precision_at_k(lists: Sequence[Sequence[bool]], k: int) -> float:
    """Give relevant results among the first k, per k and list; a short list counts as k."""
    demand_some(k=k)
    return _mean([sum(shown[:k]) / k for shown in lists])


def recall_at_k(lists: Sequence[Sequence[bool]], relevant: Sequence[int], k: int) -> float:
    """Give relevant results among the first k, per known relevant one, over all lists.

    relevant   known relevant items of each list, shown or not
    raises     ValueError when a list shows more relevant items than are known
    """
    demand_some(k=k, the_sum_of_relevant=sum(relevant))
    found = 0
    for shown, known in zip(lists, relevant, strict=True):
        demand_counts(known=known)
        if sum(shown) > known:
            raise ValueError(f"A list shows {sum(shown)} relevant items, but only {known} are known.")
        found += sum(shown[:k])
    return found / sum(relevant)


def ece(bands: Sequence[Band]) -> float:
    """Give the expected calibration error, Σ cases · |stated - observed| / Σ cases."""
    cases = sum(band.cases for band in bands)
    demand_some(cases=cases)
    return math.fsum(band.cases * abs(band.stated - band.observed) for band in bands) / cases


def brier(happened: Sequence[bool], chances: Sequence[float]) -> float:
    """Give the mean squared distance between stated chance and outcome."""
    return _mean([(chance - outcome) ** 2 for outcome, chance in _outcomes(happened, chances)])


def log_loss(happened: Sequence[bool], chances: Sequence[float]) -> float:
    """Give the mean of -ln(chance of what happened), in nats.

    raises   ValueError when something happened that had a chance of 0: the loss is infinite
    """
    given = [chance if outcome else 1 - chance for outcome, chance in _outcomes(happened, chances)]
    if not all(given):
        raise ValueError("Something happened that was given no chance, so the loss is infinite.")
    return max(0.0, -_mean([math.log(chance) for chance in given]))


def error_budget(objective: float, *, window_minutes: float, bad_minutes: float) -> ErrorBudget:
    """Say how many bad minutes an objective allows in a window, and how many are used.

    objective   share of good minutes that was promised, between 0 and 1
    source      METRICS.md (f) 16; the objective is read as the decimal it was written as
    """
    demand_inside(objective=objective)
    demand_amounts(window_minutes=window_minutes, bad_minutes=bad_minutes)
    if not window_minutes or bad_minutes > window_minutes:
        raise ValueError(f"{bad_minutes} bad minutes do not fit in {window_minutes}.")
    allowed = (1 - Fraction(str(objective))) * Fraction(window_minutes)
    return ErrorBudget(allowed_minutes=float(allowed), used_share=float(Fraction(str(bad_minutes)) / allowed))


def _misses(actual: Sequence[float], forecast: Sequence[float]) -> list[float]:
    _demand_pairs(actual, forecast)
    for a, f in zip(actual, forecast, strict=True):
        demand_finite(actual=a, forecast=f)
    return [f - a for a, f in zip(actual, forecast, strict=True)]


def _outcomes(happened: Sequence[bool], chances: Sequence[float]) -> list[tuple[bool, float]]:
    _demand_pairs(happened, chances)
    for outcome, chance in zip(happened, chances, strict=True):
        demand_shares(chance=chance)
        if outcome not in {0, 1}:
            raise ValueError(f"An outcome is {outcome}; it either happened or did not.")
    return list(zip(happened, chances, strict=True))


def _demand_pairs(left: Sequence[float], right: Sequence[float]) -> None:
    if len(left) != len(right) or not left:
        raise ValueError(f"{len(left)} rows against {len(right)}; both sides need the same rows.")


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise ValueError("There are no rows.")
    try:
        return demand_possible(math.fsum(values) / len(values), "The mean")
    except OverflowError as error:
        raise ValueError("The mean is too large to compute from these figures.") from error


def _dcg(relevances: Sequence[float], gain: Gain) -> float:
    worth = [r if gain is Gain.LINEAR else 2.0**r - 1 for r in relevances]
    return math.fsum(w / math.log2(place + 2) for place, w in enumerate(worth))
