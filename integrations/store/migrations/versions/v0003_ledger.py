"""Keep the ledger of decisions, its checkpoints, and beside it the texts and names that can be erased."""

import sqlalchemy as sa
from alembic import op

from integrations.store.protection import protect
from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_events",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", PlainText(), nullable=False),
        sa.Column("launch", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("actor", PlainText(), nullable=False),
        sa.Column("payload", PlainText(), nullable=False),
        sa.Column("payload_hash", PlainText(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("prev_hash", PlainText(), nullable=False),
        sa.Column("hash", PlainText(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "seq"),
    )
    op.create_index("ledger_events_of_launch", "ledger_events", ["workspace", "launch", "seq"], unique=False)
    op.create_table(
        "ledger_heads",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", PlainText(), nullable=False),
        sa.Column("peaks", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("workspace"),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("signed_at", AwareTime(), nullable=False),
        sa.Column("note", PlainText(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "size"),
    )
    op.create_table(
        "ledger_postings",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("place", PlainText(), nullable=False),
        sa.Column("reference", PlainText(), nullable=False),
        sa.Column("posted_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "size", "place"),
    )
    op.create_table(
        "ledger_texts",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("salt", PlainText(), nullable=False),
        sa.Column("text", PlainText(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_table(
        "people",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("pid", PlainText(), nullable=False),
        sa.Column("user", PlainText(), nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("salt", PlainText(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "pid"),
    )
    op.create_table(
        "accounts",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("user", PlainText(), nullable=False),
        sa.Column("pid", PlainText(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "user"),
    )
    op.create_index("accounts_of_person", "accounts", ["workspace", "pid"], unique=False)
    protect(op.get_bind(), "ledger_events", "ledger_checkpoints")
