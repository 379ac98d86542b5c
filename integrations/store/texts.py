"""Free texts beside the ledger: an event holds a text's id only, so that the text can be erased."""

import secrets
from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from integrations.store.tables import changed, table_of
from schema.certificates import KeptText
from schema.ledger import SALT_BYTES, text_id
from schema.tables.columns import plain
from schema.tables.ledger import LedgerTextRow

TEXTS = table_of(LedgerTextRow)
T = TEXTS.c


def keep(session: Session, workspace: str, text: str) -> str:
    """Store a text and give the id by which an event refers to it; the same text twice has two ids."""
    salt, kept = secrets.token_bytes(SALT_BYTES), plain(text)
    id = text_id(salt, kept)
    session.execute(insert(TEXTS).values(workspace=workspace, id=id, salt=salt.hex(), text=kept))
    return id


def text_of(session: Session, workspace: str, id: str) -> str | None:
    """Give a text; None when it was erased."""
    found = kept(session, workspace, [id]).get(id)
    return None if found is None else found.text


def kept(session: Session, workspace: str, ids: Iterable[str]) -> dict[str, KeptText]:
    """Give those texts that are still there, with what proves them."""
    rows = session.execute(select(TEXTS).where(T.workspace == workspace, T.id.in_(sorted(set(ids)))))
    return {row.id: KeptText(salt=bytes.fromhex(row.salt), text=row.text) for row in rows}


def erase(session: Session, workspace: str, id: str) -> bool:
    """Forget a text for good; every hash stays valid. False when it was not there."""
    return changed(session, delete(TEXTS).where(T.workspace == workspace, T.id == id))
