"""Rows of deliveries, their parts, and the index from a Slack thread to what it is about."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText

OPEN = text("state IN ('planned', 'prepared', 'sending')")


class DeliveryRow(SQLModel, table=True):
    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("workspace", "kind", "product", "period_start", "channel", name="deliveries_once"),
        Index("deliveries_by_product", "workspace", "product", "period_start"),
        Index("deliveries_owed", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
    )

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)
    product: str = Field(sa_type=PlainText)
    period_start: datetime = Field(sa_type=AwareTime)
    period_end: datetime = Field(sa_type=AwareTime)
    channel: str = Field(sa_type=PlainText)
    state: str = Field(sa_type=PlainText)
    due_at: datetime = Field(sa_type=AwareTime)
    prepared_at: datetime | None = Field(default=None, sa_type=AwareTime)
    late_line: str | None = Field(default=None, sa_type=PlainText)
    sent_at: datetime | None = Field(default=None, sa_type=AwareTime)
    last_reason: str | None = Field(default=None, sa_type=PlainText)
    revision: int = 0  # rises with every move
    doubled: int | None = None  # messages that the channel holds a second time; None: not looked


class DeliveryPartRow(SQLModel, table=True):
    __tablename__ = "delivery_parts"
    __table_args__ = (
        UniqueConstraint("workspace", "key", name="delivery_parts_once"),
        ForeignKeyConstraint(["workspace", "delivery_id"], ["deliveries.workspace", "deliveries.id"]),
    )

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    delivery_id: str = Field(primary_key=True, sa_type=PlainText)
    position: int = Field(primary_key=True)  # 0 is the parent
    key: str = Field(sa_type=PlainText)
    payload: Any = Field(sa_type=JsonText, nullable=False)
    state: str = Field(sa_type=PlainText)
    began_at: datetime | None = Field(default=None, sa_type=AwareTime)
    looked: int = 0
    looked_at: datetime | None = Field(default=None, sa_type=AwareTime)
    ts: str | None = Field(default=None, sa_type=PlainText)
    last_reason: str | None = Field(default=None, sa_type=PlainText)


class ToldRow(SQLModel, table=True):
    """One figure as a delivery said it, and as a correction said it last."""

    __tablename__ = "told"
    __table_args__ = (
        ForeignKeyConstraint(["workspace", "delivery_id"], ["deliveries.workspace", "deliveries.id"]),
    )

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    delivery_id: str = Field(primary_key=True, sa_type=PlainText)
    metric: str = Field(primary_key=True, sa_type=PlainText)
    posted: Any = Field(sa_type=JsonText, nullable=False)
    told: Any = Field(sa_type=JsonText, nullable=False)
    corrections: int = 0  # how often it was corrected
    corrected_at: datetime | None = Field(default=None, sa_type=AwareTime)


class PostRow(SQLModel, table=True):
    __tablename__ = "posts"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    channel: str = Field(primary_key=True, sa_type=PlainText)
    ts: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)
    delivery_id: str | None = Field(default=None, sa_type=PlainText)
