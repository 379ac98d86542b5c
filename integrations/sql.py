"""Numbers from a database: one SELECT, in a transaction that cannot write."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from integrations.base import Answer, Call, Truncated, Unavailable, UnexpectedAnswer
from integrations.daemons import Daemons, Hanging
from integrations.measurements import group_name, measured, moment
from integrations.sql_guard import POWERS, Line, confined, open_engine, translated, warning_of
from schema.errors import Refusal
from schema.periods import Period
from schema.queries import limited, refuse_writes
from schema.readings import WHOLE, Measurement, Shape
from schema.sources import AnyQuery, SqlQuery

_AT_ONCE = 4  # questions to one database
_HANGING = 12  # questions that its driver does not end; more are not begun
_VERSIONS = {
    "sqlite": "SELECT sqlite_version() AS version",
    "postgresql": "SELECT current_setting('server_version') AS version",
    "duckdb": "SELECT version() AS version",
}
# SQLAlchemy takes every `:word` for a value to bind, in the text of a JSON literal too.
_OTHER_COLON = re.compile(r"(?<![:\w\\]):(?=\w)(?!(?:start|end)\b)")
Row = Mapping[str, object]


class SqlConnector:
    """One database; a connection lives for one question, or with those that are asked side by side."""

    def __init__(self, *, source: str, url: str, folder: Path, timeout_s: float, row_limit: int) -> None:
        self._source = source
        self._timeout_s = timeout_s
        self._row_limit = row_limit
        self._engine = open_engine(source, url, folder=folder, timeout_s=timeout_s)
        self._dialect = self._engine.dialect.name
        self._threads = Daemons(f"sql-{source}", at_once=_AT_ONCE, hanging=_HANGING)
        self._closed = False
        self._asked = 0  # questions that run, also those that nobody waits for any more
        self._counting = threading.Lock()

    async def read(self, query: AnyQuery, period: Period) -> Answer:
        """Run the SELECT; `:start` and `:end` are UTC.

        SQLite has no times: there they are text such as `2026-11-16 00:00:00`. DuckDB gets a TIMESTAMP.
        """
        asked = cast("SqlQuery", query)
        call = Call(source=self._source, asked="the query")
        try:
            refuse_writes(asked.sql, self._dialect)
        except Refusal as refusal:
            raise UnexpectedAnswer(call, str(refusal).rstrip(".")) from refusal
        rows = await self._in_thread(asked.sql, period, call)
        return _answer(asked, rows, call)

    async def probe(self) -> str:
        """Open the database, ask for its version, and warn of a role that may do more than read."""
        call = Call(source=self._source, asked="the version")
        rows = await self._in_thread(_VERSIONS[self._dialect], None, call)
        found = f"reached {self._dialect} {rows[0]['version']}"
        if self._dialect == "postgresql":
            [held] = await self._in_thread(POWERS, None, Call(source=self._source, asked="its role"))
            found += warning_of(held)
        return found

    async def close(self) -> None:
        """Take no more questions; a connection closes with its question."""
        self._closed = True

    async def _in_thread(self, sql: str, period: Period | None, call: Call) -> list[Row]:
        if self._closed:
            raise Unavailable(call, "its configuration was replaced meanwhile; ask again")
        line = Line()

        def ask() -> list[Row]:
            with self._open():
                return self._rows(sql, period, call, line)

        try:
            return await self._threads.run(ask, give_up=line.cut)
        except Hanging:
            raise Unavailable(call, "earlier questions to it still hang") from None

    @contextmanager
    def _open(self) -> Iterator[None]:
        """Keep connections while any question runs, and no file or lock after the last one has ended."""
        with self._counting:
            self._asked += 1
        try:
            yield
        finally:
            with self._counting:
                self._asked -= 1
                if not self._asked:
                    self._engine.dispose()

    def _rows(self, sql: str, period: Period | None, call: Call, line: Line) -> list[Row]:
        statement = sa.text(_OTHER_COLON.sub(r"\:", limited(sql, self._dialect, rows=self._row_limit + 1)))
        with (
            translated(call, timeout_s=self._timeout_s),
            self._engine.connect() as connection,
            line.held(connection),
            confined(connection, timeout_s=self._timeout_s),
        ):
            rows = connection.execute(statement, self._bound(statement, period)).mappings().all()
        if len(rows) > self._row_limit:
            raise Truncated(
                call, f"more than {self._row_limit} rows; sum them in the query or raise row_limit"
            )
        return [dict(row) for row in rows]

    def _bound(self, statement: sa.TextClause, period: Period | None) -> dict[str, object]:
        ends = {} if period is None else {"start": period.start, "end": period.end}
        return {
            name: _written(ends[name], self._dialect) for name in statement.compile().params if name in ends
        }


def _written(at: datetime, dialect: str) -> object:
    if dialect == "sqlite":
        return f"{at:%Y-%m-%d %H:%M:%S}"
    return at.replace(tzinfo=None) if dialect == "duckdb" else at  # DuckDB's zones are an extension


def _answer(query: SqlQuery, rows: Sequence[Row], call: Call) -> Answer:
    if not query.groups and query.shape is not Shape.BANDS and len(rows) > 1:
        raise UnexpectedAnswer(
            call, "more than one row; name the columns of `groups`, or sum them in the query"
        )
    newest = [at for row in rows if (at := moment(row.get("newest_at"), call=call)) is not None]
    found: dict[str, Measurement] = {}
    for name, part in _parted(query, rows, call).items():
        measurement = measured(query.shape, _fields(query, part, name, call), call=call)
        if measurement is not None:
            found[name] = measurement
    return Answer(measurements=found, sample=len(rows), newest_at=max(newest, default=None))


def _parted(query: SqlQuery, rows: Sequence[Row], call: Call) -> dict[str, list[Row]]:
    parts: dict[str, list[Row]] = {}
    for row in rows:
        for column in query.groups:
            if column not in row:
                raise UnexpectedAnswer(call, f"the group's column {column} is missing from the answer")
        values = [row[column] for column in query.groups]
        name = group_name(values, call=call) if query.groups else WHOLE
        parts.setdefault(name, []).append(row)
    return parts


def _fields(query: SqlQuery, part: Sequence[Row], name: str, call: Call) -> dict[str, object]:
    aside = {*query.groups, "newest_at"}
    if query.shape is Shape.BANDS:
        return {column: [row[column] for row in part] for column in part[0] if column not in aside}
    if len(part) > 1:
        raise UnexpectedAnswer(call, f"more than one row for the group {name}")
    return {column: value for column, value in part[0].items() if column not in aside}
