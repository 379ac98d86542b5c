"""Check-ins in Slack: every message and form is one that Slack takes, whatever people wrote."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local_slack.blocks import problems, view_problems
from handlers.views import checkins as shown
from handlers.views.checkins import Asked, Contradicted, Filling
from schema.asks import SAID_SO
from schema.checkins import Answers, Blocker, CheckIn, Decision, Turn
from tests.conversations import words

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
TURN = Turn(
    product="p", period="2026-W47", person="U0LEA00001", deadline=AT, post_at=AT, zone="UTC", asked_at=AT
)
TEXTS = st.text(max_size=50) | st.text(max_size=3_000) | st.just("<!channel> `*_~" * 900)
PEOPLE = st.none() | st.just("U0BEN00001")


@st.composite
def answers(draw):
    blockers = [
        Blocker(
            id=f"b{n}", text=text, by="U0LEA00001", since="2026-W47", raised_at=AT, unblocker=draw(PEOPLE), metric="m0"
        )
        for n, text in enumerate(draw(st.lists(TEXTS, max_size=10)))
    ]  # fmt: skip
    decisions = [
        Decision(text=text, by="U0LEA00001", period="2026-W47", metric="m1")
        for text in draw(st.lists(TEXTS, max_size=10))
    ]
    return Answers(
        changed=draw(TEXTS), learned=draw(TEXTS), blockers=tuple(blockers), decisions=tuple(decisions)
    )


def a_checkin(said: Answers, **more) -> CheckIn:
    return CheckIn(product="p", period="2026-W47", person="U0LEA00001", answers=said, given_at=AT, **more)


@settings(max_examples=40)
@given(said=answers(), title=st.text(min_size=1, max_size=200), late=st.booleans())
def test_every_message_and_form_is_one_that_slack_takes(said, title, late):
    checkin = a_checkin(said, late=late)
    turn = replace(TURN, checkin=checkin)
    older = [replace(each, id=f"o{n}") for n, each in enumerate(said.blockers * 3)]
    metrics = [(f"m{n}", title) for n in range(120)]
    filling = Filling(
        title=title, turn=turn, late=late, prepared=late, older=older, metrics=metrics,
        launches=[("p-1", title)], fresh=said,
    )  # fmt: skip
    warned = [
        Contradicted(claim=title, metric=title, rose=late, before="1", now="2", window="w", verdict="v")
    ]

    assert view_problems(shown.form(filling)) == []
    assert view_problems(shown.whole(checkin)) == []
    assert view_problems(shown.warning(warned * 5, turn)) == []
    messages = [
        shown.asking(Asked(title=title, turn=turn, prepared=late)),
        shown.reminder(Asked(title=title, turn=turn, prepared=late)),
        shown.in_thread(checkin),
    ]
    assert [problems(each["blocks"]) for each in messages] == [[], [], []]
    assert not any("<!channel>" in words(each) for each in messages)


def test_what_is_too_large_for_slack_is_offered_and_shown_in_part():
    named = tuple(
        Blocker(id=f"b{n}", text="字" * 3_000, by="U0LEA00001", since="2026-W47", raised_at=AT, metric="m80")
        for n in range(10)
    )
    decisions = tuple(
        Decision(text="字" * 3_000, by="U0LEA00001", period="2026-W47", metric="m80") for _ in range(9)
    )
    said = Answers(changed="字" * 3_000, blockers=named, decisions=decisions)
    metrics = [(f"m{n}", f"Share of something number {n}") for n in range(90)]
    filling = Filling(title="P", turn=TURN, late=False, prepared=False, metrics=metrics, fresh=said)
    form = shown.form(filling)
    menus = [each["element"] for each in form["blocks"] if each.get("block_id", "").startswith("holds_up.")]
    whole = shown.whole(a_checkin(Answers(changed="字" * 100_000)))

    assert (view_problems(form), view_problems(whole)) == ([], [])
    assert {each["initial_option"]["value"] for each in menus} == {"metric:m80"}
    assert "There is more than Slack can show here" in words(whole)


@pytest.mark.parametrize(
    ("turn", "said", "buttons"),
    [
        (TURN, "your check-in for the standup, please, by", 3),
        (replace(TURN, away="planned absence"), "your check-in for the standup, please, by", 3),
        (replace(TURN, away=SAID_SO), "you are away, so nobody waits for you.", 1),
        (replace(TURN, skipped_at=AT), "you skip this one.", 1),
        (replace(TURN, checkin=a_checkin(Answers(learned="Much."))), "> Learned: Much.", 1),
        (replace(TURN, checkin=a_checkin(Answers(learned="Much. " * 100))), "…", 2),
    ],
)
def test_the_question_says_where_somebody_stands(turn, said, buttons):
    message = shown.asking(Asked(title="Fraud", turn=turn, prepared=False))

    assert said in words(message)
    assert len(message["blocks"][-1]["elements"]) == buttons
