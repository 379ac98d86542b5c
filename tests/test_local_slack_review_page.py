"""A person fills forms, decides on cards and works by keyboard on the local Slack's page."""

import pytest

from bot.local_slack.modals import STACK_MAX
from tests.local_slack_pages import a_browser, a_page, a_tab, needs_browser
from tests.local_slack_reviews import asked, card, every_question, option, review_modal
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
)

pytestmark = [pytest.mark.browser, needs_browser]
TWO = [option("1", "One"), option("2", "Two")]


def opens(app, view, *, on="sign"):
    @app.action(on)
    async def _(ack, body, client):
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()


async def post(world, blocks, **more):
    return (await world.client.chat_postMessage(channel=world.ops.id, text="x", blocks=blocks, **more))["ts"]


async def test_twenty_items_are_decided_and_an_error_is_found_at_its_field(acme):
    app = bolt(acme)
    opens(app, review_modal(20))
    got = []

    @app.view("review")
    async def _(ack, view):
        values = view["state"]["values"]
        got.append({k: v["decision"]["selected_option"] for k, v in values.items() if "decision" in v})
        if not values["reason-15"]["reason"]["value"]:
            await ack(response_action="errors", errors={"reason-15": "Say why you object."})
        else:
            await ack()

    await post(acme, card(0))
    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.get_by_role("button", name="Review and sign").click()
        dialog = page.get_by_role("dialog")
        content = dialog.locator(".content")
        await dialog.get_by_text("LAU-01").wait_for()
        assert await content.evaluate("box => box.scrollTop") == 0
        decide = dialog.get_by_role("button", name="Decide")
        assert await decide.evaluate("b => b.getBoundingClientRect().bottom < innerHeight")
        await dialog.get_by_role("radio", name="Sign it").nth(0).check()
        await dialog.get_by_role("radio", name="Object").nth(14).check()
        await content.evaluate("box => { box.scrollTop = 0; }")
        await decide.click()

        await dialog.get_by_text("Say why you object.").wait_for()
        field = dialog.get_by_label("Reason").nth(14)
        assert await field.evaluate("f => f === document.activeElement")
        assert await field.get_attribute("aria-invalid") == "true"
        assert await content.evaluate("box => box.scrollTop") > 1000
        assert await dialog.get_by_role("radio", name="Object").nth(14).is_checked()
        await page.keyboard.type("Recall fell for night-time cases.")
        await decide.click()
        await dialog.wait_for(state="hidden")

    decided = {k: v["value"] for k, v in got[-1].items() if v}
    assert decided == {"decision-1": "sign", "decision-15": "object"}


async def test_every_question_of_a_form_can_be_answered_in_the_persons_own_zone(acme):
    app = bolt(acme)
    opens(app, modal(*every_question()))
    got = []

    @app.view("form")
    async def _(ack, view):
        got.append({k: next(v for n, v in e["x"].items() if n != "type") for k, e in view["state"]["values"].items()})  # fmt: skip
        await ack()

    await post(acme, card(0))
    async with in_socket_mode(app, acme), a_page(acme, timezone_id="Asia/Tokyo") as page:
        await page.get_by_role("button", name="Review and sign").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Send").click()
        await dialog.get_by_text("4 answers need another look.").wait_for()
        assert await page.locator("#toast").is_hidden()
        assert await dialog.get_by_label("What launches?").evaluate("f => f === document.activeElement")

        await dialog.get_by_label("What launches?").fill("x" * 81)
        await dialog.get_by_text("81 of 80").wait_for()
        await dialog.get_by_label("What launches?").fill("Nearby offers 2.4")
        await dialog.get_by_role("checkbox", name="Personal data Anything that tells").check()
        await dialog.get_by_label("When?").first.fill("2026-12-01")
        await dialog.get_by_label("At what time?").fill("09:30")
        await dialog.get_by_label("Until when?").fill("2026-12-24T18:00")
        add = dialog.get_by_label("Add to Who else signs?")
        await add.select_option("Ann Keller")
        await add.select_option("Bob Lindt")
        assert await add.is_disabled()  # two at most
        await dialog.get_by_role("button", name="Remove Ann Keller").click()
        await dialog.get_by_label("Owner").select_option("Ann Keller")
        await dialog.get_by_label("Which part?").select_option("Model")
        await dialog.get_by_label("Link to the record").fill("https://example.com/17")
        await dialog.get_by_label("Share, 0 to 1").fill("0.25")
        await dialog.get_by_role("radio", name="Yes").check()
        await dialog.get_by_role("button", name="Send").click()
        await dialog.wait_for(state="hidden")

    [answers] = got
    assert [o["value"] for o in answers.pop("boxes")] == ["b"]
    assert [answers.pop(k)["value"] for k in ("part", "choice")] == ["m", "yes"]
    assert answers == {
        "what": "Nearby offers 2.4", "day": "2026-12-01", "time": "09:30",
        "expires": 1_798_131_600,  # 18:00 in Berlin, 17:00 UTC
        "signers": [acme.bob.id], "owner": acme.ann.id, "link": "https://example.com/17", "share": "0.25",
    }  # fmt: skip


async def test_a_confirmation_that_is_denied_sends_nothing_and_puts_the_choice_back(acme):
    sure = {"title": plain("Move it?"), "text": plain("All are told."), "deny": plain("Leave it")}
    select = {"type": "static_select", "action_id": "part", "options": TWO, "confirm": sure, "initial_option": TWO[0]}  # fmt: skip
    await post(acme, [*card(0), actions(select) | {"block_id": "pick"}])
    app = bolt(acme)
    sent = []

    @app.action("part")
    @app.action("withdraw")
    async def _(ack, action):
        sent.append(action["action_id"])
        await ack()

    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.get_by_role("button", name="Withdraw").click()
        dialog = page.get_by_role("dialog")
        assert "Everybody who signed is told." in await dialog.text_content()
        await dialog.get_by_role("button", name="Keep it").click()
        await dialog.wait_for(state="hidden")
        await page.locator(".msg select").select_option("2")
        await dialog.get_by_role("button", name="Leave it").click()
        await dialog.wait_for(state="hidden")
        assert await page.locator(".msg select").input_value() == "1"
        assert sent == []

        await page.locator(".msg select").select_option("2")
        await dialog.get_by_role("button", name="Confirm").click()
        await page.get_by_role("button", name="Withdraw").click()
        await dialog.get_by_role("button", name="Withdraw").click()
        await acme.slack.wait_for(lambda: sent == ["part", "withdraw"])


async def test_a_view_that_is_left_and_come_back_to_is_as_it_was(acme):
    app = bolt(acme)

    def step(number):
        more = [section(f"Paragraph {i}") for i in range(40)]
        name = asked("name", "Name", {"type": "plain_text_input", "action_id": "n"})
        deeper = actions(button("deeper", text="Deeper"))
        return modal(*more, name, deeper, title=plain(f"Step {number}"))

    opens(app, step(1))

    @app.action("deeper")
    async def _(ack, body, client):
        number = int(body["view"]["title"]["text"].split()[1])
        if number < STACK_MAX:
            await client.views_push(trigger_id=body["trigger_id"], view=step(number + 1))
        await ack()

    await post(acme, card(0))
    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.get_by_role("button", name="Review and sign").click()
        dialog = page.get_by_role("dialog")
        places = []
        for number in range(1, STACK_MAX):
            await dialog.get_by_role("heading", name=f"Step {number}").wait_for()
            await dialog.get_by_label("Name").fill(f"typed in {number}")
            await dialog.get_by_role("button", name="Deeper").click()
            places.append(number)
        await dialog.get_by_role("heading", name="Step 3").wait_for()
        assert await dialog.locator(".content").evaluate("box => box.scrollTop") == 0
        for number in reversed(places):
            await dialog.get_by_role("button", name="To the form before").click()
            await dialog.get_by_role("heading", name=f"Step {number}").wait_for()
            assert await dialog.get_by_label("Name").input_value() == f"typed in {number}"
            assert await dialog.locator(".content").evaluate("box => box.scrollTop") > 500
        assert await dialog.get_by_role("button", name="To the form before").count() == 0


async def test_a_view_that_is_updated_while_one_types_keeps_place_and_caret(acme):
    app = bolt(acme)
    dispatch = {"trigger_actions_on": ["on_character_entered"]}
    search = {"type": "plain_text_input", "action_id": "q", "dispatch_action_config": dispatch}

    def view(words):
        more = [section(f"Paragraph {i}") for i in range(40)]
        return modal(section(words), *more, asked("search", "Search", search, dispatch_action=True))

    opens(app, view("nothing yet"))
    asked_for = []

    @app.action("q")
    async def _(ack, action, body, client):
        asked_for.append(action["value"])
        await client.views_update(view_id=body["view"]["id"], view=view(f"found {action['value']}"))
        await ack()

    await post(acme, card(0))
    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.get_by_role("button", name="Review and sign").click()
        dialog = page.get_by_role("dialog")
        field = dialog.get_by_label("Search")
        await field.focus()
        await page.keyboard.type("rcall")
        await dialog.get_by_text("found rcall").wait_for()
        for _ in range(4):
            await page.keyboard.press("ArrowLeft")
        await page.keyboard.type("e")
        await dialog.get_by_text("found recall").wait_for()
        assert await field.evaluate("f => [f === document.activeElement, f.selectionStart]") == [True, 2]
        assert await dialog.locator(".content").evaluate("box => box.scrollTop") > 500
    assert asked_for == ["rcall", "recall"]


async def test_two_people_in_two_tabs_sign_at_once_and_each_sees_both(acme):
    app = bolt(acme)
    signed = []
    await post(acme, card(0, of=2))

    @app.action("sign")
    async def _(ack, body, client):
        await ack()
        if body["user"]["id"] not in signed:
            signed.append(body["user"]["id"])
        shown = card(len(signed), of=2)
        await client.chat_update(channel=acme.ops.id, ts=body["message"]["ts"], text="x", blocks=shown)
        words = f"You signed, number {signed.index(body['user']['id']) + 1}."
        await client.chat_postEphemeral(channel=acme.ops.id, user=body["user"]["id"], text=words)

    async with (
        in_socket_mode(app, acme),
        a_browser() as browser,
        a_tab(browser, acme) as ann,
        a_tab(browser, acme, user=acme.bob) as bob,
    ):
        for page in (ann, bob):
            await page.get_by_role("button", name="Review and sign").focus()
        for page in (ann, bob):
            await page.keyboard.press("Enter")
        for page in (ann, bob):
            await page.get_by_text("2 of 2 have signed").wait_for()
            await page.locator(".whisper").wait_for()
            assert await page.locator(".whisper").count() == 1  # nobody sees the other's
            button_again = page.get_by_role("button", name="Review and sign")
            assert await button_again.evaluate("b => b === document.activeElement")
    assert sorted(signed) == sorted([acme.ann.id, acme.bob.id])


async def test_a_menu_is_worked_by_keyboard_and_escape_closes_only_it(acme):
    app = bolt(acme)
    chosen = []

    @app.action("more")
    async def _(ack, action):
        chosen.append(action["selected_option"]["value"])
        await ack()

    parent = await post(acme, card(0))
    await post(acme, [section("for legal")], thread_ts=parent)
    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.get_by_role("button", name="1 reply").click()
        menu = page.locator("#messages").get_by_label("More actions")
        await menu.focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Escape")
        assert await page.locator("#messages details").get_attribute("open") is None
        assert await menu.evaluate("m => m === document.activeElement")
        await page.locator("#thread").wait_for(state="visible")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await acme.slack.wait_for(lambda: chosen == ["delegate"])
        await page.keyboard.press("Escape")
        await page.locator("#thread").wait_for(state="hidden")


async def test_what_one_types_in_a_message_outlives_what_others_post(acme):
    note = {"type": "plain_text_input", "action_id": "n"}
    await post(acme, [asked("note", "Note", note)])
    async with a_page(acme) as page:
        await page.get_by_label("Note").fill("half a sen")
        await acme.slack.say(acme.bob, acme.ops, "meanwhile")
        await page.get_by_text("meanwhile").wait_for()
        await page.keyboard.type("tence")
        assert await page.get_by_label("Note").input_value() == "half a sentence"


async def test_older_messages_and_replies_come_when_asked_for(acme):
    parent = await post(acme, card(0))
    for number in range(230):
        await acme.slack.say(acme.bob, acme.ops, f"reply {number}.", thread_ts=parent)
    for number in range(230):
        await acme.slack.say(acme.bob, acme.ops, f"message {number}.")
    async with a_page(acme) as page:
        await page.get_by_text("message 229.").wait_for()
        assert await page.get_by_text("message 5.").count() == 0
        await page.get_by_role("button", name="Show older messages").click()
        await page.get_by_text("message 5.").wait_for()
        await page.get_by_role("button", name="230 replies").click()
        await page.locator("#replies").get_by_text("reply 0.").wait_for()
        assert await page.locator("#replies .msg").count() == 231


async def test_kinds_of_channels_and_files_are_told_apart(acme):
    old = acme.slack.add_channel("old", members=[acme.ann, acme.app])
    acme.slack.add_channel("board", private=True, members=[acme.ann])
    acme.slack.add_channel("partners", ext_shared=True, members=[acme.ann])
    await acme.client.files_upload_v2(channel=old.id, filename="proof.html", title="Proof", content="<p>x")
    await acme.slack.change_channel(old, archived=True)
    async with a_page(acme, f"#/T/{old.id}") as page:
        await page.locator("#head").get_by_text("ARCHIVED").wait_for()
        assert await page.locator("#composer").is_hidden()
        async with page.expect_download() as saved:
            await page.get_by_role("link", name="Proof").click()
        assert (await saved.value).suggested_filename == "proof.html"
        await page.locator("#places").get_by_role("link", name="board").click()
        await page.locator("#head").get_by_text("PRIVATE").wait_for()
        await page.locator("#places").get_by_role("link", name="partners").click()
        await page.locator("#head").get_by_text("SHARED WITH ANOTHER COMPANY").wait_for()


async def test_a_refusal_inside_a_modal_is_seen_above_it(acme):
    app = bolt(acme)
    opens(app, modal(section("words"), actions(button("go", text="Press"))))
    await post(acme, card(0))
    async with in_socket_mode(app, acme), a_page(acme) as page:
        await page.get_by_role("button", name="Review and sign").click()
        dialog = page.get_by_role("dialog")
        [view] = await acme.slack.wait_for(lambda: acme.slack.views(acme.ann))
        await dialog.get_by_role("button", name="Press").wait_for()

        async def forgotten(
            route,
        ):  # as a restart of the server leaves it, a moment before it hears the press
            acme.slack.state.stacks[acme.ann.id].clear()
            await route.continue_()

        await page.route("**/control/**", forgotten)
        await dialog.get_by_role("button", name="Press").click()
        toast = page.get_by_text(f"ann has no open view {view['id']}")
        await toast.wait_for()
        box = await toast.bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        on_top = await page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.id", middle)
        assert on_top == "toast"


async def test_home_is_worked_by_keyboard_and_keeps_its_place(acme):
    app = bolt(acme)

    def shown(done):
        rows = [
            section(f"Launch {i}") | {"accessory": button("open", str(i), f"Review {i}")} for i in range(30)
        ]
        return home(section(f"{done} done"), *rows)

    @app.event("app_home_opened")
    async def _(event, client):
        await client.views_publish(user_id=event["user"], view=shown(0))

    @app.action("open")
    async def _(ack, body, client):
        await ack()
        await client.views_publish(user_id=body["user"]["id"], view=shown(1))

    async with in_socket_mode(app, acme), a_page(acme, f"#/home/{acme.app.id}") as page:
        await page.get_by_text("0 done").wait_for()
        await page.get_by_role("button", name="Review 25").focus()
        await page.keyboard.press("Enter")
        await page.get_by_text("1 done").wait_for()
        again = page.get_by_role("button", name="Review 25")
        assert await again.evaluate("b => b === document.activeElement")
        assert await page.locator("#messages").evaluate("pane => pane.scrollTop") > 300
