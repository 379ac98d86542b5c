"""What was planned or asked for is done, whatever happens to the schedule or to the process in between."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from handlers import digests, missing, standups
from handlers.sender import Sender
from integrations.store import deliveries as stored
from integrations.store import due
from integrations.store import outbox as stored_outbox
from integrations.store.engine import Store
from schema.deliveries import Delivery, DeliveryState
from tests import builders
from tests.databases import fresh_url

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LEAD_S = 900
A_WEEK = timedelta(weeks=1)


class Kept:
    """A workspace in a database, at a moment that the test sets."""

    def __init__(self, folder, store):
        self.folder, self.store, self.at = folder, store, FRIDAY
        self.held = self.snapshot()

    def snapshot(self, **changes):
        document = builders.document()
        document["products"]["fraud-detection"] |= changes
        return builders.snapshot(document, self.folder)

    @property
    def services(self):
        return builders.services(self.store, self.held, now=self.at)

    async def plans(self, held=None):
        await digests.plan_ahead(self.services, held or self.held, prepare_before_s=LEAD_S)

    async def prepares(self, held=None):
        return await digests.prepare_due(self.services, held or self.held, holder="test")

    async def planned(self):
        found = await self.store.read(lambda s: due.planned(s, "main", kind=digests.PREPARE))
        return [work.payload["at"] for work in found]

    async def watches(self):
        async def owners(_product):
            return [builders.ANA, builders.BEN]

        sender = Sender(
            workspace="main", holder="test", store=self.store, slack=None, now=lambda: self.at,
            owners=owners, started_at=self.at,
        )  # fmt: skip
        await missing.end_missed(sender, self.held)
        since = self.at - timedelta(hours=24)
        await missing.missing(sender, await digests.expected(self.services, self.held, since=since))

    async def told(self):
        waiting = await self.store.read(lambda s: stored_outbox.waiting(s, "main"))
        return [(effect.payload["user"], effect.payload["text"]) for effect in waiting]

    async def in_state(self, state):
        later = self.at + timedelta(days=9)
        return await self.store.read(lambda s: stored.owed(s, later, states=[state]))

    async def deliveries(self):
        return await self.store.read(lambda s: stored.record(s, "main", product="fraud-detection"))


@pytest.fixture
async def kept(request, tmp_path):
    builders.write_outcomes(tmp_path)
    store = Store(fresh_url(getattr(request, "param", "sqlite")))
    await builders.a_workspace_in(store)
    made = Kept(tmp_path, store)
    yield made
    for connector in made.held.connectors.values():
        await connector.close()
    await store.close()


async def test_a_schedule_that_is_changed_and_changed_back_is_prepared(kept):
    later = kept.snapshot(standup={"on": "monday", "at": "11:00"})
    for held in (kept.held, later, kept.held):
        await kept.plans(held)
    assert await kept.planned() == [(DUE + n * A_WEEK).isoformat() for n in range(8)]

    kept.at = DUE - timedelta(minutes=10)
    await kept.prepares()

    assert [d.state for d in await kept.deliveries()] == [DeliveryState.PREPARED]


async def test_a_standup_that_was_asked_for_is_prepared_by_the_next_process(kept):
    asked = await standups.post_now(kept.services, kept.held, kept.held.product("fraud-detection"))
    assert asked.state is DeliveryState.PLANNED  # and here the process ends

    kept.at += timedelta(minutes=1)
    await kept.plans()
    await kept.prepares()

    [found] = await kept.deliveries()
    assert (found.id, found.state) == (asked.id, DeliveryState.PREPARED)
    assert await kept.prepares() == 0


async def test_a_standup_that_could_not_be_prepared_may_be_asked_for_again(kept):
    product = kept.held.product("fraud-detection")
    await standups.post_now(kept.services, kept.held, product)
    gone = replace(
        kept.held,
        configuration=replace(
            kept.held.configuration,
            products={},
        ),
    )
    await kept.prepares(gone)
    assert [d.state for d in await kept.deliveries()] == [DeliveryState.PLANNED]

    await standups.post_now(kept.services, kept.held, product)
    await kept.prepares()

    assert [d.state for d in await kept.deliveries()] == [DeliveryState.PREPARED]


class Shown:
    """A source that answers when it is let."""

    def __init__(self, real):
        self.real, self.free = real, asyncio.Event()

    async def read(self, query, period):
        await self.free.wait()
        return await self.real.read(query, period)

    async def close(self):
        pass


async def test_a_source_that_hangs_holds_up_only_its_own_products(kept):
    hung = {"queries": {"outcomes": {**builders.PRODUCT["queries"]["outcomes"], "source": "hung"}}}
    names = [f"p{n:02d}" for n in range(12)]
    document = builders.document(**{
        name: {"channel": f"C0AAAA{n:02d}00"} | (hung if n == 0 else {}) for n, name in enumerate(names)
    })  # fmt: skip
    document["sources"]["hung"] = document["sources"]["warehouse"]
    held = builders.snapshot(document, kept.folder)
    source = Shown(held.connectors["hung"])
    held = replace(held, connectors={**held.connectors, "hung": source})
    await kept.plans(held)
    kept.at = DUE - timedelta(minutes=10)

    preparing = asyncio.create_task(kept.prepares(held))
    async with asyncio.timeout(8):
        while len(await kept.in_state(DeliveryState.PREPARED)) < len(names):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.02)
    [waiting] = await kept.in_state(DeliveryState.PLANNED)
    source.free.set()

    assert waiting.product == "p00"
    assert await preparing == len(names) + 1
    await builders_close(held)


async def test_what_a_process_was_preparing_as_it_died_is_prepared_by_another_within_twenty_seconds(kept):
    held = builders.snapshot(builders.document(), kept.folder)
    source = Shown(held.connectors["warehouse"])
    held = replace(held, connectors={**held.connectors, "warehouse": source})
    await kept.plans(held)
    kept.at = DUE - timedelta(minutes=10)

    services = replace(kept.services, now=lambda: kept.at)

    def others():
        return digests.prepare_due(services, held, holder="other")

    async def kept_until():
        query = select(func.max(due.DUE.c.lease_until))
        return await kept.store.read(lambda session: session.execute(query).scalar_one())

    preparing = asyncio.create_task(digests.prepare_due(services, held, holder="test"))
    for _ in range(3):
        async with asyncio.timeout(8):
            while (await kept_until() or FRIDAY) <= kept.at + timedelta(seconds=10):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.02)
        assert await others() == 0
        kept.at += timedelta(seconds=10)
    preparing.cancel()
    await asyncio.wait({preparing})
    kept.at += timedelta(seconds=20)
    source.free.set()

    assert await others() == 1
    assert [each.product for each in await kept.in_state(DeliveryState.PREPARED)] == ["fraud-detection"]
    await builders_close(held)


async def builders_close(held):
    for connector in held.connectors.values():
        await connector.close()


async def test_what_was_missed_is_told_with_the_transaction_that_ends_it(kept):
    await kept.plans()
    kept.at = DUE + timedelta(hours=25)

    for _ in range(2):
        await kept.watches()

    assert [user for user, _ in await kept.told()] == [builders.ANA, builders.BEN]
    assert all("2026-11-23 09:30 UTC" in text for _, text in await kept.told())


async def test_what_was_planned_before_a_restart_is_still_expected(kept):
    await kept.plans()
    kept.at = DUE + timedelta(hours=1)  # planned, and the process came up only now

    await kept.watches()

    assert len(await kept.told()) == 2


async def test_nothing_is_missing_of_the_time_before_the_first_apply(kept):
    kept.at = DUE + timedelta(hours=2)
    await kept.plans()
    kept.at += timedelta(hours=2)

    await kept.watches()

    assert await kept.told() == []


async def test_a_standup_for_an_old_channel_is_skipped_and_the_new_one_gets_its_own(kept):
    await kept.plans()
    kept.at = DUE - timedelta(minutes=10)
    await kept.prepares()
    moved = kept.snapshot(channel="C0OTHER0001")

    await kept.plans(moved)
    await kept.prepares(moved)

    found = {d.channel: d for d in await kept.deliveries()}
    assert {channel: d.state for channel, d in found.items()} == {
        builders.CHANNEL: DeliveryState.PREPARED, "C0OTHER0001": DeliveryState.PREPARED,
    }  # fmt: skip
    assert "<#C0OTHER0001> now" in standups.unwanted(moved, found[builders.CHANNEL], private=False)
    assert standups.unwanted(moved, found["C0OTHER0001"], private=False) is None
    gone = replace(moved, configuration=replace(moved.configuration, products={}))
    assert "no product" in standups.unwanted(gone, found["C0OTHER0001"], private=False)


def test_a_product_for_its_roles_is_not_posted_where_everybody_reads(tmp_path):
    snapshot = builders.snapshot(builders.document(fraud_detection={"readers": "roles"}), tmp_path)
    delivery = Delivery(
        workspace="main", id="d", kind="standup", product="fraud-detection", channel=builders.CHANNEL, due_at=DUE,
        period=snapshot.product("fraud-detection").calendar.last_complete(DUE), state=DeliveryState.PREPARED,
    )  # fmt: skip

    assert "Make the channel private" in standups.unwanted(snapshot, delivery, private=False)
    assert standups.unwanted(snapshot, delivery, private=True) is None


# --- a process that was down for weeks ---


@pytest.mark.parametrize("kept", ["sqlite", "postgresql"], indirect=True)
async def test_two_standups_that_were_missed_are_both_told_and_a_third_is_posted_late(kept):
    await kept.plans()
    kept.at = DUE + 2 * A_WEEK + timedelta(hours=3)  # the process comes up again

    await kept.plans()
    await kept.watches()
    await kept.prepares()
    for _ in range(2):
        await kept.watches()

    found = {d.due_at: d.state for d in await kept.deliveries()}
    assert found == {
        DUE: DeliveryState.FAILED, DUE + A_WEEK: DeliveryState.FAILED, DUE + 2 * A_WEEK: DeliveryState.PREPARED,
    }  # fmt: skip
    told = [text for user, text in await kept.told() if user == builders.ANA]
    assert ["11-23 09:30" in each or "11-30 09:30" in each for each in told[:2]] == [True, True]
    assert len(told) == 3  # the third is not there yet either
    kept.at += timedelta(days=3)
    await kept.plans()
    await kept.prepares()
    assert len(await kept.deliveries()) == 3


async def test_what_is_missed_in_a_pause_is_not_missing(kept):
    paused = kept.snapshot(standup={"on": "monday", "at": "09:30", "paused": True})
    await kept.plans()
    await kept.plans(paused)
    kept.at = DUE + 2 * A_WEEK + timedelta(hours=3)

    await kept.plans()
    await kept.watches()

    assert await kept.told() == []
    assert await kept.deliveries() == ()


# --- a schedule that is changed after its standup was prepared ---


@pytest.mark.parametrize(
    ("standup", "state", "due_at"),
    [
        ({"on": "monday", "at": "11:00"}, DeliveryState.PREPARED, DUE + timedelta(minutes=90)),
        ({"on": "wednesday", "at": "09:30"}, DeliveryState.PREPARED, DUE + timedelta(days=2)),
        ({"on": "monday", "at": "08:00"}, DeliveryState.PREPARED, DUE),  # that is over, so it stays
        ({"on": "monday", "at": "09:30", "paused": True}, DeliveryState.SKIPPED, DUE),
        ({"on": "monday", "at": "09:30", "every": 2, "from": "2026-11-30"}, DeliveryState.SKIPPED, DUE),
    ],
)
async def test_what_is_prepared_follows_a_changed_schedule_and_stays_one(kept, standup, state, due_at):
    await kept.plans()
    kept.at = DUE - timedelta(minutes=10)
    await kept.prepares()
    changed = kept.snapshot(standup=standup)

    for _ in range(2):
        await kept.plans(changed)
        await kept.prepares(changed)

    [found] = await kept.deliveries()
    assert (found.state, found.due_at) == (state, due_at)
    await kept.plans()  # and back again
    [found] = await kept.deliveries()
    assert (found.state, found.due_at) == (DeliveryState.PREPARED, DUE)


async def test_what_somebody_asked_for_a_moment_ago_is_no_plan_of_a_schedule(kept):
    paused = kept.snapshot(standup={"on": "monday", "at": "09:30", "paused": True})
    asked = await standups.post_now(kept.services, paused, paused.product("fraud-detection"))

    kept.at -= timedelta(seconds=2)  # the clock of another process, or a plan that was begun before
    await kept.plans(paused)

    [found] = await kept.deliveries()
    assert (found.id, found.state) == (asked.id, DeliveryState.PLANNED)


@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
async def test_what_is_prepared_follows_a_changed_schedule_on_postgresql_too(kept):
    await kept.plans()
    kept.at = DUE - timedelta(minutes=10)
    await kept.prepares()
    paused = {"on": "monday", "at": "09:30", "paused": True}

    for standup, state in (
        (paused, DeliveryState.SKIPPED),
        ({"on": "friday", "at": "09:30"}, DeliveryState.PREPARED),
    ):
        await kept.plans(kept.snapshot(standup=standup))
        assert [d.state for d in await kept.deliveries()] == [state]


async def test_a_week_that_was_told_is_not_told_again_on_its_new_day(kept):
    await kept.plans()
    kept.at = DUE - timedelta(minutes=10)
    await kept.prepares()
    [delivery] = await kept.deliveries()
    await kept.store.write(lambda s: stored.begin(s, "main", delivery.id, late_line=""))
    friday = kept.snapshot(standup={"on": "friday", "at": "09:30"})
    kept.at = DUE + timedelta(days=4)

    await kept.plans(friday)
    await kept.prepares(friday)

    assert [d.id for d in await kept.deliveries()] == [delivery.id]


async def test_a_week_is_not_told_twice_because_its_product_moved_to_another_zone(kept):
    await kept.plans()
    kept.at = DUE - timedelta(minutes=10)
    await kept.prepares()
    [delivery] = await kept.deliveries()
    await kept.store.write(lambda s: stored.begin(s, "main", delivery.id, late_line=""))
    moved = kept.snapshot(zone="America/New_York", standup={"on": "friday", "at": "09:30"})
    kept.at = DUE + timedelta(days=4, hours=5, minutes=-10)

    await kept.plans(moved)
    await kept.prepares(moved)

    assert {d.state for d in await kept.deliveries() if d.id != delivery.id} == {DeliveryState.SKIPPED}
    kept.at += timedelta(days=7)
    await kept.plans(moved)
    await kept.prepares(moved)
    assert DeliveryState.PREPARED in {d.state for d in await kept.deliveries()}
