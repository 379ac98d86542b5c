"""Rows of workspaces."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, PlainText


class WorkspaceRow(SQLModel, table=True):
    __tablename__ = "workspaces"

    id: str = Field(primary_key=True, sa_type=PlainText)
    name: str = Field(sa_type=PlainText)
    slack_team: str | None = Field(default=None, unique=True, sa_type=PlainText)
    revision: int = 0  # of the configuration; rises with every change
    created_at: datetime = Field(sa_type=AwareTime)
