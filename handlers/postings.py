"""Posting one message once: when it may go, what it is found by, and how it is searched for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from handlers.channels import need_inside
from handlers.effects import EffectKind, began_at, key_of
from handlers.sender import Holding, Sender
from integrations.base import Call, Unavailable
from integrations.pacer import POST
from integrations.slack_errors import InvalidBlocks
from integrations.slack_values import key_metadata
from integrations.store.outbox import Effect

CLOCKS_APART = timedelta(hours=24)  # between us and Slack, at most
PERSON = ("U", "W")  # how ids of people begin

Blocks = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A message that is to stand in a channel once.

    key       in its metadata: what it is found by
    fallback  blocks for a Slack that refuses the others
    began_at  when its request may have begun, at the earliest
    """

    channel: str
    key: str
    text: str
    blocks: Blocks
    fallback: Blocks | None
    thread_ts: str | None
    began_at: datetime


async def posting_of(sender: Sender, effect: Effect) -> Posting:
    """Say what a direct message or a post is; raises Refused where what stays inside would be read by others."""
    payload = effect.payload
    if payload.get("inside"):
        await need_inside(sender, str(payload["channel"]), private=bool(payload.get("private")))
    return Posting(
        channel=await _channel(sender, effect),
        key=key_of(effect),
        text=payload["text"],
        blocks=payload["blocks"],
        fallback=payload.get("fallback"),
        thread_ts=payload.get("thread_ts"),
        began_at=began_at(effect),
    )


async def _channel(sender: Sender, effect: Effect) -> str:
    if effect.kind == EffectKind.DM:
        return await sender.slack.direct(str(effect.payload["user"]))
    return str(effect.payload["channel"])


async def place(sender: Sender, channel: str) -> str:
    """Give a channel's id; a person's id means the direct messages with them."""
    return await sender.slack.direct(channel) if channel.startswith(PERSON) else channel


async def post(sender: Sender, holding: Holding, posting: Posting) -> str:
    """Post when its turn comes and give the ts; what comes too late for its time is not sent."""
    channel = posting.channel
    slot = await sender.slack.pacer.turn(channel, urgent=True, within_s=sender.waits.begin_s)
    holding.check()
    if sender.now() - posting.began_at > timedelta(seconds=sender.waits.begin_s):
        raise Unavailable(Call(source="Slack", asked=POST), "its turn came too late")  # nothing was sent
    once = partial(
        sender.slack.post,
        channel,
        text=posting.text,
        thread_ts=posting.thread_ts,
        metadata=key_metadata(posting.key),
        within_s=sender.waits.request_s,
    )
    try:
        return await once(blocks=posting.blocks, slot=slot)
    except InvalidBlocks:
        if not posting.fallback:
            raise
    slot = await sender.slack.pacer.turn(channel, urgent=True, within_s=sender.waits.begin_s)
    holding.check()
    return await once(blocks=posting.fallback, slot=slot)


async def find(sender: Sender, posting: Posting) -> str | None:
    """Search Slack for the message; None when it is certainly not there."""
    return await sender.slack.find(
        posting.channel,
        posting.key,
        oldest=posting.began_at - CLOCKS_APART,
        thread_ts=posting.thread_ts,
    )
