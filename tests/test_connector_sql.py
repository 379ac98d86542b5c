"""What only databases can do wrong; the second lock is tried with the first one open."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from integrations.base import Answer, Call, IntegrationError, Trouble, UnexpectedAnswer, fetch
from integrations.daemons import Daemons, Hanging
from integrations.sources import open_connector
from integrations.sql_guard import Line, confined, open_engine, translated
from schema.errors import Refusal
from schema.periods import Period
from schema.readings import Bands, Bare, Inputs, Mean
from schema.sources import SqlQuery, SqlSource
from tests.connectors.servers import END, START, folder
from tests.connectors.stands import (
    SECRET,
    damage,
    duckdb_url,
    postgresql_url,
    sqlite_url,
    standing,
    unchanged,
)
from tests.databases import empty_url, server

ENGINES = ("sqlite", "postgresql", "duckdb")
WEEK = Period(start=START, end=END)
CALL = Call(source="numbers", asked="the query")


async def ask(engine, sql, *, shape="bare", period=WEEK, **more):
    async with standing(engine) as stand:
        connector = stand.open({})
        try:
            query = SqlQuery.model_validate({"source": "numbers", "shape": shape, "sql": sql, **more})
            return await fetch(connector, query, period, timeout_s=20)
        finally:
            await connector.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_query_that_writes_is_refused_before_it_runs(engine):
    for sql in ("DELETE FROM answers", "SELECT 1 AS value; DELETE FROM answers"):
        outcome = await ask(engine, sql)

        assert isinstance(outcome, Trouble)
        assert outcome.reason == "source_error"
        assert "Write one SELECT" in outcome.detail or "SELECT" in outcome.detail

    left = await ask(engine, "SELECT count(*) AS value FROM answers")
    assert left.measurements[""] == Bare(value=Decimal(102))


LOCKED = {
    "sqlite": (
        "DELETE FROM answers",
        "CREATE TABLE x (y INT)",
        "ATTACH 'x.db' AS x",
        "PRAGMA query_only = OFF",
        "SELECT load_extension('x')",
        "SELECT * FROM pragma_table_info('answers')",
        "VACUUM INTO 'x.db'",
    ),
    "postgresql": (
        "DELETE FROM answers",
        "CREATE TABLE x (y INT)",
        "CREATE TEMPORARY TABLE x AS SELECT 1",
        "WITH gone AS (DELETE FROM answers RETURNING *) SELECT count(*) FROM gone",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY answers TO '/x'",
    ),
    "duckdb": (
        "DELETE FROM answers",
        "CREATE TABLE x (y INT)",
        "ATTACH 'x.duckdb' AS x",
        "COPY answers TO 'x.csv'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
    ),
}


@pytest.mark.parametrize(("engine", "sql"), [(engine, sql) for engine in ENGINES for sql in LOCKED[engine]])
def test_the_database_itself_refuses_what_the_parser_might_miss(engine, sql):
    url = {"sqlite": sqlite_url, "postgresql": postgresql_url, "duckdb": duckdb_url}[engine]()
    opened = open_engine("numbers", url, folder=folder(), timeout_s=5)

    with (
        pytest.raises(IntegrationError) as caught,
        translated(CALL, timeout_s=5),
        opened.connect() as connection,
        confined(connection, timeout_s=5),
    ):
        connection.execute(sa.text(sql)).all()

    opened.dispose()
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("engine", ENGINES)
def test_who_stops_waiting_for_a_connection_that_broke_meanwhile_hears_nothing_of_it(engine):
    url = {"sqlite": sqlite_url, "postgresql": postgresql_url, "duckdb": duckdb_url}[engine]()
    opened, line = open_engine("numbers", url, folder=folder(), timeout_s=5), Line()

    with opened.connect() as connection, line.held(connection):
        connection.invalidate()
        line.cut()

    with opened.connect() as connection, pytest.raises(TimeoutError), line.held(connection):
        pytest.fail("nobody waits for its answer")
    opened.dispose()


async def test_a_file_that_was_read_is_the_same_as_before():
    sqlite_url()
    with unchanged(folder() / "answers.sqlite"):
        await ask("sqlite", "SELECT count(*) AS value FROM answers")
    assert not list(folder().glob("answers.sqlite-*"))


async def test_a_duckdb_file_may_be_written_again_as_soon_as_nobody_asks():
    async with standing("duckdb") as stand:
        connector = stand.open({})
        query = SqlQuery(source="numbers", shape="bare", sql="SELECT count(*) AS value FROM answers")
        together = await asyncio.gather(*(fetch(connector, query, WEEK, timeout_s=20) for _ in range(6)))

        with duckdb.connect(str(folder() / "answers.duckdb")) as writer:  # refused while it is open
            writer.execute("CREATE OR REPLACE TABLE later (day DATE)")
        after = await fetch(connector, query, WEEK, timeout_s=20)
        await connector.close()

    assert [each for each in together if isinstance(each, Trouble)] == []
    assert after.measurements == together[0].measurements


async def test_a_duckdb_file_is_let_go_as_soon_as_nobody_waits_for_its_answer():
    slow = "SELECT sum(a.range * b.range) AS value FROM range(40000) a, range(40000) b"
    async with standing("duckdb") as stand:
        connector = stand.open({"timeout_s": 60})
        query = SqlQuery(source="numbers", shape="bare", sql=slow)
        outcome = await fetch(connector, query, WEEK, timeout_s=0.2)
        await connector.close()

    async with asyncio.timeout(20):
        while True:
            try:
                duckdb.connect(str(folder() / "answers.duckdb")).close()
                break
            except duckdb.ConnectionException:
                await asyncio.sleep(0.02)

    assert outcome.detail == "numbers did not answer within 0.2 s."


async def test_a_database_file_that_is_missing_is_not_made():
    source = SqlSource(kind="sql", url="sqlite:///missing.db")
    connector = open_connector("numbers", source, secrets=str, folder=folder())
    query = SqlQuery(source="numbers", shape="bare", sql="SELECT 1 AS value")

    outcome = await fetch(connector, query, WEEK, timeout_s=5)

    assert outcome.reason == "source_error"
    assert (
        outcome.detail
        == "numbers, the query: the database cannot be opened; check its address, and that it runs."
    )
    assert not (folder() / "missing.db").exists()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_period_holds_its_start_and_not_its_end(engine):
    told = "SELECT count(*) AS value FROM answers WHERE told_at >= :start AND told_at < :end"
    noon = datetime(2026, 11, 16, 12, tzinfo=UTC)
    second = Period(start=noon, end=noon.replace(second=1))

    found = await ask(engine, told, period=second)

    assert found.measurements[""] == Bare(value=Decimal(2))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Los_Angeles"])
async def test_times_are_utc_whatever_the_servers_zone(zone):
    with psycopg.connect(postgresql_url(), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE reader SET timezone = '{zone}'")

    found = await ask(
        "postgresql",
        "SELECT count(*) AS value, max(told_at::timestamptz) AS newest_at FROM answers"
        " WHERE told_at >= :start AND told_at < :end",
    )

    assert found.measurements[""] == Bare(value=Decimal(100))
    assert found.newest_at == datetime(2026, 11, 22, 12, 0, 48, tzinfo=UTC)


@pytest.mark.parametrize("engine", ["postgresql", "duckdb"])
async def test_decimals_are_exact(engine):
    found = await ask(
        engine, "SELECT sum(cost) AS value FROM answers WHERE told_at >= :start AND told_at < :end"
    )

    assert found.measurements[""] == Bare(value=Decimal("10.00"))  # a hundred times 0.10


@pytest.mark.parametrize("engine", ENGINES)
async def test_colons_and_percent_signs_in_a_query_are_its_own(engine):
    sql = """SELECT count(*) AS value FROM answers
    WHERE told_at >= :start AND told_at < :end AND sex LIKE '%men' AND '{"a":1, "b":x}' LIKE '%:x}' AND '12:30:00' > ''"""

    found = await ask(engine, sql)

    assert found.measurements[""] == Bare(value=Decimal(100))


async def test_a_time_with_a_zone_is_explained_where_it_cannot_be_read():
    outcome = await ask("duckdb", "SELECT 1 AS value, TIMESTAMPTZ '2026-11-20 00:00:00+00' AS newest_at")

    assert outcome.reason == "source_error"
    assert "cast AS TIMESTAMP" in outcome.detail


@pytest.mark.parametrize("engine", ENGINES)
async def test_every_shape_can_be_selected(engine):
    mean = await ask(engine, "SELECT 1.5 AS value, 3 AS n, 0.5 AS sd", shape="mean")
    inputs = await ask(engine, "SELECT 7 AS resolved, '1.10' AS spend", shape="inputs")
    bands = await ask(
        engine,
        "SELECT 'low' AS band, 4 AS now, 6 AS reference UNION ALL SELECT 'high', 6, 4 ORDER BY band DESC",
        shape="bands",
    )

    assert mean.measurements[""] == Mean(value=Decimal("1.5"), n=3, sd=Decimal("0.5"))
    assert inputs.measurements[""] == Inputs(counts=(("resolved", Decimal(7)), ("spend", Decimal("1.10"))))
    assert bands.measurements[""] == Bands(
        names=("low", "high"), now=(Decimal(4), Decimal(6)), reference=(Decimal(6), Decimal(4))
    )


@pytest.mark.parametrize(
    ("sql", "more", "says"),
    [
        ("SELECT 1 AS value UNION ALL SELECT 2", {}, "more than one row"),
        (
            "SELECT 1 AS value, 'a' AS g UNION ALL SELECT 2, 'a'",
            {"groups": ["g"]},
            "more than one row for the group a",
        ),
        ("SELECT 1 AS value", {"groups": ["g"]}, "the group's column g is missing"),
        ("SELECT '12,3' AS value", {}, "not written as a number"),
        ("SELECT 1 AS value, 'soon' AS newest_at", {}, "not a time"),
        ("SELECT 1 AS value", {"stale_after_h": 1}, "does not say how far its data reach"),
    ],
)
async def test_an_answer_that_cannot_be_what_was_asked_is_refused_in_words(sql, more, says):
    outcome = await ask("sqlite", sql, **more)

    assert outcome.reason == "source_error"
    assert says in outcome.detail


@pytest.mark.parametrize("engine", ENGINES)
async def test_groups_of_several_columns_and_without_a_name_are_told_apart(engine):
    sql = "SELECT 1 AS value, 'a' AS g, 'x' AS h UNION ALL SELECT 2, 'a', NULL"

    found = await ask(engine, sql, groups=["g", "h"])

    assert isinstance(found, Answer)
    assert set(found.measurements) == {"a / x", "a / not stated"}


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_query_that_runs_on_is_ended_by_the_database(engine):
    """No thread and no session is left behind: the answer comes when the limit does."""
    slow = {
        "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS value FROM n",
        "postgresql": "SELECT 1 AS value, pg_sleep(30)",
        "duckdb": "SELECT count(*) AS value FROM range(100000000) a, range(100000) b WHERE a.range * b.range % 7 = 3",
    }
    async with standing(engine) as stand:
        connector = stand.open({"timeout_s": 0.2})
        query = SqlQuery(source="numbers", shape="bare", sql=slow[engine])
        began = time.monotonic()

        outcome = await fetch(connector, query, WEEK, timeout_s=20)

        await connector.close()
    assert time.monotonic() - began < 5
    assert "no answer within 0.2 s" in outcome.detail


@pytest.mark.parametrize(
    ("place", "other", "reason"), [("reader", "nobody", "forbidden"), ("/empty_", "/nothing_", "not_found")]
)
async def test_a_server_that_knows_not_the_user_or_the_database_says_so(place, other, reason):
    url = postgresql_url().replace(place, other)
    connector = open_connector("numbers", SqlSource(kind="sql", url=url), secrets=str, folder=folder())
    query = SqlQuery(source="numbers", shape="bare", sql="SELECT 1 AS value")

    outcome = await fetch(connector, query, WEEK, timeout_s=5)

    assert outcome.reason == reason
    assert SECRET not in outcome.detail


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "duckdb:///:memory:",
        "postgresql://user:s3cret@host:port/d",
        "mysql://a/b",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url):
    with pytest.raises(Refusal) as caught:
        open_connector("numbers", SqlSource(kind="sql", url=url), secrets=str, folder=folder())

    assert "s3cret" not in str(caught.value)


def test_a_damaged_copy_is_half_of_the_file(tmp_path):
    sqlite3.connect(tmp_path / "x.db").close()
    (tmp_path / "x.db").write_bytes(b"12")
    damage(tmp_path / "x.db")

    assert (tmp_path / "damaged.db").read_bytes() == b"1"


async def test_a_refusal_of_the_parser_is_an_unexpected_answer():
    async with standing("sqlite") as stand:
        connector = stand.open({})
        with pytest.raises(UnexpectedAnswer):
            await connector.read(SqlQuery(source="numbers", shape="bare", sql="DROP TABLE answers"), WEEK)
        await connector.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_many_questions_at_once_get_their_own_answers(engine):
    async with standing(engine) as stand:
        connector = stand.open({})
        asked = [
            SqlQuery(source="numbers", shape="bare", sql=f"SELECT {number} AS value") for number in range(24)
        ]
        found = await asyncio.gather(*(fetch(connector, query, WEEK, timeout_s=20) for query in asked))
        await connector.close()

    assert [answer.measurements[""].value for answer in found] == list(range(24))


async def test_a_database_that_hangs_holds_up_itself_alone():
    sleeping = SqlQuery(source="numbers", shape="bare", sql="SELECT 1 AS value, pg_sleep(30)")
    quick = SqlQuery(source="numbers", shape="bare", sql="SELECT 1 AS value")
    async with standing("postgresql") as hanging, standing("sqlite") as other:
        slow, fast = hanging.open({"timeout_s": 2}), other.open({})
        held = [asyncio.create_task(fetch(slow, sleeping, WEEK, timeout_s=1)) for _ in range(40)]
        await asyncio.sleep(0.1)
        began = time.monotonic()

        found = await fetch(fast, quick, WEEK, timeout_s=1)

        took_s = time.monotonic() - began
        outcomes = await asyncio.gather(*held)
        await slow.close()
        await fast.close()
    assert found.measurements[""] == Bare(value=Decimal(1))
    assert took_s < 0.9
    assert {outcome.detail for outcome in outcomes} == {"numbers did not answer within 1 s."}


def stopped(sleeping_s):
    """Stop the server's processes that sleep so long, as a machine does that is frozen; gives their ids."""
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid()",
            (f"%pg_sleep({sleeping_s})%",),
        ).fetchall()
    for (pid,) in found:
        os.kill(pid, signal.SIGSTOP)
    return [pid for (pid,) in found]


def all_ended(name):
    """Wait for the threads of a name, three seconds at most."""
    for each in threading.enumerate():
        if each.name == name:
            each.join(3)
    return not any(each.name == name for each in threading.enumerate())


async def test_a_database_that_freezes_leaves_the_next_questions_and_the_exit_alone():
    frozen = SqlQuery(source="numbers", shape="bare", sql="SELECT 1 AS value, pg_sleep(17)")
    quick = SqlQuery(source="numbers", shape="bare", sql="SELECT 7 AS value")
    pids = []
    async with standing("postgresql") as stand:
        connector = stand.open({"timeout_s": 30})
        try:
            held = [asyncio.create_task(fetch(connector, frozen, WEEK, timeout_s=2)) for _ in range(4)]
            while len(pids) < 4:
                await asyncio.sleep(0.05)
                pids += [pid for pid in stopped(17) if pid not in pids]
            outcomes = await asyncio.gather(*held)

            found = await fetch(connector, quick, WEEK, timeout_s=3)

            ended = await asyncio.to_thread(all_ended, "sql-numbers")
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        await connector.close()
    assert {outcome.detail for outcome in outcomes} == {"numbers did not answer within 2 s."}
    assert found.measurements[""] == Bare(value=Decimal(7))
    assert ended


async def test_calls_that_never_end_are_left_behind_and_bounded():
    never = threading.Event()
    threads = Daemons("never", at_once=2, hanging=1)
    told = []

    async def ask():
        async with asyncio.timeout(0.05):
            await threads.run(never.wait, give_up=lambda: told.append("given up"))

    try:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await ask()
        with pytest.raises(Hanging):
            await ask()
        assert all(each.daemon for each in threading.enumerate() if each.name == "never")
        assert told == ["given up"] * 3
    finally:
        never.set()
    assert await asyncio.to_thread(all_ended, "never")
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0, give_up=lambda: None)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_source_that_was_closed_says_so(engine):
    async with standing(engine) as stand:
        connector = stand.open({})
        await connector.close()

        outcome = await fetch(
            connector, SqlQuery(source="numbers", shape="bare", sql="SELECT 1 AS value"), WEEK, timeout_s=5
        )

    assert outcome.detail == "numbers, the query: its configuration was replaced meanwhile; ask again."


async def test_a_role_that_may_do_more_than_read_is_warned_of():
    url = empty_url("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE filer LOGIN PASSWORD 'x' IN ROLE pg_read_server_files")
        connection.execute("CREATE ROLE modest LOGIN PASSWORD 'x'")
    said = {}
    for role, place in (("postgres", "postgres:"), ("filer", "filer:x"), ("modest", "modest:x")):
        address = url.replace("//postgres:@", f"//{place}@")
        connector = open_connector(
            "numbers", SqlSource(kind="sql", url=address), secrets=str, folder=folder()
        )
        said[role] = await connector.probe()
        await connector.close()

    assert "warning: its role is a superuser" in said["postgres"]
    assert "warning: its role is a member of pg_read_server_files, so it may" in said["filer"]
    assert "warning" not in said["modest"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_text_of_an_error_holds_no_value_that_was_bound(engine):
    url = {"sqlite": sqlite_url, "postgresql": postgresql_url, "duckdb": duckdb_url}[engine]()
    opened = open_engine("numbers", url, folder=folder(), timeout_s=5)
    with pytest.raises(sa.exc.SQLAlchemyError) as caught, opened.connect() as connection:
        connection.execute(sa.text("SELECT nope FROM answers WHERE sex = :v"), {"v": "Nightfall"})
    opened.dispose()

    assert "Nightfall" not in str(caught.value)
