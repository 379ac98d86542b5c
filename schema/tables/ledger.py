"""Rows of the ledger, of what lies beside it so that it can be erased, and of its checkpoints."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, false, text
from sqlmodel import Field, SQLModel

from schema.tables.columns import AwareTime, JsonText, PlainText


class LedgerEventRow(SQLModel, table=True):
    __tablename__ = "ledger_events"
    __table_args__ = (Index("ledger_events_of_launch", "workspace", "launch", "seq"),)

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    seq: int = Field(primary_key=True)
    version: int
    at: str = Field(sa_type=PlainText)  # the very text that is hashed
    launch: str = Field(sa_type=PlainText)
    kind: str = Field(sa_type=PlainText)
    actor: str = Field(sa_type=PlainText)
    payload: str = Field(sa_type=PlainText)  # canonical JSON, the very text that is hashed
    payload_hash: str = Field(sa_type=PlainText)
    before: int
    prev_hash: str = Field(sa_type=PlainText)
    hash: str = Field(sa_type=PlainText)


class LedgerHeadRow(SQLModel, table=True):
    __tablename__ = "ledger_heads"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    seq: int
    hash: str = Field(sa_type=PlainText)
    peaks: Any = Field(sa_type=JsonText, nullable=False)  # of the Merkle tree, largest first, as hex


class LedgerCheckpointRow(SQLModel, table=True):
    __tablename__ = "ledger_checkpoints"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    size: int = Field(primary_key=True)
    signed_at: datetime = Field(sa_type=AwareTime)
    note: str = Field(sa_type=PlainText)


class LedgerPostingRow(SQLModel, table=True):
    __tablename__ = "ledger_postings"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    size: int = Field(primary_key=True)
    place: str = Field(primary_key=True, sa_type=PlainText)  # a channel of Slack, or another place outside
    reference: str = Field(sa_type=PlainText)  # where it stands there, such as the message's ts
    posted_at: datetime = Field(sa_type=AwareTime)


class LedgerTextRow(SQLModel, table=True):
    __tablename__ = "ledger_texts"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    salt: str = Field(sa_type=PlainText)  # hex
    text: str = Field(sa_type=PlainText)


class PersonRow(SQLModel, table=True):
    __tablename__ = "people"

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    pid: str = Field(primary_key=True, sa_type=PlainText)
    user: str = Field(sa_type=PlainText)
    name: str = Field(sa_type=PlainText)
    salt: str = Field(sa_type=PlainText)  # hex


LINKED = text("linked")


class AccountRow(SQLModel, table=True):
    __tablename__ = "accounts"
    __table_args__ = (
        Index("accounts_of_person", "workspace", "pid"),
        Index("accounts_linked", "workspace", sqlite_where=LINKED, postgresql_where=LINKED),
    )

    workspace: str = Field(primary_key=True, sa_type=PlainText)
    user: str = Field(primary_key=True, sa_type=PlainText)
    pid: str = Field(sa_type=PlainText)
    linked: bool = Field(default=False, sa_column_kwargs={"server_default": false()})  # it shares its pid
