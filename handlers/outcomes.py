"""How an effect ended, stored together with what follows from it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from handlers.effects import Done, EffectKind, no_note, tell
from handlers.sender import Sender
from integrations.slack_errors import Refused
from integrations.store import cards, posts
from integrations.store import outbox as stored
from integrations.store.outbox import Effect

log = logging.getLogger(__name__)
PATIENT = frozenset({EffectKind.DM, EffectKind.CARD})  # what outlasts an outage of Slack

Note = Callable[[Session], None]


async def sent(sender: Sender, effect: Effect, done: Done) -> None:
    """Store that Slack has it, unless another process has dealt with it meanwhile."""

    def note(session: Session) -> None:
        if stored.sent(session, effect, ts=done.ts):
            done.note(session)

    await sender.store.write(note)
    log.info("effect_sent", extra={"effect": effect.id, "kind": effect.kind})
    await done.after()


def note_post(effect: Effect, ts: str, session: Session) -> None:
    """Remember which product a post is about, so that a mention in its thread is understood; do what follows from it."""
    payload = effect.payload
    if payload.get("then"):
        at = effect.began_at or effect.created_at
        stored.put(session, effect.workspace, kind=EffectKind.UPDATE, payload=payload["then"], now=at)
    if effect.kind == EffectKind.POST and payload.get("product"):
        posts.note(
            session,
            effect.workspace,
            channel=payload["channel"],
            ts=ts,
            product=payload["product"],
            kind=str(payload.get("kind", "post")),
        )


async def again(
    sender: Sender, effect: Effect, wait: timedelta, reason: str, *, note: Note = no_note
) -> None:
    """Try later, or give up when it was tried for long enough."""
    at = sender.now() + wait
    if _tried_enough(sender, effect):
        await failed(sender, effect, reason)
        return

    def later(session: Session) -> None:
        _hold(session, effect)
        note(session)
        stored.again(session, effect, at=at, reason=reason)

    await sender.store.write(later)
    log.info("effect_put_off", extra={"effect": effect.id, "kind": effect.kind})


def _hold(session: Session, effect: Effect) -> None:
    """Wait for whoever changes this card now: else two effects of one key would wait at once."""
    if effect.kind == EffectKind.CARD:
        cards.held(session, effect.workspace, str(effect.payload["key"]))


def _tried_enough(sender: Sender, effect: Effect) -> bool:
    """Tell what is given up; what owners are told, and a card, outlast the outage."""
    waited_s = (sender.now() - effect.created_at).total_seconds()
    if effect.kind in PATIENT:
        return waited_s > sender.waits.window_s
    # a lease that comes and goes uses attempts up without any waiting
    return effect.attempts >= sender.waits.attempts and waited_s >= sender.waits.retry_for_s


async def refused(sender: Sender, effect: Effect, why: Refused) -> None:
    """Give up what Slack refuses; without a token, wait for one."""
    if why.everywhere:  # nothing goes out before a person gives us a token that works
        at = sender.now() + timedelta(seconds=sender.waits.token_retry_s)

        def later(session: Session) -> None:
            _hold(session, effect)
            stored.again(session, effect, at=at, reason=why.advice)

        await sender.store.write(later)
        log.error("slack_takes_no_token", extra={"error": why.error, "workspace": effect.workspace})
        return
    await failed(sender, effect, why.advice)


async def failed(sender: Sender, effect: Effect, reason: str) -> None:
    """Give an effect up, and tell who asked for it."""

    def note(session: Session) -> None:
        if stored.failed(session, effect, reason=reason):
            _tell(session, effect, reason, now=sender.now())

    await sender.store.write(note)
    log.warning("effect_failed", extra={"effect": effect.id, "kind": effect.kind, "reason": reason})


async def unknown(sender: Sender, effect: Effect, reason: str) -> None:
    """Store that nobody can tell whether Slack has it."""

    def note(session: Session) -> None:
        if not stored.unknown(session, effect, reason=reason):
            return
        if effect.kind == EffectKind.CARD:
            _doubt(session, effect)
            _tell(session, effect, reason, now=sender.now())
        elif effect.kind == EffectKind.POST:
            _ask(session, effect, reason, now=sender.now())

    await sender.store.write(note)
    log.warning("effect_unknown", extra={"effect": effect.id, "kind": effect.kind})


def _doubt(session: Session, effect: Effect) -> None:
    card = cards.get(session, effect.workspace, str(effect.payload["key"]))
    if card is not None and card.doubtful_at is None:
        cards.doubtful(session, card, at=effect.began_at)


def _tell(session: Session, effect: Effect, reason: str, *, now: datetime) -> None:
    """Tell the person who asked that it is not there; privately, as their channel may be what refuses."""
    channel = f"<#{effect.payload.get('channel')}>"
    if effect.kind == EffectKind.POST:
        what = effect.payload.get("what", "What you shared")
        users, words = (
            [effect.payload.get("by"), effect.payload.get("backup")],
            f"{what} could not be posted in {channel}.",
        )
    elif effect.kind == EffectKind.CARD:
        users, words = [_asker_of_card(session, effect, reason)], f"A card in {channel} is not up to date."
    else:
        return
    told = tuple(dict.fromkeys(str(user) for user in users if user))
    tell(session, effect.workspace, users=told, text=f"{words} {reason}", now=now)


def _ask(session: Session, effect: Effect, reason: str, *, now: datetime) -> None:
    """Let whoever a post is of look whether it is there, as Muster cannot."""
    asker, what = effect.payload.get("by"), effect.payload.get("what")
    then = "" if what else " Share it again only if it is missing there."
    text = (
        f"{what or 'What you shared'} may or may not stand in <#{effect.payload.get('channel')}>: Muster got no answer"
        f" and cannot look. {reason} Please look there.{then}"
    )
    if asker:
        tell(session, effect.workspace, users=[str(asker)], text=text, now=now)


def _asker_of_card(session: Session, effect: Effect, reason: str) -> str | None:
    """Say who is told of a card's trouble: nobody who was told the same already."""
    key = str(effect.payload["key"])
    if not cards.troubled(session, effect.workspace, key, trouble=reason):
        return None
    card = cards.get(session, effect.workspace, key)
    return None if card is None else card.by
