"""The pace to a goal is a range and never one number; a group that is most of a metric is named with what was agreed."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.views.labels import MARKS
from schema.briefs import compose
from schema.configuration.reading import Configuration, read_configuration
from schema.headlines import OUTLOOK_LABELS
from schema.insights import APART, Topic
from schema.metrics import Audience, Unit
from schema.paces import crowd, crowd_in_full, pace, pace_in_full
from schema.problems import Severity
from schema.products import Goal
from schema.readings import Bare, Confusion, Proportion
from schema.remarks import check, claim_of
from schema.signals import reaches
from schema.standups import charts
from schema.statements.levels import PLAIN_READERS
from schema.statistics.projections import project
from schema.texts import Text
from schema.wording.rules import broken
from tests.builders import document, known_metrics
from tests.test_mutations import TAMPERED
from tests.weeks import page_of, spoken, words

GROWING = [0.30, 0.305, 0.312, 0.315, 0.322, 0.328, 0.331, 0.338, 0.342, 0.35, 0.352, 0.359]
D = Decimal


def shares(levels, n=5000):
    return [Proportion(numerator=round(level * n), denominator=n) for level in levels]


def adopted(reach, levels=GROWING, by="2026-12-31", **more):
    goal = {"reach": reach, "by": by}
    return page_of(
        {"adoption_rate": shares(levels)}, {"adoption_rate": {"matters": 0.05, "goal": goal}}, **more
    )


def paragraph(page, topic, audience=Audience.EXECUTIVE):
    place = [each.topic for each in page.ranked.said].index(topic)
    return spoken(compose(page, audience))[place]


@pytest.mark.parametrize(
    ("reach", "label", "reached", "outlook"),
    [
        (0.45, "Short of its goal", False, "that is not enough."),
        (0.38, "Goal open", None, "we cannot tell yet if that is enough."),
        (0.36, "On the way to its goal", True, "that is enough."),
    ],
)
def test_a_goal_is_told_with_a_range_and_what_that_amounts_to(reach, label, reached, outlook) -> None:
    page = adopted(reach)
    told = paragraph(page, Topic.PACE)

    assert page.seen.paces["adoption_rate"].reaches is reached
    assert told.label == label
    assert str(told.text).startswith(
        f"The goal for the share of people who could use it and did is {round(reach * 100)} of every 100 by 31 December."
        f" It was 36; at this pace it would be between 37 and 40 then: {outlook}"
    )


def test_every_outlook_has_a_mark_beside_its_word() -> None:
    assert set(OUTLOOK_LABELS.values()) <= MARKS.keys()


def test_only_a_goal_out_of_reach_is_counted_and_asked_about() -> None:
    short, open_, near = (compose(adopted(reach), Audience.EXECUTIVE) for reach in (0.45, 0.38, 0.36))

    assert str(short.headline).endswith(": 1 goal out of reach at this pace.")
    assert "can reach its goal, or agree on another goal" in str(short.closing)
    for brief in (open_, near):
        assert str(brief.headline).endswith(": nothing has clearly changed.")
        assert str(brief.closing) == "No action needed."


def test_a_goal_in_reach_stands_beside_its_countermetric() -> None:
    weeks = {"adoption_rate": shares(GROWING), "week4_retention": shares([0.5] * 12, 1000)}
    goal = {"adoption_rate": {"matters": 0.05, "goal": {"reach": 0.36, "by": "2026-12-31"}}}
    told = paragraph(page_of(weeks, goal), Topic.PACE)

    assert told.metrics == ("adoption_rate", "week4_retention")
    assert "still used it in week 4" in str(told.text)
    assert "is not measured here" in str(paragraph(adopted(0.36), Topic.PACE).text)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page_of({"adoption_rate": shares(GROWING)}), id="no goal"),
        pytest.param(adopted(0.45, GROWING[-8:]), id="seven changes"),
        pytest.param(adopted(0.45, by="2026-11-22"), id="the day is here"),
        pytest.param(adopted(0.45, by="2026-11-28"), id="no period is complete by then"),
        pytest.param(adopted(0.45, [0.3] * 12), id="it never varied"),
    ],
)
def test_without_a_goal_a_past_or_time_left_there_is_no_pace(page) -> None:
    assert page.seen.paces == {}
    assert "at this pace" not in words(compose(page, Audience.EXECUTIVE))


def test_a_period_that_ends_on_the_day_of_the_goal_counts() -> None:
    [found] = adopted(0.45, by="2026-11-29").seen.paces.values()

    assert found.ahead == 1


def test_open_outcomes_have_no_pace() -> None:
    right = [Confusion(tp=round(1000 * x), fp=1000 - round(1000 * x), fn=200, tn=9000) for x in GROWING]
    weeks = {"precision": right, "label_maturity": shares([0.6] * 12)}
    goal = {"precision": {"goal": {"reach": 0.5, "by": "2026-12-31"}}}

    assert page_of(weeks, goal).seen.paces == {}
    assert page_of({"precision": right}, goal).seen.paces


def test_a_range_stays_inside_what_a_share_can_be() -> None:
    wild = [0.9, 0.5, 0.95, 0.4, 0.9, 0.6, 0.97, 0.5, 0.93, 0.6, 0.9, 0.5]
    [found] = adopted(0.99, wild, by="2027-11-30").seen.paces.values()

    assert (found.low, found.high) == (0, 1)
    assert found.reaches is None


LEVELS = st.floats(min_value=0.01, max_value=0.99, allow_nan=False)


@settings(max_examples=40)
@given(st.lists(LEVELS, min_size=2, max_size=13), st.floats(min_value=0.01, max_value=0.99))
def test_the_words_never_say_more_than_the_whole_range(levels, reach) -> None:
    page = adopted(round(reach, 3), levels)
    if len(levels) < 9:
        assert page.seen.paces == {}
    for found in page.seen.paces.values():
        assert found.changes >= 8
        assert found.low < found.high
        assert found.reaches is not True or found.low >= found.goal.reach
        assert found.reaches is not False or found.high < found.goal.reach
        told = pace(page, "adoption_rate")
        assert check(told, page.catalogue["adoption_rate"], Audience.EXECUTIVE) == (), str(told.text)


@pytest.mark.parametrize(
    ("metric", "low", "high", "reached"),
    [
        ("adoption_rate", "0.4", "0.5", True), ("adoption_rate", "0.3", "0.39", False),
        ("adoption_rate", "0.3", "0.4", None), ("opt_out_rate", "0.3", "0.4", True),
        ("opt_out_rate", "0.41", "0.5", False), ("opt_out_rate", "0.4", "0.5", None),
    ],
)  # fmt: skip
def test_only_a_range_on_one_side_of_its_goal_has_a_clear_word(metric, low, high, reached) -> None:
    goal = Goal(reach=D("0.4"), by=date(2026, 12, 31))

    assert reaches(known_metrics()[metric], goal, D(low), D(high)) is reached


def test_the_same_outlook_for_weeks_is_less_worth_saying() -> None:
    [shorter, longer] = [adopted(0.45, GROWING[-count:]).seen.paces["adoption_rate"] for count in (9, 12)]

    assert (shorter.repeats, longer.repeats) == (0, 3)


def test_known_answer_of_a_range() -> None:
    page = adopted(0.45)
    outlook = project([round(level * 5000) / 5000 for level in GROWING], 5)
    found = page.seen.paces["adoption_rate"]

    assert outlook is not None
    assert (float(found.low), float(found.high)) == (outlook.low, outlook.high)
    assert outlook.centre == pytest.approx(0.359 + 5 * (0.359 - 0.30) / 11)


READY_MADE = [
    metric.key
    for metric in known_metrics()
    if "bare" in metric.accepts and not metric.grouped and metric.good_is_up is not None and not metric.engineers_only
    and not metric.shown_as and not metric.beside
]  # fmt: skip


@pytest.mark.parametrize("key", READY_MADE)
def test_the_pace_of_every_metric_can_be_read_at_once(key) -> None:
    metric = known_metrics()[key]
    scale = 1 if metric.unit is Unit.SHARE or metric.maximum == 1 else 100
    series = [Bare(value=D(repr(round(level * scale, 6)))) for level in GROWING]
    means = {"unit": "money", "owner": "U0ANA00001", "means": "what it takes"}
    asked = {key: {"matters": scale / 100, "goal": {"reach": 0.45 * scale, "by": "2026-12-31"}}}
    page = page_of({key: series}, asked, assumptions={name: {"value": 1, **means} for name in metric.needs})

    for audience in PLAIN_READERS:
        told = pace(page, key)
        assert check(told, metric, audience) == (), str(told.text)
    assert check(pace_in_full(page, key), metric, Audience.COMPLIANCE) in {(), (33,)}


def test_engineers_read_what_the_range_rests_on() -> None:
    text = words(compose(adopted(0.45), Audience.ENGINEER))

    assert (
        "Goal 45% by 31 December: at this pace between 37.3% and 39.8% (95% range, 5 weeks ahead, from 11 past"
        " changes), all of which misses it." in text
    )


def test_a_duration_is_told_with_its_unit_and_lower_is_better() -> None:
    ages = [Bare(value=D(repr(60 - 2 * at + (at % 3)))) for at in range(12)]
    page = page_of(
        {"data_age": ages}, {"data_age": {"matters": 5, "goal": {"reach": 24, "by": "2026-12-31"}}}
    )

    assert str(paragraph(page, Topic.PACE).text) == (
        "The goal for the age of the newest complete data is 24 hours by 31 December."
        " It was 40.0 hours; at this pace it would be between 22.5 hours and 39.3 hours then:"
        " we cannot tell yet if that is enough."
    )


# --- one group that is most of it ---


def by_card(foreign=70, domestic=30, cases=3000):
    return {
        "foreign": Confusion(tp=50, fp=foreign, fn=3, tn=cases),
        "domestic": Confusion(tp=50, fp=domestic, fn=3, tn=30_000),
    }


def crowded(groups=None, at_most=0.5, **more):
    asked = {"fpr_gap": {"matters": 0.05, "concentration": {"at_most": at_most}, **more}}
    return page_of({"fpr_gap": [groups or by_card()] * 2}, asked)


def test_a_group_that_is_more_than_agreed_is_named() -> None:
    page = crowded()
    told = paragraph(page, Topic.CROWD)
    brief = compose(page, Audience.EXECUTIVE)

    assert told.label == "One group past its limit"
    assert str(told.text) == (
        "Of every 100 good payments that were flagged by mistake, 70 were among foreign."
        " The agreed limit for one group is 50."
    )
    assert str(brief.headline).endswith(": 1 group past its limit.")
    assert "say what is done about the group past its limit" in str(brief.closing)
    assert (
        "Concentration: foreign 70 of 100, 70.0% (95% range 60.4% to 78.1%), over the agreed 50.0%."
        in words(compose(page, Audience.ENGINEER))
    )


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(crowded(at_most=0.65), id="its interval reaches the limit"),
        pytest.param(crowded(at_most=0.8), id="under the limit"),
        pytest.param(crowded(by_card(15, 5)), id="few hits in all"),
        pytest.param(crowded(by_card(9, 0, cases=10)), id="the group is too small to be named"),
        pytest.param(page_of({"fpr_gap": [by_card()] * 2}, {"fpr_gap": {"matters": 0.05}}), id="no limit"),
    ],
)
def test_other_shares_of_groups_are_not_told(page) -> None:
    assert page.seen.crowds == {}


def test_a_small_group_is_counted_in_the_whole_and_never_named() -> None:
    groups = {**by_card(), "unknown": Confusion(tp=1, fp=8, fn=0, tn=0)}
    [found] = crowded(groups).seen.crowds.values()

    assert (found.group, found.hits, found.total) == ("foreign", 70, 108)
    assert "unknown" not in words(compose(crowded(groups), Audience.EXECUTIVE))


def test_goals_and_groups_stand_beside_the_metrics_own_verdict() -> None:
    jump = [*GROWING[:-1], 0.45]
    page = adopted(0.9, jump)

    assert {each.topic for each in page.ranked.said} == {Topic.CHANGE, Topic.PACE}
    assert [each.metric for each in page.ranked.said] == ["adoption_rate"] * 2
    assert page.ranked.quiet == ()
    assert adopted(0.9).ranked.quiet == ("adoption_rate",)  # the goal says nothing of this week
    assert {Topic.PACE, Topic.CROWD} == APART


def test_a_metric_with_two_insights_has_one_chart() -> None:
    page = adopted(0.9, [*GROWING[:-1], 0.45])

    assert [chart.metric for chart in charts(page)] == ["adoption_rate"]


def crowded_out(page):
    """Give the page as if five other things had ranked higher."""
    return replace(page, ranked=replace(page.ranked, said=(), unsaid=page.ranked.said))


@pytest.mark.parametrize(
    ("page", "words_"),
    [
        (adopted(0.45), "Also short of a goal at this pace: the share of people who could use it and did."),
        (crowded(), "Also past the limit for one group: the gap between groups in how often good payments"),
    ],
)
def test_what_has_no_room_is_named(page, words_) -> None:
    assert words_ in words(compose(crowded_out(page), Audience.EXECUTIVE))


def test_a_goal_that_is_open_or_in_reach_is_no_loss_to_leave_out() -> None:
    for reach in (0.38, 0.36):
        assert "goal" not in words(compose(crowded_out(adopted(reach)), Audience.EXECUTIVE))


# --- what somebody might tamper with ---


def remarks():
    pages = [(adopted(reach), "adoption_rate", (pace, pace_in_full)) for reach in (0.45, 0.38, 0.36)]
    pages.append((crowded(), "fpr_gap", (crowd, crowd_in_full)))
    for page, key, tells in pages:
        for tell, audience in zip(tells, (Audience.EXECUTIVE, Audience.ENGINEER), strict=True):
            yield tell(page, key), page.catalogue[key], audience


def test_every_remark_passes_before_it_is_tampered_with() -> None:
    for told, metric, audience in remarks():
        found = check(told, metric, audience)
        assert found in {(), (43,)} if metric.grouped and audience is Audience.ENGINEER else found == (), str(
            told.text
        )


@pytest.mark.parametrize("mutant", ["another digit in a figure", "one figure printed for another"])
def test_a_tampered_remark_breaks_a_rule(mutant) -> None:
    tried = 0
    for told, metric, audience in remarks():
        claim = claim_of(told, metric, audience)
        for text in TAMPERED[mutant](told.text):
            tried += 1
            assert broken(replace(claim, text=text)), str(text)
    assert tried


def test_figures_exchanged_whole_break_a_rule() -> None:
    told, metric, audience = next(remarks())
    places = [
        at
        for at, each in enumerate(told.text.pieces)
        if not isinstance(each, str) and each.function in {"low", "high"}
    ]
    pieces = list(told.text.pieces)
    pieces[places[0]], pieces[places[1]] = (
        replace(pieces[places[0]], value=pieces[places[1]].value, shown=pieces[places[1]].shown),
        replace(pieces[places[1]], value=pieces[places[0]].value, shown=pieces[places[0]].shown),
    )

    assert 1 in broken(replace(claim_of(told, metric, audience), text=Text(tuple(pieces))))


def test_another_groups_name_breaks_a_rule() -> None:
    page = crowded()
    told = crowd(page, "fpr_gap")
    renamed = tuple(
        replace(each, shown="domestic") if not isinstance(each, str) and each.function == "group" else each
        for each in told.text.pieces
    )
    claim = claim_of(told, page.catalogue["fpr_gap"], Audience.EXECUTIVE)

    assert 43 in broken(replace(claim, text=Text(renamed)))


# --- in the file ---

MISTAKES = [
    ({"goal": {"reach": 90, "by": "2026-12-31"}}, "write 80 % as 0.80"),
    ({"goal": {"reach": -1, "by": "2026-12-31"}}, "never has the value -1. It goes from 0 up to 1."),
    ({"goal": {"reach": 0.9, "by": "soon"}}, "`soon` is no day"),
    ({"goal": {"by": "2026-12-31"}}, "`reach` is missing"),
    ({"goal": 0.9}, "does not fit here"),
    (
        {"goal": {"reach": 0.9, "by": "2026-12-31"}, "window": 4},
        "joins 4 periods, so its pace cannot be followed",
    ),
    ({"concentration": {"at_most": 0.5}}, "counts no hits of groups"),
    ({"concentration": {"at_most": 50}}, "Write a number below 1"),
]


def read(metric, options):
    given = document(fraud_detection={"metrics": {metric: {"query": "outcomes", **options}}})
    return read_configuration(given, catalogue=known_metrics(), today=date(2026, 11, 23))


@pytest.mark.parametrize(("options", "sentence"), MISTAKES)
def test_a_mistake_in_a_goal_or_limit_is_said_with_what_would_work(options, sentence) -> None:
    found = read("precision", options)

    assert not isinstance(found, Configuration)
    errors = [each.sentence for each in found if each.level is Severity.ERROR]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert re.search(r"\. [A-Z].*\.$", errors[0])


def test_a_metric_without_a_better_way_has_no_goal() -> None:
    [error] = [
        each for each in read("alert_rate", {"goal": {"reach": 0.01, "by": "2026-12-31"}})
        if each.level is Severity.ERROR
    ]  # fmt: skip

    assert "neither way is better" in error.sentence


def test_a_goal_whose_day_has_passed_is_a_warning() -> None:
    found = read("precision", {"goal": {"reach": 0.9, "by": "2026-11-22"}})

    assert isinstance(found, Configuration)
    assert any("The day of the goal, 2026-11-22, has passed." in each.sentence for each in found.warnings)
