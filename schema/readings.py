"""A number with its receipt, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from schema.periods import Period

WHOLE = ""  # the group that is everybody


class Shape(StrEnum):
    """What a source hands over for one period, strongest first."""

    CONFUSION = "confusion"  # tp, fp, fn, tn
    PROPORTION = "proportion"  # numerator, denominator
    MEAN = "mean"  # value, n, sd
    RANGED = "ranged"  # value, low, high
    BARE = "bare"  # value
    BANDS = "bands"  # a row a band: band, now, reference
    INPUTS = "inputs"  # named counts; assumptions are added by the product


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts of right and wrong decisions; all at least 0."""

    tp: int
    fp: int
    fn: int
    tn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """How many of how many; 0 ≤ numerator ≤ denominator."""

    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean of n values with their standard deviation, in the metric's unit."""

    value: Decimal
    n: int
    sd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranged:
    """A value whose source gives its own 95 % interval."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A value and nothing about how sure it is."""

    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Counts or shares a band, now and in the reference; all three have one length."""

    names: tuple[str, ...]
    now: tuple[Decimal, ...]
    reference: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Named counts, such as `resolved`, `handed_over`, `spend`; sorted by name."""

    counts: tuple[tuple[str, Decimal], ...]

    def named(self) -> dict[str, Decimal]:
        """Give the counts by name."""
        return dict(self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What stands for a group that its source no longer gives for a period."""


Measurement: TypeAlias = Confusion | Proportion | Mean | Ranged | Bare | Bands | Inputs | Withdrawn

SHAPE_OF: Mapping[type, Shape] = {
    Confusion: Shape.CONFUSION,
    Proportion: Shape.PROPORTION,
    Mean: Shape.MEAN,
    Ranged: Shape.RANGED,
    Bare: Shape.BARE,
    Bands: Shape.BANDS,
    Inputs: Shape.INPUTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a reading comes from."""

    source: str  # the source's name in muster.yaml
    query_digest: str  # sha256 hex over what was asked
    definition: str  # the metric's definition version, sha256 hex
    window: Period
    sample: int  # rows, runs or points that the source read
    fetched_at: datetime  # aware UTC
    newest_at: datetime | None = None  # newest complete record, where the source says


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A metric's measurement for (product, group, period)."""

    product: str
    metric: str
    group: str  # WHOLE, or a group's name
    period: Period
    measurement: Measurement
    receipt: Receipt
    revision: int = 1  # rises when the source restates the value


class BlankReason(StrEnum):
    """Why there is no reading; closed."""

    NOT_FOUND = "not_found"
    EMPTY = "empty"
    STALE = "stale"
    PARTIAL = "partial"
    TRUNCATED = "truncated"
    NAN = "nan"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    CHANGED_DEFINITION = "changed_definition"
    SOURCE_ERROR = "source_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """The reason why there is no reading for (product, metric, period)."""

    product: str
    metric: str
    period: Period
    reason: BlankReason
    detail: str  # one plain sentence; never a secret, never a whole body
    source: str
    fetched_at: datetime
    newest_at: datetime | None = None  # with `stale`: how far the data reach
