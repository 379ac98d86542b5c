"""The watcher: what was due, compared with what there is."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.orm import Session

from handlers import notices, outbox
from handlers.deliveries import Owed, owners_of
from handlers.sender import Sender
from integrations.store import deliveries as stored
from integrations.store import inbox
from schema.deliveries import OPEN_STATES, DeliveryState, IllegalMove, delivery_id


async def missing(sender: Sender, expected: Iterable[Owed]) -> tuple[Owed, ...]:
    """Compare what was due with what there is, and tell each owner once of what is neither posted nor ended."""
    late = sender.now() - timedelta(seconds=sender.waits.missing_after_s)
    gone = [owed for owed in expected if owed.due_at <= late and await _lacks(sender, owed)]
    for owed in gone:
        await _tell_missing(sender, owed)
    return tuple(gone)


async def _state(sender: Sender, owed: Owed) -> DeliveryState | None:
    id = _id(sender, owed)
    try:
        return (await sender.store.read(lambda session: stored.get(session, sender.workspace, id))).state
    except IllegalMove:
        return None


async def _lacks(sender: Sender, owed: Owed) -> bool:
    return await _state(sender, owed) in {None, *OPEN_STATES}


async def _tell_missing(sender: Sender, owed: Owed) -> None:
    owners = await owners_of(sender, owed.product)
    state = await _state(sender, owed)
    now, key = sender.now(), f"missing.{_id(sender, owed)}"
    text = notices.missing(
        kind=owed.kind,
        product=owed.product,
        channel=owed.channel,
        state="not planned" if state is None else state.value,
        due=f"{owed.due_at:%Y-%m-%d %H:%M} UTC",
    )

    def tell(session: Session) -> None:
        if inbox.first_time(session, sender.workspace, key, at=now, kind="missing"):
            outbox.tell(session, sender.workspace, users=owners, text=text, now=now)

    await sender.store.write(tell)


def _id(sender: Sender, owed: Owed) -> str:
    return delivery_id(
        workspace=sender.workspace,
        kind=owed.kind,
        product=owed.product,
        period=owed.period,
        channel=owed.channel,
    )
