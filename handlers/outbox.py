"""The outbox: messages, cards and Home tabs that were decided with a transaction, now done in Slack."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from handlers import card_sending, outcomes, postings, settling
from handlers.effects import Done
from handlers.effects import EffectKind as EffectKind
from handlers.effects import tell as tell
from handlers.sender import Holding, LeaseLost, Sender, held
from integrations.base import RateLimited, Unavailable
from integrations.slack_errors import Refused, Unsure, trouble
from integrations.store import outbox as stored
from integrations.store.errors import StoreError
from integrations.store.outbox import Effect

log = logging.getLogger(__name__)
AT_ONCE = 10


async def send_pending(sender: Sender, *, at_once: int = AT_ONCE) -> int:
    """Do what waits, until nothing more is due; gives how many were worked on.

    One that is slow or goes wrong does not stop the others; a defect is raised when all are through.
    """
    async with held(sender) as holding:
        if holding is None:
            return 0
        return await _Round(sender, holding, at_once).run()


class _Round:
    """One round of the outbox: so many effects at once, and the next ones as soon as some have ended."""

    def __init__(self, sender: Sender, holding: Holding, at_once: int) -> None:
        self._sender = sender
        self._holding = holding
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()
        self._count = 0
        self._defects: list[Exception] = []
        self._broken = False

    async def run(self) -> int:
        try:
            for effect in await settling.unsettled(self._sender):
                self._start(settling.settle(self._sender, effect))
            while await self._more() or self._running:
                await self._some_done()
        finally:
            await self._stop()
        if self._defects:
            message = "some effects could not be worked on"
            raise ExceptionGroup(message, self._defects)
        return self._count

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._running.add(asyncio.create_task(work, name="muster-effect"))

    async def _more(self) -> bool:
        """Start what can be started; True when something was."""
        places = self._at_once - len(self._running)
        stopping = self._broken or self._sender.memory.stopping
        if places <= 0 or stopping or not self._holding.covers_a_request():
            return False
        try:
            taken = await _take(self._sender, places)
        except StoreError as error:  # what is on its way comes to its end first
            self._defects.append(error)
            self._broken = True
            return False
        for effect in taken:
            self._start(_do(self._sender, self._holding, effect))
        self._count += len(taken)
        return bool(taken)

    async def _some_done(self) -> None:
        """Wait until half of the places are free, so that what ends together is followed together; never for long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._sender.waits.poll_s
        enough = min(len(self._running) - 1, self._at_once // 2)
        while len(self._running) > enough and (left := until - loop.time()) > 0:
            await self._wait(left)

    async def _wait(self, timeout_s: float) -> None:
        done, self._running = await asyncio.wait(
            self._running, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        ended = [task.exception() for task in done if not task.cancelled()]
        self._defects += [error for error in ended if isinstance(error, Exception)]

    async def _stop(self) -> None:
        """End what is still on its way; a request that is cut off is searched for later."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)


async def _take(sender: Sender, limit: int) -> tuple[Effect, ...]:
    now = sender.now()
    taken = await sender.store.write(
        lambda session: stored.take(session, sender.workspace, now=now, limit=limit)
    )
    if taken:
        log.info("effects_taken", extra={"count": len(taken)})
    return taken


async def _do(sender: Sender, holding: Holding, effect: Effect) -> None:
    """Do one effect and store how it ended; what is unsure of a message stays begun and is searched for."""
    try:
        await _not_too_often(sender, effect)
        done = await _effect(sender, holding, effect)
    except LeaseLost:
        await outcomes.again(sender, effect, timedelta(0), "another process sends now")
    except Refused as refused:
        await outcomes.refused(sender, effect, refused)
    except (RateLimited, Unavailable) as error:
        wait = max(sender.waits.backoff(effect.attempts), sender.waits.asked(error.retry_after_s))
        log.info("effect_not_taken", extra={"effect": effect.id, "error": str(error)})
        await outcomes.again(sender, effect, wait, f"{trouble(error)}.")
    except Unsure as unsure:
        await _unsure(sender, effect, unsure)
    else:
        log.info("effect_posted", extra={"effect": effect.id, "kind": effect.kind})
        await outcomes.sent(sender, effect, done)


async def _effect(sender: Sender, holding: Holding, effect: Effect) -> Done:
    """Make the one request that the effect is about."""
    match EffectKind(effect.kind):
        case EffectKind.CARD:
            return await card_sending.show(sender, holding, effect)
        case EffectKind.DM | EffectKind.POST:
            posting = await postings.posting_of(sender, effect)
            ts = await postings.post(sender, holding, posting)
            return Done(ts=ts, note=partial(outcomes.note_post, effect, ts))
        case _:
            holding.check()
            await _change(sender, effect)
            return Done()


async def _change(sender: Sender, effect: Effect) -> None:
    """Change what is there already, or show what nobody can find again."""
    payload, within_s = effect.payload, sender.waits.request_s
    match EffectKind(effect.kind):
        case EffectKind.HOME:
            await sender.slack.publish_home(payload["user"], payload["view"], within_s=within_s)
        case EffectKind.EPHEMERAL:
            await sender.slack.ephemeral(
                payload["channel"],
                payload["user"],
                blocks=payload["blocks"],
                text=payload["text"],
                thread_ts=payload.get("thread_ts"),
                within_s=within_s,
            )
        case _:
            await sender.slack.update(
                payload["channel"],
                payload["ts"],
                blocks=payload["blocks"],
                text=payload["text"],
                within_s=within_s,
            )


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


async def _unsure(sender: Sender, effect: Effect, unsure: Unsure) -> None:
    why = f"{trouble(unsure)}."
    log.info("effect_unsure", extra={"effect": effect.id, "kind": effect.kind, "error": str(unsure)})
    match EffectKind(effect.kind):
        case EffectKind.UPDATE | EffectKind.HOME:  # the same twice is the same
            await outcomes.again(sender, effect, sender.waits.backoff(effect.attempts), why)
        case EffectKind.EPHEMERAL:  # nobody can look, and Slack promises nothing anyway
            await outcomes.unknown(sender, effect, why)
        case EffectKind.DM | EffectKind.POST | EffectKind.CARD:
            pass  # it stays begun, and is searched for
