"""What the evidence of a launch shows now: one finding for each requirement, and why.

A finding is a function of what was measured, of what is asked, of the manifest and of now. When something was fetched
or put here says nothing about it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias

from schema.checklists import CheckKind, ItemSpec
from schema.document_findings import document_finding
from schema.evidence import Document, Finding, Record
from schema.judgements import Judgement
from schema.metrics import Catalogue
from schema.products import Product
from schema.reading_findings import reading_finding
from schema.record_findings import record_finding
from schema.requirements import EvidenceKind, Requirement
from schema.sightings import Sight

Place: TypeAlias = tuple[str, str]  # item, requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that the evidence of one launch consists of."""

    product: Product
    catalogue: Catalogue
    nouns: Mapping[str, str]  # the catalogue's
    judged: Mapping[str, Judgement] = field(default_factory=dict)  # of the newest closed period, by metric
    given: Mapping[Place, Record | Document] = field(default_factory=dict)  # the newest of each
    manifest: Mapping[str, str] = field(default_factory=dict)  # by part
    fixed: Mapping[Place, datetime] = field(
        default_factory=dict
    )  # when a product's own limit was fixed, where known
    own: frozenset[str] = (
        frozenset()
    )  # pids of who asked for the launch, where the rules let them sign nothing
    lone: frozenset[str] = frozenset()  # items that a small team signs alone, so that they may all the same


def assess_all(items: Iterable[ItemSpec], gathered: Gathered, now: datetime) -> tuple[Finding, ...]:
    """Find what every requirement's evidence shows, in the order of the items."""
    return tuple(assess(item, each, gathered, now) for item in items for each in item.requirements)


def assess(item: ItemSpec, requirement: Requirement, gathered: Gathered, now: datetime) -> Finding:
    """Find what one requirement's evidence shows.

    item   as the product has bound it, so that its limits are written out
    """
    sight = _sight(item, requirement, gathered, now)
    found = gathered.given.get((item.id, requirement.name))
    if found is not None and _vouches_alone(item, found, gathered):
        return sight.alone(found.link)
    if requirement.kind is EvidenceKind.READING:
        return reading_finding(sight, gathered.catalogue, gathered.nouns, gathered.judged)
    if requirement.kind is EvidenceKind.RECORD:
        return record_finding(sight, found if isinstance(found, Record) else None)
    return document_finding(sight, found if isinstance(found, Document) else None)


def _vouches_alone(item: ItemSpec, found: Record | Document, gathered: Gathered) -> bool:
    """Tell whether who asked for a launch would settle an item by what they wrote themselves: nobody signs beside it."""
    return item.check is CheckKind.AUTO and found.by in gathered.own and item.id not in gathered.lone


def _sight(item: ItemSpec, requirement: Requirement, gathered: Gathered, now: datetime) -> Sight:
    return Sight(
        item=item.id, requirement=requirement, product=gathered.product, manifest=gathered.manifest,
        fixed_at=_fixed_at(item, requirement, gathered), now=now,
    )  # fmt: skip


def _fixed_at(item: ItemSpec, requirement: Requirement, gathered: Gathered) -> datetime | None:
    """Give the later of the day that the file names and of when a change was applied: a date cannot be put back."""
    said = None if requirement.fixed_on is None else _start(requirement.fixed_on, gathered)
    known = [at for at in (said, gathered.fixed.get((item.id, requirement.name))) if at is not None]
    return max(known, default=None)


def until(items: Iterable[ItemSpec], gathered: Gathered, now: datetime) -> datetime | None:
    """Give the first moment after now at which a finding may change by time alone; None: never."""
    turns = (turn for item in items for each in item.requirements for turn in _turns(item, each, gathered))
    return min((turn for turn in turns if turn > now), default=None)


_INSTANT: Final = timedelta(microseconds=1)


def _turns(item: ItemSpec, requirement: Requirement, gathered: Gathered) -> Iterator[datetime]:
    """Give when a measurement is no longer ahead of us, and when it is too old."""
    measured = _measured(item, requirement, gathered)
    if isinstance(measured, datetime) and measured.tzinfo is not None:
        yield measured
        if requirement.fresh_days is not None:
            yield measured + timedelta(days=requirement.fresh_days) + _INSTANT
    elif isinstance(measured, date) and not isinstance(measured, datetime):
        yield _start(measured, gathered)
        if requirement.fresh_days is not None:
            yield _start(measured + timedelta(days=requirement.fresh_days + 1), gathered)


def _measured(item: ItemSpec, requirement: Requirement, gathered: Gathered) -> datetime | date | None:
    if requirement.kind is EvidenceKind.READING:
        judgement = gathered.judged.get(requirement.metric or "")
        return None if judgement is None or judgement.now is None else judgement.period.end
    found = gathered.given.get((item.id, requirement.name))
    if isinstance(found, Record):
        return found.measured_at
    return found.dated if isinstance(found, Document) else None


def _start(day: date, gathered: Gathered) -> datetime:
    return datetime.combine(day, time.min, tzinfo=gathered.product.zoneinfo).astimezone(UTC)
