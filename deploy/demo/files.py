"""Write rows into the files that the real connectors read."""

import csv
import json
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from deploy.demo.weeks import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one kind; the first column is the moment they belong to."""

    name: str
    columns: tuple[str, ...]  # name and type, such as `at TEXT`
    rows: list[Row]

    @property
    def moment(self) -> str:
        return self.columns[0].partition(" ")[0]


def write_sqlite(path: Path, tables: Iterable[Table]) -> None:
    """Write a new SQLite database in one transaction."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("BEGIN")
        for table in tables:
            database.execute(f"CREATE TABLE {table.name} ({', '.join(table.columns)})")
            places = ", ".join("?" * len(table.columns))
            database.executemany(f"INSERT INTO {table.name} VALUES ({places})", table.rows)  # noqa: S608 our own names
            database.execute(f"CREATE INDEX {table.name}_by_moment ON {table.name} ({table.moment})")


def write_duckdb(path: Path, tables: Iterable[Table]) -> None:
    """Write a new DuckDB file; row by row DuckDB is slow, so each table goes through a CSV file.

    Aware moments go into TIMESTAMP columns as UTC.
    """
    path.unlink(missing_ok=True)
    with closing(duckdb.connect(str(path))) as database, tempfile.TemporaryDirectory() as folder:
        for table in tables:
            source = Path(folder) / f"{table.name}.csv"
            with source.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(table.rows)
            database.execute(f"CREATE TABLE {table.name} ({', '.join(table.columns)})")
            database.execute(f"COPY {table.name} FROM '{source.as_posix()}' (HEADER false, NULLSTR '')")


def write_json(path: Path, value: object) -> None:
    """Write one JSON file, readable and with its keys in order."""
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
