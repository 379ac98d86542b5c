"""Keep what each delivery told, so that it can be corrected; and how often its channel holds a message twice."""

import sqlalchemy as sa
from alembic import op

from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("doubled", sa.Integer(), nullable=True))
    op.create_table(
        "told",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("delivery_id", PlainText(), nullable=False),
        sa.Column("metric", PlainText(), nullable=False),
        sa.Column("posted", JsonText(), nullable=False),
        sa.Column("told", JsonText(), nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("corrected_at", AwareTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace", "delivery_id"], ["deliveries.workspace", "deliveries.id"]),
        sa.PrimaryKeyConstraint("workspace", "delivery_id", "metric"),
    )
