"""Measurements of neighbouring periods, or of one question's parts, added up to one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from schema.estimates.estimating import NotEstimable
from schema.readings import Bare, BlankReason, Confusion, Inputs, Mean, Measurement, Proportion


def join_measurements(parts: Sequence[Measurement], *, total: bool = False) -> Measurement:
    """Add the measurements of neighbouring periods up to one; raises NotEstimable where they do not add up.

    total   bare values are amounts that may be added
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    if len({type(each) for each in parts}) > 1:
        raise NotEstimable(BlankReason.SOURCE_ERROR, "The source gave different shapes within the window.")
    if isinstance(first, Confusion):
        tables = [each for each in parts if isinstance(each, Confusion)]
        return Confusion(
            tp=sum(t.tp for t in tables), fp=sum(t.fp for t in tables),
            fn=sum(t.fn for t in tables), tn=sum(t.tn for t in tables),
        )  # fmt: skip
    if isinstance(first, Proportion):
        shares = [each for each in parts if isinstance(each, Proportion)]
        return Proportion(
            numerator=sum(s.numerator for s in shares), denominator=sum(s.denominator for s in shares)
        )
    if isinstance(first, Inputs):
        return _joined_inputs([each for each in parts if isinstance(each, Inputs)])
    if isinstance(first, Mean):
        return _joined_means([each for each in parts if isinstance(each, Mean)])
    if total and isinstance(first, Bare):
        return Bare(value=sum((each.value for each in parts if isinstance(each, Bare)), Decimal(0)))
    raise NotEstimable(
        BlankReason.SOURCE_ERROR, "Values without counts cannot be joined over several periods."
    )


def _joined_inputs(parts: Sequence[Inputs]) -> Inputs:
    """Add inputs up; a mean stated chance is weighed by its cases."""
    total: dict[str, Decimal] = {}
    for each in parts:
        named = each.named()
        for name, value in each.counts:
            weight = named.get("cases", Decimal(1)) if name == MEAN_INPUT else 1
            total[name] = total.get(name, Decimal(0)) + value * weight
    if MEAN_INPUT in total and total.get("cases"):
        total[MEAN_INPUT] /= total["cases"]
    return Inputs(counts=tuple(sorted(total.items())))


MEAN_INPUT: Final = "stated"


def _joined_means(parts: Sequence[Mean]) -> Mean:
    n = sum(each.n for each in parts)
    mean = sum((each.value * each.n for each in parts), Decimal(0)) / n
    squares = sum(
        ((each.n - 1) * each.sd**2 + each.n * (each.value - mean) ** 2 for each in parts), Decimal(0)
    )
    return Mean(value=mean, n=n, sd=(squares / (n - 1)).sqrt() if n > 1 else Decimal(0))
