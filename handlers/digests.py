"""Digests by schedule: planned ahead in the database, prepared before they are due, and handed to the sender."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from handlers import corrections, deliveries, doubles, outbox, standups
from handlers.deliveries import Owed
from handlers.pages import closed_period
from handlers.pulls import pull
from handlers.services import Services, Snapshot
from handlers.standups import PREPARE
from handlers.views.text import escape
from integrations.store import deliveries as stored
from integrations.store import due
from schema.deliveries import Delivery, DeliveryState
from schema.due import Due, Taken
from schema.errors import Refusal
from schema.products import Product
from schema.schedules import posted_at, standup_schedule

log = logging.getLogger(__name__)

PULL_AGAIN = "pull_again"
DAYS_AGAIN = 7  # DESIGN.md 4, Pull
AT_ONCE = 4
LOOK_AGAIN_S = 1.0  # for new work, while some is under way
MOST_ATTEMPTS = 5
TRY_AGAIN = timedelta(seconds=30)
FAULT = (
    "I could not prepare the standup of {title}: there is a fault in me, and the log says which. "
    "Type `/muster standup` with `now` in its channel to try again."
)
TOLD = "This week was told already, before the product changed its time zone."
UNWANTED = "Its schedule was changed, and does not want it."
CATCH_UP = timedelta(hours=24)  # later than this a digest is missed, not late
COMPOSED_WITHIN = timedelta(seconds=15)  # by a language model, what somebody asked for and waits for
CLOCKS_APART = timedelta(seconds=10)  # of two processes: what one owes at once is not yet due for the other
LEASE_S = 15.0  # of one preparation; held on to while it goes on, because sources may be slow


async def plan_ahead(services: Services, snapshot: Snapshot, *, prepare_before_s: float) -> None:
    """Write down every digest of the next weeks, and drop what a changed schedule no longer wants.

    So that a process that was down for weeks finds each of those that it missed.
    """
    now, before = services.now(), timedelta(seconds=prepare_before_s)
    wanted = {
        work.key: work
        for product in snapshot.configuration.products.values()
        for work in _coming(snapshot.workspace, product, now, before)
    }

    def write(session: Session) -> None:
        known = due.planned(session, snapshot.workspace, kind=PREPARE)
        for planned in known:
            asked_for = "delivery" in planned.payload  # no schedule wanted it
            if planned.key not in wanted and planned.due_at > now and not asked_for:
                due.drop(
                    session, snapshot.workspace, PREPARE, planned.key, now=now, reason="the schedule changed"
                )
        for key in wanted.keys() - {planned.key for planned in known}:
            due.plan(session, wanted[key])
        _follow(session, snapshot, now)

    await services.store.write(write)


def _coming(workspace: str, product: Product, now: datetime, before: timedelta) -> Iterator[Due]:
    schedule = standup_schedule(product)
    if schedule is None or product.channel is None:
        return
    for found in schedule.ahead(now):
        yield Due(
            workspace=workspace,
            kind=PREPARE,
            key=f"{product.key}.{found.at.isoformat()}.{product.channel}",
            due_at=found.at - before,
            window_end=found.at + CATCH_UP,
            payload={"product": product.key, "at": found.at.isoformat(), "channel": product.channel},
        )


def _follow(session: Session, snapshot: Snapshot, now: datetime) -> None:
    """Move what is prepared for a coming time to where a changed schedule wants it, so that it is posted once."""
    for delivery in stored.waiting(
        session, snapshot.workspace, kind=standups.KIND, after=now + CLOCKS_APART, given_up=UNWANTED
    ):
        product = snapshot.configuration.products.get(delivery.product)
        if product is None or product.channel != delivery.channel:
            continue  # the sender says why it is not posted
        at = posted_at(product, delivery.period)
        if delivery.state is DeliveryState.SKIPPED:
            if at is not None and at > now:
                stored.replan(session, snapshot.workspace, delivery.id, due_at=at)
        elif at is None:
            stored.skip(session, snapshot.workspace, delivery.id, reason=UNWANTED)
        elif at != delivery.due_at and at > now:
            stored.postpone(session, snapshot.workspace, delivery.id, due_at=at)


async def prepare_due(services: Services, snapshot: Snapshot, *, holder: str) -> int:
    """Prepare what is due to be prepared; one that goes wrong is tried again and does not stop the others.

    raises   ExceptionGroup of the defects, once all are through
    """
    return await _Pool(services, snapshot, holder).run()


class _Pool:
    """Works on a few at once and takes the next as soon as one ends, so that a slow source holds up only its own."""

    def __init__(self, services: Services, snapshot: Snapshot, holder: str) -> None:
        self._services = services
        self._snapshot = snapshot
        self._holder = holder
        self._running: dict[asyncio.Task[None], Taken] = {}
        self._count = 0
        self._defects: list[Exception] = []
        self._held_at = services.now()

    async def run(self) -> int:
        try:
            await self._take()
            while self._running:
                await self._some_done()
                await self._hold_on()
                await self._take()
        finally:
            await self._stop()
        if self._defects:
            message = "some digests could not be prepared"
            raise ExceptionGroup(message, self._defects)
        return self._count

    async def _take(self) -> None:
        """Start what is due: digests first, and one place is always theirs."""
        now, free = self._services.now(), AT_ONCE - len(self._running)

        def take(session: Session) -> list[Taken]:
            taken: list[Taken] = []
            for kind, places in ((PREPARE, free), (PULL_AGAIN, free - 1)):
                limit = places - len(taken)
                if limit > 0:
                    taken += due.take_due(
                        session, now, holder=self._holder, lease_s=LEASE_S, kinds=[kind], limit=limit
                    )
            return taken

        for each in await self._services.store.write(take) if free else []:
            work = asyncio.create_task(_work(self._services, self._snapshot, each), name="muster-prepare")
            self._running[work] = each
            self._count += 1

    async def _hold_on(self) -> None:
        """Keep others from what is under way; what a process that died had in hand is soon anybody's."""
        now = self._services.now()
        if self._running and now - self._held_at > timedelta(seconds=LEASE_S / 3):
            held, self._held_at = list(self._running.values()), now
            await self._services.store.write(
                lambda session: [due.renew(session, each, now=now, lease_s=LEASE_S) for each in held]
            )

    async def _some_done(self) -> None:
        done, _ = await asyncio.wait(self._running, timeout=LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            taken = self._running.pop(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                self._defects.append(error)
                await _went_wrong(self._services, self._snapshot, taken)

    async def _stop(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)


async def _work(services: Services, snapshot: Snapshot, taken: Taken) -> None:
    try:
        product = snapshot.product(str(taken.work.payload["product"]))
        at = datetime.fromisoformat(str(taken.work.payload["at"]))
        if "delivery" in taken.work.payload:
            await _prepare_asked(services, snapshot, product, str(taken.work.payload["delivery"]))
        elif taken.work.kind == PREPARE:
            await prepare(services, snapshot, product, at=at)
        else:
            await _pull_once_more(services, snapshot, product, at=at)
    except Refusal as refusal:
        await _refused(services, taken, str(refusal))
        return
    await services.store.write(lambda session: due.finish(session, taken, now=services.now()))


async def _pull_once_more(services: Services, snapshot: Snapshot, product: Product, *, at: datetime) -> None:
    """Ask the sources again, and correct what was posted; a restatement that another pull saw is corrected too."""
    period = closed_period(product, at)
    await pull(services, snapshot, product, period=period)
    await corrections.correct(services, snapshot, product, period)


async def _prepare_asked(services: Services, snapshot: Snapshot, product: Product, id: str) -> None:
    """Prepare the delivery that somebody asked for; what is prepared already stays as it is."""
    delivery = await services.store.read(lambda session: stored.get(session, snapshot.workspace, id))
    until = services.now() + COMPOSED_WITHIN
    await standups.prepare(services, snapshot, product, delivery, until=max(delivery.due_at, until))
    await services.store.write(lambda session: _look_after(session, product, delivery, at=delivery.due_at))
    log.info("digest_prepared", extra={"product": product.key, "delivery": id})


async def _refused(services: Services, taken: Taken, reason: str) -> None:
    """Give up what cannot be done, and tell the person who asked for it."""
    now, by = services.now(), str(taken.work.payload.get("by") or "")

    def note(session: Session) -> None:
        if due.fail(session, taken, now=now, reason=reason, again_at=None) and by:
            outbox.tell(session, taken.work.workspace, users=[by], text=escape(reason), now=now)

    await services.store.write(note)


async def _went_wrong(services: Services, snapshot: Snapshot, taken: Taken) -> None:
    """Give the work back for later; the last time, tell the product's owners what to do."""
    now, last = services.now(), taken.attempt >= MOST_ATTEMPTS
    again = None if last else now + TRY_AGAIN * taken.attempt
    product = snapshot.configuration.products.get(str(taken.work.payload["product"]))

    def note(session: Session) -> None:
        held = due.fail(session, taken, now=now, reason="a fault in Muster", again_at=again)
        if held and last and product is not None and taken.work.kind == PREPARE:
            users = (product.owner, product.backup_owner)
            outbox.tell(
                session,
                snapshot.workspace,
                users=users,
                text=FAULT.format(title=escape(product.title)),
                now=now,
            )

    await services.store.write(note)


async def prepare(services: Services, snapshot: Snapshot, product: Product, *, at: datetime) -> Delivery:
    """Plan what a product owes its channel at a time, and freeze its parts; what is frozen already stays as it is."""
    wanted = standups.owed(product, closed_period(product, at), at)
    delivery = await services.store.write(lambda session: _planned(session, snapshot.workspace, wanted))
    await standups.prepare(services, snapshot, product, delivery)
    await services.store.write(lambda session: _look_after(session, product, delivery, at=at))
    log.info("digest_prepared", extra={"product": product.key, "delivery": delivery.id})
    return delivery


def _planned(session: Session, workspace: str, wanted: Owed) -> Delivery:
    """Write down a delivery; one about a week that was told before its product changed its zone is left out."""
    delivery, made = deliveries.create_or_get(session, workspace, wanted)
    if made and _told(session, delivery):
        return stored.skip(session, workspace, delivery.id, reason=TOLD)
    return delivery


def _told(session: Session, delivery: Delivery) -> bool:
    """Tell whether the channel has, or gets, a standup about most of the same time."""
    period = delivery.period
    half = (period.end - period.start) / 2
    return any(
        min(each.period.end, period.end) - max(each.period.start, period.start) > half
        for each in stored.record(session, delivery.workspace, product=delivery.product)
        if each.id != delivery.id
        and (each.kind, each.channel) == (delivery.kind, delivery.channel)
        and each.state not in {DeliveryState.SKIPPED, DeliveryState.FAILED}
    )


def _look_after(session: Session, product: Product, delivery: Delivery, *, at: datetime) -> None:
    """Look for second copies, and ask the sources again on each of the next days, so that a restatement is seen."""
    workspace = delivery.workspace
    doubles.plan(session, delivery)
    for days in range(1, DAYS_AGAIN + 1):
        again = at + timedelta(days=days)
        due.plan(
            session,
            Due(
                workspace=workspace,
                kind=PULL_AGAIN,
                key=f"{product.key}.{at.isoformat()}.{days}",
                due_at=again,
                window_end=again + CATCH_UP,
                payload={"product": product.key, "at": at.isoformat()},
            ),
        )


def owed_by(product: Product, work: Due) -> Owed:
    """Name what a piece of work prepares."""
    at = datetime.fromisoformat(str(work.payload["at"]))
    owed = standups.owed(product, closed_period(product, at), at)
    return replace(owed, channel=str(work.payload.get("channel") or owed.channel))


async def expected(services: Services, snapshot: Snapshot, *, since: datetime) -> list[Owed]:
    """List what should have been posted since a time, for the watcher.

    Only what was planned counts: neither what a restart did not see is left out, nor is a product expected to have
    posted before its schedule was applied.
    """
    planned = await services.store.read(
        lambda session: due.wanted(session, snapshot.workspace, kind=PREPARE, since=since)
    )
    found: list[Owed] = []
    now = services.now().isoformat()
    for work in planned:
        if str(work.payload["at"]) > now:
            continue
        product = snapshot.configuration.products.get(str(work.payload["product"]))
        if product is not None and product.channel is not None:
            found.append(owed_by(product, work))
    return found
