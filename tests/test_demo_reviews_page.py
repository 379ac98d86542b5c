"""The demo's launch on the page, in a real browser: signed, objected to, held by its evidence, and open again."""

import pytest
import pytest_asyncio

from deploy.demo import people
from tests.stages import BEN, CHLOE, JOBS, LEA, a_stage
from tests.test_demo_page import a_page, browser, chromium, look  # noqa: F401 - two of them are fixtures
from tests.test_demo_reviews import AUDIT, CLOSED, HANA, JAMILA, MIGUEL, OFFERS, OPEN, Visit, put

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Bare functions are deprecated"),
    pytest.mark.browser,
    browser,
]
LAUNCH = "nearby-offers-1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visit():
    async with a_stage("socket") as stage:
        await stage.slack.wait_for(lambda: stage.slack.messages(AUDIT), timeout_s=20)
        yield Visit(stage)


@pytest.fixture
def shown(visit, chromium):  # noqa: F811 - the fixture
    """Give what opens the channel of the launch as one person."""

    def page(user, channel=OFFERS, **settings):
        return a_page(chromium, f"{visit.slack.url}?user={user}#/{people.TEAM}/{channel}", **settings)

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


async def test_people_sign_and_object_and_the_gate_follows(visit, shown, look):  # noqa: F811 - the fixture
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


async def test_the_evidence_improves_and_the_gate_opens(visit, shown, look):  # noqa: F811 - the fixture
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


async def test_a_gap_that_is_far_smaller_and_still_too_wide_holds_the_launch(visit, shown, look):  # noqa: F811 - the fixture
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
