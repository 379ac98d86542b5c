"""Finding tables: all of them for migrations, one of them for a query."""

import importlib
import pkgutil
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import Row, Table
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
