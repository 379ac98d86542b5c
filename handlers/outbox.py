"""The outbox: messages, cards and Home tabs that were decided with a transaction, now done in Slack."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from handlers.sender import Holding, LeaseLost, Sender, Thing, held
from integrations.base import Call, IntegrationError, RateLimited, Unavailable
from integrations.pacer import POST
from integrations.slack_errors import InvalidBlocks, Refused, Unsure
from integrations.slack_values import key_metadata
from integrations.store import outbox as stored
from integrations.store import posts
from integrations.store.outbox import Effect

log = logging.getLogger(__name__)
AT_ONCE = 10
CLOCKS_APART = timedelta(hours=24)  # between us and Slack, at most


class EffectKind(StrEnum):
    """What may be done, and what its payload holds; every one has blocks and text, but HOME."""

    DM = "dm"  # user
    POST = "post"  # channel; thread_ts; product and kind where it is about a product; by: who is told of a refusal
    UPDATE = "update"  # channel, ts
    EPHEMERAL = "ephemeral"  # channel, user; thread_ts
    HOME = "home"  # user, view


MESSAGES = frozenset({EffectKind.DM, EffectKind.POST})  # doing these twice would be seen


def tell(session: Session, workspace: str, *, users: Sequence[str], text: str, now: datetime) -> None:
    """Send people a sentence as a direct message; mrkdwn, already escaped."""
    for user in users:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text[:3000], "verbatim": True}}]
        payload = {"user": user, "text": text, "blocks": blocks}
        stored.put(session, workspace, kind=EffectKind.DM, payload=payload, now=now)


def key_of(effect: Effect) -> str:
    """Name an effect for the message's metadata."""
    return f"outbox.{effect.workspace}.{effect.id}"


async def send_pending(sender: Sender, *, at_once: int = AT_ONCE) -> int:
    """Do what waits, until nothing more is due; gives how many were worked on.

    One that goes wrong does not stop the others; a defect is raised when all are through.
    """
    count = 0
    defects: list[Exception] = []
    async with held(sender) as holding:
        if holding is None:
            return 0
        defects += await _all([_settle(sender, effect) for effect in await _unsettled(sender)])
        while (
            not sender.memory.stopping
            and holding.covers_a_request()
            and (taken := await _take(sender, at_once))
        ):
            count += len(taken)
            defects += await _all([_do(sender, holding, effect) for effect in taken])
    if defects:
        message = "some effects could not be worked on"
        raise ExceptionGroup(message, defects)
    return count


async def _all(work: Sequence[Coroutine[Any, Any, None]]) -> list[Exception]:
    """Do all of it side by side and give what went wrong unexpectedly."""
    found = await asyncio.gather(*work, return_exceptions=True)
    return [each for each in found if isinstance(each, Exception)]


async def _take(sender: Sender, limit: int) -> tuple[Effect, ...]:
    now = sender.now()
    return await sender.store.write(
        lambda session: stored.take(session, sender.workspace, now=now, limit=limit)
    )


async def _do(sender: Sender, holding: Holding, effect: Effect) -> None:
    """Do one effect and store how it ended; what is unsure of a message stays begun and is searched for."""
    try:
        ts = await _effect(sender, holding, effect)
    except LeaseLost:
        await _again(sender, effect, timedelta(0), "another process sends now")
    except Refused as refused:
        await _refused(sender, effect, refused)
    except (RateLimited, Unavailable) as error:
        wait = max(sender.waits.backoff(effect.attempts), sender.waits.asked(error.retry_after_s))
        await _again(sender, effect, wait, f"{error}.")
    except Unsure as unsure:
        await _unsure(sender, effect, unsure)
    else:
        await _sent(sender, effect, ts)


async def _effect(sender: Sender, holding: Holding, effect: Effect) -> str | None:
    """Make the one request that the effect is about; gives the ts of a message."""
    payload = effect.payload
    await _not_too_often(sender, effect)
    match EffectKind(effect.kind):
        case EffectKind.DM | EffectKind.POST:
            return await _message(sender, holding, effect)
        case EffectKind.UPDATE:
            holding.check()
            await sender.slack.update(
                payload["channel"],
                payload["ts"],
                blocks=payload["blocks"],
                text=payload["text"],
                within_s=sender.waits.request_s,
            )
        case EffectKind.EPHEMERAL:
            holding.check()
            await sender.slack.ephemeral(
                payload["channel"],
                payload["user"],
                blocks=payload["blocks"],
                text=payload["text"],
                thread_ts=payload.get("thread_ts"),
                within_s=sender.waits.request_s,
            )
        case EffectKind.HOME:
            holding.check()
            await sender.slack.publish_home(payload["user"], payload["view"], within_s=sender.waits.request_s)
    return None


async def _message(sender: Sender, holding: Holding, effect: Effect) -> str:
    channel = await _channel(sender, effect)
    slot = await sender.slack.pacer.turn(channel, urgent=True, within_s=sender.waits.begin_s)
    holding.check()
    if sender.now() - _began_at(effect) > timedelta(seconds=sender.waits.begin_s):
        raise Unavailable(Call(source="Slack", asked=POST), "its turn came too late")  # nothing was sent
    post = partial(
        sender.slack.post,
        channel,
        text=effect.payload["text"],
        thread_ts=effect.payload.get("thread_ts"),
        metadata=key_metadata(key_of(effect)),
        within_s=sender.waits.request_s,
    )
    try:
        return await post(blocks=effect.payload["blocks"], slot=slot)
    except InvalidBlocks:
        if not effect.payload.get("fallback"):
            raise
    slot = await sender.slack.pacer.turn(channel, urgent=True, within_s=sender.waits.begin_s)
    holding.check()
    return await post(blocks=effect.payload["fallback"], slot=slot)


async def _channel(sender: Sender, effect: Effect) -> str:
    if effect.kind == EffectKind.DM:
        return await sender.slack.direct(str(effect.payload["user"]))
    return str(effect.payload["channel"])


async def _not_too_often(sender: Sender, effect: Effect) -> None:
    """Let a card rest between two changes."""
    key = effect.coalesce_key
    if key is None:
        return
    last = sender.memory.coalesced.get(key)
    if last is not None:
        rest = sender.waits.coalesce_s - (sender.now() - last).total_seconds()
        await asyncio.sleep(max(0.0, min(rest, sender.waits.coalesce_s)))
    sender.memory.coalesced[key] = sender.now()


async def _sent(sender: Sender, effect: Effect, ts: str | None) -> None:
    def note(session: Session) -> None:
        stored.sent(session, effect, ts=ts)
        payload = effect.payload
        if ts is not None and effect.kind == EffectKind.POST and payload.get("product"):
            posts.note(
                session,
                effect.workspace,
                channel=payload["channel"],
                ts=ts,
                product=payload["product"],
                kind=str(payload.get("kind", "post")),
            )

    await sender.store.write(note)


async def _again(sender: Sender, effect: Effect, wait: timedelta, reason: str) -> None:
    """Try later, or give up when it was tried for long enough."""
    at = sender.now() + wait
    if _tried_enough(sender, effect):
        await _failed(sender, effect, reason)
        return
    await sender.store.write(lambda session: stored.again(session, effect, at=at, reason=reason))


def _tried_enough(sender: Sender, effect: Effect) -> bool:
    """Tell what is given up; what owners are told outlasts the outage that it tells of."""
    if effect.kind == EffectKind.DM:
        return sender.now() - effect.created_at > timedelta(seconds=sender.waits.window_s)
    return effect.attempts >= sender.waits.attempts


async def _refused(sender: Sender, effect: Effect, refused: Refused) -> None:
    if refused.everywhere:  # nothing goes out before a person gives us a token that works
        at = sender.now() + timedelta(seconds=sender.waits.token_retry_s)
        await sender.store.write(lambda session: stored.again(session, effect, at=at, reason=refused.advice))
        log.error("slack_takes_no_token", extra={"error": refused.error, "workspace": effect.workspace})
        return
    await _failed(sender, effect, refused.advice)


async def _failed(sender: Sender, effect: Effect, reason: str) -> None:
    def note(session: Session) -> None:
        if stored.failed(session, effect, reason=reason):
            _tell_asker(session, effect, reason, now=sender.now())

    await sender.store.write(note)
    log.warning("effect_failed", extra={"effect": effect.id, "kind": effect.kind, "reason": reason})


def _tell_asker(session: Session, effect: Effect, reason: str, *, now: datetime) -> None:
    """Tell the person who asked for a post that it is not there; privately, as their channel may be what refuses."""
    asker = effect.payload.get("by")
    if effect.kind != EffectKind.POST or not asker:
        return
    text = f"What you shared could not be posted in <#{effect.payload['channel']}>. {reason}"
    tell(session, effect.workspace, users=[str(asker)], text=text, now=now)


async def _unknown(sender: Sender, effect: Effect, reason: str) -> None:
    await sender.store.write(lambda session: stored.unknown(session, effect, reason=reason))
    log.warning("effect_unknown", extra={"effect": effect.id, "kind": effect.kind})


async def _unsure(sender: Sender, effect: Effect, unsure: Unsure) -> None:
    match EffectKind(effect.kind):
        case EffectKind.UPDATE | EffectKind.HOME:  # the same twice is the same
            await _again(sender, effect, sender.waits.backoff(effect.attempts), f"{unsure}.")
        case EffectKind.EPHEMERAL:  # nobody can look, and Slack promises nothing anyway
            await _unknown(sender, effect, f"{unsure}.")
        case EffectKind.DM | EffectKind.POST:
            log.info("effect_unsure", extra={"effect": effect.id, "kind": effect.kind})


async def _unsettled(sender: Sender) -> tuple[Effect, ...]:
    """List what began long enough ago to be searched for; a request begins at most begin_s after it was taken."""
    before = sender.now() - timedelta(seconds=sender.waits.settle_s + sender.waits.begin_s)
    return await sender.store.read(lambda session: stored.unsettled(session, sender.workspace, before=before))


async def _settle(sender: Sender, effect: Effect) -> None:
    """Search for a message that nobody knows of; the rest is simply done again."""
    if effect.kind not in MESSAGES:
        if effect.kind == EffectKind.EPHEMERAL:
            await _unknown(sender, effect, "Muster stopped while it sent this.")
        else:
            await _again(sender, effect, timedelta(0), "Muster stopped while it sent this.")
        return
    if sender.waits_until(_thing(effect)) is not None:
        return
    try:
        ts = await _find(sender, effect)
    except Refused as refused:
        await _unknown(sender, effect, refused.advice)
    except (RateLimited, Unavailable) as error:
        await _look_later(sender, effect, error)
    else:
        await _looked(sender, effect, ts)


async def _find(sender: Sender, effect: Effect) -> str | None:
    channel = await _channel(sender, effect)
    return await sender.slack.find(
        channel,
        key_of(effect),
        oldest=_began_at(effect) - CLOCKS_APART,
        thread_ts=effect.payload.get("thread_ts"),
    )


async def _look_later(sender: Sender, effect: Effect, error: IntegrationError) -> None:
    waits = sender.waits
    patience_s = waits.window_s if effect.kind == EffectKind.DM else waits.retry_for_s
    if sender.now() - _began_at(effect) > timedelta(seconds=patience_s):
        await _unknown(sender, effect, f"{error}.")
        return
    sender.failed(_thing(effect), why="Slack did not answer", retry_after_s=error.retry_after_s)


async def _looked(sender: Sender, effect: Effect, ts: str | None) -> None:
    if ts is not None:
        await _sent(sender, effect, ts)
        return
    now = sender.now()
    looks = sender.memory.looks.setdefault(_thing(effect), [])
    looks.append(now)
    if len(looks) >= sender.waits.looking.times:
        await _again(sender, effect, timedelta(0), "It was not found in Slack.")
        return
    sender.later(
        _thing(effect), now + timedelta(seconds=sender.waits.look_apart_s), why="Slack did not answer"
    )


def _thing(effect: Effect) -> Thing:
    return (key_of(effect), effect.attempts)


def _began_at(effect: Effect) -> datetime:
    assert effect.began_at is not None  # only what was taken comes here
    return effect.began_at
