"""Rows of the cache of people and groups that Slack told us of."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class IdentityRow(SQLModel, table=True):
    __tablename__ = "identities"
    __table_args__ = (Index("identities_by_time", "workspace", "fetched_at"),)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    kind: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    body: Any = Field(sa_type=JsonText, nullable=False)  # false: it changed, and Slack was not asked since
    fetched_at: datetime = Field(sa_type=AwareTime)  # when Slack was asked, or when it changed
