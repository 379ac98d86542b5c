"""The inbox: what Slack sent, so that a second copy is known as one."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.store.tables import insert_new, table_of
from schema.tables.due import InboxRow

INBOX = table_of(InboxRow)


def first_time(session: Session, workspace: str, key: str, *, at: datetime, kind: str = "") -> bool:
    """Tell whether this key was never seen before, and remember it with the same transaction."""
    row = {"workspace": workspace, "key": key, "kind": kind, "received_at": at}
    return insert_new(session, INBOX, row)


def seen(session: Session, workspace: str, key: str) -> bool:
    """Tell whether this key is remembered."""
    named = (INBOX.c.workspace == workspace, INBOX.c.key == key)
    return session.execute(select(INBOX.c.key).where(*named)).first() is not None


def forget(session: Session, *, before: datetime) -> int:
    """Delete what was received before a time; gives how many."""
    return session.connection().execute(INBOX.delete().where(INBOX.c.received_at < before)).rowcount
