"""Remember what was last told of each launch's gate to those who listen."""

import sqlalchemy as sa
from alembic import op

from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gate_answers",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("launch", PlainText(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answer", JsonText(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("told_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "launch"),
    )
