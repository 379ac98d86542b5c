import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from integrations.store import due, inbox, leases
from schema.due import Due, Outcome
from tests.databases import a_database, a_store, an_engine, two_stores  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def work(key="fraud 2026-W47", **changes):
    own = {"workspace": "w", "kind": "digest", "key": key, "due_at": NOON, "payload": {"product": "fraud"}}
    return Due(**own | changes)


def do(store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, *args, **kwargs))


def take(store, now=NOON, holder="a", lease_s=60, **changes):
    return do(store, due.take_due, now, holder=holder, lease_s=lease_s, **changes)


def test_work_is_planned_once_and_never_again_after_it_is_done(store):
    assert do(store, due.plan, work())
    assert not do(store, due.plan, work(due_at=NOON + HOUR))

    (taken,) = take(store)
    assert do(store, due.finish, taken, now=NOON + SECOND)

    assert not do(store, due.plan, work())
    assert take(store, NOON + HOUR) == ()
    done = do(store, due.ended, "w", "digest", work().key)
    assert (done.outcome, done.at, done.work) == (Outcome.DONE, NOON + SECOND, work())


def test_keys_are_apart_by_workspace_and_kind(store):
    assert do(store, due.plan, work())
    assert do(store, due.plan, work(workspace="w2"))
    assert do(store, due.plan, work(kind="ask"))


def test_only_what_is_due_is_taken_oldest_first(store):
    for minutes in (5, -5, 0, -10):
        do(store, due.plan, work(str(minutes), due_at=NOON + timedelta(minutes=minutes)))

    assert [each.work.key for each in take(store)] == ["-10", "-5", "0"]


def test_kinds_and_a_limit_narrow_what_is_taken(store):
    for number in range(3):
        do(store, due.plan, work(f"d{number}"))
        do(store, due.plan, work(f"a{number}", kind="ask"))

    assert [each.work.key for each in take(store, kinds=["ask"], limit=2)] == ["a0", "a1"]
    assert len(take(store)) == 4


def test_taken_work_is_free_again_when_its_lease_ends(store):
    do(store, due.plan, work())
    (first,) = take(store, lease_s=60)

    assert take(store, NOON + 59 * SECOND, holder="b") == ()
    (second,) = take(store, NOON + 60 * SECOND, holder="b")

    assert (first.attempt, second.attempt, second.holder) == (1, 2, "b")
    assert not do(store, due.finish, first, now=NOON)
    assert not do(store, due.fail, first, now=NOON, reason="x", again_at=NOON)
    assert not do(store, due.renew, first, now=NOON, lease_s=60)
    assert do(store, due.finish, second, now=NOON)


def test_a_process_that_lost_its_lease_to_itself_is_late_too(store):
    do(store, due.plan, work())
    (first,) = take(store)
    (second,) = take(store, NOON + 60 * SECOND)

    assert not do(store, due.finish, first, now=NOON)
    assert do(store, due.finish, second, now=NOON)


def test_a_renewed_lease_holds_on(store):
    do(store, due.plan, work())
    (taken,) = take(store)

    assert do(store, due.renew, taken, now=NOON + 50 * SECOND, lease_s=60)
    assert take(store, NOON + 100 * SECOND, holder="b") == ()


def test_failed_work_is_tried_again_later_and_remembers_why(store):
    do(store, due.plan, work())
    (taken,) = take(store)
    do(store, due.fail, taken, now=NOON, reason="Slack did not answer.", again_at=NOON + HOUR)

    assert take(store, NOON + HOUR - SECOND) == ()
    (again,) = take(store, NOON + HOUR)
    assert (again.attempt, again.last_reason) == (2, "Slack did not answer.")
    assert (again.work.due_at, again.late_by(NOON + HOUR)) == (NOON, HOUR)


def test_work_that_is_given_up_ends_as_failed(store):
    do(store, due.plan, work())
    (taken,) = take(store)
    do(store, due.fail, taken, now=NOON, reason="The channel is gone.", again_at=None)

    ended = do(store, due.ended, "w", "digest", work().key)
    assert (ended.outcome, ended.last_reason, ended.attempts) == (Outcome.FAILED, "The channel is gone.", 1)


def test_late_work_runs_once_inside_its_window_and_is_missed_after_it(store):
    do(store, due.plan, work("kept", window_end=NOON + 2 * HOUR))
    do(store, due.plan, work("gone", window_end=NOON + HOUR))

    assert [each.work.key for each in take(store, NOON + HOUR)] == ["kept"]
    (missed,) = do(store, due.missed, NOON + HOUR)
    assert (missed.work.key, missed.outcome) == ("gone", Outcome.MISSED)
    assert do(store, due.missed, NOON + HOUR) == ()
    assert do(store, due.ended, "w", "digest", "gone") == missed


def test_work_in_hand_is_not_missed_before_its_lease_ends(store):
    do(store, due.plan, work(window_end=NOON + SECOND))
    take(store, lease_s=60)

    assert do(store, due.missed, NOON + 2 * SECOND) == ()
    assert len(do(store, due.missed, NOON + 60 * SECOND)) == 1


def test_planned_work_can_be_moved_and_dropped_until_it_is_taken(store):
    do(store, due.plan, work())

    assert do(store, due.move, work(due_at=NOON + HOUR, payload={"new": True}))
    assert do(store, due.next_due_at) == NOON + HOUR
    (planned,) = do(store, due.planned, "w", kind="digest")
    assert (planned.due_at, planned.payload) == (NOON + HOUR, {"new": True})
    take(store, NOON + HOUR)
    assert not do(store, due.move, work())
    assert do(store, due.drop, "w", "digest", work().key, now=NOON, reason="launch cancelled")
    assert not do(store, due.drop, "w", "digest", work().key, now=NOON, reason="again")
    assert do(store, due.next_due_at) is None
    assert do(store, due.ended, "w", "digest", work().key).outcome is Outcome.DROPPED
    assert do(store, due.planned, "w") == ()


def test_what_ended_long_ago_is_forgotten_and_what_is_open_stays(store):
    do(store, due.plan, work("open", due_at=NOON + HOUR))
    do(store, due.plan, work("done"))
    (taken,) = take(store)
    do(store, due.finish, taken, now=NOON)

    assert do(store, due.forget, before=NOON) == 0
    assert do(store, due.forget, before=NOON + SECOND) == 1
    assert [each.key for each in do(store, due.planned, "w")] == ["open"]


async def test_no_two_processes_take_the_same_work(stores):
    for number in range(60):
        await stores[0].write(lambda session, key=f"{number:02}": due.plan(session, work(key)))

    calls = [
        store.write(
            lambda session, holder=f"{index}": due.take_due(session, NOON, holder=holder, lease_s=60, limit=7)
        )
        for _ in range(8)
        for index, store in enumerate(stores)
    ]
    answers = await asyncio.gather(*calls)

    keys = [taken.work.key for answer in answers for taken in answer]
    assert sorted(keys) == [f"{number:02}" for number in range(60)]


def test_a_transaction_that_is_cut_takes_nothing(store):
    do(store, due.plan, work())

    def cut(session):
        assert due.take_due(session, NOON, holder="a", lease_s=60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do(store, cut)

    (taken,) = take(store)
    assert taken.attempt == 1


# --- leases ---


def acquire(store, holder="a", now=NOON, *, lease_s=60, workspace="w"):
    return do(store, leases.acquire, workspace, "sender", holder=holder, now=now, lease_s=lease_s)


def test_one_holds_a_lease_and_may_ask_again(store):
    first = acquire(store)

    assert acquire(store, "b") is None
    again = acquire(store, now=NOON + SECOND)
    assert (again.fence, again.until) == (first.fence, NOON + 61 * SECOND)
    assert acquire(store, "b", workspace="w2").holder == "b"


def test_an_ended_lease_is_taken_over_with_a_higher_number(store):
    first = acquire(store)
    second = acquire(store, "b", now=NOON + 60 * SECOND)

    assert second.fence > first.fence
    assert not do(store, leases.holds, first, now=NOON + 61 * SECOND)
    assert do(store, leases.holds, second, now=NOON + 61 * SECOND)
    assert do(store, leases.renew, first, now=NOON + 61 * SECOND, lease_s=60) is None
    assert not do(store, leases.release, first, now=NOON + 61 * SECOND)


def test_an_ended_lease_is_not_renewed_but_taken_anew(store):
    first = acquire(store)

    assert do(store, leases.renew, first, now=NOON + 60 * SECOND, lease_s=60) is None
    assert acquire(store, now=NOON + 60 * SECOND).fence == first.fence + 1


def test_a_renewed_lease_keeps_its_number(store):
    first = acquire(store)

    renewed = do(store, leases.renew, first, now=NOON + 30 * SECOND, lease_s=60)

    assert (renewed.fence, renewed.until) == (first.fence, NOON + 90 * SECOND)
    assert do(store, leases.held, "w", "sender") == renewed
    assert do(store, leases.held, "w", "nobody") is None


def test_a_released_lease_is_free_at_once(store):
    first = acquire(store)

    assert do(store, leases.release, first, now=NOON + SECOND)
    assert acquire(store, "b", now=NOON + SECOND).fence == first.fence + 1


async def test_of_many_that_want_a_lease_at_once_one_gets_it(stores):
    for now in (NOON, NOON + HOUR):
        calls = [
            store.write(
                lambda session, holder=f"{number}-{index}", now=now: leases.acquire(
                    session, "w", "sender", holder=holder, now=now, lease_s=60
                )
            )
            for number in range(6)
            for index, store in enumerate(stores)
        ]
        answers = await asyncio.gather(*calls)
        assert len([answer for answer in answers if answer]) == 1


# --- inbox ---


def test_a_second_copy_of_a_delivery_from_slack_is_known_as_one(store):
    assert do(store, inbox.first_time, "w", "Ev1", at=NOON, kind="event")
    assert not do(store, inbox.first_time, "w", "Ev1", at=NOON + SECOND)
    assert do(store, inbox.first_time, "w2", "Ev1", at=NOON)


def test_a_request_that_failed_may_come_again(store):
    def cut(session):
        inbox.first_time(session, "w", "Ev1", at=NOON)
        raise LookupError

    with pytest.raises(LookupError):
        do(store, cut)

    assert do(store, inbox.first_time, "w", "Ev1", at=NOON)


def test_old_keys_are_forgotten(store):
    do(store, inbox.first_time, "w", "old", at=NOON - HOUR)
    do(store, inbox.first_time, "w", "new", at=NOON)

    assert do(store, inbox.forget, before=NOON) == 1
    assert not do(store, inbox.first_time, "w", "new", at=NOON)


async def test_of_two_copies_at_once_one_is_the_first(stores):
    calls = [
        store.write(lambda session: inbox.first_time(session, "w", "Ev1", at=NOON))
        for _ in range(5)
        for store in stores
    ]

    assert (await asyncio.gather(*calls)).count(True) == 1


def test_a_lease_from_the_future_blocks_nobody(store):
    do(store, due.plan, work())
    take(store, NOON, lease_s=7200)  # a clock that is two hours ahead

    assert [each.attempt for each in take(store, NOON + SECOND, holder="b")] == [2]


def test_a_lease_from_the_future_on_a_name_is_taken_over(store):
    ahead = do(store, leases.acquire, "w", "sender", holder="a", now=NOON + 2 * HOUR, lease_s=10)

    taken = do(store, leases.acquire, "w", "sender", holder="b", now=NOON, lease_s=10)

    assert (taken.holder, taken.fence) == ("b", ahead.fence + 1)
    assert not do(store, leases.holds, ahead, now=NOON)
    assert do(store, leases.acquire, "w", "sender", holder="c", now=NOON, lease_s=10) is None
