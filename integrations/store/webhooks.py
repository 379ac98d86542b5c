"""What was last told of each launch's gate, as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import insert_new, table_of
from schema.ledger import Json
from schema.tables.launches import LaunchRow
from schema.tables.webhooks import GateAnswerRow

ANSWERS = table_of(GateAnswerRow)
A = ANSWERS.c
LAUNCHES = table_of(LaunchRow)
L = LAUNCHES.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was last told of a launch."""

    number: int
    answer: Mapping[str, Json]
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A launch whose answer may have changed."""

    launch: str
    hash: str  # of its newest event
    told: Told | None


def candidates(session: Session, workspace: str) -> tuple[Candidate, ...]:
    """List the launches that have not ended, and those that have since their answer was looked at."""
    both = LAUNCHES.outerjoin(ANSWERS, (A.workspace == L.workspace) & (A.launch == L.id))
    query = select(L.id, L.hash, A.number, A.answer, A.seq.label("looked")).select_from(both)
    query = query.where(L.workspace == workspace, or_(~L.ended, A.seq.is_(None), A.seq < L.seq))
    return tuple(
        Candidate(
            launch=row.id,
            hash=row.hash,
            told=None if row.number is None else Told(number=row.number, answer=row.answer, seq=row.looked),
        )
        for row in session.execute(query.order_by(L.seq))
    )


def keep(
    session: Session, workspace: str, launch: str, *, before: Told | None, told: Told, at: datetime
) -> bool:
    """Remember an answer; False where another process was faster."""
    row = {"number": told.number, "answer": dict(told.answer), "seq": told.seq, "told_at": at}
    if before is None:
        return insert_new(session, ANSWERS, {"workspace": workspace, "launch": launch, **row})
    mine = (A.workspace == workspace, A.launch == launch, A.number == before.number, A.seq == before.seq)
    return session.connection().execute(update(ANSWERS).where(*mine).values(row)).rowcount > 0
