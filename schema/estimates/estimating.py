"""What a measurement amounts to: a value, how sure it is, and the figures that a text may show beside it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeAlias

from schema.estimates import counts as estimates_counts
from schema.estimates import groups as estimates_groups
from schema.estimates import money as estimates_money
from schema.estimates.money import INPUTS_OF as INPUTS_OF
from schema.estimates.values import Assumptions, empty, exact, misshapen
from schema.estimates.values import Estimate as Estimate
from schema.estimates.values import GroupEstimate as GroupEstimate
from schema.estimates.values import NotEstimable as NotEstimable
from schema.metrics import Metric
from schema.readings import (
    SHAPE_OF,
    WHOLE,
    Bands,
    Bare,
    BlankReason,
    Confusion,
    Inputs,
    Mean,
    Measurement,
    Proportion,
    Ranged,
    Shape,
    Withdrawn,
)
from schema.statistics import drift
from schema.statistics.figures import LARGEST_COUNT

Whole: TypeAlias = Callable[[Metric, Measurement, Assumptions], Estimate]
Grouped: TypeAlias = Callable[[Metric, Mapping[str, Measurement], Assumptions], Estimate]

LARGEST: Final = Decimal(10) ** 18  # a larger figure is a fault of its source
SURELY_COUNTS: Final = 2  # bands that add up to more are counts; shares add up to 1
READY_MADE: Final = (Mean, Ranged, Bare)


def psi(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the PSI beside what it would be without any shift; METRICS.md 4.1."""
    now, reference = _bands(metric, measurement)
    empty_share = float(metric.constants.get("empty_share", drift.EMPTY_SHARE))
    value = exact(max(0.0, drift.psi(reference, now, empty=empty_share)))
    rows = _rows(now), _rows(reference)
    parts = {"bands": Decimal(len(now))}
    if rows[0] and rows[1]:
        parts["noise_floor"] = exact(drift.psi_noise_floor(len(now), rows[0], rows[1]))
        parts["excess"] = max(Decimal(0), value - parts["noise_floor"])
    return Estimate(value=value, n=rows[0], parts=parts)


def js_distance(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the Jensen–Shannon distance in the definition's logarithm."""
    now, reference = _bands(metric, measurement)
    base = float(metric.constants.get("log_base", 2))
    value = exact(drift.js_distance(reference, now, base=base))
    return Estimate(value=value, n=_rows(now), parts={"bands": Decimal(len(now))})


WHOLES: Final[Mapping[str, Whole]] = {
    **dict.fromkeys(estimates_counts.PICKED, estimates_counts.picked),
    **dict.fromkeys(estimates_money.QUOTIENTS, estimates_money.quotient),
    "accuracy": estimates_counts.accuracy,
    "agreement": estimates_counts.agreement,
    "availability": estimates_money.availability,
    "balanced_accuracy": estimates_counts.balanced_accuracy,
    "confirmed_resolution": estimates_money.confirmed_resolution,
    "containment": estimates_money.containment,
    "cost_per_resolution": estimates_money.cost_per_resolution,
    "f1": estimates_counts.f1,
    "false_block_cost": estimates_money.false_block_cost,
    "given": estimates_counts.given,
    "js_distance": js_distance,
    "lift": estimates_counts.lift,
    "loss_avoided_gross": estimates_money.loss_avoided_gross,
    "mcc": estimates_counts.mcc,
    "missed_loss": estimates_money.missed_loss,
    "net_benefit": estimates_money.net_benefit,
    "proportion": estimates_counts.proportion,
    "psi": psi,
    "reopen": estimates_money.reopen,
    "review_hours": estimates_money.review_hours,
    "support_savings": estimates_money.support_savings,
}
GROUPEDS: Final[Mapping[str, Grouped]] = {
    "calibration_gap": estimates_groups.calibration_gap,
    "error_gap": estimates_groups.error_gap,
    "false_alarm_gap": estimates_groups.gap,
    "recall_gap": estimates_groups.gap,
    "selection_gap": estimates_groups.gap,
    "selection_ratio": estimates_groups.ratio,
    "worst_group_recall": estimates_groups.worst_group_recall,
}
FUNCTIONS: Final[Mapping[str, Whole | Grouped]] = {**WHOLES, **GROUPEDS}

_EITHER: Final = frozenset({Shape.CONFUSION, Shape.PROPORTION})
_TABLE: Final = frozenset({Shape.CONFUSION})
_PART: Final = frozenset({Shape.PROPORTION})
_NAMED: Final = frozenset({Shape.INPUTS})
# Beside a value that the source made ready (a mean, a range, a bare value), which every function takes as it is.
SHAPES_TAKEN: Final[Mapping[str, frozenset[Shape]]] = {
    **dict.fromkeys(FUNCTIONS, _EITHER),
    **dict.fromkeys(("accuracy", "balanced_accuracy", "error_gap", "f1", "lift", "mcc"), _TABLE),
    **dict.fromkeys(("given", "proportion"), _PART),
    **dict.fromkeys(("availability", "confirmed_resolution", "containment", "reopen"), _PART | _NAMED),
    **dict.fromkeys((*estimates_money.QUOTIENTS, "cost_per_resolution", "support_savings"), _NAMED),
    "calibration_gap": _NAMED,
    **dict.fromkeys(("js_distance", "psi"), frozenset({Shape.BANDS})),
}


def estimate(
    metric: Metric, measurements: Mapping[str, Measurement], assumptions: Mapping[str, Decimal]
) -> Estimate:
    """Say what the measurements of one period amount to.

    measurements   by group; WHOLE is everybody
    returns        the value in the metric's unit, inside its interval where there is one
    raises         NotEstimable with the reason of the blank
    """
    for measurement in measurements.values():
        _demand_sound(metric, measurement)
    whole = measurements.get(WHOLE)
    if isinstance(whole, READY_MADE):
        result = estimates_counts.given(metric, whole, assumptions)
    elif metric.function in GROUPEDS:
        groups = {name: measurement for name, measurement in measurements.items() if name != WHOLE}
        if not groups:
            raise NotEstimable(BlankReason.EMPTY, "The source gave no groups to compare.")
        result = GROUPEDS[metric.function](metric, groups, assumptions)
    elif whole is None:
        raise NotEstimable(BlankReason.EMPTY, "The source gave no figure for everybody.")
    else:
        result = WHOLES[metric.function](metric, whole, assumptions)
    _demand_range(metric, result.value)
    return _corrected(result, assumptions) if metric.judged else result


def definition(metric: Metric) -> str:
    """Give the sha256 of what makes a metric's values comparable; words are no part of it."""
    parts = {
        "constants": {name: format(value.normalize(), "f") for name, value in metric.constants.items()},
        "formula": metric.formula,
        "function": metric.function,
        "unit": metric.unit_name or metric.unit.value,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _corrected(result: Estimate, assumptions: Assumptions) -> Estimate:
    """Add what the judged share would be without the judge's own errors, where those are known."""
    sides = [assumptions.get(name) for name in ("judge_sensitivity", "judge_specificity")]
    if None in sides:
        return result
    sensitivity, specificity = (float(side) for side in sides if side is not None)
    if sensitivity + specificity <= 1 or max(sensitivity, specificity) > 1:
        raise misshapen("The automatic judge does no better than chance, so its figures say nothing.")
    corrected = drift.judge_correction(float(result.value), sensitivity, specificity)
    extra = {"corrected": exact(corrected.value), "corrected_clipped": Decimal(corrected.clipped)}
    return replace(result, parts={**result.parts, **extra})


def _bands(metric: Metric, measurement: Measurement) -> tuple[list[float], list[float]]:
    if not isinstance(measurement, Bands):
        raise misshapen(f"{metric.name} takes counts or shares of bands, now and in the reference.")
    now, reference = [float(x) for x in measurement.now], [float(x) for x in measurement.reference]
    if not sum(now) or not sum(reference):
        raise empty("rows in the bands")
    return now, reference


def _rows(bands: list[float]) -> int | None:
    """Give the number of rows where the bands hold counts; shares do not say it."""
    whole = sum(bands) > SURELY_COUNTS and all(band % 1 == 0 for band in bands)
    return int(sum(bands)) if whole else None


def _demand_range(metric: Metric, value: Decimal) -> None:
    below = metric.minimum is not None and value < metric.minimum
    if below or (metric.maximum is not None and value > metric.maximum):
        share = metric.minimum == 0 and metric.maximum == 1
        why = (
            "a share must lie from nought to one"
            if share
            else f"it is never that {'low' if below else 'high'}"
        )
        raise misshapen(f"{metric.name} came as a figure outside its possible range; {why}.")


def _demand_sound(metric: Metric, measurement: Measurement) -> None:
    if isinstance(measurement, Withdrawn):
        raise empty("figures left for a group")
    shape = SHAPE_OF[type(measurement)]
    if shape not in metric.accepts:
        raise misshapen(f"{metric.name} does not take the shape {shape.value}.")
    if isinstance(measurement, Confusion | Proportion):
        sound = _possible_counts(measurement)
    else:
        figures = _figures(measurement)
        if not all(figure.is_finite() for figure in figures):
            raise NotEstimable(BlankReason.NAN, f"{metric.name} came as something that is no number.")
        sound = all(abs(figure) <= LARGEST for figure in figures) and _fit(measurement)
    if not sound:
        raise misshapen(f"{metric.name} came with figures that do not fit together.")


def _possible_counts(counts: Confusion | Proportion) -> bool:
    if isinstance(counts, Proportion):
        return 0 <= counts.numerator <= counts.denominator <= LARGEST_COUNT
    smallest = min(counts.tp, counts.fp, counts.fn, counts.tn)
    return smallest >= 0 and estimates_counts.total(counts) <= LARGEST_COUNT


def _figures(measurement: Mean | Ranged | Bare | Bands | Inputs) -> tuple[Decimal, ...]:
    match measurement:
        case Bare(value=value):
            return (value,)
        case Ranged(value=value, low=low, high=high):
            return value, low, high
        case Mean(value=value, sd=sd):
            return value, sd
        case Bands(now=now, reference=reference):
            return now + reference
        case Inputs(counts=counts):
            return tuple(value for _, value in counts)


def _fit(measurement: Mean | Ranged | Bare | Bands | Inputs) -> bool:
    """Tell whether figures that are all numbers can stand together."""
    match measurement:
        case Bare():
            return True
        case Ranged(value=value, low=low, high=high):
            return low <= value <= high
        case Mean(n=n, sd=sd):
            return 1 <= n <= LARGEST_COUNT and sd >= 0
        case Bands(names=names, now=now, reference=reference):
            return len(names) == len(now) == len(reference) > 1 and min(now + reference) >= 0
        case Inputs(counts=counts):
            return all(value >= 0 for _, value in counts)
