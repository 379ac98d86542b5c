"""What an app that collects decisions needs of Slack: forms, cards, stacks of views, and who may act."""

import asyncio

import aiohttp
import pytest

from bot.local_slack.acting import CannotAct
from bot.local_slack.choosing import NotThere
from bot.local_slack.server import LocalSlack
from tests.local_slack_reviews import asked, card, every_question, option
from tests.local_slacks import (  # noqa: F401 - a fixture
    actions,
    an_acme,
    bolt,
    button,
    in_socket_mode,
    modal,
    over_http,
    plain,
    refused,
    section,
    text_input,
)

TWO = [option("1", "One"), option("2", "Two")]


async def opened(world, view):
    """Open a view by a command; gives it as the person sees it."""
    await world.slack.command(world.ann, world.ops, "/example")
    return world.slack.views(world.ann)[-1]


def opens(app, view):
    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=view)
        await ack()


async def test_every_kind_of_answer_has_slacks_own_shape(acme):
    app = bolt(acme)
    opens(app, modal(*every_question()))
    got = []

    @app.view("form")
    async def _(ack, view):
        got.append({block: entry["x"] for block, entry in view["state"]["values"].items()})
        await ack()

    answers = {
        "what": "Nearby offers 2.4", "boxes": ["a", "b"], "day": "2026-12-01", "time": "09:30",
        "expires": 1_790_000_000, "signers": [acme.bob, acme.ann.id], "owner": acme.bob, "part": "p",
        "link": "https://example.com/17", "share": "0.25", "choice": "yes",
    }  # fmt: skip
    async with in_socket_mode(app, acme):
        view = await opened(acme, app)
        await acme.slack.submit(acme.ann, view["id"], {block: {"x": answers[block]} for block in answers})
        view = await opened(acme, app)
        needed = {block: {"x": answers[block]} for block in ("what", "owner", "part", "choice")}
        await acme.slack.submit(acme.ann, view["id"], needed)

    full, bare = got
    assert full["what"] == {"type": "plain_text_input", "value": "Nearby offers 2.4"}
    assert full["boxes"]["type"] == "checkboxes"
    assert [o["value"] for o in full["boxes"]["selected_options"]] == ["a", "b"]
    assert full["boxes"]["selected_options"][0]["description"] == plain("Something that the law forbids")
    assert full["day"] == {"type": "datepicker", "selected_date": "2026-12-01"}
    assert full["time"] == {"type": "timepicker", "selected_time": "09:30"}
    assert full["expires"] == {"type": "datetimepicker", "selected_date_time": 1_790_000_000}
    assert full["signers"] == {"type": "multi_users_select", "selected_users": [acme.bob.id, acme.ann.id]}
    assert full["owner"] == {"type": "users_select", "selected_user": acme.bob.id}
    assert full["part"]["selected_option"]["text"]["text"] == "Prompt"
    assert full["link"] == {"type": "url_text_input", "value": "https://example.com/17"}
    assert full["share"] == {"type": "number_input", "value": "0.25"}
    assert full["choice"]["selected_option"]["value"] == "yes"
    assert bare["boxes"] == {"type": "checkboxes", "selected_options": []}
    assert bare["day"] == {"type": "datepicker", "selected_date": None}
    assert bare["expires"] == {"type": "datetimepicker", "selected_date_time": None}
    assert bare["signers"] == {"type": "multi_users_select", "selected_users": []}
    assert bare["link"] == {"type": "url_text_input", "value": None}


async def test_what_a_client_does_not_send_is_said_at_its_field(acme):
    app = bolt(acme)
    short = {"type": "plain_text_input", "action_id": "x", "min_length": 3, "max_length": 5}
    opens(app, modal(*every_question(), asked("short", "Short", short)))
    async with in_socket_mode(app, acme):
        view = await opened(acme, app)
        wrong = {"link": "example.com", "share": "1.5", "short": "ab", "owner": acme.bob, "part": "p"}
        with pytest.raises(CannotAct, match="choice"):
            await acme.slack.submit(acme.ann, view["id"], {b: {"x": v} for b, v in wrong.items()})
        said = acme.slack.views(acme.ann)[0]["errors"]
        gone = await acme.slack.change_user(acme.bob, deleted=True)
        for block, value in [("day", "1 Dec"), ("time", "25:00"), ("owner", gone), ("signers", ["U0NOBODY"]), ("signers", [acme.ann, acme.ann.id, "U1"])]:  # fmt: skip
            with pytest.raises(NotThere):
                acme.slack.fill(acme.ann, view["id"], {block: {"x": value}})

    assert said == {
        "what": "Please complete this required field.",
        "choice": "Please complete this required field.",
        "link": "Please enter a valid URL.",
        "share": "Please enter at most 1.",
        "short": "Please enter at least 3 characters.",
    }
    assert acme.slack.sent("form") == []


async def test_an_input_tells_at_once_only_where_it_dispatches(acme):
    app = bolt(acme)
    told = []
    radio = {"type": "radio_buttons", "action_id": "r", "options": TWO}
    opens(app, modal(asked("loud", "Loud", radio, dispatch_action=True), asked("quiet", "Quiet", radio)))

    @app.action("r")
    async def _(ack, body, action):
        told.append((action["selected_option"]["value"], body["view"]["state"]["values"]["loud"]["r"]))
        await ack()

    async with in_socket_mode(app, acme):
        view = await opened(acme, app)
        await acme.slack.click_view(acme.ann, view["id"], "r", value="2", block_id="loud")
        with pytest.raises(CannotAct, match="submit"):
            await acme.slack.click_view(acme.ann, view["id"], "r", value="2", block_id="quiet")

    assert told == [("2", {"type": "radio_buttons", "selected_option": TWO[1]})]
    left = acme.slack.views(acme.ann)[0]["state"]["values"]["quiet"]["r"]
    assert left == {"type": "radio_buttons", "selected_option": None}


async def test_of_two_updates_with_the_same_hash_one_wins(acme):
    app = bolt(acme)
    opens(app, modal(section("one")))
    async with in_socket_mode(app, acme):
        view = await opened(acme, app)
        both = [
            acme.client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section(word)))
            for word in ("two", "three")
        ]
        outcomes = await asyncio.gather(*both, return_exceptions=True)

    lost = [o for o in outcomes if isinstance(o, Exception)]
    assert [o.response["error"] for o in lost] == ["hash_conflict"]


async def test_clear_on_close_tells_of_the_whole_stack(acme):
    app = bolt(acme)
    told = []
    names = iter(["second", "third"])
    watched = {"notify_on_close": True, "private_metadata": "m"}
    opens(app, modal(callback_id="first", **watched))

    @app.view("first")
    @app.view("second")
    async def _(ack):
        name = next(names)
        await ack(response_action="push", view=modal(text_input(name), callback_id=name, clear_on_close=name == "third", **watched))  # fmt: skip

    for name in ("first", "second", "third"):
        app.view_closed(name)(listener(told))
    async with in_socket_mode(app, acme):
        view = await opened(acme, app)
        await acme.slack.submit(acme.ann, view["id"], {"a": "1"})
        await acme.slack.submit(acme.ann, acme.slack.views(acme.ann)[-1]["id"], {"a": "1"})
        assert [v["callback_id"] for v in acme.slack.views(acme.ann)] == ["first", "second", "third"]
        await acme.slack.close_view(acme.ann, acme.slack.views(acme.ann)[-1]["id"])

    assert acme.slack.views(acme.ann) == []
    assert sorted(told) == [("first", "m", True), ("second", "m", True), ("third", "m", True)]


def listener(told):
    async def closed(ack, body):
        told.append((body["view"]["callback_id"], body["view"]["private_metadata"], body["is_cleared"]))
        await ack()

    return closed


async def test_a_card_in_a_thread_is_changed_in_its_place(acme):
    parent = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=card(0)))["ts"]
    replies = [
        (await acme.client.chat_postMessage(channel=acme.ops.id, text=role, thread_ts=parent))["ts"]
        for role in ("legal", "privacy")
    ]
    await acme.client.chat_update(channel=acme.ops.id, ts=replies[0], text="legal: signed")
    await acme.client.chat_update(channel=acme.ops.id, ts=parent, text="x", blocks=card(1))
    read = (await acme.client.conversations_replies(channel=acme.ops.id, ts=parent))["messages"]

    assert [m["text"] for m in read] == ["x", "legal: signed", "privacy"]
    assert read[0]["reply_count"] == 2
    assert "1 of 20" in read[0]["blocks"][2]["elements"][0]["text"]


async def test_state_of_a_message_holds_only_what_stands_in_it(acme):
    app = bolt(acme)
    seen = []

    @app.action({"block_id": "acts"})
    async def _(ack, body):
        seen.append(body["state"]["values"])
        await ack()

    box = {"type": "checkboxes", "action_id": "boxes", "options": TWO}
    ts = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[actions(box)]))["ts"]
    async with in_socket_mode(app, acme):
        await acme.slack.pick(acme.ann, acme.ops, ts, "boxes", ["1"])
        await acme.client.chat_update(channel=acme.ops.id, ts=ts, text="x", blocks=[actions(button())])
        await acme.slack.click(acme.ann, acme.ops, ts, "go")

    ticked = {"boxes": {"type": "checkboxes", "selected_options": [TWO[0]]}}
    assert seen == [{"acts": ticked}, {}]


async def test_what_one_typed_into_a_message_comes_with_the_next_click(acme):
    app = bolt(acme)
    seen = []

    @app.action("go")
    async def _(ack, body):
        seen.append(body["state"]["values"]["note"]["n"])
        await ack()

    note = asked("note", "Note", {"type": "plain_text_input", "action_id": "n"})
    posted = await acme.client.chat_postMessage(
        channel=acme.ops.id, text="x", blocks=[note, actions(button())]
    )
    async with in_socket_mode(app, acme):
        acme.slack.fill_message(acme.ann, acme.ops, posted["ts"], {"note": {"n": "as agreed"}})
        for person in (acme.ann, acme.bob):
            await acme.slack.click(person, acme.ops, posted["ts"], "go")

    assert [entry["value"] for entry in seen] == ["as agreed", None]


async def test_a_group_that_is_typed_becomes_a_reference(acme):
    group = acme.slack.add_group("legal", members=[acme.bob])
    acme.slack.add_group("gone", disabled=True)
    said = await acme.slack.say(acme.ann, acme.ops, "please, @legal, not @gone")
    assert said["text"] == f"please, <!subteam^{group.id}>, not @gone"
    assert {"type": "usergroup", "usergroup_id": group.id} in said["blocks"][0]["elements"][0]["elements"]


async def test_people_of_another_workspace_are_not_offered(acme):
    other = acme.slack.add_workspace("Partner")
    theirs = acme.slack.add_user("theo", workspace=other)
    guest = acme.slack.add_user("xena", workspace=other, stranger=True)
    select = {"type": "users_select", "action_id": "who"}
    posted = await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[actions(select)])
    acme.slack.fill_message(acme.ann, acme.ops, posted["ts"], {"acts": {"who": guest}})
    with pytest.raises(NotThere):
        acme.slack.fill_message(acme.ann, acme.ops, posted["ts"], {"acts": {"who": theirs}})


async def test_a_recorded_click_comes_again_word_for_word(acme):
    app = bolt(acme)
    seen = []

    @app.action("go")
    async def _(ack, body):
        seen.append((body["trigger_id"], body["actions"][0]["action_ts"], body["message"]["blocks"]))
        await ack()

    posted = await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[actions(button())])
    async with over_http(app, acme):
        clicked = await acme.slack.click(acme.ann, acme.ops, posted["ts"], "go")
        await acme.client.chat_update(channel=acme.ops.id, ts=posted["ts"], text="x", blocks=card(1))
        again = await acme.slack.replay(clicked)

    assert (clicked.acked, again.acked) == (True, True)
    assert len(seen) == 2
    assert seen[0] == seen[1]


async def test_a_free_plan_has_no_user_groups():
    async with LocalSlack() as slack:
        team = slack.add_workspace("Free", paid=False)
        app = slack.add_app("Example", workspace=team)
        group = slack.add_group("legal", workspace=team)
        client = bolt_client(slack, app)
        for call in (client.usergroups_list(), client.usergroups_users_list(usergroup=group.id)):
            async with refused("plan_upgrade_required"):
                await call


def bolt_client(slack, app):
    from slack_sdk.web.async_client import AsyncWebClient

    return AsyncWebClient(token=app.bot_token, base_url=slack.base_url, timeout=5, retry_handlers=[])


async def test_anybody_in_a_channel_may_click_and_the_app_is_told_who(acme):
    app = bolt(acme)
    clicks = {}

    @app.action("go")
    async def _(ack, body):
        clicks[body["user"]["id"]] = (body["user"]["team_id"], body["team"]["id"])
        await ack()

    other = acme.slack.add_workspace("Partner")
    guest = acme.slack.add_user("gus", guest=True)
    outside = acme.slack.add_user("xena", workspace=other, stranger=True)
    shared = acme.slack.add_channel("shared", members=[acme.ann, guest, outside, acme.app], ext_shared=True)
    ts = (await acme.client.chat_postMessage(channel=shared.id, text="x", blocks=[actions(button())]))["ts"]
    async with in_socket_mode(app, acme):
        for person in (acme.ann, guest, outside):
            await acme.slack.click(person, shared, ts, "go")
        with pytest.raises(CannotAct, match="company"):
            await acme.slack.command(outside, shared, "/example")
        left = await acme.slack.change_user(acme.ann, deleted=True)
        with pytest.raises(CannotAct, match="nobody"):
            await acme.slack.click(left, shared, ts, "go")

    home = acme.ops.team_id
    assert clicks == {acme.ann.id: (home, home), guest.id: (home, home), outside.id: (other.id, home)}
    standing = {}
    for person in (acme.ann, guest, outside, acme.app.bot_user_id):
        user = (await acme.client.users_info(user=getattr(person, "id", person)))["user"]
        standing[user["name"]] = [
            k for k in ("deleted", "is_restricted", "is_stranger", "is_bot") if user.get(k)
        ]
    assert standing == {
        "ann": ["deleted"],
        "gus": ["is_restricted"],
        "xena": ["is_stranger"],
        "example": ["is_bot"],
    }
    assert (await acme.client.conversations_info(channel=shared.id))["channel"]["is_ext_shared"]


async def test_direct_messages_open_with_people_who_are_there(acme):
    left = acme.slack.add_user("lou", deleted=True)
    first = await acme.client.conversations_open(users=acme.ann.id)
    again = await acme.client.conversations_open(users=acme.ann.id)
    assert first["channel"]["id"] == again["channel"]["id"]
    assert again["already_open"]
    for users, error in [
        (acme.app.bot_user_id, "cannot_dm_bot"), (left.id, "user_disabled"),
        ("U0NOBODY", "user_not_found"), ("", "users_list_not_supplied"),
    ]:  # fmt: skip
        async with refused(error):
            await acme.client.conversations_open(users=users)


async def test_an_archived_channel_is_read_and_not_written(acme):
    ts = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=card(0)))["ts"]
    await acme.slack.change_channel(acme.ops, archived=True)

    async with refused("is_archived"):
        await acme.client.chat_postMessage(channel=acme.ops.id, text="y")
    with pytest.raises(CannotAct, match="archived"):
        await acme.slack.click(acme.ann, acme.ops, ts, "sign")
    assert (await acme.client.conversations_info(channel=acme.ops.id))["channel"]["is_archived"]
    assert len((await acme.client.conversations_history(channel=acme.ops.id))["messages"]) == 1


async def picture(world, **query):
    address = f"{world.slack.url}page/state"
    query = {"user": world.ann.id, "channel": world.ops.id} | query
    async with aiohttp.ClientSession() as session, session.get(address, params=query) as response:
        return await response.json()


async def test_a_long_thread_keeps_its_parent_and_shows_the_rest_when_asked(acme):
    parent = (await acme.slack.say(acme.ann, acme.ops, "card"))["ts"]
    for number in range(250):
        await acme.slack.say(acme.bob, acme.ops, f"r{number}", thread_ts=parent)
        await acme.slack.say(acme.bob, acme.ops, f"m{number}")

    shown = await picture(acme, thread=parent)
    texts = [m["text"] for m in shown["thread"]]
    assert (len(texts), texts[0], texts[1], texts[-1]) == (201, "card", "r50", "r249")
    assert (len(shown["messages"]), shown["more"], shown["thread_more"]) == (200, True, True)
    shown = await picture(acme, thread=parent, depth="300")
    assert (len(shown["messages"]), len(shown["thread"])) == (251, 251)
    assert (shown["more"], shown["thread_more"]) == (False, False)
    assert len((await picture(acme, depth="all"))["messages"]) == 200


async def test_a_file_that_is_no_image_is_saved_and_never_opened_here(acme):
    await acme.client.files_upload_v2(
        channel=acme.ops.id, filename="über certificate.html", content="<script>1</script>"
    )
    [file] = acme.slack.messages(acme.ops)[-1]["files"]
    address = f"{acme.slack.url}page/download/{file['id']}"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert await response.read() == b"<script>1</script>"
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == (
            "attachment; filename*=UTF-8''%C3%BCber%20certificate.html"
        )
