"""Deciding about a launch: one transaction holds the answer, the events, where the launch stands and what people see."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from handlers import findings, folds
from handlers.findings import Found
from handlers.services import Services, Snapshot
from integrations.store import identities, ledger, people, texts, workspaces
from integrations.store import launches as stored
from integrations.store.identities import Identity
from integrations.store.launches import Kept, Outcome
from integrations.store.showings import Binding
from schema.attempts import Code, Declined
from schema.delegations import Authority, Delegation, authorities, fold_delegations
from schema.errors import Refusal
from schema.following import Course
from schema.gates import Gate, answer, may_wait
from schema.launches import EventKind, Launch
from schema.ledger import SYSTEM, Draft, Event
from schema.policies import Standing
from schema.problems import nearest, quoted

PERSON_CHANGED: Final = "Who may decide here changed a moment ago; press again."
CHANGED: Final = "The settings of this workspace changed a moment ago; press again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What Slack said of somebody and of the groups of their product; it has to be so when they decide."""

    said: Mapping[str, Identity]
    since: datetime  # what it said before that is not believed any more

    def holds(self, now: Mapping[str, Identity]) -> bool:
        """Tell whether it is so now, and was asked lately."""
        return all(
            id_ in now and now[id_].fetched_at > self.since and now[id_].body == before.body
            for id_, before in self.said.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who acts, as Slack knows them right now."""

    user: str
    name: str
    standing: Standing  # its pid is filled in by the store
    seen: Seen | None = None  # what this rests on; None where nothing can change it


@dataclass(frozen=True, slots=True, kw_only=True)
class Presser:
    """Somebody who acts, of whom the transaction that decides reads who they are.

    unknown   what they are told where they may not know of the launch
    """

    user: str
    since: datetime  # what Slack said before that is not believed any more
    unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """For whom somebody signs, and through whom that came to them, each as Slack knows them right now."""

    principal: Person
    through: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What a rule may look at."""

    launch: Launch
    found: Found
    now: datetime
    who: Standing
    session: Session
    snapshot: Snapshot
    showing: Binding | None = None  # what was shown before this, where the request names one
    kept: list[str] = field(default_factory=list)  # ids of texts, taken back when the rule refuses

    def keep(self, text: str | None) -> str:
        """Keep what somebody wrote, and give the id that an event may hold; "" for nothing written."""
        written = (text or "").strip()
        if not written:
            return ""
        id_ = texts.keep(self.session, self.snapshot.workspace, written)
        self.kept.append(id_)
        return id_

    def standing(self, person: Person) -> Standing:
        """Say who somebody else is."""
        return standing_of(self.session, self.snapshot, person)

    @property
    def delegations(self) -> tuple[Delegation, ...]:
        """List who lets whom sign for them in this workspace."""
        return fold_delegations(folds.events_of(self.session, self.snapshot.workspace, ""))

    def authority(self, acting: Acting | None) -> Authority | None:
        """Find what lets somebody sign for a colleague now; raises Declined where nothing does."""
        if acting is None:
            return None
        standings = [self.standing(each) for each in (acting.principal, *acting.through)]
        found = authorities(
            self.delegations, self.who.pid, product=self.launch.product,
            people={each.pid: each for each in standings}, depth=self.launch.revision.policy.delegation_depth,
            now=self.now,
        )  # fmt: skip
        mine = next((each for each in found if each.principal == standings[0].pid), None)
        if mine is None:
            raise Declined(
                Code.DELEGATION, "That person has not let you sign for them now; ask them to hand it on."
            )
        return mine


Rule: TypeAlias = Callable[[Deciding], Sequence[Draft] | Course]


@dataclass(frozen=True, kw_only=True)  # without slots, for what is worked out once
class Decided:
    """Where a launch stands after a decision, and what the decision added."""

    launch: Launch
    found: Found
    now: datetime
    events: tuple[Event, ...]  # of this decision; of the first one where the request came again
    fresh: bool  # False: this request was answered before, and changed nothing now
    who: Standing | None = None  # who decided, where that was decided now
    together: "Decided | None" = None  # where it stands after all that was decided in the same transaction
    to_send: bool = True  # there is something to send to Slack
    _waits: dict[str, bool] = field(init=False, repr=False, compare=False, default_factory=dict)

    @cached_property
    def gate(self) -> Gate:
        """Say whether the launch may go out now."""
        return answer(self.launch, self.found.findings, self.now)

    def may_wait(self, item: str) -> bool:
        """Tell whether an item may wait for a signature; asked by everybody who decided together, worked out once."""
        if item not in self._waits:
            self._waits[item] = may_wait(self.launch, item, self.found.by_item, self.now)
        return self._waits[item]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What became of a request: decided, refused, or answered before."""

    decided: Decided | None = None
    refusal: Refusal | None = None
    again: bool = False
    cold: frozenset[str] = frozenset()  # ids of whom Slack has to be asked first; nothing is decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to decide.

    by       None for the clock, a name for a release system that its token let in
    key      names the request; the same one again gets the first one's answer
    attempt  what somebody tried, such as `sign LR-03`; with it, a refusal is written into the ledger, once a key
    showing  id of what somebody was shown, for rules that ask for it
    """

    snapshot: Snapshot
    launch: str = ""  # that of the showing where it is not said
    rule: Rule
    by: Person | Presser | str | None
    key: str = ""
    attempt: str = ""
    showing: str = ""

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace


def again(session: Session, services: Services, request: Request) -> Came:
    """Give the answer that the first copy of this request got."""
    came = stored.outcome(session, request.workspace, request.key)
    assert came is not None  # it is why we are here
    if came.refusal is not None and came.code is not None:
        return Came(refusal=Declined(Code(came.code), came.refusal))
    launch = folds.load(session, services.folds, known(session, request.workspace, came.launch))
    now = services.now()
    found = findings.found_in(session, services, request.snapshot, launch, now=now)
    events = _between(session, request.workspace, came)
    return Came(decided=Decided(launch=launch, found=found, now=now, events=events, fresh=False))


def _between(session: Session, workspace: str, came: Outcome) -> tuple[Event, ...]:
    if not came.first:
        return ()
    return ledger.events_since(session, workspace, after=came.first - 1, most=came.last - came.first + 1)


def known(session: Session, workspace: str, launch: str) -> Kept:
    """Give a launch's row; raises Refusal for one that is not there."""
    kept = stored.get(session, workspace, launch)
    if kept is None:
        names = stored.ids(session, workspace)
        works = nearest(launch, names, kind="launches") if names else "None has been opened yet."
        raise Refusal(f"There is no launch {quoted(launch)}. {works} `muster launches --all` lists them.")
    return kept


def need_settings(session: Session, snapshot: Snapshot) -> None:
    """Refuse to decide by settings that are not in force any more."""
    if workspaces.get(session, snapshot.workspace).revision != snapshot.revision:
        raise Refusal(CHANGED)


def identities_of(session: Session, workspace: str, who: Iterable[Person]) -> Mapping[str, Identity]:
    """Read what Slack says now of those on whom some people's word rests, in one question."""
    seen = [person.seen for person in who if person.seen is not None]
    ids = {id_ for each in seen for id_ in each.said}
    if not ids:
        return {}
    return identities.known(session, workspace, ids, since=min(each.since for each in seen))


def need_same(session: Session, workspace: str, person: Person) -> None:
    """Refuse somebody who is not what they were when they were looked up."""
    need_seen(person, identities_of(session, workspace, [person]))


def need_seen(person: Person, now: Mapping[str, Identity]) -> None:
    """Refuse somebody of whom Slack says something else now."""
    if person.seen is not None and not person.seen.holds(now):
        raise Refusal(PERSON_CHANGED)


def refused(
    session: Session, workspace: str, declined: Declined, *, who: Standing, attempt: str, key: str, now: datetime
) -> Declined:  # fmt: skip
    """Write down an attempt to decide that concerns no launch and was refused, and its answer for the next copy."""
    payload = {"what": attempt, "why": declined.code.value}
    draft = Draft(kind=EventKind.ATTEMPT_REFUSED, actor=who.pid, payload=payload)
    [event] = ledger.append(session, workspace, [draft], now=now)
    came = Outcome(
        launch="", first=event.seq, last=event.seq, code=declined.code.value, refusal=str(declined)
    )
    stored.note(session, workspace, [(key, came)], at=now)
    return declined


def standing_of(
    session: Session,
    snapshot: Snapshot,
    by: Person | Presser | str | None,
    *,
    pids: Mapping[str, str] | None = None,
) -> Standing:
    """Say who somebody is, by the pid that all accounts of theirs share.

    pids   those that are known already, by Slack user
    """
    if by is None or isinstance(by, str):
        return Standing(pid=by or SYSTEM)
    assert isinstance(by, Person)  # whoever pressed is somebody by now
    return replace(by.standing, pid=_pid(session, snapshot, by, pids or {}))


def _pid(session: Session, snapshot: Snapshot, by: Person, pids: Mapping[str, str]) -> str:
    accounts = snapshot.configuration.reviews.accounts(by.user)
    if len(accounts) > 1:
        return people.link(session, snapshot.workspace, dict.fromkeys(sorted(accounts), by.name))
    return pids.get(by.user) or people.pid_of(session, snapshot.workspace, by.user, name=by.name)
