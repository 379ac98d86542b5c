"""Rows of what was told about gates to those who listen."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class GateAnswerRow(SQLModel, table=True):
    __tablename__ = "gate_answers"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    launch: str = Field(primary_key=True, sa_type=PlainText)
    number: int  # of changes that were told; names the messages
    answer: Any = Field(sa_type=JsonText, nullable=False)  # what a change is a change of
    seq: int  # of the newest event that was looked at
    told_at: datetime = Field(sa_type=AwareTime)
