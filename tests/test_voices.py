"""People's own words in a digest: attributed, whole lines, harmless, and never longer than Slack takes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local_slack.blocks import problems
from handlers.views import plain, standups, voices
from handlers.views.budget import MOST_UNITS, measured
from schema.checkins import Answers, CheckIn, Decision, Gathered, Member, State
from schema.standups import compose_standup
from schema.voices import SHOWN, asked_and_answered, check_ins, voice
from schema.weeks import Week
from tests.conversations import words
from tests.demo_pages import demo_pages

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def fraud():
    return demo_pages()["fraud-detection"]


def checkin(person="U0LEA00001", *, late=False, **answers):
    return CheckIn(
        product="fraud-detection", period="2026-W47", person=person, answers=Answers(**answers), given_at=NOW, late=late
    )  # fmt: skip


def shown(page, given, **names):
    return "\n".join(
        block["text"]["text"]
        for block in voices.said(voice(page, given, names))
        if block["type"] == "section"
    )


@pytest.mark.parametrize(
    "nasty",
    [
        "<!channel>",
        "<!here> <@U0BEN00001>",
        "<https://x.example|click>",
        "```",
        "*bold* _and_ `code`",
        "> quoted",
        "a & b",
    ],
)
def test_nothing_in_an_answer_pings_links_or_formats_what_follows(fraud, nasty):
    said = shown(fraud, checkin(changed=nasty, learned="plain"))

    assert "<!" not in said.replace("<@U0LEA00001>", "")
    assert "<http" not in said
    assert said.count("<@") == 1  # its author
    assert "`" not in said
    assert "What the numbers taught:\n> plain" in said


def test_lines_stay_lines_and_other_scripts_stay_as_they_are(fraud):
    said = shown(fraud, checkin(changed="一行\nשורה שתיים\n\nline three"))

    assert "> 一行\n> שורה שתיים\n> \n> line three" in said


def test_a_long_answer_is_cut_and_says_that_there_is_more(fraud):
    long, short = checkin(changed="word " * 2_000), checkin(changed="word")

    assert voice(fraud, long, {}).shortened
    assert not voice(fraud, short, {}).shortened
    assert len(shown(fraud, long)) < SHOWN + 200
    assert [block["type"] for block in voices.said(voice(fraud, long, {}))] == ["section", "actions"]
    assert [block["type"] for block in voices.said(voice(fraud, short, {}))] == ["section"]


def test_a_decision_names_its_figure_and_blockers_stand_elsewhere(fraud):
    made = Decision(text="Go back", by="U0LEA00001", period="2026-W47", metric="precision")
    said = shown(fraud, checkin(decisions=(made,)))

    assert "Decision about the share of alerts that were right:\n> Go back" in said


def test_who_only_said_nothing_is_not_quoted(fraud):
    gathered = Gathered(members=(Member(person="U1", state=State.ANSWERED),), checkins=(checkin("U1"),))

    assert check_ins(fraud, gathered, {}).voices == ()
    assert check_ins(fraud, Gathered(), {}).paragraphs == ()


def test_everybody_on_the_roster_stands_in_the_line_once():
    members = [Member(person=state.value, state=state) for state in State]
    line = str(asked_and_answered(members, {}))

    assert line == (
        "7 on the roster. Answered: answered. Answered late: late. Away: away. Skipped this week: skipped."
        " Not answered yet: asked. No answer: missing. Not asked: unasked."
    )


def test_names_stand_in_the_order_in_which_their_words_follow(fraud):
    given = (checkin("U2", changed="x"), checkin("U1", changed="y"))
    members = tuple(Member(person=each, state=State.ANSWERED) for each in ("U1", "U2"))
    section = check_ins(fraud, Gathered(members=members, checkins=given), {"U1": "Ana", "U2": "Ben"})

    assert str(section.paragraphs[0].text) == "2 on the roster. Answered: Ben, Ana."
    assert [each.name.shown for each in section.voices] == ["Ben", "Ana"]


def test_names_stand_in_place_of_calls_where_they_are_known(fraud):
    given = checkin(changed="x", late=True)

    assert shown(fraud, given, U0LEA00001="Lea *Hoffmann*").startswith("*Lea ∗Hoffmann∗* (late)")
    assert shown(fraud, given).startswith("*<@U0LEA00001>* (late)")
    assert "Lea (late)\n  What changed:\n    x" in plain.standup(
        compose_standup(fraud, Week(gathered=Gathered(checkins=(given,)), names={"U0LEA00001": "Lea"}))
    )


@given(st.lists(st.text(max_size=4_000), max_size=12))
@settings(max_examples=25, deadline=None)
def test_whatever_people_write_slack_takes_the_digest(answers):
    page = demo_pages()["fraud-detection"]
    given = tuple(
        checkin(f"U0PERSON{n:02d}", changed=each, learned=each[::-1]) for n, each in enumerate(answers)
    )
    digest = compose_standup(page, Week(gathered=Gathered(checkins=given)))

    for payload in standups.standup(digest, period="2026-W47"):
        assert problems(payload["blocks"]) == []
        assert measured(payload["blocks"]) <= MOST_UNITS
        assert words(payload)
