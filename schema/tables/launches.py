"""Rows of launches as their newest event leaves them, and of what came of each request to decide."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, PlainText

GOING = text("NOT ended")


class LaunchRow(SQLModel, table=True):
    """A projection: every column but the card's can be computed again from the ledger."""

    __tablename__ = "launches"
    __table_args__ = (
        UniqueConstraint("workspace", "product", "number", name="launches_once"),
        Index("launches_going", "workspace", "product", sqlite_where=GOING, postgresql_where=GOING),
    )

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)  # `nearby-offers-3`, as people type it
    product: str = Field(sa_type=PlainText)
    number: int
    requester: str = Field(sa_type=PlainText)  # pid
    opened_at: datetime = Field(sa_type=AwareTime)
    state: str = Field(sa_type=PlainText)
    ended: bool  # nothing can happen to it any more
    revision: int  # 0 for a draft
    tier: str | None = Field(default=None, sa_type=PlainText)
    manifest: str | None = Field(default=None, sa_type=PlainText)  # digest
    deadline: datetime | None = Field(default=None, sa_type=AwareTime)
    launched_at: datetime | None = Field(default=None, sa_type=AwareTime)
    seq: int  # of its newest event
    hash: str = Field(sa_type=PlainText)  # of that event, and so of all before it
    channel: str = Field(sa_type=PlainText)  # where its card stands
    drawn: int = 0  # seq up to which card and thread show it
    drawn_at: datetime | None = Field(default=None, sa_type=AwareTime)


class DecisionRow(SQLModel, table=True):
    """What came of one request, so that a second copy of it gets the same answer and changes nothing."""

    __tablename__ = "launch_decisions"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    key: str = Field(primary_key=True, sa_type=PlainText)
    launch: str = Field(sa_type=PlainText)
    at: datetime = Field(sa_type=AwareTime, index=True)
    first: int = 0  # seqs of its events; 0 where it made none
    last: int = 0
    code: str | None = Field(default=None, sa_type=PlainText)  # of a refusal
    refusal: str | None = Field(default=None, sa_type=PlainText)  # what was said to the person
