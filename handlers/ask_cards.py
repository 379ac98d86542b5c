"""What somebody sees of their turn in their direct messages: the question, then what was received."""

from datetime import datetime

from sqlalchemy.orm import Session

from handlers import cards
from handlers.ask_work import key_of
from handlers.late_answers import prepared
from handlers.services import Snapshot
from handlers.views import checkins as shown
from schema.checkins import Turn
from schema.products import Product


def show(session: Session, snapshot: Snapshot, product: Product, turn: Turn, *, now: datetime) -> None:
    """Show somebody in their direct messages where their turn stands: the question, then what was received."""
    workspace, key = snapshot.workspace, f"checkin.{key_of(turn)}"
    seen = shown.Asked(
        title=product.title, turn=turn, prepared=prepared(session, workspace, product, turn),
        over=now >= turn.deadline,
    )  # fmt: skip
    cards.put(session, workspace, key=key, channel=turn.person, message=shown.asking(seen), now=now)
    if turn.reminded_at is not None:
        message = shown.reminder(seen)
        cards.put(session, workspace, key=f"{key}.reminder", channel=turn.person, message=message, now=now)
