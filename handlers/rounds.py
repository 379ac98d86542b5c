"""Rounds: what the clock does for launches that are under way; the database says what is due, so any process may do it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import chores, drawing, findings, folds, pulls, rosters, ticks
from handlers.deciding import known, need_settings
from handlers.pages import closed_period
from handlers.people import PAUSE_S
from handlers.readers import Directory
from handlers.reminders import REMIND, stands
from handlers.services import Services, Snapshot
from handlers.wakes import EVIDENCE
from integrations.store import due, launches
from integrations.store.engine import lock_workspace
from integrations.store.launches import Kept
from schema.due import Due, Taken
from schema.launches import State
from schema.turns import next_turn

TICK: Final = "launch_tick"  # of one launch: what time and evidence do to it
PULL: Final = "launch_pull"  # of one product: what its launches rest on is asked for
PEOPLE: Final = "launch_people"  # of one product: who holds its roles
ASKS: Final = frozenset({State.OPEN, State.BYPASSED})  # states in which somebody is reminded
EVERY: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(
    seconds=10
)  # beyond the time-out of a source, before a launch is checked without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What the clock needs to go round.

    holder   names this process
    every    how long a launch is left alone at most, and its sources and people
    """

    services: Services
    directory: Directory
    holder: str
    every: timedelta = EVERY
    pause_s: float = PAUSE_S  # between two small groups of look-ups

    async def plan(self, snapshot: Snapshot) -> None:
        """Write down what launches under way lack: a turn each, and one for what their products share."""
        planning = _Planning(services=self.services, snapshot=snapshot)
        wanted = await self.services.store.read(planning.wanted)
        if wanted:
            await self.services.store.write(lambda session: chores.put(session, wanted))

    async def tick_due(self, snapshot: Snapshot) -> int:
        """Write what time and evidence did to the launches whose turn it is; gives how many there were."""
        count = 0
        for kind, work in ((EVIDENCE, self._look), (TICK, self._tick)):
            while taken := await chores.do(
                self.services, partial(work, snapshot), kinds=[kind], holder=self.holder
            ):
                count += taken
        return count

    async def pull_due(self, snapshot: Snapshot) -> int:
        """Ask the sources of products with launches under way, and let these see the answers."""
        return await chores.do(
            self.services, partial(self._pull, snapshot), kinds=[PULL], holder=self.holder, limit=4,
            lease_s=2 * self.services.source_timeout_s + chores.LEASE_S,
        )  # fmt: skip

    async def people_due(self, snapshot: Snapshot) -> int:
        """Learn who holds the roles of products with launches under way."""
        return await chores.do(
            self.services, partial(self._learn, snapshot), kinds=[PEOPLE], holder=self.holder, limit=2,
            lease_s=900,
        )  # fmt: skip

    async def _tick(self, snapshot: Snapshot, taken: Taken) -> None:
        def act(session: Session) -> None:
            lock_workspace(session, snapshot.workspace)
            need_settings(session, snapshot)
            ticks.settle(session, self.services, snapshot, known(session, snapshot.workspace, taken.work.key))
            self._again(session, snapshot, taken)

        await self.services.store.write(act)

    def _again(self, session: Session, snapshot: Snapshot, taken: Taken) -> None:
        """Write down when a launch has its next turn."""
        now = self.services.now()
        kept = known(session, snapshot.workspace, taken.work.key)
        launch = folds.load(session, self.services.folds, kept)
        found = findings.found_in(session, self.services, snapshot, launch, now=now)
        at = next_turn(launch, found.until, now, every=self.every)
        chores.done(session, taken, now=now, next_at=at, seq=kept.seq)

    async def _look(self, snapshot: Snapshot, taken: Taken) -> None:
        def act(session: Session) -> None:
            lock_workspace(session, snapshot.workspace)
            need_settings(session, snapshot)
            ticks.settle_product(session, self.services, snapshot, str(taken.work.payload["product"]))
            chores.done(session, taken, now=self.services.now())

        await self.services.store.write(act)

    async def _pull(self, snapshot: Snapshot, taken: Taken) -> None:
        """Ask the sources of one product; one that is dead costs only what rests on it."""
        key = taken.work.key
        product = snapshot.configuration.products.get(key)
        if product is not None and product.metrics:
            period = closed_period(product, self.services.now())
            async with self.services.alone(snapshot.workspace, key, period):
                await pulls.pull(self.services, snapshot, product, period=period)

        def act(session: Session) -> None:
            lock_workspace(session, snapshot.workspace)
            need_settings(session, snapshot)
            ticks.settle_product(session, self.services, snapshot, key)
            self._go_on(session, snapshot, taken)

        await self.services.store.write(act)

    async def _learn(self, snapshot: Snapshot, taken: Taken) -> None:
        product = snapshot.configuration.products.get(taken.work.key)
        if product is not None:
            await rosters.learn(self.services, self.directory, snapshot, product, pause_s=self.pause_s)
        await self.services.store.write(lambda session: self._go_on(session, snapshot, taken))

    def _go_on(self, session: Session, snapshot: Snapshot, taken: Taken) -> None:
        """Do it again after a while, as long as a launch of the product is under way."""
        now = self.services.now()
        more = launches.going(session, snapshot.workspace, product=taken.work.key)
        chores.done(session, taken, now=now, next_at=now + self.every if more else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planning:
    """What is planned, against what is under way."""

    services: Services
    snapshot: Snapshot

    def wanted(self, session: Session) -> list[Due]:
        workspace = self.snapshot.workspace
        going = launches.going(session, workspace)
        kinds = (TICK, PULL, PEOPLE, REMIND) if going else ()
        planned = {
            (kind, work.key): work for kind in kinds for work in due.planned(session, workspace, kind=kind)
        }
        return [work for kept in going for work in self._of(kept, planned)]

    def _of(self, kept: Kept, planned: Mapping[tuple[str, str], Due]) -> Iterator[Due]:
        tick = planned.get((TICK, kept.id))
        product = self.snapshot.configuration.products.get(kept.product)
        pulls_first = kept.state is State.CHECKING and product is not None and bool(product.metrics)
        if tick is None:
            patience = timedelta(seconds=self.services.source_timeout_s) + PATIENCE
            yield self._due(TICK, kept.id, patience if pulls_first else timedelta(0), seq=kept.seq)
        elif tick.payload.get("seq") != kept.seq:
            yield self._due(TICK, kept.id, seq=kept.seq)
        for kind in (PULL, PEOPLE):
            if (kind, kept.product) not in planned or tick is None:  # a launch that opens waits for no timer
                yield self._due(kind, kept.product)
        if kept.state in ASKS:
            yield from self._reminder(kept, planned.get((REMIND, kept.id)))

    def _reminder(self, kept: Kept, planned: Due | None) -> Iterator[Due]:
        if planned is None:
            yield self._due(REMIND, kept.id)
        elif planned.due_at > self.services.now() and any(
            planned.payload.get(name) != value for name, value in stands(kept).items()
        ):
            yield self._due(REMIND, kept.id, **planned.payload)

    def _due(self, kind: str, key: str, after: timedelta = timedelta(0), **payload: object) -> Due:
        due_at = self.services.now() + after
        return Due(workspace=self.snapshot.workspace, kind=kind, key=key, due_at=due_at, payload=payload)


async def redraw(services: Services, snapshot: Snapshot) -> int:
    """Show the launches under way as they stand, as after a start; what shows that already costs no request."""
    going = await services.store.read(lambda session: launches.going(session, snapshot.workspace))
    for kept in going:
        await services.store.write(partial(_redraw, services=services, snapshot=snapshot, id=kept.id))
    return len(going)


def _redraw(session: Session, *, services: Services, snapshot: Snapshot, id: str) -> None:
    lock_workspace(session, snapshot.workspace)
    kept = known(session, snapshot.workspace, id)
    now = services.now()
    launch = folds.load(session, services.folds, kept)
    found = findings.found_in(session, services, snapshot, launch, now=now)
    drawing.draw(session, snapshot, kept, launch=launch, found=found, now=now)
