"""Remember people and groups for a while; refuse blanks of an empty period."""

import sqlalchemy as sa
from alembic import op

from integrations.store.protection import rebuilt
from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("fetched_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "kind", "id"),
    )
    with rebuilt("blanks") as blanks:
        blanks.create_check_constraint("blanks_period", "period_start < period_end")
