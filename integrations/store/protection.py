"""Triggers that keep tables append-only, and the repair of what a migration may have dropped."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy import Connection, inspect

APPEND_ONLY = ("readings", "blanks", "judgements", "ledger_events", "ledger_checkpoints")
CHANGES = ("UPDATE", "DELETE")


def protect(connection: Connection, *names: str) -> None:
    """Refuse UPDATE and DELETE on these tables from now on; safe to repeat."""
    there = set(inspect(connection).get_table_names())
    for name in names or APPEND_ONLY:
        if name in there:
            for statement in _triggers(connection.dialect.name, name):
                connection.exec_driver_sql(statement)


@contextmanager
def rebuilt(name: str) -> Iterator[BatchOperations]:
    """Change a protected table in a migration: SQLite builds it anew and drops its triggers without a word."""
    with op.batch_alter_table(name, recreate="auto") as batch:
        yield batch
    protect(op.get_bind(), name)


def _triggers(dialect: str, name: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        return tuple(_sqlite(name, change) for change in CHANGES)
    return (FUNCTION, *(_postgresql(name, change) for change in CHANGES), _truncate(name))


def _sqlite(name: str, change: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_{change.lower()} BEFORE {change} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name} only grows; {change} is refused'); END"
    )


FUNCTION = """
CREATE OR REPLACE FUNCTION muster_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' only grows; ' || TG_OP || ' is refused'; END $$
"""


def _postgresql(name: str, change: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name}_no_{change.lower()} BEFORE {change} ON {name} "
        "FOR EACH ROW EXECUTE FUNCTION muster_only_grows()"
    )


def _truncate(name: str) -> str:
    # PostgreSQL 14 and later know OR REPLACE for row triggers and statement triggers alike
    return (
        f"CREATE OR REPLACE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION muster_only_grows()"
    )
