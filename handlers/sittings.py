"""Sittings: all requests that wait for one workspace, decided in their order and stored by one transaction.

What a thousand people do within a second costs a few statements for all who waited together. Rules are pure, so one
that refuses leaves nothing behind but its own entry, and no request needs a savepoint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from handlers import drawing, findings, folds
from handlers.deciding import (
    CHANGED,
    Came,
    Decided,
    Deciding,
    Person,
    Presser,
    Request,
    identities_of,
    known,
    need_seen,
    standing_of,
)
from handlers.findings import Found
from handlers.people import Asked, Cold, Known, holding, may_know, standing_in
from handlers.services import Services, Snapshot
from integrations.store import identities, ledger, people, showings, texts, workspaces
from integrations.store import launches as stored
from integrations.store.engine import lock_workspace
from integrations.store.identities import Identity
from integrations.store.launches import Kept, Outcome
from integrations.store.showings import Binding
from schema.attempts import Declined
from schema.errors import Refusal
from schema.following import Course
from schema.histories import after
from schema.launches import EventKind, Launch
from schema.ledger import SYSTEM, Draft, Event
from schema.policies import Standing
from schema.products import Role


@dataclass(slots=True, kw_only=True)
class _Table:
    """One launch in a sitting: how it came in, and how it stands after what was decided so far."""

    kept: Kept
    snapshot: Snapshot
    before: Launch
    launch: Launch
    found: Found
    crowd: Known | None = None  # those who pressed and the groups of the product, once somebody is looked up
    held: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    to_send: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What one request came to before its events have their places."""

    request: Request
    launch: Launch
    found: Found
    who: Standing
    first: int  # its drafts, counted in the sitting
    last: int
    refused: Declined | None = None


@dataclass(slots=True, kw_only=True)
class Sitting:
    """One transaction's work."""

    session: Session
    services: Services
    workspace: str
    now: datetime
    settings: int  # revision of the configuration that is in force
    head: int  # seq of the newest event before
    pids: dict[str, str]  # by Slack user
    said: Mapping[str, Identity]  # by Slack of those who decide
    pressers: Sequence[Presser]
    shown: Mapping[str, Binding]
    answered: set[str]  # keys
    tables: dict[str, _Table] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)

    def hear(self, request: Request) -> Came | _Made:
        """Decide one request; what it adds is stored at the end."""
        if request.key and request.key in self.answered:
            return Came(again=True)
        try:
            launch = self._launch_of(request)
            if request.snapshot.revision != self.settings:
                raise Refusal(CHANGED)
            if isinstance(request.by, Person):
                need_seen(request.by, self.said)
            table = self._table(launch, request.snapshot)
            by = self._recognised(request.by, table) if isinstance(request.by, Presser) else request.by
            request = replace(request, launch=launch, by=by)
        except Refusal as refusal:
            return Came(refusal=refusal)
        except Cold as cold:
            return Came(cold=cold.ids)
        self.answered.add(request.key)
        return self._decided(request, table, self._deciding(request, table))

    def _launch_of(self, request: Request) -> str:
        """Name the launch; that of the showing where the request names none."""
        if request.launch:
            return request.launch
        shown = self.shown.get(request.showing)
        if shown is None:
            raise Refusal("What you were shown is not known here any more; open the items again.")
        return shown.launch

    def _table(self, id: str, snapshot: Snapshot) -> _Table:
        table = self.tables.get(id)
        if table is None:
            kept = known(self.session, self.workspace, id)
            launch = folds.load(self.session, self.services.folds, kept)
            found = findings.found_in(self.session, self.services, snapshot, launch, now=self.now)
            table = _Table(kept=kept, snapshot=snapshot, before=launch, launch=launch, found=found)
            self.tables[id] = table
        return table

    def _recognised(self, presser: Presser, table: _Table) -> Person:
        """Say who pressed; raises Cold for whom Slack has to be asked."""
        product = table.snapshot.product(table.kept.product)
        asked = Asked(workspace=self.workspace, product=product, users=frozenset({presser.user}))
        if table.crowd is None:
            everybody = asked.ids.union(each.user for each in self.pressers)
            since = max(each.since for each in self.pressers)
            said = identities.known(self.session, self.workspace, everybody, since=since)
            table.crowd = Known(said=said)
            table.held = holding(table.crowd, product)
        if missing := asked.ids - table.crowd.said.keys():
            raise Cold(missing)
        admins = table.snapshot.configuration.reviews.admins
        who = standing_in(table.crowd, product, presser.user, held=table.held, admins=admins)
        if not may_know(product, who):
            raise Refusal(presser.unknown)
        return Person(user=presser.user, name=table.crowd.name(presser.user), standing=who)

    def _deciding(self, request: Request, table: _Table) -> Deciding:
        return Deciding(
            launch=self._numbered(table.launch),
            found=table.found,
            now=self.now,
            who=standing_of(self.session, request.snapshot, request.by, pids=self.pids),
            session=self.session,
            snapshot=request.snapshot,
            showing=self.shown.get(request.showing) if request.showing else None,
        )

    def _decided(self, request: Request, table: _Table, deciding: Deciding) -> Came | _Made:
        first = len(self.drafts)
        try:
            self._add(table, request.rule(deciding))
        except Refusal as refusal:
            for id_ in deciding.kept:
                texts.erase(self.session, self.workspace, id_)
            return self._declined(request, table, deciding.who, refusal)
        return self._made(request, table, deciding.who, first=first)

    def _declined(self, request: Request, table: _Table, who: Standing, refusal: Refusal) -> Came | _Made:
        """Write down an attempt to decide that was refused; anything else is only said."""
        attempted = request.attempt and request.key and who.pid != SYSTEM
        if not attempted or not isinstance(refusal, Declined):
            return Came(refusal=refusal)
        first = len(self.drafts)
        self._add(table, [_refused(request, who.pid, refusal)])
        return self._made(request, table, who, first=first, refused=refusal)

    def _made(
        self, request: Request, table: _Table, who: Standing, *, first: int, refused: Declined | None = None
    ) -> _Made:
        return _Made(
            request=request, launch=table.launch, found=table.found, who=who, first=first, last=len(self.drafts),
            refused=refused,
        )  # fmt: skip

    def together(self) -> Mapping[str, Decided]:
        """Say where each launch stands in the end."""
        return {
            id_: Decided(
                launch=each.launch,
                found=each.found,
                now=self.now,
                events=(),
                fresh=True,
                to_send=each.to_send,
            )
            for id_, each in self.tables.items()
        }

    def _numbered(self, launch: Launch) -> Launch:
        """Let the next event of a launch have the place that it is going to have."""
        newest = self.head + len(self.drafts)
        return launch if launch.seq == newest else replace(launch, seq=newest)

    def _add(self, table: _Table, decided: Sequence[Draft] | Course) -> None:
        """Let a launch go on as it will be, its events numbered as they are going to be."""
        if not isinstance(decided, Course):
            then = after(self._numbered(table.launch), decided, self.now)
            assert then is not None
            decided = Course(tuple(decided), then)
        if not decided.drafts:
            return
        before = table.launch.revision
        table.launch = decided.then
        if findings.others(table.launch, before.specs, before.unseparated):
            table.found = findings.found_in(
                self.session, self.services, table.snapshot, table.launch, now=self.now
            )
        self.drafts += decided.drafts

    def store(self) -> tuple[Event, ...]:
        """Add all events, and leave every launch's row and card as they say."""
        events = ledger.append(self.session, self.workspace, self.drafts, now=self.now)
        newest = {event.launch: event for event in events}
        for id_, table in self.tables.items():
            if id_ in newest:
                assert newest[id_].seq == table.launch.seq
                folds.put(self.services.folds, newest[id_].hash, table.launch)
                stored.move(self.session, self.workspace, launch=table.launch, newest=newest[id_])
        return events


def _refused(request: Request, pid: str, declined: Declined) -> Draft:
    payload = {"what": request.attempt, "why": declined.code.value}
    return Draft(kind=EventKind.ATTEMPT_REFUSED, launch=request.launch, actor=pid, payload=payload)


def sit(session: Session, services: Services, together: Sequence[Request]) -> list[Came]:
    """Decide requests of one workspace in one transaction; gives what each came to."""
    workspace = together[0].workspace
    lock_workspace(session, workspace)
    who = [request.by for request in together if isinstance(request.by, Person)]
    pressers = [request.by for request in together if isinstance(request.by, Presser)]
    users = {each.user for each in who} | {each.user for each in pressers}
    sitting = Sitting(
        session=session,
        services=services,
        workspace=workspace,
        now=services.now(),
        settings=workspaces.get(session, workspace).revision,
        head=ledger.head(session, workspace).seq,
        pids=people.pids_of(session, workspace, users) if users else {},
        said=identities_of(session, workspace, who),
        pressers=pressers,
        shown=showings.bindings(
            session, workspace, [request.showing for request in together if request.showing]
        ),
        answered=stored.answered(session, workspace, [request.key for request in together if request.key]),
    )
    heard = [sitting.hear(request) for request in together]
    events = sitting.store()
    made = [each for each in heard if isinstance(each, _Made)]
    stored.note(
        session, workspace, [_outcome(each, events) for each in made if each.request.key], at=sitting.now
    )
    for table in sitting.tables.values():
        if table.launch is not table.before:
            table.to_send = drawing.after(
                session, table.snapshot, kept=table.kept, before=table.before, launch=table.launch, found=table.found,
                now=sitting.now,
            )  # fmt: skip
    stands = sitting.together()
    return [_came(each, events, stands) if isinstance(each, _Made) else each for each in heard]


def _outcome(made: _Made, events: Sequence[Event]) -> tuple[str, Outcome]:
    mine = events[made.first : made.last]
    return made.request.key, Outcome(
        launch=made.request.launch,
        first=mine[0].seq if mine else 0,
        last=mine[-1].seq if mine else 0,
        code=made.refused.code if made.refused else None,
        refusal=str(made.refused) if made.refused else None,
    )


def _came(made: _Made, events: Sequence[Event], stands: Mapping[str, Decided]) -> Came:
    if made.refused is not None:
        return Came(refusal=made.refused)
    mine = tuple(events[made.first : made.last])
    together = stands[made.request.launch]
    return Came(
        decided=Decided(
            launch=made.launch, found=made.found, now=together.now, events=mine, fresh=True, who=made.who,
            together=together, to_send=together.to_send,
        )
    )  # fmt: skip
