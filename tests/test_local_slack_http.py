import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from bot.local_slack.http_delivery import signature
from tests.local_slacks import (  # noqa: F401 - a fixture
    a_workspace,
    actions,
    an_acme,
    bolt,
    button,
    modal,
    over_http,
    section,
    text_input,
)


async def test_a_command_and_its_modal_go_over_signed_http(acme):
    app = bolt(acme)
    submitted = []

    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input()))
        await ack(text="opened")

    @app.view("form")
    async def _(ack, view):
        submitted.append(view["state"]["values"]["amount"]["a"]["value"])
        await ack(response_action="errors", errors={"amount": "more"})

    async with over_http(app, acme):
        delivery = await acme.slack.command(acme.ann, acme.ops, "/example report & more")
        [view] = acme.slack.views(acme.ann)
        await acme.slack.submit(acme.ann, view["id"], {"a": "ünï"})

    assert delivery.acked
    assert delivery.payload["text"] == "report &amp; more"
    assert acme.slack.ephemerals(acme.ann, acme.ops)[0]["text"] == "opened"
    assert submitted == ["ünï"]
    assert acme.slack.views(acme.ann)[0]["errors"] == {"amount": "more"}


async def test_a_click_and_an_event_go_over_signed_http(acme):
    app = bolt(acme)

    @app.event("app_mention")
    async def _(event, say):
        await say(text="choose", blocks=[actions(button())], thread_ts=event["ts"])

    @app.action("go")
    async def _(ack, respond):
        await ack()
        await respond(text="chosen", blocks=[section("chosen")], replace_original=True)

    async with over_http(app, acme):
        said = await acme.slack.say(acme.ann, acme.ops, "@example hi")
        await acme.slack.wait_for(lambda: len(acme.slack.thread(acme.ops, said["ts"])) == 2)
        reply = acme.slack.thread(acme.ops, said["ts"])[1]
        await acme.slack.click(acme.ann, acme.ops, reply["ts"], "go")

    assert acme.slack.thread(acme.ops, said["ts"])[1]["text"] == "chosen"


async def test_a_plain_text_body_is_shown_as_it_is(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack):
        await ack("plain words")

    async with over_http(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
    assert acme.slack.ephemerals(acme.ann, acme.ops)[0]["text"] == "plain words"


async def test_the_request_url_answers_slacks_challenge(acme):
    async with over_http(bolt(acme), acme):
        assert await acme.slack.deliveries.check_url(acme.slack.state.apps[acme.app.id])


async def test_an_event_that_is_not_acked_comes_again_three_times_with_its_reason():
    async with a_workspace(time_factor=3000) as world:
        seen = []
        app = bolt(world)

        @app.event("app_mention")
        async def _(body, request):
            seen.append((body["event_id"], request.headers.get("x-slack-retry-num")))
            raise RuntimeError

        async with over_http(app, world):
            world.slack.clock.factor = 300
            await world.slack.say(world.ann, world.ops, "@example hi")
            await world.slack.wait_for(lambda: len(seen) == 4)

    assert len({event_id for event_id, _ in seen}) == 1
    assert [num[0] if num else None for _, num in seen] == [None, "1", "2", "3"]
    assert [d.attempt for d in world.slack.sent("app_mention")] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["wrong_signature", "old_timestamp"])
async def test_a_spoiled_request_is_refused_by_bolt(acme, kind):
    app = bolt(acme)
    ran = []

    @app.command("/example")
    async def _(ack):
        ran.append(1)
        await ack()

    async with over_http(app, acme):
        acme.slack.fail(kind, "/example", times=1)
        assert (await acme.slack.command(acme.ann, acme.ops, "/example")).outcome == "http_error"
        assert (await acme.slack.command(acme.ann, acme.ops, "/example")).acked
    assert ran == [1]


async def test_an_app_that_is_not_there_is_a_failed_connection(acme):
    acme.slack.change_app(acme.app, mode="http", request_url="http://127.0.0.1:9/slack/events")
    delivery = await acme.slack.command(acme.ann, acme.ops, "/example")
    assert delivery.outcome == "connection_failed"


async def test_the_signature_is_the_one_that_slacks_own_verifier_computes():
    from slack_sdk.signature import SignatureVerifier

    made = SignatureVerifier("secret").generate_signature(timestamp="1700000000", body="a=b")
    assert signature("secret", "1700000000", b"a=b") == made


async def test_an_app_may_change_its_way_while_running(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack):
        await ack("over http")

    assert (await acme.slack.command(acme.ann, acme.ops, "/example")).outcome == "no_connection"
    async with over_http(app, acme):
        assert (await acme.slack.command(acme.ann, acme.ops, "/example")).acked


async def test_an_app_is_made_from_its_manifest(acme):
    manifest = {
        "display_information": {"name": "Made"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "slash_commands": [
                {"command": "/made", "description": "d", "should_escape": True, "usage_hint": "x"}
            ],
        },
        "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
        "settings": {"socket_mode_enabled": True, "event_subscriptions": {"bot_events": ["app_mention"]}},
    }
    made = acme.slack.add_app_from_manifest(manifest)
    assert isinstance(bolt(acme), AsyncApp)
    assert (made.mode, made.events, made.home_tab) == ("socket", {"app_mention"}, True)
    acme.slack.change_app(made, mode="http", request_url="http://127.0.0.1:9/")
    delivery = await acme.slack.command(acme.ann, acme.ops, "/made for @bob in #ops")
    assert delivery.payload["text"] == f"for <@{acme.bob.id}|bob> in <#{acme.ops.id}|ops>"


async def test_another_process_acts_over_the_control_api(acme):
    async def control(verb, **args):
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{acme.slack.url}control/{verb}", json=args) as response,
        ):
            return response.status, await response.json()

    _, said = await control("say", user=acme.ann.id, channel=acme.ops.id, text="hello")
    _, read = await control("messages", channel=acme.ops.id)
    assert read["result"][0]["ts"] == said["result"]["ts"]
    _, made = await control("add_user", name="dan", tz="Asia/Tokyo")
    assert acme.slack.state.users[made["result"]["id"]].tz == "Asia/Tokyo"
    _, fault = await control("fail", kind="error", on="chat.postMessage", times=1, error="fatal_error")
    assert fault["result"]["kind"] == "error"
    assert len(acme.slack.state.faults.active) == 1
    await control("heal")
    assert acme.slack.state.faults.active == []
    assert (await control("command", user=acme.ann.id, channel=acme.ops.id, text="/nothing"))[0] == 409
    assert (await control("explode"))[0] == 404
    assert (await control("say", user=acme.ann.id))[0] == 400
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{acme.slack.url}control/heal", data="seed=1") as response,
    ):
        assert response.status == 415
