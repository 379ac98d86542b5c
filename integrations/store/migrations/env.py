"""Alembic's door: runs the steps in the transaction that `upgrade` opened."""

from alembic import context
from sqlmodel import SQLModel

from integrations.store.tables import load_tables

load_tables()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
