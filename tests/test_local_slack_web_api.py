import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.local_slack.server import LocalSlack
from bot.local_slack.values import TokenState
from tests.local_slacks import actions, an_acme, button, plain, refused, section  # noqa: F401 - a fixture


async def raw(world, method, **more):
    """One call as it goes over the wire, without the SDK."""
    headers = {"Authorization": f"Bearer {world.app.bot_token}"} | more.pop("headers", {})
    async with (
        aiohttp.ClientSession() as session,
        session.post(world.slack.base_url + method, headers=headers, **more) as response,
    ):
        return response.status, await response.json(), response.headers


async def test_auth_test_says_who_one_is(acme):
    said = await acme.client.auth_test()

    assert said["user_id"] == acme.app.bot_user_id
    assert said["bot_id"] == acme.app.bot_id
    assert said["team_id"] == acme.ops.team_id
    assert "chat:write" in said.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-wrong", "invalid_auth"), ("xapp-1", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_answered_with_200_and_its_reason(acme, token, error):
    client = AsyncWebClient(token=token, base_url=acme.slack.base_url)
    async with refused(error) as raised:
        await client.users_list()
    assert raised.value.response.status_code == 200


@pytest.mark.parametrize("state", [TokenState.REVOKED, TokenState.EXPIRED, TokenState.UNINSTALLED])
async def test_a_token_can_be_taken_away_while_running(acme, state):
    await acme.client.auth_test()
    acme.slack.set_token(acme.app, state)
    async with refused(str(state)):
        await acme.client.auth_test()
    acme.slack.set_token(acme.app, TokenState.ACTIVE)
    assert (await acme.client.auth_test())["ok"]


async def test_a_missing_scope_is_named():
    async with LocalSlack() as slack:
        app = slack.add_app("Poor", scopes=["chat:write", "commands"])
        client = AsyncWebClient(token=app.bot_token, base_url=slack.base_url)
        async with refused("missing_scope", needed="usergroups:read", provided="chat:write,commands"):
            await client.usergroups_list()
        async with refused("missing_scope", needed="channels:read"):
            await client.conversations_list()


async def test_an_unknown_method_is_unknown(acme):
    async with refused("unknown_method"):
        await acme.client.api_call("chat.shout")


async def test_a_missing_argument_is_named(acme):
    async with refused("invalid_arguments") as raised:
        await acme.client.api_call("users.info", http_verb="GET")
    assert raised.value.response["response_metadata"]["messages"] == ["[ERROR] missing required field: user"]


async def test_json_is_read_only_where_slack_reads_it(acme):
    status, said, _ = await raw(acme, "users.info", json={"user": acme.ann.id})
    assert (status, said["error"]) == (200, "invalid_arguments")
    _, said, _ = await raw(acme, "users.info", data={"user": acme.ann.id})
    assert said["user"]["id"] == acme.ann.id
    _, said, _ = await raw(
        acme, "chat.postMessage", data=b'{"channel":"%s","text":"x"}' % acme.ops.id.encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert said["ok"]
    assert said["warning"] == "missing_charset"


async def test_a_message_is_posted_and_read_back_with_its_metadata_only_when_asked(acme):
    metadata = {"event_type": "digest", "event_payload": {"key": "a1"}}
    posted = await acme.client.chat_postMessage(
        channel=acme.ops.id, text="words", blocks=[section()], metadata=metadata
    )
    read = await acme.client.conversations_history(channel=acme.ops.id, include_all_metadata=True)

    assert posted["message"]["bot_id"] == acme.app.bot_id
    assert read["messages"][0]["ts"] == posted["ts"]
    assert read["messages"][0]["metadata"] == metadata
    assert "metadata" not in (await acme.client.conversations_history(channel=acme.ops.id))["messages"][0]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "chart"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [section("y" * 3000)] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "y" * 12_001}, "msg_too_long"),
        ({"text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_format"),
        ({"text": "x", "thread_ts": "1700000000.000100"}, "thread_not_found"),
    ],
)
async def test_what_slack_does_not_post_is_not_posted(acme, content, error):
    async with refused(error):
        await acme.client.api_call("chat.postMessage", json={"channel": acme.ops.id} | content)
    assert acme.slack.messages(acme.ops) == []


async def test_a_fault_in_blocks_names_its_place(acme):
    async with refused("invalid_blocks") as raised:
        header = {"type": "header", "text": plain("x" * 151)}
        await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[header])
    place = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert raised.value.response["errors"] == [place]
    assert raised.value.response["response_metadata"]["messages"] == [f"[ERROR] {place}"]


async def test_text_over_40000_characters_is_cut(acme):
    await acme.client.chat_postMessage(channel=acme.ops.id, text="x" * 50_000)
    assert len(acme.slack.messages(acme.ops)[0]["text"]) == 40_000


async def test_a_lone_surrogate_goes_through_and_comes_back(acme):
    await acme.client.chat_postMessage(channel=acme.ops.id, text="half \ud83d")
    read = await acme.client.conversations_history(channel=acme.ops.id)
    assert read["messages"][0]["text"] == "half \ud83d"


async def test_posting_depends_on_membership_and_kind_of_channel(acme):
    secret = acme.slack.add_channel("board", private=True, members=[acme.ann])
    old = acme.slack.add_channel("old", archived=True, members=[acme.app])
    public = acme.slack.add_channel("lunch", members=[acme.ann])
    for channel, error in [(secret, "channel_not_found"), (old, "is_archived")]:
        async with refused(error):
            await acme.client.chat_postMessage(channel=channel.id, text="x")
    assert (await acme.client.chat_postMessage(channel=public.id, text="x"))["ok"]

    poor = acme.slack.add_app("Poor", scopes=["chat:write"])
    async with refused("not_in_channel"):
        await AsyncWebClient(token=poor.bot_token, base_url=acme.slack.base_url).chat_postMessage(
            channel=public.id, text="x"
        )


async def test_posting_to_a_person_uses_the_direct_channel(acme):
    posted = await acme.client.chat_postMessage(channel=acme.ann.id, text="psst")
    opened = await acme.client.conversations_open(users=acme.ann.id)

    assert posted["channel"] == opened["channel"]["id"] == acme.slack.direct(acme.ann, acme.app)
    assert posted["channel"].startswith("D")


async def test_a_thread_hangs_on_its_parent_only(acme):
    parent = await acme.client.chat_postMessage(channel=acme.ops.id, text="parent")
    reply = await acme.client.chat_postMessage(channel=acme.ops.id, text="reply", thread_ts=parent["ts"])
    async with refused("cannot_reply_to_message"):
        await acme.client.chat_postMessage(channel=acme.ops.id, text="x", thread_ts=reply["ts"])

    read = await acme.client.conversations_replies(channel=acme.ops.id, ts=parent["ts"])
    assert [m["text"] for m in read["messages"]] == ["parent", "reply"]
    assert read["messages"][0]["reply_count"] == 1
    assert read["messages"][0]["latest_reply"] == reply["ts"]
    assert len((await acme.client.conversations_history(channel=acme.ops.id))["messages"]) == 1


async def test_an_update_of_text_alone_wipes_the_blocks(acme):
    posted = await acme.client.chat_postMessage(channel=acme.ops.id, text="old", blocks=[section()])
    await acme.client.chat_update(channel=acme.ops.id, ts=posted["ts"], text="new")

    message = acme.slack.messages(acme.ops)[0]
    assert message["text"] == "new"
    assert "blocks" not in message
    assert message["edited"]["user"] == acme.app.bot_user_id


async def test_an_update_of_blocks_alone_leaves_no_mark_and_keeps_text_and_metadata(acme):
    metadata = {"event_type": "e", "event_payload": {}}
    posted = await acme.client.chat_postMessage(channel=acme.ops.id, text="old", metadata=metadata)
    new = {"channel": acme.ops.id, "ts": posted["ts"], "blocks": [section("new")]}
    await acme.client.api_call("chat.update", json=new)

    message = acme.slack.messages(acme.ops)[0]
    assert message["text"] == "old"
    assert message["blocks"][0]["text"]["text"] == "new"
    assert "edited" not in message
    assert message["metadata"] == metadata


async def test_only_own_messages_of_at_most_4000_characters_are_updated(acme):
    theirs = await acme.slack.say(acme.ann, acme.ops, "mine")
    own = await acme.client.chat_postMessage(channel=acme.ops.id, text="x")
    async with refused("cant_update_message"):
        await acme.client.chat_update(channel=acme.ops.id, ts=theirs["ts"], text="x")
    async with refused("cant_delete_message"):
        await acme.client.chat_delete(channel=acme.ops.id, ts=theirs["ts"])
    async with refused("msg_too_long"):
        await acme.client.chat_update(channel=acme.ops.id, ts=own["ts"], text="x" * 4001)
    async with refused("message_not_found"):
        await acme.client.chat_update(channel=acme.ops.id, ts="1700000000.000100", text="x")


async def test_a_deleted_parent_leaves_a_tombstone_over_its_replies(acme):
    parent = await acme.client.chat_postMessage(channel=acme.ops.id, text="parent")
    await acme.client.chat_postMessage(channel=acme.ops.id, text="reply", thread_ts=parent["ts"])
    await acme.client.chat_delete(channel=acme.ops.id, ts=parent["ts"])

    read = await acme.client.conversations_replies(channel=acme.ops.id, ts=parent["ts"])
    assert [m["text"] for m in read["messages"]] == ["This message was deleted.", "reply"]


async def test_an_ephemeral_message_is_seen_by_one_and_cannot_be_updated(acme):
    shown = await acme.client.chat_postEphemeral(channel=acme.ops.id, user=acme.ann.id, text="psst")

    assert [m["text"] for m in acme.slack.ephemerals(acme.ann, acme.ops)] == ["psst"]
    assert acme.slack.ephemerals(acme.bob, acme.ops) == []
    async with refused("message_not_found"):
        await acme.client.chat_update(channel=acme.ops.id, ts=shown["message_ts"], text="x")
    eve = acme.slack.add_user("eve")
    async with refused("user_not_in_channel"):
        await acme.client.chat_postEphemeral(channel=acme.ops.id, user=eve.id, text="x")


async def test_history_pages_to_its_end_newest_first(acme):
    sent = [(await acme.client.chat_postMessage(channel=acme.ops.id, text=str(i)))["ts"] for i in range(7)]
    read = []
    async for page in await acme.client.conversations_history(channel=acme.ops.id, limit=3):
        read += [m["ts"] for m in page["messages"]]
    assert read == sent[::-1]

    window = await acme.client.conversations_history(channel=acme.ops.id, oldest=sent[2], latest=sent[5])
    assert [m["ts"] for m in window["messages"]] == [sent[4], sent[3]]
    closed = await acme.client.conversations_history(
        channel=acme.ops.id, oldest=sent[2], latest=sent[5], inclusive=True
    )
    assert [m["ts"] for m in closed["messages"]] == [sent[5], sent[4], sent[3], sent[2]]
    async with refused("invalid_cursor"):
        await acme.client.conversations_history(channel=acme.ops.id, cursor="later")
    async with refused("invalid_ts_oldest"):
        await acme.client.conversations_history(channel=acme.ops.id, oldest="yesterday")


async def test_replies_page_to_their_end_oldest_first(acme):
    parent = (await acme.client.chat_postMessage(channel=acme.ops.id, text="p"))["ts"]
    for i in range(5):
        await acme.client.chat_postMessage(channel=acme.ops.id, text=str(i), thread_ts=parent)
    read = []
    async for page in await acme.client.conversations_replies(channel=acme.ops.id, ts=parent, limit=3):
        read += [m["text"] for m in page["messages"] if m["ts"] != parent]
    assert read == ["0", "1", "2", "3", "4"]


async def test_history_needs_membership(acme):
    lunch = acme.slack.add_channel("lunch", members=[acme.ann])
    async with refused("not_in_channel"):
        await acme.client.conversations_history(channel=lunch.id)
    await acme.client.conversations_join(channel=lunch.id)
    assert (await acme.client.conversations_history(channel=lunch.id))["messages"] == []
    again = await acme.client.conversations_join(channel=lunch.id)
    assert again["warning"] == "already_in_channel"


async def test_people_are_told_with_zone_and_standing(acme):
    guest = acme.slack.add_user("gil", guest=True)
    gone = acme.slack.add_user("old", deleted=True)
    outside = acme.slack.add_user("eve", stranger=True)
    ann = (await acme.client.users_info(user=acme.ann.id))["user"]

    assert (ann["tz"], ann["tz_offset"]) in [("Europe/Berlin", 3600), ("Europe/Berlin", 7200)]
    assert ann["profile"]["email"] == acme.ann.email
    assert (await acme.client.users_info(user=guest.id))["user"]["is_restricted"]
    assert (await acme.client.users_info(user=gone.id))["user"]["deleted"]
    stranger = (await acme.client.users_info(user=outside.id))["user"]
    assert stranger["is_stranger"]
    assert "email" not in stranger["profile"]
    assert (await acme.client.users_lookupByEmail(email=acme.ann.email))["user"]["id"] == acme.ann.id
    async with refused("users_not_found"):
        await acme.client.users_lookupByEmail(email="nobody@example.com")
    async with refused("user_not_found"):
        await acme.client.users_info(user="U0NOBODY")


async def test_lists_page_to_their_end(acme):
    for i in range(12):
        acme.slack.add_channel(f"room-{i}")
    names = []
    async for page in await acme.client.conversations_list(limit=5):
        names += [c["name"] for c in page["channels"]]
    assert len(names) == len(set(names)) == 13
    members = []
    async for page in await acme.client.users_list(limit=2):
        members += [u["id"] for u in page["members"]]
    assert set(members) == {acme.ann.id, acme.bob.id, acme.app.bot_user_id}
    assert (await acme.client.conversations_members(channel=acme.ops.id))["members"] == members


async def test_groups_list_their_members_and_a_disabled_one_lists_nobody(acme):
    group = acme.slack.add_group("legal", members=[acme.ann])
    off = acme.slack.add_group("former", members=[acme.bob], disabled=True)

    assert (await acme.client.usergroups_users_list(usergroup=group.id))["users"] == [acme.ann.id]
    assert (await acme.client.usergroups_users_list(usergroup=off.id))["users"] == []
    assert [g["handle"] for g in (await acme.client.usergroups_list())["usergroups"]] == ["legal"]
    async with refused("no_such_subteam"):
        await acme.client.usergroups_users_list(usergroup="S0")


async def test_reactions_are_added_once_and_taken_away_once(acme):
    ts = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x"))["ts"]
    where = {"channel": acme.ops.id, "timestamp": ts}
    await acme.client.reactions_add(name="eyes", **where)
    async with refused("already_reacted"):
        await acme.client.reactions_add(name="eyes", **where)
    got = (await acme.client.reactions_get(**where))["message"]["reactions"]
    assert got == [{"name": "eyes", "users": [acme.app.bot_user_id], "count": 1}]
    await acme.client.reactions_remove(name="eyes", **where)
    async with refused("no_reaction"):
        await acme.client.reactions_remove(name="eyes", **where)
    async with refused("invalid_name"):
        await acme.client.reactions_add(name="not an emoji", **where)


async def test_a_permalink_names_channel_and_thread(acme):
    parent = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x"))["ts"]
    reply = (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", thread_ts=parent))["ts"]
    link = (await acme.client.chat_getPermalink(channel=acme.ops.id, message_ts=reply))["permalink"]
    base = f"https://acme.slack.com/archives/{acme.ops.id}/p{reply.replace('.', '')}"
    assert link == f"{base}?thread_ts={parent}&cid={acme.ops.id}"


async def test_a_file_is_uploaded_in_three_steps_and_ready_only_later(acme):
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (320).to_bytes(4, "big") + (200).to_bytes(4, "big")
    uploaded = await acme.client.files_upload_v2(content=png, filename="chart.png", title="Chart")
    file_id = uploaded["files"][0]["id"]
    image = {"type": "image", "alt_text": "a chart", "slack_file": {"id": file_id}}
    assert uploaded["files"][0]["mimetype"] == ""
    async with refused("invalid_blocks") as raised:
        await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[image])
    assert "invalid slack file" in raised.value.response["errors"][0]

    acme.slack.clock.advance(1)

    file = (await acme.client.files_info(file=file_id))["file"]
    assert (file["mimetype"], file["original_w"], file["original_h"]) == ("image/png", 320, 200)
    assert (await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=[image]))["ok"]


async def test_a_shared_file_stands_in_its_channel_and_needs_a_token_to_read(acme):
    uploaded = await acme.client.files_upload_v2(
        content="1,2", filename="a.csv", channel=acme.ops.id, initial_comment="numbers"
    )
    message = acme.slack.messages(acme.ops)[0]
    url = uploaded["files"][0]["url_private"]

    assert (message["text"], message["files"][0]["name"]) == ("numbers", "a.csv")
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {acme.app.bot_token}"}) as response:
            assert await response.read() == b"1,2"
        async with session.get(url, allow_redirects=False) as response:
            assert response.status == 302


async def test_workspaces_do_not_see_each_other(acme):
    other = acme.slack.add_workspace("Beta")
    there = acme.slack.add_user("zoe", workspace=other)
    room = acme.slack.add_channel("lab", workspace=other)
    installed = acme.slack.install(acme.app, other)
    client = AsyncWebClient(token=installed.bot_token, base_url=acme.slack.base_url)

    assert (await client.auth_test())["team"] == "Beta"
    assert (await client.team_info())["team"]["id"] == other.id
    for error, call in [
        ("channel_not_found", acme.client.conversations_info(channel=room.id)),
        ("user_not_found", acme.client.users_info(user=there.id)),
        ("channel_not_found", client.chat_postMessage(channel=acme.ops.id, text="x")),
    ]:
        async with refused(error):
            await call


async def test_blocks_can_be_validated_without_a_token(acme):
    client = AsyncWebClient(base_url=acme.slack.base_url)
    assert (await client.blocks_validate(blocks=[section()]))["ok"]
    async with refused("invalid_blocks"):
        await client.blocks_validate(blocks=[actions(button(), button())])


async def test_the_call_log_tells_what_was_asked_and_answered(acme):
    await acme.client.chat_postMessage(channel=acme.ops.id, text="x")
    [call] = acme.slack.calls("chat.postMessage")
    assert (call.args["text"], call.ok, call.status, call.team_id) == ("x", True, 200, acme.ops.team_id)
    assert "token" not in call.args
