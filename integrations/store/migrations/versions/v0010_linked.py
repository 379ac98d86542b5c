"""Mark the accounts that share a person, so that a decision does not look through all accounts for them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("linked", sa.Boolean(), server_default=sa.false(), nullable=False))
    accounts = sa.table(
        "accounts", *(sa.column(name) for name in ("workspace", "pid")), sa.column("linked", sa.Boolean())
    )
    others = accounts.alias()
    same = (others.c.workspace == accounts.c.workspace) & (others.c.pid == accounts.c.pid)
    shared = sa.select(sa.func.count()).select_from(others).where(same).scalar_subquery()
    op.execute(accounts.update().where(shared > 1).values(linked=sa.true()))
    op.create_index(
        "accounts_linked",
        "accounts",
        ["workspace"],
        sqlite_where=sa.text("linked"),
        postgresql_where=sa.text("linked"),
    )
