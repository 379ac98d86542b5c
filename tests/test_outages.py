"""What outlasts an outage of Slack: the digests that wait, and what their owners are told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import deliveries, outbox
from handlers.waits import Waits
from integrations.base import Call, Unavailable
from integrations.slack import Slack, slack_session
from integrations.slack_errors import Refused, Unsure
from integrations.slack_values import key_metadata
from schema.deliveries import DeliveryState
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import WORDS, World, a_world, now, only_sqlite, section


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


class Line:
    """The way to Slack, which a test cuts and mends."""

    def __init__(self, slack):
        self._slack = slack
        self.pacer = slack.pacer
        self.down = False
        self.loses = False  # the answers of posts
        self.blind = False  # may not search

    def __getattr__(self, name):
        async def ask(*given, **named):
            if self.down:
                raise Unavailable(Call(source="Slack", asked=name), "no connection")
            if self.blind and name == "find":
                raise Refused(Call(source="Slack", asked="conversations.history"), "missing_scope")
            answer = await getattr(self._slack, name)(*given, **named)
            if self.loses and name == "post":
                raise Unsure(Call(source="Slack", asked="chat.postMessage"), "the answer was lost")
            return answer

        return ask


class Stretch:
    """A sender in a time that the test moves on, over a line that it may cut."""

    def __init__(self, world: World, sender):
        self.world = world
        self.line = Line(sender.slack)
        self.ahead = timedelta(0)
        self.sender = replace(sender, slack=self.line, now=lambda: now() + self.ahead, waits=Waits())

    async def passes(self, span: timedelta, *, step: timedelta):
        """Let time go by, working at each step."""
        until = self.ahead + span
        while self.ahead < until:
            self.ahead += step
            await deliveries.send_due(self.sender)
            await outbox.send_pending(self.sender)

    def told(self, user):
        """What somebody reads in private."""
        return self.world.texts(self.world.local.direct(user, self.world.app.bot_user_id))


@pytest.fixture
async def stretch(world):
    return Stretch(world, await world.sender())


@only_sqlite
async def test_a_digest_outlasts_an_outage_and_its_owners_are_told_once(world, stretch):
    id = await world.prepared()
    stretch.line.down = True
    await stretch.passes(timedelta(hours=1), step=timedelta(seconds=30))
    assert (await world.get(id)).state is DeliveryState.PREPARED

    stretch.line.down = False
    await stretch.passes(timedelta(minutes=3), step=timedelta(seconds=30))

    assert (await world.get(id)).state is DeliveryState.SENT
    assert world.texts()[0].startswith("Recall fell. Late by 1 h")
    for user in (world.ada, world.ben):
        [text] = stretch.told(user)
        assert "goes on trying until" in text


@only_sqlite
async def test_a_digest_that_waits_for_slack_ends_with_its_window_and_says_so(world, stretch):
    id = await world.prepared()
    stretch.line.down = True
    await stretch.passes(timedelta(hours=25), step=timedelta(minutes=10))

    stretch.line.down = False
    await stretch.passes(timedelta(minutes=10), step=timedelta(minutes=1))

    assert (await world.get(id)).state is DeliveryState.FAILED
    assert world.texts() == []
    assert "Muster could not post" in stretch.told(world.ada)[-1]


async def unknown(world, stretch):
    """Post a digest whose first answer is lost, where nobody may look."""
    id = await world.prepared()
    stretch.line.loses = stretch.line.blind = True
    await stretch.passes(timedelta(minutes=2), step=timedelta(seconds=10))
    assert (await world.get(id)).state is DeliveryState.UNKNOWN
    stretch.line.loses = False
    return id


async def asked_for(world, stretch, minutes=4):
    at = stretch.sender.now()
    await deliveries.post_now(world.store, "acme", world.owed(), now=at)
    await stretch.passes(timedelta(minutes=minutes), step=timedelta(seconds=10))


@only_sqlite
async def test_what_is_unknown_is_searched_for_before_it_is_posted_again(world, stretch):
    id = await unknown(world, stretch)
    stretch.line.blind = False  # the scope was given

    await asked_for(world, stretch)

    assert world.texts() == WORDS
    assert (await world.get(id)).state is DeliveryState.SENT


@only_sqlite
async def test_where_looking_stays_refused_only_a_second_request_posts_what_may_be_there(world, stretch):
    id = await unknown(world, stretch)

    await asked_for(world, stretch)
    assert world.texts() == WORDS[:1]
    assert (await world.get(id)).state is DeliveryState.UNKNOWN

    await asked_for(world, stretch)
    assert sorted(world.texts()) == sorted([WORDS[0], *WORDS])
    assert (await world.get(id)).state is DeliveryState.SENT


@only_sqlite
async def test_a_clock_that_is_far_ahead_doubles_nothing(world, stretch):
    stretch.ahead = timedelta(minutes=30)
    stretch.line.loses = True
    id = await world.prepared()
    await stretch.passes(timedelta(seconds=1), step=timedelta(seconds=1))
    stretch.line.loses = False

    await stretch.passes(timedelta(minutes=3), step=timedelta(seconds=10))

    assert (await world.get(id)).state is DeliveryState.SENT
    assert len(world.texts()) == len(WORDS)


@only_sqlite
async def test_a_message_of_another_app_is_not_ours_whatever_key_it_carries(world, stretch):
    id = await world.prepared()
    key = (await world.parts(id))[0].key
    other = world.local.add_app("Evil")
    async with slack_session() as session:
        evil = Slack(token=other.bot_token, session=session, base_url=world.local.base_url)
        await evil.post(
            world.channel, blocks=[section("All is well.")], text="All is well.", metadata=key_metadata(key)
        )
    ours = stretch.line._slack

    assert await ours.find(world.channel, key, oldest=now() - timedelta(hours=1)) is None
    await stretch.passes(timedelta(minutes=1), step=timedelta(seconds=10))
    found = await ours.find(world.channel, key, oldest=now() - timedelta(hours=1))
    assert found == (await world.parts(id))[0].ts


@only_sqlite
async def test_what_the_configuration_does_not_want_any_more_is_skipped_and_its_owners_are_told(
    world, stretch
):
    id = await world.prepared()

    async def unwanted(_delivery, _channel):
        return "Its channel is another one now."

    stretch.sender = replace(stretch.sender, unwanted=unwanted)
    await stretch.passes(timedelta(seconds=2), step=timedelta(seconds=1))

    assert (await world.get(id)).state is DeliveryState.SKIPPED
    assert world.texts() == []
    assert "another one now" in stretch.told(world.ada)[0]
