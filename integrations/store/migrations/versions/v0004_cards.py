"""Keep cards beside the outbox; find the identities of the last minutes."""

import sqlalchemy as sa
from alembic import op

from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cards",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("key", PlainText(), nullable=False),
        sa.Column("channel", PlainText(), nullable=False),
        sa.Column("under", PlainText(), nullable=True),
        sa.Column("message", JsonText(), nullable=False),
        sa.Column("shown", PlainText(), nullable=True),
        sa.Column("ts", PlainText(), nullable=True),
        sa.Column("link", PlainText(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("doubtful_at", AwareTime(), nullable=True),
        sa.Column("trouble", PlainText(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "key"),
    )
    op.create_index("cards_by_ts", "cards", ["workspace", "channel", "ts"], unique=False)
    op.create_index("cards_under", "cards", ["workspace", "under"], unique=False)
    op.create_index("identities_by_time", "identities", ["workspace", "fetched_at"], unique=False)
