"""How far the shares of a set of bands have moved, and how far they move with no drift at all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from schema.statistics.figures import (
    demand_amounts,
    demand_inside,
    demand_positive,
    demand_shares,
    demand_some,
)

EMPTY_SHARE = 0.0001  # what an empty band counts as; the same in Evidently (METRICS.md 4.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A judge's rate after correction."""

    value: float  # share, 0–1
    clipped: bool  # the raw rate is one that this judge cannot produce


def psi(reference: Sequence[float], current: Sequence[float], *, empty: float = EMPTY_SHARE) -> float:
    """Give the population stability index Σ (c - r) · ln(c / r).

    reference, current   counts or shares of the same bands, in the same order
    empty                the share that an empty band counts as
    source               METRICS.md 4.1 and (f) 11
    """
    demand_inside(empty=empty)
    before, now = _paired_shares(reference, current)
    filled = [(r or empty, c or empty) for r, c in zip(before, now, strict=True)]
    return math.fsum((c - r) * math.log(c / r) for r, c in filled)


def psi_noise_floor(bands: int, n: int, m: int) -> float:
    """Give the PSI to expect with no drift at all, (bands - 1)(1/n + 1/m).

    n, m     rows of the two samples
    source   METRICS.md 4.1
    """
    demand_some(bands=bands, n=n, m=m)
    return (bands - 1) * (1 / n + 1 / m)


def js_distance(reference: Sequence[float], current: Sequence[float], *, base: float = 2) -> float:
    """Give the Jensen–Shannon distance, the root of the divergence in this log base.

    reference, current   counts or shares of the same bands, in the same order
    base                 2 gives 0–1; math.e is what scipy and Evidently use
    """
    demand_positive(base=base)
    if base <= 1:
        raise ValueError(f"base is {base}; a logarithm's base is above 1.")
    before, now = _paired_shares(reference, current)
    halves = [
        x * math.log(2 * x / (r + c)) for r, c in zip(before, now, strict=True) for x in (r, c) if x > 0
    ]
    return math.sqrt(max(0.0, math.fsum(halves) / 2) / math.log(base))


def judge_correction(raw: float, sensitivity: float, specificity: float) -> Corrected:
    """Correct an automatic judge's pass rate for the judge's own errors.

    returns  (raw + specificity - 1) / (sensitivity + specificity - 1), clipped to 0–1 and
             flagged when raw lies outside 1 - specificity to sensitivity
    raises   ValueError when the judge is no better than chance
    source   METRICS.md 4.4 (arXiv 2511.21140)
    """
    demand_shares(raw=raw, sensitivity=sensitivity, specificity=specificity)
    skill = sensitivity + specificity - 1
    if skill <= 0:
        raise ValueError("A judge no better than chance cannot be corrected for.")
    value = min(1.0, max(0.0, (raw + specificity - 1) / skill))
    return Corrected(value=value, clipped=not 1 - specificity <= raw <= sensitivity)


def _paired_shares(reference: Sequence[float], current: Sequence[float]) -> tuple[list[float], list[float]]:
    if len(reference) != len(current) or not reference:
        raise ValueError(f"{len(reference)} bands against {len(current)}; both sides need the same bands.")
    return _shares(reference), _shares(current)


def _shares(bands: Sequence[float]) -> list[float]:
    for band in bands:
        demand_amounts(band=band)
    total = math.fsum(bands)
    demand_positive(the_sum_of_the_bands=total)
    return [band / total for band in bands]
