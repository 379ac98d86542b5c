import asyncio
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from integrations.store.engine import Store, lock_workspace, probe
from integrations.store.errors import StoreBusy, StoreClosed, StoreDamaged, StoreFull, StoreUnavailable
from integrations.store.tables import table_of
from schema.tables.deliveries import PostRow
from schema.tables.workspaces import WorkspaceRow
from tests.databases import a_database, a_store, an_engine, empty_url, fresh_url, two_stores  # noqa: F401 - fixtures

POSTS = table_of(PostRow)
WORKSPACES = table_of(WorkspaceRow)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def post(ts, product="p"):
    def action(session):
        session.execute(
            insert(POSTS).values(workspace="w", channel="C1", ts=str(ts), product=product, kind="standup")
        )
        return ts

    return action


def stored(session):
    return [row.ts for row in session.execute(select(POSTS.c.ts).order_by(POSTS.c.ts))]


async def test_a_write_answers_with_what_the_action_returned_and_is_seen_by_readers(store):
    answer = await store.write(post("1"))

    assert answer == "1"
    assert await store.read(stored) == ["1"]


async def test_a_failing_action_changes_nothing_and_gets_its_own_error(store):
    def half(session):
        post("1")(session)
        raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        await store.write(half)

    assert await store.read(stored) == []


async def test_of_writes_that_wait_together_only_the_failing_ones_fail(store):
    await store.write(post("05"))

    answers = await asyncio.gather(
        *(store.write(post(f"{number:02}")) for number in range(10)), return_exceptions=True
    )

    assert [type(answer) for number, answer in enumerate(answers) if number != 5] == [str] * 9
    assert isinstance(answers[5], IntegrityError)
    assert len(await store.read(stored)) == 10


def test_waiting_writes_share_one_commit_on_sqlite():
    store = Store(fresh_url("sqlite"))
    commits = []
    store._writer._engine.pool.connect().dbapi_connection.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )
    gate = threading.Event()
    first = store._writer.submit(lambda _session: gate.wait(5))
    waiting = [store._writer.submit(post(f"{number:02}")) for number in range(30)]
    gate.set()

    assert first.result(5)
    assert [future.result(5) for future in waiting] == [f"{number:02}" for number in range(30)]
    store.close_sync()
    assert len(commits) <= 2


async def test_no_answer_comes_before_the_commit(stores):
    first, second = stores
    seen = []

    async def check(number):
        ts = await first.write(post(f"{number:03}"))
        seen.append(ts in await second.read(stored))

    await asyncio.gather(*(check(number) for number in range(50)))

    assert seen == [True] * 50


async def test_an_action_that_takes_the_next_of_nothing_is_answered(store):
    for run in (store.write, store.read):
        with pytest.raises(RuntimeError, match="nothing to take the next of"):
            await asyncio.wait_for(run(lambda _: next(iter(()))), 5)
    assert await store.write(post("1")) == "1"


async def test_a_read_sees_one_moment(store):
    await store.write(post("1"))
    began, changed = threading.Event(), threading.Event()

    def twice(session):
        before = stored(session)
        began.set()
        assert changed.wait(5)
        return before, stored(session)

    reading = asyncio.create_task(store.read(twice))
    await asyncio.to_thread(began.wait, 5)
    await store.write(post("2"))
    changed.set()

    assert await reading == (["1"], ["1"])


async def test_a_reader_may_change_nothing(store):
    with pytest.raises(StoreUnavailable, match="may only be read"):
        await store.read(post("1"))


async def test_a_cancelled_caller_does_not_stop_the_store(store):
    task = asyncio.create_task(store.write(post("1")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await store.write(post("2")) == "2"


async def test_closing_finishes_what_waits_and_refuses_what_comes_after(database):
    store = Store(database)
    waiting = [asyncio.ensure_future(store.write(post(f"{number:02}"))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()

    assert await asyncio.gather(*waiting) == [f"{number:02}" for number in range(20)]
    with pytest.raises(StoreClosed):
        await store.write(post("99"))
    with pytest.raises(StoreClosed):
        await store.read(stored)
    again = Store(database)
    assert len(again.read_sync(stored)) == 20
    again.close_sync()


def test_a_lock_held_by_another_process_is_waited_for_and_then_named():
    url = fresh_url("sqlite")
    store = Store(url, lock_wait_s=0.2)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreBusy, match="locked by another process"):
        store.write_sync(post("1"))
    other.execute("COMMIT")
    other.close()

    assert store.write_sync(post("1")) == "1"
    store.close_sync()


def test_a_lock_that_stays_on_a_new_file_is_waited_for_and_then_named():
    url = empty_url("sqlite")
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = Store(url, lock_wait_s=0.2)
    began = time.monotonic()

    with pytest.raises(StoreBusy, match="locked by another process"):
        store.write_sync(post("1"))

    assert 0.2 <= time.monotonic() - began < 2
    other.close()
    store.close_sync()


def test_a_lock_that_stays_costs_all_who_wait_together_one_wait_and_not_one_each():
    url = fresh_url("sqlite")
    store = Store(url, lock_wait_s=0.4)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    first, *rest = [store._writer.submit(post(str(number))) for number in range(9)]

    assert isinstance(first.exception(5), StoreBusy)
    assert {type(each.exception(5)) for each in rest} == {StoreBusy}
    assert time.monotonic() - began < 0.4 * 5
    other.execute("COMMIT")
    other.close()

    assert store.write_sync(post("after")) == "after"
    assert store.read_sync(stored) == ["after"]
    store.close_sync()


def test_a_short_lock_is_only_waited_for():
    url = fresh_url("sqlite")
    store = Store(url)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.1, lambda: other.execute("COMMIT")).start()

    assert store.write_sync(post("1")) == "1"
    store.close_sync()
    other.close()


def test_a_full_disk_is_said_clearly_and_the_store_goes_on():
    store = Store(fresh_url("sqlite"))
    store.write_sync(post("0"))
    pages = store.write_sync(lambda session: session.execute(text("PRAGMA page_count")).scalar_one())
    store.write_sync(lambda session: session.execute(text(f"PRAGMA max_page_count = {pages + 2}")).all())
    gate = threading.Event()
    held = store._writer.submit(lambda _session: gate.wait(5))
    small = store._writer.submit(post("1"))
    huge = store._writer.submit(post("2", product="x" * 100_000))
    after = store._writer.submit(post("3"))
    gate.set()

    assert held.result(5)
    with pytest.raises(StoreFull, match="no room left"):
        huge.result(5)
    assert (small.result(5), after.result(5)) == ("1", "3")
    store.write_sync(lambda session: session.execute(text("PRAGMA max_page_count = 1073741823")).all())
    assert store.write_sync(post("4", product="x" * 100_000)) == "4"
    assert store.read_sync(stored) == ["0", "1", "3", "4"]
    store.close_sync()


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("Dear diary, " * 500)
    store = Store(f"sqlite:///{path}")

    with pytest.raises(StoreDamaged, match="not a database"):
        store.read_sync(probe)
    store.close_sync()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/nowhere/muster.db")

    with pytest.raises(StoreUnavailable, match="See that its folder is there"):
        store.write_sync(probe)
    store.close_sync()


def test_a_server_that_is_not_there_is_named_without_its_password():
    store = Store("postgresql://muster:open-sesame@127.0.0.1:1/muster")

    with pytest.raises(StoreUnavailable, match="does not answer") as caught:
        store.write_sync(probe)
    assert "sesame" not in str(caught.value)
    store.close_sync()


@pytest.mark.parametrize("url", ["mysql://h/x", "sqlite://", "sqlite:///:memory:", "muster.db", ""])
def test_an_address_we_cannot_keep_things_in_is_refused_with_an_example(url):
    with pytest.raises(StoreUnavailable, match=r"sqlite:///muster\.db"):
        Store(url)


async def test_one_workspace_decides_one_thing_at_a_time(stores):
    inside = []

    def decide(session):
        lock_workspace(session, "w")
        inside.append("in")
        time.sleep(0.02)
        inside.append("out")

    await asyncio.gather(*(store.write(decide) for store in stores for _ in range(3)))

    assert inside == ["in", "out"] * 6


def workspace(number, created_at):
    return {"id": f"w{number}", "name": "n", "created_at": created_at, "revision": 0}


def test_a_time_comes_back_as_the_same_moment_in_utc(store):
    elsewhere = datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=5)))

    store.write_sync(lambda session: session.execute(insert(WORKSPACES).values(workspace(1, elsewhere))))

    back = store.read_sync(lambda session: session.execute(select(WORKSPACES.c.created_at)).scalar_one())
    assert back == elsewhere
    assert back.utcoffset() == timedelta(0)
    assert back.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(store):
    naive = NOON.replace(tzinfo=None)

    with pytest.raises(Exception, match="has no zone"):
        store.write_sync(lambda session: session.execute(insert(WORKSPACES).values(workspace(1, naive))))


def test_times_sort_and_compare_as_moments(store):
    zones = [timezone(timedelta(hours=hours)) for hours in (-11, 0, 14)]
    moments = [NOON + timedelta(microseconds=step * 333_333) for step in range(-7, 8)]
    moments += [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)]
    rows = [workspace(number, moment.astimezone(zones[number % 3])) for number, moment in enumerate(moments)]

    store.write_sync(lambda session: session.execute(insert(WORKSPACES), rows))

    at = WORKSPACES.c.created_at
    ordered = store.read_sync(lambda session: session.execute(select(at).order_by(at)).scalars().all())
    assert ordered == sorted(moments)
    later = store.read_sync(lambda session: session.execute(select(at).where(at > NOON)).scalars().all())
    assert set(later) == {moment for moment in moments if moment > NOON}


def test_text_that_no_database_can_hold_is_kept_readable(store):
    row = workspace(1, NOON) | {"name": "a\0b\ud800c – 😀"}

    store.write_sync(lambda session: session.execute(insert(WORKSPACES).values(row)))

    name = store.read_sync(lambda session: session.execute(select(WORKSPACES.c.name)).scalar_one())
    assert name.startswith("a\ufffdb\ufffd")
    assert name.endswith("c – 😀")


async def test_a_durable_write_is_one_short_hop():
    store = Store(fresh_url("sqlite"))
    await store.write(post("warm"))
    spans = []
    for number in range(100):
        began = time.perf_counter()
        await store.write(post(number))
        spans.append(time.perf_counter() - began)
    await store.close()

    median_ms = sorted(spans)[50] * 1000
    print(f"median of one durable write: {median_ms:.2f} ms")
    assert median_ms < 20  # a slow disk may be slow; a hop an operation would be slower on any


async def test_the_text_of_an_error_holds_no_value_that_was_bound(store):
    with pytest.raises(Exception, match="nope") as caught:  # it differs by engine
        await store.write(
            lambda session: session.execute(text("INSERT INTO inbox (nope) VALUES (:v)"), {"v": "Nightfall"})
        )

    assert "Nightfall" not in str(caught.value)
