"""Mentions in threads, direct messages, the Home tab, and what is said on joining a channel."""

import pytest

from bot.local_slack.faults import FaultKind
from tests import builders
from tests.conversations import MODES, a_talk, words

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")


@pytest.fixture(params=MODES)
async def talk(request, tmp_path):
    async with a_talk(tmp_path, mode=request.param) as opened:
        await opened.types(opened.lea, "brief")  # asks the sources
        yield opened


async def a_standup(talk):
    await talk.types(talk.ana, "standup now")
    await talk.sends()
    return talk.slack.messages(talk.fraud)[-1]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("status", "1 clear loss"),
        ("", "1 clear loss"),
        ("why", "Source `warehouse`"),
        ("brief for engineers", "Precision 70.0%"),
        ("explain recall", "*What it does not mean*"),
    ],
)
async def test_a_mention_in_a_thread_is_answered_there_about_its_product(talk, said, answer):
    parent = await a_standup(talk)

    await talk.hears(talk.lea, said, thread_ts=parent["ts"])

    *_, reply = talk.slack.thread(talk.fraud, parent["ts"])
    assert answer in words(reply)
    assert len(talk.slack.messages(talk.fraud)) == 1


async def test_a_thread_is_about_its_own_product_in_any_channel(tmp_path):
    document = builders.document(churn={"title": "Churn", "channel": "C0LUNCH0001"})
    async with a_talk(tmp_path, document=document) as talk:
        await talk.types(talk.ana, "brief churn", talk.lunch)
        [page] = await talk.types(talk.ana, "brief churn", talk.lunch)
        await talk.presses(talk.ana, page, "brief_share", talk.lunch)
        await talk.sends()
        [parent] = talk.slack.messages(talk.lunch)

        await talk.hears(talk.lea, "status", talk.lunch, thread_ts=parent["ts"])

        *_, reply = talk.slack.thread(talk.lunch, parent["ts"])
        assert "Churn, 16 to 22 November 2026" in words(reply)


async def test_a_mention_outside_a_thread_starts_one(talk):
    said = await talk.hears(talk.lea, "status")

    [_, reply] = talk.slack.thread(talk.fraud, said["ts"])
    assert "1 clear loss" in words(reply)


@pytest.mark.parametrize("fault", [FaultKind.DOUBLED, FaultKind.DOUBLED_NEW_ID])
async def test_a_mention_that_slack_delivers_twice_is_answered_once(talk, fault):
    talk.slack.fail(fault, "app_mention", times=1)

    said = await talk.hears(talk.lea, "status")
    await talk.settles()

    assert len(talk.slack.thread(talk.fraud, said["ts"])) == 2


async def test_a_mention_that_is_not_understood_is_answered_to_the_person_alone(talk):
    said = await talk.hears(talk.lea, "statsu")

    assert len(talk.slack.thread(talk.fraud, said["ts"])) == 1
    assert "Did you mean `@Muster status`?" in words(talk.slack.ephemerals(talk.lea, talk.fraud)[-1])


async def test_a_mention_in_a_channel_of_two_companies_is_refused(talk):
    await talk.slack.change_channel(talk.fraud, ext_shared=True)

    said = await talk.hears(talk.lea, "status")

    assert len(talk.slack.thread(talk.fraud, said["ts"])) == 1
    assert "shared with another company" in words(talk.slack.ephemerals(talk.lea, talk.fraud)[-1])


async def test_a_first_mention_asks_the_sources_and_then_answers(tmp_path):
    async with a_talk(tmp_path) as talk:
        said = await talk.hears(talk.lea, "status")

        [_, reply] = talk.slack.thread(talk.fraud, said["ts"])
        assert "1 clear loss" in words(reply)


async def test_a_direct_message_gets_help_once(talk):
    direct = talk.slack.direct(talk.lea, talk.app)
    talk.slack.fail(FaultKind.DOUBLED, "message", times=1)

    await talk.slack.say(talk.lea, direct, "hello")
    await talk.settles()

    answers = [each for each in talk.slack.messages(direct) if each.get("bot_id")]
    assert len(answers) == 1
    assert "/muster brief fraud-detection" in words(answers[0])


async def test_joining_a_channel_says_one_sentence_once(talk):
    news = talk.slack.add_channel("news", members=[talk.lea])

    await talk.slack.join(talk.app, news, inviter=talk.lea)
    await talk.slack.join(talk.pia, news)
    await talk.slack.leave(talk.app, news)
    await talk.slack.join(talk.app, news, inviter=talk.lea)
    await talk.settles()

    [said] = talk.slack.messages(news)
    assert "`/muster help`" in words(said)


async def test_the_home_tab_shows_products_and_is_published_only_when_it_changed(talk):
    for _ in range(2):
        await talk.slack.open_home(talk.lea)
        await talk.settles()

    home = talk.slack.home(talk.lea)
    assert "Fraud detection, 16 to 22 November 2026: 1 clear loss." in words(home)
    assert "next standup <!date^" in words(home)
    assert len(talk.slack.calls("views.publish")) == 1


async def test_the_home_tab_opens_a_page(talk):
    await talk.slack.open_home(talk.lea)
    await talk.settles()

    await talk.slack.click_view(talk.lea, talk.slack.home(talk.lea)["id"], "brief_other_reader")

    [asked] = talk.slack.views(talk.lea)
    await talk.slack.submit(talk.lea, asked["id"])
    assert "1 clear loss" in words(talk.slack.views(talk.lea)[0])


async def test_people_of_another_company_who_mention_us_are_refused(talk):
    other = talk.slack.add_workspace("Other")
    eve = talk.slack.add_user("eve", workspace=other, stranger=True)
    await talk.slack.join(eve, talk.fraud)

    said = await talk.hears(eve, "status")

    assert len(talk.slack.thread(talk.fraud, said["ts"])) == 1
    [told] = talk.slack.ephemerals(eve, talk.fraud)
    assert "I answer only people of the workspace" in words(told)
