"""Talking with Muster in a local Slack, in Socket Mode and over HTTP: what one types and presses, and what comes back."""

import pytest

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
    examples = [line.split("`")[1].removeprefix("/muster ") for line in words(help_).split("\n") if line.startswith("• `")]

    for example in examples:
        shown = await talk.types(talk.pia, example)
        assert shown
        assert "I do not know" not in words(shown[-1])
    assert len(examples) >= 5
