"""Deliveries: prepared before they are due, then only sent, each part once; whoever owns one is told how it ended badly."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from handlers import notices, outbox, parts
from handlers.channels import looked_up
from handlers.effects import no_note
from handlers.sender import Holding, LeaseLost, Sender, held
from integrations.base import RateLimited, Unavailable
from integrations.pacer import POST
from integrations.slack_errors import Refused
from integrations.store import deliveries as stored
from integrations.store import due, inbox
from integrations.store import parts as stored_parts
from integrations.store.engine import Store
from integrations.store.errors import StoreError
from schema.deliveries import PARENT, Delivery, DeliveryState, IllegalMove, Part, PartState
from schema.due import Due
from schema.errors import Refusal
from schema.periods import Period

log = logging.getLogger(__name__)
AT_ONCE = (
    20  # deliveries on their way; one of them waits for its channel, so that the workspace's pace is reached
)
A_DAY = timedelta(days=1)  # what was due longer ago is owed anew when somebody asks for it
NOT_IN_TIME = "it could not be posted in time"
LATE = f"Late because {NOT_IN_TIME}."
READY = frozenset({DeliveryState.PREPARED, DeliveryState.SENDING})
BADLY = frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What should have been posted by a time."""

    kind: str
    product: str
    period: Period
    channel: str
    due_at: datetime


async def plan(store: Store, workspace: str, owed: Owed) -> tuple[Delivery, bool]:
    """Write down that something is owed; True when it was not planned before."""
    return await store.write(lambda session: create_or_get(session, workspace, owed))


def create_or_get(session: Session, workspace: str, owed: Owed) -> tuple[Delivery, bool]:
    """Write down that something is owed, as a part of a transaction; True when it was not planned before."""
    return stored.create_or_get(
        session,
        workspace,
        kind=owed.kind,
        product=owed.product,
        period=owed.period,
        channel=owed.channel,
        due_at=owed.due_at,
    )


async def prepare(
    store: Store, workspace: str, id: str, *, payloads: Sequence[Mapping[str, Any]], now: datetime,
    note: Callable[[Session], None] = no_note,
) -> tuple[Part, ...]:  # fmt: skip
    """Freeze what will be posted, the parent first; what is prepared already stays as it is.

    payloads  each with blocks and text, and fallback blocks where Slack may refuse the others
    note      stores what follows from it, in the transaction that freezes it
    """
    for payload in payloads:
        if not payload.get("blocks") or not payload.get("text"):
            message = "a part needs blocks, and the same in words"
            raise ValueError(message)

    def freeze(session: Session) -> tuple[Part, ...]:
        if stored.get(session, workspace, id).state is not DeliveryState.PLANNED:
            return stored.parts(session, workspace, id)
        note(session)
        return stored.prepare(session, workspace, id, payloads=payloads, now=now)

    return await store.write(freeze)


async def post_now(store: Store, workspace: str, owed: Owed, *, now: datetime) -> Delivery:
    """Owe a delivery now: the same one that its schedule would make, taken up again if it had ended badly."""
    return await store.write(partial(owe_now, workspace=workspace, owed=owed, now=now))


def owe_now(session: Session, *, workspace: str, owed: Owed, now: datetime) -> Delivery:
    """Owe a delivery now, as a part of a transaction."""
    delivery, _ = create_or_get(session, workspace, owed)
    match delivery.state:
        case DeliveryState.PLANNED | DeliveryState.PREPARED if not now - A_DAY < delivery.due_at <= now:
            return stored.postpone(session, workspace, delivery.id, due_at=now)
        case DeliveryState.SKIPPED:
            return stored.replan(session, workspace, delivery.id, due_at=now)
        case DeliveryState.FAILED | DeliveryState.UNKNOWN:
            return _take_up(session, delivery, now)
        case _:
            return delivery


def _take_up(session: Session, delivery: Delivery, now: datetime) -> Delivery:
    found = stored.parts(session, delivery.workspace, delivery.id)
    if all(part.state is PartState.PENDING for part in found):  # its send never started
        # of one that was taken up before, nobody knows any more when it was due first
        line = LATE if delivery.late_line else notices.late(now - delivery.due_at, NOT_IN_TIME)
        return stored.replan(session, delivery.workspace, delivery.id, due_at=now, late_line=line)
    for part in found:
        if part.state is PartState.UNKNOWN:
            _seek_or_post(session, part, now)
    return stored.begin(session, delivery.workspace, delivery.id, late_line="")


def _seek_or_post(session: Session, part: Part, now: datetime) -> None:
    """Search first for what may be there; post it only when looking was refused after the first request."""
    if inbox.seen(session, part.workspace, parts.blind_key(part)):  # the person looked, and asks again
        stored_parts.part_again(session, part.workspace, part.key)
        return
    inbox.first_time(session, part.workspace, parts.sought_key(part), at=now, kind="sought")
    stored_parts.part_sought(session, part.workspace, part.key)


async def send_due(sender: Sender, *, at_once: int = AT_ONCE) -> int:
    """Send what is prepared and due, until nothing more can be done now; gives how many were worked on.

    One that goes wrong does not stop the others; a defect is raised when all are through.
    """
    async with held(sender) as holding:
        if holding is None:
            return 0
        return await _Round(sender, holding, at_once).run()


class _Round:
    """One round of sending: so many deliveries at once, looking for new ones while some are on their way."""

    def __init__(self, sender: Sender, holding: Holding, at_once: int) -> None:
        self._sender = sender
        self._holding = holding
        self._at_once = at_once
        self._running: dict[asyncio.Task[None], Delivery] = {}
        self._count = 0
        self._defects: list[Exception] = []
        self._ready: list[Delivery] = []
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._broken = False

    async def run(self) -> int:
        try:
            while await self._more() or self._running:
                await self._some_done()
        finally:
            await self._stop()
        if self._defects:
            message = "some deliveries could not be worked on"
            raise ExceptionGroup(message, self._defects)
        return self._count

    async def _more(self) -> bool:
        """Start what can be started; True when something was."""
        full = len(self._running) >= self._at_once
        if full or self._sender.memory.stopping or not self._holding.covers_a_request():
            return False
        try:
            await self._look()
        except StoreError as error:  # what is on its way comes to its end first
            self._defects.append(error)
            self._broken = True
        places = self._at_once - len(self._running)
        starting, self._ready = self._ready[:places], self._ready[places:]
        for delivery in starting:
            task = asyncio.create_task(_send(self._sender, self._holding, delivery), name="muster-delivery")
            self._running[task] = delivery
        self._count += len(starting)
        return bool(starting)

    async def _look(self) -> None:
        """Ask the database what is owed, when the last answer is old and little is left of it."""
        sender, now = self._sender, self._sender.now()
        fresh = now < self._looked_at + timedelta(seconds=sender.waits.poll_s)
        enough = len(self._ready) >= self._at_once
        if self._broken or enough or (fresh and (self._ready or self._running)):
            return
        await _give_up(sender)
        owed = await sender.store.read(
            lambda session: stored.owed(session, now, workspace=sender.workspace, states=READY)
        )
        busy = {delivery.id for delivery in self._running.values()}
        self._ready = [d for d in owed if d.id not in busy and sender.waits_until(parts.thing(d)) is None]
        self._looked_at = now

    async def _some_done(self) -> None:
        done, _ = await asyncio.wait(
            self._running, timeout=self._sender.waits.poll_s, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            delivery = self._running.pop(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, IllegalMove):  # another process or round took it further
                self._sender.failed(parts.thing(delivery), why="Muster was held up")
            elif isinstance(error, Exception) and not isinstance(error, LeaseLost):
                self._defects.append(error)
                self._sender.failed(parts.thing(delivery), why="Muster had a defect")

    async def _stop(self) -> None:
        """End what is still on its way; a request that is cut off is searched for later."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)


async def _send(sender: Sender, holding: Holding, delivery: Delivery) -> None:
    """Take one delivery as far as it goes now, unless it was skipped, moved or ended since it was listed."""
    listed = delivery
    delivery, parts_now = await sender.store.read(
        lambda s: (stored.get(s, listed.workspace, listed.id), stored.parts(s, listed.workspace, listed.id))
    )
    if delivery.revision != listed.revision or not await _may_go_out(sender, delivery):
        return
    found = list(parts_now)
    for place, part in enumerate(found):
        thread_ts = None if part.position == PARENT else parts.thread_of(found)
        delivery, found[place] = await _carry(sender, holding, delivery, part, thread_ts=thread_ts)
        if found[place].state in {PartState.PENDING, PartState.SENDING}:
            return  # the sender's memory says when it goes on
        if part.position == PARENT and found[place].state is not PartState.SENT:
            break
    await _settle(sender, delivery)


async def _carry(
    sender: Sender, holding: Holding, delivery: Delivery, part: Part, *, thread_ts: str | None
) -> tuple[Delivery, Part]:
    if part.state is PartState.SENDING:
        part = await parts.settle(sender, delivery, part, thread_ts=thread_ts)
    if part.state is PartState.PENDING and sender.waits_until(parts.thing(delivery)) is None:
        return await parts.post(sender, holding, delivery, part, thread_ts=thread_ts)
    return delivery, part


async def _may_go_out(sender: Sender, delivery: Delivery) -> bool:
    """Refuse what is far too late, and a channel that another company reads; where Slack does not say, nothing is sent."""
    late = sender.now() - delivery.due_at
    if delivery.state is DeliveryState.PREPARED and late > timedelta(seconds=sender.waits.window_s):
        await _fail(sender, delivery, notices.too_late(late))
        return False
    try:
        channel = await looked_up(sender, delivery.channel)
    except Refused as refused:
        await _fail(sender, delivery, refused.advice)
        return False
    except (RateLimited, Unavailable) as error:
        sender.failed(parts.thing(delivery), why="Slack did not answer", retry_after_s=error.retry_after_s)
        now = sender.now()
        await sender.store.write(
            lambda session: parts.plan_to_give_up(
                session, delivery, first_failed_at=now, after_s=sender.waits.retry_for_s
            )
        )
        return False
    if channel.shared_outside:
        await _fail(sender, delivery, notices.shared_outside(delivery.channel))
        return False
    why = await sender.unwanted(delivery, channel) if delivery.state is DeliveryState.PREPARED else None
    if why is not None:
        await _skip(sender, delivery, why)
    return why is None


async def _settle(sender: Sender, delivery: Delivery) -> None:
    """Write down how a delivery ended, and tell its owners in the same transaction when it ended badly."""
    owners = await owners_of(sender, delivery.product)
    now = sender.now()

    def settle(session: Session) -> Delivery:
        ended = stored.settle(session, delivery.workspace, delivery.id, now=now)
        if ended.state in BADLY and ended.revision != delivery.revision:
            outbox.tell(session, sender.workspace, users=owners, text=notices.ended(ended), now=now)
        return ended

    ended = await sender.store.write(settle)
    log.info("delivery_settled", extra={"delivery": ended.id, "state": ended.state.value})


async def _fail(sender: Sender, delivery: Delivery, reason: str) -> None:
    owners = await owners_of(sender, delivery.product)
    now = sender.now()

    def fail(session: Session) -> None:
        ended = stored.fail(session, delivery.workspace, delivery.id, reason=reason)
        outbox.tell(session, sender.workspace, users=owners, text=notices.ended(ended), now=now)

    await sender.store.write(fail)
    log.warning("delivery_failed", extra={"delivery": delivery.id})


async def _skip(sender: Sender, delivery: Delivery, reason: str) -> None:
    """Leave out what the configuration does not want any more, and tell the owners."""
    owners, now = await owners_of(sender, delivery.product), sender.now()

    def skip(session: Session) -> None:
        skipped = stored.skip(session, delivery.workspace, delivery.id, reason=reason)
        outbox.tell(session, sender.workspace, users=owners, text=notices.skipped(skipped), now=now)

    await sender.store.write(skip)
    log.info("delivery_skipped", extra={"delivery": delivery.id})


async def owners_of(sender: Sender, product: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(await sender.owners(product)))
    except Refusal:
        log.warning("delivery_without_owner", extra={"product": product})
        return ()


async def _give_up(sender: Sender) -> None:
    """Deal with what failed for the first time so long ago that its owner has to know; not while Slack asks us to wait."""
    if sender.slack.pacer.held_s(POST):
        return
    now = sender.now()
    timers = await sender.store.read(
        lambda session: due.planned(session, sender.workspace, kind=parts.GIVE_UP)
    )
    for timer in timers:
        if timer.due_at <= now:
            await _time_is_over(sender, timer, now)


async def _time_is_over(sender: Sender, timer: Due, now: datetime) -> None:
    id, _, revision = timer.key.rpartition(".")
    delivery = await sender.store.read(lambda session: stored.get(session, sender.workspace, id))
    owners = await owners_of(sender, delivery.product)

    def end(session: Session) -> None:
        current = stored.get(session, sender.workspace, id)
        found = stored.parts(session, sender.workspace, id)
        last = current.due_at + timedelta(seconds=sender.waits.window_s)
        stands = current.state in READY and current.revision == int(revision)
        if stands and now < last and not _unsure(found):
            due.move(session, replace(timer, due_at=last))
            _tell_waiting(session, current, found, owners=owners, now=now, until=last)
            return
        due.drop(session, sender.workspace, parts.GIVE_UP, timer.key, now=now, reason="its time is over")
        if stands:
            ended = _ended(session, current, found, now)
            outbox.tell(session, sender.workspace, users=owners, text=notices.ended(ended), now=now)

    await sender.store.write(end)


def _unsure(found: Sequence[Part]) -> list[Part]:
    """List the parts that may be in the channel without anybody knowing."""
    return [part for part in found if part.state is PartState.SENDING]


def _tell_waiting(
    session: Session, delivery: Delivery, found: Sequence[Part], *,
    owners: Sequence[str], now: datetime, until: datetime,
) -> None:  # fmt: skip
    """Tell the owners once that a post waits for Slack; it is not ended, because nothing of it can be there twice."""
    key = f"waiting.{delivery.id}.{delivery.due_at.isoformat()}"
    if inbox.first_time(session, delivery.workspace, key, at=now, kind="waiting"):
        text = notices.waiting(delivery, _reason(found), until=until)
        outbox.tell(session, delivery.workspace, users=owners, text=text, now=now)


def _reason(found: Sequence[Part]) -> str | None:
    return next((part.last_reason for part in found if part.last_reason), None)


def _ended(session: Session, delivery: Delivery, found: Sequence[Part], now: datetime) -> Delivery:
    """Give a delivery up: unknown when a part may be in the channel, failed when none can be."""
    reason, unsure = notices.given_up(_reason(found)), _unsure(found)
    for part in unsure:
        stored_parts.part_unknown(session, part.workspace, part.key, reason=reason)
    if unsure:
        return stored.settle(session, delivery.workspace, delivery.id, now=now)
    return stored.fail(session, delivery.workspace, delivery.id, reason=reason)
