"""What a measurement amounts to: the values that every estimate is made of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from schema.readings import BlankReason, Inputs
from schema.statistics.certainty import Interval, wilson

Assumptions: TypeAlias = Mapping[str, Decimal]
QUANTILE: Final = 1.959963984540054  # of the normal, two-sided 95 %
NO_PARTS: Final[Mapping[str, Decimal]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEstimate:
    """One group's value; `low` and `high` are None where the source gives no counts."""

    group: str
    value: Decimal
    numerator: int | None
    denominator: int | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value in its metric's unit, with how sure it is and what stands behind it."""

    value: Decimal  # exact from counts
    low: Decimal | None = None  # 95 % interval
    high: Decimal | None = None
    numerator: int | None = None  # counts behind a proportion
    denominator: int | None = None
    n: int | None = None  # cases the value rests on
    method: str = ""  # of the interval: `Wilson`, `Newcombe`, `Jaccard`, `Student`, `delta`, `log`, `given`
    parts: Mapping[str, Decimal] = field(default_factory=dict)  # named secondary figures
    tested: tuple[Decimal, Decimal] | None = (
        None  # ends for testing a change, where the count of cases varies too
    )
    groups: tuple[GroupEstimate, ...] = ()  # those too small to rank, then the ranked ones, highest first


class NotEstimable(Exception):  # noqa: N818 - an answer, which becomes a blank
    """A measurement from which no value follows."""

    def __init__(self, reason: BlankReason, detail: str) -> None:
        """Take the reason of the blank and one plain sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def empty(of: str) -> NotEstimable:
    """Say that there is nothing to divide by; for raising."""
    return NotEstimable(BlankReason.EMPTY, f"There were no {of}, so there is nothing to count.")


def misshapen(what: str) -> NotEstimable:
    """Say that a measurement cannot be; for raising."""
    return NotEstimable(BlankReason.SOURCE_ERROR, what)


def exact(value: float) -> Decimal:
    """Read a float as the decimal that it prints as."""
    return Decimal(repr(value))


def around(value: Decimal, interval: Interval, *, times: Decimal = Decimal(1)) -> tuple[Decimal, Decimal]:
    """Give the ends of an interval, scaled, so that rounding never leaves the value outside."""
    return min(value, exact(interval.low) * times), max(value, exact(interval.high) * times)


def counted(hits: int) -> tuple[Decimal, Decimal]:
    """Give the 95 % interval of a count of events (Poisson, score method)."""
    middle, reach = hits + QUANTILE**2 / 2, QUANTILE * math.sqrt(hits + QUANTILE**2 / 4)
    return min(Decimal(hits), exact(max(0.0, middle - reach))), max(Decimal(hits), exact(middle + reach))


def share(numerator: int, denominator: int, *, of: str, parts: Mapping[str, Decimal] = NO_PARTS) -> Estimate:
    """Give a proportion with Wilson's interval."""
    if not denominator:
        raise empty(of)
    value = Decimal(numerator) / denominator
    low, high = around(value, wilson(numerator, denominator))
    return Estimate(
        value=value,
        low=low,
        high=high,
        numerator=numerator,
        denominator=denominator,
        n=denominator,
        method="Wilson",
        parts=parts,
    )


def needed(assumptions: Assumptions, name: str) -> Decimal:
    """Give an assumption, which is finite and at least 0."""
    value = assumptions.get(name)
    if value is None:
        raise NotEstimable(BlankReason.NOT_FOUND, f"The assumption {name} is not set.")
    if not value.is_finite() or value < 0 or (name.endswith("_share") and value > 1):
        raise misshapen(f"The assumption {name} is not a possible figure.")
    return value


def amount(inputs: Inputs, name: str) -> Decimal:
    """Give a named input."""
    for key, value in inputs.counts:
        if key == name:
            return value
    raise misshapen(f"The source gave no input called {name}.")


def count(inputs: Inputs, name: str) -> int:
    """Give a named input that counts whole things."""
    value = amount(inputs, name)
    if value % 1:
        raise misshapen(f"The input {name} is not a whole number.")
    return int(value)


def has(inputs: Inputs, *names: str) -> bool:
    """Tell whether the source gave all these inputs."""
    return {*names} <= {key for key, _ in inputs.counts}
