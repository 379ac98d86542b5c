"""The outbox, worked off against a local Slack that fails."""

import asyncio
from dataclasses import replace

import pytest

from bot.local_slack.faults import FaultKind
from bot.local_slack.values import TokenState
from handlers import outbox
from handlers.outbox import EffectKind
from integrations.store import outbox as stored
from integrations.store import posts
from integrations.store.outbox import OutboxState
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import WAITS, WORKSPACE, World, a_world, now, only_sqlite, section


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


async def put(world: World, kind, payload, **more):
    await world.store.write(
        lambda session: stored.put(session, WORKSPACE, kind=kind, payload=payload, now=now(), **more)
    )


def message(words, **more):
    return {"blocks": [section(words)], "text": words} | more


async def effects(world):
    rows = await world.store.read(lambda session: stored._some(session, stored.E.id > 0))
    return [(row.state, row.payload.get("text")) for row in rows]


async def drive(world, sender, *, until=OutboxState.SENT, timeout_s=8):
    """Tick until every effect stands so."""
    async with asyncio.timeout(timeout_s):
        while {state for state, _ in await effects(world)} != {until}:
            await outbox.send_pending(sender)
            await asyncio.sleep(0.01)


async def test_everything_that_waits_is_done_once(world):
    sender = await world.sender()
    dm = world.local.direct(world.ada, world.app.bot_user_id)
    await put(world, EffectKind.DM, message("for you", user=world.ada.id))
    await put(world, EffectKind.POST, message("for all", channel=world.channel, product="fraud", kind="card"))
    await put(world, EffectKind.EPHEMERAL, message("whisper", channel=world.channel, user=world.ada.id))
    await put(
        world, EffectKind.HOME, {"user": world.ada.id, "view": {"type": "home", "blocks": [section("home")]}}
    )

    done = [await outbox.send_pending(sender) for _ in range(2)]

    assert done == [4, 0]
    assert world.texts(dm) == ["for you"]
    assert world.texts() == ["for all"]
    assert [m["text"] for m in world.local.ephemerals(world.ada, world.channel)] == ["whisper"]
    assert world.local.home(world.ada)["blocks"][0]["text"]["text"] == "home"
    ts = world.local.messages(world.channel)[0]["ts"]
    post = await world.store.read(
        lambda session: posts.by_thread(session, WORKSPACE, channel=world.channel, ts=ts)
    )
    assert post.product == "fraud"


@only_sqlite
async def test_what_is_not_due_yet_waits(world):
    sender = await world.sender()
    await put(
        world, EffectKind.POST, message("later", channel=world.channel), due_at=now().replace(year=2999)
    )

    assert await outbox.send_pending(sender) == 0


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (FaultKind.RATE_LIMITED, {"seconds": 3, "times": 2}),
        (FaultKind.STATUS_BEFORE, {"times": 1}),
        (FaultKind.STATUS_AFTER, {"times": 1}),
        (FaultKind.DROP_AFTER, {"times": 1}),
        (FaultKind.APPEARS_LATE, {"seconds": 20, "times": 1}),
        (FaultKind.ERROR, {"error": "internal_error", "times": 1}),
    ],
)
@only_sqlite
async def test_a_message_is_there_exactly_once_whatever_happens_to_it(world, kind, fields):
    world.local.fail(kind, "chat.postMessage", **fields)
    await put(world, EffectKind.DM, message("for you", user=world.ada.id))

    await drive(world, await world.sender(waits=replace(WAITS, lease_s=0.4)))

    assert world.texts(world.local.direct(world.ada, world.app.bot_user_id)) == ["for you"]


@only_sqlite
async def test_a_message_that_never_arrived_is_looked_for_twice_and_then_sent_again_and_no_sooner(world):
    world.local.fail(FaultKind.DROP_BEFORE, "chat.postMessage", times=1)
    await put(world, EffectKind.POST, message("for all", channel=world.channel))

    await drive(world, await world.sender(waits=replace(WAITS, lease_s=0.4)))

    lost, again = [call.at for call in world.local.calls("chat.postMessage")]
    first, second = [call.at for call in world.local.calls("conversations.history")]
    assert first - lost >= WAITS.settle_s - 0.01
    assert second - first >= WAITS.look_apart_s - 0.01
    assert again > second
    assert world.texts() == ["for all"]


@only_sqlite
async def test_a_message_that_nobody_may_look_for_stays_unknown(world):
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    world.local.fail(FaultKind.ERROR, "conversations.history", error="missing_scope")
    await put(world, EffectKind.POST, message("for all", channel=world.channel))

    await drive(world, await world.sender(waits=replace(WAITS, lease_s=0.4)), until=OutboxState.UNKNOWN)

    assert world.texts() == ["for all"]


@only_sqlite
async def test_who_shared_what_nobody_may_look_for_is_asked_to_look(world):
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    world.local.fail(FaultKind.ERROR, "conversations.history", error="missing_scope")
    await put(world, EffectKind.POST, message("for all", channel=world.channel, by=world.ada.id))
    sender = await world.sender(waits=replace(WAITS, lease_s=0.4))
    dm = world.local.direct(world.ada, world.app.bot_user_id)

    async with asyncio.timeout(8):
        while not world.texts(dm):
            await outbox.send_pending(sender)
            await asyncio.sleep(0.01)

    [asked] = world.texts(dm)
    assert asked.startswith("What you shared may or may not stand in")
    assert "scope" in asked
    assert "only if it is missing there" in asked
    assert world.texts() == ["for all"]


async def test_a_process_that_dies_is_followed_by_another(world):
    world.local.fail(FaultKind.DROP_AFTER, "chat.postMessage", times=1)
    await put(world, EffectKind.POST, message("for all", channel=world.channel))
    await outbox.send_pending(await world.sender("first", waits=replace(WAITS, lease_s=0.4)))

    await drive(world, await world.sender("second", waits=replace(WAITS, lease_s=0.4)))

    assert world.texts() == ["for all"]


async def test_two_processes_double_nothing(world):
    for n in range(6):
        await put(world, EffectKind.POST, message(f"post {n}", channel=world.channel))
    senders = [await world.sender(f"process {n}") for n in range(3)]

    await asyncio.gather(*(outbox.send_pending(sender) for sender in senders for _ in range(2)))

    assert sorted(world.texts()) == [f"post {n}" for n in range(6)]


@only_sqlite
async def test_a_card_is_changed_to_its_newest_state_at_most_once_in_its_time(world):
    waits = replace(WAITS, coalesce_s=0.2)
    sender = await world.sender(waits=waits)
    ts = await sender.slack.post(world.channel, blocks=[section("card")], text="card")
    for n in range(5):
        await put(
            world, EffectKind.UPDATE, message(f"state {n}", channel=world.channel, ts=ts), coalesce_key="card"
        )
    await outbox.send_pending(sender)
    await put(world, EffectKind.UPDATE, message("state 5", channel=world.channel, ts=ts), coalesce_key="card")
    await outbox.send_pending(sender)

    first, second = world.local.calls("chat.update")
    assert [first.args["text"], second.args["text"]] == ["state 4", "state 5"]
    assert second.at - first.at >= 0.2 - 0.02
    assert world.texts() == ["state 5"]


@only_sqlite
async def test_an_update_whose_answer_was_lost_is_simply_made_again(world):
    sender = await world.sender()
    ts = await sender.slack.post(world.channel, blocks=[section("card")], text="card")
    world.local.fail(FaultKind.DROP_AFTER, "chat.update", times=1)
    await put(world, EffectKind.UPDATE, message("new", channel=world.channel, ts=ts))

    await drive(world, sender)

    assert world.texts() == ["new"]


@only_sqlite
async def test_what_slack_refuses_is_given_up_and_the_rest_goes_on(world):
    sender = await world.sender()
    await put(world, EffectKind.POST, message("nowhere", channel="C0NOWHERE"))
    await put(world, EffectKind.POST, message("somewhere", channel=world.channel))

    await outbox.send_pending(sender)

    assert sorted(await effects(world)) == [(OutboxState.FAILED, "nowhere"), (OutboxState.SENT, "somewhere")]


@only_sqlite
async def test_a_revoked_token_keeps_what_waits_until_there_is_a_new_one(world):
    sender = await world.sender(waits=replace(WAITS, token_retry_s=0.05))
    world.local.set_token(world.app, TokenState.REVOKED)
    await put(world, EffectKind.DM, message("for you", user=world.ada.id))
    for _ in range(3):
        await outbox.send_pending(sender)
    assert await effects(world) == [(OutboxState.PENDING, "for you")]

    world.local.set_token(world.app, TokenState.ACTIVE)
    await drive(world, sender)

    assert world.texts(world.local.direct(world.ada, world.app.bot_user_id)) == ["for you"]


@only_sqlite
async def test_a_chart_that_slack_refuses_goes_out_as_text(world):
    chart = {"type": "data_visualization", "nobody": "knows this"}
    await put(
        world,
        EffectKind.POST,
        {"channel": world.channel, "blocks": [chart], "fallback": [section("▁▂▅")], "text": "Trend"},
    )

    await outbox.send_pending(await world.sender())

    assert world.local.messages(world.channel)[0]["blocks"][0]["text"]["text"] == "▁▂▅"


@only_sqlite
async def test_slack_that_stays_away_is_given_up_in_the_end(world):
    world.local.fail(FaultKind.ERROR, "chat.postMessage", error="request_timeout")
    await put(world, EffectKind.POST, message("for all", channel=world.channel))
    waits = replace(WAITS, retry_for_s=0.2)
    sender = await world.sender(waits=waits)

    await drive(world, sender, until=OutboxState.FAILED)

    calls = world.local.calls("chat.postMessage")
    assert len(calls) == waits.attempts
    assert calls[-1].at - calls[0].at >= 0.2


@only_sqlite
async def test_many_attempts_in_a_short_time_give_nothing_up(world):
    world.local.fail(FaultKind.ERROR, "chat.postMessage", error="request_timeout", times=1)
    await put(world, EffectKind.POST, message("for all", channel=world.channel))
    tried = stored.OUTBOX.update().values(attempts=WAITS.attempts + 1)
    await world.store.write(lambda session: session.execute(tried) and None)

    await drive(world, await world.sender())

    assert world.texts() == ["for all"]


@only_sqlite
async def test_a_broken_effect_stops_no_other(world):
    await put(world, "never heard of", {"text": "?"})
    await put(world, EffectKind.POST, message("for all", channel=world.channel))
    sender = await world.sender()

    with pytest.raises(ExceptionGroup):
        await outbox.send_pending(sender)

    assert world.texts() == ["for all"]


@only_sqlite
async def test_a_slow_channel_holds_up_no_other(world):
    waits = replace(WAITS, channel_interval_s=20, poll_s=0.05)  # 0.2 s between two posts in one channel
    sender = await world.sender(waits=waits)
    other = world.local.add_channel("other", members=[world.app]).id
    for n in range(12):
        await put(world, EffectKind.POST, message(f"slow {n}", channel=world.channel))
    sending = asyncio.create_task(outbox.send_pending(sender))
    await world.local.wait_for(lambda: world.texts() != [])
    await put(world, EffectKind.POST, message("quick", channel=other))

    await world.local.wait_for(lambda: world.texts(other) == ["quick"])
    before = len(world.texts())
    await sending

    assert before < 10
    assert len(world.texts()) == 12


@only_sqlite
async def test_an_urgent_message_passes_a_digest_that_is_being_sent(world):
    sender = await world.sender(waits=replace(WAITS, channel_interval_s=5))
    order = []

    async def bulk(n):
        await sender.slack.pacer.turn(world.channel)
        order.append(f"bulk {n}")

    async def urgent():
        await put(world, EffectKind.POST, message("urgent", channel=world.channel))
        await outbox.send_pending(sender)
        order.append("urgent")

    async with asyncio.TaskGroup() as group:
        for n in range(6):
            group.create_task(bulk(n))
        group.create_task(urgent())

    assert order.index("urgent") < 5
