"""Deciding about a launch: one transaction holds the answer, the events, where the launch stands and what people see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from handlers import drawing, findings, folds
from handlers.findings import Found
from handlers.services import Services, Snapshot
from integrations.store import launches as stored
from integrations.store import ledger, people, texts, workspaces
from integrations.store.engine import lock_workspace
from integrations.store.launches import Kept, Outcome
from schema.attempts import Code, Declined
from schema.delegations import Authority, Delegation, authorities, fold_delegations
from schema.errors import Refusal
from schema.gates import Gate, answer
from schema.launches import EventKind, Launch
from schema.ledger import SYSTEM, Draft, Event
from schema.policies import Standing
from schema.ticks import tick

CHANGED: Final = "The settings of this workspace changed a moment ago; press again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who acts, as Slack knows them right now."""

    user: str
    name: str
    standing: Standing  # its pid is filled in by the store


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
        return fold_delegations(ledger.events_of(self.session, self.snapshot.workspace, ""))

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


Rule: TypeAlias = Callable[[Deciding], Sequence[Draft]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Where a launch stands after a decision, and what the decision added."""

    launch: Launch
    found: Found
    now: datetime
    events: tuple[Event, ...]  # of this decision; of the first one where the request came again
    fresh: bool  # False: this request was answered before, and changed nothing now

    @property
    def gate(self) -> Gate:
        """Say whether the launch may go out now."""
        return answer(self.launch, self.found.findings, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """What a transaction did: decided, or refused and wrote that down."""

    decided: Decided | None = None
    refusal: Refusal | None = None


class Seen(Exception):  # noqa: N818 - it says what is so
    """This request was decided already; nothing of this transaction may stay."""


async def decide(
    services: Services,
    snapshot: Snapshot,
    launch_id: str,
    rule: Rule,
    *,
    by: Person | str | None,
    key: str = "",
    attempt: str = "",
) -> Decided:
    """Decide in one transaction: answered after the commit, and once a key.

    by       None for the clock, a name for a release system that its token let in
    key      names the request; the same one again gets the first one's answer
    attempt  what somebody tried, such as `sign LR-03`; with it, a refusal is written into the ledger, once a key
    """
    asked = _Asked(
        services=services, snapshot=snapshot, launch=launch_id, rule=rule, by=by, key=key, attempt=attempt
    )
    try:
        came = await services.store.write(asked.act)
    except Seen:
        came = await services.store.read(asked.again)
    if came.refusal is not None:
        raise came.refusal
    assert came.decided is not None  # it is one or the other
    return came.decided


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request to decide."""

    services: Services
    snapshot: Snapshot
    launch: str
    rule: Rule
    by: Person | str | None
    key: str
    attempt: str

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace

    def act(self, session: Session) -> _Came:
        lock_workspace(session, self.workspace)
        kept = known(session, self.workspace, self.launch)
        need_settings(session, self.snapshot)
        deciding = self._deciding(session, kept)
        try:
            drafts = tuple(self.rule(deciding))
        except Declined as declined:
            return self._refused(session, deciding, declined)
        return _Came(decided=self._accepted(session, kept, deciding, drafts))

    def _deciding(self, session: Session, kept: Kept) -> Deciding:
        now = self.services.now()
        launch = folds.load(session, self.services.folds, kept)
        return Deciding(
            launch=launch,
            found=findings.found_in(session, self.services, self.snapshot, launch, now=now),
            now=now,
            who=standing_of(session, self.snapshot, self.by),
            session=session,
            snapshot=self.snapshot,
        )

    def _accepted(self, session: Session, kept: Kept, deciding: Deciding, drafts: Sequence[Draft]) -> Decided:
        events = ledger.append(session, self.workspace, drafts, now=deciding.now)
        self._remember(session, events, now=deciding.now)
        launch = folds.grown(self.services.folds, deciding.launch, events)
        decided = Decided(launch=launch, found=deciding.found, now=deciding.now, events=events, fresh=True)
        mine = [event for event in events if event.launch == launch.id]
        if mine:
            stored.move(session, self.workspace, launch=launch, newest=mine[-1])
            drawing.after(
                session, self.snapshot, kept=kept, before=deciding.launch, launch=launch, found=deciding.found,
                now=deciding.now,
            )  # fmt: skip
        return decided

    def _remember(
        self, session: Session, events: Sequence[Event], *, now: datetime, refused: Declined | None = None
    ) -> None:
        if not self.key:
            return
        came = Outcome(
            launch=self.launch,
            first=events[0].seq if events else 0,
            last=events[-1].seq if events else 0,
            code=refused.code if refused else None,
            refusal=str(refused) if refused else None,
        )
        if not stored.first_time(session, self.workspace, self.key, came=came, at=now):
            raise Seen

    def _refused(self, session: Session, deciding: Deciding, declined: Declined) -> _Came:
        for id_ in deciding.kept:
            texts.erase(session, self.workspace, id_)
        if not self.attempt or not self.key or deciding.who.pid == SYSTEM:
            return _Came(refusal=declined)
        if stored.outcome(session, self.workspace, self.key) is not None:
            raise Seen  # what it was refused for now may be what it did before
        payload = {"what": self.attempt, "why": declined.code.value}
        draft = Draft(
            kind=EventKind.ATTEMPT_REFUSED, launch=self.launch, actor=deciding.who.pid, payload=payload
        )
        events = ledger.append(session, self.workspace, [draft], now=deciding.now)
        self._remember(session, events, now=deciding.now, refused=declined)
        launch = folds.grown(self.services.folds, deciding.launch, events)
        stored.move(session, self.workspace, launch=launch, newest=events[-1])
        return _Came(refusal=declined)

    def again(self, session: Session) -> _Came:
        """Give the answer that the first copy of this request got."""
        came = stored.outcome(session, self.workspace, self.key)
        assert came is not None  # it is why we are here
        if came.refusal is not None and came.code is not None:
            return _Came(refusal=Declined(Code(came.code), came.refusal))
        kept = known(session, self.workspace, self.launch)
        now = self.services.now()
        launch = folds.load(session, self.services.folds, kept)
        found = findings.found_in(session, self.services, self.snapshot, launch, now=now)
        events = ledger.events_since(
            session, self.workspace, after=came.first - 1, most=came.last - came.first + 1
        )
        mine = events if came.first else ()
        return _Came(decided=Decided(launch=launch, found=found, now=now, events=mine, fresh=False))


def known(session: Session, workspace: str, launch: str) -> Kept:
    """Give a launch's row; raises Refusal for one that is not there."""
    kept = stored.get(session, workspace, launch)
    if kept is None:
        raise Refusal(f"There is no launch “{launch}”; type `/muster reviews` to see those that are open.")
    return kept


def need_settings(session: Session, snapshot: Snapshot) -> None:
    """Refuse to decide by settings that are not in force any more."""
    if workspaces.get(session, snapshot.workspace).revision != snapshot.revision:
        raise Refusal(CHANGED)


def standing_of(session: Session, snapshot: Snapshot, by: Person | str | None) -> Standing:
    """Say who somebody is, by the pid that all accounts of theirs share."""
    if by is None or isinstance(by, str):
        return Standing(pid=by or SYSTEM)
    accounts = snapshot.configuration.reviews.accounts(by.user)
    if len(accounts) == 1:
        pid = people.pid_of(session, snapshot.workspace, by.user, name=by.name)
    else:
        pid = people.link(session, snapshot.workspace, dict.fromkeys(sorted(accounts), by.name))
    return replace(by.standing, pid=pid)


def settle(session: Session, services: Services, snapshot: Snapshot, kept: Kept) -> tuple[Event, ...]:
    """Write what time and evidence do to a launch by themselves; nothing where that was written before."""
    now = services.now()
    launch = folds.load(session, services.folds, kept)
    found = findings.found_in(session, services, snapshot, launch, now=now)
    events = ledger.append(session, snapshot.workspace, tick(launch, found.findings, now), now=now)
    if events:
        then = folds.grown(services.folds, launch, events)
        stored.move(session, snapshot.workspace, launch=then, newest=events[-1])
        drawing.after(session, snapshot, kept=kept, before=launch, launch=then, found=found, now=now)
    return events


def settle_product(session: Session, services: Services, snapshot: Snapshot, product: str) -> None:
    """Let the launches of a product that have not ended see that its evidence changed."""
    for kept in stored.going(session, snapshot.workspace, product=product):
        settle(session, services, snapshot, kept)


async def tick_launch(services: Services, snapshot: Snapshot, launch: str) -> tuple[Event, ...]:
    """Write what time and evidence did to one launch; safe to call at any time, by any number of processes."""

    def act(session: Session) -> tuple[Event, ...]:
        lock_workspace(session, snapshot.workspace)
        need_settings(session, snapshot)
        return settle(session, services, snapshot, known(session, snapshot.workspace, launch))

    return await services.store.write(act)
