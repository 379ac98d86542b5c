"""Bringing a card to what it is to show: posted once, changed from then on, posted anew where it was deleted."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from handlers import cards, postings
from handlers.effects import Done, began_at
from handlers.postings import Posting
from handlers.sender import Holding, Sender
from integrations.base import Call, IntegrationError, RateLimited, Unavailable
from integrations.pacer import POST
from integrations.slack_errors import InvalidBlocks, Refused, Unsure
from integrations.store import cards as stored
from integrations.store import posts
from integrations.store.cards import Card
from integrations.store.outbox import Effect

log = logging.getLogger(__name__)
UPDATE = "chat.update"
DELETED = frozenset({"message_not_found", "edit_window_closed"})  # a change comes too late
NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message"})


async def card_of(sender: Sender, effect: Effect) -> Card | None:
    """Read the card that an effect is about, as it is to be now."""
    key = str(effect.payload["key"])
    return await sender.store.read(lambda session: stored.get(session, effect.workspace, key))


async def show(sender: Sender, holding: Holding, effect: Effect) -> Done:
    """Make the one request that brings the card to its newest content, or none where it shows that already."""
    async with sender.memory.in_turn:  # or the cards of a thread stand in line as they were read
        card = await card_of(sender, effect)
    if card is None or card.gone or card.waits or card.shown == card.digest:
        return Done()
    if card.ts is None:
        return await _post(sender, holding, effect, card)
    return await _change(sender, holding, card, card.ts)


async def posting_of(sender: Sender, effect: Effect, card: Card) -> Posting | None:
    """Say what a card is searched by; None for one that stands in Slack already, or waits for another."""
    if card.ts is not None or card.waits or card.gone:
        return None
    first = began_at(effect) if card.doubtful_at is None else min(card.doubtful_at, began_at(effect))
    return Posting(
        channel=await postings.place(sender, str(effect.payload["channel"])),
        key=f"card.{card.workspace}.{card.key}.{card.generation}",
        text=card.message["text"],
        blocks=card.message["blocks"],
        fallback=card.message.get("fallback"),
        thread_ts=card.thread_ts,
        began_at=first,
    )


async def _post(sender: Sender, holding: Holding, effect: Effect, card: Card) -> Done:
    if card.doubtful_at is not None:  # it is searched for before anything is posted again
        raise Unsure(Call(source="Slack", asked=POST), "an earlier post of this card may be there")
    posting = await posting_of(sender, effect, card)
    assert posting is not None  # show() asked already
    try:
        ts = await postings.post(sender, holding, posting)
    except Refused as refused:
        if refused.error not in NO_THREAD or card.under is None:
            raise
        return Done(note=partial(thread_lost, sender, card))
    stands = replace(card, ts=ts, channel=posting.channel)
    return Done(note=noted(sender, stands, digest=card.digest), after=partial(_learn_link, sender, stands))


def noted(sender: Sender, card: Card, *, digest: str | None) -> Callable[[Session], None]:
    """Say how to store that a card stands in Slack, and to let those go that waited for it.

    digest  of what it shows; None when it may be older than what it is to show
    """

    def note(session: Session) -> None:
        assert card.ts is not None  # it stands there
        if not stored.posted(session, card, channel=card.channel, ts=card.ts, shown=digest):
            return
        if card.product is not None and card.under is None:
            posts.note(
                session, card.workspace, channel=card.channel, ts=card.ts, product=card.product, kind="card"
            )
        cards.wake(session, card.workspace, card.key, now=sender.now())

    return note


async def _change(sender: Sender, holding: Holding, card: Card, ts: str) -> Done:
    if held_s := sender.slack.pacer.held_s(UPDATE):
        raise RateLimited(Call(source="Slack", asked=UPDATE), "Slack asks us to wait", retry_after_s=held_s)
    holding.check()
    update = partial(
        sender.slack.update, card.channel, ts, text=card.message["text"], within_s=sender.waits.request_s
    )
    try:
        try:
            await update(blocks=card.message["blocks"])
        except InvalidBlocks:
            if not card.message.get("fallback"):
                raise
            await update(blocks=card.message["fallback"])
    except Refused as refused:
        if refused.error not in DELETED:
            raise
        return Done(note=partial(_lost, sender, card))
    except Unsure as unsure:  # the same twice is the same, but what it shows is not known until then
        await sender.store.write(lambda session: stored.shows(session, card, digest=None))
        raise Unavailable(Call(source="Slack", asked=UPDATE), "no usable answer") from unsure
    return Done(
        note=lambda session: stored.shows(session, card, digest=card.digest),
        after=partial(_learn_link, sender, card),
    )


def thread_lost(sender: Sender, card: Card, session: Session) -> None:
    """Post the card above anew; this one follows as soon as that stands."""
    assert card.under is not None  # what stands in no thread loses none
    above = stored.get(session, card.workspace, card.under)
    if above is not None and above.ts == card.thread_ts:
        _lost(sender, above, session)


def _lost(sender: Sender, card: Card, session: Session) -> None:
    anew = stored.lost(session, card)
    log.info("card_deleted", extra={"card": card.key, "workspace": card.workspace, "anew": anew})
    if anew:
        cards.wish(session, card.workspace, card.key, now=sender.now())


async def _learn_link(sender: Sender, card: Card) -> None:
    """Learn a card's address; one that Slack does not give now is asked for at the next change."""
    if card.link is not None or card.ts is None:
        return
    try:
        link = await sender.slack.permalink(card.channel, card.ts)
    except IntegrationError as error:
        log.info("link_unknown", extra={"card": card.key, "error": str(error)})
        return
    await sender.store.write(lambda session: stored.linked(session, card, link=link))
