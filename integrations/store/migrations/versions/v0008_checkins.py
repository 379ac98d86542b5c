"""Keep what people answer before a standup, what blocks them, and who of a roster cannot be asked."""

import sqlalchemy as sa
from alembic import op

from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkins",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("period", PlainText(), nullable=False),
        sa.Column("person", PlainText(), nullable=False),
        sa.Column("post_at", AwareTime(), nullable=False),
        sa.Column("deadline", AwareTime(), nullable=False),
        sa.Column("zone", PlainText(), nullable=False),
        sa.Column("ask_at", AwareTime(), nullable=True),
        sa.Column("asked_at", AwareTime(), nullable=True),
        sa.Column("remind_at", AwareTime(), nullable=True),
        sa.Column("reminded_at", AwareTime(), nullable=True),
        sa.Column("away", PlainText(), nullable=False),
        sa.Column("barred", PlainText(), nullable=False),
        sa.Column("left", sa.Boolean(), nullable=False),
        sa.Column("skipped_at", AwareTime(), nullable=True),
        sa.Column("given_at", AwareTime(), nullable=True),
        sa.Column("edited_at", AwareTime(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("answers", JsonText(), nullable=True),
        sa.Column("draft", JsonText(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "product", "period", "person"),
    )
    op.create_index("checkins_by_person", "checkins", ["workspace", "person", "post_at"])
    op.create_table(
        "blockers",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("person", PlainText(), nullable=False),
        sa.Column("since", PlainText(), nullable=False),
        sa.Column("text", PlainText(), nullable=False),
        sa.Column("unblocker", PlainText(), nullable=True),
        sa.Column("metric", PlainText(), nullable=True),
        sa.Column("launch", PlainText(), nullable=True),
        sa.Column("raised_at", AwareTime(), nullable=False),
        sa.Column("resolved_at", AwareTime(), nullable=True),
        sa.Column("resolved_in", PlainText(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id"),
    )
    op.create_index("blockers_by_product", "blockers", ["workspace", "product", "person"])
    op.create_table(
        "roster_troubles",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("member", PlainText(), nullable=False),
        sa.Column("trouble", PlainText(), nullable=False),
        sa.Column("told_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "product", "member"),
    )
