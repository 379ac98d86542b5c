"""What one piece of evidence must show, and how a product may bind it to its own measures."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schema.plain_values import Day, Number, OneLine, Sentence
from schema.sources import Frozen


class EvidenceKind(StrEnum):
    """What a requirement takes."""

    READING = "reading"  # a metric of the product
    RECORD = "record"  # a typed value that a person or a pipeline put there
    DOCUMENT = "document"  # a link with digest and date


class RecordUnit(StrEnum):
    """What a record counts in."""

    SHARE = "share"  # 0–1
    NUMBER = "number"
    COUNT = "count"
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONEY = "money"  # the product's currency
    YES = "yes_or_no"  # only yes passes
    TEXT = "text"  # words, such as two names


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One piece of evidence that an item takes, and what it must show."""

    name: str  # unique within its item, such as `quality`
    kind: EvidenceKind
    words: str  # a noun phrase: `how long the switch-off took in the drill`
    metric: str | None = None  # of a reading
    unit: RecordUnit | None = None  # of a record
    at_least: Decimal | None = None  # in the metric's or record's unit; ends belong to it
    at_most: Decimal | None = None
    target: bool = False  # the threshold is the product's own target for the metric
    fewest: int | None = None  # cases; of the smallest group where groups are compared
    fresh_days: int | None = None  # how old the measurement may be
    matches: str | None = None  # the manifest part whose value the record or document must state
    states: tuple[str, ...] = ()  # what a document must say in words, such as `intended_use`
    fixed_on: date | None = None  # the day on which a product's own threshold was fixed, as its file says
    because: str = ""  # why a product measures something else than the checklist asks for

    @property
    def digest(self) -> str:
        """Give the sha256 hex of what is asked; the words around it do not count."""
        return digest_of(
            {
                "asked": [self.name, self.kind, self.metric, self.unit],
                "limits": [self.at_least, self.at_most, self.fewest, self.fresh_days],
                "states": [self.matches, *self.states],
            }
        )


class Binding(Frozen):
    """What a product says otherwise of one requirement; what is absent stays as the checklist has it."""

    kind: EvidenceKind | None = None
    words: OneLine | None = None
    metric: str | None = None
    unit: RecordUnit | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    target: bool | None = None
    fewest: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    fresh_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    matches: str | None = None
    states: tuple[OneLine, ...] | None = None
    fixed_on: Day | None = None
    because: Sentence | None = None


_LIMITS = ("at_least", "at_most", "target")


def bound(requirement: Requirement, binding: Binding | None) -> Requirement:
    """Give a requirement as a product binds it.

    Whoever states a limit states all of it, and whoever measures something else states its limit too: what the
    checklist asks of one measure says nothing about another. A target is the product's own, for any measure.
    """
    if binding is None:
        return requirement
    said = binding.model_dump(exclude_none=True)
    other = dict.fromkeys(("at_least", "at_most"), None) if _measures_otherwise(requirement, said) else {}
    limits = (
        {"at_least": None, "at_most": None, "target": False} if any(name in said for name in _LIMITS) else {}
    )
    if said.get("kind", requirement.kind) is not requirement.kind:
        plain = Requirement(name=requirement.name, kind=said["kind"], words=requirement.words)
        return replace(plain, **said)
    return replace(requirement, **{**other, **limits, **said})


def _measures_otherwise(requirement: Requirement, said: Mapping[str, object]) -> bool:
    return any(
        said.get(name, getattr(requirement, name)) != getattr(requirement, name)
        for name in ("metric", "unit")
    )


def measured_otherwise(requirement: Requirement, binding: Binding) -> bool:
    """Tell whether a product measures something else than the checklist asks for."""
    said = binding.model_dump(exclude_none=True)
    return said.get("kind", requirement.kind) is not requirement.kind or _measures_otherwise(
        requirement, said
    )


def digest_of(parts: Mapping[str, object]) -> str:
    """Give the sha256 hex of plain values; decimals count by value, not by how they were written."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    message = f"{type(value).__name__} has no digest"
    raise TypeError(message)
