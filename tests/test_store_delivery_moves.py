"""The table that the store moves deliveries and their parts by; pure."""

from datetime import UTC, datetime, timedelta

import pytest

from schema.deliveries import (
    DELIVERY_MOVES,
    PART_MOVES,
    DeliveryState,
    Looking,
    Part,
    PartState,
    delivery_id,
    next_look_at,
    settled,
)
from schema.periods import Period

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = Period(start=NOON - timedelta(days=7), end=NOON)
IDENTITY = {"workspace": "w", "kind": "standup", "product": "fraud", "period": WEEK, "channel": "C1"}


def part(state=PartState.SENDING, **changes):
    own = {"workspace": "w", "delivery_id": "d", "position": 0, "key": "d.0", "payload": {}}
    return Part(**own | {"state": state, "began_at": NOON} | changes)


def test_every_state_says_where_it_may_go():
    assert set(DELIVERY_MOVES) == set(DeliveryState)
    assert set(PART_MOVES) == set(PartState)


def test_what_is_sent_never_moves_again():
    assert DELIVERY_MOVES[DeliveryState.SENT] == PART_MOVES[PartState.SENT] == frozenset()


def test_nothing_is_sent_that_was_not_sending_first():
    before = {state for state, targets in DELIVERY_MOVES.items() if DeliveryState.SENT in targets}

    assert before == {DeliveryState.SENDING, DeliveryState.UNKNOWN}


def test_a_delivery_is_the_same_in_every_process_and_another_for_each_difference():
    longer = Period(start=WEEK.start, end=WEEK.end + timedelta(days=7))
    others = [{name: f"{value}x"} for name, value in IDENTITY.items() if isinstance(value, str)]
    others.append({"period": Period(start=NOON, end=longer.end)})

    names = [delivery_id(**IDENTITY | other) for other in others]

    assert delivery_id(**IDENTITY) == delivery_id(**IDENTITY | {"period": longer})
    assert len({delivery_id(**IDENTITY), *names}) == len(names) + 1


def test_the_channel_is_searched_half_a_minute_after_the_request_and_then_ten_seconds_apart():
    looking = Looking()
    seconds = timedelta(seconds=1)

    assert next_look_at(part(), looking) == NOON + 30 * seconds
    assert next_look_at(part(looked_at=NOON + 30 * seconds), looking) == NOON + 40 * seconds
    assert next_look_at(part(looked_at=NOON + 5 * seconds), looking) == NOON + 30 * seconds


def test_a_part_that_never_began_is_not_searched_for():
    with pytest.raises(ValueError, match="whose request began"):
        next_look_at(part(PartState.PENDING, began_at=None), Looking())


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["sent"], "sent"),
        (["sent", "sent"], "sent"),
        (["sent", "pending"], "sending"),
        (["sent", "sending"], "sending"),
        (["sent", "failed"], "failed"),
        (["unknown", "failed"], "unknown"),
        (["sent", "unknown", "pending"], "unknown"),
    ],
)
def test_a_delivery_is_sent_only_when_every_part_is(states, expected):
    assert settled(tuple(part(PartState(state)) for state in states)) == expected
