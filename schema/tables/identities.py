"""Rows of the cache of people and groups that Slack told us of."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class IdentityRow(SQLModel, table=True):
    __tablename__ = "identities"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    kind: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    body: Any = Field(sa_type=JsonText, nullable=False)
    fetched_at: datetime = Field(sa_type=AwareTime)
