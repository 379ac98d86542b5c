"""What was planned or asked for is done, whatever happens to the schedule or to the process in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers import digests, standups
from integrations.store import deliveries as stored
from integrations.store import due
from integrations.store.engine import Store
from schema.deliveries import DeliveryState
from tests import builders
from tests.databases import fresh_url

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LEAD_S = 900


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

    async def deliveries(self):
        return await self.store.read(lambda s: stored.record(s, "main", product="fraud-detection"))


@pytest.fixture
async def kept(tmp_path):
    builders.write_outcomes(tmp_path)
    store = Store(fresh_url("sqlite"))
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
    assert await kept.planned() == [DUE.isoformat()]

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
