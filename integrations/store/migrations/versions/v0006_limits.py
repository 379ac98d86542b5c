"""Say since when a product asks for what it asks of its evidence."""

import sqlalchemy as sa
from alembic import op

from schema.tables.columns import AwareTime, PlainText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limits",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("item", PlainText(), nullable=False),
        sa.Column("requirement", PlainText(), nullable=False),
        sa.Column("digest", PlainText(), nullable=False),
        sa.Column("since", AwareTime(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "product", "item", "requirement"),
    )
