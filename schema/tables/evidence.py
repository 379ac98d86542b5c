"""Rows of records and documents that people and pipelines gave; the newest of a requirement counts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class EvidenceRow(SQLModel, table=True):
    __tablename__ = "evidence"
    __table_args__ = (Index("evidence_newest", "workspace", "product", "item", "requirement", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=PlainText)
    product: str = Field(sa_type=PlainText)
    item: str = Field(sa_type=PlainText)
    requirement: str = Field(sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)  # record or document
    body: Any = Field(sa_type=JsonText, nullable=False)
    by: str = Field(sa_type=PlainText)  # pid
    put_at: datetime = Field(sa_type=AwareTime)
