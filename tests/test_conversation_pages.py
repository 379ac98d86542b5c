"""Buttons and modals of a page: shared once, read by another reader, and how we know."""

import pytest

from bot.local_slack.faults import FaultKind
from tests import builders
from tests.conversations import MODES, a_talk, words

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
SHARE, OTHER, HOW = "brief_share", "brief_other_reader", "receipts_open"


@pytest.fixture(params=MODES)
async def talk(request, tmp_path):
    async with a_talk(tmp_path, mode=request.param) as opened:
        await opened.types(opened.lea, "brief")  # asks the sources
        yield opened


async def test_a_page_is_shared_in_its_channel_once_however_often_one_presses(talk):
    [page] = await talk.types(talk.lea, "brief")

    [told] = await talk.presses(talk.lea, page, SHARE)
    [again] = await talk.presses(talk.lea, page, SHARE)
    await talk.sends()

    [posted] = talk.slack.messages(talk.fraud)
    assert "Asked for by <@U0LEA00001> · For executives" in words(posted)
    assert "1 clear loss" in words(posted)
    assert (words(told), words(again)) == (
        "It will be in the channel in a moment.",
        "It is shared already; once is enough.",
    )


async def test_a_press_that_slack_delivers_twice_shares_once(talk):
    [page] = await talk.types(talk.lea, "brief")
    talk.slack.fail(FaultKind.DOUBLED, SHARE, times=1)

    await talk.presses(talk.lea, page, SHARE)
    await talk.settles()

    assert len(talk.slack.messages(talk.fraud)) == 1


async def test_a_page_is_not_shared_with_another_company(talk):
    await talk.slack.change_channel(talk.fraud, ext_shared=True)
    [page] = await talk.types(talk.lea, "brief")

    [told] = await talk.presses(talk.lea, page, SHARE)
    await talk.sends()

    assert "shared with another company" in words(told)
    assert talk.slack.messages(talk.fraud) == []


async def test_sharing_waits_for_a_slack_that_answers(talk):
    [page] = await talk.types(talk.lea, "brief")
    talk.slack.fail(FaultKind.SLOW, "conversations.info", seconds=100, times=1)

    [told] = await talk.presses(talk.lea, page, SHARE)

    assert "Slack did not answer" in words(told)
    assert talk.slack.messages(talk.fraud) == []


async def test_how_we_know_tells_the_receipt_of_every_figure_of_the_message(talk):
    [page] = await talk.types(talk.lea, "brief")

    [told] = await talk.presses(talk.lea, page, HOW)

    assert "*How we know: Fraud detection*" in words(told)
    assert words(told).count("Source `warehouse`") == 1
    assert words(told).count(" · query `") == 1
    assert words(told).index("*Precision*: ") < words(told).index("*Recall*: ")
    assert "from 2026-11-16 00:00 UTC until 2026-11-23 00:00 UTC" in words(told)
    assert f"fetched <!date^{int(builders.NOW.timestamp())}^" in words(told)
    assert "revision 1" in words(told)


async def test_the_receipt_of_an_explanation_is_of_its_metric_alone(talk):
    [page] = await talk.types(talk.lea, "explain recall of fraud-detection")

    [told] = await talk.presses(talk.lea, page, HOW)

    assert "*Recall*" in words(told)
    assert "*Precision*" not in words(told)


async def test_another_reader_gets_their_page_in_the_modal(talk):
    [page] = await talk.types(talk.lea, "brief")
    await talk.presses(talk.lea, page, OTHER)
    [asked] = talk.slack.views(talk.lea)

    sent = await talk.slack.submit(talk.lea, asked["id"], {"audience": "compliance"})

    assert sent.acked
    [shown] = talk.slack.views(talk.lea)
    assert "For compliance" in words(shown)
    await talk.slack.click_view(talk.lea, shown["id"], HOW)
    assert "*How we know: Fraud detection*" in words(talk.slack.views(talk.lea)[-1])


async def test_a_modal_submitted_twice_shows_the_same_page(talk):
    [page] = await talk.types(talk.lea, "brief")
    await talk.presses(talk.lea, page, OTHER)
    [asked] = talk.slack.views(talk.lea)
    talk.slack.fail(FaultKind.DOUBLED, "reader_chosen", times=1)

    await talk.slack.submit(talk.lea, asked["id"], {"audience": "engineer"})
    await talk.slack.settled()

    [shown] = talk.slack.views(talk.lea)
    assert "Precision 70.0%" in words(shown)


async def test_a_press_whose_trigger_is_over_is_told_so(talk):
    [page] = await talk.types(talk.lea, "brief")
    talk.slack.fail(FaultKind.TRIGGER_EXPIRED, OTHER, times=1)

    [told] = await talk.presses(talk.lea, page, OTHER)

    assert "Please press or type it again." in words(told)


async def test_people_of_another_company_are_refused_whatever_they_press(talk):
    await talk.types(talk.ana, "standup now")
    await talk.sends()
    [parent] = talk.slack.messages(talk.fraud)
    other = talk.slack.add_workspace("Other")
    eve = talk.slack.add_user("eve", workspace=other, stranger=True)
    await talk.slack.join(eve, talk.fraud)

    [told] = await talk.presses(eve, parent, HOW)

    assert (
        words(told)
        == "I answer only people of the workspace that I am installed in. Ask a colleague there to read it to you."
    )


async def test_the_buttons_of_a_posted_standup_answer_whoever_presses_them(talk):
    await talk.types(talk.ana, "standup now")
    await talk.sends()
    [parent] = talk.slack.messages(talk.fraud)

    [told] = await talk.presses(talk.lea, parent, HOW)

    assert "Source `warehouse`" in words(told)
    assert len(talk.slack.messages(talk.fraud)) == 1


async def test_a_button_of_a_message_from_long_ago_gets_a_polite_answer(talk):
    old = {
        "type": "button",
        "action_id": "gone_long_ago",
        "text": {"type": "plain_text", "text": "Old"},
        "value": "1",
    }
    blocks = [{"type": "actions", "elements": [old]}]
    ts = await talk.desk.slack.post(talk.fraud.id, blocks=blocks, text="old")

    [told] = await talk.presses(talk.lea, {"ts": ts}, "gone_long_ago")

    assert "This button is from an older message" in words(told)


@pytest.mark.parametrize(
    "value",
    [
        '{"product":"fraud-detection","period":"2026-W99"}',
        '{"product":"gone"}',
        "not json",
        '{"product":"fraud-detection","audience":"poets"}',
    ],
)
async def test_what_a_button_carries_is_never_believed(talk, value):
    button = {
        "type": "button",
        "action_id": SHARE,
        "text": {"type": "plain_text", "text": "Share"},
        "value": value,
    }
    ts = await talk.desk.slack.post(
        talk.fraud.id, blocks=[{"type": "actions", "elements": [button]}], text="forged"
    )

    [told] = await talk.presses(talk.lea, {"ts": ts}, SHARE)
    await talk.sends()

    assert words(told)
    assert "went wrong on our side" not in words(told)
    assert len(talk.slack.messages(talk.fraud)) == 1
