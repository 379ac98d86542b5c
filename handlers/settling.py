"""What became of a request that nobody knows of: it is searched for, twice, before it may be made again."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from handlers import card_sending, outcomes, postings
from handlers.effects import Done, EffectKind, began_at, key_of, no_note
from handlers.postings import Posting
from handlers.sender import Sender, Thing
from integrations.base import IntegrationError, RateLimited, Unavailable
from integrations.slack_errors import Refused, trouble
from integrations.store import cards
from integrations.store import outbox as stored
from integrations.store.cards import Card
from integrations.store.outbox import Effect

log = logging.getLogger(__name__)
STOPPED = "Muster stopped while it sent this."
SILENT = "Slack did not answer"
AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for; empty for a direct message or a post, whose payload says it all."""

    card: Card | None = None
    posting: Posting | None = None


async def unsettled(sender: Sender) -> tuple[Effect, ...]:
    """List what began long enough ago to be searched for; a request begins at most begin_s after it was taken."""
    before = sender.now() - timedelta(seconds=sender.waits.settle_s + sender.waits.begin_s)
    return await sender.store.read(lambda session: stored.unsettled(session, sender.workspace, before=before))


async def settle(sender: Sender, effect: Effect) -> None:
    """Search for a message that nobody knows of; the rest is simply done again."""
    match EffectKind(effect.kind):
        case EffectKind.EPHEMERAL:  # nobody can look for it
            await outcomes.unknown(sender, effect, STOPPED)
        case EffectKind.UPDATE | EffectKind.HOME:
            await outcomes.again(sender, effect, AT_ONCE, STOPPED)
        case EffectKind.CARD:
            await _card(sender, effect)
        case EffectKind.DM | EffectKind.POST:
            await _search(sender, effect, Wanted())


async def _card(sender: Sender, effect: Effect) -> None:
    card = await card_sending.card_of(sender, effect)
    if card is None:
        await outcomes.sent(sender, effect, Done())
        return
    try:
        posting = await card_sending.posting_of(sender, effect, card)
    except Refused as refused:  # there are no direct messages with this person
        await _refused(sender, effect, card, refused)
        return
    except IntegrationError as error:
        await _look_later(sender, effect, error)
        return
    if posting is not None:
        await _search(sender, effect, Wanted(card=card, posting=posting))
    else:  # it stands there; what it shows now is not known
        unsure = partial(_shows_anything, card)
        await outcomes.again(sender, effect, AT_ONCE, STOPPED, note=unsure)


def _shows_anything(card: Card, session: Session) -> None:
    cards.shows(session, card, digest=None)


async def _search(sender: Sender, effect: Effect, wanted: Wanted) -> None:
    if sender.waits_until(_thing(effect)) is not None:
        return
    try:
        ts = await postings.find(sender, wanted.posting or await postings.posting_of(sender, effect))
    except Refused as refused:
        await _refused(sender, effect, wanted.card, refused)
    except (RateLimited, Unavailable) as error:
        await _look_later(sender, effect, error)
    else:
        log.info("effect_searched", extra={"effect": effect.id, "found": ts is not None})
        if ts is None:
            await _not_seen(sender, effect, wanted.card)
        else:
            await _found(sender, effect, wanted, ts)


async def _refused(sender: Sender, effect: Effect, card: Card | None, refused: Refused) -> None:
    if card is not None and refused.error in card_sending.NO_THREAD:
        note = partial(card_sending.thread_lost, sender, card)
        await outcomes.again(sender, effect, AT_ONCE, refused.advice, note=note)
    else:
        await outcomes.unknown(sender, effect, refused.advice)


async def _look_later(sender: Sender, effect: Effect, error: IntegrationError) -> None:
    waits = sender.waits
    patience_s = waits.window_s if effect.kind in outcomes.PATIENT else waits.retry_for_s
    if sender.now() - began_at(effect) > timedelta(seconds=patience_s):
        await outcomes.unknown(sender, effect, f"{trouble(error)}.")
        return
    sender.failed(_thing(effect), why=SILENT, retry_after_s=error.retry_after_s)


async def _not_seen(sender: Sender, effect: Effect, card: Card | None) -> None:
    """Look once more, or post again: what was looked for often enough is not there."""
    now = sender.now()
    looks = sender.memory.looks.setdefault(_thing(effect), [])
    looks.append(now)
    if len(looks) < sender.waits.looking.times:
        sender.later(_thing(effect), now + timedelta(seconds=sender.waits.look_apart_s), why=SILENT)
        return
    note = no_note if card is None else partial(_certainly_not, card)
    await outcomes.again(sender, effect, AT_ONCE, "It was not found in Slack.", note=note)


def _certainly_not(card: Card, session: Session) -> None:
    cards.doubtful(session, card, at=None)


async def _found(sender: Sender, effect: Effect, wanted: Wanted, ts: str) -> None:
    if wanted.card is None or wanted.posting is None:
        await outcomes.sent(sender, effect, Done(ts=ts, note=partial(outcomes.note_post, effect, ts)))
        return
    # what was posted may be older than what the card is to show
    stands = replace(wanted.card, ts=ts, channel=wanted.posting.channel)
    note = card_sending.noted(sender, stands, digest=None)
    await outcomes.again(sender, effect, AT_ONCE, "It was found in Slack.", note=note)


def _thing(effect: Effect) -> Thing:
    return (key_of(effect), effect.attempts)
