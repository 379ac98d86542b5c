import logging
import multiprocessing
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from integrations.store import people
from integrations.store import readings as reading_store
from integrations.store.connections import migrating_engine, parsed
from integrations.store.engine import Store
from integrations.store.errors import StoreTooNew
from integrations.store.protection import APPEND_ONLY
from integrations.store.tables import load_tables
from integrations.store.upgrade import HEAD, MIGRATIONS, current, upgrade
from schema.periods import Period
from schema.readings import Bare, Blank, BlankReason, Reading, Receipt
from tests.databases import a_database, a_store, an_engine, empty_url, fresh_url  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = Period(start=NOON - timedelta(days=7), end=NOON)


def steps():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def reading(metric="recall", value="0.90"):
    receipt = Receipt(source="s", query_digest="q", definition="d", window=WEEK, sample=1, fetched_at=NOON)
    return Reading(
        product="p",
        metric=metric,
        group="",
        period=WEEK,
        measurement=Bare(value=Decimal(value)),
        receipt=receipt,
    )


def blank():
    return Blank(
        product="p",
        metric="cost",
        period=WEEK,
        reason=BlankReason.STALE,
        detail="Old.",
        source="s",
        fetched_at=NOON,
    )


def with_engine(url, action):
    engine = migrating_engine(parsed(url))
    try:
        with engine.begin() as connection:
            return action(connection)
    finally:
        engine.dispose()


def fill(session):
    reading_store.add(session, "w", readings=[reading(), reading("cost", "12.340")], blanks=[blank()])
    session.execute(
        text(
            "INSERT INTO judgements (workspace, product, period_start, period_end, metric, comparison, revision,"
            " inputs_digest, body, judged_at) VALUES ('w', 'p', '2026-11-16T12:00:00.000000Z',"
            " '2026-11-23T12:00:00.000000Z', 'recall', 'previous', 1, 'x', '{}', '2026-11-23T12:00:00.000000Z')"
        )
    )


LEDGER_ROWS = (
    (
        "ledger_events (workspace, seq, version, at, launch, kind, actor, payload, payload_hash, before, prev_hash,"
        " hash) VALUES ('w', 1, 1, 'a', 'l', 'k', 'p', '{}', 'h', 0, 'h', 'h')"
    ),
    "ledger_checkpoints (workspace, size, signed_at, note) VALUES ('w', 1, '2026-11-23T12:00:00.000000Z', 'n')",
)


def fill_ledger(session):
    for row in LEDGER_ROWS:
        session.execute(text(f"INSERT INTO {row}"))


def everything(connection):
    names = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    return {
        name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"')).mappings()))
        for name in names
    }


def test_the_newest_step_is_the_one_the_code_asks_for():
    assert steps()[-1] == HEAD
    assert len(steps()) >= 2


def test_migrations_make_exactly_the_tables_that_the_code_describes(engine):
    load_tables()
    options = {"compare_type": True, "target_metadata": SQLModel.metadata}

    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)

    assert with_engine(fresh_url(engine), differences) == []


def test_a_filled_database_keeps_its_rows_and_triggers_through_every_step(engine):
    url = empty_url(engine)
    upgrade(parsed(url), to=steps()[0])
    store = Store(url)
    store.write_sync(fill)
    before = with_engine(url, everything)
    assert sum(map(len, before.values())) == 4

    for step in steps()[1:]:
        upgrade(parsed(url), to=step)
        after = with_engine(url, everything)
        assert {name: after[name] for name in before} == before
        if step == "0003":
            store.write_sync(fill_ledger)
            after = with_engine(url, everything)
        for table in set(APPEND_ONLY) & after.keys():
            assert_only_grows(store, table)
        before = after

    assert with_engine(url, current) == HEAD
    assert (
        store.write_sync(lambda session: reading_store.add(session, "w", readings=[reading()])).readings == 0
    )
    store.close_sync()


def test_accounts_that_share_a_person_already_are_marked(engine):
    url = empty_url(engine)
    upgrade(parsed(url), to="0009")
    store = Store(url)
    told = [
        ("w", "U1", "p_1", "p_1"),
        ("w", "U2", "p_1", "p_2"),
        ("w", "U3", "p_3", "p_3"),
        ("x", "U3", "p_1", "p_1"),
    ]

    def filled(session):
        for workspace, user, shared, own in told:
            given = {"w": workspace, "u": user, "s": shared, "o": own}
            session.execute(text('INSERT INTO accounts (workspace, "user", pid) VALUES (:w, :u, :s)'), given)
            session.execute(
                text(
                    "INSERT INTO people (workspace, pid, \"user\", name, salt) VALUES (:w, :o, :u, :u, '00')"
                ),
                given,
            )

    store.write_sync(filled)
    upgrade(parsed(url))

    assert store.read_sync(lambda session: people.same_person(session, "w")) == {"p_2": "p_1"}
    assert store.read_sync(lambda session: people.same_person(session, "x")) == {}
    store.close_sync()


def assert_only_grows(store, table):
    for statement in (f"UPDATE {table} SET workspace = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match=f"{table} only grows"):
            store.write_sync(lambda session, statement=statement: session.execute(text(statement)))


def test_the_batch_mode_of_sqlite_drops_triggers_and_an_upgrade_puts_them_back():
    url = fresh_url("sqlite")

    def rebuild(connection):
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("blanks", recreate="always"):
            pass
        return triggers(connection)

    def triggers(connection):
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'blanks' ORDER BY name"
        return connection.execute(text(query)).scalars().all()

    assert with_engine(url, rebuild) == []
    upgrade(parsed(url))
    assert with_engine(url, triggers) == ["blanks_no_delete", "blanks_no_update"]


def test_upgrading_twice_changes_nothing(engine):
    url = fresh_url(engine)
    store = Store(url)
    store.write_sync(fill)
    before = with_engine(url, everything)

    store.upgrade()

    assert with_engine(url, everything) == before
    store.close_sync()


def upgrade_in_a_process(url, gate, answers):
    gate.wait()
    store = Store(url)
    store.upgrade()
    store.close_sync()
    answers.put("done")


def test_processes_that_upgrade_at_once_wait_for_each_other(engine):
    url = empty_url(engine)
    spawn = multiprocessing.get_context("spawn")
    gate, answers = spawn.Barrier(3), spawn.Queue()
    processes = [spawn.Process(target=upgrade_in_a_process, args=(url, gate, answers)) for _ in range(3)]

    for process in processes:
        process.start()
    done = [answers.get(timeout=30) for _ in processes]
    for process in processes:
        process.join(30)

    assert done == ["done"] * 3
    assert [process.exitcode for process in processes] == [0] * 3
    assert with_engine(url, current) == HEAD


def test_a_new_file_that_another_process_writes_to_at_this_moment_is_waited_for():
    url = empty_url("sqlite")
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # what SQLite does not wait for while it switches to write-ahead logging
    threading.Timer(0.2, lambda: other.execute("COMMIT")).start()

    upgrade(parsed(url))

    assert with_engine(url, current) == HEAD
    other.close()


def test_a_step_that_fails_leaves_the_database_as_it_was(engine):
    url = empty_url(engine)
    upgrade(parsed(url), to=steps()[0])
    with_engine(url, lambda connection: connection.execute(text("CREATE TABLE identities (x INTEGER)")))

    with pytest.raises(DBAPIError, match="already exists"):
        upgrade(parsed(url))

    assert with_engine(url, current) == steps()[0]
    store = Store(url)
    assert_only_grows_when_filled(store)
    store.close_sync()


def assert_only_grows_when_filled(store):
    store.write_sync(fill)
    assert_only_grows(store, "blanks")


def test_a_database_of_a_newer_muster_is_refused_with_both_versions(engine):
    store = Store(fresh_url(engine))
    store.write_sync(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))

    with pytest.raises(StoreTooNew, match=f"newer Muster: it has step 9999, this one knows up to {HEAD}"):
        store.upgrade()
    store.close_sync()


def test_upgrading_says_nothing_on_the_log(engine, caplog):
    caplog.set_level(logging.WARNING)
    upgrade(parsed(empty_url(engine)))

    assert caplog.records == []


def test_triggers_refuse_to_empty_a_table_at_one_stroke():
    store = Store(fresh_url("postgresql"))
    store.write_sync(fill)
    store.write_sync(fill_ledger)

    for table in APPEND_ONLY:
        with pytest.raises(DBAPIError, match=f"{table} only grows"):
            store.write_sync(lambda session, table=table: session.execute(text(f"TRUNCATE {table}")))
    store.close_sync()


def test_a_blank_of_an_empty_period_never_becomes_a_row(store):
    row = "INSERT INTO blanks (workspace, product, metric, period_start, period_end, reason, detail, source, fetched_at)"
    at = "'2026-11-23T12:00:00.000000Z'"

    with pytest.raises(DBAPIError, match="blanks_period"):
        store.write_sync(
            lambda session: session.execute(
                text(f"{row} VALUES ('w', 'p', 'm', {at}, {at}, 'r', 'd', 's', {at})")
            )
        )
