"""Channels that change between preparing and sending: renamed, made private, shared with another company."""

from dataclasses import replace

import pytest

from bot.local_slack.values import ChannelKind
from handlers import outbox
from handlers.outbox import EffectKind
from integrations.store import outbox as stored_outbox
from schema.deliveries import DeliveryState
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import WORDS, WORKSPACE, a_world, now, only_sqlite, section


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


@only_sqlite
async def test_a_channel_that_got_another_name_gets_its_post(world):
    id = await world.prepared()
    await world.local.change_channel(world.channel, name="fraud-and-friends")

    await world.sent(await world.sender(), id)

    assert world.texts() == WORDS


@only_sqlite
async def test_a_channel_that_was_made_private_without_muster_says_to_invite_it(world):
    id = await world.prepared()
    await world.local.leave(world.app, world.channel)
    await world.local.change_channel(world.channel, kind=ChannelKind.PRIVATE)

    delivery = await world.drive(await world.sender(), id, DeliveryState.FAILED)

    assert "/invite @Muster" in delivery.last_reason
    told = await world.told()
    assert [user for user, _ in told] == [world.ada.id, world.ben.id]
    assert "Then type `/muster standup fraud-detection now`." in told[0][1]


@only_sqlite
async def test_a_channel_that_was_made_private_with_muster_in_it_gets_its_post(world):
    id = await world.prepared()
    await world.local.change_channel(world.channel, kind=ChannelKind.PRIVATE)

    await world.sent(await world.sender(), id)

    assert world.texts() == WORDS


@only_sqlite
async def test_a_channel_that_was_opened_to_another_company_gets_nothing(world):
    id = await world.prepared()
    await world.local.change_channel(world.channel, ext_shared=True)

    delivery = await world.drive(await world.sender(), id, DeliveryState.FAILED)

    assert "end the sharing" in delivery.last_reason
    assert world.texts() == []


@pytest.mark.parametrize("inside", [True, False])
@only_sqlite
async def test_what_stays_inside_is_not_said_where_another_company_reads(world, inside):
    await world.local.change_channel(world.channel, ext_shared=True)
    payload = {
        "blocks": [section("Correction")], "text": "Correction", "channel": world.channel, "by": world.ada.id,
        "what": "A correction", "inside": inside,
    }  # fmt: skip
    await world.store.write(
        lambda session: stored_outbox.put(
            session, WORKSPACE, kind=EffectKind.POST, payload=payload, now=now()
        )
    )
    sender = replace(await world.sender(), now=now)

    await outbox.send_pending(sender)

    assert (world.texts() == []) is inside
    told = world.texts(world.local.direct(world.ada, world.app.bot_user_id))
    assert any(each.startswith("A correction could not be posted in") for each in told) is inside
