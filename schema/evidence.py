"""What a review rests on: records and documents that people give, and what each piece of evidence was found to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from schema.requirements import EvidenceKind, RecordUnit
from schema.requirements import digest_of as digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A typed value that a person or a pipeline put there, and answers for."""

    name: str  # of the requirement
    value: str  # as `read_record` writes it: digits with a point, `yes`, `no`, or words
    unit: RecordUnit
    numerator: int | None = None  # of a share that was counted
    denominator: int | None = None
    states: Mapping[str, str] = field(default_factory=dict)  # by manifest part: what was measured
    measured_at: datetime | None  # when it was true, aware UTC; never when it was put here
    link: str | None = None
    by: str  # pid
    at: datetime  # when it was put here
    digest: str  # of all that was measured, and where it can be looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page or file that people can open, as it was on a day."""

    name: str  # of the requirement
    link: str
    digest: str  # sha256 hex of its content
    dated: date | None
    states: Mapping[str, str] = field(default_factory=dict)  # what it says, such as `intended_use`
    by: str  # pid
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one requirement's evidence shows now."""

    item: str
    requirement: str
    kind: EvidenceKind
    digest: str  # of what was measured and of what was asked; "" when there is nothing; never of now
    passed: bool
    why: str  # one plain sentence
    statement: str  # the evidence in words; "" when there is nothing to state
    measured_at: datetime | None
    link: str | None = None
