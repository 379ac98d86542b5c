"""Rows of what a workspace is made of: its own part, sources, metrics and products, one row each."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class ConfigurationRow(SQLModel, table=True):
    __tablename__ = "configuration"
    __table_args__ = ({"sqlite_with_rowid": False},)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    kind: str = Field(primary_key=True, sa_type=PlainText)  # schema.changes.Kind
    key: str = Field(primary_key=True, sa_type=PlainText)
    body: Any = Field(sa_type=JsonText, nullable=False)  # as in muster.yaml; false: removed in Slack
    applied_digest: str | None = Field(
        default=None, sa_type=PlainText
    )  # of what a file last said; NULL: no file did
    changed_by: str = Field(default="", sa_type=PlainText)  # who changed it in Slack; empty: a file did
    changed_at: datetime = Field(sa_type=AwareTime)
