"""Checkpoints: the ledger signed after each decision about a gate and once a day, and posted where it cannot be rewritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import cards, watches
from handlers.services import Services, Snapshot
from handlers.views import watches as shown
from handlers.views.blocks import sections
from integrations.store import cards as stored_cards
from integrations.store import checkpoints as stored
from integrations.store import due, launches, ledger
from integrations.store.checkpoints import Posting, StoredCheckpoint
from integrations.store.engine import lock_workspace
from schema.audits import rotated
from schema.checkpoints import SigningKey
from schema.due import Due
from schema.launches import EventKind
from schema.ledger import SYSTEM

DECISIVE: Final = frozenset({
    EventKind.APPROVED, EventKind.REJECTED, EventKind.REVOKED, EventKind.USED, EventKind.BYPASS_STARTED,
    EventKind.BYPASS_USED, EventKind.KEY_ROTATED, EventKind.RESTORED,
})  # fmt: skip
DAILY: Final = timedelta(days=1)
MOST: Final = 20  # of those that a channel has not seen; the newest stands for all before it
UNHEARD: Final = "audit_channel_missing"  # due work: when somebody is told again
AGAIN: Final = timedelta(days=365)


async def keep(services: Services, snapshot: Snapshot) -> None:
    """Sign and post what has to be signed and posted now; safe to repeat, by any number of processes."""
    key = services.signing_key
    if key is None:  # no launch was opened without one
        return
    keeping = _Keeping(snapshot=snapshot, key=key, old=services.old_signing_key, now=services.now())
    if await services.store.read(keeping.unheard_of):
        await services.store.write(keeping.rotate)
    if await services.store.read(keeping.wanted):
        await services.store.write(keeping.sign)
    channel = snapshot.configuration.workspace.audit_channel
    if channel is None:
        await _tell_once(services, snapshot)
        return
    if await services.store.read(partial(keeping.unseen, channel=channel)):
        await services.store.write(partial(keeping.post, channel=channel))
    await _heard(services, snapshot)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeping:
    """One look at a workspace's ledger."""

    snapshot: Snapshot
    key: SigningKey
    old: SigningKey | None  # vouches for the key, where it is still there
    now: datetime

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace

    def unheard_of(self, session: Session) -> bool:
        """Tell whether another key signed before, and the ledger does not say yet that this one does.

        A key that signed once stays known: two processes that hold different keys do not write for ever.
        """
        first = stored.first(session, self.workspace)
        if first is None or stored.signer(first) == self.key.public.id:
            return False
        changes = ledger.events_of_kinds(session, self.workspace, {EventKind.KEY_ROTATED})
        return all(event.payload["new"] != self.key.public.id for event in changes)

    def rotate(self, session: Session) -> None:
        lock_workspace(session, self.workspace)
        if not self.unheard_of(session):
            return
        change = rotated(self.workspace, old=self.old, new=self.key.public, actor=SYSTEM, at=self.now)
        ledger.append(session, self.workspace, [change], now=self.now)

    def wanted(self, session: Session) -> bool:
        """Tell whether something was added that has to be signed by now."""
        newest = stored.newest(session, self.workspace)
        size = newest.size if newest else 0
        if ledger.head(session, self.workspace).seq == size:
            return False
        if newest is None or self.now - newest.signed_at >= DAILY:
            return True
        return bool(ledger.events_of_kinds(session, self.workspace, DECISIVE, after=size))

    def sign(self, session: Session) -> None:
        stored.make(session, self.workspace, key=self.key, now=self.now)

    def unseen(self, session: Session, *, channel: str) -> bool:
        """Tell whether something is to be posted, or noted as posted."""
        waiting = stored.unposted(session, self.workspace, place=channel)[-MOST:]
        known = [stored_cards.get(session, self.workspace, _key(channel, each)) for each in waiting]
        return any(card is None or card.ts is not None for card in known)

    def post(self, session: Session, *, channel: str) -> None:
        """Put what a channel has not seen into its month's thread, and note what stands there."""
        waiting = stored.unposted(session, self.workspace, place=channel)[-MOST:]
        cards_of = {
            each.size: stored_cards.get(session, self.workspace, _key(channel, each)) for each in waiting
        }
        for each in waiting:
            card = cards_of[each.size]
            if card is None:
                self._put(session, each, channel=channel)
            elif (
                card.ts is None and None in cards_of.values()
            ):  # given up once; with the next one it is tried again
                cards.wish(session, self.workspace, card.key, now=self.now)
            elif card.ts is not None:
                posting = Posting(
                    size=each.size, place=channel, reference=card.link or card.ts, posted_at=self.now
                )
                stored.note_posted(session, self.workspace, posting)

    def _put(self, session: Session, checkpoint: StoredCheckpoint, *, channel: str) -> None:
        month = f"audit.{channel}.{checkpoint.signed_at:%Y-%m}"
        told = _told(self.snapshot, session)
        beside = {"by": told[0]} if told else {}
        head = {**shown.month_of_checkpoints(f"{checkpoint.signed_at:%B %Y}"), **beside}
        put = partial(cards.put, session, self.workspace, channel=channel, now=self.now)
        put(key=month, message=head)
        put(
            key=_key(channel, checkpoint),
            message={**shown.checkpoint(checkpoint.note), **beside},
            under=month,
        )


def _key(channel: str, checkpoint: StoredCheckpoint) -> str:
    return f"audit.{channel}.{checkpoint.size}"


def _told(snapshot: Snapshot, session: Session) -> Sequence[str]:
    """Name who is told of the channel: the admins, or the owners of products with launches where there are none."""
    admins = snapshot.configuration.reviews.admins
    products = {kept.product for kept in launches.going(session, snapshot.workspace)}
    return admins or [owner for key in sorted(products) for owner in watches.owners(snapshot, key)]


async def _tell_once(services: Services, snapshot: Snapshot) -> None:
    """Say that there is no channel, as soon as there is a ledger; and not again before a year has passed."""
    now, workspace = services.now(), snapshot.workspace

    def known(session: Session) -> bool:
        planned = due.planned(session, workspace, kind=UNHEARD)
        return any(each.due_at > now for each in planned) or not _told(snapshot, session)

    def tell(session: Session) -> None:
        due.drop(session, workspace, UNHEARD, UNHEARD, now=now, reason="a year has passed")
        again = Due(workspace=workspace, kind=UNHEARD, key=UNHEARD, due_at=now + AGAIN)
        if due.plan(session, again):
            words = shown.checkpoints_missing()
            payload = {"text": words, "blocks": sections(words)}
            watches.message(session, workspace, _told(snapshot, session), payload, now=now)

    if not await services.store.read(known):
        await services.store.write(tell)


async def _heard(services: Services, snapshot: Snapshot) -> None:
    """Forget that somebody was told that there is no channel: there is one."""
    now, workspace = services.now(), snapshot.workspace
    if await services.store.read(lambda session: due.planned(session, workspace, kind=UNHEARD)):
        await services.store.write(
            lambda session: due.drop(session, workspace, UNHEARD, UNHEARD, now=now, reason="there is one")
        )
