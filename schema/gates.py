"""The gate: may this manifest go out now, and if not, what is missing; asking changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from schema.evidence import Finding
from schema.items import ByItem, ItemState, by_item
from schema.launches import Launch, Revision, State
from schema.products import Role
from schema.role_words import all_of
from schema.tallies import SCREENING, Tally, screened, tallies, tally
from schema.votes import Vote


class ReasonCode(StrEnum):
    """Why a gate is closed, or what has to be known about an open one."""

    STATE = "state"
    MANIFEST = "manifest"
    BANNED = "banned"
    UNKNOWN = "unknown"
    STALE = "stale"
    EVIDENCE = "evidence"
    SEATS = "seats"
    CLASH = "clash"
    OBJECTION = "objection"
    ABOUT_TO = "about_to"  # nothing is missing; the move is not yet written


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, in a plain sentence."""

    code: ReasonCode
    words: str
    item: str | None = None
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The answer, for one position in the ledger, one set of findings and one moment."""

    open: bool | None  # None: it cannot be told
    state: State
    seq: int
    manifest: str | None  # digest of the newest revision's
    reasons: tuple[Reason, ...] = ()
    waits_for: Mapping[Role, tuple[str, ...]]  # whose signature is missing, with their items
    items: Mapping[str, ItemState]
    settled: int
    bypass_until: datetime | None = None  # it may pass in an emergency until then
    dissent: tuple[Vote, ...] = ()  # shown wherever the answer is
    unseparated: tuple[str, ...] = ()  # items that a team this small cannot sign with different people
    self_approved: tuple[str, ...] = ()  # items that the requester signed, because the rules allow it

    @property
    def total(self) -> int:
        """Count the items."""
        return len(self.items)


MOST_ITEMS: Final = 8  # in one line

# where people are asked, or were until it shows that one of them must not sign two of the items
SIGNABLE: Final = frozenset(
    {ItemState.NEEDS_SIGN, ItemState.STALE, ItemState.SIGNED, ItemState.NOT_APPLICABLE}
)

_WHERE: Mapping[State, str] = {
    State.DRAFT: "This launch is still a draft; its requester has to submit it.",
    State.CHECKING: "The checks have not finished yet.",
    State.OPEN: "Not everything is settled yet.",
    State.LAUNCHED: "It has already gone out; its use is recorded once.",
    State.REJECTED: "It was rejected; open a new launch when the reason is gone.",
    State.WITHDRAWN: "It was withdrawn; open a new launch to go on.",
    State.EXPIRED: "Its deadline has passed; open a new launch to go on.",
    State.SUPERSEDED: "A newer revision has taken its place.",
    State.REVOKED: "Its approval was revoked; open a new launch when the reason is gone.",
    State.CLOSED: "It is closed; open a new launch for the next change.",
    State.BYPASSED: "It was let through in an emergency and was not approved.",
}


def answer(
    launch: Launch, findings: Iterable[Finding], now: datetime, manifest_digest: str | None = None
) -> Gate:
    """Say whether a launch may go out.

    findings          what the stored evidence shows at this moment
    manifest_digest   of what somebody wants to send out; None asks about the newest revision
    """
    if not launch.revisions:
        return _without_revision(launch)
    revision = launch.revision
    standing = tallies(launch, by_item(findings), now)
    reasons = tuple(_reasons(launch, standing, now, manifest_digest=manifest_digest))
    return Gate(
        open=_open(revision, standing, reasons),
        state=revision.state,
        seq=launch.seq,
        manifest=revision.manifest.digest,
        reasons=reasons,
        waits_for=_waits_for(revision, standing),
        items={name: each.state for name, each in standing.items()},
        settled=sum(each.settled for each in standing.values()),
        bypass_until=_bypass_until(revision, now, manifest_digest=manifest_digest),
        dissent=revision.dissent,
        unseparated=tuple(name for name, each in standing.items() if each.unseparated),
        self_approved=tuple(name for name, each in standing.items() if each.self_approved),
    )


def _without_revision(launch: Launch) -> Gate:
    reason = Reason(code=ReasonCode.STATE, words=_WHERE[launch.state])
    return Gate(
        open=False,
        state=launch.state,
        seq=launch.seq,
        manifest=None,
        reasons=(reason,),
        waits_for={},
        items={},
        settled=0,
    )


def _open(revision: Revision, standing: Mapping[str, Tally], reasons: Sequence[Reason]) -> bool | None:
    if revision.state is not State.APPROVED:
        return False
    if {reason.code for reason in reasons} == {ReasonCode.UNKNOWN}:
        return None
    return not reasons and all(each.settled for each in standing.values())


def _bypass_until(revision: Revision, now: datetime, *, manifest_digest: str | None) -> datetime | None:
    bypass = revision.bypass
    if revision.state is not State.BYPASSED or bypass is None or not bypass.lasts(now):
        return None
    other = manifest_digest is not None and manifest_digest != revision.manifest.digest
    return None if other else bypass.until


def _reasons(
    launch: Launch, standing: Mapping[str, Tally], now: datetime, *, manifest_digest: str | None
) -> Iterable[Reason]:
    revision = launch.revision
    if manifest_digest is not None and manifest_digest != revision.manifest.digest:
        yield Reason(
            code=ReasonCode.MANIFEST,
            words="This manifest is not the one of the newest revision; submit it as a new revision.",
        )
    if revision.state not in (State.APPROVED, State.OPEN):
        yield Reason(code=ReasonCode.STATE, words=_WHERE[revision.state])
        return
    if not screened(launch, now):
        words = f"A banned practice is possible here, and {SCREENING} is not signed."
        yield Reason(code=ReasonCode.BANNED, item=SCREENING, words=words)
    unseen = [name for name, each in standing.items() if each.state is ItemState.UNKNOWN]
    for each in standing.values():
        if not each.settled and (each.state is not ItemState.UNKNOWN or len(unseen) == 1):
            yield reason_of(each)
    if len(unseen) > 1:
        yield _unseen(unseen)
    if revision.state is State.OPEN and all(each.settled for each in standing.values()):
        words = "Nothing is missing any more; the approval is about to be written."
        yield Reason(code=ReasonCode.ABOUT_TO, words=words)


def _unseen(items: Sequence[str]) -> Reason:
    """Say once what has one cause: mostly the product is gone, and all its evidence with it."""
    words = f"The evidence of {len(items)} items ({few(items)}) could not be looked at; see that their product stands in muster.yaml."
    return Reason(code=ReasonCode.UNKNOWN, words=words)


def few(items: Sequence[str]) -> str:
    """Name as many items as a line holds, and count the rest."""
    more = len(items) - MOST_ITEMS
    return ", ".join(items[:MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")


def reason_of(each: Tally) -> Reason:
    """Say what keeps an item from being settled."""
    name, state = each.item.id, each.state
    if state is ItemState.OBJECTED:
        words = f"Somebody objects to {name}; they can take it back, or it can be overridden with a reason."
        return Reason(code=ReasonCode.OBJECTION, item=name, words=words)
    if state is ItemState.UNKNOWN:
        words = f"The evidence of {name} could not be looked at; see that its product stands in muster.yaml."
        return Reason(code=ReasonCode.UNKNOWN, item=name, words=words)
    if state is ItemState.AUTO_FAIL:
        words = f"{name}: {each.failing[0].why}"
        return Reason(code=ReasonCode.EVIDENCE, item=name, words=words)
    if each.clash:
        words = f"{name} needs a signature of somebody who signs none of the items that go with it."
        return Reason(code=ReasonCode.CLASH, item=name, words=words)
    return _unsigned(each)


def _unsigned(each: Tally) -> Reason:
    name = each.item.id
    open_seats = tuple(seat.role for seat in each.seats if seat.vote is None)
    if each.changed:
        words = f"The evidence of {name} has just changed; it is looked at again in a moment."
        return Reason(code=ReasonCode.STALE, item=name, words=words)
    filled = len(each.seats) - len(open_seats)
    listed = all_of(open_seats)
    if each.state is ItemState.STALE:
        words = f"{name} has changed since it was signed; it waits for {listed} again."
        return Reason(code=ReasonCode.STALE, item=name, words=words, roles=open_seats)
    words = f"{name} has {filled} of {len(each.seats)} signatures and waits for {listed}."
    return Reason(code=ReasonCode.SEATS, item=name, words=words, roles=open_seats)


def may_wait(launch: Launch, item: str, found: ByItem, now: datetime) -> bool:
    """Tell whether an item may wait for a signature; looks at no other one, as the whole answer has to."""
    revision = launch.revision
    asked = revision.items.get(item)
    return asked is not None and tally(revision, asked, found, now).state in SIGNABLE


def _waits_for(revision: Revision, standing: Mapping[str, Tally]) -> Mapping[Role, tuple[str, ...]]:
    if revision.state is not State.OPEN:
        return {}
    found: dict[Role, tuple[str, ...]] = {}
    for name, each in standing.items():
        if each.state in (ItemState.NEEDS_SIGN, ItemState.STALE):
            for role in dict.fromkeys(seat.role for seat in each.seats if seat.vote is None):
                found[role] = (*found.get(role, ()), name)
    return found
