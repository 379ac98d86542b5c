"""Looking, an hour after a digest, whether any of its messages stands there twice; the record says what was found."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from handlers.sender import Sender
from integrations.base import RateLimited, Unavailable
from integrations.slack_errors import Refused
from integrations.store import deliveries as stored
from integrations.store import due
from schema.deliveries import OPEN_STATES, PARENT, Delivery, DeliveryState, Part
from schema.due import Due, Outcome, Taken

LOOK: Final = "look_for_doubles"  # due work
AFTER: Final = timedelta(hours=1)  # whatever Slack showed late stands there by then
AGAIN: Final = timedelta(minutes=30)
WINDOW: Final = timedelta(days=2)
MARGIN: Final = timedelta(hours=1)  # between our clock and Slack's
LEASE_S: Final = 120.0


def plan(session: Session, delivery: Delivery) -> None:
    """Write down that somebody looks for second copies of a delivery."""
    at = delivery.due_at + AFTER
    work = Due(workspace=delivery.workspace, kind=LOOK, key=delivery.id, due_at=at, window_end=at + WINDOW)
    due.plan(session, work, again=frozenset(Outcome))  # posted after all: looked at after all


async def look_due(sender: Sender) -> int:
    """Look where it is time; gives how many deliveries were looked at."""
    now = sender.now()
    if not await sender.store.read(lambda session: due.any_due(session, now, kinds=[LOOK])):
        return 0
    taken = await sender.store.write(
        lambda session: due.take_due(session, now, holder=sender.holder, lease_s=LEASE_S, kinds=[LOOK])
    )
    for each in taken:
        await _look(sender, each)
    return len(taken)


async def _look(sender: Sender, taken: Taken) -> None:
    delivery, parts = await sender.store.read(
        lambda session: (
            stored.get(session, taken.work.workspace, taken.work.key),
            stored.parts(session, taken.work.workspace, taken.work.key),
        )
    )
    if delivery.state in OPEN_STATES:
        await _later(sender, taken, reason="It is not posted yet.")
        return
    try:
        doubled = await _doubled(sender, delivery, parts) if delivery.state is DeliveryState.SENT else None
    except (RateLimited, Unavailable) as error:
        await _later(sender, taken, reason=f"{error}.")
        return
    except Refused as refused:  # nobody can look; the record says that nobody did
        await _finish(sender, taken, doubled=None, reason=refused.advice)
        return
    await _finish(sender, taken, doubled=doubled, reason=None)


async def _doubled(sender: Sender, delivery: Delivery, parts: tuple[Part, ...]) -> int:
    """Count the messages that stand there once more than they should."""
    began = min((each.began_at for each in parts if each.began_at), default=delivery.due_at)
    ts = next((each.ts for each in parts if each.position == PARENT), None)
    top = {each.key for each in parts if each.position == PARENT}
    below = {each.key for each in parts if each.position != PARENT}
    found = await sender.slack.copies(delivery.channel, top, oldest=began - MARGIN)
    if ts is not None and below:
        found += await sender.slack.copies(delivery.channel, below, oldest=began - MARGIN, thread_ts=ts)
    return sum(count - 1 for count in found.values())


async def _later(sender: Sender, taken: Taken, *, reason: str) -> None:
    now = sender.now()
    await sender.store.write(
        lambda session: due.fail(session, taken, now=now, reason=reason, again_at=now + AGAIN)
    )


async def _finish(sender: Sender, taken: Taken, *, doubled: int | None, reason: str | None) -> None:
    now: datetime = sender.now()

    def note(session: Session) -> None:
        if due.finish(session, taken, now=now, reason=reason) and doubled is not None:
            stored.looked_for_doubles(session, taken.work.workspace, taken.work.key, doubled=doubled)

    await sender.store.write(note)
