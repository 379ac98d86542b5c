"""Rejecting, withdrawing and revoking: each says by whom and why, and none is ever undone."""

from datetime import datetime

from schema.attempts import Code, Declined
from schema.following import draft
from schema.launches import MOVES, EventKind, Launch, State
from schema.ledger import Draft
from schema.policies import Policy, Right, Standing, need_person, need_reason, need_right
from schema.risks import Tier


def reject(launch: Launch, who: Standing, *, text: str, now: datetime) -> tuple[Draft, ...]:
    """Say no to a launch for good."""
    revision = launch.revision
    need_right(revision.policy, Right.REJECT, who, revision.tier)
    _need_move(
        launch,
        EventKind.REJECTED,
        "Only a launch that is open for sign-off can be rejected; object or revoke instead.",
    )
    if launch.overdue(now):
        raise Declined(Code.LATE, "The deadline has passed, so this launch ends without a rejection.")
    need_reason(text, "reject")
    return (draft(launch, EventKind.REJECTED, who.pid, n=revision.n, text=text),)


def withdraw(launch: Launch, who: Standing, *, policy: Policy, text: str | None = None) -> tuple[Draft, ...]:
    """Take a launch back before it goes out; the requester may always.

    policy   the workspace's of today: a draft has none of its own
    """
    need_person(who)
    rules = launch.revision.policy if launch.revisions else policy
    if who.pid != launch.requester:
        need_right(rules, Right.WITHDRAW, who, launch.revision.tier if launch.revisions else Tier.LOW)
    _need_move(launch, EventKind.WITHDRAWN, "It has gone out already; who may revoke it can still do so.")
    return (draft(launch, EventKind.WITHDRAWN, who.pid, text=text),)


def revoke(launch: Launch, who: Standing, *, text: str) -> tuple[Draft, ...]:
    """Take an approval away, before or after it was used."""
    revision = launch.revision
    need_right(revision.policy, Right.REVOKE, who, revision.tier)
    _need_move(
        launch,
        EventKind.REVOKED,
        "Only an approved or launched one can be revoked; object or reject instead.",
    )
    need_reason(text, "revoke")
    out = revision.state is State.LAUNCHED  # then an incident is due
    return (draft(launch, EventKind.REVOKED, who.pid, n=revision.n, text=text, incident=out),)


def _need_move(launch: Launch, kind: EventKind, otherwise: str) -> None:
    if launch.ended:
        raise Declined(Code.ENDED, f"This launch is {launch.state} already; nothing changes it any more.")
    if kind not in MOVES[launch.state]:
        raise Declined(Code.STATE, otherwise)
