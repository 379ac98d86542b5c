"""Rows of judgements; they only ever grow."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class JudgementRow(SQLModel, table=True):
    __tablename__ = "judgements"
    __table_args__ = ({"sqlite_with_rowid": False},)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(primary_key=True, sa_type=PlainText)
    period_start: datetime = Field(primary_key=True, sa_type=AwareTime)
    period_end: datetime = Field(primary_key=True, sa_type=AwareTime)
    metric: str = Field(primary_key=True, sa_type=PlainText)
    comparison: str = Field(primary_key=True, sa_type=PlainText)
    revision: int = Field(primary_key=True)
    inputs_digest: str = Field(sa_type=PlainText)
    body: Any = Field(sa_type=JsonText, nullable=False)
    judged_at: datetime = Field(sa_type=AwareTime)
