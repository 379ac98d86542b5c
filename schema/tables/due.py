"""Rows of due work, leases and the inbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class DueWorkRow(SQLModel, table=True):
    __tablename__ = "due_work"
    __table_args__ = (
        UniqueConstraint("workspace", "kind", "key", name="due_work_once"),
        Index(
            "due_work_open",
            "next_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)
    key: str = Field(sa_type=PlainText)
    due_at: datetime = Field(sa_type=AwareTime)
    next_at: datetime = Field(sa_type=AwareTime)  # due_at, or later after a failure
    window_end: datetime | None = Field(default=None, sa_type=AwareTime)
    payload: Any = Field(sa_type=JsonText, nullable=False)
    lease_holder: str | None = Field(default=None, sa_type=PlainText)
    lease_until: datetime | None = Field(default=None, sa_type=AwareTime)
    attempts: int = 0
    last_reason: str | None = Field(default=None, sa_type=PlainText)
    done_at: datetime | None = Field(default=None, sa_type=AwareTime)
    outcome: str | None = Field(default=None, sa_type=PlainText)


class LeaseRow(SQLModel, table=True):
    __tablename__ = "leases"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    name: str = Field(primary_key=True, sa_type=PlainText)
    holder: str = Field(sa_type=PlainText)
    until: datetime = Field(sa_type=AwareTime)
    fence: int = 0  # rises with every new holding


class InboxRow(SQLModel, table=True):
    __tablename__ = "inbox"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    key: str = Field(primary_key=True, sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)
    received_at: datetime = Field(sa_type=AwareTime, index=True)
