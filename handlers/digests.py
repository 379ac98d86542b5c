"""Digests by schedule: planned ahead in the database, prepared before they are due, and handed to the sender."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from handlers import deliveries, standups
from handlers.deliveries import Owed
from handlers.pages import closed_period
from handlers.services import Services, Snapshot
from integrations.store import due
from schema.deliveries import Delivery
from schema.due import Due, Taken
from schema.errors import Refusal
from schema.products import Product
from schema.schedules import standup_schedule

log = logging.getLogger(__name__)

PREPARE = "prepare_standup"
CATCH_UP = timedelta(hours=24)  # later than this a digest is missed, not late
LEASE_S = 120.0  # of one preparation: sources may be slow


async def plan_ahead(services: Services, snapshot: Snapshot, *, prepare_before_s: float) -> None:
    """Write down the next digest of every product, and drop what a changed schedule no longer wants."""
    now = services.now()
    wanted = {
        work.key: work
        for product in snapshot.configuration.products.values()
        if (work := _next(snapshot.workspace, product, now, timedelta(seconds=prepare_before_s))) is not None
    }

    def write(session: Session) -> None:
        for planned in due.planned(session, snapshot.workspace, kind=PREPARE):
            if planned.key not in wanted and planned.due_at > now:
                due.drop(
                    session, snapshot.workspace, PREPARE, planned.key, now=now, reason="the schedule changed"
                )
        for work in wanted.values():
            due.plan(session, work)

    await services.store.write(write)


def _next(workspace: str, product: Product, now: datetime, before: timedelta) -> Due | None:
    schedule = standup_schedule(product)
    if schedule is None or product.channel is None:
        return None
    at = schedule.next_after(now)
    return Due(
        workspace=workspace,
        kind=PREPARE,
        key=f"{product.key}.{at.isoformat()}",
        due_at=at - before,
        window_end=at + CATCH_UP,
        payload={"product": product.key, "at": at.isoformat()},
    )


async def prepare_due(services: Services, snapshot: Snapshot, *, holder: str) -> int:
    """Prepare what is due to be prepared; one that goes wrong is tried again and does not stop the others."""
    now = services.now()
    taken = await services.store.write(
        lambda session: due.take_due(session, now, holder=holder, lease_s=LEASE_S, kinds={PREPARE}, limit=4)
    )
    for work in taken:
        await _prepare_one(services, snapshot, work)
    return len(taken)


async def _prepare_one(services: Services, snapshot: Snapshot, taken: Taken) -> None:
    try:
        product = snapshot.product(str(taken.work.payload["product"]))
        at = datetime.fromisoformat(str(taken.work.payload["at"]))
        await prepare(services, snapshot, product, at=at)
    except Refusal as refusal:
        reason = str(refusal)
        await services.store.write(
            lambda session: due.fail(session, taken, now=services.now(), reason=reason, again_at=None)
        )
        return
    await services.store.write(lambda session: due.finish(session, taken, now=services.now()))


async def prepare(services: Services, snapshot: Snapshot, product: Product, *, at: datetime) -> Delivery:
    """Plan what a product owes its channel at a time, and freeze its parts; what is frozen already stays as it is."""
    wanted = standups.owed(product, closed_period(product, at), at)
    delivery, _ = await deliveries.plan(services.store, snapshot.workspace, wanted)
    await standups.prepare(services, snapshot, product, delivery)
    log.info("digest_prepared", extra={"product": product.key, "delivery": delivery.id})
    return delivery


def expected(snapshot: Snapshot, *, since: datetime, until: datetime) -> list[Owed]:
    """List what should have been posted in a span, for the watcher."""
    found: list[Owed] = []
    for product in snapshot.configuration.products.values():
        schedule = standup_schedule(product)
        if schedule is None or product.channel is None:
            continue
        for at in schedule.after(since):
            if at > until:
                break
            found.append(standups.owed(product, closed_period(product, at), at))
    return found
