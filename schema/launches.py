"""Launches: changes that go out, their revisions, and the one table of how they may move.

What is computed from a launch stands beside it: `histories` folds events into it, `tallies` says where its items stand,
`gates` answers whether it may go out, and `openings`, `signing`, `exceptions`, `endings`, `uses` and `ticks` decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from schema.attempts import Code, Declined
from schema.bypasses import Bypass, Use
from schema.checklists import ItemSpec
from schema.items import Bound, Item
from schema.manifests import Manifest
from schema.policies import Policy
from schema.risks import RiskQuestion, Tier
from schema.votes import Voice, Vote
from schema.waivers import Override, Waiver


class State(StrEnum):
    """Where a revision stands; a launch stands where its newest revision does."""

    DRAFT = "draft"
    CHECKING = "checking"  # its evidence is being looked at for the first time
    OPEN = "open"
    APPROVED = "approved"
    LAUNCHED = "launched"
    BYPASSED = "bypassed"  # let through in an emergency; never an approval
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    CLOSED = "closed"


class EventKind(StrEnum):
    """What can happen to a launch."""

    OPENED = "opened"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    EVIDENCE_CHANGED = "evidence_changed"
    SIGNED = "signed"
    OBJECTED = "objected"
    OBJECTION_CARRIED = "objection_carried"  # from an earlier launch of the product
    NOT_APPLICABLE = "not_applicable"
    COMMENTED = "commented"
    TAKEN_BACK = "taken_back"
    WAIVED = "waived"
    WAIVER_ENDED = "waiver_ended"
    OVERRIDDEN = "overridden"
    APPROVED = "approved"
    REOPENED = "reopened"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    USED = "used"
    BYPASS_STARTED = "bypass_started"
    BYPASS_USED = "bypass_used"
    BYPASS_ENDED = "bypass_ended"
    BYPASS_REVIEWED = "bypass_reviewed"
    CLOSED = "closed"
    DELEGATED = "delegated"
    DELEGATION_ENDED = "delegation_ended"
    TIER_RAISED = "tier_raised"
    TIER_LOWERED = "tier_lowered"
    REBASED = "rebased"
    ATTEMPT_REFUSED = "attempt_refused"
    PROMISE_BROKEN = "promise_broken"
    PROMISE_KEPT = "promise_kept"
    LOOKED_BACK = "looked_back"
    TEXT_ERASED = "text_erased"
    RESTORED = "restored"
    KEY_ROTATED = "key_rotated"
    AUDIT = "audit"


_S, _K = State, EventKind
_ENDS: Final = {_K.WITHDRAWN: _S.WITHDRAWN, _K.SUPERSEDED: _S.SUPERSEDED}

MOVES: Final[Mapping[State, Mapping[EventKind, State]]] = {
    _S.DRAFT: {_K.SUBMITTED: _S.CHECKING, _K.WITHDRAWN: _S.WITHDRAWN},
    _S.CHECKING: {
        **_ENDS,
        _K.CHECKED: _S.OPEN,
        _K.EXPIRED: _S.EXPIRED,
        _K.BYPASS_STARTED: _S.BYPASSED,
        _K.REBASED: _S.CHECKING,
    },
    _S.OPEN: {
        **_ENDS,
        _K.APPROVED: _S.APPROVED,
        _K.REJECTED: _S.REJECTED,
        _K.EXPIRED: _S.EXPIRED,
        _K.BYPASS_STARTED: _S.BYPASSED,
        _K.REBASED: _S.CHECKING,
    },
    _S.APPROVED: {
        **_ENDS,
        _K.REOPENED: _S.OPEN,
        _K.USED: _S.LAUNCHED,
        _K.REVOKED: _S.REVOKED,
        _K.REBASED: _S.CHECKING,
    },
    _S.LAUNCHED: {_K.REVOKED: _S.REVOKED, _K.CLOSED: _S.CLOSED},
    _S.BYPASSED: {_K.CLOSED: _S.CLOSED},
    _S.REJECTED: {},
    _S.WITHDRAWN: {},
    _S.EXPIRED: {},
    _S.SUPERSEDED: {},
    _S.REVOKED: {},
    _S.CLOSED: {},
}
TERMINAL: Final = frozenset(state for state, moves in MOVES.items() if not moves)
MOVING: Final = frozenset(kind for moves in MOVES.values() for kind in moves)


def moved(state: State, kind: EventKind) -> State:
    """Give the state after an event; one that moves nothing leaves it, one that may not happen is a defect."""
    if kind not in MOVING:
        return state
    if kind not in MOVES[state]:
        message = f"{kind} may not happen to what is {state}"
        raise ValueError(message)
    return MOVES[state][kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a revision ended, or what its approval was taken away for."""

    seq: int
    at: datetime
    by: str  # pid, or the system
    kind: EventKind
    text: str | None = None  # id of the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What one piece of evidence said when the launch went out."""

    item: str
    requirement: str
    digest: str
    statement: str
    watched: bool  # it is a reading, and it held


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a launch; sign-offs of items that did not change hold in the next one too."""

    n: int  # from 1
    state: State
    submitted_at: datetime
    manifest: Manifest
    answers: frozenset[RiskQuestion]
    tier: Tier
    policy: Policy
    deadline: datetime
    items: Mapping[str, Item]  # those that are asked, in the checklist's order
    specs: Mapping[str, ItemSpec]  # all questions of its checklists, asked or not
    unseparated: frozenset[str] = frozenset()  # items for which the team is too small for different people
    voices: Mapping[str, Mapping[str, Voice]] = field(default_factory=dict)  # item → pid
    waivers: Mapping[str, Waiver] = field(default_factory=dict)  # by item; ended ones leave
    overrides: Mapping[int, Override] = field(default_factory=dict)  # by the objection's seq
    spoken_of: Mapping[str, Bound] = field(default_factory=dict)  # by digest, what somebody said something to
    approved_at: datetime | None = None
    bypass: Bypass | None = None
    used: Use | None = None
    ending: Ending | None = None
    promises: tuple[Promise, ...] = ()  # since it was used
    broken: frozenset[tuple[str, str]] = (
        frozenset()
    )  # promises (item, requirement) that do not hold after launch
    looked_back: frozenset[int] = frozenset()  # days after launch whose table is stored

    @property
    def aside(self) -> tuple[ItemSpec, ...]:
        """List the questions that its tier and answers leave out."""
        return tuple(spec for name, spec in self.specs.items() if name not in self.items)

    @property
    def dissent(self) -> tuple[Vote, ...]:
        """List every objection that was not taken back, overridden ones included, oldest first."""
        voices = [voice for each in self.voices.values() for voice in each.values()]
        found = [voice.objection for voice in voices if voice.objection is not None]
        return tuple(sorted(found, key=lambda vote: vote.seq))


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One change that goes out, folded from its events."""

    id: str
    product: str
    title: str  # id of the text that says what launches
    requester: str  # pid
    opened_at: datetime
    due_on: str | None = None  # the day on which it is meant to go out, as a date
    zone: str = "UTC"  # of the product
    country: str = ""  # whose public holidays are no business days; "" for none
    seq: int  # of its newest event
    drafting: State = State.DRAFT  # as long as there is no revision
    revisions: tuple[Revision, ...] = ()

    @property
    def state(self) -> State:
        """Say where it stands."""
        return self.revisions[-1].state if self.revisions else self.drafting

    @property
    def revision(self) -> Revision:
        """Give the newest revision."""
        if not self.revisions:
            raise Declined(Code.STATE, "This launch is still a draft; submit it first.")
        return self.revisions[-1]

    @property
    def wanted_on(self) -> date | None:
        """Give the day on which it is meant to go out, where it could be signed for longer."""
        if self.due_on is None or not self.revisions:
            return None
        on, ends = date.fromisoformat(self.due_on), self.revisions[-1].deadline
        return on if on < ends.astimezone(ZoneInfo(self.zone)).date() else None

    def overdue(self, now: datetime) -> bool:
        """Tell whether its deadline has passed, though nobody has written that down yet."""
        waits = self.state in (State.CHECKING, State.OPEN)
        return waits and now >= self.revisions[-1].deadline

    @property
    def ended(self) -> bool:
        """Tell whether nothing can happen to it any more."""
        return self.state in TERMINAL
