"""What follows from a decision at once: the last need met approves, a need that opens again takes the approval away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schema.deadlines import business_days_after
from schema.evidence import Finding
from schema.gates import ReasonCode, answer
from schema.histories import after
from schema.items import ByItem, ItemState, by_item
from schema.launches import EventKind, Launch, State
from schema.ledger import SYSTEM, Draft, Json
from schema.payloads import plain
from schema.tallies import screened, settled


@dataclass(frozen=True, slots=True)
class Course:
    """What a decision adds, and the launch as it is with that."""

    drafts: tuple[Draft, ...]
    then: Launch


def followed(
    launch: Launch, drafts: Sequence[Draft], findings: Iterable[Finding], now: datetime
) -> tuple[Draft, ...]:
    """Add the move that follows from these drafts, so that one decision is one transaction."""
    then = after(launch, drafts, now)
    assert then is not None
    return with_move(Course(tuple(drafts), then), by_item(findings), now).drafts


def with_move(course: Course, found: ByItem, now: datetime) -> Course:
    """Add the move that follows."""
    move = _move(course.then, found, now)
    if move is None:
        return course
    then = after(course.then, (move,), now)
    assert then is not None
    return Course((*course.drafts, move), then)


def _move(launch: Launch, found: ByItem, now: datetime) -> Draft | None:
    if launch.state not in (State.OPEN, State.APPROVED):
        return None
    complete = screened(launch, now) and settled(launch, found, now)
    if launch.state is State.OPEN:
        return _approved(launch) if complete else None
    return None if complete else _reopened(launch, found, now)


def _approved(launch: Launch) -> Draft:
    revision = launch.revision
    payload: dict[str, Json] = {
        "n": revision.n,
        "manifest": revision.manifest.digest,
        "policy": revision.policy.digest,
        "items": {name: item.digest for name, item in revision.items.items()},
    }
    return Draft(kind=EventKind.APPROVED, launch=launch.id, actor=SYSTEM, payload=payload)


def _reopened(launch: Launch, found: ByItem, now: datetime) -> Draft:
    """Say why, and give people time again where the old deadline is too near."""
    revision = launch.revision
    gate = answer(launch, [finding for mine in found.values() for finding in mine.values()], now)
    unseen = [
        name for name, state in gate.items.items() if state is ItemState.UNKNOWN
    ]  # one reason, many items
    days = revision.policy.deadline_days
    again = business_days_after(now, days, zone=launch.zone, country=launch.country)
    why: list[Json] = [
        {"code": reason.code, "item": item}
        for reason in gate.reasons
        for item in (unseen if reason.code is ReasonCode.UNKNOWN else [reason.item])
    ]
    payload: dict[str, Json] = {"why": why, "deadline": plain(max(again, revision.deadline))}
    return Draft(kind=EventKind.REOPENED, launch=launch.id, actor=SYSTEM, payload=payload)


def draft(launch: Launch, kind: EventKind, actor: str, **payload: Json) -> Draft:
    """Write what happened to a launch."""
    return Draft(kind=kind, launch=launch.id, actor=actor, payload=payload)
