import asyncio
import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.local_slack.faults import Fault, FaultBook, FaultKind
from tests.local_slacks import (  # noqa: F401 - a fixture
    a_workspace,
    an_acme,
    bolt,
    in_socket_mode,
    modal,
    refused,
)


async def post(world, text="x", **more):
    return await world.client.chat_postMessage(channel=world.ops.id, text=text, **more)


async def test_429_comes_as_often_as_asked_and_for_its_method_only(acme):
    acme.slack.fail("rate_limited", "chat.postMessage", times=2, seconds=7)
    for _ in range(2):
        async with refused("ratelimited") as raised:
            await post(acme)
        assert raised.value.response.status_code == 429
        assert raised.value.response.headers["Retry-After"] == "7"
    assert (await acme.client.auth_test())["ok"]
    assert (await post(acme))["ok"]
    assert [c.fault for c in acme.slack.calls("chat.postMessage")] == ["rate_limited", "rate_limited", ""]


@pytest.mark.parametrize(("kind", "posted"), [("status_before", 0), ("status_after", 1)])
async def test_a_5xx_comes_before_or_after_the_work(acme, kind, posted):
    acme.slack.fail(kind, "chat.postMessage", times=1, status=503)
    with pytest.raises(SlackApiError) as raised:
        await post(acme)
    assert raised.value.response.status_code == 503
    assert isinstance(raised.value.response.data, str)
    assert len(acme.slack.messages(acme.ops)) == posted


@pytest.mark.parametrize(("kind", "posted"), [("drop_before", 0), ("drop_after", 1)])
async def test_the_connection_is_cut_before_or_after_the_work(acme, kind, posted):
    acme.slack.fail(kind, "chat.postMessage", times=1)
    with pytest.raises(aiohttp.ClientError):
        await post(acme)
    assert len(acme.slack.messages(acme.ops)) == posted


async def test_the_sdks_own_retry_after_a_lost_answer_posts_twice(acme):
    client = AsyncWebClient(
        token=acme.app.bot_token, base_url=acme.slack.base_url
    )  # with its default handler
    acme.slack.fail("drop_after", "chat.postMessage", times=1)
    await client.chat_postMessage(channel=acme.ops.id, text="once?")
    assert len(acme.slack.messages(acme.ops)) == 2


async def test_html_comes_with_200(acme):
    acme.slack.fail("html", "chat.postMessage", times=1)
    with pytest.raises(SlackApiError) as raised:
        await post(acme)
    assert (raised.value.response.status_code, raised.value.response.data) == (200, {})
    assert acme.slack.messages(acme.ops) == []


async def test_a_named_error_is_given_without_the_work(acme):
    acme.slack.fail("error", "conversations.history", error="missing_scope")
    async with refused("missing_scope"):
        await acme.client.conversations_history(channel=acme.ops.id)


async def test_a_slow_answer_is_slow_by_the_time_factor():
    async with a_workspace(time_factor=100) as world:
        world.slack.fail("slow", "auth.test", times=1, seconds=20)
        started = time.perf_counter()
        await world.client.auth_test()
        assert 0.2 <= time.perf_counter() - started < 2


async def test_a_post_appears_after_its_request_timed_out():
    async with a_workspace(time_factor=100) as world:
        client = AsyncWebClient(token=world.app.bot_token, base_url=world.slack.base_url, timeout=0.05)
        client.timeout = 0.05
        world.slack.fail("appears_late", "chat.postMessage", times=1, seconds=20)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.chat_postMessage(channel=world.ops.id, text="late")
        assert world.slack.messages(world.ops) == []
        await world.slack.wait_for(lambda: world.slack.messages(world.ops))
        await world.slack.settled()


async def test_history_is_short_with_more_to_come(acme):
    for i in range(5):
        await post(acme, str(i))
    acme.slack.fail("short", "conversations.history", limit=2)
    page = await acme.client.conversations_history(channel=acme.ops.id, limit=100)
    assert ([m["text"] for m in page["messages"]], page["has_more"]) == (["4", "3"], True)


async def test_a_fault_falls_on_one_channel_after_so_many_passed(acme):
    other = acme.slack.add_channel("other", members=[acme.app])
    acme.slack.fail("error", "chat.postMessage", channel=other.id, skip=1, times=1)
    await post(acme)
    await acme.client.chat_postMessage(channel=other.id, text="passes")
    async with refused("internal_error"):
        await acme.client.chat_postMessage(channel=other.id, text="strikes")
    await acme.client.chat_postMessage(channel=other.id, text="passes")


def test_chance_repeats_with_its_seed():
    def strikes(seed):
        book = FaultBook(seed)
        book.add(Fault(kind=FaultKind.SLOW, probability=0.3))
        return [book.strike(frozenset({FaultKind.SLOW}), "m") is not None for _ in range(200)]

    assert strikes(5) == strikes(5)
    assert strikes(5) != strikes(6)
    assert 30 < sum(strikes(5)) < 90


@pytest.mark.parametrize(("kind", "ids"), [("doubled", 1), ("doubled_new_id", 2)])
async def test_an_event_comes_twice_with_the_same_or_another_id(acme, kind, ids):
    app = bolt(acme)
    heard = []

    @app.event("app_mention")
    async def _(body):
        heard.append((body["event_id"], body["event"]["ts"]))

    async with in_socket_mode(app, acme):
        acme.slack.fail(kind, "app_mention", times=1)
        await acme.slack.say(acme.ann, acme.ops, "@example hi")
        await acme.slack.wait_for(lambda: len(heard) == 2)

    assert len({event_id for event_id, _ in heard}) == ids
    assert len({ts for _, ts in heard}) == 1


async def test_a_command_and_an_event_are_lost_on_their_way(acme):
    acme.slack.fail("lost", "app_mention", times=1)
    await acme.slack.say(acme.ann, acme.ops, "@example hi")
    await acme.slack.wait_for(lambda: acme.slack.sent("app_mention"))
    assert acme.slack.sent("app_mention")[0].outcome == "lost"
    acme.slack.fail("lost", "/example", times=1)
    assert (await acme.slack.command(acme.ann, acme.ops, "/example")).outcome == "lost"


async def test_a_trigger_comes_expired(acme):
    app = bolt(acme)
    errors = []

    @app.command("/example")
    async def _(ack, command, client):
        async with refused("expired_trigger_id"):
            await client.views_open(trigger_id=command["trigger_id"], view=modal())
        errors.append("expired")
        await ack()

    async with in_socket_mode(app, acme):
        acme.slack.fail("trigger_expired", "/example", times=1)
        await acme.slack.command(acme.ann, acme.ops, "/example")
    assert errors == ["expired"]


async def test_the_socket_client_comes_back_after_a_disconnect_and_after_a_cut(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack):
        await ack("here")

    async with in_socket_mode(app, acme):
        first = len(acme.slack.calls("apps.connections.open"))
        await acme.slack.disconnect(acme.app)
        await acme.slack.wait_for(lambda: len(acme.slack.calls("apps.connections.open")) > first)
        await acme.slack.wait_for(lambda: acme.slack.sockets.connected(acme.app))
        assert (await acme.slack.command(acme.ann, acme.ops, "/example")).acked

        acme.slack.drop_sockets(acme.app)
        await acme.slack.wait_for(lambda: not acme.slack.sockets.connected(acme.app))
        assert (await acme.slack.command(acme.ann, acme.ops, "/example")).outcome == "no_connection"
        await acme.slack.wait_for(lambda: acme.slack.sockets.connected(acme.app), timeout_s=15)
        assert (await acme.slack.command(acme.ann, acme.ops, "/example")).acked


async def test_an_app_token_that_is_wrong_or_revoked_is_told_so(acme):
    async with refused("invalid_auth"):
        await acme.client.apps_connections_open(app_token="xapp-wrong")
    async with refused("not_allowed_token_type"):
        await acme.client.apps_connections_open(app_token=acme.app.bot_token)
    acme.slack.change_app(acme.app, app_token_state="token_revoked")
    async with refused("token_revoked"):
        await acme.client.apps_connections_open(app_token=acme.app.app_token)


async def test_posting_is_limited_to_one_a_second_and_channel_after_a_burst(acme):
    other = acme.slack.add_channel("other", members=[acme.app])
    acme.slack.enforce_limits(burst=3)
    for _ in range(3):
        await post(acme)
    async with refused("ratelimited") as raised:
        await post(acme)
    assert raised.value.response.headers["Retry-After"] == "1"
    assert (await acme.client.chat_postMessage(channel=other.id, text="x"))["ok"]

    acme.slack.clock.advance(1.05)
    assert (await post(acme))["ok"]
    async with refused("ratelimited"):
        await post(acme)


async def test_a_workspaces_posts_are_limited_a_minute(acme):
    rooms = [acme.slack.add_channel(f"r{i}", members=[acme.app]) for i in range(5)]
    acme.slack.enforce_limits(workspace_posts=4)
    for room in rooms[:4]:
        await acme.client.chat_postMessage(channel=room.id, text="x")
    async with refused("ratelimited"):
        await acme.client.chat_postMessage(channel=rooms[4].id, text="x")
    acme.slack.clock.advance(61)
    assert (await acme.client.chat_postMessage(channel=rooms[4].id, text="x"))["ok"]


async def test_the_tiers_of_methods_are_kept(acme):
    acme.slack.enforce_limits(posting=False, tiers=True)
    for _ in range(20):
        await acme.client.users_list()
    async with refused("ratelimited"):
        await acme.client.users_list()
    assert (await acme.client.users_info(user=acme.ann.id))["ok"]
    acme.slack.clock.advance(61)
    assert (await acme.client.users_list())["ok"]


async def test_the_time_factor_divides_limits_too():
    async with a_workspace(time_factor=1000) as world:
        world.slack.enforce_limits()
        for i in range(3):
            await asyncio.sleep(0.002)
            await post(world, str(i))
    assert len(world.slack.messages(world.ops)) == 3


async def test_a_response_url_can_fail_after_the_work(acme):
    app = bolt(acme)
    seen = []

    @app.command("/example")
    async def _(ack, respond):
        seen.append((await respond("x", response_type="in_channel")).status_code)
        await ack()

    async with in_socket_mode(app, acme):
        acme.slack.fail("status_after", "response_url", times=1, status=502)
        await acme.slack.command(acme.ann, acme.ops, "/example")
    assert seen == [502]
    assert len(acme.slack.messages(acme.ops)) == 1


async def test_thousands_of_posts_take_time_in_proportion(acme):
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=acme.app.bot_token, base_url=acme.slack.base_url, session=session)

        async def posts(n):
            started = time.perf_counter()
            for i in range(n):
                await client.chat_postMessage(channel=acme.ops.id, text=str(i))
            return time.perf_counter() - started

        await posts(100)
        first = await posts(300)
        log = acme.slack.state.logs[acme.ops.id]
        for i in range(20_000):
            log.add({"type": "message", "text": str(i), "ts": log.next_ts(time.time())})
        assert await posts(300) < first * 4 + 0.5
        page = await client.conversations_history(channel=acme.ops.id, limit=50)
        assert len(page["messages"]) == 50
