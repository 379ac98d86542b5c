import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from integrations.store import deliveries
from integrations.store import parts as part_store
from integrations.store.parts import (
    begin_part,
    part,
    part_absent,
    part_again,
    part_failed,
    part_sent,
    part_unknown,
    part_unsure,
    unsure_parts,
)
from integrations.store.posts import by_thread, note
from schema.deliveries import DELIVERY_MOVES, PART_MOVES, DeliveryState, IllegalMove, PartState
from schema.errors import Refusal
from schema.periods import Period
from tests.databases import a_database, a_store, an_engine, two_stores  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = Period(start=NOON - timedelta(days=7), end=NOON)
SECOND = timedelta(seconds=1)
PAYLOADS = [{"text": "Recall fell", "blocks": [{"z": 1, "a": "<&> 😀 \0"}]}, {"text": "Details"}]


def wanted(**changes):
    own = {"kind": "standup", "product": "fraud", "period": WEEK, "channel": "C1", "due_at": NOON}
    return own | changes


def do(store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, *args, **kwargs))


def made(store, **changes):
    delivery, _ = do(store, deliveries.create_or_get, "w", **wanted(**changes))
    return delivery


def prepared(store, **changes):
    delivery = made(store, **changes)
    do(store, deliveries.prepare, "w", delivery.id, payloads=PAYLOADS, now=NOON)
    return do(store, deliveries.get, "w", delivery.id)


def sending(store, **changes):
    return do(store, deliveries.begin, "w", prepared(store, **changes).id, late_line="")


def test_a_delivery_is_made_once_for_its_kind_product_period_and_channel(store):
    first, new = do(store, deliveries.create_or_get, "w", **wanted())
    again, newer = do(store, deliveries.create_or_get, "w", **wanted(due_at=NOON + SECOND))
    longer = Period(start=WEEK.start, end=WEEK.end + timedelta(days=1))
    same, newest = do(store, deliveries.create_or_get, "w", **wanted(period=longer))

    assert (new, newer, newest) == (True, False, False)
    assert first == again == same
    assert first.state is DeliveryState.PLANNED


@pytest.mark.parametrize("change", [{"kind": "x"}, {"product": "x"}, {"channel": "x"}])
def test_another_kind_product_or_channel_is_another_delivery(store, change):
    made(store)

    _, new = do(store, deliveries.create_or_get, "w", **wanted(**change))

    assert new


async def test_of_two_that_make_a_delivery_at_once_one_makes_it(stores):
    calls = [
        each.write(lambda session: deliveries.create_or_get(session, "w", **wanted()))
        for each in stores
        for _ in range(5)
    ]

    answers = await asyncio.gather(*calls)

    assert [new for _, new in answers].count(True) == 1
    assert len({delivery.id for delivery, _ in answers}) == 1


def test_what_will_be_posted_is_frozen_once(store):
    delivery = prepared(store)

    with pytest.raises(IllegalMove, match="is prepared; it cannot become prepared"):
        do(store, deliveries.prepare, "w", delivery.id, payloads=[{"text": "other"}], now=NOON)

    frozen = do(store, deliveries.parts, "w", delivery.id)
    assert [each.payload for each in frozen] == PAYLOADS
    assert list(frozen[0].payload["blocks"][0]) == ["z", "a"]
    assert [each.key for each in frozen] == [f"{delivery.id}.0", f"{delivery.id}.1"]
    assert delivery.prepared_at == NOON


async def test_of_two_that_start_a_send_at_once_one_does(stores):
    delivery = await asyncio.to_thread(prepared, stores[0])
    calls = [
        each.write(lambda session: deliveries.begin(session, "w", delivery.id, late_line=""))
        for each in stores
    ]

    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["Delivery", "IllegalMove"]


def test_the_line_about_lateness_is_fixed_by_the_first_start(store):
    delivery = prepared(store)

    do(store, deliveries.begin, "w", delivery.id, late_line="Late by 3 h because the bot was down.")
    do(store, deliveries.fail, "w", delivery.id, reason="not in channel")
    again = do(store, deliveries.begin, "w", delivery.id, late_line="Late by 5 h.")

    assert again.late_line == "Late by 3 h because the bot was down."


def test_nothing_is_sent_before_it_is_prepared(store):
    delivery = made(store)
    do(store, deliveries.fail, "w", delivery.id, reason="no source answered")

    with pytest.raises(IllegalMove, match="before it is prepared"):
        do(store, deliveries.begin, "w", delivery.id, late_line="")


def test_a_refused_move_is_a_sentence_for_a_person():
    assert issubclass(IllegalMove, Refusal)


MOVES = {
    DeliveryState.SKIPPED: lambda session, id: deliveries.skip(session, "w", id, reason="holiday"),
    DeliveryState.FAILED: lambda session, id: deliveries.fail(session, "w", id, reason="channel gone"),
    DeliveryState.SENDING: lambda session, id: deliveries.begin(session, "w", id, late_line=""),
    DeliveryState.PREPARED: lambda session, id: deliveries._move(session, "w", id, DeliveryState.PREPARED),
    DeliveryState.PLANNED: lambda session, id: deliveries._move(session, "w", id, DeliveryState.PLANNED),
    DeliveryState.SENT: lambda session, id: deliveries._move(session, "w", id, DeliveryState.SENT),
    DeliveryState.UNKNOWN: lambda session, id: deliveries._move(session, "w", id, DeliveryState.UNKNOWN),
}


def test_a_delivery_moves_exactly_as_the_table_allows(store):
    delivery = prepared(store)
    for before, after in itertools.product(DeliveryState, DeliveryState):
        force(store, "deliveries", before)
        if after in DELIVERY_MOVES[before]:
            assert do(store, MOVES[after], delivery.id).state is after
        else:
            with pytest.raises(IllegalMove, match=f"is {before}; it cannot become {after}"):
                do(store, MOVES[after], delivery.id)


def force(store, table, state):
    do(store, lambda session: session.execute(text(f"UPDATE {table} SET state = '{state}'")))


PART_CALLS = {
    PartState.SENDING: lambda session, key: begin_part(session, "w", key, now=NOON),
    PartState.SENT: lambda session, key: part_sent(session, "w", key, ts="1.1"),
    PartState.PENDING: lambda session, key: part_again(session, "w", key),
    PartState.UNKNOWN: lambda session, key: part_unknown(session, "w", key, reason="history refused"),
    PartState.FAILED: lambda session, key: part_failed(session, "w", key, reason="invalid_blocks"),
}


def test_a_part_moves_exactly_as_the_table_allows(store):
    key = f"{sending(store).id}.0"
    for before, after in itertools.product(PartState, PartState):
        force(store, "delivery_parts", before)
        if after in PART_MOVES[before]:
            assert do(store, PART_CALLS[after], key).state is after
        elif before is after is PartState.SENT:
            assert do(store, part_sent, "w", key, ts=do(store, part, "w", key).ts).ts == "1.1"
        else:
            with pytest.raises(IllegalMove, match=f"is {before}; it cannot become {after}"):
                do(store, PART_CALLS[after], key)


def test_the_request_is_stored_before_it_begins_and_the_thread_waits_for_its_parent(store):
    delivery = sending(store)
    parent, section = (f"{delivery.id}.{position}" for position in range(2))

    with pytest.raises(IllegalMove, match=r"Part 1 .* is pending"):
        do(store, begin_part, "w", section, now=NOON)
    assert do(store, begin_part, "w", parent, now=NOON).began_at == NOON
    with pytest.raises(IllegalMove):
        do(store, begin_part, "w", parent, now=NOON)
    with pytest.raises(IllegalMove):
        do(store, begin_part, "w", section, now=NOON)
    do(store, part_sent, "w", parent, ts="1.1")

    assert do(store, begin_part, "w", section, now=NOON).state is PartState.SENDING


def test_no_part_begins_while_its_delivery_is_not_sending(store):
    delivery = prepared(store)

    with pytest.raises(IllegalMove):
        do(store, begin_part, "w", f"{delivery.id}.0", now=NOON)


def test_an_unsure_part_may_be_posted_again_only_after_two_searches(store):
    key = f"{sending(store).id}.0"
    do(store, begin_part, "w", key, now=NOON)

    do(store, part_unsure, "w", key, reason="time-out")
    assert [each.key for each in do(store, unsure_parts, "w")] == [key]
    once = do(store, part_absent, "w", key, now=NOON + 30 * SECOND)
    twice = do(store, part_absent, "w", key, now=NOON + 40 * SECOND)

    assert (once.state, once.looked, once.last_reason) == (PartState.SENDING, 1, "time-out")
    assert (twice.state, twice.looked, twice.looked_at) == (PartState.PENDING, 2, NOON + 40 * SECOND)
    with pytest.raises(IllegalMove, match="be searched for"):
        do(store, part_absent, "w", key, now=NOON)
    with pytest.raises(IllegalMove, match="be unsure"):
        do(store, part_unsure, "w", key, reason="x")
    begun = do(store, begin_part, "w", key, now=NOON + 50 * SECOND)
    assert (begun.looked, begun.looked_at) == (0, None)


def test_a_part_that_was_found_is_sent(store):
    key = f"{sending(store).id}.0"
    do(store, begin_part, "w", key, now=NOON)
    do(store, part_absent, "w", key, now=NOON + 30 * SECOND)

    assert do(store, part_sent, "w", key, ts="9.9").state is PartState.SENT


def test_a_delivery_is_sent_when_all_its_parts_have_a_ts(store):
    delivery = sending(store)
    for position in range(2):
        assert do(store, deliveries.settle, "w", delivery.id, now=NOON).state is DeliveryState.SENDING
        do(store, begin_part, "w", f"{delivery.id}.{position}", now=NOON)
        do(store, part_sent, "w", f"{delivery.id}.{position}", ts=f"1.{position}")

    sent = do(store, deliveries.settle, "w", delivery.id, now=NOON + SECOND)

    assert (sent.state, sent.sent_at) == (DeliveryState.SENT, NOON + SECOND)
    assert do(store, deliveries.settle, "w", delivery.id, now=NOON) == sent


@pytest.mark.parametrize(
    ("call", "state"), [(part_failed, DeliveryState.FAILED), (part_unknown, DeliveryState.UNKNOWN)]
)
def test_a_delivery_says_why_it_is_not_whole_and_goes_on_when_its_owner_says_so(store, call, state):
    delivery = sending(store)
    key = f"{delivery.id}.0"
    do(store, begin_part, "w", key, now=NOON)
    do(store, call, "w", key, reason="not_in_channel")

    stopped = do(store, deliveries.settle, "w", delivery.id, now=NOON)
    assert (stopped.state, stopped.last_reason) == (state, "not_in_channel")
    if state is DeliveryState.UNKNOWN:
        do(store, part_again, "w", key)
    do(store, deliveries.begin, "w", delivery.id, late_line="")

    assert do(store, begin_part, "w", key, now=NOON).state is PartState.SENDING


def test_settling_starts_nothing(store):
    delivery = prepared(store)

    assert do(store, deliveries.settle, "w", delivery.id, now=NOON).state is DeliveryState.PREPARED


def test_a_skipped_delivery_comes_back_as_it_was(store):
    bare, whole = made(store, channel="C2"), prepared(store)
    for delivery in (bare, whole):
        do(store, deliveries.skip, "w", delivery.id, reason="holiday")

    back = [do(store, deliveries.replan, "w", each.id, due_at=NOON + SECOND) for each in (bare, whole)]

    assert [each.state for each in back] == [DeliveryState.PLANNED, DeliveryState.PREPARED]
    assert [each.due_at for each in back] == [NOON + SECOND] * 2


def test_now_is_the_same_delivery_with_another_time(store):
    delivery = prepared(store, due_at=NOON + timedelta(hours=2))

    moved = do(store, deliveries.postpone, "w", delivery.id, due_at=NOON)

    assert (moved.id, moved.due_at, moved.state) == (delivery.id, NOON, DeliveryState.PREPARED)
    do(store, deliveries.begin, "w", delivery.id, late_line="")
    with pytest.raises(IllegalMove, match="be given another time"):
        do(store, deliveries.postpone, "w", delivery.id, due_at=NOON)


def test_what_is_owed_is_due_and_not_settled(store):
    later, due = made(store, due_at=NOON + SECOND), made(store, channel="C2")
    other = made(store, channel="C3", due_at=NOON - SECOND)
    skipped = made(store, channel="C4")
    do(store, deliveries.skip, "w", skipped.id, reason="holiday")

    assert [each.id for each in do(store, deliveries.owed, NOON)] == [other.id, due.id]
    assert [each.id for each in do(store, deliveries.owed, NOON + SECOND)][-1] == later.id
    assert do(store, deliveries.owed, NOON, workspace="w2") == ()
    only = do(store, deliveries.owed, NOON, states=[DeliveryState.SKIPPED])
    assert [each.id for each in only] == [skipped.id]


def test_the_record_is_the_last_thirteen_periods_newest_first(store):
    step = timedelta(days=7)
    weeks = [Period(start=WEEK.start + n * step, end=NOON + n * step) for n in range(15)]
    for week in weeks:
        made(store, period=week)
    made(store, product="other")

    found = do(store, deliveries.record, "w", product="fraud")

    assert [each.period for each in found] == weeks[:1:-1]


def test_a_thread_knows_its_product_and_its_delivery(store):
    delivery = sending(store)
    do(store, begin_part, "w", f"{delivery.id}.0", now=NOON)
    do(store, part_sent, "w", f"{delivery.id}.0", ts="17.5")
    do(store, note, "w", channel="C1", ts="18.0", product="ads", kind="brief")
    do(store, note, "w", channel="C1", ts="18.0", product="late", kind="brief")

    def look(channel, ts):
        return store.read_sync(lambda session: by_thread(session, "w", channel=channel, ts=ts))

    assert (look("C1", "17.5").product, look("C1", "17.5").delivery_id) == ("fraud", delivery.id)
    assert (look("C1", "18.0").product, look("C1", "18.0").delivery_id) == ("ads", None)
    assert look("C2", "17.5") is None


def test_a_transaction_that_is_cut_moves_nothing(store):
    delivery = sending(store)
    key = f"{delivery.id}.0"
    do(store, begin_part, "w", key, now=NOON)

    def cut(session):
        part_sent(session, "w", key, ts="1.1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do(store, cut)

    assert do(store, part, "w", key).state is PartState.SENDING
    assert store.read_sync(lambda session: by_thread(session, "w", channel="C1", ts="1.1")) is None


def test_an_unknown_delivery_or_part_is_refused_with_a_sentence(store):
    with pytest.raises(IllegalMove, match="not known here"):
        do(store, deliveries.skip, "w", "nobody", reason="x")
    with pytest.raises(IllegalMove, match="not known here"):
        do(store, part_store.begin_part, "w", "nobody", now=NOON)


def test_a_delivery_without_a_message_is_a_defect(store):
    with pytest.raises(ValueError, match="at least its parent"):
        do(store, deliveries.prepare, "w", made(store).id, payloads=[], now=NOON)
