"""The record of past posts: what came of each, and how many stand in their channel twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers import doubles
from integrations.slack_values import key_metadata
from integrations.store import deliveries as stored
from integrations.store import due
from schema.deliveries import Delivery, DeliveryState
from schema.periods import Period
from schema.records import Came, came_of, record_of, said
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import WORKSPACE, a_world, now, only_sqlite, section

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENT = Delivery(
    workspace="main", id="d", kind="standup", product="p", period=Period(start=NOON, end=NOON + timedelta(days=7)),
    channel="C1", state=DeliveryState.SENT, due_at=NOON, late_line="", doubled=0,
)  # fmt: skip


def week(number, **fields):
    """Give a delivery of so many weeks before."""
    start = NOON - timedelta(weeks=number)
    return replace(SENT, period=Period(start=start, end=start + timedelta(days=7)), **fields)


@pytest.mark.parametrize(
    ("state", "late_line", "came"),
    [
        (DeliveryState.SENT, "", Came.ON_TIME),
        (DeliveryState.SENT, "Late by 2 h because Muster was not running.", Came.LATE),
        (DeliveryState.SKIPPED, None, Came.SKIPPED),
        (DeliveryState.FAILED, "", Came.FAILED),
        (DeliveryState.UNKNOWN, "", Came.UNKNOWN),
        (DeliveryState.PLANNED, None, Came.WAITING),
        (DeliveryState.PREPARED, None, Came.WAITING),
        (DeliveryState.SENDING, "", Came.WAITING),
    ],
)
def test_every_state_of_a_delivery_has_its_word_in_the_record(state, late_line, came):
    assert came_of(replace(SENT, state=state, late_line=late_line)) is came


def test_a_record_counts_each_and_leaves_out_what_never_happened():
    late = week(11, late_line="Late by 2 h because Slack did not answer.")
    skipped = week(12, state=DeliveryState.SKIPPED, doubled=None)
    on_time = [week(number) for number in range(11)]

    assert str(said(record_of([*on_time, late, skipped, week(13)]))) == (
        "Of the 13 planned before this one: 11 on time, 1 late, 1 skipped; 0 posted twice."
    )
    assert "; 2 posted twice." in str(said(record_of([week(0, doubled=2), week(1)])))


@pytest.mark.parametrize(
    ("there", "here", "came"),
    [
        (DeliveryState.SKIPPED, DeliveryState.SENT, Came.ON_TIME),
        (DeliveryState.FAILED, DeliveryState.SENT, Came.LATE),
        (DeliveryState.SKIPPED, DeliveryState.FAILED, Came.FAILED),
        (DeliveryState.SKIPPED, DeliveryState.SKIPPED, Came.SKIPPED),
    ],
)
def test_a_standup_that_changed_its_channel_is_one(there, here, came):
    assert record_of([week(0, state=here, channel="C2"), week(0, state=there)]).came == (came,)


def test_what_failed_and_was_posted_by_hand_hours_later_is_not_on_time():
    assert came_of(replace(SENT, sent_at=NOON + timedelta(seconds=40))) is Came.ON_TIME
    assert came_of(replace(SENT, sent_at=NOON + timedelta(hours=4))) is Came.LATE


def test_what_nobody_looked_at_is_not_called_nought():
    assert str(said(record_of([week(0), week(1, doubled=None)]))).endswith(
        "0 posted twice (1 not looked at)."
    )


def test_without_a_past_it_says_so():
    assert str(said(record_of([]))) == "This is the first standup planned here."


# --- looking for second copies, in a local Slack ---


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


async def looked_at(world, sender, id):
    """Let the hour pass after which somebody looks, and give the delivery."""
    delivery = await world.get(id)
    await world.store.write(lambda session: doubles.plan(session, delivery))
    later = replace(sender, now=lambda: now() + doubles.AFTER + timedelta(minutes=1))
    assert await doubles.look_due(later) == 1
    return await world.get(id)


async def posted_again(world, sender, part, *, thread_ts=None):
    """Post a part a second time, as nobody should."""
    slot = await sender.slack.pacer.turn(world.channel)
    await sender.slack.post(
        world.channel, blocks=[section("again")], text="again", thread_ts=thread_ts, metadata=key_metadata(part.key), slot=slot
    )  # fmt: skip


@only_sqlite
async def test_a_digest_that_stands_there_once_is_found_once(world):
    id, sender = await world.prepared(), await world.sender()
    await world.sent(sender, id)

    assert (await looked_at(world, sender, id)).doubled == 0
    assert await doubles.look_due(sender) == 0


@only_sqlite
async def test_second_copies_of_parent_and_thread_are_counted(world):
    id, sender = await world.prepared(), await world.sender()
    await world.sent(sender, id)
    parent, first, *_ = await world.parts(id)
    await posted_again(world, sender, parent)
    await posted_again(world, sender, first, thread_ts=parent.ts)

    assert (await looked_at(world, sender, id)).doubled == 2


@only_sqlite
async def test_where_nobody_may_look_the_record_says_that_nobody_did(world):
    id, sender = await world.prepared(), await world.sender()
    await world.sent(sender, id)
    installation = world.local.state.installations[(world.app.id, world.app.team_id)]
    scopes = installation.scopes - {"channels:history", "groups:history"}
    world.local.state.installations[(world.app.id, world.app.team_id)] = replace(installation, scopes=scopes)

    assert (await looked_at(world, sender, id)).doubled is None


@only_sqlite
async def test_what_is_not_posted_yet_is_looked_at_later(world):
    id, sender = await world.prepared(due_at=now() + timedelta(hours=3)), await world.sender()
    await world.store.write(
        lambda session: stored.postpone(session, WORKSPACE, id, due_at=now() - timedelta(minutes=1))
    )

    assert (await looked_at(world, sender, id)).doubled is None
    [again] = await world.store.read(lambda session: due.planned(session, WORKSPACE, kind=doubles.LOOK))
    assert again.key == id
