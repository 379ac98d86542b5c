"""Finding tables: all of them for migrations, one of them for a query."""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import SQLModel

import schema.tables

Found: TypeAlias = Row[*tuple[Any, ...]]  # a row as a query gave it, by column names


def load_tables() -> None:
    """Import every file of rows, so that SQLModel.metadata holds every table."""
    for module in pkgutil.iter_modules(schema.tables.__path__):
        importlib.import_module(f"{schema.tables.__name__}.{module.name}")


def table_of(row: type[SQLModel]) -> Table:
    """Give the table of a row class, for queries that return plain columns."""
    table = sqlalchemy.inspect(row).local_table
    assert isinstance(table, Table)
    return table


def inserting(session: Session, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that can say what a conflict means, in this database's dialect."""
    return inserting_in(dialect(session), table)


def inserting_in(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin one for a dialect, for a statement that is built once: what is often asked costs less to run than to build."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def dialect(session: Session) -> str:
    """Name this database's dialect."""
    return session.get_bind().dialect.name


def insert_new(session: Session, table: Table, row: Mapping[str, Any]) -> bool:
    """Add a row unless its key is there; True when it was added."""
    statement = inserting(session, table).values(row).on_conflict_do_nothing()
    # not the row count: PostgreSQL gives none where a key of its own making comes back
    return session.connection().execute(statement.returning(*table.primary_key)).first() is not None


def changed(session: Session, statement: UpdateBase) -> bool:
    """Run a statement on one row; True when it found the row."""
    return session.connection().execute(statement).rowcount > 0
