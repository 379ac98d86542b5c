"""Deliveries: digests that are owed to a channel, and the one table of how they and their parts may move."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from schema.errors import Refusal
from schema.periods import Period

STANDUP = "standup"  # the kind of delivery that tells of a product's period
PARENT = 0  # the position of the part that the others answer to


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PLANNED = "planned"
    PREPARED = "prepared"  # composed, every part's payload frozen
    SENDING = "sending"
    SENT = "sent"  # every part has a ts
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"  # a part may or may not be in the channel, and looking is impossible


class PartState(StrEnum):
    """Where one message of a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"  # a request began; until it has a ts or was looked up, it may be in the channel
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"


_D, _P = DeliveryState, PartState

DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _D.PLANNED: frozenset({_D.PREPARED, _D.SKIPPED, _D.FAILED}),
    _D.PREPARED: frozenset({_D.SENDING, _D.SKIPPED, _D.FAILED}),
    _D.SENDING: frozenset({_D.SENT, _D.FAILED, _D.UNKNOWN}),
    _D.SENT: frozenset(),
    _D.SKIPPED: frozenset({_D.PLANNED}),  # somebody wants it after all
    _D.FAILED: frozenset({_D.PLANNED, _D.SENDING, _D.SKIPPED}),  # planned again only while it has no parts
    _D.UNKNOWN: frozenset({_D.SENDING, _D.SENT, _D.FAILED}),  # the owner said what is in the channel
}

PART_MOVES: Mapping[PartState, frozenset[PartState]] = {
    _P.PENDING: frozenset({_P.SENDING}),
    _P.SENDING: frozenset({_P.SENT, _P.PENDING, _P.UNKNOWN, _P.FAILED}),
    _P.SENT: frozenset(),
    _P.UNKNOWN: frozenset(
        {_P.SENT, _P.PENDING, _P.SENDING}
    ),  # the owner said so, or it is searched for again
    _P.FAILED: frozenset({_P.PENDING}),
}

OPEN_STATES = frozenset({_D.PLANNED, _D.PREPARED, _D.SENDING})


class IllegalMove(Refusal):
    """A delivery or a part is not where it would have to be for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One digest for one product, kind and period in one channel."""

    workspace: str
    id: str
    kind: str
    product: str
    period: Period
    channel: str
    state: DeliveryState
    due_at: datetime
    prepared_at: datetime | None = None
    late_line: str | None = (
        None  # stored when the send starts, or a failed one is taken up; None before, "" when it is on time
    )
    sent_at: datetime | None = None
    last_reason: str | None = None
    revision: int = 0  # rises with every move
    doubled: int | None = None  # messages of it that stand there once more than they should; None: not looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a delivery; its payload never changes."""

    workspace: str
    delivery_id: str
    position: int  # PARENT, then the thread in order
    key: str  # stands in the message's metadata, so that it can be found in the channel
    payload: Mapping[str, Any]
    state: PartState
    began_at: datetime | None = None  # when the newest request began
    looked: int = 0  # how often the channel was searched since then without finding it
    looked_at: datetime | None = None
    ts: str | None = None
    last_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """When to search the channel for a part whose outcome is not known."""

    wait_s: float = 30.0  # after the request began; Slack may show a message long after a time-out
    apart_s: float = 10.0
    times: int = 2


def next_look_at(part: Part, looking: Looking) -> datetime:
    """Tell the earliest moment at which an unsure part may be searched for."""
    if part.began_at is None:
        message = "only a part whose request began is searched for"
        raise ValueError(message)
    settled = part.began_at + timedelta(seconds=looking.wait_s)
    if part.looked_at is None:
        return settled
    return max(settled, part.looked_at + timedelta(seconds=looking.apart_s))


def delivery_id(*, workspace: str, kind: str, product: str, period: Period, channel: str) -> str:
    """Name a delivery by what makes it one; the same in every process and every attempt."""
    identity = [workspace, kind, product, period.start.isoformat(), channel]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]


def part_key(delivery: str, position: int) -> str:
    """Name a part for the message's metadata."""
    return f"{delivery}.{position}"


def settled(parts: tuple[Part, ...]) -> DeliveryState:
    """Say where a delivery stands that has been sending these parts."""
    states = {part.state for part in parts}
    if states == {PartState.SENT}:
        return DeliveryState.SENT
    if PartState.UNKNOWN in states:
        return DeliveryState.UNKNOWN
    if PartState.FAILED in states:
        return DeliveryState.FAILED
    return DeliveryState.SENDING
