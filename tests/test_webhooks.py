"""Telling release systems that a gate's answer changed: once, signed, until they have it, and nowhere else."""

import hashlib
import hmac
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.gates import GateDoor, routes
from bot.settings import Settings, SettingsRefused
from bot.webhooks import webhook_clocks
from handlers import gate_answers, launches, webhooks
from handlers.launches import Breaking
from handlers.webhooks import Listeners
from integrations.base import NotAuthorised
from integrations.store import due
from integrations.store.engine import Store
from integrations.webhooks import Postman
from schema.products import Role
from schema.votes import Intent
from schema.webhooks import DAY, PAUSES_S, again_at, listener_id, signature
from tests import openapi
from tests.databases import a_database, a_store, an_engine, two_stores  # noqa: F401 - fixtures
from tests.launch_rooms import EVA, MANIFEST, MIA, NOON, RON, Room, a_key

SECRET = "a secret that both know"
SIGN = Intent.SIGN


class Listener:
    """A server that takes messages, and answers as it is told to."""

    def __init__(self):
        self.came, self.answers, self.url = [], [], ""

    async def hook(self, request):
        self.came.append((dict(request.headers), await request.text()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)

    @property
    def bodies(self):
        return [json.loads(body) for _, body in self.came]

    @property
    def answers_told(self):
        return [(body["gate"]["answer"], body["gate"]["state"]) for body in self.bodies]


@asynccontextmanager
async def listening():
    listener = Listener()
    app = web.Application()
    app.router.add_post("/hook", listener.hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield listener
    await runner.cleanup()


def told_by(listener, *, network="private", holder="one", **more):
    return Listeners(
        addresses=[listener if isinstance(listener, str) else listener.url], secret=SECRET, holder=holder,
        postman=Postman(network=network, **more),
    )  # fmt: skip


async def ticked(room, listeners, services=None):
    """Look, and tell, as the clock does."""
    used = services or room.services
    changed = await webhooks.notice(used, room.snapshot, listeners)
    tried = await webhooks.send_due(used, room.snapshot, listeners)
    return changed, tried


async def sign_all(room, launch):
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)


# --- what is told ---


async def test_each_change_of_the_answer_is_told_once_and_nothing_else_is(store):
    room = Room(store)
    async with listening() as listener:
        listeners = told_by(listener)
        launch = await room.opened()
        assert await ticked(room, listeners) == (0, 0)  # it is closed, as nothing is
        await room.said(launch, MIA, Role.ML, T_1=SIGN)
        assert await ticked(room, listeners) == (0, 0)
        await room.said(launch, RON, Role.RAI, T_2=SIGN)
        assert await ticked(room, listeners) == (1, 1)
        assert await ticked(room, listeners) == (0, 0)
        await room.said(launch, RON, Role.RAI, T_2=Intent.TAKE_BACK)
        assert await ticked(room, listeners) == (1, 1)
        await room.said(launch, RON, Role.RAI, T_2=SIGN)
        await ticked(room, listeners)
        await launches.revoke(room.services, room.snapshot, launch, reason="Harm.", by=RON, key=a_key())
        await ticked(room, listeners)
        await ticked(room, listeners)

    assert listener.answers_told == [
        ("yes", "approved"),
        ("no", "open"),
        ("yes", "approved"),
        ("no", "revoked"),
    ]
    assert [body["before"]["state"] for body in listener.bodies] == ["open", "approved", "open", "approved"]
    assert len({headers["Muster-Delivery"] for headers, _ in listener.came}) == 4


async def test_a_message_holds_what_the_gate_answers(store):
    room = Room(store)
    async with listening() as listener:
        listeners = told_by(listener)
        launch = await room.opened()
        await ticked(room, listeners)
        await sign_all(room, launch)
        await ticked(room, listeners)
    asked = await gate_answers.ask(room.services, room.snapshot, launch)

    [body] = listener.bodies
    assert body["gate"] == json.loads(json.dumps(asked))
    assert body["kind"] == "gate.changed"
    assert openapi.wrong(body["gate"], openapi.response("get", "/gates/{launch}", 200)) == []


async def test_what_time_alone_changes_is_told_too(store):
    room = Room(store)
    async with listening() as listener:
        listeners = told_by(listener)
        launch = await room.opened()
        await ticked(room, listeners)
        breaking = Breaking(reason="Cards are refused.", incident="INC-7", hours=1)
        await launches.break_glass(room.services, room.snapshot, launch, breaking, by=EVA, key=a_key())
        await ticked(room, listeners)
        room.clock.turn(minutes=59)
        assert await ticked(room, listeners) == (0, 0)
        room.clock.turn(minutes=2)
        assert await ticked(room, listeners) == (1, 1)

    assert [body["gate"]["bypass_until"] for body in listener.bodies] == ["2026-11-23T13:00:00.000000Z", None]


# --- how it is signed ---


async def test_every_attempt_is_signed_anew_under_the_same_name(store):
    room = Room(store)
    async with listening() as listener:
        listener.answers = [web.Response(status=500), web.Response(status=404)]
        listeners = told_by(listener)
        launch = await room.opened()
        await ticked(room, listeners)
        await sign_all(room, launch)
        await ticked(room, listeners)
        assert await ticked(room, listeners) == (0, 0)  # not yet again
        for pause in PAUSES_S[:2]:
            room.clock.turn(seconds=pause)
            await ticked(room, listeners)
        room.clock.turn(hours=2)
        assert await ticked(room, listeners) == (0, 0)  # it has it now

    assert len(listener.came) == 3
    assert len({body for _, body in listener.came}) == 1
    assert len({headers["Muster-Delivery"] for headers, _ in listener.came}) == 1
    for headers, body in listener.came:
        base = f"v0:{headers['Muster-Timestamp']}:{body}".encode()
        wanted = hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
        assert headers["Muster-Signature"] == f"v0={wanted}"
    stamps = [int(headers["Muster-Timestamp"]) for headers, _ in listener.came]
    assert stamps == [int(NOON.timestamp()) + seconds for seconds in (0, 10, 40)]


def test_the_signature_is_slacks():
    # Slack's own example (SLACK.md, signed requests)
    from slack_sdk.signature import SignatureVerifier

    body, at = "token=x&text=é", "1531420618"
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", int(at), body) == SignatureVerifier(
        "8f742231b10e8888abcd99yyyzzz85a5"
    ).generate_signature(timestamp=at, body=body)


# --- who is told, and who is not ---


async def test_two_processes_tell_one_change_once(stores):
    room = Room(stores[0])
    other = room.another(stores[1])
    async with listening() as listener:
        one, two = told_by(listener), told_by(listener, holder="two")
        launch = await room.opened()
        await ticked(room, one)
        await ticked(room, two, other)
        await sign_all(room, launch)
        counts = [
            await webhooks.notice(room.services, room.snapshot, one),
            await webhooks.notice(other, room.snapshot, two),
        ]
        tried = [
            await webhooks.send_due(other, room.snapshot, two),
            await webhooks.send_due(room.services, room.snapshot, one),
        ]

    assert sorted(counts) == [0, 1]
    assert sorted(tried) == [0, 1]
    assert len(listener.came) == 1


async def test_what_a_process_that_died_had_taken_is_told_by_another(stores):
    room = Room(stores[0])
    other = room.another(stores[1])
    async with listening() as listener:
        one, two = told_by(listener), told_by(listener, holder="two")
        launch = await room.opened()
        await ticked(room, one)
        await sign_all(room, launch)
        await webhooks.notice(room.services, room.snapshot, one)
        await room.store.write(
            lambda session: due.take_due(
                session, room.clock.now, holder="one", lease_s=webhooks.LEASE_S, kinds={"webhook"}
            )
        )
        assert await webhooks.send_due(other, room.snapshot, two) == 0
        room.clock.turn(seconds=webhooks.LEASE_S + 1)
        assert await webhooks.send_due(other, room.snapshot, two) == 1

    assert listener.answers_told == [("yes", "approved")]


async def test_an_address_inside_is_told_only_where_that_is_meant(sqlite_room):
    async with listening() as listener:
        listeners = told_by(listener, network="public")
        launch = await sqlite_room.opened()
        await ticked(sqlite_room, listeners)
        await sign_all(sqlite_room, launch)
        assert await ticked(sqlite_room, listeners) == (1, 1)
        with pytest.raises(NotAuthorised, match="MUSTER_WEBHOOK_NETWORK=private") as refused:
            await Postman(network="public").post(listener.url, "{}", {})

    assert listener.came == []
    assert "/hook" not in str(refused.value)


async def test_a_redirect_is_not_followed(sqlite_room):
    async with listening() as listener, listening() as elsewhere:
        listener.answers = [web.Response(status=307, headers={"Location": elsewhere.url})]
        listeners = told_by(listener)
        launch = await sqlite_room.opened()
        await ticked(sqlite_room, listeners)
        await sign_all(sqlite_room, launch)
        await ticked(sqlite_room, listeners)

    assert len(listener.came) == 1
    assert elsewhere.came == []


async def test_an_address_that_was_taken_out_is_told_no_more(sqlite_room):
    async with listening() as listener:
        listeners = told_by("http://127.0.0.1:9/gone")
        launch = await sqlite_room.opened()
        await ticked(sqlite_room, listeners)
        await sign_all(sqlite_room, launch)
        await ticked(sqlite_room, listeners)
        sqlite_room.clock.turn(minutes=1)
        assert await webhooks.send_due(sqlite_room.services, sqlite_room.snapshot, told_by(listener)) == 1
        sqlite_room.clock.turn(days=2)
        assert await webhooks.send_due(sqlite_room.services, sqlite_room.snapshot, told_by(listener)) == 0

    assert listener.came == []


async def test_after_a_day_the_products_owners_are_told_instead(sqlite_room):
    room = sqlite_room
    gone = f"http://127.0.0.1:{closed_port()}/hook?token=hushhush"
    listeners = told_by(gone)
    launch = await room.opened()
    await ticked(room, listeners)
    await sign_all(room, launch)
    attempts = 0
    for _ in range(60):
        attempts += (await ticked(room, listeners))[1]
        room.clock.turn(minutes=30)

    told = [text for text in dms(room) if "nobody could be told" in text]
    assert 20 < attempts < 60
    assert len(told) == 2  # one for each owner
    assert launch in told[0]
    assert "hushhush" not in str(told)
    assert await ticked(room, listeners) == (0, 0)


def closed_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def dms(room):
    from sqlalchemy import select

    from integrations.store.outbox import OUTBOX

    rows = room.store.read_sync(lambda session: session.execute(select(OUTBOX)).all())
    return [row.payload["text"] for row in rows if row.kind == "dm"]


@pytest.fixture(name="sqlite_room")
def a_room_on_sqlite(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/muster.db")
    store.upgrade()
    yield Room(store)
    store.close_sync()


# --- rules and settings ---


@given(st.integers(1, 100), st.integers(0, 100_000))
def test_attempts_never_come_sooner_and_end_after_a_day(attempt, seconds):
    now = NOON + DAY * seconds / 100_000
    then = again_at(NOON, now, attempt)
    assert then is None or now < then < NOON + DAY
    later = again_at(NOON, now, attempt + 1)
    assert later is None or (then is not None and later >= then)


def test_a_listener_is_named_without_its_address():
    assert "hushhush" not in listener_id("https://example.com/hook?token=hushhush")


def test_messages_are_told_only_where_they_can_be_signed(sqlite_room):
    url = {"MUSTER_WEBHOOK_URLS": "https://ci.example.com/hook, https://b.example.com/"}
    unsigned = Settings.from_env(url)
    sound = Settings.from_env({**url, "MUSTER_WEBHOOK_SECRET": "s" * 16})

    assert [problem.place for problem in unsigned.webhook_problems()] == ["MUSTER_WEBHOOK_SECRET"]
    assert sound.webhook_problems() == Settings.from_env({}).webhook_problems() == []
    assert sound.webhook_addresses == ("https://ci.example.com/hook", "https://b.example.com/")
    assert webhook_clocks(sqlite_room.services, Settings.from_env({}), holder="x") == []
    assert [clock.name for clock in webhook_clocks(sqlite_room.services, sound, holder="x")] == ["webhooks"]


@pytest.mark.parametrize(
    "environment",
    [
        {"MUSTER_GATE_TOKENS": "ci"}, {"MUSTER_GATE_TOKENS": "ci:short"}, {"MUSTER_GATE_TOKENS": f"CI:{'x' * 30}"},
        {"MUSTER_GATE_TOKENS": f"ci:{'x' * 30},ci:{'y' * 30}"}, {"MUSTER_GATE_TOKENS": f"a:{'x' * 30},b:{'x' * 30}"},
        {"MUSTER_GATE_TOKENS": f":{'x' * 30}"}, {"MUSTER_WEBHOOK_URLS": "ci.example.com"},
        {"MUSTER_WEBHOOK_URLS": "ftp://ci.example.com"}, {"MUSTER_WEBHOOK_URLS": "https://me:hushhush@ci.example.com/"},
    ],
)  # fmt: skip
def test_settings_that_let_anybody_in_are_refused_and_not_shown(environment):
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_env(environment)

    assert all(given not in str(refused.value) for given in ("xxxx", "hushhush"))


def test_each_token_has_one_name(sqlite_room):
    settings = Settings.from_env({"MUSTER_GATE_TOKENS": f"ci-prod:{'x' * 30}, other:{'y' * 29}:z"})
    door = GateDoor(services=sqlite_room.services, tokens=settings.gate_names, asks_a_minute=1)

    assert [door.name(token) for token in ("x" * 30, "y" * 29 + ":z", "y" * 29, "")] == [
        "ci-prod",
        "other",
        None,
        None,
    ]
    assert len(routes(door)) == 3
    assert replace(door, tokens={}).name("x" * 30) is None
    assert MANIFEST.digest not in repr(door)
