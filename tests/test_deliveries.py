"""Deliveries, sent over real sockets to a local Slack that fails in every way it can."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.local_slack.faults import FaultKind
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import TokenState
from handlers import deliveries, missing, notices, outbox
from handlers.deliveries import Owed
from handlers.sender import Sender, held, let_go
from handlers.waits import Waits
from integrations.pacer import Pacer
from integrations.slack import Slack, slack_session
from integrations.store import deliveries as stored
from integrations.store import outbox as stored_outbox
from integrations.store import parts as stored_parts
from schema.deliveries import DeliveryState, PartState
from schema.errors import Refusal
from schema.periods import Period
from schema.records import Came, came_of
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

FACTOR = 50  # more, and a machine that is busy for a moment takes longer than the waits
WAITS = replace(Waits().divided_by(FACTOR), lease_s=3, request_s=0.3, fresh_s=1)
WEEK = Period(start=datetime(2026, 11, 16, tzinfo=UTC), end=datetime(2026, 11, 23, tzinfo=UTC))
WORKSPACE = "acme"


def now():
    return datetime.now(UTC)


def section(words):
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def payload(words, **more):
    return {"blocks": [section(words)], "text": words} | more


PAYLOADS = [payload("Recall fell."), payload("What moved"), payload("Risks")]


class World:
    """A local Slack, a database, and senders that share them."""

    def __init__(self, local, store, stack):
        self.local, self.store, self.stack = local, store, stack
        self.app = local.add_app("Muster")
        self.ada, self.ben = local.add_user("ada"), local.add_user("ben")
        self.channel = local.add_channel("fraud", members=[self.ada, self.app]).id

    async def sender(self, name="one", **changes):
        """Start a process: its own connections, its own memory."""
        session = await self.stack.enter_async_context(slack_session())
        waits = changes.pop("waits", WAITS)
        slack = Slack(
            token=self.app.bot_token,
            session=session,
            base_url=self.local.base_url,
            pacer=Pacer(waits.pace),
            request_s=waits.request_s,
        )

        async def owners(product):
            if product == "gone":
                raise Refusal("No such product.")
            return (self.ada.id, self.ben.id)

        return Sender(
            **{
                "workspace": WORKSPACE, "holder": name, "store": self.store, "slack": slack, "now": now,
                "owners": owners, "started_at": now(), "waits": waits,
            } | changes
        )  # fmt: skip

    def owed(self, **changes):
        return Owed(
            **{
                "kind": "standup", "product": "fraud-detection", "period": WEEK, "channel": self.channel,
                "due_at": now(),
            } | changes
        )  # fmt: skip

    async def prepared(self, payloads=PAYLOADS, **changes):
        delivery, _ = await deliveries.plan(self.store, WORKSPACE, self.owed(**changes))
        await deliveries.prepare(self.store, WORKSPACE, delivery.id, payloads=payloads, now=now())
        return delivery.id

    async def get(self, id):
        return await self.store.read(lambda s: stored.get(s, WORKSPACE, id))

    async def parts(self, id):
        return await self.store.read(lambda s: stored.parts(s, WORKSPACE, id))

    async def drive(self, sender, id, *states, timeout_s=8):
        """Tick until the delivery stands in one of these states."""
        async with asyncio.timeout(timeout_s):
            while (found := await self.get(id)).state not in states:
                await deliveries.send_due(sender)
                await asyncio.sleep(0.01)
        return found

    async def wait_for_part(self, id, position, state):
        async with asyncio.timeout(5):
            while (await self.parts(id))[position].state is not state:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.005)

    async def first_sending(self, ids):
        async with asyncio.timeout(5):
            while True:
                for id in ids:
                    if (await self.get(id)).state is DeliveryState.SENDING:
                        return id
                await asyncio.sleep(0.005)

    async def sent(self, sender, id):
        return await self.drive(sender, id, DeliveryState.SENT)

    def texts(self, channel=None):
        """What stands in the channel and its threads, in order."""
        channel = channel or self.channel
        return [
            m["text"] for top in self.local.messages(channel) for m in self.local.thread(channel, top["ts"])
        ]

    async def told(self):
        """What waits in the outbox for people."""
        waiting = await self.store.read(lambda s: stored_outbox.waiting(s, WORKSPACE))
        return [(effect.payload["user"], effect.payload["text"]) for effect in waiting]


@asynccontextmanager
async def a_world(store):
    async with LocalSlack(time_factor=FACTOR) as local, AsyncExitStack() as stack:
        local.add_workspace("Acme")
        yield World(local, store, stack)


@pytest.fixture
async def world(store):
    async with a_world(store) as made:
        yield made


only_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
WORDS = ["Recall fell.", "What moved", "Risks"]


async def test_a_prepared_delivery_is_posted_once_parent_first(world):
    id = await world.prepared()
    sender = await world.sender()

    for _ in range(3):
        await deliveries.send_due(sender)

    assert world.texts() == WORDS
    delivery, parts = await world.get(id), await world.parts(id)
    assert (delivery.state, delivery.late_line) == (DeliveryState.SENT, "")
    assert all(part.ts for part in parts)
    parent = world.local.messages(world.channel)[0]
    assert parent["metadata"] == {"event_type": "muster_part", "event_payload": {"key": parts[0].key}}


@only_sqlite
async def test_what_is_not_due_or_not_prepared_is_left_alone(world):
    await world.prepared(due_at=now() + timedelta(hours=1))
    await deliveries.plan(world.store, WORKSPACE, world.owed(product="other"))

    assert await deliveries.send_due(await world.sender()) == 0

    assert world.texts() == []


@only_sqlite
async def test_preparing_twice_keeps_what_was_frozen_first(world):
    id = await world.prepared()

    parts = await deliveries.prepare(world.store, WORKSPACE, id, payloads=[payload("new")], now=now())

    assert [part.payload["text"] for part in parts] == WORDS


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (FaultKind.RATE_LIMITED, {"seconds": 3, "times": 2}),
        (FaultKind.STATUS_BEFORE, {"status": 500, "times": 1}),
        (FaultKind.STATUS_AFTER, {"status": 500, "times": 1}),
        (FaultKind.HTML, {"times": 1}),
        (FaultKind.DROP_BEFORE, {"times": 1}),
        (FaultKind.DROP_AFTER, {"times": 1}),
        (FaultKind.APPEARS_LATE, {"seconds": 20, "times": 1}),
        (FaultKind.SLOW, {"seconds": 20, "times": 1}),
        (FaultKind.ERROR, {"error": "internal_error", "times": 1}),
        (FaultKind.ERROR, {"error": "request_timeout", "times": 3}),
    ],
)
@pytest.mark.parametrize("first", [0, 1])
@only_sqlite
async def test_each_part_is_there_exactly_once_whatever_happens_to_it(world, kind, fields, first):
    id = await world.prepared()
    world.local.fail(kind, "chat.postMessage", skip=first, **fields)

    await world.sent(await world.sender(), id)

    assert world.texts() == WORDS


async def test_a_part_that_is_not_found_twice_is_posted_again_and_no_sooner(world):
    id = await world.prepared()
    world.local.fail(FaultKind.DROP_BEFORE, "chat.postMessage", times=1)

    await world.sent(await world.sender(), id)

    first, second, *_ = world.local.calls("chat.postMessage")
    looks = [call.at for call in world.local.calls("conversations.history")]
    assert len(looks) == 2
    assert looks[0] - first.at >= WAITS.settle_s - 0.01
    assert looks[1] - looks[0] >= WAITS.look_apart_s - 0.01
    assert second.at > looks[1]
    assert world.texts() == WORDS


@only_sqlite
async def test_a_short_history_is_read_to_its_end(world):
    id = await world.prepared()
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    world.local.fail(FaultKind.SHORT, limit=2)
    sender = await world.sender()
    await deliveries.send_due(sender)
    for n in range(5):
        await world.local.say(world.ada, world.channel, f"talk {n}")

    await world.sent(sender, id)

    assert [text for text in world.texts() if not text.startswith("talk")] == WORDS


@only_sqlite
async def test_where_looking_is_refused_the_part_is_unknown_and_both_owners_are_asked(world):
    id = await world.prepared()
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    world.local.fail(FaultKind.ERROR, "conversations.history", error="missing_scope")

    delivery = await world.drive(await world.sender(), id, DeliveryState.UNKNOWN)

    assert (await world.parts(id))[0].state is PartState.UNKNOWN
    assert world.texts() == WORDS[:1]  # it was there, and is not doubled
    told = await world.told()
    assert [user for user, _ in told] == [world.ada.id, world.ben.id]
    assert "does not know whether" in told[0][1]
    assert "/muster standup fraud-detection now" in told[0][1]
    assert "—" not in delivery.last_reason


@only_sqlite
async def test_an_owner_who_looked_may_have_an_unknown_part_posted(world):
    id = await world.prepared()
    fault = world.local.fail(FaultKind.STATUS_BEFORE, "chat.postMessage", times=1)
    refused = world.local.fail(FaultKind.ERROR, "conversations.history", error="missing_scope")
    sender = await world.sender()
    await world.drive(sender, id, DeliveryState.UNKNOWN)
    world.local.heal(fault)
    world.local.heal(refused)

    await deliveries.post_now(world.store, WORKSPACE, world.owed(), now=now())
    await world.sent(sender, id)

    assert world.texts() == WORDS


@only_sqlite
async def test_a_limited_history_is_asked_again_until_it_answers(world):
    id = await world.prepared()
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    world.local.fail(FaultKind.RATE_LIMITED, "conversations.history", seconds=2, times=2)

    await world.sent(await world.sender(), id)

    assert world.texts() == WORDS


@only_sqlite
async def test_a_history_that_stays_limited_ends_in_unknown(world):
    id = await world.prepared()
    world.local.fail(FaultKind.STATUS_AFTER, "chat.postMessage", times=1)
    world.local.fail(FaultKind.RATE_LIMITED, "conversations.history", seconds=2)

    await world.drive(await world.sender(waits=replace(WAITS, retry_for_s=0.9)), id, DeliveryState.UNKNOWN)

    assert world.texts() == WORDS[:1]
    assert len(await world.told()) == 2


async def test_a_process_that_dies_between_request_and_answer_is_continued_by_another(world):
    id = await world.prepared()
    first = await world.sender("first", waits=replace(WAITS, lease_s=0.5))
    world.local.fail(FaultKind.SLOW, "chat.postMessage", seconds=5, skip=1, times=1)
    dying = asyncio.create_task(deliveries.send_due(first))
    await world.local.wait_for(lambda: len(world.local.messages(world.channel)) == 1)
    await world.wait_for_part(id, 1, PartState.SENDING)
    dying.cancel()  # it says nothing, releases nothing
    await asyncio.wait([dying])
    assert (await world.parts(id))[1].state is PartState.SENDING

    await world.sent(await world.sender("second"), id)

    assert world.texts() == WORDS


async def test_a_process_that_died_before_its_request_left_is_continued_by_another(world):
    id = await world.prepared()
    parts = await world.parts(id)

    def begun(session):
        stored.begin(session, WORKSPACE, id, late_line="")
        stored_parts.begin_part(session, WORKSPACE, parts[0].key, now=now())

    await world.store.write(begun)

    await world.sent(await world.sender("second"), id)

    assert world.texts() == WORDS
    assert len(world.local.calls("conversations.history")) == 2


async def test_two_senders_that_tick_together_send_once(world):
    ids = [await world.prepared(product=f"p{n}") for n in range(6)]
    senders = [await world.sender(f"process {n}") for n in range(3)]

    for _ in range(3):
        await asyncio.gather(*(deliveries.send_due(sender) for sender in senders))

    assert sorted(world.texts()) == sorted(WORDS * 6)
    assert {(await world.get(id)).state for id in ids} == {DeliveryState.SENT}


@only_sqlite
async def test_ticks_that_overlap_in_one_process_double_nothing(world):
    ids = [await world.prepared(product=f"p{n}") for n in range(4)]
    sender = await world.sender()

    await asyncio.gather(*(deliveries.send_due(sender) for _ in range(4)))
    for id in ids:
        await world.sent(sender, id)

    assert sorted(world.texts()) == sorted(WORDS * 4)


@only_sqlite
async def test_one_lease_has_one_holder_until_it_is_let_go(world):
    first, second = await world.sender("first"), await world.sender("second")
    async with held(first) as mine, held(second) as other, held(first) as again:
        assert mine is not None
        assert other is None
        assert again is not None

    async with held(second) as still_not:  # it stands by; only a dead process loses its lease
        assert still_not is None
    await let_go(first)
    async with held(second) as now_mine:
        assert now_mine is not None


@only_sqlite
async def test_a_sender_that_lost_its_lease_starts_no_request(world):
    await world.prepared()
    id_clock = [timedelta(0)]
    sender = await world.sender(now=lambda: now() + id_clock[0])
    async with held(sender) as holding:
        id_clock[0] = timedelta(seconds=WAITS.lease_s)
        assert not holding.covers_a_request()
        assert await deliveries._Round(sender, holding, 5).run() == 0

    assert world.texts() == []


@only_sqlite
async def test_a_slow_database_never_makes_the_beginning_of_a_request_untrue(world):
    id = await world.prepared()
    sender = await world.sender(waits=replace(WAITS, fresh_s=-1))  # nothing is ever fresh

    await deliveries.send_due(sender)

    assert world.texts() == []
    assert (await world.parts(id))[0].state is PartState.PENDING
    await world.sent(await world.sender(), id)
    assert world.texts() == WORDS


@only_sqlite
async def test_a_refused_section_does_not_stop_the_others_and_the_owners_are_told(world):
    wrong = payload("x") | {"blocks": [section("")]}
    id = await world.prepared([PAYLOADS[0], wrong, PAYLOADS[2]])

    delivery = await world.drive(await world.sender(), id, DeliveryState.FAILED)

    assert world.texts() == [WORDS[0], WORDS[2]]
    assert "invalid_blocks" in delivery.last_reason
    assert len(await world.told()) == 2


@only_sqlite
async def test_a_chart_that_slack_refuses_is_posted_as_text(world):
    chart = {"type": "data_visualization", "nobody": "knows this"}
    trends = {"blocks": [chart], "fallback": [section("Trends ▁▂▅")], "text": "Trends"}
    id = await world.prepared([PAYLOADS[0], trends])

    await world.sent(await world.sender(), id)

    shown = world.local.thread(world.channel, world.local.messages(world.channel)[0]["ts"])[1]
    assert shown["blocks"][0]["text"]["text"] == "Trends ▁▂▅"


async def archived(world):
    await world.local.change_channel(world.channel, archived=True)


async def uninvited(world):
    private = world.local.add_channel("secret", private=True, members=[world.ada])
    world.channel = private.id


async def not_member(world):
    closed = world.local.add_channel("closed", members=[world.ada])
    world.channel = closed.id
    installation = world.local.state.installations[(world.app.id, world.app.team_id)]
    key = (world.app.id, world.app.team_id)
    world.local.state.installations[key] = replace(
        installation, scopes=installation.scopes - {"chat:write.public"}
    )


async def shared(world):
    await world.local.change_channel(world.channel, ext_shared=True)


async def revoked(world):
    world.local.set_token(world.app, TokenState.REVOKED)


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (archived, "archived"),
        (uninvited, "/invite @Muster"),
        (not_member, "/invite @Muster"),
        (shared, "shared with another company"),
        (revoked, "install the app again"),
    ],
)
@only_sqlite
async def test_what_a_person_must_mend_stops_one_delivery_and_says_what_to_type(world, spoil, advice):
    healthy = await world.prepared(
        product="healthy", channel=world.local.add_channel("other", members=[world.app]).id
    )
    await spoil(world)
    id = await world.prepared()
    sender = await world.sender()

    delivery = await world.drive(sender, id, DeliveryState.FAILED)

    assert advice in delivery.last_reason
    told = [text for _, text in await world.told() if "fraud-detection" in text]
    assert len(told) == 2  # the owner and the backup owner, once each
    assert advice in told[0]
    assert "/muster standup fraud-detection now" in told[0]
    assert world.texts() == []
    assert len(world.local.calls("chat.postMessage")) <= 2 + len(PAYLOADS)
    if spoil is not revoked:
        assert (await world.sent(sender, healthy)).state is DeliveryState.SENT


@only_sqlite
async def test_a_channel_that_cannot_be_checked_gets_nothing(world):
    id = await world.prepared()
    silent = world.local.fail(FaultKind.STATUS_BEFORE, "conversations.info")

    sender = await world.sender()
    await deliveries.send_due(sender)
    assert world.texts() == []

    world.local.heal(silent)
    await world.sent(sender, id)
    assert world.texts() == WORDS


@only_sqlite
async def test_a_failed_delivery_is_taken_up_again_where_it_stopped(world):
    id = await world.prepared()
    world.local.fail(FaultKind.ERROR, "chat.postMessage", error="is_archived", skip=1, times=2)
    sender = await world.sender()
    await world.drive(sender, id, DeliveryState.FAILED)
    assert world.texts() == WORDS[:1]

    await deliveries.post_now(world.store, WORKSPACE, world.owed(), now=now())
    await world.sent(sender, id)

    assert world.texts() == WORDS


@only_sqlite
async def test_a_failed_delivery_that_never_began_is_late_when_it_is_posted_after_all(world):
    id = await world.prepared(due_at=now() - timedelta(hours=2))
    await world.store.write(lambda s: stored.fail(s, WORKSPACE, id, reason="The channel is archived."))

    await deliveries.post_now(world.store, WORKSPACE, world.owed(), now=now())
    sent = await world.sent(await world.sender(), id)

    assert sent.late_line == "Late by 2 h because it could not be posted in time."
    assert came_of(sent) is Came.LATE
    assert sent.late_line in world.texts()[0]


@only_sqlite
async def test_a_delivery_that_is_taken_up_a_second_time_tells_no_lateness_that_it_had_before(world):
    id = await world.prepared(due_at=now() - timedelta(hours=2))
    for later in (timedelta(), timedelta(days=1)):
        await world.store.write(lambda s: stored.fail(s, WORKSPACE, id, reason="The channel is archived."))
        await deliveries.post_now(world.store, WORKSPACE, world.owed(), now=now() + later)

    assert (await world.get(id)).late_line == "Late because it could not be posted in time."


@only_sqlite
async def test_slack_that_stays_away_is_told_of_after_a_quarter_of_an_hour_and_given_up_with_the_window(
    world,
):
    id = await world.prepared()
    world.local.fail(FaultKind.ERROR, "chat.postMessage", error="request_timeout")
    waits = replace(WAITS, retry_for_s=0.6, window_s=1)

    delivery = await world.drive(await world.sender(waits=waits), id, DeliveryState.FAILED)

    assert (now() - delivery.due_at).total_seconds() >= 1
    assert len(world.local.calls("chat.postMessage")) >= 3
    assert "Slack did not answer." in delivery.last_reason
    waiting, _, ended, _ = [text for _, text in await world.told()]
    assert "goes on trying until" in waiting
    assert "Muster could not post" in ended


def test_retries_last_at_least_fifteen_minutes():
    waits = Waits()
    assert waits.retry_for_s >= 15 * 60
    assert sum(waits.backoff(n).total_seconds() for n in range(1, waits.attempts)) >= 15 * 60


@only_sqlite
async def test_a_late_post_says_how_late_and_why(world):
    actions = {"type": "actions", "elements": [
        {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "How do we know?"}}
    ]}  # fmt: skip
    parent = {"blocks": [section("Recall fell."), actions], "text": "Recall fell."}
    id = await world.prepared([parent, PAYLOADS[1]], due_at=now() - timedelta(hours=3, minutes=5))

    sent = await world.sent(await world.sender(), id)

    assert sent.late_line.startswith("Late by 3 h 5 min because ")
    top, reply = world.local.thread(world.channel, world.local.messages(world.channel)[0]["ts"])
    assert [block["type"] for block in top["blocks"]] == ["section", "context", "actions"]
    assert top["blocks"][1]["elements"][0]["text"] == sent.late_line
    assert top["text"] == f"Recall fell. {sent.late_line}"
    assert "Late" not in reply["text"]


@only_sqlite
async def test_the_late_line_gives_the_true_reason(world):
    due = now() - timedelta(hours=2)
    ids = [await world.prepared(product=name, due_at=due) for name in ("retried", "busy", "unready", "down")]

    def prepared_in_time(session):
        statement = stored.DELIVERIES.update().where(stored.D.id != ids[2])
        session.connection().execute(statement.values(prepared_at=due - timedelta(hours=1)))

    await world.store.write(prepared_in_time)
    sender = await world.sender(started_at=due - timedelta(days=1))
    sender.later((ids[0], 1), now(), why="Slack did not answer")
    await deliveries.send_due(sender)
    lines = [(await world.sent(sender, id)).late_line.partition(" because ")[2] for id in ids[:3]]

    assert lines == ["Slack did not answer.", "Muster was held up.", "its numbers were ready only later."]


@only_sqlite
async def test_a_process_that_started_late_says_so(world):
    due = now() - timedelta(hours=2)
    id = await world.prepared(due_at=due)

    def prepared_in_time(session):
        session.connection().execute(stored.DELIVERIES.update().values(prepared_at=due))

    await world.store.write(prepared_in_time)

    assert (
        await world.sent(await world.sender(), id)
    ).late_line == "Late by 2 h because Muster was not running."


@only_sqlite
async def test_what_was_due_days_ago_is_not_posted_unasked_but_when_asked_for(world):
    id = await world.prepared(due_at=now() - timedelta(days=2, hours=1))
    sender = await world.sender()

    delivery = await world.drive(sender, id, DeliveryState.FAILED)
    assert delivery.last_reason == "It was due 2 d 1 h ago, which is too late to post it unasked."
    assert world.texts() == []

    await deliveries.post_now(world.store, WORKSPACE, world.owed(), now=now())
    line = "Late by 2 d 1 h because it could not be posted in time."
    assert (await world.sent(sender, id)).late_line == line
    assert world.texts() == [f"{WORDS[0]} {line}", *WORDS[1:]]


@only_sqlite
async def test_many_channels_are_not_late_by_our_own_doing(world, caplog):
    channels = [world.local.add_channel(f"c{n}", members=[world.app]).id for n in range(30)]
    ids = [await world.prepared([PAYLOADS[0]], product=f"p{n}", channel=c) for n, c in enumerate(channels)]
    sender = await world.sender(waits=replace(WAITS, workspace_per_minute=2000))

    with caplog.at_level("INFO", "handlers.parts"):
        await deliveries.send_due(sender)

    late = sorted(record.late_s for record in caplog.records if record.message == "part_sent")
    assert len(late) == len(ids)
    assert late[int(len(late) * 0.95)] < 5 / 2  # seconds; the harness allows 5, unscaled
    assert all(len(world.texts(channel)) == 1 for channel in channels)


@only_sqlite
async def test_one_broken_delivery_does_not_stop_the_others(world):
    broken = await world.prepared([payload("x")], product="broken")
    healthy = await world.prepared(product="healthy")

    def break_it(session):
        session.connection().execute(
            stored.PARTS.update().where(stored.P.delivery_id == broken).values(payload={"text": "no blocks"})
        )

    await world.store.write(break_it)
    sender = await world.sender()

    with pytest.raises(ExceptionGroup):
        await deliveries.send_due(sender)
    await world.sent(sender, healthy)

    assert world.texts() == WORDS


@only_sqlite
async def test_now_is_the_same_delivery_as_the_planned_one(world):
    id = await world.prepared(due_at=now() + timedelta(days=2))
    sender = await world.sender()

    for _ in range(2):
        asked = await deliveries.post_now(world.store, WORKSPACE, world.owed(), now=now())
        assert asked.id == id
        await world.sent(sender, id)

    assert world.texts() == WORDS


@only_sqlite
async def test_what_is_skipped_while_others_are_sent_is_not_sent(world):
    ids = [await world.prepared(product=f"p{n}") for n in range(4)]
    world.local.fail(FaultKind.SLOW, "chat.postMessage", seconds=5, times=1)  # 0.05 s
    sending = asyncio.create_task(deliveries.send_due(await world.sender(), at_once=1))
    first = await world.first_sending(ids)
    others = [id for id in ids if id != first]

    await world.store.write(lambda session: stored.skip(session, WORKSPACE, others[0], reason="away"))
    await sending

    assert (await world.get(others[0])).state is DeliveryState.SKIPPED
    assert sorted(world.texts()) == sorted(WORDS * 3)


@only_sqlite
async def test_a_product_that_is_gone_stops_nothing(world):
    id = await world.prepared(product="gone")
    await world.local.change_channel(world.channel, archived=True)

    await world.drive(await world.sender(), id, DeliveryState.FAILED)

    assert await world.told() == []


@only_sqlite
async def test_the_owner_is_told_once_of_what_was_due_and_is_not_there(world):
    long_ago = now() - timedelta(hours=5)
    sent = await world.prepared(product="sent", due_at=long_ago)
    sender = await world.sender()
    await world.sent(sender, sent)
    expected = [
        world.owed(product="sent", due_at=long_ago),
        world.owed(product="never-planned", due_at=long_ago),
        world.owed(product="just-due", due_at=now()),
    ]

    found = [await missing.missing(sender, expected) for _ in range(2)]

    assert [[owed.product for owed in each] for each in found] == [["never-planned"]] * 2
    told = await world.told()
    assert [user for user, _ in told] == [world.ada.id, world.ben.id]
    assert "not planned" in told[0][1]


@only_sqlite
async def test_the_owner_reads_the_sentence_in_slack(world):
    id = await world.prepared()
    await world.local.change_channel(world.channel, archived=True)
    sender = await world.sender()
    await world.drive(sender, id, DeliveryState.FAILED)

    await outbox.send_pending(sender)

    dm = world.local.direct(world.ada, world.app.bot_user_id)
    assert ["archived" in text for text in world.texts(dm)] == [True]


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=5), "1 min"),
        (timedelta(minutes=59, seconds=40), "1 h"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(days=2, hours=1, minutes=9), "2 d 1 h"),
    ],
)
def test_spans_are_said_in_two_units_at_most(span, said):
    assert notices.spoken(span) == said


def test_waits_have_floors_and_say_when_they_are_below_their_defaults():
    assert Waits().checked() == Waits()
    assert Waits().below_default() == ()
    assert Waits(settle_s=20).below_default() == ("settle_s is 20, below its default 30",)
    with pytest.raises(Refusal, match=r"settle_s must be at least 5; .*workspace_per_minute"):
        Waits(settle_s=1, workspace_per_minute=0).checked()
    with pytest.raises(Refusal, match="less than the lease"):
        Waits(lease_s=10, request_s=10)


def test_one_factor_divides_every_wait_once():
    shorter = Waits().divided_by(10).divided_by(2)

    assert (shorter.settle_s, shorter.lease_s, shorter.factor) == (1.5, 0.425, 20)
    assert shorter.pace.in_channel_s == pytest.approx(0.05)
    assert shorter.asked(40) == timedelta(seconds=2)
