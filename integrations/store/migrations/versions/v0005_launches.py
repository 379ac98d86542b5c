"""Keep launches as their events leave them, what each request came to, showings, and evidence that people give."""

import sqlalchemy as sa
from alembic import op

from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "launches",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("requester", PlainText(), nullable=False),
        sa.Column("opened_at", AwareTime(), nullable=False),
        sa.Column("state", PlainText(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tier", PlainText(), nullable=True),
        sa.Column("manifest", PlainText(), nullable=True),
        sa.Column("deadline", AwareTime(), nullable=True),
        sa.Column("launched_at", AwareTime(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", PlainText(), nullable=False),
        sa.Column("channel", PlainText(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("drawn_at", AwareTime(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
        sa.UniqueConstraint("workspace", "product", "number", name="launches_once"),
    )
    op.create_index(
        "launches_going",
        "launches",
        ["workspace", "product"],
        unique=False,
        sqlite_where=sa.text("NOT ended"),
        postgresql_where=sa.text("NOT ended"),
    )
    op.create_table(
        "launch_decisions",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("key", PlainText(), nullable=False),
        sa.Column("launch", PlainText(), nullable=False),
        sa.Column("at", AwareTime(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("code", PlainText(), nullable=True),
        sa.Column("refusal", PlainText(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "key"),
    )
    op.create_index(op.f("ix_launch_decisions_at"), "launch_decisions", ["at"], unique=False)
    op.create_table(
        "showings",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("launch", PlainText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("user", PlainText(), nullable=False),
        sa.Column("role", PlainText(), nullable=False),
        sa.Column("items", JsonText(), nullable=False),
        sa.Column("text", JsonText(), nullable=False),
        sa.Column("hash", PlainText(), nullable=False),
        sa.Column("shown_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index(op.f("ix_showings_shown_at"), "showings", ["shown_at"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("item", PlainText(), nullable=False),
        sa.Column("requirement", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("by", PlainText(), nullable=False),
        sa.Column("put_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "evidence_newest", "evidence", ["workspace", "product", "item", "requirement", "id"], unique=False
    )
