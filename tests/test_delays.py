"""What delays a product: launches first, then the oldest blocker; and what is asked of whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.views.standups import parent
from handlers.weeks import standing
from schema.checkins import Blocker, Gathered
from schema.delays import Standing, asks, blocker_line, held_up, launch_line, ordered, soonest
from schema.gates import answer
from schema.launches import State
from schema.products import Role
from schema.quotes import ELLIPSIS, cut
from schema.standups import MOST_LINES, compose_standup
from schema.votes import Intent
from schema.weeks import Week
from tests.demo_pages import PRODUCTS, demo_pages
from tests.launch_stage import LEA, MEL, RAY, Stage, finding

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LATER = Standing(
    id="fraud-2", title="A looser limit", state=State.OPEN, may_go_out=False, goes_out_on=date(2026, 12, 9),
    waits_for={Role.LEG: 1, Role.RAI: 2},
)  # fmt: skip
SOON = replace(
    LATER, id="fraud-1", title="The new model", goes_out_on=date(2026, 11, 27), waits_for={},
    held_by="the evidence for “Is it right often enough?” (LR-03).", held_because="It was measured 40 days ago.",
    evidence_from=(Role.ML, Role.PM), metrics=frozenset({"precision"}),
)  # fmt: skip
DONE = replace(
    SOON, id="fraud-3", may_go_out=True, state=State.APPROVED, held_by="", held_because="", evidence_from=()
)


def blocker(name, *, days, **more):
    return Blocker(
        id=name, text=f"Waiting for {name}", by="U0LEA00001", since="2026-W40", raised_at=NOW - timedelta(days=days), **more
    )  # fmt: skip


@pytest.fixture(scope="module")
def fraud():
    return demo_pages()["fraud-detection"]


def test_what_delays_the_launch_that_goes_out_next_stands_before_what_is_older():
    old, later = blocker("old", days=90), blocker("later", days=2, launch="fraud-2")
    by_metric, named = (
        blocker("by metric", days=3, metric="precision"),
        blocker("named", days=1, launch="fraud-1"),
    )

    listed = ordered((old, later, named, by_metric), soonest((LATER, SOON)))

    assert [each.id for each in listed] == ["by metric", "named", "later", "old"]
    assert held_up(by_metric, (LATER, SOON)) is SOON
    assert held_up(old, (LATER, SOON)) is None


def test_what_may_go_out_already_comes_last():
    assert [each.id for each in soonest((DONE, LATER, SOON))] == ["fraud-1", "fraud-2", "fraud-3"]


def test_a_blocker_says_its_age_its_author_who_can_solve_it_and_what_it_holds_up(fraud):
    line = blocker_line(
        fraud, blocker("labels", days=17, launch="fraud-1", unblocker="U0ANA00001"), (SOON,), {"U0LEA00001": "Lea"}
    )  # fmt: skip

    assert line.label == "Blocked"
    assert str(line.text) == (
        "for 17 days: “Waiting for labels” (Lea). It holds up “The new model”. U0ANA00001 can solve it."
    )
    assert str(blocker_line(fraud, blocker("x", days=0), (), {}).text).startswith("since today: ")
    assert str(blocker_line(fraud, blocker("x", days=1), (), {}).text).startswith("for 1 day: ")


def test_a_launch_names_roles_in_words_and_the_one_thing_that_holds_it_back():
    assert str(launch_line(LATER).text) == (
        "“A looser limit”: open for sign-off, to go out on 9 December. It waits for legal (1 item) and responsible AI (2 items)."
    )
    assert str(launch_line(SOON).text).endswith(
        "Held back most by the evidence for “Is it right often enough?” (LR-03). It was measured 40 days ago."
    )
    assert "40 days" not in str(launch_line(SOON, short=True).text)
    assert str(launch_line(DONE).text) == "“The new model”: approved, to go out on 27 November."


@pytest.mark.parametrize(
    ("launches", "asked"),
    [
        ((), []),
        ((SOON,), ["data science and product management: give the evidence that “The new model” lacks."]),
        ((LATER,), ["legal and responsible AI: review “A looser limit”."]),
        ((replace(SOON, objected_by=(Role.PRIV,)),), ["privacy: say whether the objection to “The new model” still holds."]),
        ((replace(SOON, objected_by=(Role.PRIV, Role.LEG)),), ["privacy and legal: say whether any objection to “The new model” still holds."]),
        ((DONE,), []),
    ],
)  # fmt: skip
def test_what_is_asked_for_a_launch(launches, asked):
    assert [str(each) for each in asks((), launches, {})] == asked


def test_the_first_blocker_that_somebody_can_solve_is_asked_of_them():
    nobody, somebody = blocker("a", days=9), blocker("b", days=1, unblocker="U0ANA00001")

    assert [str(each) for each in asks((nobody, somebody), (), {"U0LEA00001": "Lea"})] == [
        "U0ANA00001: solve what blocks Lea."
    ]


def test_a_quiet_week_with_a_launch_that_waits_is_not_without_action():
    quiet = demo_pages()["job-matching"]
    closing = compose_standup(quiet, Week(launches=(LATER,))).parent[-1].text

    assert str(compose_standup(quiet).parent[-1].text) == "No action needed."
    assert str(closing) == "Asked of legal and responsible AI: review “A looser limit”."


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_parent_stays_short_whatever_delays(product):
    page = demo_pages()[product]
    blockers = tuple(blocker(str(n), days=n, unblocker="U0ANA00001") for n in range(30))
    standup = compose_standup(page, Week(launches=(LATER, SOON), gathered=Gathered(blockers=blockers)))

    assert len(standup.parent) <= MOST_LINES
    assert [each.label for each in standup.parent[-3:-1]] == ["Blocked", "Launch"]
    assert str(standup.parent[0].text) == str(compose_standup(page).parent[0].text)


@pytest.mark.parametrize(
    "words",
    [
        "<!channel> and <@U0ANA00001>",
        "```drop\ntable\n\nnow",
        "*all ~of _it `here",
        "\u202eيسار\u2066 and right",
    ],
)
def test_what_people_wrote_pings_formats_and_turns_round_nothing_in_a_parent(words):
    page = demo_pages()["job-matching"]
    odd = replace(blocker("b", days=3, unblocker="U0BEN00001"), text=words)
    late = replace(SOON, title=words)
    week = Week(launches=(late,), gathered=Gathered(blockers=(odd,)))
    shown = parent(compose_standup(page, week), period="2026-W47")
    lines = [each["text"]["text"] for each in shown["blocks"] if each["type"] == "section"]
    typed = "\n".join(lines)

    assert len(typed.splitlines()) <= MOST_LINES
    assert not any(each in typed for each in ("<!", "<@U0ANA", "`", "~", "\u202e", "\u2066"))
    assert typed.count("*") % 2 == 0
    assert "<@U0BEN00001>" in typed


# --- as gates have it ---


def on_stage(stage):
    gate = answer(stage.launch, stage.findings, stage.now)
    return standing(stage.launch, gate, title="The new model")


def test_a_launch_that_only_waits_names_whom_it_waits_for():
    shown = on_stage(Stage())

    assert shown.waits_for == {Role.LEG: 1, Role.RAI: 1, Role.ML: 1}
    assert (shown.held_by, shown.evidence_from, shown.objected_by) == ("", (), ())


def test_missing_evidence_is_named_by_its_question_and_asked_of_who_can_give_it():
    stage = Stage()
    stage.tick(finding(passed=False), finding("LR-07", "p95"))
    shown = on_stage(stage)

    assert shown.held_by == "the evidence for “Is it so?” (LR-03)."
    assert shown.held_because == "It finds 82 of 100 where at least 90 were asked."
    assert shown.evidence_from == (Role.ML,)
    assert shown.metrics == {"recall"}


def test_an_objection_is_asked_of_who_made_it():
    stage = Stage()
    stage.say(LEA, "ETH-01", Intent.OBJECT)
    shown = on_stage(stage)

    assert shown.held_by == "an objection to “Is it so?” (ETH-01)."
    assert shown.objected_by == (Role.LEG,)
    assert str(asks((), (shown,), {})[0]) == (
        "legal: say whether the objection to “The new model” still holds."
    )


def test_an_approved_launch_asks_for_nothing():
    stage = Stage()
    for who, item in ((LEA, "ETH-01"), (RAY, "ETH-01"), (MEL, "LR-03")):
        stage.say(who, item)
    stage.tick()
    shown = on_stage(stage)

    assert shown.may_go_out
    assert asks((), (shown,), {}) == ()
    assert str(launch_line(shown).text) == "“The new model”: approved."


@given(st.text(max_size=400), st.integers(min_value=2, max_value=120))
@settings(max_examples=150, deadline=None)
def test_a_cut_is_never_longer_and_never_changes_what_it_keeps(words, most):
    short = cut(words, most)

    assert len(short) <= most
    assert short == words if len(words) <= most else words.startswith(short.removesuffix(ELLIPSIS))
