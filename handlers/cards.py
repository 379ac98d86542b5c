"""Cards: messages that are posted once and then changed as what they show changes.

A card's content stands in its own row, and the outbox names only its key: whatever is decided while it waits,
what goes out is the newest, and nothing that was erased meanwhile.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from handlers.effects import EffectKind
from handlers.views.blocks import fallback
from integrations.store import cards as stored
from integrations.store import outbox
from integrations.store.cards import Card

# text, blocks; fallback: blocks for a Slack that refuses the others; by: who is told of a refusal;
# product: what a mention in its thread is about; thread_ts: the message under which it stands, where that is no card;
# place: the lower, the sooner it goes among those that wait for the same card
Message = Mapping[str, Any]
LAST: Final = math.inf  # the place of what names none


def put(
    session: Session,
    workspace: str,
    *,
    key: str,
    channel: str,
    message: Message,
    now: datetime,
    under: str | None = None,
) -> None:
    """Show this from now on, in the transaction that decided it; the card is made where there is none.

    channel  its id, or that of a person: then it is a direct message
    under    the key of the card in whose thread it stands, put before; that one is posted first
    """
    fitting = _fitting(message)
    card = stored.put(session, workspace, key=key, channel=channel, under=under, message=fitting)
    _show(session, card, now=now)


def changed(session: Session, workspace: str, wanted: Mapping[str, Message]) -> dict[str, Message]:
    """Leave out of the messages that cards are to show those that Slack certainly shows already."""
    shown = stored.shown(session, workspace, wanted)
    return {key: message for key, message in wanted.items() if shown.get(key) != _fitting(message)}


def find(session: Session, workspace: str, *, channel: str, ts: str) -> str | None:
    """Tell which card a message, or a thread's first message, is."""
    return stored.by_ts(session, workspace, channel=channel, ts=ts)


def link(session: Session, workspace: str, key: str) -> str | None:
    """Give a card's address for people; None before it is posted."""
    card = stored.get(session, workspace, key)
    return None if card is None else card.link


def wish(session: Session, workspace: str, key: str, *, now: datetime) -> None:
    """Let the sender look after a card once more."""
    card = stored.get(session, workspace, key)
    if card is not None:
        _show(session, card, now=now)


def wake(session: Session, workspace: str, key: str, *, now: datetime) -> None:
    """Let the cards go that waited for this one to be posted, in their order."""
    for card in sorted(
        stored.below(session, workspace, key), key=lambda each: each.message.get("place", LAST)
    ):
        _show(session, card, now=now)


def _show(session: Session, card: Card, *, now: datetime) -> None:
    """Let the sender look after a card, unless another has to be posted first or people deleted it."""
    if card.waits or card.gone:
        return
    outbox.put(
        session,
        card.workspace,
        kind=EffectKind.CARD,
        payload={"key": card.key, "channel": card.channel},
        now=now,
        coalesce_key=f"card.{card.key}",
    )


def _fitting(message: Message) -> dict[str, Any]:
    """Keep what notifications show short: Slack takes a longer text in a post but not in a change (SLACK.md 52)."""
    return {**message, "text": fallback(str(message["text"]))}
