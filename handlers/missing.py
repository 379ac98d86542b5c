"""The watcher: what was due, compared with what there is."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from handlers import digests, notices, outbox, standups
from handlers.deliveries import Owed, owners_of
from handlers.sender import Sender
from handlers.services import Snapshot
from handlers.views.receipts import slack_time
from integrations.store import deliveries as stored
from integrations.store import due, inbox
from schema.deliveries import OPEN_STATES, DeliveryState, IllegalMove, delivery_id

NOT_RUNNING: Final = "Muster was not running when it was due."


async def missing(sender: Sender, expected: Iterable[Owed]) -> tuple[Owed, ...]:
    """Compare what was due with what there is, and tell each owner once of what is neither posted nor ended."""
    late = sender.now() - timedelta(seconds=sender.waits.missing_after_s)
    gone = [owed for owed in expected if owed.due_at <= late and await _lacks(sender, owed)]
    for owed in gone:
        await _tell_missing(sender, owed)
    return tuple(gone)


async def end_missed(sender: Sender, snapshot: Snapshot) -> None:
    """End what nobody prepared inside its window, and tell its owners with the same transaction."""
    now = sender.now()

    def end(session: Session) -> None:
        for ended in due.missed(session, now):
            product = snapshot.configuration.products.get(str(ended.work.payload.get("product")))
            ours = ended.work.workspace == snapshot.workspace and ended.work.kind == standups.PREPARE
            if ours and product is not None and product.channel is not None:
                owners = tuple(dict.fromkeys((product.owner, product.backup_owner)))
                owed = digests.owed_by(product, ended.work)
                _tell(session, sender, owed, owners)
                _note(session, sender, owed)

    await sender.store.write(end)


def _note(session: Session, sender: Sender, owed: Owed) -> None:
    """Let the product's record say that it was owed and never prepared."""
    if _state(session, sender, owed) not in {None, DeliveryState.PLANNED}:
        return
    delivery, _ = stored.create_or_get(
        session, sender.workspace, kind=owed.kind, product=owed.product, period=owed.period, channel=owed.channel,
        due_at=owed.due_at,
    )  # fmt: skip
    stored.fail(session, sender.workspace, delivery.id, reason=NOT_RUNNING)


def _state(session: Session, sender: Sender, owed: Owed) -> DeliveryState | None:
    try:
        return stored.get(session, sender.workspace, _id(sender, owed)).state
    except IllegalMove:
        return None


async def _lacks(sender: Sender, owed: Owed) -> bool:
    return await sender.store.read(lambda session: _state(session, sender, owed)) in {None, *OPEN_STATES}


async def _tell_missing(sender: Sender, owed: Owed) -> None:
    owners = await owners_of(sender, owed.product)
    await sender.store.write(lambda session: _tell(session, sender, owed, owners))


def _tell(session: Session, sender: Sender, owed: Owed, owners: Sequence[str]) -> None:
    """Tell the owners once of what is neither posted nor ended."""
    state = _state(session, sender, owed)
    now, key = sender.now(), f"missing.{_id(sender, owed)}"
    if state not in {None, *OPEN_STATES}:
        return
    text = notices.missing(
        kind=owed.kind,
        product=owed.product,
        channel=owed.channel,
        state="not planned" if state is None else state.value,
        due=slack_time(owed.due_at),
    )
    if inbox.first_time(session, sender.workspace, key, at=now, kind="missing"):
        outbox.tell(session, sender.workspace, users=owners, text=text, now=now)


def _id(sender: Sender, owed: Owed) -> str:
    return delivery_id(
        workspace=sender.workspace,
        kind=owed.kind,
        product=owed.product,
        period=owed.period,
        channel=owed.channel,
    )
