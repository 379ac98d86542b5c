import aiohttp
import pytest

from tests.local_slack_pages import a_page, needs_browser
from tests.local_slacks import (  # noqa: F401 - a fixture
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


async def get(world, path, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.get(world.slack.url + path, headers=headers) as response,
    ):
        return response.status, await response.text(), response.headers


async def test_the_page_comes_with_a_strict_policy_and_asks_nobody_else(acme):
    status, text, headers = await get(acme, "")
    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for name in ("style.css", "page.js", "bot.svg"):
        status, more, _ = await get(acme, f"page/{name}")
        assert status == 200
        text += more
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "innerHTML" not in text
    assert not [line for line in text.splitlines() if 'src="http' in line or "@import" in line]


@pytest.mark.parametrize("path", ["", "page/state", "api/auth.test"])
async def test_foreign_hosts_and_origins_are_refused(acme, path):
    assert (await get(acme, path, Host="evil.example"))[0] == 403
    assert (await get(acme, path, Origin="https://evil.example"))[0] == 403
    port = acme.slack.url.rstrip("/").rpartition(":")[2]
    assert (await get(acme, path, Host=f"localhost:{port}", Origin=f"http://localhost:{port}"))[0] == 200


async def test_a_person_sees_only_their_own_channels_and_whispers(acme):
    board = acme.slack.add_channel("board", private=True, members=[acme.ann, acme.app])
    await acme.client.chat_postMessage(channel=board.id, text="for the board")
    await acme.client.chat_postEphemeral(channel=acme.ops.id, user=acme.ann.id, text="for ann")

    async def seen(user, channel):
        return (await get(acme, f"page/state?user={user.id}&channel={channel.id}"))[1]

    assert "for the board" in await seen(acme.ann, board)
    assert "for the board" not in await seen(acme.bob, board)
    assert "for ann" in await seen(acme.ann, acme.ops)
    assert "for ann" not in await seen(acme.bob, acme.ops)


async def test_changes_are_streamed(acme):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{acme.slack.url}page/events") as stream,
    ):
        assert await stream.content.readline() == b"data: []\n"
        await acme.slack.say(acme.ann, acme.ops, "hello")
        await stream.content.readline()
        assert acme.ops.id.encode() in await stream.content.readline()


DIGEST = [
    {"type": "header", "text": plain("Weekly digest")},
    section("*Precision fell* from 0.91 to 0.87 :warning: <https://example.com|why>"),
    {
        "type": "data_visualization",
        "title": "Precision",
        "chart": {
            "type": "line",
            "series": [
                {"name": "p", "data": [{"label": "W1", "value": 0.91}, {"label": "W2", "value": 0.87}]}
            ],
            "axis_config": {"categories": ["W1", "W2"]},
        },
    },
    {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "Group"}], [{"type": "raw_text", "text": "women"}]],
    },
    actions(button("share", text="Share in channel")),
]


@pytest.mark.browser
@needs_browser
async def test_a_person_reads_types_clicks_and_fills_a_modal(acme):
    app = bolt(acme)
    submitted = []

    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input()))
        await ack("Opening the form.")

    @app.view("form")
    async def _(ack, view):
        submitted.append(view["state"]["values"]["amount"]["a"]["value"])
        if len(submitted) == 1:
            await ack(response_action="errors", errors={"amount": "Enter a number above zero"})
        else:
            await ack()

    @app.action("share")
    async def _(ack, respond):
        await ack()
        await respond("Shared with all", response_type="in_channel")

    parent = await acme.client.chat_postMessage(channel=acme.ops.id, text="digest", blocks=DIGEST)
    await acme.client.chat_postMessage(channel=acme.ops.id, text="the details", thread_ts=parent["ts"])
    async with in_socket_mode(app, acme), a_page(acme, f"#/T/{acme.ops.id}") as page:
        await page.get_by_role("heading", name="Weekly digest").wait_for()
        assert await page.locator(".msg strong").first.text_content() == "Precision fell"
        assert "W2 0.87" in await page.locator("svg[role=img]").get_attribute("aria-label")

        await page.get_by_role("button", name="1 reply").click()
        await page.locator("#replies").get_by_text("the details").wait_for()

        await page.locator("#messages").get_by_role("button", name="Share in channel").click()
        await page.locator("#messages").get_by_text("Shared with all").wait_for()

        await page.locator("#composer").fill("/example please")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Amount").fill("0")
        await dialog.get_by_role("button", name="Send").click()
        await dialog.get_by_text("Enter a number above zero").wait_for()
        assert await dialog.get_by_label("Amount").input_value() == "0"
        await dialog.get_by_label("Amount").fill("12")
        await page.keyboard.press("Enter")
        await dialog.wait_for(state="hidden")
        whisper = page.locator(".whisper")
        assert "Only visible to you" in await whisper.text_content()

        await page.locator("#reply").fill("/example in a thread")
        await page.keyboard.press("Enter")
        await page.get_by_text("Slash commands do not work in threads").wait_for()
        await page.locator("#reply").fill("thanks @bob")
        await page.keyboard.press("Enter")
        await page.locator("#replies .mention", has_text="@Bob Lindt").wait_for()

    assert submitted == ["0", "12"]
    assert acme.slack.thread(acme.ops, parent["ts"])[-1]["text"] == f"thanks <@{acme.bob.id}>"


@pytest.mark.browser
@needs_browser
async def test_text_from_messages_is_never_html(acme):
    evil = "<img src=x onerror=alert(1)> <script>alert(2)</script> <javascript:alert(3)|click>"
    await acme.client.chat_postMessage(channel=acme.ops.id, text=evil)
    await acme.client.chat_postMessage(
        channel=acme.ops.id,
        text="x",
        blocks=[{"type": "markdown", "text": f"{evil} [go](javascript:alert(4))"}],
    )
    async with a_page(acme, f"#/T/{acme.ops.id}") as page:
        await page.locator(".msg").nth(1).wait_for()
        assert await page.locator("#messages img, #messages script").count() == 0
        assert await page.locator("#messages a[href^='javascript']").count() == 0
        assert "<script>" in await page.locator("#messages").text_content()


@pytest.mark.browser
@needs_browser
async def test_a_home_tab_is_opened_and_its_button_pressed(acme):
    app = bolt(acme)

    @app.event("app_home_opened")
    async def _(event, client):
        if event["tab"] == "home":
            await client.views_publish(
                user_id=event["user"], view=home(section("Two wait"), actions(button("open")))
            )

    @app.action("open")
    async def _(ack, body, client):
        await ack()
        await client.views_update(view_id=body["view"]["id"], view=home(section("None waits")))

    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.locator("#places").get_by_role("link", name="Example").last.click()
        await page.get_by_text("Two wait").wait_for()
        await page.get_by_role("button", name="Go").click()
        await page.get_by_text("None waits").wait_for()


@pytest.mark.browser
@needs_browser
async def test_a_deep_link_shows_its_message_and_thread(acme):
    parent = (await acme.client.chat_postMessage(channel=acme.ops.id, text="parent"))["ts"]
    reply = (await acme.client.chat_postMessage(channel=acme.ops.id, text="the reply", thread_ts=parent))[
        "ts"
    ]
    async with a_page(acme, f"#/{acme.ops.team_id}/{acme.ops.id}/p{reply.replace('.', '')}") as page:
        await page.locator("#replies .msg.target", has_text="the reply").wait_for()


@pytest.mark.browser
@needs_browser
async def test_another_person_is_picked_and_a_message_appears_without_reloading(acme):
    async with a_page(acme, f"#/T/{acme.ops.id}") as page:
        await page.locator("#who").select_option(acme.bob.id)
        await page.locator("#composer").fill("from bob")
        await page.keyboard.press("Enter")
        await page.locator(".msg", has_text="from bob").wait_for()
        await acme.slack.say(acme.ann, acme.ops, "from ann")
        await page.locator(".msg", has_text="from ann").wait_for()
    assert [m["user"] for m in acme.slack.messages(acme.ops)] == [acme.bob.id, acme.ann.id]


@pytest.mark.browser
@needs_browser
async def test_the_answer_to_a_command_is_seen_from_wherever_one_had_read_to(acme):
    app = bolt(acme)

    @app.command("/example")
    async def _(ack):
        await ack("Here it is.")

    for number in range(40):
        await acme.slack.say(acme.bob, acme.ops, f"line {number}")
    async with in_socket_mode(app, acme), a_page(acme, f"#/T/{acme.ops.id}") as page:
        await page.get_by_text("line 39").wait_for()
        await page.locator("#messages").evaluate("pane => { pane.scrollTop = 0; }")
        await page.locator("#composer").fill("/example")
        await page.keyboard.press("Enter")
        await page.get_by_text("Here it is.").wait_for()
        assert await page.locator("#messages").evaluate("pane => pane.scrollTop") > 300


@pytest.mark.browser
@needs_browser
async def test_a_modal_is_updated_with_other_inputs_and_one_is_pushed_over_it(acme):
    app = bolt(acme)
    got = []
    select = {"type": "static_select", "action_id": "s", "options": [{"text": plain("Two"), "value": "2"}]}
    asked = {"type": "input", "block_id": "pick", "label": plain("Pick"), "element": select}
    steps = iter(
        [
            {"response_action": "update", "view": modal(asked)},
            {"response_action": "push", "view": modal(section("Are you sure?"), title=plain("Sure"))},
        ]
    )

    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input()))
        await ack()

    @app.view("form")
    async def _(ack, view):
        got.append(view["state"]["values"])
        await ack(**next(steps))

    async with in_socket_mode(app, acme), a_page(acme, f"#/T/{acme.ops.id}") as page:
        await page.locator("#composer").fill("/ex")
        await page.locator("#hints button").click()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Amount").fill("12")
        await dialog.get_by_role("button", name="Send").click()
        await dialog.get_by_label("Pick").select_option("2")
        await dialog.get_by_role("button", name="Send").click()
        await dialog.get_by_text("Are you sure?").wait_for()
        await dialog.get_by_role("button", name="Back").click()
        await dialog.get_by_label("Pick").wait_for()
        assert await dialog.get_by_label("Pick").input_value() == "2"
        await page.keyboard.press("Escape")
        await dialog.wait_for(state="hidden")

    assert got[0] == {"amount": {"a": {"type": "plain_text_input", "value": "12"}}}
    assert got[1]["pick"]["s"]["selected_option"]["value"] == "2"
    assert acme.slack.views(acme.ann) == []


@pytest.mark.browser
@needs_browser
async def test_every_block_is_drawn(acme):
    rich = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": "rich", "style": {"bold": True}}],
    }
    cells = [[{"type": "raw_text", "text": "Week"}]] + [
        [{"type": "raw_number", "value": i}] for i in range(7)
    ]
    options = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]
    pie = {"type": "pie", "segments": [{"label": "a", "value": 1}, {"label": "b", "value": 2}]}
    series = [{"name": "p", "data": [{"label": "W1", "value": -1}, {"label": "W2", "value": 3}]}]
    area = {"type": "area", "series": series, "axis_config": {"categories": ["W1", "W2"]}}
    drawn = [
        section("words :tada:")
        | {"accessory": {"type": "overflow", "action_id": "more", "options": options}},
        {"type": "section", "fields": [plain("field")]},
        {"type": "divider"},
        {"type": "context", "elements": [plain("context")]},
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a far image"},
        {"type": "rich_text", "elements": [rich]},
        {"type": "markdown", "text": "# Title\n- item **bold**\n\n| a | b |\n|---|---|\n| c | d |"},
        {"type": "data_table", "caption": "By week", "rows": cells},
        {"type": "data_visualization", "title": "Pie", "chart": pie},
        {"type": "data_visualization", "title": "Area", "chart": area},
        {"type": "card", "title": plain("card"), "actions": [button("c")]},
        {"type": "plan", "title": "plan", "tasks": [{"task_id": "t", "title": "task", "status": "complete"}]},
        actions(
            {"type": "checkboxes", "action_id": "boxes", "options": options},
            {"type": "radio_buttons", "action_id": "radio", "options": options},
            {"type": "multi_static_select", "action_id": "multi", "options": options},
            {"type": "users_select", "action_id": "who"},
            {"type": "datepicker", "action_id": "day"},
            {"type": "timepicker", "action_id": "time"},
        ),
        text_input(),
    ]
    await acme.client.chat_postMessage(channel=acme.ops.id, text="x", blocks=drawn)
    async with a_page(acme, f"#/T/{acme.ops.id}") as page:
        message = page.locator("#messages .msg")
        await message.wait_for()
        assert await message.locator(".block").count() == len(drawn)
        assert "🎉" in await message.text_content()
        assert await message.locator("svg[role=img]").count() == 2
        assert await message.locator("img").count() == 0  # nothing is fetched from elsewhere
        await message.get_by_role("button", name="Next").click()
        assert "page 2 of 2" in await message.text_content()
        await message.get_by_role("button", name="Week").click()
        assert await message.locator("th[aria-sort=ascending]").count() == 1
        assert await message.get_by_role("radio").count() == 2
        assert await message.locator(".markdown td").count() == 2


@pytest.mark.browser
@needs_browser
async def test_enter_on_a_choice_chooses_and_only_control_enter_sends(acme):
    app = bolt(acme)
    got = []
    options = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]
    radio = {"type": "radio_buttons", "action_id": "r", "options": options}
    asked = {"type": "input", "block_id": "pick", "label": plain("Pick"), "element": radio}

    @app.command("/example")
    async def _(ack, command, client):
        await client.views_open(trigger_id=command["trigger_id"], view=modal(asked))
        await ack()

    @app.view("form")
    async def _(ack, view):
        got.append(view["state"]["values"]["pick"]["r"]["selected_option"]["value"])
        await ack()

    async with in_socket_mode(app, acme), a_page(acme, f"#/T/{acme.ops.id}") as page:
        await acme.slack.command(acme.ann, acme.ops, "/example")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("radio", name="Two").focus()
        await page.keyboard.press("Enter")
        assert await dialog.get_by_role("radio", name="Two").is_checked()
        assert await dialog.is_visible()
        await page.keyboard.press("Control+Enter")
        await dialog.wait_for(state="hidden")
    assert got == ["2"]


@pytest.mark.browser
@needs_browser
async def test_somebody_of_another_company_reads_and_clicks_in_a_shared_channel(acme):
    app = bolt(acme)
    clicked = []

    @app.action("go")
    async def _(ack, body):
        clicked.append(body["user"]["team_id"])
        await ack()

    other = acme.slack.add_workspace("Partner")
    xena = acme.slack.add_user("xena", workspace=other, stranger=True)
    shared = acme.slack.add_channel("shared", members=[acme.ann, xena, acme.app], ext_shared=True)
    await acme.client.chat_postMessage(channel=shared.id, text="x", blocks=[actions(button())])
    async with in_socket_mode(app, acme), a_page(acme, user=xena) as page:
        await page.get_by_role("button", name="Go").click()
        await acme.slack.wait_for(lambda: clicked)
        assert await page.locator("#places").get_by_role("link").count() == 1
        await page.locator("#composer").fill("/example")
        await page.keyboard.press("Enter")
        await page.get_by_text("is of another company and has no commands here").wait_for()
    assert clicked == [other.id]
