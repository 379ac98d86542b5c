"""Talking with Muster in a local Slack, in Socket Mode and over HTTP: what one types and presses, and what comes back."""

import pytest

from tests import builders
from tests.conversations import MODES, a_talk, words

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")


@pytest.fixture(params=MODES)
async def talk(request, tmp_path):
    async with a_talk(tmp_path, mode=request.param) as opened:
        yield opened


async def test_help_names_what_works_in_this_channel_for_this_person(talk):
    [here] = await talk.types(talk.pia, "help")
    [elsewhere] = await talk.types(talk.lea, "", talk.lunch)

    assert "`/muster brief`" in words(here)
    assert "`/muster standup now`" in words(here)
    assert "`/muster brief fraud-detection`" in words(elsewhere)
    assert "standup fraud-detection now" not in words(elsewhere)


async def test_a_first_brief_asks_the_sources_and_the_next_one_comes_with_the_ack(talk):
    noted, page = await talk.types(talk.lea, "brief fraud-detection")
    [again] = await talk.types(talk.lea, "brief")

    assert "Asking the sources of Fraud detection" in words(noted)
    assert "Fraud detection, 16 to 22 November 2026" in words(page)
    assert ":red_circle: *Clear loss*" in words(page)
    assert words(again) == words(page)


async def test_every_example_that_help_gives_works_as_it_stands(talk):
    [help_] = await talk.types(talk.pia, "help")
    examples = [
        line.split("`")[1].removeprefix("/muster ")
        for line in words(help_).split("\n")
        if line.startswith("• `")
    ]

    for example in examples:
        shown = await talk.types(talk.pia, example)
        assert shown
        assert "I do not know" not in words(shown[-1])
    assert len(examples) >= 5


# --- what people type ---


@pytest.mark.parametrize("typed", [
    "brief fraud-detection for executive", "BRIEF  Fraud   Detection FOR Executives", "brief “fraud-detection”",
    "brief\u00a0fraud_detection\u00a0for\u00a0exec", "brief for executive", "  brief  executive ",
])  # fmt: skip
async def test_a_brief_is_understood_however_it_is_typed(talk, typed):
    shown = await talk.types(talk.lea, typed)

    assert "Fraud detection, 16 to 22 November 2026" in words(shown[-1])
    assert "For executives" in words(shown[-1])


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("breif", "I do not know `breif`. Did you mean `/muster brief`?"),
        ("brief fraud-detecton", "There is no product `fraud-detecton`. Did you mean `fraud-detection`?"),
        ("explain precison", "There is no metric `precison`. Did you mean `precision`"),
        ("explain", "Which metric? Try `/muster explain precision`."),
        ("brief for poets", "“poets” is no reader I know; try executive, engineer, compliance or support."),
        ("brief <!channel>" + "x" * 5_000, "There is no product"),
        ("brief a&b<c>", "There is no product `a&amp;b&lt;c&gt;`."),
        (
            "dance",
            "What works: `/muster help`, `/muster brief`, `/muster explain`, `/muster standup`, `/muster launch`",
        ),
    ],
)
async def test_what_does_not_work_gets_the_nearest_thing_that_does(talk, typed, answer):
    [shown] = await talk.types(talk.lea, typed)

    assert answer in words(shown)
    assert "<!channel>" not in words(shown)


async def test_an_explanation_says_what_a_metric_means_here_and_what_it_does_not_mean(talk):
    *_, here = await talk.types(talk.lea, "explain precision of fraud detection")
    [anywhere] = await talk.types(talk.lea, "explain precision", talk.lunch)

    assert "*What it says here*" in words(here)
    assert "Of every 100 alerts, 70 were fraud cases" in words(here)
    assert "*What it does not mean*" in words(anywhere)
    assert "Of every 100" not in words(anywhere)


# --- standups ---


async def test_a_preview_is_private_and_posts_nothing(talk):
    *_, shown = await talk.types(talk.lea, "standup preview")
    await talk.sends()

    assert "Only you see this preview." in words(shown)
    assert "Clear loss" in words(shown)
    assert talk.slack.messages(talk.fraud) == []


async def test_a_standup_is_posted_now_once_and_the_second_time_says_where_it_is(talk):
    [noted] = await talk.types(talk.pia, "standup now")
    await talk.sends()
    [again] = await talk.types(talk.ana, "standup now")
    await talk.sends()

    [parent] = talk.slack.messages(talk.fraud)
    assert "Posting the standup of Fraud detection: 2026-W47." in words(noted)
    assert "1 clear loss" in words(parent)
    assert len(talk.slack.thread(talk.fraud, parent["ts"])) >= 3
    assert "was posted already" in words(again)
    assert parent["ts"].replace(".", "") in words(again)


async def test_only_those_who_may_post_a_standup_now(talk):
    *_, shown = await talk.types(talk.lea, "standup fraud-detection now")
    await talk.sends()

    assert "Only a product manager or an owner of Fraud detection may post its standup now" in words(shown)
    assert talk.slack.messages(talk.fraud) == []


async def test_two_people_who_post_the_same_standup_post_one(talk):
    await talk.types(talk.pia, "standup now")
    await talk.types(talk.ana, "standup now")
    await talk.sends()
    await talk.sends()

    assert len(talk.slack.messages(talk.fraud)) == 1


# --- sources that fail ---


async def test_a_source_that_is_gone_is_said_in_plain_words(tmp_path):
    async with a_talk(tmp_path) as talk:
        (tmp_path / "fraud.db").unlink()
        *_, shown = await talk.types(talk.lea, "brief")

    assert "2 figures not fit to use" in words(shown)
    assert "There is no figure for the share of alerts that were right" in words(shown)


# --- bad input ---


@pytest.mark.parametrize(
    "title",
    ["<!channel> & <@U0ANA00001>", "הונאה בתשלומים 82", "Betrug 👩‍👩‍👧‍👦🏳️‍🌈", "*bold* `code` _it_", "T" * 80],
)
async def test_a_strange_title_is_shown_safely_everywhere(tmp_path, title):
    document = builders.document()
    document["products"]["fraud-detection"]["title"] = title
    async with a_talk(tmp_path, document=document) as talk:
        await talk.types(talk.pia, "standup now")
        await talk.sends()
        *_, page = await talk.types(talk.pia, "brief")
        await talk.presses(talk.pia, page, "brief_other_reader")
        await talk.types(talk.pia, "help")
        await talk.slack.open_home(talk.pia)
        await talk.settles()

        said = "\n".join(words(message) for _, message in talk.slack.every_message()) + words(
            talk.slack.home(talk.pia)
        )
        assert talk.slack.views(talk.pia)
    assert "<!channel>" not in said
    assert "<@U0ANA00001>, 16 to 22" not in said
    assert len(said) > 500


@pytest.mark.parametrize(
    "text",
    [
        "brief \ud800",
        "brief \u202etxet",
        "b" * 40_000,
        "payload brief",
        "explain \x00\x07",
        "<!everyone> brief",
    ],
)
async def test_whatever_is_typed_gets_a_private_answer(tmp_path, text):
    async with a_talk(tmp_path) as talk:
        shown = await talk.types(talk.lea, text)

    assert words(shown[-1]).encode()
    assert "\u202e" not in words(shown[-1])


async def test_a_defect_is_told_with_a_reference_that_stands_in_the_log_once(talk, caplog):
    await talk.desk.services.store.close()

    [shown] = await talk.types(talk.lea, "brief")

    [reference] = talk.references
    assert f"the reference {reference}." in words(shown)
    assert [record.reference for record in caplog.records if record.message == "listener_failed"] == [
        reference
    ]


async def test_a_product_without_a_channel_has_no_standup_to_post(tmp_path):
    async with a_talk(
        tmp_path, document=builders.document(cli_only={"title": "No channel", "channel": None})
    ) as talk:
        [shown] = await talk.types(talk.ana, "standup cli-only now")

    assert "No channel has no channel yet." in words(shown)


async def test_a_standup_is_not_posted_where_another_company_reads_along(talk):
    await talk.slack.change_channel(talk.fraud, ext_shared=True)

    [shown] = await talk.types(talk.ana, "standup now")
    await talk.sends()

    assert "shared with another company, and standups stay inside" in words(shown)
    assert talk.slack.messages(talk.fraud) == []
