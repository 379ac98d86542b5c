"""Which product a message of ours is about, so that a mention in its thread is understood."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.store.tables import insert_new, table_of
from schema.tables.deliveries import PostRow

POSTS = table_of(PostRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message of ours in a channel."""

    channel: str
    ts: str
    product: str
    kind: str
    delivery_id: str | None


def note(
    session: Session,
    workspace: str,
    *,
    channel: str,
    ts: str,
    product: str,
    kind: str,
    delivery_id: str | None = None,
) -> None:
    """Remember what a message is about; safe to repeat."""
    row = {"channel": channel, "ts": ts, "product": product, "kind": kind, "delivery_id": delivery_id}
    insert_new(session, POSTS, {"workspace": workspace, **row})


def by_thread(session: Session, workspace: str, *, channel: str, ts: str) -> Post | None:
    """Tell what a thread is about; None when it is not ours."""
    columns = POSTS.c
    query = select(POSTS).where(columns.workspace == workspace, columns.channel == channel, columns.ts == ts)
    row = session.execute(query).first()
    if row is None:
        return None
    return Post(
        channel=row.channel, ts=row.ts, product=row.product, kind=row.kind, delivery_id=row.delivery_id
    )
