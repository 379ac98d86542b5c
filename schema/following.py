"""What follows from a decision at once: the last need met approves, a need that opens again takes the approval away."""

from collections.abc import Iterable, Sequence
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


def followed(
    launch: Launch, drafts: Sequence[Draft], findings: Iterable[Finding], now: datetime
) -> tuple[Draft, ...]:
    """Add the move that follows from these drafts, so that one decision is one transaction."""
    then = after(launch, drafts, now)
    assert then is not None
    return with_move(then, drafts, by_item(findings), now)


def with_move(then: Launch, drafts: Sequence[Draft], found: ByItem, now: datetime) -> tuple[Draft, ...]:
    """Add the move that follows, to a launch as it is with these drafts already."""
    if then.state is State.OPEN and screened(then, now) and settled(then, found, now):
        return (*drafts, _approved(then))
    if then.state is State.APPROVED and not (screened(then, now) and settled(then, found, now)):
        return (*drafts, _reopened(then, found, now))
    return tuple(drafts)


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
