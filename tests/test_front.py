"""The short way past Bolt: what takes it, and that it changes no answer."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from slack_bolt import BoltResponse
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.server import acknowledged
from handlers.listeners.app import Identity
from handlers.listeners.front import asked
from handlers.listeners.ids import COMMAND, Action, Callback
from handlers.listeners.showing import Kind, acked
from handlers.listeners.tasks import Tasks
from integrations.slack_values import Me
from tests import builders
from tests.test_server import a_bot, sends, signed

MODULE = pytest.mark.asyncio(loop_scope="module")

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory):
    async with a_bot(tmp_path_factory.mktemp("front"), MUSTER_SLACK_MODE="http") as (_, app, muster):
        yield app, muster, (await muster.slack.auth_test()).team


def form(body):
    return urlencode({"payload": json.dumps(body)})


def answers(team):
    """Write what Slack sends when somebody saves answers to items that they were never shown."""
    block = "answer.LR-17"
    chosen = {"type": "radio_buttons", "selected_option": {"value": "sign"}}
    view = {
        "id": "V1", "type": "modal", "callback_id": Callback.ITEMS.value,
        "private_metadata": json.dumps({"launch": "fraud-1", "showing": "s1"}),
        "blocks": [{"type": "input", "block_id": block}], "state": {"values": {block: {block: chosen}}},
    }  # fmt: skip
    user, ours = {"id": builders.LEA, "team_id": team}, {"id": team}
    return {"type": "view_submission", "team": ours, "user": user, "trigger_id": "1.2.3", "view": view}


def verified(body):
    return AsyncBoltRequest(body=body, mode="socket_mode")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"type": "view_submission", "view": {"callback_id": "items_answered"}}, (Kind.VIEW, "items_answered")),
        ({"type": "block_actions", "actions": [{"action_id": "launch_why"}, {}]}, (Kind.ACTION, "launch_why")),
        ({"type": "view_closed", "view": {"callback_id": "items_answered"}}, None),
        ({"type": "view_submission", "view": {"callback_id": None}}, None),
        ({"type": "view_submission", "view": []}, None),
        ({"type": "block_actions", "actions": []}, None),
        ({"type": "block_actions", "actions": {"action_id": "launch_why"}}, None),
        ({"type": "interactive_message", "callback_id": "x", "actions": [{"name": "launch_why"}]}, None),
        ({"type": "event_callback", "event": {"type": "app_mention"}}, None),
        ({"command": "/muster", "text": "help"}, (Kind.COMMAND, "/muster")),
        ({"command": "/muster", "type": "view_closed"}, None),
        ({"command": None}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_is_pressed_or_typed_is_named_and_nothing_else(body, name):
    assert asked(body) == name


@MODULE
async def test_all_that_is_pressed_or_typed_has_its_short_way_and_events_have_none(bot):
    _, muster, _ = bot

    assert set(muster.app.rows) == {
        (Kind.COMMAND, COMMAND),
        *((Kind.ACTION, each.value) for each in Action),
        *((Kind.VIEW, each.value) for each in Callback),
    }


@MODULE
async def test_a_press_goes_the_short_way_and_gets_the_answer_that_bolt_would_bring(bot):
    _, muster, team = bot
    request = AsyncBoltRequest(body=answers(team), mode="socket_mode")

    through = await AsyncApp.async_dispatch(muster.app, request)
    direct = await muster.app.async_dispatch(request)

    assert muster.app.short_way(request.body) is not None
    assert "What you were shown is not known here any more" in direct.body
    assert (direct.status, direct.body, direct.headers) == (through.status, through.body, through.headers)


@MODULE
@pytest.mark.parametrize("text", ["help", "brief nothing-like-it", ""])
async def test_a_command_goes_the_short_way_and_gets_the_answer_that_bolt_would_bring(bot, text):
    _, muster, team = bot
    typed = {
        "command": COMMAND, "text": text, "team_id": team, "user_id": builders.LEA, "channel_id": builders.CHANNEL,
        "response_url": "", "trigger_id": "1.2.4",
    }  # fmt: skip

    through = await AsyncApp.async_dispatch(muster.app, verified(typed))
    direct = await muster.app.async_dispatch(verified(typed))
    await muster.desk.tasks.idle()

    assert muster.app.short_way(typed) is not None
    assert direct.body
    assert (direct.status, direct.body, direct.headers) == (through.status, through.body, through.headers)


class Slow:
    """A Slack that counts how often it is asked who we are."""

    asked = 0

    async def auth_test(self):
        self.asked += 1
        return Me(team="T1", user="U1", bot="B1", url="")


async def test_many_presses_in_one_moment_ask_slack_once_who_we_are():
    slack, clock, tasks = Slow(), [datetime(2026, 11, 23, tzinfo=UTC)], Tasks()
    identity = Identity(slack, lambda: clock[0], tasks)
    await identity.mine("T1")
    clock[0] += timedelta(hours=1)

    assert all(identity.ours("T1") for _ in range(50))
    assert not identity.ours("T2")
    await tasks.idle()

    assert slack.asked == 2


async def test_an_empty_ack_is_what_bolt_makes_of_it():
    quick, whole = await acknowledged(acked()), await to_aiohttp_response(acked())

    assert (quick.status, quick.body, quick.content_type) == (200, None, whole.content_type)
    assert (await acknowledged(acked({"a": 1}))).text == '{"a": 1}'
    cookie = BoltResponse(status=200, body="", headers={"set-cookie": ["a=b"]})
    assert (await acknowledged(cookie)).cookies.keys() == {"a"}


@MODULE
async def test_a_press_from_another_workspace_reaches_no_handler(bot):
    app, muster, _ = bot
    body = form(answers("T0OTHER001"))

    status, text = await sends(muster, body, signed(app, body))

    assert status == 200
    assert "your installation with this app is no longer available" in text


@MODULE
async def test_a_press_that_nobody_verified_is_verified_by_bolt(bot):
    _, muster, team = bot
    headers = {"content-type": ["application/x-www-form-urlencoded"]}

    answer = await muster.app.async_dispatch(AsyncBoltRequest(body=form(answers(team)), headers=headers))

    assert answer.status == 401
