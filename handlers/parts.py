"""One message of a delivery: posted, or searched for when nobody knows whether it is there."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from handlers import notices
from handlers.sender import Holding, Sender, Thing
from integrations.base import RateLimited, Unavailable
from integrations.pacer import Slot
from integrations.slack_errors import InvalidBlocks, Refused, Unsure, trouble
from integrations.slack_values import key_metadata
from integrations.store import deliveries as stored
from integrations.store import due, inbox
from integrations.store import parts as stored_parts
from schema.deliveries import PARENT, Delivery, DeliveryState, Part, PartState, next_look_at
from schema.due import Due

log = logging.getLogger(__name__)
GIVE_UP = "give_up"  # due work: a delivery that failed for the first time then is given up at that time
CLOCKS_APART = timedelta(hours=24)  # between us and Slack, at most; the search stays bounded by its pages
TEXT_MOST = 4_000


def thing(delivery: Delivery) -> Thing:
    """Name a delivery in the sender's memory; a new start has a new name."""
    return (delivery.id, delivery.revision)


def plan_to_give_up(
    session: Session, delivery: Delivery, *, first_failed_at: datetime, after_s: float
) -> None:
    """Set the time limit when a delivery fails for the first time; later failures do not move it."""
    at = first_failed_at + timedelta(seconds=after_s)
    key = f"{delivery.id}.{delivery.revision}"
    due.plan(session, Due(workspace=delivery.workspace, kind=GIVE_UP, key=key, due_at=at))


async def post(
    sender: Sender, holding: Holding, delivery: Delivery, part: Part, *, thread_ts: str | None
) -> tuple[Delivery, Part]:
    """Post a part that is certainly not in the channel; gives both as they stand after it.

    raises  LeaseLost before the request, when another process may send
    """
    delivery, part = await _request(sender, holding, delivery, part, thread_ts=thread_ts, fallback=False)
    if part.state is PartState.PENDING and part.last_reason == InvalidBlocks.__name__:
        return await _request(sender, holding, delivery, part, thread_ts=thread_ts, fallback=True)
    return delivery, part


async def _request(
    sender: Sender, holding: Holding, delivery: Delivery, part: Part, *, thread_ts: str | None, fallback: bool
) -> tuple[Delivery, Part]:
    slot = await _turn(sender, delivery)
    if slot is None:
        return delivery, part
    holding.check()
    delivery, part = await _begin(sender, holding, delivery, part, slot=slot)
    log.info("part_begun", extra=_place(part))
    if not _still_fresh(sender, holding, part):
        return delivery, await _not_begun(sender, delivery, part)
    requested_at = sender.now()
    try:
        ts = await sender.slack.post(
            delivery.channel,
            blocks=shown_blocks(part.payload, delivery.late_line or "", part.position, fallback=fallback),
            text=shown_text(part.payload, delivery.late_line or "", part.position),
            thread_ts=thread_ts,
            metadata=key_metadata(part.key),
            slot=slot,
            within_s=sender.waits.request_s,
        )
    except Refused as refused:
        return delivery, await _refused(sender, part, refused, can_fall_back=not fallback)
    except (RateLimited, Unavailable) as error:
        return delivery, await _not_now(sender, delivery, part, error)
    except Unsure as unsure:
        return delivery, await _unsure(sender, delivery, part, unsure, requested_at=requested_at)
    return delivery, await _sent(sender, part, slot=slot, ts=ts)


async def _turn(sender: Sender, delivery: Delivery) -> Slot | None:
    """Wait for the pacer; None when Slack asks for more patience than a lease lasts."""
    owed_ago_s = max(0.0, (sender.now() - delivery.due_at).total_seconds())
    try:
        return await sender.slack.pacer.turn(
            delivery.channel, owed_ago_s=owed_ago_s, within_s=sender.waits.lease_s
        )
    except RateLimited as limited:
        wait = timedelta(seconds=limited.retry_after_s or 0)
        sender.later(thing(delivery), sender.now() + wait, why="Slack asked Muster to wait")
        return None


async def _begin(
    sender: Sender, holding: Holding, delivery: Delivery, part: Part, *, slot: Slot
) -> tuple[Delivery, Part]:
    """Store that the request begins; the first one of a delivery starts the delivery and fixes the late line."""
    now = sender.now()
    line = _late_line(sender, delivery, slot)

    def begin(session: Session) -> tuple[Delivery, Part]:
        holding.confirm(session, now)
        begun = delivery
        if delivery.state is DeliveryState.PREPARED:
            begun = stored.begin(session, delivery.workspace, delivery.id, late_line=line)
        return begun, stored_parts.begin_part(session, part.workspace, part.key, now=now)

    return await sender.store.write(begin)


def _still_fresh(sender: Sender, holding: Holding, part: Part) -> bool:
    """Tell whether the request may follow: a slow database must not make what was stored of its beginning untrue."""
    assert part.began_at is not None
    slow = sender.now() - part.began_at > timedelta(seconds=sender.waits.fresh_s)
    return holding.covers_a_request() and not slow


async def _not_begun(sender: Sender, delivery: Delivery, part: Part) -> Part:
    sender.failed(thing(delivery), why="Muster's database was slow")
    reason = "Muster's database was slow."
    return await sender.store.write(
        lambda session: stored_parts.part_again(session, part.workspace, part.key, reason=reason)
    )


def _late_line(sender: Sender, delivery: Delivery, slot: Slot) -> str:
    if slot.late_s < sender.waits.late_after_s:
        return ""
    return notices.late(timedelta(seconds=slot.late_s), _why_late(sender, delivery))


def _why_late(sender: Sender, delivery: Delivery) -> str:
    trouble = sender.memory.troubles.get(thing(delivery))
    if trouble is not None:
        return trouble
    if delivery.prepared_at is not None and delivery.prepared_at > delivery.due_at:
        return "its numbers were ready only later"
    if sender.started_at > delivery.due_at:
        return "Muster was not running"
    return "Muster was held up"


async def _sent(sender: Sender, part: Part, *, slot: Slot, ts: str) -> Part:
    log.info("part_posted", extra=_place(part))
    sent = await sender.store.write(
        lambda session: stored_parts.part_sent(session, part.workspace, part.key, ts=ts)
    )
    log.info("part_sent", extra={**_place(part), "late_s": round(slot.late_s, 3)})
    return sent


def _place(part: Part) -> dict[str, object]:
    return {"delivery": part.delivery_id, "position": part.position}


async def _refused(sender: Sender, part: Part, refused: Refused, *, can_fall_back: bool) -> Part:
    """Slack has it certainly not: take the plain form of the part where there is one, or leave it to a person."""
    where = refused.messages if isinstance(refused, InvalidBlocks) else ()
    extra = {
        "delivery": part.delivery_id,
        "position": part.position,
        "error": refused.error,
        "where": [message[:200] for message in where[:5]],
    }
    log.warning("part_refused", extra=extra)
    if isinstance(refused, InvalidBlocks) and can_fall_back and part.payload.get("fallback"):
        reason = InvalidBlocks.__name__
        return await sender.store.write(
            lambda session: stored_parts.part_again(session, part.workspace, part.key, reason=reason)
        )
    return await sender.store.write(
        lambda session: stored_parts.part_failed(session, part.workspace, part.key, reason=refused.advice)
    )


async def _not_now(sender: Sender, delivery: Delivery, part: Part, error: RateLimited | Unavailable) -> Part:
    why = trouble(error)
    sender.failed(thing(delivery), why=why, retry_after_s=error.retry_after_s)
    now = sender.now()

    def again(session: Session) -> Part:
        _note_failure(session, sender, delivery, now)
        return stored_parts.part_again(session, part.workspace, part.key, reason=f"{why}.")

    waiting = await sender.store.write(again)
    log.info("part_put_off", extra={**_place(part), "error": str(error)})
    return waiting


async def _unsure(
    sender: Sender, delivery: Delivery, part: Part, unsure: Unsure, *, requested_at: datetime
) -> Part:
    now = sender.now()
    look_at = requested_at + timedelta(seconds=sender.waits.settle_s)
    why = trouble(unsure)
    sender.later(thing(delivery), look_at, why=why)

    def keep(session: Session) -> Part:
        _note_failure(session, sender, delivery, now)
        return stored_parts.part_unsure(session, part.workspace, part.key, reason=f"{why}.")

    kept = await sender.store.write(keep)
    log.info("part_unsure", extra={**_place(part), "error": str(unsure)})
    return kept


def _note_failure(session: Session, sender: Sender, delivery: Delivery, now: datetime) -> None:
    plan_to_give_up(session, delivery, first_failed_at=now, after_s=sender.waits.retry_for_s)


async def settle(sender: Sender, delivery: Delivery, part: Part, *, thread_ts: str | None) -> Part:
    """Search the channel for a part whose request began; gives it sent, pending again, unknown, or unsure still."""
    at = next_look_at(part, sender.waits.looking)
    now = sender.now()
    if now < at:
        sender.later(thing(delivery), at, why="Slack did not answer")
        return part
    assert part.began_at is not None
    try:
        ts = await sender.slack.find(
            delivery.channel, part.key, oldest=part.began_at - CLOCKS_APART, thread_ts=thread_ts
        )
    except Refused as refused:
        return await _cannot_look(sender, part, refused)
    except (RateLimited, Unavailable) as error:
        sender.failed(thing(delivery), why="Slack did not answer", retry_after_s=error.retry_after_s)
        await sender.store.write(lambda session: _note_failure(session, sender, delivery, now))
        return part
    return await _looked(sender, delivery, part, ts)


async def _cannot_look(sender: Sender, part: Part, refused: Refused) -> Part:
    now = sender.now()

    def note(session: Session) -> Part:
        if inbox.seen(session, part.workspace, sought_key(part)):
            inbox.first_time(session, part.workspace, blind_key(part), at=now, kind="blind")
        return stored_parts.part_unknown(session, part.workspace, part.key, reason=refused.advice)

    unknown = await sender.store.write(note)
    log.warning("part_unknown", extra=_place(part))
    return unknown


def sought_key(part: Part) -> str:
    """Name that a person asked for a part whose request nobody knows the end of."""
    return f"sought.{part.key}.{part.began_at}"


def blind_key(part: Part) -> str:
    """Name that looking was refused after a person asked."""
    return f"blind.{part.key}.{part.began_at}"


async def _looked(sender: Sender, delivery: Delivery, part: Part, ts: str | None) -> Part:
    now, waits = sender.now(), sender.waits

    def note(session: Session) -> Part:
        if ts is not None:
            return stored_parts.part_sent(session, part.workspace, part.key, ts=ts)
        return stored_parts.part_absent(session, part.workspace, part.key, now=now, times=waits.looking.times)

    found = await sender.store.write(note)
    log.info("part_searched", extra={**_place(part), "found": ts is not None})
    if found.state is PartState.SENDING:
        sender.later(thing(delivery), next_look_at(found, waits.looking), why="Slack did not answer")
    return found


def thread_of(parts: Sequence[Part]) -> str | None:
    """Give the ts that the thread hangs on."""
    return next((part.ts for part in parts if part.position == PARENT), None)


def shown_blocks(
    payload: Mapping[str, Any], late_line: str, position: int, *, fallback: bool
) -> list[Mapping[str, Any]]:
    """Give a part's blocks with the late line, which stands in the parent above its buttons."""
    blocks = list(payload["fallback"] if fallback else payload["blocks"])
    if not late_line or position != PARENT:
        return blocks
    line = {"type": "context", "elements": [{"type": "mrkdwn", "text": late_line, "verbatim": True}]}
    place = next((n for n, block in enumerate(blocks) if block.get("type") == "actions"), len(blocks))
    return [*blocks[:place], line, *blocks[place:]]


def shown_text(payload: Mapping[str, Any], late_line: str, position: int) -> str:
    """Give what notifications and screen readers get."""
    text = str(payload["text"])
    if not late_line or position != PARENT:
        return text
    return f"{text[: TEXT_MOST - len(late_line) - 1]} {late_line}"
