"""The demo's story as a conversation: what its seven products post, and what people get when they ask, over both wires."""

import re
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.local_slack.blocks import problems, view_problems
from bot.local_slack.values import ChannelKind
from bot.printing import everything
from bot.workspaces import MAIN
from deploy.demo import people
from schema.products import Readers
from tests.conversations import MODES, words
from tests.stages import ANA, BEN, CHLOE, FRAUD, JOBS, KAI, LEA, SUPPORT, a_stage

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Bare functions are deprecated"),
]

CHANNELS = {
    each.id: each.name for each in people.CHANNELS if each.name.startswith("ai-") and each.name != "ai-audit"
}
GENERAL = "C0GENERAL1"

# what the story claims, as its texts say it: relative changes with both levels
CLAIMS = {
    "ai-support-chatbot": [r"33 reached a person.{0,60}60 before the release of the assistant \(45% less\)",
                           r"average time until a ticket is solved was 4\.7 minutes.{0,60}22\.0 minutes before"],
    "ai-feed": [r"\(17% more\)", r"\(12% more\)"],
    "ai-recommender": [r"58 were opened, up from 46 before the retraining with editors \(27% more\)"],
    "ai-fraud": [r"the loss prevented, before costs, was \$30\d,\d{3}", r"The cost of checking alerts.{0,60}was \$40,000"],
    "ai-writing": [
        r"35 did, up from 23 before the opening to all offices",
        r"16 got a thumbs-down, up from 11 before",
        r"thrown away at once or reported, up from 6 before",
    ],
    "ai-nearby-offers": [r"The average trust that customers state was 3\.9 stars, up from 3\.1 stars before the pivot to opt-in"],
    "ai-job-matching": [r"a gap of 4\..{0,60}12 before the first shown reasons \(65% less\)"],
}  # fmt: skip


async def test_a_product_for_the_people_in_its_roles_talks_in_a_private_channel(stage):
    snapshot = await stage.muster.services.snapshot(MAIN)
    guarded = [each for each in snapshot.configuration.products.values() if each.readers is Readers.ROLES]

    assert [each.channel for each in guarded] == [JOBS]
    for each in guarded:
        assert stage.slack.state.channels[each.channel].kind is ChannelKind.PRIVATE
        assert stage.slack.messages(each.channel)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=MODES)
async def stage(request):
    async with a_stage(request.param) as opened:
        await opened.muster.post_everything()
        yield opened
        for _, message in opened.slack.every_message():
            assert problems(message.get("blocks") or []) == []
        for view in opened.slack.state.views.values():
            assert view_problems(view.content) == []
        assert [each.problems for each in opened.slack.sent() if each.problems] == []


@pytest.fixture
def talk(stage):
    """Give what a person does: types, presses, says; each gives what came back to them alone."""
    slack, tasks = stage.slack, stage.muster.desk.tasks

    async def types(user, text, channel=FRAUD):
        before = len(slack.ephemerals(user, channel))
        typed = await slack.command(user, channel, f"/muster {text}")
        assert typed.acked, typed
        await tasks.idle()
        return slack.ephemerals(user, channel)[before:]

    async def presses(user, message, action, channel=FRAUD):
        before = len(slack.ephemerals(user, channel))
        pressed = await slack.click(user, channel, message["ts"], action)
        assert pressed.acked, pressed
        await tasks.idle()
        return slack.ephemerals(user, channel)[before:]

    return SimpleNamespace(slack=slack, stage=stage, types=types, presses=presses)


def is_card(message):
    """Tell a launch's card from a digest."""
    return "asked for by" in words(message)


def digest(slack, channel):
    """Give everything of the standup in one channel: the parent, then its thread."""
    parent = next(message for message in slack.messages(channel) if not is_card(message))
    return [message for message in slack.thread(channel, parent["ts"]) if message.get("bot_id")]


async def test_it_is_printed_as_people_read_it_a_thread_below_its_message(stage):
    parts = list(everything(stage.slack, zone=ZoneInfo("America/New_York")))
    heads = [part.splitlines()[0] for part in parts]
    offers = [head for head in heads if head.startswith("#ai-nearby-offers")]

    assert any("sign by 2026-11-25 04:00 EST" in part for part in parts)
    assert any("To Dev Raman alone" in part and "came 2026-11-20 15:10 IST" in part for part in parts)
    assert "Asked of @Ana Ferreira" in next(part for part in parts if part.startswith("#ai-fraud"))
    assert [part for part in parts if re.search(r"<[!@#]|&(amp|lt|gt);", part)] == []
    assert offers[:2] == ["#ai-nearby-offers", "#ai-nearby-offers (thread)"]
    assert offers.count("#ai-nearby-offers") == 2  # a launch, and a digest
    assert "To Ben Okafor alone" in heads
    alone = heads.index(next(head for head in heads if head.startswith("To ")))
    assert all(head.startswith("To ") for head in heads[alone:])


async def test_every_product_posts_one_digest_with_its_thread(stage):
    for channel, name in CHANNELS.items():
        posted = [message for message in stage.slack.messages(channel) if not is_card(message)]
        parents = [message for message in posted if "Share" not in words(message)]
        assert len(parents) == 1, name
        assert "16 to 22 November 2026" in words(parents[0])
        assert 2 <= len(digest(stage.slack, channel)) <= 6
        assert len(words(parents[0]).splitlines()) <= 10
    assert stage.slack.messages(GENERAL) == []


@pytest.mark.parametrize("name", CLAIMS)
async def test_the_texts_say_what_the_story_claims(stage, name):
    channel = next(id_ for id_, each in CHANNELS.items() if each == name)
    text = "\n".join(words(message) for message in digest(stage.slack, channel))

    for claim in CLAIMS[name]:
        assert re.search(claim, text), f"{claim} in:\n{text}"


async def test_a_digest_joins_blocker_launch_decision_and_people(stage):
    channel = next(id_ for id_, name in CHANNELS.items() if name == "ai-nearby-offers")
    parent, *thread = [words(message) for message in digest(stage.slack, channel)]
    card = next(words(message) for message in stage.slack.messages(channel) if is_card(message))
    below = "\n".join(thread)

    assert "It holds up “Offers of shops around you”. <@U0MIG00001> can solve it." in parent
    assert "aits for responsible AI (1 item)." in parent
    assert "Waits for responsible AI (1 item)." in card
    assert "Of <@U0MIG00001>: solve what blocks Dev Raman." in parent
    assert "Of privacy and responsible AI: say whether any objection" in parent
    assert (
        "Chloe Martin wrote “We ask on the second visit, not on the first”. Of every 100 customers" in below
    )
    assert "3 on the roster. Answered: Dev Raman, Chloe Martin. Answered late: Hana Sato." in below


async def test_trends_are_slacks_own_charts_and_a_gap_is_a_line_of_text(stage):
    def charts(channel):
        blocks = [block for message in digest(stage.slack, channel) for block in message["blocks"]]
        return [block for block in blocks if block["type"] == "data_visualization"]

    assert [chart["title"] for chart in charts(FRAUD)] == ["False positive rate", "Precision"]
    writing = "C0WRITE001"
    assert "▁" in "\n".join(words(message) for message in digest(stage.slack, writing))


async def test_a_source_that_is_down_costs_its_own_line_and_no_zero_stands_for_it(stage):
    text = "\n".join(words(message) for message in digest(stage.slack, "C0RECOM001"))

    assert "There is no figure for the share of suggestions that anyone was shown" in text
    assert "(27% more)" in text


async def test_a_brief_for_compliance_is_private_and_names_its_sources(talk):
    before = len(talk.slack.messages(FRAUD))
    page = (await talk.types(ANA, "brief fraud-detection for compliance"))[-1]

    assert "For compliance" in words(page)
    assert "measured for 16 to 22 November 2026 from payments" in words(page)
    assert "95% range" in words(page)
    assert len(talk.slack.messages(FRAUD)) == before


async def test_another_reader_is_chosen_in_a_modal_and_answered_in_it(talk):
    page = (await talk.types(ANA, "brief fraud-detection"))[-1]
    await talk.presses(ANA, page, "brief_other_reader")
    [view] = talk.slack.views(ANA)
    sent = await talk.slack.submit(ANA, view["id"], {"audience": "support"})

    [shown] = talk.slack.views(ANA)
    assert sent.acked
    assert "For support" in words(shown)
    assert "95% range" not in words(shown)
    await talk.slack.close_view(ANA, shown["id"])


async def test_how_we_know_names_source_window_query_and_time(talk):
    page = (await talk.types(ANA, "brief fraud-detection for engineer"))[-1]
    told = "\n".join(words(message) for message in await talk.presses(ANA, page, "receipts_open"))

    assert "How we know: Fraud detection" in told
    assert "Source `payments`" in told
    assert "from 2026-11-16 00:00 CET until 2026-11-23 00:00 CET" in told
    assert re.search(r"query `[0-9a-f]{12}`", told)


async def test_a_page_is_shared_once_and_says_by_whom(talk):
    page = (await talk.types(BEN, "brief feed-personalisation", "C0FEED0001"))[-1]
    before = len(talk.slack.messages("C0FEED0001"))
    [told] = await talk.presses(BEN, page, "brief_share", "C0FEED0001")
    [again] = await talk.presses(BEN, page, "brief_share", "C0FEED0001")
    await talk.slack.wait_for(lambda: len(talk.slack.messages("C0FEED0001")) > before)
    await talk.slack.settled()

    assert "It will be in the channel in a moment." in words(told)
    assert "It is shared already" in words(again)
    [shared] = talk.slack.messages("C0FEED0001")[before:]
    assert BEN in words(shared)


async def test_a_mention_in_a_digests_thread_is_answered_about_its_product(talk):
    parent = talk.slack.messages(SUPPORT)[0]["ts"]
    before = len(talk.slack.thread(SUPPORT, parent))
    await talk.slack.say(KAI, SUPPORT, "@Muster why", thread_ts=parent)
    await talk.slack.wait_for(lambda: len(talk.slack.thread(SUPPORT, parent)) == before + 2)
    await talk.slack.say(KAI, SUPPORT, "@Muster status", thread_ts=parent)
    await talk.slack.wait_for(lambda: len(talk.slack.thread(SUPPORT, parent)) == before + 4)

    *_, why, _, status = talk.slack.thread(SUPPORT, parent)
    assert "How we know: Support chatbot" in words(why)
    assert "Support chatbot, 16 to 22 November 2026" in words(status)


async def test_home_lists_the_products_of_each_person(talk):
    async def home(user):
        await talk.slack.open_home(user)
        return words(await talk.slack.wait_for(lambda: talk.slack.home(user, talk.stage.app)))

    assert "Job matching" in await home(CHLOE)
    kai = await home(KAI)
    assert "Support chatbot" in kai
    assert "Job matching" not in kai


@pytest.mark.parametrize(
    "typed",
    [
        "help",
        "brief job-matching",
        "explain recall of job-matching",
        "standup job-matching preview",
        "brief nosuch",
    ],
)
async def test_a_product_that_one_may_not_read_is_unknown(talk, typed):
    shown = "\n".join(words(message) for message in await talk.types(KAI, typed))
    known = "\n".join(
        words(message) for message in await talk.types(LEA, typed.replace("nosuch", "job-matching"), JOBS)
    )

    assert shown
    asked = shown.replace("`job-matching`", "", 1) if "no product" in shown else shown
    assert "job-matching" not in asked.lower()
    assert "job matching" not in asked.lower()
    assert "job" in known.lower()


async def test_a_page_for_some_roles_is_not_shared_where_others_read(talk):
    [page] = (await talk.types(LEA, "brief job-matching", GENERAL))[-1:]
    [told] = await talk.presses(LEA, page, "brief_share", GENERAL)

    assert "only for the people in its roles" in words(told)
    assert talk.slack.messages(GENERAL) == []


async def test_a_standup_that_was_posted_is_not_posted_again(talk):
    before = [len(talk.slack.messages(channel)) for channel in CHANNELS]
    [told] = (await talk.types(ANA, "standup fraud-detection now"))[-1:]
    await talk.stage.muster.post_everything()
    await talk.slack.settled()

    assert "was posted already" in words(told)
    assert [len(talk.slack.messages(channel)) for channel in CHANNELS] == before
    assert len(digest(talk.slack, FRAUD)) == 3


async def test_an_event_of_another_workspace_is_nobodys_here(talk):
    other = talk.slack.add_workspace("Elsewhere")
    talk.slack.install(talk.stage.app, other)
    stranger = talk.slack.add_user("nobody", workspace=other)
    room = talk.slack.add_channel("ai-fraud-of-others", workspace=other, members=[stranger])

    typed = await talk.slack.command(stranger, room, "/muster brief fraud-detection")
    await talk.stage.muster.desk.tasks.idle()

    shown = "\n".join(words(message) for message in talk.slack.ephemerals(stranger, room)) + str(typed.ack)
    assert "16 to 22 November" not in shown
    assert "clear loss" not in shown.lower()
