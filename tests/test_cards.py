"""Cards: posted once, changed from then on, whatever Slack and the processes do."""

import asyncio
import multiprocessing
import os
import random
import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest

from bot.local_slack.faults import FaultKind
from handlers import card_sending, cards, outbox, postings
from handlers.sender import Sender, held
from integrations.pacer import Pacer
from integrations.slack import Slack, slack_session
from integrations.store import cards as stored
from integrations.store import outbox as stored_outbox
from integrations.store import posts
from integrations.store.engine import Store
from integrations.store.outbox import OutboxState
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.test_deliveries import FACTOR, WAITS, WORKSPACE, a_world, now, only_sqlite, section
from tests.test_outbox import effects

QUICK = replace(WAITS, lease_s=0.4)
SHORT = replace(WAITS, lease_s=1.5)  # of one that is about to die, on a machine that has other work


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


def shows(words, **more):
    return {"text": words, "blocks": [section(words)], **more}


async def put(world, words="Open", *, key="launch.1", workspace=WORKSPACE, **more):
    message = more.pop("message", None) or shows(words)
    given = {"channel": world.channel, "message": message, "now": now(), **more}
    await world.store.write(lambda session: cards.put(session, workspace, key=key, **given))


async def card(world, key="launch.1"):
    return await world.store.read(lambda session: stored.get(session, WORKSPACE, key))


async def drive(world, sender, *, until=frozenset({OutboxState.SENT}), timeout_s=8):
    """Tick until every effect stands so."""
    async with asyncio.timeout(timeout_s):
        while not {state for state, _ in await effects(world)} <= until:
            await outbox.send_pending(sender)
            await asyncio.sleep(0.01)


async def settle(world, sender, timeout_s=8):
    """Tick until nothing waits or is on its way."""
    over = frozenset({OutboxState.SENT, OutboxState.REPLACED, OutboxState.FAILED, OutboxState.UNKNOWN})
    await drive(world, sender, until=over, timeout_s=timeout_s)


def calls(world, method):
    return [call.args for call in world.local.calls(method)]


async def test_a_card_is_posted_once_and_then_changed(world):
    sender = await world.sender()
    await put(world, "Open, 3 of 20", message=shows("Open, 3 of 20", product="fraud-detection"))
    await outbox.send_pending(sender)
    [first] = world.local.messages(world.channel)

    await put(world, "Open, 4 of 20")
    await outbox.send_pending(sender)

    [message] = world.local.messages(world.channel)
    assert (message["ts"], message["text"]) == (first["ts"], "Open, 4 of 20")
    assert message["blocks"][0]["text"]["text"] == "Open, 4 of 20"
    assert message["metadata"]["event_payload"] == {"key": "card.acme.launch.1.1"}
    found, link, post = await world.store.read(
        lambda session: (
            cards.find(session, WORKSPACE, channel=world.channel, ts=first["ts"]),
            cards.link(session, WORKSPACE, "launch.1"),
            posts.by_thread(session, WORKSPACE, channel=world.channel, ts=first["ts"]),
        )
    )
    assert found == "launch.1"
    assert link.endswith(f"/archives/{world.channel}/p{first['ts'].replace('.', '')}")
    assert post.product == "fraud-detection"


async def test_what_stands_in_a_cards_thread_is_posted_after_it(world):
    sender = await world.sender()

    def decide(session):
        channel, at = world.channel, now()
        cards.put(session, WORKSPACE, key="launch.1", channel=channel, message=shows("Card"), now=at)
        for role in ("leg", "pm"):
            key = f"launch.1.{role}"
            cards.put(
                session, WORKSPACE, key=key, channel=channel, under="launch.1", message=shows(role), now=at
            )

    await world.store.write(decide)
    await outbox.send_pending(sender)

    [parent] = world.local.messages(world.channel)
    assert sorted(world.texts()) == ["Card", "leg", "pm"]
    assert len(world.local.thread(world.channel, parent["ts"])) == 3


@only_sqlite
async def test_a_card_that_waits_for_the_one_above_uses_up_no_attempt(world):
    world.local.fail(FaultKind.STATUS_BEFORE, "chat.postMessage", times=1)
    await put(world, "Card")
    await put(world, "Below", key="launch.1.pm", under="launch.1")
    waiting = await world.store.read(lambda session: stored_outbox.waiting(session, WORKSPACE))

    await settle(world, await world.sender(waits=QUICK))

    assert [effect.payload["key"] for effect in waiting] == ["launch.1"]
    assert world.texts() == ["Card", "Below"]
    rows = await world.store.read(lambda session: stored_outbox._some(session, stored_outbox.E.id > 0))
    assert [effect.attempts for effect in rows if effect.payload["key"] == "launch.1.pm"] == [1]


@only_sqlite
async def test_a_card_below_one_that_was_never_put_is_a_defect(world):
    with pytest.raises(ValueError, match=r"no card launch\.9"):
        await put(world, key="launch.9.pm", under="launch.9")


@only_sqlite
async def test_of_many_changes_the_newest_is_shown_at_most_once_in_its_time(world):
    sender = await world.sender(waits=replace(WAITS, coalesce_s=0.2))
    for n in range(5):
        await put(world, f"state {n}")
    await outbox.send_pending(sender)
    for n in range(5, 9):
        await put(world, f"state {n}")
    await outbox.send_pending(sender)

    [posted], [changed] = world.local.calls("chat.postMessage"), world.local.calls("chat.update")
    assert (posted.args["text"], changed.args["text"]) == ("state 4", "state 8")
    assert changed.at - posted.at >= 0.2 - 0.02
    assert world.texts() == ["state 8"]


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
async def test_a_card_stands_there_once_with_its_newest_content_whatever_happens_to_its_post(
    world, kind, fields
):
    world.local.fail(kind, "chat.postMessage", **fields)
    sender = await world.sender(waits=QUICK)
    await put(world, "first")
    await put(world, "below", key="launch.1.pm", under="launch.1")
    await outbox.send_pending(sender)
    await put(world, "newest")

    await settle(world, sender)

    assert world.texts() == ["newest", "below"]


async def test_a_process_that_dies_between_post_and_note_is_followed_by_another(world):
    first = await world.sender("first", waits=SHORT)
    await put(world, "Card")
    await put(world, "Below", key="launch.1.pm", under="launch.1")
    async with held(first) as holding:
        [effect] = await outbox._take(first, 1)
        await card_sending.show(first, holding, effect)  # posted, and nobody notes it
    await put(world, "Card, changed")

    await settle(world, await world.sender("second", waits=QUICK))

    assert world.texts() == ["Card, changed", "Below"]


async def test_a_process_that_dies_while_it_changes_a_card_is_followed_by_another(world):
    first = await world.sender("first", waits=SHORT)
    await put(world, "one")
    await outbox.send_pending(first)
    await put(world, "two")
    async with held(first) as holding:
        [effect] = await outbox._take(first, 1)
        await card_sending.show(first, holding, effect)
    await put(world, "one")  # what the row says is shown; Slack shows another

    await settle(world, await world.sender("second", waits=QUICK))

    assert world.texts() == ["one"]


async def test_two_processes_double_no_card(world):
    for n in range(4):
        await put(world, f"card {n}", key=f"launch.{n}")
        await put(world, f"below {n}", key=f"launch.{n}.pm", under=f"launch.{n}")
    senders = [await world.sender(f"process {n}") for n in range(3)]

    await asyncio.gather(*(outbox.send_pending(sender) for sender in senders for _ in range(2)))
    await settle(world, senders[0])

    wanted = [f"{what} {n}" for n in range(4) for what in ("card", "below")]
    assert sorted(world.texts()) == sorted(wanted)


async def test_a_change_that_meets_the_cards_own_post_is_not_lost(world):
    sender = await world.sender(waits=QUICK)

    async def change():
        for n in range(30):
            await put(world, f"state {n}")
            await put(world, f"below {n}", key="launch.1.pm", under="launch.1")
            await asyncio.sleep(0.005)

    async def send():
        for _ in range(30):
            await outbox.send_pending(sender)
            await asyncio.sleep(0.005)

    await asyncio.gather(change(), send())
    await settle(world, sender)

    assert world.texts() == ["state 29", "below 29"]


@only_sqlite
async def test_a_change_whose_answer_was_lost_is_made_again(world):
    sender = await world.sender(waits=QUICK)
    await put(world, "one")
    await outbox.send_pending(sender)
    world.local.fail(FaultKind.DROP_AFTER, "chat.update", times=1)
    await put(world, "two")
    await outbox.send_pending(sender)
    await put(world, "one")

    await settle(world, sender)

    assert world.texts() == ["one"]
    assert len(calls(world, "chat.update")) == 2


@only_sqlite
async def test_what_a_card_shows_already_costs_no_request(world):
    sender = await world.sender()
    await put(world, "Card")
    await outbox.send_pending(sender)
    before = len(world.local.calls())

    await put(world, "Card")
    await outbox.send_pending(sender)

    assert world.texts() == ["Card"]
    assert world.local.calls()[before:] == []


async def test_what_slack_certainly_shows_is_left_out_of_what_is_to_be_drawn(world):
    sender = await world.sender()
    wanted = {key: shows(key) for key in ("launch.1", "launch.2", "launch.3")}

    async def left():
        return await world.store.read(lambda session: cards.changed(session, WORKSPACE, wanted))

    await put(world, "launch.1", key="launch.1")
    await put(world, "launch.2", key="launch.2")
    assert await left() == wanted

    await settle(world, sender)
    assert list(await left()) == ["launch.3"]

    await put(world, "Another", key="launch.1")
    assert list(await left()) == ["launch.1", "launch.3"]

    two = await card(world, "launch.2")
    await world.store.write(lambda session: stored.shows(session, two, digest=None))
    assert await left() == wanted


async def delete(world, ts):
    """Delete a message of ours, as an admin does."""
    sender = await world.sender()
    await sender.slack.client.chat_delete(channel=world.channel, ts=ts)


@only_sqlite
async def test_a_card_that_somebody_deleted_is_posted_anew_once_with_its_thread(world):
    sender = await world.sender()
    await put(world, "Card")
    await put(world, "Below", key="launch.1.pm", under="launch.1")
    await settle(world, sender)
    await delete(world, (await card(world)).ts)

    await put(world, "Card, changed")
    await settle(world, sender)

    newest = world.local.messages(world.channel)[-1]
    assert [m["text"] for m in world.local.thread(world.channel, newest["ts"])] == ["Card, changed", "Below"]
    assert [m["text"] for m in world.local.messages(world.channel)] == [
        "This message was deleted.",
        "Card, changed",
    ]

    await delete(world, newest["ts"])
    for words in ("again", "and again"):
        await put(world, words)
        await settle(world, sender)

    assert (await card(world)).gone
    assert {m["text"] for m in world.local.messages(world.channel)} == {"This message was deleted."}


@only_sqlite
async def test_a_card_whose_thread_was_deleted_brings_the_one_above_back(world):
    sender = await world.sender()
    await put(world, "Card")
    await settle(world, sender)
    await delete(world, (await card(world)).ts)

    await put(world, "Below", key="launch.1.pm", under="launch.1")
    await settle(world, sender)

    assert world.texts() == ["Card", "Below"]


@only_sqlite
async def test_a_card_that_nobody_may_look_for_is_posted_no_second_time(world):
    sender = await world.sender(waits=QUICK)
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    refused = world.local.fail(FaultKind.ERROR, "conversations.history", error="missing_scope")
    await put(world, message=shows("one", by=world.ada.id))
    await settle(world, sender)
    await put(world, message=shows("two", by=world.ada.id))
    await settle(world, sender)
    told = world.texts(world.local.direct(world.ada, world.app.bot_user_id))
    assert world.texts() == ["one"]
    assert (await card(world)).doubtful_at is not None

    world.local.heal(refused)
    await put(world, message=shows("three", by=world.ada.id))
    await settle(world, sender)

    assert world.texts() == ["three"]
    assert (await card(world)).doubtful_at is None
    assert len(told) == 1
    assert told[0].startswith(f"A card in <#{world.channel}> is not up to date.")


@only_sqlite
async def test_a_doubtful_card_that_is_not_there_is_posted(world):
    sender = await world.sender(waits=QUICK)
    world.local.fail(FaultKind.STATUS_BEFORE, "chat.postMessage", times=1)
    refused = world.local.fail(FaultKind.ERROR, "conversations.history", error="missing_scope")
    await put(world, "one")
    await settle(world, sender)
    world.local.heal(refused)

    await put(world, "two")
    await settle(world, sender)

    assert world.texts() == ["two"]


@only_sqlite
async def test_who_asked_is_told_once_why_a_card_is_refused_and_it_comes_when_it_may(world):
    sender = await world.sender(waits=QUICK)
    await world.local.change_channel(world.channel, archived=True)
    for words in ("one", "two", "three"):
        await put(world, message=shows(words, by=world.ada.id))
        await settle(world, sender)

    await world.local.change_channel(world.channel, archived=False)
    await put(world, message=shows("four", by=world.ada.id))
    await settle(world, sender)

    [told] = world.texts(world.local.direct(world.ada, world.app.bot_user_id))
    assert "archived" in told
    assert world.texts() == ["four"]
    assert (await card(world)).trouble is None


@only_sqlite
async def test_a_card_that_was_never_posted_moves_with_its_product(world):
    sender = await world.sender()
    await put(world, "one", channel="C0NOWHERE")
    await settle(world, sender)

    await put(world, "two")
    await settle(world, sender)
    await put(world, "three", channel="C0NOWHERE")
    await settle(world, sender)

    assert world.texts() == ["three"]


@only_sqlite
async def test_a_card_for_a_person_is_one_direct_message_that_changes(world):
    sender = await world.sender(waits=replace(WAITS, settle_s=0, look_apart_s=0))
    ana = world.local.add_user("ana", id="U0ANA00077")
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    await put(world, "Asked", key="ask.1", channel=ana.id)
    await settle(world, sender)
    await put(world, "Answered", key="ask.1", channel=ana.id)
    await settle(world, sender)

    found = [message["text"] for _, message in world.local.every_message()]
    assert found == ["Answered"]
    assert (await card(world, "ask.1")).channel.startswith("D")


@only_sqlite
async def test_a_card_may_stand_in_a_thread_whose_parent_is_no_card(world):
    sender = await world.sender()
    parent = await sender.slack.post(world.channel, text="Digest", blocks=shows("Digest")["blocks"])
    await put(world, key="late.1", message=shows("Late", thread_ts=parent))
    await settle(world, sender)

    assert [each["text"] for each in world.local.thread(world.channel, parent)] == ["Digest", "Late"]


@only_sqlite
async def test_a_layout_that_slack_refuses_is_shown_as_text_in_post_and_change(world):
    sender = await world.sender()
    chart = {"type": "data_visualization", "nobody": "knows this"}
    for bars in ("▁▂▅", "▁▂▇"):
        await put(world, message={"text": "Trend", "blocks": [chart], "fallback": [section(bars)]})
        await settle(world, sender)

    assert world.local.messages(world.channel)[0]["blocks"][0]["text"]["text"] == "▁▂▇"


@only_sqlite
async def test_a_text_that_a_change_could_not_take_is_shortened(world):
    sender = await world.sender()
    for letter in ("a", "b"):
        await put(world, message={"text": letter * 5_000, "blocks": [section(letter)]})
        await settle(world, sender)

    assert world.texts() == ["b" * 3_999 + "…"]


@only_sqlite
async def test_while_slack_asks_us_to_wait_no_card_asks_again(world):
    sender = await world.sender(waits=QUICK)
    for n in range(5):
        await put(world, "one", key=f"launch.{n}")
    await settle(world, sender)
    world.local.fail(FaultKind.RATE_LIMITED, "chat.update", seconds=100, times=1)
    await put(world, "two", key="launch.0")
    await outbox.send_pending(sender)
    for n in range(1, 5):
        await put(world, "two", key=f"launch.{n}")
    await outbox.send_pending(sender)
    asked = len(world.local.calls("chat.update"))

    await settle(world, sender)

    assert asked == 1
    assert world.texts() == ["two"] * 5


@only_sqlite
async def test_equal_keys_of_two_workspaces_never_meet(world):
    other = replace(await world.sender("other"), workspace="other")
    lunch = world.local.add_channel("lunch", members=[world.ada, world.app]).id
    await put(world, "ours")
    await put(world, "theirs", workspace="other", channel=lunch)

    await outbox.send_pending(await world.sender())
    await outbox.send_pending(other)
    ts = world.local.messages(world.channel)[0]["ts"]
    found = await world.store.read(
        lambda s: [cards.find(s, each, channel=world.channel, ts=ts) for each in (WORKSPACE, "other")]
    )

    assert (world.texts(), world.texts(lunch)) == (["ours"], ["theirs"])
    assert found == ["launch.1", None]


@only_sqlite
async def test_an_address_that_slack_did_not_give_is_asked_for_at_the_next_change(world):
    sender = await world.sender()
    world.local.fail(FaultKind.STATUS_BEFORE, "chat.getPermalink", times=2)
    await put(world, "one")
    await settle(world, sender)
    before = (await card(world)).link

    await put(world, "two")
    await settle(world, sender)

    assert before is None
    assert (await card(world)).link is not None


async def test_a_card_is_searched_from_its_first_doubtful_post_on():
    since = now()
    doubtful = stored.Card(
        workspace="w", key="k", channel="C1", under=None, thread_ts=None, message=shows("x"), shown=None, ts=None,
        link=None, generation=1, deleted=0, doubtful_at=since, trouble=None,
    )  # fmt: skip
    effect = SimpleNamespace(payload={"channel": "C0"}, began_at=now())

    assert (await card_sending.posting_of(None, effect, doubtful)).began_at == since
    assert await card_sending.posting_of(None, effect, replace(doubtful, ts="1.1")) is None
    assert postings.CLOCKS_APART.total_seconds() > FACTOR


# --- under fire ---

FIRE = replace(WAITS, lease_s=0.5, workspace_per_minute=20_000, channel_interval_s=0.5, window_s=600)
ON_WRITES = {
    FaultKind.RATE_LIMITED: {"seconds": 5},
    FaultKind.STATUS_BEFORE: {},
    FaultKind.STATUS_AFTER: {},
    FaultKind.DROP_BEFORE: {},
    FaultKind.DROP_AFTER: {},
    FaultKind.ERROR: {"error": "internal_error"},
}


async def dying_again_and_again(world, name, rng):
    """Be one process after another, each of which dies without a word."""

    async def ticking(sender):
        while True:
            await outbox.send_pending(sender)
            await asyncio.sleep(0.01)

    for life in range(1000):
        task = asyncio.create_task(ticking(await world.sender(f"{name}.{life}", waits=FIRE)))
        await asyncio.wait([task], timeout=rng.uniform(0.2, 0.8))
        task.cancel()
        await asyncio.wait([task])


async def test_every_card_stands_once_with_its_newest_content_under_every_fault_at_once(world):
    for kind, fields in ON_WRITES.items():
        for method in ("chat.postMessage", "chat.update"):
            world.local.fail(kind, method, probability=0.05, **fields)
    world.local.fail(FaultKind.APPEARS_LATE, "chat.postMessage", probability=0.05, seconds=20)
    world.local.fail(FaultKind.STATUS_BEFORE, "conversations.history", probability=0.1)
    world.local.fail(FaultKind.STATUS_BEFORE, "conversations.replies", probability=0.1)
    rng = random.Random(11)
    processes = [asyncio.create_task(dying_again_and_again(world, name, rng)) for name in ("one", "two")]

    for state in range(4):
        for n in range(5):
            await put(world, f"{n} in state {state}", key=f"launch.{n}")
            for role in ("leg", "pm"):
                words = f"{role} of {n} in state {state}"
                await put(world, words, key=f"launch.{n}.{role}", under=f"launch.{n}")
        await asyncio.sleep(0.3)
    over = {OutboxState.SENT, OutboxState.REPLACED}
    async with asyncio.timeout(40):
        while not {state for state, _ in await effects(world)} <= over:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.1)
    for process in processes:
        process.cancel()
    await asyncio.wait(processes)

    tops = world.local.messages(world.channel)
    shown = {top["text"]: {m["text"] for m in world.local.thread(world.channel, top["ts"])} for top in tops}
    assert shown == {
        f"{n} in state 3": {f"{n} in state 3", f"leg of {n} in state 3", f"pm of {n} in state 3"}
        for n in range(5)
    }
    assert len(world.texts()) == 15


def send_for_ever(url, base_url, token):
    """Be a process that sends, until it is killed."""

    async def run():
        store = Store(url)
        async with slack_session() as session:
            slack = Slack(token=token, session=session, base_url=base_url, pacer=Pacer(WAITS.pace))

            async def owners(_):
                return ()

            sender = Sender(
                workspace=WORKSPACE, holder=f"process {os.getpid()}", store=store, slack=slack, now=now,
                owners=owners, started_at=now(), waits=QUICK,
            )  # fmt: skip
            while True:
                await outbox.send_pending(sender)
                await asyncio.sleep(0.01)

    asyncio.run(run())


@only_sqlite
async def test_a_process_that_is_killed_from_outside_doubles_and_loses_nothing(world, database):
    spawn = multiprocessing.get_context("spawn")
    world.local.fail(FaultKind.SLOW, "chat.postMessage", seconds=5)
    world.local.fail(FaultKind.SLOW, "chat.update", seconds=5)
    begun = 0
    for life in range(3):
        await put(world, f"state {life}")
        await put(world, f"below {life}", key="launch.1.pm", under="launch.1")
        process = spawn.Process(
            target=send_for_ever, args=(database, world.local.base_url, world.app.bot_token)
        )
        process.start()
        await world.local.wait_for(lambda seen=begun: len(writes(world)) > seen, timeout_s=30)
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.join, 10)
        begun = len(writes(world))
    world.local.heal()

    await settle(world, await world.sender(waits=QUICK))

    assert world.texts() == ["state 2", "below 2"]


def writes(world):
    return [*world.local.calls("chat.postMessage"), *world.local.calls("chat.update")]
