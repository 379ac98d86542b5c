"""Refuse figures that cannot be, so that no statistic ever starts from one."""

import math

LARGEST_COUNT = 2**53  # above it a float no longer tells two neighbouring counts apart


def demand_counts(**counts: float) -> None:
    """Raise ValueError unless every named figure is a whole number from 0 to 2**53."""
    for name, count in counts.items():
        if not 0 <= count <= LARGEST_COUNT or count % 1:
            raise ValueError(f"{name} is {count}; a count is a whole number of at least 0.")


def demand_some(**counts: float) -> None:
    """Raise ValueError unless every named figure is a whole number from 1 to 2**53."""
    demand_counts(**counts)
    for name, count in counts.items():
        if not count:
            raise ValueError(f"{name} is 0; at least one case is needed.")


def demand_part(part: float, whole: float) -> None:
    """Raise ValueError unless part of whole is a possible proportion."""
    if not 0 <= part <= whole <= LARGEST_COUNT or whole < 1 or part % 1 or whole % 1:
        raise ValueError(
            f"{part} of {whole} is no proportion; it takes whole counts, "
            "at least one case, and no more hits than cases."
        )


def demand_finite(**values: float) -> None:
    """Raise ValueError unless every named figure is a finite number."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}; a finite number is needed.")


def demand_amounts(**amounts: float) -> None:
    """Raise ValueError unless every named figure is finite and at least 0."""
    demand_finite(**amounts)
    for name, amount in amounts.items():
        if amount < 0:
            raise ValueError(f"{name} is {amount}; it cannot be below 0.")


def demand_positive(**amounts: float) -> None:
    """Raise ValueError unless every named figure is finite and above 0."""
    demand_finite(**amounts)
    for name, amount in amounts.items():
        if amount <= 0:
            raise ValueError(f"{name} is {amount}; it must be above 0.")


def demand_shares(**shares: float) -> None:
    """Raise ValueError unless every named figure is a share from 0 to 1."""
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is {share}; a share lies from 0 to 1.")


def demand_inside(**shares: float) -> None:
    """Raise ValueError unless every named figure lies strictly between 0 and 1."""
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} is {share}; it must lie between 0 and 1, both excluded.")


def demand_possible(result: float, what: str) -> float:
    """Return the result, or raise ValueError when the arithmetic left the finite numbers."""
    if not math.isfinite(result):
        raise ValueError(f"{what} is too large to compute from these figures.")
    return result
