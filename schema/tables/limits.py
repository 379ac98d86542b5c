"""Rows that say since when a product asks for what it asks: a limit changed after a run does not judge it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, PlainText


class LimitRow(SQLModel, table=True):
    __tablename__ = "limits"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    product: str = Field(primary_key=True, sa_type=PlainText)
    item: str = Field(primary_key=True, sa_type=PlainText)
    requirement: str = Field(primary_key=True, sa_type=PlainText)
    digest: str = Field(sa_type=PlainText)  # of what is asked
    since: datetime | None = Field(default=None, sa_type=AwareTime)  # None: it was there at first
