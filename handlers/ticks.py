"""What the clock and the evidence do to launches by themselves."""

from sqlalchemy.orm import Session

from handlers import drawing, findings, folds, watches
from handlers.deciding import known, need_settings
from handlers.services import Services, Snapshot
from integrations.store import launches as stored
from integrations.store import ledger
from integrations.store.engine import lock_workspace
from integrations.store.launches import Kept
from schema.launches import State
from schema.ledger import Event
from schema.ticks import tick


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
        watches.after(session, snapshot, kept=kept, launch=then, events=events, now=now)
    elif launch.state not in (State.DRAFT, State.CHECKING):  # what time alone changed stands in no event
        drawing.draw(session, snapshot, kept, launch=launch, found=found, now=now)
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
