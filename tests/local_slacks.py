"""A local Slack with two people, a channel and an app, and unmodified Bolt apps that talk to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.local_slack.server import LocalSlack

EVENTS = ("app_mention", "app_home_opened", "member_joined_channel", "reaction_added", "message.im")


@asynccontextmanager
async def a_workspace(**settings):
    async with LocalSlack(**settings) as slack:
        ann = slack.add_user("ann", real_name="Ann Keller", tz="Europe/Berlin")
        bob = slack.add_user("bob", real_name="Bob Lindt")
        app = slack.add_app("Example", commands=["/example"], events=EVENTS)
        ops = slack.add_channel("ops", members=[ann, bob, app])
        client = AsyncWebClient(token=app.bot_token, base_url=slack.base_url, timeout=5, retry_handlers=[])
        yield SimpleNamespace(slack=slack, ann=ann, bob=bob, app=app, ops=ops, client=client)


@pytest.fixture(name="acme")
async def an_acme():
    async with a_workspace() as world:
        yield world


def bolt(world, **settings) -> AsyncApp:
    secret = world.app.signing_secret
    return AsyncApp(client=world.client, signing_secret=secret, process_before_response=True, **settings)


@asynccontextmanager
async def in_socket_mode(app: AsyncApp, world) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app, world.app.app_token)
    await handler.connect_async()
    await world.slack.wait_for(lambda: world.slack.sockets.connected(world.app))
    try:
        yield handler
    finally:
        await handler.close_async()


@asynccontextmanager
async def over_http(app: AsyncApp, world) -> AsyncIterator[None]:
    runner = web.AppRunner(app.web_app(path="/slack/events"))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    world.slack.change_app(world.app, mode="http", request_url=f"http://127.0.0.1:{port}/slack/events")
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def refused(error: str, **answer):
    """Expect Slack's `ok: false` with this error, and these parts of the answer."""
    with pytest.raises(SlackApiError) as raised:
        yield raised
    assert raised.value.response["error"] == error
    for key, value in answer.items():
        assert raised.value.response[key] == value


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def section(text: str = "words") -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str = "go", value: str = "1", text: str = "Go") -> dict:
    return {"type": "button", "action_id": action_id, "value": value, "text": plain(text)}


def actions(*elements: dict) -> dict:
    return {"type": "actions", "block_id": "acts", "elements": list(elements)}


def text_input(block_id: str = "amount", action_id: str = "a", **more) -> dict:
    element = {"type": "plain_text_input", "action_id": action_id}
    return {"type": "input", "block_id": block_id, "label": plain("Amount"), "element": element} | more


def modal(*blocks: dict, **more) -> dict:
    shown = {"type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Send")}
    return shown | {"blocks": list(blocks) or [text_input()]} | more


def home(*blocks: dict) -> dict:
    return {"type": "home", "blocks": list(blocks)}
