"""Break-glass: a named role lets a launch pass for some hours, and two others look at it afterwards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schema.attempts import Code, Declined
from schema.bypasses import REVIEWERS
from schema.deadlines import business_days_after
from schema.following import draft
from schema.launches import MOVES, EventKind, Launch, State
from schema.ledger import SYSTEM, Draft
from schema.payloads import plain
from schema.policies import LONGEST_BYPASS, Right, Standing, need_reason, need_right
from schema.tallies import SCREENING, need_screened

_INCIDENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#/-]{1,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Why a launch has to pass without approval, and for how long."""

    reason: str  # text id
    incident: str  # its id where incidents are kept
    hours: int


def break_glass(
    launch: Launch, who: Standing, emergency: Emergency, now: datetime, *, unreviewed: Sequence[str] = ()
) -> tuple[Draft, ...]:
    """Let a launch pass for some hours; it is never approved by that.

    unreviewed   other launches of the product that passed in an emergency and that two people still have to review
    """
    revision = launch.revision
    need_right(revision.policy, Right.BREAK_GLASS, who, revision.tier)
    if launch.ended or launch.overdue(now):
        state = State.EXPIRED if launch.overdue(now) else launch.state
        raise Declined(Code.ENDED, f"This launch is {state}; open a new one and let that pass.")
    if EventKind.BYPASS_STARTED not in MOVES[launch.state]:
        raise Declined(
            Code.STATE, "Only a launch that is not approved yet can be let through in an emergency."
        )
    need_screened(launch, now)
    _need_no_ban(launch)
    _need_reviewed(unreviewed)
    need_reason(emergency.reason, "let a launch pass in an emergency")
    if not _INCIDENT.fullmatch(emergency.incident):
        raise Declined(Code.NO_REASON, "Give the incident's id, such as INC-2041.")
    most = min(revision.policy.bypass_max_hours, LONGEST_BYPASS)
    if not 1 <= emergency.hours <= most:
        raise Declined(Code.LIMIT, f"An emergency lasts from one hour to {most}; choose a number in between.")
    until = now + timedelta(hours=emergency.hours)
    days = revision.policy.bypass_review_days
    review_by = business_days_after(until, days, zone=launch.zone, country=launch.country)
    return (
        draft(
            launch,
            EventKind.BYPASS_STARTED,
            who.pid,
            n=revision.n,
            text=emergency.reason,
            incident=emergency.incident,
            until=plain(until),
            review_by=plain(review_by),
        ),
    )


def _need_no_ban(launch: Launch) -> None:
    """Refuse where somebody says that it does what is never allowed, whatever was ticked or overridden."""
    if any(vote.item == SCREENING for vote in launch.revision.dissent):
        raise Declined(
            Code.BANNED,
            f"Somebody objects to {SCREENING}, and no emergency lets a banned practice pass; ask them to take it back.",
        )


def _need_reviewed(unreviewed: Sequence[str]) -> None:
    """Refuse a second emergency before the first was looked at: else one person could let everything pass for ever."""
    if unreviewed:
        raise Declined(
            Code.STATE,
            f"{unreviewed[0]} passed in an emergency and waits for its review; have two other people review it from its"
            " card first.",
        )


def review_bypass(launch: Launch, who: Standing, *, text: str) -> tuple[Draft, ...]:
    """Say what an emergency launch showed; the second person's word closes it."""
    revision = launch.revision
    need_right(revision.policy, Right.REVIEW_BYPASS, who, revision.tier)
    bypass = revision.bypass
    if launch.state is not State.BYPASSED or bypass is None:
        raise Declined(Code.STATE, "There is no emergency launch to review here any more.")
    if who.pid in (bypass.by, launch.requester):
        raise Declined(Code.SELF, "You called or asked for this launch; two other people have to review it.")
    if who.pid in bypass.reviews:
        return ()
    need_reason(text, "review an emergency launch")
    reviewed = draft(launch, EventKind.BYPASS_REVIEWED, who.pid, text=text)
    return (reviewed, *_closed(launch, (*bypass.reviews, who.pid)))


def _closed(launch: Launch, reviews: Sequence[str]) -> tuple[Draft, ...]:
    if len(reviews) < REVIEWERS:
        return ()
    return (draft(launch, EventKind.CLOSED, SYSTEM, why="bypass_reviewed"),)
