"""Rows of cards: messages that are posted once and then changed as what they show changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class CardRow(SQLModel, table=True):
    __tablename__ = "cards"
    __table_args__ = (
        Index("cards_by_ts", "workspace", "channel", "ts"),
        Index("cards_under", "workspace", "under"),
    )

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    key: str = Field(primary_key=True, sa_type=PlainText)
    channel: str = Field(sa_type=PlainText)  # where it stands, or is to stand
    under: str | None = Field(default=None, sa_type=PlainText)  # the card in whose thread it stands
    message: Any = Field(sa_type=JsonText, nullable=False)  # what it is to show; handlers/cards.py
    shown: str | None = Field(default=None, sa_type=PlainText)  # digest of what it shows; NULL: nobody knows
    ts: str | None = Field(default=None, sa_type=PlainText)
    link: str | None = Field(default=None, sa_type=PlainText)
    generation: int = 1  # rises with every posting anew
    deleted: int = 0  # how often somebody deleted it in Slack
    doubtful_at: datetime | None = Field(
        default=None, sa_type=AwareTime
    )  # a post began then, and nobody could look
    trouble: str | None = Field(default=None, sa_type=PlainText)  # why it cannot be shown, as last told
