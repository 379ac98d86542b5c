import asyncio
from datetime import UTC, datetime, timedelta

from integrations.store import outbox
from integrations.store.outbox import OutboxState
from tests.databases import a_database, a_store, an_engine, two_stores  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def do(store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, *args, **kwargs))


def put(store, text="hello", **changes):
    do(store, outbox.put, "w", **{"kind": "card", "payload": {"text": text}, "now": NOON} | changes)


def take(store, now=NOON, limit=10):
    return do(store, outbox.take, "w", now=now, limit=limit)


def texts(effects):
    return [effect.payload["text"] for effect in effects]


def test_effects_are_taken_when_due_and_in_order(store):
    put(store, "later", due_at=NOON + SECOND)
    put(store, "second")
    put(store, "first", due_at=NOON - SECOND)

    taken = take(store)

    assert texts(taken) == ["first", "second"]
    assert [(each.state, each.began_at, each.attempts) for each in taken] == [
        (OutboxState.SENDING, NOON, 1)
    ] * 2
    assert take(store) == ()
    assert texts(do(store, outbox.waiting, "w")) == ["later"]


def test_of_several_changes_of_one_card_the_newest_is_sent_at_the_earliest_time(store):
    for number in range(5):
        put(store, f"v{number}", coalesce_key="card-7", due_at=NOON + number * SECOND)
    put(store, "other", coalesce_key="card-8")
    do(store, outbox.put, "w2", kind="card", payload={"text": "theirs"}, now=NOON, coalesce_key="card-7")

    assert texts(take(store)) == ["v4", "other"]


def test_effects_without_a_key_are_all_sent(store):
    put(store, "a")
    put(store, "a")

    assert texts(take(store)) == ["a", "a"]


def test_a_card_changes_in_order_while_one_change_is_on_its_way(store):
    put(store, "v1", coalesce_key="card")
    (first,) = take(store)
    put(store, "v2", coalesce_key="card")

    assert take(store) == ()
    assert do(store, outbox.sent, first, ts="1.1")
    assert texts(take(store)) == ["v2"]


def test_a_change_that_failed_gives_way_to_a_newer_one(store):
    put(store, "v1", coalesce_key="card")
    (first,) = take(store)
    put(store, "v2", coalesce_key="card")

    assert do(store, outbox.again, first, at=NOON + SECOND, reason="ratelimited")

    assert texts(take(store, NOON + SECOND)) == ["v2"]


def test_a_failed_effect_comes_again_later(store):
    put(store, coalesce_key="card")
    (first,) = take(store)
    do(store, outbox.again, first, at=NOON + SECOND, reason="ratelimited")

    assert take(store) == ()
    (again,) = take(store, NOON + SECOND)
    assert (again.attempts, again.last_reason) == (2, "ratelimited")


def test_each_effect_is_settled_once(store):
    for name in ("sent", "failed", "unknown"):
        put(store, name)
    taken = take(store)

    assert do(store, outbox.sent, taken[0], ts="1.1")
    assert do(store, outbox.failed, taken[1], reason="channel_not_found")
    assert do(store, outbox.unknown, taken[2], reason="time-out")

    assert not do(store, outbox.again, taken[0], at=NOON, reason="x")
    assert not do(store, outbox.sent, taken[1])
    assert do(store, outbox.unsettled, "w", before=NOON + SECOND) == ()
    assert do(store, outbox.forget, before=NOON) == 0
    assert do(store, outbox.forget, before=NOON + SECOND) == 3


def test_what_a_dead_sender_had_begun_is_found(store):
    put(store, "orphan")
    take(store)

    assert do(store, outbox.unsettled, "w", before=NOON) == ()
    assert texts(do(store, outbox.unsettled, "w", before=NOON + SECOND)) == ["orphan"]


def test_what_was_taken_twice_is_settled_by_the_newer_holder(store):
    put(store)
    (first,) = take(store)
    do(store, outbox.again, first, at=NOON, reason="found orphaned")
    (second,) = take(store)

    assert not do(store, outbox.sent, first)
    assert do(store, outbox.sent, second)


async def test_no_two_senders_take_the_same_effect(stores):
    for number in range(40):
        await asyncio.to_thread(put, stores[0], f"{number:02}")

    calls = [
        store.write(lambda session: outbox.take(session, "w", now=NOON, limit=5))
        for _ in range(8)
        for store in stores
    ]
    answers = await asyncio.gather(*calls)

    assert sorted(text for answer in answers for text in texts(answer)) == [f"{n:02}" for n in range(40)]
