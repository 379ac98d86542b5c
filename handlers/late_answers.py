"""Late answers: those that came after a digest was composed follow it into its thread."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from handlers import cards, chores
from handlers.ask_work import THREAD, due_of, key_of
from handlers.effects import tell
from handlers.services import Services, Snapshot
from handlers.views import checkins as shown
from integrations.store import checkins as stored
from integrations.store import deliveries
from schema.asks import ANSWERED_FOR
from schema.checkins import CheckIn, Turn
from schema.deliveries import PARENT, STANDUP, Delivery, DeliveryState
from schema.due import Taken
from schema.products import Product

LOOK_AGAIN: Final = timedelta(minutes=1)  # for a digest that is not posted yet


def delivery_of(session: Session, workspace: str, product: Product, period: str) -> Delivery | None:
    """Give the delivery of a product's standup; None where none was planned yet."""
    try:
        named = product.calendar.named(period)
    except ValueError:  # of a week, and the product has gone over to months since
        return None
    listed = deliveries.of_period(session, workspace, product=product.key, period=named)
    made = [each for each in listed if each.kind == STANDUP]
    here = next((each for each in made if each.channel == product.channel), None)
    if here is not None:
        return here
    return next((each for each in made if each.state is not DeliveryState.SKIPPED), None)  # it moved since


def over(session: Session, workspace: str, product: Product, period: str) -> bool:
    """Tell whether nobody waits for answers any more: the standup is left out, or composed already."""
    made = delivery_of(session, workspace, product, period)
    if made is None:
        return False
    return made.state is DeliveryState.SKIPPED or bool(deliveries.parts(session, workspace, made.id))


def prepared(session: Session, workspace: str, product: Product, turn: Turn) -> bool:
    """Tell whether the standup was composed already, so that an answer comes after it."""
    made = delivery_of(session, workspace, product, turn.period)
    return made is not None and bool(deliveries.parts(session, workspace, made.id))


def follow(session: Session, workspace: str, turn: Turn, *, now: datetime) -> None:
    """Let answers go into the thread of a digest that was composed without them."""
    work = replace(due_of(workspace, THREAD, turn, now), window_end=turn.post_at + ANSWERED_FOR)
    chores.put(session, [work])


def left_out(
    session: Session, workspace: str, product: Product, *, period: str, composed: Iterable[CheckIn], now: datetime
) -> None:  # fmt: skip
    """Let those answers follow a digest that came while it was composed; called as it is frozen."""
    stored.lock_standup(session, workspace, product.key)
    known = set(composed)
    for turn in stored.turns(session, workspace, product=product.key, period=period):
        if turn.checkin is not None and turn.checkin not in known:
            follow(session, workspace, turn, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Answers that go into the thread of a digest."""

    services: Services
    snapshot: Snapshot
    product: Product
    taken: Taken
    kept: str  # why its channel is not to read them, for their author; "" where it may

    def write(self, session: Session) -> None:
        now, workspace, said = self.services.now(), self.snapshot.workspace, self.taken.work.payload
        turn = stored.turn(
            session, workspace, product=self.product.key, period=str(said["period"]), person=str(said["person"]),
            hold=True,
        )  # fmt: skip
        made = delivery_of(session, workspace, self.product, str(said["period"]))
        parent = None if made is None else _parent_ts(session, made)
        if turn is None or turn.checkin is None or made is None or made.state is DeliveryState.SKIPPED:
            chores.done(session, self.taken, now=now)
        elif self.kept:
            if chores.done(session, self.taken, now=now):
                tell(session, workspace, users=[turn.person], text=self.kept, now=now)
        elif parent is None:
            chores.done(session, self.taken, now=now, next_at=now + LOOK_AGAIN, **said)
        elif chores.done(session, self.taken, now=now):
            message = shown.in_thread(turn.checkin) | {"thread_ts": parent, "by": turn.person}
            key = f"checkin.thread.{key_of(turn)}"
            cards.put(session, workspace, key=key, channel=made.channel, message=message, now=now)


def _parent_ts(session: Session, made: Delivery) -> str | None:
    parts = deliveries.parts(session, made.workspace, made.id)
    return next((part.ts for part in parts if part.position == PARENT), None)
