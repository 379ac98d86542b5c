import asyncio
import json

import aiohttp
import pytest

from bot.local_slack.acting import CannotAct
from bot.local_slack.choosing import NotThere
from tests.local_slacks import (  # noqa: F401 - a fixture
    a_workspace,
    actions,
    an_acme,
    bolt,
    button,
    home,
    in_socket_mode,
    modal,
    plain,
    section,
    text_input,
)


async def test_a_command_is_acked_with_a_private_answer(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack, command):
        await ack(f"you said {command['text']}")

    async with in_socket_mode(app, acme):
        delivery = await acme.slack.command(acme.ann, acme.ops, "/example report <sales>")

    assert delivery.acked
    assert delivery.ack_ms < 3000
    [shown] = acme.slack.ephemerals(acme.ann, acme.ops)
    assert shown["text"] == "you said report &lt;sales&gt;"
    assert acme.slack.ephemerals(acme.bob, acme.ops) == []


async def test_an_answer_in_channel_shows_the_command_too(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack):
        await ack(text="for all", blocks=[section("for all")], response_type="in_channel")

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example now")

    assert [m["text"] for m in acme.slack.messages(acme.ops)] == ["/example now", "for all"]


async def test_an_ack_with_refused_blocks_is_told_to_the_person(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack):
        await ack(text="x", blocks=[{"type": "chart"}])

    async with in_socket_mode(app, acme):
        delivery = await acme.slack.command(acme.ann, acme.ops, "/example")

    assert delivery.problems == ["invalid_blocks"]
    assert "failed with the error" in acme.slack.ephemerals(acme.ann, acme.ops)[0]["text"]


async def test_without_a_connection_a_command_fails_at_once(acme):
    delivery = await acme.slack.command(acme.ann, acme.ops, "/example")

    assert delivery.outcome == "no_connection"
    assert 'failed with the error "dispatch_failed"' in acme.slack.ephemerals(acme.ann, acme.ops)[0]["text"]


async def test_a_listener_slower_than_three_seconds_is_a_time_out():
    async with a_workspace(time_factor=30) as world:
        app = bolt(world)
        late = asyncio.Event()

        @app.command("/example")
        async def _(ack):
            await late.wait()
            await ack("too late")

        async with in_socket_mode(app, world):
            delivery = await world.slack.command(world.ann, world.ops, "/example")
            late.set()

        assert delivery.outcome == "timeout"
        assert "operation_timeout" in world.slack.ephemerals(world.ann, world.ops)[0]["text"]


async def test_a_mention_is_answered_in_its_thread(acme):
    app = bolt(acme)

    @app.event("app_mention")
    async def _(event, say):
        await say(text=f"heard {event['text']}", thread_ts=event.get("thread_ts", event["ts"]))

    async with in_socket_mode(app, acme):
        said = await acme.slack.say(acme.ann, acme.ops, "@example status & <b>")
        await acme.slack.wait_for(lambda: len(acme.slack.thread(acme.ops, said["ts"])) == 2)

    assert said["text"] == f"<@{acme.app.bot_user_id}> status &amp; &lt;b&gt;"
    assert acme.slack.thread(acme.ops, said["ts"])[1]["text"].startswith("heard <@")


async def test_a_direct_message_reaches_the_app_and_an_unsubscribed_message_does_not(acme):
    app = bolt(acme)
    heard = []

    @app.event("message")
    async def _(event):
        heard.append((event["channel_type"], event["text"]))

    async with in_socket_mode(app, acme):
        await acme.slack.say(acme.ann, acme.ops, "for people")
        await acme.slack.say(acme.ann, acme.slack.direct(acme.ann, acme.app), "for you")
        await acme.slack.wait_for(lambda: heard)
        await acme.slack.settled()

    assert heard == [("im", "for you")]


async def test_a_button_is_clicked_and_its_message_replaced(acme):
    app = bolt(acme)
    bodies = []

    @app.action("go")
    async def _(ack, body, respond):
        bodies.append(body)
        await ack()
        await respond("done", replace_original=True)

    ts = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[actions(button())]))["ts"]
    async with in_socket_mode(app, acme):
        await acme.slack.click(acme.bob, acme.ops, ts, "go")

    [body] = bodies
    assert body["actions"][0]["value"] == "1"
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": acme.ops.id,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == ts
    assert body["user"]["id"] == acme.bob.id
    [message] = acme.slack.messages(acme.ops)
    assert (message["text"], "blocks" in message) == ("done", False)


async def test_an_ephemeral_message_can_be_clicked_replaced_and_deleted(acme):
    app = bolt(acme)
    bodies = []

    @app.action("go")
    async def _(ack, body, respond):
        bodies.append(body)
        await ack()
        if len(bodies) == 1:
            await respond(text="again", blocks=[actions(button())], replace_original=True)
        else:
            await respond(delete_original=True)

    await acme.client.chat_postEphemeral(
        channel=acme.ops.id, user=acme.ann.id, text="x", blocks=[actions(button())]
    )
    async with in_socket_mode(app, acme):
        ts = acme.slack.ephemerals(acme.ann, acme.ops)[0]["ts"]
        await acme.slack.click(acme.ann, acme.ops, ts, "go")
        assert [m["text"] for m in acme.slack.ephemerals(acme.ann, acme.ops)] == ["again"]
        await acme.slack.click(acme.ann, acme.ops, ts, "go")

    assert "message" not in bodies[0]
    assert bodies[0]["container"]["is_ephemeral"]
    assert acme.slack.ephemerals(acme.ann, acme.ops) == []
    with pytest.raises(CannotAct):
        await acme.slack.click(acme.bob, acme.ops, ts, "go")


async def test_choices_carry_what_was_chosen(acme):
    app = bolt(acme)
    chosen = {}

    @app.action({"block_id": "acts"})
    async def _(ack, action, body):
        chosen[action["action_id"]] = action
        chosen["state"] = body["state"]["values"]
        await ack()

    options = [{"text": plain(word), "value": word.lower()} for word in ("One", "Two")]
    elements = [
        {"type": "static_select", "action_id": "select", "options": options},
        {"type": "overflow", "action_id": "menu", "options": options},
        {"type": "checkboxes", "action_id": "boxes", "options": options},
        {"type": "users_select", "action_id": "person"},
        {"type": "datepicker", "action_id": "day"},
    ]
    ts = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[actions(*elements)]))[
        "ts"
    ]
    async with in_socket_mode(app, acme):
        for action_id, value in [
            ("select", "two"), ("menu", "One"), ("boxes", ["one", "two"]), ("person", acme.bob.id), ("day", "2026-12-01"),
        ]:  # fmt: skip
            await acme.slack.pick(acme.ann, acme.ops, ts, action_id, value)
        with pytest.raises(NotThere, match="one, two"):
            await acme.slack.pick(acme.ann, acme.ops, ts, "select", "three")

    assert chosen["select"]["selected_option"] == options[1]
    assert chosen["menu"]["selected_option"]["value"] == "one"
    assert [o["value"] for o in chosen["boxes"]["selected_options"]] == ["one", "two"]
    assert chosen["person"]["selected_user"] == acme.bob.id
    assert chosen["day"]["selected_date"] == "2026-12-01"
    assert chosen["state"]["acts"]["select"]["selected_option"] == options[1]
    assert "menu" not in chosen["state"]["acts"]


async def test_an_external_select_asks_the_app_for_options(acme):
    app = bolt(acme)

    @app.options("metric")
    async def _(ack, payload):
        many = 101 if payload["value"] == "all" else 1
        await ack(options=[{"text": plain("Sales"), "value": payload["value"]}] * many)

    select = {"type": "external_select", "action_id": "metric", "min_query_length": 1}
    ts = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[actions(select)]))["ts"]
    async with in_socket_mode(app, acme):
        found = await acme.slack.suggest(acme.ann, acme.ops.id, "metric", "sal", ts=ts)
        assert await acme.slack.suggest(acme.ann, acme.ops.id, "metric", "all", ts=ts) == []

    assert acme.slack.sent("metric")[-1].problems == [
        "no more than 100 options allowed [json-pointer:/options]"
    ]
    assert found == [{"text": plain("Sales"), "value": "sal"}]


async def test_a_modal_is_opened_corrected_updated_pushed_and_cleared(acme):
    app = bolt(acme)
    closed = []
    answers = iter(
        [
            {"response_action": "errors", "errors": {"amount": "Enter a number above zero"}},
            {"response_action": "update", "view": modal(text_input(), section("updated"))},
            {"response_action": "push", "view": modal(text_input("second"), callback_id="form")},
            {"response_action": "clear"},
        ]
    )

    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input()))
        await ack()

    @app.view("form")
    async def _(ack):
        await ack(**next(answers))

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
        [view] = acme.slack.views(acme.ann)
        await acme.slack.submit(acme.ann, view["id"], {"a": "0"})
        assert acme.slack.views(acme.ann)[0]["errors"] == {"amount": "Enter a number above zero"}

        await acme.slack.submit(acme.ann, view["id"], {"amount": {"a": "12"}})
        [updated] = acme.slack.views(acme.ann)
        assert updated["blocks"][1]["text"]["text"] == "updated"
        assert updated["state"]["values"]["amount"]["a"]["value"] == "12"  # the same ids keep what was typed
        assert updated["hash"] != view["hash"]

        await acme.slack.submit(acme.ann, view["id"], {})
        first, second = acme.slack.views(acme.ann)
        assert (second["root_view_id"], second["previous_view_id"]) == (first["id"], first["id"])
        await acme.slack.submit(acme.ann, second["id"], {"second": {"a": "x"}})

    assert acme.slack.views(acme.ann) == []
    assert closed == []


async def test_a_persons_client_sends_no_empty_required_input(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack, command, client):
        boxes = [text_input(), text_input("note", "n", optional=True)]
        await client.views_open(trigger_id=command["trigger_id"], view=modal(*boxes))
        await ack()

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
        [view] = acme.slack.views(acme.ann)
        with pytest.raises(CannotAct, match="amount"):
            await acme.slack.submit(acme.ann, view["id"])
        with pytest.raises(NotThere):
            await acme.slack.submit(acme.ann, view["id"], {"other": "x"})

    assert acme.slack.sent("form") == []


async def test_errors_on_a_block_that_is_no_input_are_trouble(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input()))
        await ack()

    @app.view("form")
    async def _(ack):
        await ack(response_action="errors", errors={"elsewhere": "no"})

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
        [view] = acme.slack.views(acme.ann)
        delivery = await acme.slack.submit(acme.ann, view["id"], {"a": "1"})

    assert delivery.problems == ["errors name no input block: elsewhere"]
    assert "" in acme.slack.views(acme.ann)[0]["errors"]


async def test_views_keep_slacks_rules_of_triggers_hashes_and_depth(acme):
    app = bolt(acme)
    errors = []

    async def tried(call):
        try:
            return await call
        except Exception as refusal:  # noqa: BLE001 - each refusal is looked at below
            errors.append(refusal.response["error"])

    @app.command("/example")
    async def _(ack, command, client):
        trigger = command["trigger_id"]
        view = (
            await client.views_open(trigger_id=trigger, view=modal(section(), actions(button("deeper"))))
        )["view"]
        await tried(client.views_open(trigger_id=trigger, view=modal()))
        await tried(client.views_open(trigger_id="1.2.3", view=modal()))
        await tried(client.views_update(view_id=view["id"], hash="old", view=modal()))
        await tried(client.views_update(view_id="V0", view=modal()))
        await ack()

    @app.action("deeper")
    async def _(ack, body, client):
        await ack()
        await tried(
            client.views_push(trigger_id=body["trigger_id"], view=modal(section(), actions(button("deeper"))))
        )

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
        for _ in range(3):
            await acme.slack.click_view(acme.ann, acme.slack.views(acme.ann)[-1]["id"], "deeper")
            await acme.slack.settled()

    assert errors == [
        "exchanged_trigger_id", "invalid_trigger_id", "hash_conflict", "not_found", "push_limit_reached",
    ]  # fmt: skip
    assert len(acme.slack.views(acme.ann)) == 3


async def test_a_trigger_is_too_old_after_three_seconds(acme):
    app = bolt(acme)
    errors = []

    @app.command("/example")
    async def _(ack, command, client):
        acme.slack.clock.advance(3.1)
        try:
            await client.views_open(trigger_id=command["trigger_id"], view=modal())
        except Exception as refusal:  # noqa: BLE001 - looked at below
            errors.append(refusal.response["error"])
        await ack()

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
    assert errors == ["expired_trigger_id"]


async def test_a_closed_modal_is_told_only_when_asked_for(acme):
    app = bolt(acme)
    told = []

    @app.command("/example")
    async def _(ack, command, client):
        notify = command["text"] == "notify"
        await client.views_open(trigger_id=command["trigger_id"], view=modal(notify_on_close=notify))
        await ack()

    @app.view_closed("form")
    async def _(ack, body):
        told.append(body["is_cleared"])
        await ack()

    async with in_socket_mode(app, acme):
        for text in ("", "notify"):
            await acme.slack.command(acme.ann, acme.ops, f"/example {text}")
            await acme.slack.close_view(acme.ann, acme.slack.views(acme.ann)[0]["id"])

    assert told == [False]
    assert acme.slack.views(acme.ann) == []


async def test_a_home_tab_is_published_on_opening_and_can_be_clicked(acme):
    app = bolt(acme)
    seen = []

    @app.event("app_home_opened")
    async def _(event, client):
        seen.append("view" in event)
        await client.views_publish(
            user_id=event["user"], view=home(section("hello"), actions(button("open")))
        )

    @app.action("open")
    async def _(ack, body):
        seen.append(body["container"]["type"])
        await ack()

    async with in_socket_mode(app, acme):
        await acme.slack.open_home(acme.ann)
        view = await acme.slack.wait_for(lambda: acme.slack.home(acme.ann))
        await acme.slack.click_view(acme.ann, view["id"], "open")
        await acme.slack.open_home(acme.ann)
        await acme.slack.wait_for(lambda: len(seen) == 3)

    assert seen == [False, "view", True]
    assert acme.slack.home(acme.bob) is None


async def test_a_bot_that_is_invited_hears_of_it(acme):
    app = bolt(acme)
    lunch = acme.slack.add_channel("lunch", members=[acme.ann])

    @app.event("member_joined_channel")
    async def _(event, say):
        await say(f"thanks, <@{event['inviter']}>")

    async with in_socket_mode(app, acme):
        await acme.slack.join(acme.app, lunch, inviter=acme.ann)
        await acme.slack.wait_for(lambda: acme.slack.messages(lunch))

    assert acme.slack.messages(lunch)[0]["text"] == f"thanks, <@{acme.ann.id}>"


async def test_a_response_url_works_five_times_and_for_half_an_hour(acme):
    app = bolt(acme)
    urls, answers = [], []

    @app.command("/example")
    async def _(ack, command, respond):
        urls.append(command["response_url"])
        answers.extend([(await respond(str(i), response_type="in_channel")).status_code for i in range(6)])
        await ack()

    async with in_socket_mode(app, acme):
        await acme.slack.command(acme.ann, acme.ops, "/example")
        assert answers == [200] * 5 + [404]
        assert len(acme.slack.messages(acme.ops)) == 5

        answers.clear()
        await acme.slack.command(acme.ann, acme.ops, "/example")
        acme.slack.clock.advance(31 * 60)
        async with aiohttp.ClientSession() as session, session.post(urls[1], json={"text": "x"}) as response:
            assert (response.status, (await response.json())["error"]) == (404, "expired_url")


async def test_what_a_person_may_not_do_is_not_sent(acme):
    eve = acme.slack.add_user("eve", stranger=True, workspace=acme.slack.add_workspace("Beta"))
    shared = acme.slack.add_channel("shared", members=[acme.ann, eve], ext_shared=True)
    for act, why in [
        (acme.slack.command(acme.ann, acme.ops, "/unknown"), "not a valid command"),
        (acme.slack.command(eve, shared, "/example"), "another company"),
        (acme.slack.say(eve, acme.ops, "x"), "is not in ops"),
        (acme.slack.say(acme.ann, acme.ops, "x", thread_ts="1700000000.000100"), "starts no thread"),
    ]:
        with pytest.raises(CannotAct, match=why):
            await act
    assert acme.slack.sent() == []


async def test_the_frames_are_as_slack_sends_them(acme):
    opened = await acme.client.apps_connections_open(app_token=acme.app.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(opened["url"]) as socket:
        hello = await socket.receive_json()
        assert hello["type"] == "hello"
        assert hello["connection_info"] == {"app_id": acme.app.id}

        waiting = asyncio.create_task(acme.slack.command(acme.ann, acme.ops, "/example x"))
        envelope = await socket.receive_json()
        assert envelope["type"] == "slash_commands"
        assert envelope["accepts_response_payload"]
        assert envelope["payload"]["text"] == "x"
        await socket.send_str(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "hi"}}))
        assert (await waiting).ack == {"text": "hi"}

        await acme.slack.disconnect(acme.app)
        frame = await socket.receive_json()
        assert (frame["type"], frame["reason"]) == ("disconnect", "refresh_requested")

    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(opened["url"])  # a ticket is good for one connection


async def test_an_eleventh_connection_is_one_too_many(acme):
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(11):
            url = (await acme.client.apps_connections_open(app_token=acme.app.app_token))["url"]
            sockets.append(await session.ws_connect(url))
            first = await sockets[-1].receive_json()
        assert first == {
            "type": "disconnect",
            "reason": "too_many_websockets",
            "debug_info": first["debug_info"],
        }
        for socket in sockets:
            await socket.close()
