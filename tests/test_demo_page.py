"""The demo's page in a real browser, as somebody sees it who has just run `make demo`: digests, and a launch that opens."""

import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot.local_slack.page_server import FOLDER
from deploy.demo import people
from handlers.views import labels
from tests.stages import ANA, BEN, CHLOE, FRAUD, JOBS, KAI, LEA, a_stage
from tests.test_demo_reviews import AUDIT, CLOSED, HANA, JAMILA, MIGUEL, OFFERS, OPEN, Visit, put

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WAIT_MS = 8_000
WHISPER = ".whisper"

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Bare functions are deprecated"),
]
browser = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: install Debian's chromium")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage():
    async with a_stage("socket") as opened:
        await opened.muster.post_everything()
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium():
    driver = pytest.importorskip(
        "playwright.async_api", reason="no playwright: it is in requirements-dev.lock"
    )
    async with driver.async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        await opened.close()


@pytest.fixture
def look(tmp_path):
    """Give what takes a screenshot, into MUSTER_SCREENSHOTS where somebody wants to look."""
    folder = Path(os.environ.get("MUSTER_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    async def take(page, name):
        await page.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size > 10_000

    return take


@asynccontextmanager
async def a_page(chromium, url, **settings):
    """Open a page; an error in its console fails the test."""
    troubles = []
    context = await chromium.new_context(**{"viewport": {"width": 1380, "height": 900}, **settings})
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if told.type == "error" else None)
    await page.goto(url)
    try:
        yield page
    finally:
        await context.close()
    assert troubles == []


async def test_every_sign_of_a_verdict_is_drawn_and_not_spelt():
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    table = script.partition("const EMOJI = {")[2].partition("};")[0]
    signs = {sign.strip(":") for sign in labels.MARKS.values()}

    assert len(signs) > 8
    assert [sign for sign in signs if not re.search(rf"\b{sign}: \"", table)] == []


@pytest.mark.browser
@browser
async def test_a_newcomer_reads_a_digest_and_its_thread_from_the_start(stage, chromium, look):
    async with a_page(chromium, stage.url) as page:
        # picks who they are, and lands in the channel
        assert await page.locator("#who option").count() == len(people.PEOPLE)
        assert await page.locator("#who").input_value() == ANA
        digest = page.locator("#messages .msg")
        await digest.get_by_text("Fraud detection, 16 to 22 November 2026").wait_for()
        assert await digest.count() == 1
        assert ":" not in (await digest.locator(".block").nth(1).locator("strong").first.text_content())
        await look(page, "channel")

        # reads the thread from its start: charts first, then what moved
        await digest.get_by_role("button", name="2 replies").click()
        chart = page.locator("#replies svg[role=img]").first
        await chart.wait_for()
        assert await page.locator("#replies").evaluate("pane => pane.scrollTop") == 0
        marks = await chart.locator("text").all_text_contents()
        assert [mark for mark in marks if mark.endswith("%")][:2] == ["0%", "0.2%"]
        await page.locator("#replies").get_by_text("Show the numbers").first.click()
        week = page.locator("#replies figure").first.get_by_role("row", name="16 Nov")
        assert (await week.bounding_box())["height"] < 40  # no letter stands alone on its line
        assert await week.get_by_role("cell").text_content() == "0.473393"
        assert await page.locator("#replies").get_by_text("What moved").count() == 1
        assert ":grey_question:" not in await page.locator("#replies").text_content()
        await chart.scroll_into_view_if_needed()
        await look(page, "thread")
        await page.get_by_label("Close the thread").click()
        await page.locator("#thread").wait_for(state="hidden")


@pytest.mark.browser
@browser
async def test_a_newcomer_asks_for_a_brief_has_it_for_another_reader_and_shares_it(stage, chromium, look):
    async with a_page(chromium, stage.url) as page:
        # types the command; a page longer than the pane is shown from its start
        await page.locator("#composer").fill("/mu")
        await page.locator("#hints button").click()
        await page.locator("#composer").press_sequentially("brief fraud-detection for compliance")
        await page.keyboard.press("Enter")
        brief = page.locator(WHISPER).first
        await brief.get_by_text("For compliance").wait_for()
        assert "Only visible to you" in await brief.text_content()
        assert "measured for 16 to 22 November 2026 from payments" in await brief.text_content()
        top = await brief.evaluate(
            "node => node.getBoundingClientRect().top - node.parentElement.getBoundingClientRect().top"
        )
        assert -2 <= top <= 40
        await look(page, "brief")

        # presses a button, fills the modal, and reads the answer in it
        await brief.get_by_role("button", name="For another reader").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Who is it for?").select_option(label="Support")
        await look(page, "modal")
        await dialog.get_by_role("button", name="Show it").click()
        await dialog.get_by_text("For support").wait_for()
        assert "95% range" not in await dialog.text_content()
        await look(page, "answer")
        await page.keyboard.press("Escape")
        await dialog.wait_for(state="hidden")

        # how we know, privately; then everybody sees it, once
        await brief.get_by_role("button", name="How do we know?").click()
        await page.locator(WHISPER).get_by_text("How we know: Fraud detection").wait_for()
        assert stage.slack.messages(FRAUD)[1:] == []
        await brief.get_by_role("button", name="Share in channel").click()
        await page.locator("#messages .msg:not(.whisper)").nth(1).wait_for()
        await brief.get_by_role("button", name="Share in channel").click()
        await page.locator(WHISPER).get_by_text("It is shared already").wait_for()
        assert len(stage.slack.messages(FRAUD)) == 2


@pytest.mark.browser
@browser
async def test_a_mention_in_a_thread_is_answered_there(stage, chromium, look):
    parent = stage.slack.messages(FRAUD)[0]["ts"].replace(".", "")
    async with a_page(chromium, f"{stage.slack.url}?user={KAI}#/{people.TEAM}/{FRAUD}/p{parent}") as page:
        await page.get_by_role("button", name="2 replies").click()
        await page.locator("#replies svg").first.wait_for()
        await page.locator("#reply").fill("/muster why")
        await page.keyboard.press("Enter")
        await page.get_by_text("Slash commands do not work in threads").wait_for()
        await page.locator("#reply").fill("@Muster why")
        await page.keyboard.press("Enter")
        answer = page.locator("#replies .msg").last
        await answer.get_by_text("How we know: Fraud detection").wait_for()
        await page.wait_for_function(
            "() => document.querySelector('#replies').scrollTop > 0"
        )  # one's own words are followed
        await look(page, "mention")


@pytest.mark.browser
@browser
async def test_home_shows_each_person_their_products_also_in_the_dark(stage, chromium, look):
    async with a_page(chromium, f"{stage.slack.url}?user={KAI}", color_scheme="dark") as page:
        await page.locator("#places").get_by_role("link", name="Muster").last.click()
        home = page.locator(".home")
        await home.get_by_text("Support chatbot", exact=True).wait_for()
        assert "Job matching" not in await home.text_content()
        await look(page, "home-dark")

        await page.locator("#who").select_option(LEA)
        await home.get_by_text("Job matching", exact=True).wait_for()
        await home.get_by_role("button", name="Read the brief").first.click()
        await page.get_by_role("dialog").wait_for()
        await look(page, "home-modal-dark")
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="hidden")


@pytest.mark.browser
@browser
async def test_in_a_narrow_window_the_channels_stand_above_what_is_read(stage, chromium, look):
    narrow = {"width": 420, "height": 850}
    async with a_page(
        chromium, f"{stage.slack.url}?user={LEA}#/{people.TEAM}/{JOBS}", viewport=narrow
    ) as page:
        digest = page.locator("#messages .msg", has_text="Job matching, 16 to 22 November").first
        await digest.wait_for()
        assert (await digest.bounding_box())["width"] > 400
        here = await page.locator("#places [aria-current]").bounding_box()
        assert 0 <= here["x"] <= here["x"] + here["width"] <= narrow["width"]
        await digest.get_by_role("button", name="2 replies").click()
        assert (await page.locator("#thread").bounding_box())["width"] == narrow["width"]
        await page.get_by_label("Close the thread").click()
        assert await page.evaluate("document.documentElement.scrollWidth") == narrow["width"]
        await look(page, "narrow")


@pytest.mark.browser
@browser
async def test_a_product_that_one_may_not_read_is_unknown_on_the_page(stage, chromium, look):
    async with a_page(chromium, f"{stage.slack.url}?user={KAI}#/{people.TEAM}/{FRAUD}") as page:
        assert await page.locator("#places").get_by_text("ai-job-matching").count() == 0
        await page.locator("#composer").fill("/muster brief job-matching")
        await page.keyboard.press("Enter")
        await page.locator(WHISPER).get_by_text("There is no product").wait_for()
        await page.locator("#composer").fill("/muster help")
        await page.keyboard.press("Enter")
        await page.locator(WHISPER).get_by_text("What I can do").wait_for()
        assert "ob matching" not in await page.locator("#messages").text_content()
        assert "job-matching" not in (await page.locator(WHISPER).last.text_content())
        await look(page, "help")
        await page.goto(f"{stage.slack.url}?user={KAI}#/{people.TEAM}/{JOBS}")
        await page.get_by_text("This person sees no channel.").wait_for()


# --- the launch that is held, signed, objected to, and open ---

LAUNCH = "nearby-offers-1"


@pytest_asyncio.fixture(loop_scope="module")
async def visit(stage):
    await stage.slack.wait_for(lambda: stage.slack.messages(AUDIT), timeout_s=20)
    return Visit(stage)


@pytest.fixture
def shown(stage, chromium):
    """Give what opens the channel of the launch as one person."""

    def page(user, channel=OFFERS, **settings):
        return a_page(chromium, f"{stage.slack.url}?user={user}#/{people.TEAM}/{channel}", **settings)

    return page


def card(page):
    return page.locator("#messages .msg", has_text="asked for by").first


async def reviews(page):
    """Press the card's button; gives the modal."""
    await card(page).get_by_role("button", name="Review my items").click()
    dialog = page.get_by_role("dialog")
    await dialog.wait_for()
    return dialog


async def answers(dialog, item, choice, reason=""):
    """Choose an answer to one item, and write a reason where there is one."""
    groups = dialog.get_by_role("group")
    names = [(await each.locator("legend").text_content()).strip() for each in await groups.all()]
    place = names.index(f"Your answer to {item}")
    await groups.nth(place).get_by_role("radio", name=choice).check()
    if reason:
        await dialog.get_by_label("Reason or comment").nth(place).fill(reason)


@pytest.mark.browser
@browser
async def test_people_sign_and_object_and_the_gate_follows(visit, shown, look):
    async with shown(HANA) as page:
        await card(page).get_by_text("Hana Sato objects to ETH-19").wait_for()
        await look(page, "review-card")
        dialog = await reviews(page)
        await dialog.get_by_text("38 of 2,400").wait_for()
        await look(page, "review-modal")
        await answers(dialog, "ETH-08", "Sign")
        await answers(dialog, "ETH-19", "Sign")
        await dialog.get_by_role("button", name="Save").click()
        await card(page).get_by_text("15 of 16 ethics items settled").wait_for()
        assert (await visit.gate(LAUNCH))[0] == CLOSED

        # who asked for the launch cannot sign it
        await page.locator("#who").select_option(BEN)
        await card(page).get_by_role("button", name="Review my items").click()
        await page.get_by_text("You asked for this launch").wait_for()
        await look(page, "review-own")
        await page.keyboard.press("Escape")

        # the last signature
        await page.locator("#who").select_option(MIGUEL)
        dialog = await reviews(page)
        await answers(dialog, "ETH-17", "Sign")
        await dialog.get_by_role("button", name="Save").click()
        await card(page).get_by_text("Approved").wait_for()
        await look(page, "review-approved")
        assert (await visit.gate(LAUNCH))[0] == OPEN

        # an objection needs its reason, and closes the gate
        await page.locator("#who").select_option(LEA)
        dialog = await reviews(page)
        await answers(dialog, "ETH-06", "Object")
        await dialog.get_by_role("button", name="Save").click()
        await dialog.get_by_text("Say why, in a sentence").wait_for()
        # its head and foot stay where they are
        assert await dialog.evaluate("box => box.scrollHeight - box.clientHeight") == 0
        await look(page, "review-without-reason")
        await answers(dialog, "ETH-06", "Object", "The shops' own terms changed yesterday.")
        await dialog.get_by_role("button", name="Save").click()
        await card(page).get_by_text("Lea Hoffmann objects to ETH-06").wait_for()
        await look(page, "review-objected")
        assert (await visit.gate(LAUNCH))[0] == CLOSED

        dialog = await reviews(page)
        await answers(dialog, "ETH-06", "Sign")
        await dialog.get_by_role("button", name="Save").click()
        await card(page).get_by_text("Approved").wait_for()
        assert (await visit.gate(LAUNCH))[0] == OPEN


@pytest.mark.browser
@browser
async def test_the_evidence_improves_and_the_gate_opens(visit, shown, look):
    await put(visit, "97")
    async with shown(JAMILA, color_scheme="dark") as page:
        await card(page).get_by_text("97 hours").wait_for()
        assert (await visit.gate(LAUNCH))[0] == CLOSED
        dialog = await reviews(page)
        await dialog.get_by_role("button", name="Add the typical time until a complaint is answered").click()
        await dialog.get_by_label("Value").fill("28")
        await dialog.get_by_label("Measured on").fill("2026-11-22")
        await look(page, "review-evidence")
        await dialog.get_by_role("button", name="Add it").click()
        await dialog.get_by_text(
            "Passes: The typical time until a complaint is answered: 28 hours"
        ).wait_for()
        await answers(dialog, "ETH-16", "Sign")
        await dialog.get_by_role("button", name="Save").click()
        await card(page).get_by_text("Approved").wait_for()
        assert (await visit.gate(LAUNCH))[0] == OPEN
        await card(page).get_by_role("button", name="replies").click()
        await page.locator("#replies .msg").nth(3).wait_for()
        await look(page, "review-thread-dark")


@pytest.mark.browser
@browser
async def test_a_gap_that_is_far_smaller_and_still_too_wide_holds_the_launch(visit, shown, look):
    async with shown(HANA, JOBS) as page:
        await card(page).get_by_text("17 of 18 ethics items settled").wait_for()
        await card(page).get_by_text("74 more among men than among women").wait_for()
        assert (await visit.gate("job-matching-1"))[0] == CLOSED
        await look(page, "review-held-card")

        # it cannot be signed while its evidence does not pass, and the page says so
        dialog = await reviews(page)
        await dialog.get_by_text("It can be signed when its evidence passes.").wait_for()
        first = dialog.get_by_role("group").first
        assert "Your answer to ETH-08" in await first.locator("legend").text_content()
        assert await first.get_by_role("radio", name="Sign").count() == 0
        await look(page, "review-held")
        await dialog.get_by_role("button", name="Close", exact=True).last.click()
        await dialog.wait_for(state="hidden")

        # why not yet, in one line, for who asked
        await page.locator("#who").select_option(CHLOE)
        await card(page).get_by_role("button", name="Why not yet?").click()
        await page.get_by_text("The least that is missing").wait_for()
        await look(page, "review-why")
