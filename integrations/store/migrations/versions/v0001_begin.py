"""Begin: workspaces, configuration, readings, judgements, due work, inbox, outbox, deliveries."""

import sqlalchemy as sa
from alembic import op

from integrations.store.protection import protect
from schema.tables.columns import AwareTime, JsonText, PlainText

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blanks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("metric", PlainText(), nullable=False),
        sa.Column("period_start", AwareTime(), nullable=False),
        sa.Column("period_end", AwareTime(), nullable=False),
        sa.Column("reason", PlainText(), nullable=False),
        sa.Column("detail", PlainText(), nullable=False),
        sa.Column("source", PlainText(), nullable=False),
        sa.Column("fetched_at", AwareTime(), nullable=False),
        sa.Column("newest_at", AwareTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "blanks_newest",
        "blanks",
        ["workspace", "product", "metric", "period_start", "period_end", "id"],
        unique=False,
    )
    op.create_table(
        "configuration",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("key", PlainText(), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("applied_digest", PlainText(), nullable=True),
        sa.Column("changed_by", PlainText(), nullable=False),
        sa.Column("changed_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "kind", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deliveries",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("period_start", AwareTime(), nullable=False),
        sa.Column("period_end", AwareTime(), nullable=False),
        sa.Column("channel", PlainText(), nullable=False),
        sa.Column("state", PlainText(), nullable=False),
        sa.Column("due_at", AwareTime(), nullable=False),
        sa.Column("prepared_at", AwareTime(), nullable=True),
        sa.Column("late_line", PlainText(), nullable=True),
        sa.Column("sent_at", AwareTime(), nullable=True),
        sa.Column("last_reason", PlainText(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id"),
        sa.UniqueConstraint(
            "workspace", "kind", "product", "period_start", "channel", name="deliveries_once"
        ),
    )
    op.create_index(
        "deliveries_by_product", "deliveries", ["workspace", "product", "period_start"], unique=False
    )
    op.create_index(
        "deliveries_owed",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('planned', 'prepared', 'sending')"),
        postgresql_where=sa.text("state IN ('planned', 'prepared', 'sending')"),
    )
    op.create_table(
        "due_work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("key", PlainText(), nullable=False),
        sa.Column("due_at", AwareTime(), nullable=False),
        sa.Column("next_at", AwareTime(), nullable=False),
        sa.Column("window_end", AwareTime(), nullable=True),
        sa.Column("payload", JsonText(), nullable=False),
        sa.Column("lease_holder", PlainText(), nullable=True),
        sa.Column("lease_until", AwareTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_reason", PlainText(), nullable=True),
        sa.Column("done_at", AwareTime(), nullable=True),
        sa.Column("outcome", PlainText(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace", "kind", "key", name="due_work_once"),
    )
    op.create_index(
        "due_work_open",
        "due_work",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "inbox",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("key", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("received_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key"),
    )
    op.create_index(op.f("ix_inbox_received_at"), "inbox", ["received_at"], unique=False)
    op.create_table(
        "judgements",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("period_start", AwareTime(), nullable=False),
        sa.Column("period_end", AwareTime(), nullable=False),
        sa.Column("metric", PlainText(), nullable=False),
        sa.Column("comparison", PlainText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("inputs_digest", PlainText(), nullable=False),
        sa.Column("body", JsonText(), nullable=False),
        sa.Column("judged_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace", "product", "period_start", "period_end", "metric", "comparison", "revision"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leases",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("holder", PlainText(), nullable=False),
        sa.Column("until", AwareTime(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "name"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("coalesce_key", PlainText(), nullable=True),
        sa.Column("payload", JsonText(), nullable=False),
        sa.Column("state", PlainText(), nullable=False),
        sa.Column("created_at", AwareTime(), nullable=False),
        sa.Column("due_at", AwareTime(), nullable=False),
        sa.Column("began_at", AwareTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_ts", PlainText(), nullable=True),
        sa.Column("last_reason", PlainText(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "outbox_coalesced",
        "outbox",
        ["workspace", "coalesce_key"],
        unique=True,
        sqlite_where=sa.text("state = 'pending' AND coalesce_key IS NOT NULL"),
        postgresql_where=sa.text("state = 'pending' AND coalesce_key IS NOT NULL"),
    )
    op.create_index(
        "outbox_pending",
        "outbox",
        ["workspace", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("outbox_states", "outbox", ["workspace", "state", "began_at"], unique=False)
    op.create_table(
        "posts",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("channel", PlainText(), nullable=False),
        sa.Column("ts", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("delivery_id", PlainText(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "channel", "ts"),
    )
    op.create_table(
        "readings",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("product", PlainText(), nullable=False),
        sa.Column("metric", PlainText(), nullable=False),
        sa.Column("period_start", AwareTime(), nullable=False),
        sa.Column("period_end", AwareTime(), nullable=False),
        sa.Column("group", PlainText(), nullable=False),
        sa.Column("source", PlainText(), nullable=False),
        sa.Column("query_digest", PlainText(), nullable=False),
        sa.Column("definition", PlainText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shape", PlainText(), nullable=False),
        sa.Column("measurement", PlainText(), nullable=False),
        sa.Column("window_start", AwareTime(), nullable=False),
        sa.Column("window_end", AwareTime(), nullable=False),
        sa.Column("sample", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", AwareTime(), nullable=False),
        sa.Column("newest_at", AwareTime(), nullable=True),
        sa.PrimaryKeyConstraint(
            "workspace",
            "product",
            "metric",
            "period_start",
            "period_end",
            "group",
            "source",
            "query_digest",
            "definition",
            "revision",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workspaces",
        sa.Column("id", PlainText(), nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("slack_team", PlainText(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", AwareTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slack_team"),
    )
    op.create_table(
        "delivery_parts",
        sa.Column("workspace", PlainText(), nullable=False),
        sa.Column("delivery_id", PlainText(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", PlainText(), nullable=False),
        sa.Column("payload", JsonText(), nullable=False),
        sa.Column("state", PlainText(), nullable=False),
        sa.Column("began_at", AwareTime(), nullable=True),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("looked_at", AwareTime(), nullable=True),
        sa.Column("ts", PlainText(), nullable=True),
        sa.Column("last_reason", PlainText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace", "delivery_id"],
            ["deliveries.workspace", "deliveries.id"],
        ),
        sa.PrimaryKeyConstraint("workspace", "delivery_id", "position"),
        sa.UniqueConstraint("workspace", "key", name="delivery_parts_once"),
    )
    protect(op.get_bind(), "readings", "blanks", "judgements")
