"""Rows of readings and blanks; both only ever grow."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, PlainText


class ReadingRow(SQLModel, table=True):
    """One revision of one value; the primary key is the table itself on SQLite, so a metric's history lies together."""

    __tablename__ = "readings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(primary_key=True, sa_type=PlainText)
    metric: str = Field(primary_key=True, sa_type=PlainText)
    period_start: datetime = Field(primary_key=True, sa_type=AwareTime)
    period_end: datetime = Field(primary_key=True, sa_type=AwareTime)
    group: str = Field(primary_key=True, sa_type=PlainText)
    source: str = Field(primary_key=True, sa_type=PlainText)
    query_digest: str = Field(primary_key=True, sa_type=PlainText)
    definition: str = Field(primary_key=True, sa_type=PlainText)
    revision: int = Field(primary_key=True)
    shape: str = Field(sa_type=PlainText)
    measurement: str = Field(sa_type=PlainText)  # JSON; every Decimal as a string
    window_start: datetime = Field(sa_type=AwareTime)
    window_end: datetime = Field(sa_type=AwareTime)
    sample: int = Field(sa_type=BigInteger)
    fetched_at: datetime = Field(sa_type=AwareTime)
    newest_at: datetime | None = Field(default=None, sa_type=AwareTime)


class BlankRow(SQLModel, table=True):
    __tablename__ = "blanks"
    __table_args__ = (
        Index("blanks_newest", "workspace", "product", "metric", "period_start", "period_end", "id"),
        CheckConstraint("period_start < period_end", name="blanks_period"),
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=PlainText)
    product: str = Field(sa_type=PlainText)
    metric: str = Field(sa_type=PlainText)
    period_start: datetime = Field(sa_type=AwareTime)
    period_end: datetime = Field(sa_type=AwareTime)
    reason: str = Field(sa_type=PlainText)
    detail: str = Field(sa_type=PlainText)
    source: str = Field(sa_type=PlainText)
    fetched_at: datetime = Field(sa_type=AwareTime)
    newest_at: datetime | None = Field(default=None, sa_type=AwareTime)
