"""Waking launches: whoever stores what they rest on writes down, in the same transaction, that they have to look."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from integrations.store import due, launches
from schema.due import Due, Outcome

EVIDENCE: Final = "launch_evidence"  # due work: launches of a product look at their evidence again


def evidence(session: Session, workspace: str, product: str, *, now: datetime) -> None:
    """Let the launches of a product see new readings at once; nothing where none is under way."""
    if launches.going(session, workspace, product=product):
        # its own name each time: what is under way already may have looked before this was stored
        key = f"{product}.{now.isoformat()}"
        work = Due(workspace=workspace, kind=EVIDENCE, key=key, due_at=now, payload={"product": product})
        due.plan(session, work, again=frozenset(Outcome))
