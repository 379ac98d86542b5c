"""Rows of showings: exactly what one person was shown before they signed."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class ShowingRow(SQLModel, table=True):
    __tablename__ = "showings"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    launch: str = Field(sa_type=PlainText)
    revision: int
    user: str = Field(sa_type=PlainText)  # who was shown it
    role: str = Field(sa_type=PlainText)
    items: Any = Field(sa_type=JsonText, nullable=False)  # item → its digest
    text: Any = Field(sa_type=JsonText, nullable=False)  # item → every word of it
    hash: str = Field(sa_type=PlainText)  # of all of it
    shown_at: datetime = Field(sa_type=AwareTime, index=True)
