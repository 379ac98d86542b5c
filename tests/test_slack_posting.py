"""The gateway to Slack, against the local Slack, and against servers that answer nonsense."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from bot.local_slack.faults import FaultKind
from bot.local_slack.response_urls import new_response_url
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import TokenState
from integrations.base import Call, IntegrationError, NotAuthorised, RateLimited, Unavailable
from integrations.pacer import Pace, Pacer
from integrations.slack import Slack, slack_session
from integrations.slack_errors import InvalidBlocks, Refused, Unsure, judged
from integrations.slack_values import key_metadata

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "Recall fell."}}]


@asynccontextmanager
async def a_slack(**options):
    async with LocalSlack(time_factor=20) as local, slack_session() as session:
        local.add_workspace("Acme")
        local.add_user("ada")
        app = local.add_app("Muster")
        local.add_channel("fraud", members=[local.user("ada"), app])
        slack = Slack(
            token=app.bot_token,
            session=session,
            base_url=local.base_url,
            pacer=Pacer(Pace(factor=100)),
            **({"request_s": 5.0} | options),
        )
        yield local, app, slack


@pytest.fixture
async def world():
    async with a_slack() as made:
        yield made


async def test_a_message_is_posted_with_its_key_and_found_by_it(world):
    local, _, slack = world
    channel = local.channel("fraud").id

    ts = await slack.post(channel, blocks=BLOCKS, text="Recall fell.", metadata=key_metadata("d1.0"))
    reply = await slack.post(
        channel, blocks=BLOCKS, text="More.", thread_ts=ts, metadata=key_metadata("d1.1")
    )

    assert [m["ts"] for m in local.thread(channel, ts)] == [ts, reply]
    assert await slack.find(channel, "d1.0", oldest=LONG_AGO) == ts
    assert await slack.find(channel, "d1.1", oldest=LONG_AGO, thread_ts=ts) == reply
    assert await slack.find(channel, "d1.2", oldest=LONG_AGO) is None
    assert await slack.find(channel, "d1.1", oldest=LONG_AGO) is None  # a reply does not stand in the channel


async def test_a_search_goes_on_to_the_last_short_page(world):
    local, _, slack = world
    channel = local.channel("fraud").id
    ts = await slack.post(channel, blocks=BLOCKS, text="first", metadata=key_metadata("d1.0"))
    for n in range(7):
        await local.say(local.user("ada"), channel, f"talk {n}")
    local.fail(FaultKind.SHORT, limit=2)

    assert await slack.find(channel, "d1.0", oldest=LONG_AGO) == ts
    assert len(local.calls("conversations.history")) == 4


@pytest.mark.parametrize(
    ("kind", "fields", "family"),
    [
        (FaultKind.RATE_LIMITED, {"seconds": 3}, RateLimited),
        (FaultKind.STATUS_BEFORE, {"status": 500}, Unsure),
        (FaultKind.STATUS_AFTER, {"status": 502}, Unsure),
        (FaultKind.HTML, {}, Unsure),
        (FaultKind.DROP_BEFORE, {}, Unsure),
        (FaultKind.DROP_AFTER, {}, Unsure),
        (FaultKind.APPEARS_LATE, {"seconds": 20}, Unsure),
        (FaultKind.SLOW, {"seconds": 20}, Unsure),
        (FaultKind.ERROR, {"error": "internal_error"}, Unsure),
        (FaultKind.ERROR, {"error": "fatal_error"}, Unsure),
        (FaultKind.ERROR, {"error": "request_timeout"}, Unavailable),
        (FaultKind.ERROR, {"error": "channel_not_found"}, Refused),
        (FaultKind.ERROR, {"error": "restricted_action_read_only_channel"}, Refused),
    ],
)
async def test_every_failure_of_a_post_is_named_by_what_happens_next(kind, fields, family):
    async with a_slack(request_s=0.3) as (local, _, slack):
        local.fail(kind, "chat.postMessage", **fields)

        with pytest.raises(IntegrationError) as caught:
            await slack.post(local.channel("fraud").id, blocks=BLOCKS, text="x")

        assert type(caught.value) is family
        assert len(local.calls("chat.postMessage")) <= 1  # one that hangs is logged later; never two


async def test_retry_after_is_told_and_kept(world):
    local, _, slack = world
    local.fail(FaultKind.RATE_LIMITED, "chat.postMessage", seconds=40, times=1)
    channel = local.channel("fraud").id

    with pytest.raises(RateLimited) as caught:
        await slack.post(channel, blocks=BLOCKS, text="x")
    with pytest.raises(RateLimited):
        await slack.pacer.turn(channel, within_s=0.1)
    await slack.post(channel, blocks=BLOCKS, text="y")  # an urgent post waits it out

    assert caught.value.retry_after_s == 40
    first, second = local.calls("chat.postMessage")
    assert second.at - first.at >= 0.4 - 0.01  # 40 s, divided by the factor


async def test_a_read_that_lost_its_answer_is_asked_once_more(world):
    local, _, slack = world
    channel = local.channel("fraud").id
    local.fail(FaultKind.DROP_BEFORE, "conversations.info", times=1)
    assert (await slack.channel(channel)).name == "fraud"

    local.fail(FaultKind.HTML, "conversations.info")
    with pytest.raises(Unavailable):
        await slack.channel(channel)
    assert len(local.calls("conversations.info")) == 4


async def test_a_held_read_is_not_even_asked(world):
    local, _, slack = world
    channel = local.channel("fraud").id
    local.fail(FaultKind.RATE_LIMITED, "conversations.history", seconds=60)

    for _ in range(2):
        with pytest.raises(RateLimited):
            await slack.history(channel)

    assert len(local.calls("conversations.history")) == 1


async def test_a_read_may_be_given_little_time(world):
    local, _, slack = world
    local.fail(FaultKind.SLOW, "users.info", seconds=4)

    with pytest.raises(Unavailable):
        await slack.user(local.user("ada").id, within_s=0.05)


async def test_wrong_blocks_are_told_with_their_place(world):
    local, _, slack = world
    wrong = [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]

    with pytest.raises(InvalidBlocks) as caught:
        await slack.post(local.channel("fraud").id, blocks=wrong, text="x")

    assert "/blocks/0" in caught.value.messages[0]


async def test_a_refusal_says_what_to_do(world):
    local, app, slack = world
    outside = local.add_channel("outside", private=True).id
    archived = local.add_channel("old", members=[app], archived=True).id

    with pytest.raises(Refused) as unknown:
        await slack.post(outside, blocks=BLOCKS, text="x")
    with pytest.raises(Refused) as closed:
        await slack.post(archived, blocks=BLOCKS, text="x")

    assert "/invite @Muster" in unknown.value.advice
    assert closed.value.error == "is_archived"
    assert not closed.value.everywhere


async def test_a_missing_scope_is_named(world):
    local, _, _ = world
    small = local.add_app("Small", scopes=["chat:write"])
    async with slack_session() as session:
        slack = Slack(token=small.bot_token, session=session, base_url=local.base_url)

        with pytest.raises(Refused) as caught:
            await slack.history(local.channel("fraud").id)

    assert "channels:history" in caught.value.advice


async def test_a_revoked_token_is_known_and_never_shown(world):
    local, app, slack = world
    local.set_token(app, TokenState.REVOKED)

    with pytest.raises(Refused) as caught:
        await slack.post(local.channel("fraud").id, blocks=BLOCKS, text="x")

    assert caught.value.error == "token_revoked"
    assert caught.value.everywhere
    shown = f"{caught.value!r} {caught.value} {caught.value.advice} {slack!r}"
    assert app.bot_token not in shown


async def test_a_slack_that_is_not_there_was_certainly_not_written_to(world, unused_port):
    _, app, _ = world
    async with slack_session() as session:
        slack = Slack(token=app.bot_token, session=session, base_url=f"http://127.0.0.1:{unused_port}/api/")

        with pytest.raises(Unavailable):
            await slack.post("C1", blocks=BLOCKS, text="x")


@pytest.fixture
async def unused_port():
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


@asynccontextmanager
async def answering(**answer):
    """Serve one answer to everything."""

    async def give(_request):
        return web.Response(**answer)

    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", give)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "bad gateway", "status": 502},
        {"text": "all good", "status": 200},
        {"text": "{broken", "status": 200, "content_type": "application/json"},
        {"text": "[1]", "status": 200, "content_type": "application/json"},
        {"text": "null", "status": 200, "content_type": "application/json"},
        {"text": "<html>xoxb-secret</html>", "status": 200, "content_type": "text/html"},
        {"text": '{"ok": true}', "status": 200, "content_type": "application/json"},
        {"text": '{"ok": false}', "status": 200, "content_type": "application/json"},
        {"body": b"\xff\xfe", "status": 200, "content_type": "application/json"},
    ],
)
async def test_an_answer_that_is_none_leaves_a_post_unsure_and_shows_nothing(answer):
    async with answering(**answer) as base_url, slack_session() as session:
        slack = Slack(token="xoxb-secret", session=session, base_url=base_url)

        with pytest.raises(Unsure) as caught:
            await slack.post("C1", blocks=BLOCKS, text="x")

    assert "xoxb-secret" not in str(caught.value)


async def test_a_429_without_json_is_still_a_limit():
    async with (
        answering(text="slow down", status=429, headers={"Retry-After": "17"}) as base_url,
        slack_session() as session,
    ):
        slack = Slack(token="xoxb-1", session=session, base_url=base_url)

        with pytest.raises(RateLimited) as caught:
            await slack.post("C1", blocks=BLOCKS, text="x")

    assert caught.value.retry_after_s == 17


async def test_the_surface_of_a_person(world):
    local, app, slack = world
    ada, channel = local.user("ada"), local.channel("fraud").id
    group = local.add_group("ml", members=[ada])
    me = await slack.auth_test()
    dm = await slack.direct(ada.id)
    ts = await slack.post(dm, blocks=BLOCKS, text="hello")
    await slack.update(dm, ts, blocks=BLOCKS, text="changed")
    await slack.ephemeral(channel, ada.id, blocks=BLOCKS, text="only you")
    await slack.publish_home(ada.id, {"type": "home", "blocks": BLOCKS})

    assert (me.team, me.user) == (app.team_id, app.bot_user_id)
    assert [m["text"] for m in local.messages(dm)] == ["changed"]
    assert local.ephemerals(ada, channel)[0]["text"] == "only you"
    assert local.home(ada)["blocks"][0]["text"]["text"] == "Recall fell."
    assert await slack.group_members(group.id) == (ada.id,)
    assert (await slack.user(ada.id))["name"] == "ada"
    assert (await slack.permalink(dm, ts)).endswith(f"/archives/{dm}/p{ts.replace('.', '')}")


async def test_a_modal_is_opened_changed_and_covered(world):
    local, app, slack = world
    ada = local.user("ada")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Readers"}, "blocks": BLOCKS}

    def trigger(view_id=""):
        return local.state.trigger(app_id=app.id, user_id=ada.id, team_id=app.team_id, view_id=view_id)

    opened = await slack.open_view(trigger(), view, within_s=2)
    changed = await slack.update_view(opened["id"], view, hash=opened["hash"])
    pushed = await slack.push_view(trigger(opened["id"]), view)

    assert [v["id"] for v in local.views(ada)] == [changed["id"], pushed["id"]]
    with pytest.raises(Refused) as caught:
        await slack.update_view(opened["id"], view, hash=opened["hash"])
    assert caught.value.error == "hash_conflict"


async def test_a_file_goes_up_in_three_steps(world):
    local, _, slack = world
    channel = local.channel("fraud").id

    file_id = await slack.upload(channel, filename="recall.csv", content=b"week,recall\n", title="Recall")

    assert local.state.files[file_id].content == b"week,recall\n"
    assert [c.method for c in local.calls() if c.method.startswith("files.")] == [
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
    ]


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://hooks.slack.com/commands/T1/2/3", True),
        ("https://hooks.slack.com:443/commands/T1", True),
        ("https://slack.com/api/x", True),
        ("http://hooks.slack.com/commands/T1/2/3", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evilslack.com/x", False),
        ("https://slack.com@evil.example/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://hooks.slack.com:port/x", False),
        ("http://127.0.0.1:9/response", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
async def test_only_slacks_own_addresses_are_answered(url, leads):
    async with aiohttp.ClientSession() as session:
        slack = Slack(token="xoxb-1", session=session)

        assert slack.addresses.leads_to_slack(url) is leads
        if not leads:
            with pytest.raises(NotAuthorised):
                await slack.respond(url, {"text": "hello"})


async def test_a_response_url_is_answered(world):
    local, app, slack = world
    ada, channel = local.user("ada"), local.channel("fraud").id
    url = new_response_url(local.state, app, channel_id=channel, user_id=ada.id)

    for _ in range(5):
        await slack.respond(url, {"text": "hello"})
    with pytest.raises(Refused):  # it may be used five times
        await slack.respond(url, {"text": "hello"})

    assert [m["text"] for m in local.ephemerals(ada, channel)] == ["hello"] * 5


def test_no_refusal_is_without_advice():
    for error in ("not_in_channel", "token_revoked", "missing_scope", "restricted_action", "never_heard_of"):
        found = judged(
            Call(source="Slack", asked="chat.postMessage"), status=200, headers={},
            body={"ok": False, "error": error, "needed": "chat:write"}, writes=True,
        )  # fmt: skip
        assert isinstance(found, Refused)
        assert found.advice.endswith(".")
