"""Free texts beside the ledger: an event holds a text's id only, so that the text can be erased."""

import secrets
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select, true
from sqlalchemy.orm import Session

from integrations.store.tables import changed, table_of
from schema.certificates import KeptText
from schema.ledger import SALT_BYTES, text_id
from schema.tables.columns import plain
from schema.tables.ledger import LedgerTextRow

TEXTS = table_of(LedgerTextRow)
T = TEXTS.c
MOST_ASKED: Final = 1_000  # SQLite takes 32,766 values, PostgreSQL 65,535


def keep(session: Session, workspace: str, text: str, *, salt: bytes | None = None) -> str:
    """Store a text and give the id by which an event refers to it; the same text twice has two ids.

    salt   random, where the caller has to know it; None takes a new one
    """
    salt, kept = salt or secrets.token_bytes(SALT_BYTES), plain(text)
    id = text_id(salt, kept)
    session.execute(insert(TEXTS).values(workspace=workspace, id=id, salt=salt.hex(), text=kept))
    return id


def text_of(session: Session, workspace: str, id: str) -> str | None:
    """Give a text; None when it was erased."""
    found = kept(session, workspace, [id]).get(id)
    return None if found is None else found.text


def kept(session: Session, workspace: str, ids: Iterable[str]) -> dict[str, KeptText]:
    """Give those texts that are still there, with what proves them."""
    found: dict[str, KeptText] = {}
    for some in in_parts(ids):
        found |= _kept(session, workspace, T.id.in_(some))
    return found


def every(session: Session, workspace: str) -> dict[str, KeptText]:
    """Give all texts, for an audit."""
    return _kept(session, workspace, true())


def erase(session: Session, workspace: str, id: str) -> bool:
    """Forget a text for good; every hash stays valid. False when it was not there."""
    overwrite(session)
    return changed(session, delete(TEXTS).where(T.workspace == workspace, T.id == id))


def overwrite(session: Session) -> None:
    """Let what is deleted from now on not stay in the file; PostgreSQL reuses the room when it cleans up."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete = ON")


def _kept(session: Session, workspace: str, which: ColumnElement[bool]) -> dict[str, KeptText]:
    rows = session.execute(select(TEXTS).where(T.workspace == workspace, which))
    return {row.id: KeptText(salt=salt_of(row.salt), text=row.text) for row in rows}


def in_parts(ids: Iterable[str]) -> Iterator[list[str]]:
    """Split ids so that no question has more of them than a database takes."""
    rest = iter(sorted(set(ids)))
    while some := list(islice(rest, MOST_ASKED)):
        yield some


def salt_of(written: str) -> bytes:
    """Read a stored salt."""
    try:
        return bytes.fromhex(written)
    except ValueError:
        return b""  # an altered salt fits no id; an audit says so
