"""The HTTP server of a running bot: what it takes from Slack, and what it tells those who watch over it."""

import asyncio
import hashlib
import hmac
import io
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import unquote_plus, urlencode

import aiohttp
import aiohttp.web
import pytest
import pytest_asyncio
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from bot.app import opened
from bot.demo import apply
from bot.files import Secrets, catalogue
from bot.local_slack.server import LocalSlack
from bot.server import Doors, application, said, unescaped
from bot.settings import Settings
from bot.workspaces import NO_CONFIGURATION, Workspaces
from integrations.store.engine import Store
from tests import builders
from tests.conversations import MANIFEST, words
from tests.databases import fresh_url
from tests.test_cli import written

TOKEN = "metrics-token"
FORM = "application/x-www-form-urlencoded"
MODULE = pytest.mark.asyncio(loop_scope="module")

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")


@asynccontextmanager
async def a_bot(folder, **settings):
    """Run a whole bot beside a local Slack."""
    builders.write_outcomes(folder)
    async with LocalSlack() as slack:
        slack.add_workspace("Acme")
        for name, id_ in (
            ("ana", builders.ANA),
            ("ben", builders.BEN),
            ("pia", builders.PIA),
            ("lea", builders.LEA),
        ):
            slack.add_user(name, id=id_)
        app = slack.add_app_from_manifest(MANIFEST)
        slack.add_channel("fraud", id=builders.CHANNEL, members=[slack.user("lea"), app])
        made = Settings.from_env({
            "MUSTER_HOME": str(folder), "MUSTER_CONFIG": str(folder / "muster.yaml"), "MUSTER_SLACK_API_URL": slack.base_url, "MUSTER_SLACK_BOT_TOKEN": app.bot_token,
            "MUSTER_SLACK_APP_TOKEN": app.app_token, "MUSTER_SLACK_SIGNING_SECRET": app.signing_secret, "MUSTER_HTTP_PORT": "0",
            "MUSTER_METRICS_TOKEN": TOKEN, **settings,
        })  # fmt: skip
        await apply(made, written(folder / "muster.yaml", builders.document()), lambda: builders.NOW)
        async with opened(made, Secrets(environment={}), now=lambda: builders.NOW) as muster:
            if settings.get("MUSTER_SLACK_MODE") == "http":
                address = f"http://127.0.0.1:{muster.port}/slack/events"
                slack.change_app(app, mode="http", request_url=address)
            yield slack, app, muster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory):
    async with a_bot(tmp_path_factory.mktemp("server"), MUSTER_SLACK_MODE="http") as running:
        yield running


def signed(app, body, *, timestamp=None, secret=None):
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    base = f"v0:{timestamp}:{body}".encode()
    signature = hmac.new((secret or app.signing_secret).encode(), base, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={signature}",
        "Content-Type": FORM,
    }


def typed(text):
    """Write a slash command as Slack sends it."""
    return urlencode(
        {
            "command": "/muster",
            "text": text,
            "user_id": builders.LEA,
            "team_id": "",
            "channel_id": builders.CHANNEL,
        }
    )


async def sends(muster, body, headers, path="slack/events"):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{muster.port}/{path}", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def asks(port, path, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


# --- what comes from Slack ---


@MODULE
@pytest.mark.parametrize("text", ["help", "show payload"])
async def test_a_request_that_is_not_signed_by_slack_is_refused(bot, text):
    _, app, muster = bot
    body = typed(text)
    good = signed(app, body)
    refused = [
        {},
        {name: value for name, value in good.items() if name != "X-Slack-Signature"},
        {name: value for name, value in good.items() if name != "X-Slack-Request-Timestamp"},
        signed(app, body, secret="another-secret"),
        signed(app, body + "&more=1"),
        signed(app, body, timestamp=str(int(time.time()) - 600)),
        signed(app, body, timestamp=str(int(time.time()) + 600)),
        signed(app, body, timestamp="yesterday"),
        signed(app, body, timestamp="-5"),
        signed(app, body, timestamp="²"),
        signed(app, body, timestamp="9" * 400),
        {**good, "X-Slack-Signature": "v0=\u00e9".encode().decode("latin-1")},
    ]  # fmt: skip

    for headers in refused:
        status, answer = await sends(muster, body, {"Content-Type": FORM, **headers})
        assert status == 401, headers
        assert "muster" not in answer.lower()


@MODULE
async def test_bytes_that_are_no_text_and_bodies_that_are_huge_are_refused(bot):
    _, app, muster = bot

    assert (await sends(muster, b"\xff\xfe", signed(app, "x")))[0] == 400
    assert (await sends(muster, io.BytesIO(b"a" * 3_000_000), signed(app, "x")))[0] == 413


@MODULE
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("show payload", "I do not know `show`"),
        ("payload", "I do not know `payload`"),
        ("brief payload=x&payload", "There is no product `payload=x&amp;payload`"),
        ("p%61yload + ü", "I do not know `p%61yload`"),
    ],
)
async def test_a_command_that_holds_the_word_payload_comes_through_whole(bot, text, answer):
    slack, _, muster = bot
    sent = await slack.command(builders.LEA, builders.CHANNEL, f"/muster {text}")
    await muster.desk.tasks.idle()

    assert sent.acked, sent
    assert sent.problems == []
    assert answer in words(sent.ack)


@MODULE
async def test_a_mention_that_holds_the_word_payload_is_heard(bot):
    slack, app, muster = bot
    await slack.say(builders.LEA, builders.CHANNEL, f"<@{app.bot_user_id}> brief payload")
    await slack.wait_for(
        lambda: [m for m in slack.ephemerals(builders.LEA, builders.CHANNEL) if "`payload`" in words(m)]
    )
    await muster.desk.tasks.idle()


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name != "payload"), st.text(), min_size=1))
def test_a_form_is_read_as_it_was_written(fields):
    wanted = {
        name.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
        for name, value in fields.items()
    }

    assert said(urlencode(wanted)) == wanted
    assert said(urlencode({"payload": json.dumps(wanted)})) == wanted
    assert said(urlencode({"token": "x", "payload": json.dumps(wanted)})) == wanted
    assert said(json.dumps(wanted)) == wanted


def test_half_a_character_is_read_as_it_is():
    assert said('{"text": "\\ud83d"}') == {"text": "\ud83d"}


@given(st.one_of(st.text(), st.text(alphabet='%+=\\"0349adADfFgnu _\t\r\n\0é', max_size=12)))
@example("%c3%28%")
@example("%e2%82")
@example("%\n%3D%%41=")
@example("a%20 \t")
@example("%%3D")
@example("%")
@example("%41%")
@example("%%")
@example("%4%414")
@example("\\u0041\\n")
@example('"+"')
def test_a_field_is_read_as_by_the_library(value):
    assert unescaped(value) == unquote_plus(value)


@MODULE
@pytest.mark.parametrize("body", ["payload=%5B1%5D", "payload=%7B", "{", "payload=", "x=1&payload=2"])
async def test_what_is_signed_and_cannot_be_read_is_refused(bot, body):
    _, app, muster = bot

    assert (await sends(muster, body, signed(app, body)))[0] == 400


@MODULE
async def test_an_address_that_slack_checks_is_confirmed(bot):
    _, app, muster = bot
    body = '{"type": "url_verification", "challenge": "abc", "token": "x"}'

    status, answer = await sends(muster, body, {**signed(app, body), "Content-Type": "application/json"})

    assert status == 200
    assert "abc" in answer


# --- what those ask who watch over it ---


@MODULE
async def test_slacks_look_at_the_certificate_is_let_in_unsigned(bot):
    _, _, muster = bot

    assert await sends(muster, "ssl_check=1&token=x", {"Content-Type": FORM}) == (200, "")


@MODULE
async def test_a_running_bot_is_alive_and_ready(bot):
    _, _, muster = bot

    assert await asks(muster.port, "healthz") == (200, "ok")
    assert await asks(muster.port, "readyz") == (200, "ok")
    assert (await asks(muster.port, "slack/events"))[0] == 405
    assert (await asks(muster.port, "nothing/here"))[0] == 404


@MODULE
async def test_metrics_are_for_those_with_the_token(bot):
    _, _, muster = bot

    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
    ):
        assert (await asks(muster.port, "metrics", **headers))[0] == 401
    status, text = await asks(muster.port, "metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert "muster_up 1.0" in text


async def test_metrics_without_a_token_are_closed_and_an_empty_one_opens_nothing():
    async def ready():
        return None

    doors = Doors(slack=None, ready=ready, registry=CollectorRegistry(), metrics_token=None)
    async with a_server(doors) as port:
        assert (await asks(port, "metrics"))[0] == 401
        assert (await asks(port, "metrics", Authorization="Bearer "))[0] == 401
        assert (await sends_to(port))[0] == 404  # in Socket Mode nothing is taken over HTTP


@asynccontextmanager
async def a_server(doors):
    runner = aiohttp.web.AppRunner(application(doors))
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def sends_to(port):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/slack/events", data="x") as answer,
    ):
        return answer.status, await answer.text()


async def test_a_bot_whose_socket_is_down_is_not_ready_and_comes_back(tmp_path):
    async with a_bot(tmp_path) as (slack, app, muster):
        await slack.wait_for(lambda: slack.sockets.connected(app))
        assert await asks(muster.port, "readyz") == (200, "ok")

        slack.fail("refuse_ticket", "socket")
        slack.drop_sockets(app)
        await slack.wait_for(lambda: not slack.sockets.connected(app))
        assert await asks(muster.port, "readyz") == (503, "The connection to Slack is down.")
        assert await asks(muster.port, "healthz") == (200, "ok")

        slack.heal()
        async with asyncio.timeout(8):
            while not slack.sockets.connected(app):
                muster.clocks[-1].wake()
                await asyncio.sleep(0.05)
        assert await asks(muster.port, "readyz") == (200, "ok")


async def test_a_bot_whose_database_is_gone_is_not_ready(tmp_path):
    async with a_bot(tmp_path, MUSTER_SLACK_MODE="http") as (_, _, muster):
        gone = Store(fresh_url("sqlite"))
        await gone.close()
        muster.store = gone
        status, why = await asks(muster.port, "readyz")

    assert (status, why) == (503, "The store is closed; nothing was read.")


async def test_a_bot_for_which_nothing_is_applied_is_not_ready(tmp_path):
    async with a_bot(tmp_path, MUSTER_SLACK_MODE="http") as (_, _, muster):
        empty = Store(fresh_url("sqlite"))
        nothing = Workspaces(store=empty, catalogue=catalogue(), secrets=str, folder=tmp_path)
        kept, muster.services = muster.services, replace(muster.services, snapshot=nothing)
        status, why = await asks(muster.port, "readyz")
        muster.services = kept
        await empty.close()

    assert (status, why) == (503, NO_CONFIGURATION)
