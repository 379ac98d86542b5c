"""Measurements as JSON text and back, exact to the last digit."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from schema.readings import (
    SHAPE_OF,
    Bands,
    Bare,
    Confusion,
    Inputs,
    Mean,
    Measurement,
    Proportion,
    Ranged,
    Shape,
    Withdrawn,
)

WITHDRAWN = "withdrawn"  # beside the shapes that can be asked for


def written(measurement: Measurement) -> tuple[str, str]:
    """Write a measurement as its shape and JSON; Decimals as strings, so that no digit is lost or added."""
    if isinstance(measurement, Withdrawn):
        return WITHDRAWN, "{}"
    fields = {name: _plain(getattr(measurement, name)) for name in measurement.__slots__}
    return SHAPE_OF[type(measurement)], json.dumps(fields, separators=(",", ":"))


def read(shape: str, text: str) -> Measurement:
    """Make the measurement again from what `written` gave."""
    if shape == WITHDRAWN:
        return Withdrawn()
    return READERS[Shape(shape)](json.loads(text))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite():
            message = f"{value} is not a number that can be stored; it should have been a blank"
            raise ValueError(message)
        return str(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _decimals(texts: list[str]) -> tuple[Decimal, ...]:
    return tuple(Decimal(each) for each in texts)


def _mean(fields: Mapping[str, Any]) -> Mean:
    return Mean(value=Decimal(fields["value"]), n=fields["n"], sd=Decimal(fields["sd"]))


def _ranged(fields: Mapping[str, Any]) -> Ranged:
    value, low, high = (Decimal(fields[name]) for name in ("value", "low", "high"))
    return Ranged(value=value, low=low, high=high)


def _bands(fields: Mapping[str, Any]) -> Bands:
    return Bands(
        names=tuple(fields["names"]), now=_decimals(fields["now"]), reference=_decimals(fields["reference"])
    )


def _inputs(fields: Mapping[str, Any]) -> Inputs:
    return Inputs(counts=tuple((name, Decimal(count)) for name, count in fields["counts"]))


READERS: Mapping[Shape, Callable[[Mapping[str, Any]], Measurement]] = {
    Shape.CONFUSION: lambda fields: Confusion(**fields),
    Shape.PROPORTION: lambda fields: Proportion(**fields),
    Shape.MEAN: _mean,
    Shape.RANGED: _ranged,
    Shape.BARE: lambda fields: Bare(value=Decimal(fields["value"])),
    Shape.BANDS: _bands,
    Shape.INPUTS: _inputs,
}
