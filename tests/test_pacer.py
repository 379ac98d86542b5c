"""The pacer: its rules with a clock of our own, and its waiting line in a real loop."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import RateLimited
from integrations.pacer import POST, Pace, Pacer, Slots

QUICK = Pace(factor=100)


def pour(slots: Slots, messages: list[tuple[str, bool]], start_s: float = 0.0) -> list[tuple[str, float]]:
    """Let every message through at its first moment, in order."""
    now = start_s
    sent = []
    for channel, urgent in messages:
        now = max(now, slots.opens_s(channel, urgent=urgent, now_s=now))
        slots.take(channel, urgent=urgent, now_s=now, owed_s=start_s)
        sent.append((channel, now))
    return sent


def test_a_channel_gets_one_message_a_second():
    sent = pour(Slots(Pace()), [("C1", True)] * 4)

    assert [at for _, at in sent] == [0, 1, 2, 3]


def test_bulk_to_many_channels_is_spread_over_the_minute():
    sent = pour(Slots(Pace(workspace_per_minute=200)), [(f"C{n}", False) for n in range(201)])

    assert sent[1][1] == pytest.approx(0.3)
    assert sent[200][1] == pytest.approx(60.0)


@given(
    st.lists(st.tuples(st.sampled_from(["C1", "C2", "C3", "C4", "C5"]), st.booleans()), max_size=120),
    st.integers(min_value=1, max_value=40),
)
def test_no_limit_is_ever_passed(messages, per_minute):
    sent = pour(Slots(Pace(workspace_per_minute=per_minute)), messages)

    for channel in {c for c, _ in sent}:
        times = [at for c, at in sent if c == channel]
        assert all(later - earlier >= 1 - 1e-9 for earlier, later in itertools.pairwise(times))
    times = [at for _, at in sent]
    assert all(times[i + per_minute] - times[i] >= 60 - 1e-9 for i in range(len(times) - per_minute))


def test_a_timer_that_rings_late_delays_nothing_after_it():
    slots = Slots(Pace())
    now = 0.0
    for n in range(100):
        now = max(now, slots.opens_s(f"C{n}", urgent=False, now_s=now)) + 0.01
        slot = slots.take(f"C{n}", urgent=False, now_s=now, owed_s=0)

    assert slot.late_s < 0.02


def test_a_pause_is_made_good_for_and_passes_no_limit():
    slots = Slots(Pace())
    now, sent = 0.0, []
    for n in range(400):
        if n == 100:
            now += 5  # everything stood still
        now = max(now, slots.opens_s(f"C{n}", urgent=False, now_s=now))
        slot = slots.take(f"C{n}", urgent=False, now_s=now, owed_s=0)
        sent.append(now)

    assert slot.late_s < 0.5
    assert all(sent[i + 200] - sent[i] >= 60 - 1e-9 for i in range(len(sent) - 200))


def test_idle_time_buys_no_burst():
    slots = Slots(Pace())
    slots.take("C0", urgent=False, now_s=0, owed_s=0)

    later = pour(slots, [(f"C{n}", False) for n in range(1, 11)], start_s=3600)

    assert later[-1][1] - later[0][1] == pytest.approx(9 * 0.3)


def test_an_urgent_message_does_not_wait_for_the_spread_of_bulk():
    slots = Slots(Pace())
    slots.take("C1", urgent=False, now_s=0, owed_s=0)

    assert slots.opens_s("C2", urgent=True, now_s=0.1) == 0.1
    assert slots.opens_s("C2", urgent=False, now_s=0.1) == pytest.approx(0.3)


def test_retry_after_holds_one_method_only():
    slots = Slots(Pace())
    slots.hold("chat.update", 30)
    assert slots.opens_s("C1", urgent=True, now_s=10) == 10

    slots.hold(POST, 30)
    slots.hold(POST, 20)  # a shorter one does not shorten it

    assert slots.opens_s("C1", urgent=True, now_s=10) == 30
    assert slots.held_s(POST, 40) == 0


def test_lateness_is_measured_against_an_endlessly_fast_sender():
    slots = Slots(Pace())
    in_time = slots.take("C1", urgent=False, now_s=0, owed_s=0)
    by_the_limit = slots.take("C1", urgent=False, now_s=1, owed_s=0)
    slow = slots.take("C1", urgent=False, now_s=7, owed_s=0)
    slower = slots.take("C1", urgent=False, now_s=9, owed_s=0)

    assert [slot.late_s for slot in (in_time, by_the_limit, slow, slower)] == [0, 0, 5, 6]


def test_what_was_due_while_nobody_ran_is_late_since_then():
    slot = Slots(Pace()).take("C1", urgent=False, now_s=7200, owed_s=0)

    assert slot.late_s == 7200


def test_the_memory_of_channels_stays_small():
    slots = Slots(Pace())
    pour(slots, [(f"C{n}", False) for n in range(5_000)])

    assert len(slots._real.channel_free_s) <= 2_001
    assert len(slots._minute) <= 201


async def test_urgent_messages_pass_bulk_in_the_line():
    pacer = Pacer(QUICK)
    order = []

    async def say(name, *, urgent):
        await pacer.turn("C1", urgent=urgent)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in ("bulk 1", "bulk 2", "bulk 3"):
            group.create_task(say(name, urgent=False))
        group.create_task(say("urgent", urgent=True))

    assert order == ["bulk 1", "urgent", "bulk 2", "bulk 3"]


async def test_somebody_who_stops_waiting_leaves_the_line():
    pacer = Pacer(QUICK)
    await pacer.turn("C1")
    gone = asyncio.create_task(pacer.turn("C1"))
    await asyncio.sleep(0)
    gone.cancel()

    slot = await pacer.turn("C1")

    assert gone.cancelled()
    assert slot.granted_s - slot.earliest_s < 1


async def test_who_cannot_wait_is_told_at_once_for_how_long():
    pacer = Pacer()
    pacer.hold(POST, 600)

    with pytest.raises(RateLimited) as caught:
        await pacer.turn("C1", within_s=5)

    assert caught.value.retry_after_s == pytest.approx(600, abs=1)


async def test_one_factor_divides_every_wait():
    pacer = Pacer(Pace(factor=1000))
    pacer.hold(POST, 30)
    started = asyncio.get_running_loop().time()

    for _ in range(5):
        await pacer.turn("C1")

    assert asyncio.get_running_loop().time() - started < 1
