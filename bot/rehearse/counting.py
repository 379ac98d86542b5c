"""Counting what came of each message: what stands in Slack, against what was owed and what Muster says of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from bot.rehearse.owing import Owing
from bot.rehearse.stages import JOINED, Stage
from bot.workspaces import MAIN
from handlers.effects import EffectKind, key_of
from integrations.slack_values import key_of as key_in
from integrations.store import deliveries as stored
from integrations.store import outbox
from integrations.store.outbox import Effect, OutboxState
from schema.deliveries import PARENT, Delivery, DeliveryState, Part, PartState

MESSAGES = frozenset({EffectKind.DM, EffectKind.POST})

Message = tuple[str, Mapping[str, Any]]  # a channel and what stands there


class Came(StrEnum):
    """What came of one message."""

    SENT = "sent"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the database says at the end."""

    deliveries: Sequence[tuple[Delivery, tuple[Part, ...]]]
    effects: Sequence[Effect]


async def counted(stage: Stage, owing: Owing) -> tuple[Counter[Came], int]:
    """Give what came of every message, and how many are there too many."""
    kept = await stage.store.read(lambda session: _kept(session, owing))
    shown = _by_key(stage.slack.every_message())
    came = Counter(_digests(kept, owing, shown))
    came.update(_others(kept, owing, shown))
    came.update(_greetings(stage, owing, kept))
    return came, sum(len(found) - 1 for found in shown.values()) + _greeted_twice(stage, owing)


def _kept(session: Session, owing: Owing) -> Kept:
    found = [(stored.get(session, MAIN, id), stored.parts(session, MAIN, id)) for id in owing.deliveries]
    effects = [each for each in outbox.kept(session, MAIN) if each.kind in MESSAGES]
    return Kept(deliveries=found, effects=effects)


def _by_key(messages: Iterable[Message]) -> Mapping[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    for channel, message in messages:
        if (key := key_in(message)) is not None:
            found[key].append((channel, message))
    return found


def _digests(kept: Kept, owing: Owing, shown: Mapping[str, list[Message]]) -> Iterable[Came]:
    for delivery, parts in kept.deliveries:
        by_key = {part.key: part for part in parts}
        parent = next((part.ts for part in parts if part.position == PARENT), None)
        for key in owing.deliveries[delivery.id]:
            part = by_key.get(key)
            if part is None:
                yield Came.LOST
                continue
            thread = None if part.position == PARENT else parent
            there = any(_stands(each, delivery.channel, part.ts, thread) for each in shown.get(key, ()))
            yield _came_of_part(delivery, part, there=there)


def _stands(message: Message, channel: str, ts: str | None, thread: str | None) -> bool:
    where, found = message
    hangs_on = found.get("thread_ts")
    return where == channel and found["ts"] == ts and hangs_on in {thread, ts}


def _came_of_part(delivery: Delivery, part: Part, *, there: bool) -> Came:
    """Judge one part; the rest of a delivery whose parent is unknown waits for its owner too."""
    if part.state is PartState.SENT:
        return Came.SENT if there else Came.LOST
    waits = part.state is PartState.PENDING and delivery.state is DeliveryState.UNKNOWN
    return Came.UNKNOWN if waits or part.state is PartState.UNKNOWN else Came.LOST


def _others(kept: Kept, owing: Owing, shown: Mapping[str, list[Message]]) -> Iterable[Came]:
    """Judge what was owed besides, and what owners were told meanwhile; what is missing in the database is lost."""
    ours = [each for each in kept.effects if each.payload.get("channel") not in owing.channels]
    missing = owing.others - sum(str(each.payload["text"]).endswith("of the rehearsal.") for each in ours)
    yield from [Came.LOST] * missing
    for effect in ours:
        yield _came_of_effect(effect, there=key_of(effect) in shown)


def _came_of_effect(effect: Effect, *, there: bool) -> Came:
    if effect.state is OutboxState.UNKNOWN:
        return Came.UNKNOWN
    return Came.SENT if effect.state is OutboxState.SENT and there else Came.LOST


def _greetings(stage: Stage, owing: Owing, kept: Kept) -> Iterable[Came]:
    """Judge the greeting of each channel whose event Muster took; an event that it never took is Slack's loss."""
    heard = {each.payload["event"]["channel"] for each in stage.slack.sent(JOINED) if each.acked}
    unknown = {each.payload.get("channel") for each in kept.effects if each.state is OutboxState.UNKNOWN}
    for channel in owing.channels:
        if channel in unknown:
            yield Came.UNKNOWN
        elif stage.slack.messages(channel):
            yield Came.SENT
        elif channel in heard:
            yield Came.LOST


def _greeted_twice(stage: Stage, owing: Owing) -> int:
    """Count greetings of different keys in one channel: an event that was taken twice."""
    keys = [{key_in(each) for each in stage.slack.messages(channel)} for channel in owing.channels]
    return sum(len(found) - 1 for found in keys if found)
