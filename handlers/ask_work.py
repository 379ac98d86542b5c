"""Work that is due before a standup: its kinds, and how one person's is named."""

from datetime import datetime
from typing import Final

from schema.checkins import Turn
from schema.due import Due

PLAN: Final = "checkin_plan"  # due work, one a standup that is coming: who is asked, and when
ASK: Final = "checkin_ask"  # one a person and standup
REMIND: Final = "checkin_reminder"
THREAD: Final = "checkin_thread"  # answers that came after the digest was prepared


def key_of(turn: Turn) -> str:
    """Name somebody's turn for due work and for the card that asks them."""
    return f"{turn.product}.{turn.period}.{turn.person}"


def due_of(workspace: str, kind: str, turn: Turn, at: datetime) -> Due:
    payload = {"product": turn.product, "period": turn.period, "person": turn.person}
    return Due(
        workspace=workspace, kind=kind, key=key_of(turn), due_at=at, window_end=turn.deadline, payload=payload
    )
