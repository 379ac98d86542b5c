"""What Muster keeps of a person beside the ledger, erased: check-ins with drafts, blockers, and what Slack said of them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from integrations.store.checkins import BLOCKERS, CHECKINS, TROUBLES, lock_standup
from integrations.store.identities import IDENTITIES

B, C, N, T = BLOCKERS.c, CHECKINS.c, IDENTITIES.c, TROUBLES.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was erased of a person."""

    turns: tuple[tuple[str, str, str], ...] = ()  # product, period and person of each standup that asked them
    checkins: int = 0  # of these, the ones that were answered or begun
    blockers: int = 0


def spoke(session: Session, workspace: str, users: Collection[str]) -> bool:
    """Tell whether somebody was ever asked before a standup."""
    mine = select(C.person).where(C.workspace == workspace, C.person.in_(users)).limit(1)
    return session.execute(mine).first() is not None


def erase(session: Session, workspace: str, users: Collection[str]) -> Gone:
    """Erase what people said before standups, and what is remembered of them; who could help with a blocker is left out."""
    mine = (C.workspace == workspace, C.person.in_(users))
    query = select(C.product, C.period, C.person, C.given_at, C.draft).where(*mine)
    for product in sorted({row.product for row in session.execute(query)}):
        lock_standup(session, workspace, product)
    rows = session.execute(query.order_by(C.product, C.period, C.person)).all()
    connection = session.connection()
    connection.execute(delete(CHECKINS).where(*mine))
    blockers = delete(BLOCKERS).where(B.workspace == workspace, B.person.in_(users))
    count = connection.execute(blockers).rowcount
    helps = update(BLOCKERS).where(B.workspace == workspace, B.unblocker.in_(users))
    connection.execute(helps.values(unblocker=None))
    connection.execute(delete(TROUBLES).where(T.workspace == workspace, T.member.in_(users)))
    connection.execute(delete(IDENTITIES).where(N.workspace == workspace, N.id.in_(users)))
    return Gone(
        turns=tuple((row.product, row.period, row.person) for row in rows),
        checkins=sum(row.given_at is not None or row.draft is not None for row in rows),
        blockers=count,
    )
