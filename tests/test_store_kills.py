import multiprocessing
import os
import signal
import threading

from sqlalchemy import func, insert, select, text

from integrations.store.engine import Store
from integrations.store.tables import table_of
from schema.tables.deliveries import PostRow
from tests.databases import a_database, a_store, administer, an_engine, fresh_url  # noqa: F401 - fixtures

POSTS = table_of(PostRow)
ENOUGH = 40  # answered writes before the process is killed


def add(session, ts):
    row = {"workspace": "w", "channel": "C1", "ts": ts, "product": "p", "kind": "standup"}
    session.execute(insert(POSTS).values(row))
    return ts


def pair(session, number):
    add(session, f"{number}-a")
    return add(session, f"{number}-b")


def write_until_killed(url, pipe):
    store = Store(url)
    for start in range(0, 100_000, 4):
        jobs = [
            store._writer.submit(lambda session, number=number: pair(session, number))
            for number in range(start, start + 4)
        ]
        for job in jobs:
            pipe.send(job.result())


def count(session):
    return session.execute(select(func.count()).select_from(POSTS)).scalar_one()


def stored(session):
    return set(session.execute(select(POSTS.c.ts)).scalars())


def test_what_was_answered_survives_a_kill_and_nothing_is_stored_by_half(database):
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=write_until_killed, args=(database, theirs))
    process.start()
    theirs.close()
    answered = {mine.recv() for _ in range(ENOUGH)}

    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    while mine.poll():
        try:
            answered.add(mine.recv())
        except EOFError:
            break

    store = Store(database)
    there = store.read_sync(stored)
    assert answered <= there
    assert {ts[:-1] for ts in there if ts.endswith("a")} == {ts[:-1] for ts in there if ts.endswith("b")}
    assert store.write_sync(lambda session: add(session, "after")) == "after"
    store.close_sync()
    mine.close()


def test_connections_that_the_server_cut_are_made_anew():
    url = fresh_url("postgresql")
    store = Store(url, readers=2, writers=2)
    store.write_sync(lambda session: add(session, "1"))
    store.read_sync(count)

    administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster'")

    assert store.write_sync(lambda session: add(session, "2")) == "2"
    assert store.read_sync(count) == 2
    store.close_sync()


def test_a_deadlock_is_run_again():
    store = Store(fresh_url("postgresql"))
    for ts in ("1", "2"):
        store.write_sync(lambda session, ts=ts: add(session, ts))
    both = threading.Barrier(2)
    tries = []

    def crosswise(session, first, second):
        tries.append(first)
        change = text("UPDATE posts SET kind = 'x' WHERE ts = :ts")
        session.execute(change, {"ts": first})
        if len(tries) <= 2:
            both.wait(10)
        session.execute(change, {"ts": second})
        return first

    jobs = [
        store._writer.submit(lambda session, pair=pair: crosswise(session, *pair))
        for pair in (("1", "2"), ("2", "1"))
    ]

    done = [job.result(20) for job in jobs]
    store.close_sync()

    assert done == ["1", "2"]
    assert len(tries) >= 3  # the one that gives way may meet the other once more
