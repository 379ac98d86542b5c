"""Standups by schedule, in a whole running bot whose clock the test moves."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import opened
from bot.demo import apply
from bot.files import Secrets
from bot.local_slack.server import LocalSlack
from bot.settings import Settings
from handlers import digests
from integrations.store import deliveries as stored_deliveries
from integrations.store import due
from integrations.store.engine import Store
from schema.deliveries import DeliveryState
from schema.due import Outcome
from tests import builders
from tests.conversations import MANIFEST, words
from tests.databases import fresh_url
from tests.test_cli import written

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")

FACTOR = 20
DUE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NEXT = DUE + timedelta(weeks=1)
BEFORE = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@dataclass
class World:
    """A workspace that stays while bots come and go, and the time in it."""

    slack: LocalSlack
    settings: Settings
    folder: Path
    at: datetime = builders.NOW  # 08:00 on the Monday

    def now(self) -> datetime:
        return self.at

    @asynccontextmanager
    async def running(self, at: datetime):
        """Run a bot from a moment on."""
        self.at = at
        async with opened(self.settings, Secrets(environment={}), now=self.now) as muster:
            yield muster

    async def applies(self, document):
        await apply(self.settings, written(self.folder / "muster.yaml", document), self.now)

    def posts(self):
        return self.slack.messages(builders.CHANNEL)


@pytest.fixture
async def world(tmp_path):
    builders.write_outcomes(tmp_path)
    async with LocalSlack(time_factor=FACTOR) as slack:
        slack.add_workspace("Acme")
        for name, id_ in (("ana", builders.ANA), ("ben", builders.BEN), ("pia", builders.PIA)):
            slack.add_user(name, id=id_)
        app = slack.add_app_from_manifest(MANIFEST)
        slack.add_channel("fraud", id=builders.CHANNEL, members=[slack.user("ana"), app])
        settings = Settings.from_env({
            "MUSTER_HOME": str(tmp_path), "MUSTER_CONFIG": str(tmp_path / "muster.yaml"), "MUSTER_SLACK_API_URL": slack.base_url,
            "MUSTER_SLACK_BOT_TOKEN": app.bot_token, "MUSTER_SLACK_APP_TOKEN": app.app_token, "MUSTER_HTTP_PORT": "0",
            "MUSTER_TIME_FACTOR": str(FACTOR), "MUSTER_PREPARE_BEFORE_S": str(int(BEFORE.total_seconds()) * FACTOR),
        })  # fmt: skip
        made = World(slack=slack, settings=settings, folder=tmp_path)
        await made.applies(builders.document())
        yield made


async def until(condition, within_s=8):
    """Wait for what the database holds; it tells nobody when it changes."""
    async with asyncio.timeout(within_s):
        while not (found := await condition()):  # noqa: ASYNC110 - as said
            await asyncio.sleep(0.02)
        return found


def planned_for(muster, at):
    """Tell whether the preparation of the digest that is due then is written down."""

    async def look():
        found = await muster.store.read(lambda session: due.planned(session, "main", kind=digests.PREPARE))
        return [work for work in found if work.payload["at"] == at.isoformat()]

    return look


def delivered(muster, state):
    async def look():
        every = list(DeliveryState)
        later = muster.services.now() + timedelta(days=30)
        found = await muster.store.read(lambda session: stored_deliveries.owed(session, later, states=every))
        return [delivery for delivery in found if delivery.state is state]

    return look


def ended_of(muster, at):
    """Tell how the preparation of the digest ended that was due then."""
    work = f"fraud-detection.{at.isoformat()}.{builders.CHANNEL}"
    return lambda: muster.store.read(lambda session: due.ended(session, "main", digests.PREPARE, work))


async def test_a_digest_is_planned_prepared_before_and_posted_at_its_minute(world):
    async with world.running(builders.NOW) as muster:
        [work] = await until(planned_for(muster, DUE))
        assert work.due_at == DUE - BEFORE
        assert await delivered(muster, DeliveryState.PREPARED)() == []

        world.at = DUE - BEFORE
        [prepared] = await until(delivered(muster, DeliveryState.PREPARED))
        assert prepared.due_at == DUE
        world.at = DUE - SECOND
        muster.wake()
        assert world.posts() == []

        world.at = DUE
        await until(delivered(muster, DeliveryState.SENT))
        await until(planned_for(muster, NEXT))

    [parent] = world.posts()
    assert "1 clear loss" in words(parent)
    assert "Late by" not in words(parent)
    assert len(world.slack.thread(builders.CHANNEL, parent["ts"])) >= 3


async def test_a_restart_posts_nothing_twice(world):
    async with world.running(DUE - BEFORE - SECOND) as muster:
        await until(planned_for(muster, DUE))
        world.at = DUE - BEFORE
        await until(delivered(muster, DeliveryState.PREPARED))
    async with world.running(DUE) as muster:
        await until(delivered(muster, DeliveryState.SENT))
    for later in (SECOND, timedelta(hours=3)):
        async with world.running(DUE + later) as muster:
            await until(planned_for(muster, NEXT))
            assert len(await delivered(muster, DeliveryState.SENT)()) == 1

    [parent] = world.posts()
    texts = [message["text"] for message in world.slack.thread(builders.CHANNEL, parent["ts"])]
    assert len(texts) == len(set(texts))


async def test_what_was_missed_while_nothing_ran_is_posted_late_and_says_so(world):
    async with world.running(builders.NOW) as muster:
        await until(planned_for(muster, DUE))
    async with world.running(DUE + timedelta(hours=5)) as muster:
        await until(delivered(muster, DeliveryState.SENT))

    [parent] = world.posts()
    assert "Late by 5 h because " in words(parent)
    assert "1 clear loss" in words(parent)


async def test_what_was_missed_by_more_than_a_day_is_not_posted_and_its_owner_is_told_once(world):
    async with world.running(builders.NOW) as muster:
        await until(planned_for(muster, DUE))
    for _ in range(2):
        async with world.running(DUE + digests.CATCH_UP + timedelta(minutes=20)) as muster:
            ended = await until(ended_of(muster, DUE))
            assert ended.outcome is Outcome.MISSED
            await world.slack.wait_for(lambda: told(world))

    assert world.posts() == []
    [message] = told(world)
    assert "fraud-detection" in message["text"]
    assert "2026-11-23 09:30 UTC" in message["text"]


def told(world):
    """Give what the owner was told in private."""
    return [
        m
        for channel, m in world.slack.every_message()
        if channel.startswith("D") and builders.ANA in world.slack.state.members[channel]
    ]


async def test_a_changed_schedule_drops_what_was_planned(world):
    document = builders.document()
    document["products"]["fraud-detection"]["standup"] = {"on": "tuesday", "at": "10:00"}
    tuesday = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    async with world.running(builders.NOW) as muster:
        await until(planned_for(muster, DUE))
        await world.applies(document)
        await until(planned_for(muster, tuesday))

        assert await planned_for(muster, DUE)() == []


async def test_a_source_that_is_down_costs_its_line_and_the_rest_is_posted(world):
    document = builders.document()
    product = document["products"]["fraud-detection"]
    document["sources"]["shut"] = {"kind": "http_json", "url": "http://127.0.0.1:9", "network": "private"}
    product["queries"]["drift"] = {
        "source": "shut",
        "shape": "bare",
        "path": "/drift",
        "params": {"start": "{start}", "end": "{end}"},
        "values": {"value": "$.value"},
    }
    product["metrics"]["psi"] = {"query": "drift", "matters": 0.05}
    await world.applies(document)
    async with world.running(DUE - BEFORE - SECOND) as muster:
        await until(planned_for(muster, DUE))
        world.at = DUE
        await until(delivered(muster, DeliveryState.SENT))

    [parent] = world.posts()
    everything = "\n".join(words(message) for message in world.slack.thread(builders.CHANNEL, parent["ts"]))
    assert "1 figure not fit to use" in words(parent)
    assert "1 clear loss" in words(parent)
    assert "There is no figure for" in everything
    assert "the source did not answer as it should" in everything


async def test_a_digest_that_goes_wrong_does_not_stop_the_others(tmp_path):
    builders.write_outcomes(tmp_path)
    store = Store(fresh_url("sqlite"))
    await builders.a_workspace_in(store)
    other = {
        "queries": {"outcomes": {**builders.PRODUCT["queries"]["outcomes"], "source": "broken"}},
        "channel": "C0OTHER0001",
    }
    document = builders.document(a_first=other)
    document["sources"]["broken"] = {"kind": "sql", "url": "sqlite:///other.db"}
    held = builders.snapshot(document, tmp_path)
    await held.connectors["broken"].close()
    held = replace(
        held, connectors={"warehouse": held.connectors["warehouse"]}
    )  # a defect: nobody opened the other
    await digests.plan_ahead(builders.services(store, held), held, prepare_before_s=900)

    services = builders.services(store, held, now=DUE)
    with pytest.raises(ExceptionGroup, match="some digests could not be prepared"):
        await digests.prepare_due(services, held, holder="test")

    found = await store.read(
        lambda session: stored_deliveries.owed(
            session, DUE, states=[DeliveryState.PREPARED, DeliveryState.PLANNED]
        )
    )
    assert {delivery.product: delivery.state for delivery in found} == {
        "a-first": DeliveryState.PLANNED, "fraud-detection": DeliveryState.PREPARED,
    }  # fmt: skip
    assert await digests.prepare_due(services, held, holder="test") == 0  # its lease still runs
    for connector in held.connectors.values():
        await connector.close()
    await store.close()
