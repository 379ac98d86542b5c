"""The gate over HTTP: what release systems ask and use, and what everybody else gets."""

import asyncio
import json
import re
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from bot.gates import LARGEST, GateDoor, routes
from bot.server import Doors, application
from handlers import gate_answers, launches
from handlers.launches import Breaking
from handlers.views.gates import exit_code, lines
from integrations.store import evidence, ledger
from integrations.store.engine import Store
from schema.gates import ReasonCode
from schema.items import ItemState
from schema.launches import State
from schema.products import Role
from schema.votes import Intent
from tests import openapi
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import EVA, MANIFEST, MEASURED, MIA, RON, SAM, Room, a_key

TOKEN, OTHER = "t" * 30, "u" * 30
SIGN = Intent.SIGN
ANOTHER = "0" * 64
NOBODY = "fraud-detection-99"


class Ticks:
    """A monotonic clock that one can turn."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@asynccontextmanager
async def a_door(room, *, asks_a_minute=1000, services=None):
    """Serve the gate of a room; gives what asks it."""
    ticks = Ticks()
    door = GateDoor(
        services=services or room.services, tokens={"ci": TOKEN, "other": OTHER}, asks_a_minute=asks_a_minute,
        monotonic=ticks,
    )  # fmt: skip
    app = application(
        Doors(slack=None, ready=ready, registry=CollectorRegistry(), metrics_token=None, routes=routes(door))
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:

        async def asks(path, *, token=TOKEN, body=None, **more):
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            method = "GET" if body is None else "POST"
            sent = (
                {"data": body}
                if isinstance(body, bytes | str)
                else {"json": body}
                if body is not None
                else {}
            )
            async with session.request(method, path, headers=headers, **sent, **more) as answer:
                told = await answer.json()
                said = openapi.response(method.lower(), template(path), answer.status)
                assert openapi.wrong(told, said) == []
                return answer.status, told, answer.headers

        asks.ticks, asks.url = ticks, f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield asks
    await runner.cleanup()


def template(path):
    """Name the address as the document does."""
    return re.sub(r"^/gates/[^/?]+", "/gates/{launch}", path).partition("?")[0]


async def ready():
    return None


async def approved(room, **more):
    launch = await room.opened(**more)
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    return launch


def events(room, launch):
    return room.store.read_sync(lambda session: ledger.events_of(session, room.workspace, launch))


def kinds(room, launch):
    return [event.kind for event in events(room, launch)]


# --- asking ---


async def test_an_open_gate_says_yes_and_a_closed_one_says_what_is_missing(store):
    room = Room(store, specs=(*Room.__dataclass_fields__["specs"].default, MEASURED))
    launch = await room.opened()
    async with a_door(room) as asks:
        status, told, headers = await asks(f"/gates/{launch}?manifest={MANIFEST.digest}")

    assert (status, told["answer"], told["state"], told["settled"]) == (200, "no", "open", 0)
    assert headers["Cache-Control"] == "no-store"
    assert [reason["item"] for reason in told["reasons"]] == ["T-1", "T-2", "T-3"]
    assert told["waits_for"] == {"ml": ["T-1"], "rai": ["T-2"]}
    assert {each["role"]: each["items"] for each in told["missing"]["signatures"]} == {
        "ml": ["T-1"], "rai": ["T-2"], "sre": ["T-3"],
    }  # fmt: skip
    assert [each["item"] for each in told["missing"]["evidence"]] == ["T-3"]
    assert exit_code(told) == 1

    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    await room.drilled("4")
    await room.said(launch, SAM, Role.SRE, T_3=SIGN)
    async with a_door(room) as asks:
        status, told, _ = await asks(f"/gates/{launch}?manifest={MANIFEST.digest}")
    assert (status, told["answer"], told["reasons"], told["missing"]) == (200, "yes", [], None)
    assert exit_code(told) == 0


async def test_another_manifest_is_not_what_was_signed(store):
    room = Room(store)
    launch = await approved(room)
    async with a_door(room) as asks:
        _, told, _ = await asks(f"/gates/{launch}?manifest={ANOTHER}")
        _, unasked, _ = await asks(f"/gates/{launch}")

    assert (told["answer"], [reason["code"] for reason in told["reasons"]]) == ("no", ["manifest"])
    assert (told["manifest"], told["asked"]) == (MANIFEST.digest, ANOTHER)
    assert (unasked["answer"], unasked["asked"]) == ("yes", None)


async def test_asking_writes_nothing_however_often(store):
    room = Room(store)
    launch = await approved(room)
    before = events(room, launch)
    async with a_door(room) as asks:
        told = [
            (await asks(f"/gates/{launch}?manifest={each}"))[1] for each in (MANIFEST.digest, ANOTHER) * 3
        ]

    assert events(room, launch) == before
    assert told[0] == told[2] == told[4]


async def test_an_emergency_answers_no_and_says_until_when(store):
    room = Room(store)
    launch = await room.opened()
    breaking = Breaking(reason="Cards are refused.", incident="INC-7", hours=2)
    await launches.break_glass(room.services, room.snapshot, launch, breaking, by=EVA, key=a_key())
    async with a_door(room) as asks:
        _, told, _ = await asks(f"/gates/{launch}?manifest={MANIFEST.digest}")
        refused, closed, _ = await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest})
        recorded, used, _ = await asks(
            f"/gates/{launch}/use", body={"manifest": MANIFEST.digest, "accept_bypass": True}
        )
        room.clock.turn(hours=3)
        late, over, _ = await asks(
            f"/gates/{launch}/use", body={"manifest": MANIFEST.digest, "accept_bypass": True}
        )

    assert (told["answer"], told["state"]) == ("no", "bypassed")
    assert told["bypass_until"] == "2026-11-23T14:00:00.000000Z"
    assert (exit_code(told), exit_code(told, accept_bypass=True)) == (1, 0)
    assert "--accept-bypass" in "\n".join(lines(told))
    assert (refused, closed["recorded"]) == (409, False)
    assert (recorded, used["used"]["bypass"]) == (200, True)
    assert (late, over["recorded"]) == (409, False)
    assert kinds(room, launch).count("bypass_used") == 1


# --- using ---


async def test_a_use_is_recorded_once_and_names_the_token_that_did_it(store):
    room = Room(store)
    launch = await approved(room)
    async with a_door(room) as asks:
        first = await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest})
        again = await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest}, token=OTHER)
        other = await asks(f"/gates/{launch}/use", body={"manifest": ANOTHER})

    assert (first[0], first[1]["recorded"], first[1]["used"]["by"]) == (200, True, "token:ci")
    assert (again[0], again[1]["used"]) == (200, first[1]["used"])
    assert (other[0], other[1]["recorded"]) == (409, False)
    assert "Another manifest" in other[1]["refused"]
    assert kinds(room, launch).count("used") == 1


async def test_a_use_takes_the_parts_of_a_manifest_too(store):
    room = Room(store)
    launch = await approved(room)
    parts = {**MANIFEST.parts, "data": list(MANIFEST.data)}
    async with a_door(room) as asks:
        moving = await asks(f"/gates/{launch}/use", body={"manifest": {**parts, "code": "main"}})
        status, told, _ = await asks(f"/gates/{launch}/use", body={"manifest": parts})

    assert moving[0] == 400
    assert "main" in moving[1]["error"]["text"]
    assert (status, told["used"]["manifest"]) == (200, MANIFEST.digest)


async def test_a_pipeline_that_knocks_at_a_closed_gate_leaves_one_entry_for_each_answer(store):
    room = Room(store)
    launch = await room.opened()
    async with a_door(room) as asks:
        knocks = [await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest}) for _ in range(4)]
        assert kinds(room, launch).count("attempt_refused") == 1
        await room.said(launch, MIA, Role.ML, T_1=SIGN)
        knocks += [await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest}) for _ in range(2)]
        assert kinds(room, launch).count("attempt_refused") == 2
        await room.said(launch, RON, Role.RAI, T_2=SIGN)
        passed = await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest})

    assert {status for status, *_ in knocks} == {409}
    assert passed[0] == 200
    assert {event.actor for event in events(room, launch) if event.kind == "attempt_refused"} == {"token:ci"}


async def test_two_uses_at_once_are_one_record(store):
    room = Room(store)
    launch = await approved(room)
    async with a_door(room) as asks:
        use = {"manifest": MANIFEST.digest}
        told = await asyncio.gather(*(asks(f"/gates/{launch}/use", body=use) for _ in range(8)))

    assert {status for status, *_ in told} == {200}
    assert len({told["used"]["seq"] for _, told, _ in told}) == 1
    assert kinds(room, launch).count("used") == 1


async def test_without_a_signing_key_nothing_is_recorded(store):
    room = Room(store)
    launch = await approved(room)
    keyless = room.another(store)
    object.__setattr__(keyless, "signing_key", None)
    async with a_door(room, services=keyless) as asks:
        asked = await asks(f"/gates/{launch}?manifest={MANIFEST.digest}")
        status, told, _ = await asks(f"/gates/{launch}/use", body={"manifest": MANIFEST.digest})

    assert (asked[0], asked[1]["answer"]) == (200, "yes")
    assert status == 503
    assert "muster key new" in told["error"]["text"]
    assert "used" not in kinds(room, launch)


# --- who asks ---


async def test_a_wrong_token_is_answered_as_an_unknown_launch_is(store):
    room = Room(store)
    launch = await approved(room)
    async with a_door(room) as asks:
        wrong = await asks(f"/gates/{launch}", token="x" * 30)
        unknown = await asks(f"/gates/{NOBODY}")
        both = await asks(f"/gates/{NOBODY}", token="é" * 30)
        use = await asks(f"/gates/{launch}/use", token="x" * 30, body={"manifest": MANIFEST.digest})
        odd = await asks("/gates/%E2%98%83%00")

    assert wrong[:2] == unknown[:2] == both[:2] == use[:2] == odd[:2]
    assert wrong[0] == 404
    assert sorted(wrong[2]) == sorted(unknown[2])
    assert "attempt_refused" not in kinds(room, launch)


async def test_no_token_at_all_is_told_what_to_show(store):
    room = Room(store)
    async with a_door(room) as asks:
        for path, body in ((f"/gates/{NOBODY}", None), (f"/gates/{NOBODY}/use", {})):
            status, told, headers = await asks(path, token=None, body=body)
            assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
            assert "MUSTER_GATE_TOKENS" in told["error"]["text"]


async def test_each_token_has_its_own_pace_and_is_told_when_to_come_again(store):
    room = Room(store)
    launch = await approved(room)
    async with a_door(room, asks_a_minute=3) as asks:
        statuses = [(await asks(f"/gates/{launch}"))[0] for _ in range(4)]
        _, told, headers = await asks(f"/gates/{launch}")
        neighbour = (await asks(f"/gates/{launch}", token=OTHER))[0]
        strangers = [(await asks(f"/gates/{launch}", token=f"{n}" * 30))[0] for n in range(4)]
        asks.ticks.now += int(headers["Retry-After"])
        later = (await asks(f"/gates/{launch}"))[0]

    assert statuses == [200, 200, 200, 429]
    assert headers["Retry-After"] == "20"
    assert "20 s" in told["error"]["text"]
    assert (neighbour, later) == (200, 200)
    assert strangers == [404, 404, 404, 429]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", 400), (b"", 400), (b"\xff", 400), (b"[]", 400), (b"[" * 9000, 400), (b'{"manifest": 1}', 400),
        (b'{"manifest": "latest"}', 400), (b'{"manifest": {"code": 1}}', 400), (b'{"manifest": {"x": "y"}}', 400),
        (json.dumps({"manifest": ANOTHER, "accept_bypass": "yes"}).encode(), 400),
        (json.dumps({"manifest": ANOTHER, "more": 1}).encode(), 400), (b" " * (LARGEST + 1), 413),
        (f'{{"manifest": "{ANOTHER}", "manifest": "{ANOTHER}"}}'.encode(), 400),
    ],
)  # fmt: skip
async def test_a_body_that_says_nothing_sound_is_refused_in_one_sentence(sqlite_room, body, status):
    async with a_door(sqlite_room) as asks:
        for token in (TOKEN, "x" * 30):
            got, told, _ = await asks(f"/gates/{NOBODY}/use", body=body, token=token)
            assert got == status
            assert told["error"]["text"].endswith(".")
            assert "Traceback" not in told["error"]["text"]
        assert (await asks(f"/gates/{NOBODY}?manifest=latest"))[0] == 400


@pytest.fixture(name="sqlite_room")
def a_room_on_sqlite(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/muster.db")
    store.upgrade()
    yield Room(store)
    store.close_sync()


async def test_a_database_that_is_gone_cannot_tell_and_shows_no_secret(sqlite_room):
    launch = await approved(sqlite_room)
    async with a_door(sqlite_room) as asks:
        sqlite_room.store.close_sync()
        status, told, _ = await asks(f"/gates/{launch}")

    assert status == 503
    assert told == {"error": {"text": "The database does not answer; ask again in a moment."}}


async def test_without_tokens_there_is_no_such_address(sqlite_room):
    door = GateDoor(services=sqlite_room.services, tokens={}, asks_a_minute=1)
    assert routes(door) == []


# --- the same answer everywhere ---


async def test_command_line_and_api_give_the_same_answer(store):
    room = Room(store)
    launch = await room.opened()
    async with a_door(room) as asks:
        for step in (
            lambda: room.said(launch, MIA, Role.ML, T_1=SIGN),
            lambda: room.said(launch, RON, Role.RAI, T_2=SIGN),
            lambda: launches.revoke(
                room.services, room.snapshot, launch, reason="It harms.", by=RON, key=a_key()
            ),
        ):
            for manifest in (MANIFEST.digest, ANOTHER):
                local = await gate_answers.ask(room.services, room.snapshot, launch, manifest=manifest)
                _, remote, _ = await asks(f"/gates/{launch}?manifest={manifest}")
                assert remote == json.loads(json.dumps(local))
            await step()


# --- evidence ---

DRILL = {
    "target": "fraud-detection",
    "item": "T-3",
    "name": "drill",
    "value": "4",
    "measured_at": "2026-11-22",
}


async def test_a_pipeline_gives_evidence_that_open_launches_see_at_once(store):
    room = Room(store, specs=(MEASURED,))
    launch = await room.opened()
    async with a_door(room) as asks:
        before = (await asks(f"/gates/{launch}"))[1]["items"]
        status, told, _ = await asks("/evidence", body={**DRILL, "link": "https://ci.example.com/7"})
        by_launch = await asks("/evidence", body={**DRILL, "target": launch, "value": "4.5"})
        after = (await asks(f"/gates/{launch}"))[1]["items"]

    assert (status, by_launch[0]) == (200, 200)
    assert told["text"] == "Kept for T-3 of fraud-detection: drill is 4."
    assert (before, after) == ({"T-3": "auto_fail"}, {"T-3": "needs_sign"})
    kept = room.store.read_sync(lambda session: evidence.newest(session, room.workspace, "fraud-detection"))
    assert [(each.value, each.by) for each in kept.values()] == [("4.5", "token:ci")]


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"value": "soon"}, 422, "minutes, such as 4.5"), ({"measured_at": "2027-01-01"}, 422, "still to come"),
        ({"item": "T-9"}, 422, "There is no item"), ({"target": "fraud"}, 422, "no launch and no product"),
        ({"value": 4}, 400, "Send JSON"), ({"states": []}, 400, "Send JSON"), ({"digest": "0" * 64}, 400, "Send JSON"),
        ({"by": "Ana"}, 400, "Send JSON"), ({"measured": "2026-11-22"}, 400, "Send JSON"),
    ],
)  # fmt: skip
async def test_evidence_that_is_not_sound_changes_nothing(sqlite_room, changed, status, said):
    measured = Room(sqlite_room.store, specs=(MEASURED,))
    async with a_door(measured) as asks:
        got, told, _ = await asks("/evidence", body={**DRILL, **changed})
        stranger = await asks("/evidence", body=DRILL, token="x" * 30)

    assert got == status
    assert said in told["error"]["text"]
    assert stranger[0] == 404
    assert not sqlite_room.store.read_sync(
        lambda session: evidence.newest(session, sqlite_room.workspace, "fraud-detection")
    )


# --- what the document says ---


def test_the_document_has_the_addresses_that_the_server_has(sqlite_room):
    door = GateDoor(services=sqlite_room.services, tokens={"ci": TOKEN}, asks_a_minute=1)
    served = {(route.method.lower(), route.path) for route in routes(door)}
    assert served == {(method, path) for path, each in openapi.DOCUMENT["paths"].items() for method in each}


def test_the_document_names_every_state_and_every_reason():
    said = openapi.DOCUMENT["components"]["schemas"]
    answer = said["answer"]["properties"]
    assert set(answer["state"]["enum"]) == {each.value for each in State}
    assert set(answer["items"]["additionalProperties"]["enum"]) == {each.value for each in ItemState}
    assert set(said["reason"]["properties"]["code"]["enum"]) == {each.value for each in ReasonCode}
    assert set(said["role"]["enum"]) == {each.value for each in Role}


def test_an_answer_that_the_document_does_not_know_is_found():
    said = openapi.response("get", "/gates/{launch}", 200)
    assert "answer lacks launch" in openapi.wrong({}, said)
    assert "answer has more besides" in openapi.wrong({"more": 1}, said)
    assert openapi.wrong({"error": {"text": 1}}, openapi.response("get", "/gates/{launch}", 404))


def test_what_the_tests_send_is_what_the_document_takes():
    assert openapi.wrong(DRILL, openapi.request("/evidence")) == []
    assert openapi.wrong({"manifest": ANOTHER}, openapi.request("/gates/{launch}/use")) == []


# --- a whole bot ---


async def test_a_running_bot_answers_those_who_have_a_token(tmp_path):
    from tests.test_server import a_bot

    async with a_bot(tmp_path, MUSTER_GATE_TOKENS=f"ci:{TOKEN}") as (_, _, muster):
        url = f"http://127.0.0.1:{muster.port}/gates/{NOBODY}"
        async with (
            aiohttp.ClientSession() as session,
            session.get(url) as stranger,
            session.get(url, headers={"Authorization": f"Bearer {TOKEN}"}) as known,
        ):
            assert (stranger.status, known.status) == (401, 404)
            assert openapi.wrong(await known.json(), openapi.response("get", "/gates/{launch}", 404)) == []
