"""Rows of the outbox: effects in Slack that are decided and not yet seen there."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText

PENDING = text("state = 'pending'")
PENDING_KEYED = text("state = 'pending' AND coalesce_key IS NOT NULL")


class OutboxRow(SQLModel, table=True):
    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_pending", "workspace", "due_at", "id", sqlite_where=PENDING, postgresql_where=PENDING),
        Index(
            "outbox_coalesced",
            "workspace",
            "coalesce_key",
            unique=True,
            sqlite_where=PENDING_KEYED,
            postgresql_where=PENDING_KEYED,
        ),
        Index("outbox_states", "workspace", "state", "began_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)
    coalesce_key: str | None = Field(default=None, sa_type=PlainText)
    payload: Any = Field(sa_type=JsonText, nullable=False)
    state: str = Field(default="pending", sa_type=PlainText)
    created_at: datetime = Field(sa_type=AwareTime)
    due_at: datetime = Field(sa_type=AwareTime)
    began_at: datetime | None = Field(default=None, sa_type=AwareTime)
    attempts: int = 0
    sent_ts: str | None = Field(default=None, sa_type=PlainText)
    last_reason: str | None = Field(default=None, sa_type=PlainText)
