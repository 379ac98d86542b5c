"""Rows of check-ins: one a person and standup, the blockers they name, and who of a roster cannot be asked."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class CheckInRow(SQLModel, table=True):
    __tablename__ = "checkins"
    __table_args__ = (Index("checkins_by_person", "workspace", "person", "post_at"),)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(primary_key=True, sa_type=PlainText)
    period: str = Field(primary_key=True, sa_type=PlainText)  # key
    person: str = Field(primary_key=True, sa_type=PlainText)
    post_at: datetime = Field(sa_type=AwareTime)
    deadline: datetime = Field(sa_type=AwareTime)
    zone: str = Field(sa_type=PlainText)
    ask_at: datetime | None = Field(default=None, sa_type=AwareTime)
    asked_at: datetime | None = Field(default=None, sa_type=AwareTime)
    remind_at: datetime | None = Field(default=None, sa_type=AwareTime)
    reminded_at: datetime | None = Field(default=None, sa_type=AwareTime)
    away: str = Field(default="", sa_type=PlainText)
    barred: str = Field(default="", sa_type=PlainText)
    left: bool = False
    skipped_at: datetime | None = Field(default=None, sa_type=AwareTime)
    given_at: datetime | None = Field(default=None, sa_type=AwareTime)
    edited_at: datetime | None = Field(default=None, sa_type=AwareTime)
    late: bool = False
    answers: Any = Field(default=None, sa_type=JsonText, nullable=True)
    draft: Any = Field(
        default=None, sa_type=JsonText, nullable=True
    )  # answers that their author was asked about
    revision: int = 0  # rises with every change


class BlockerRow(SQLModel, table=True):
    __tablename__ = "blockers"
    __table_args__ = (Index("blockers_by_product", "workspace", "product", "person"),)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(sa_type=PlainText)
    person: str = Field(sa_type=PlainText)
    since: str = Field(sa_type=PlainText)  # key of a period
    text: str = Field(sa_type=PlainText)
    unblocker: str | None = Field(default=None, sa_type=PlainText)
    metric: str | None = Field(default=None, sa_type=PlainText)
    launch: str | None = Field(default=None, sa_type=PlainText)
    raised_at: datetime = Field(sa_type=AwareTime)
    resolved_at: datetime | None = Field(default=None, sa_type=AwareTime)
    resolved_in: str | None = Field(default=None, sa_type=PlainText)  # key of a period


class RosterTroubleRow(SQLModel, table=True):
    __tablename__ = "roster_troubles"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(primary_key=True, sa_type=PlainText)
    member: str = Field(primary_key=True, sa_type=PlainText)  # a person or a user group
    trouble: str = Field(sa_type=PlainText)
    told_at: datetime = Field(sa_type=AwareTime)
