"""What may be done in Slack for a decision, and what came of one such thing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from integrations.store import outbox as stored
from integrations.store.outbox import Effect


class EffectKind(StrEnum):
    """What may be done, and what its payload holds; every one has blocks and text, but HOME and CARD."""

    DM = "dm"  # user
    # channel; thread_ts; product and kind where it is about a product; by, backup: who are told of a refusal, and what: of what;
    # inside: refused in a channel that another company reads; private: then in one that anybody may join, too; then: a message that is changed when the post is there
    POST = "post"
    UPDATE = "update"  # channel, ts
    EPHEMERAL = "ephemeral"  # channel, user; thread_ts
    HOME = "home"  # user, view
    CARD = "card"  # key, channel; what it shows stands in its own row (handlers/cards.py)


def no_note(_: Session) -> None:
    """Store nothing else."""


async def nothing_more() -> None:
    """Do nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An effect that Slack has carried out.

    ts     of a message that it made
    note   stores what follows, in the transaction that says that it is done
    after  what may be tried then; nothing depends on it
    """

    ts: str | None = None
    note: Callable[[Session], None] = no_note
    after: Callable[[], Awaitable[None]] = nothing_more


def tell(session: Session, workspace: str, *, users: Sequence[str], text: str, now: datetime) -> None:
    """Send people a sentence as a direct message; mrkdwn, already escaped."""
    for user in users:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text[:3000], "verbatim": True}}]
        payload = {"user": user, "text": text, "blocks": blocks}
        stored.put(session, workspace, kind=EffectKind.DM, payload=payload, now=now)


def key_of(effect: Effect) -> str:
    """Name an effect for the message's metadata."""
    return f"outbox.{effect.workspace}.{effect.id}"


def began_at(effect: Effect) -> datetime:
    """Tell when its request began, at the earliest."""
    assert effect.began_at is not None  # only what was taken comes here
    return effect.began_at
