"""Slow moves, new levels and changed inputs as readers get them: once, honest about what is not known, never blaming."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from schema.briefs import compose
from schema.courses import can_be_averaged
from schema.insights import Topic, is_for_everybody
from schema.metrics import Audience
from schema.readings import Bands, Bare, Confusion, Proportion
from schema.remarks import check as check_remark
from schema.statements.levels import PLAIN_READERS
from schema.texts import Text
from schema.trends import course, course_in_full, floor_in_full, inputs, still
from schema.verdicts import GAINS
from schema.verdicts import Kind as VerdictKind
from schema.wording.checks import check, claim_of, lonely_gain
from schema.wording.rules import broken
from tests.builders import known_metrics
from tests.demo_pages import AT
from tests.demo_pages import told as story_told
from tests.test_mutations import TAMPERED
from tests.weeks import brief_of, page_of, spoken, words

CALM = [0.80, 0.803, 0.798, 0.801, 0.797, 0.802, 0.799, 0.80]
FALLING = [*CALM, 0.795, 0.786, 0.778, 0.772, 0.765]
RISING = [*CALM, 0.805, 0.814, 0.822, 0.828, 0.835]
LOWER = [*CALM, 0.801, 0.799, 0.76, 0.762, 0.759]


def confusions(shares, n=800):
    return [Confusion(tp=round(share * n), fp=n - round(share * n), fn=200, tn=9000) for share in shares]


def shares(levels, n=1000):
    return [Proportion(numerator=round(level * n), denominator=n) for level in levels]


def precision(levels, **asked):
    return page_of({"precision": confusions(levels)}, {"precision": {"matters": 0.02, **asked}})


def said(page):
    return [(each.topic, each.metric) for each in page.ranked.said]


def first(page, audience=Audience.EXECUTIVE):
    return spoken(compose(page, audience))[0]


def test_a_slow_move_is_told_with_both_means_and_how_long() -> None:
    brief = compose(precision(FALLING), Audience.EXECUTIVE)
    told = spoken(brief)[0]

    assert str(brief.headline).endswith(": 1 slow move.")
    assert told.label == "Slow move"
    assert str(told.text) == (
        "Of every 100 alerts, 78 were fraud cases on average in the last 5 weeks, down from 80 in the 8 before."
        " It keeps falling, which is bad."
    )
    assert "say what is done about the share of alerts that were right" in str(brief.closing)


def test_a_new_level_is_told_with_its_first_day() -> None:
    brief = compose(precision(LOWER), Audience.EXECUTIVE)
    told = spoken(brief)[0]

    assert str(brief.headline).endswith(": 1 new level.")
    assert told.label == "New level"
    assert str(told.text) == (
        "Of every 100 alerts, 76 were fraud cases on average since 2 November, down from 80 in the 10 weeks before."
        " That is a new level, which is bad."
    )


def test_calm_weeks_say_nothing_of_the_kind() -> None:
    page = precision([*CALM, *CALM[:5]])

    assert said(page) == []
    assert not re.search(r"keeps|new level", words(compose(page, Audience.EXECUTIVE)))


def test_a_move_for_the_better_never_stands_without_its_countermetric() -> None:
    weeks = {"precision": confusions(RISING), "recall": confusions([0.8] * 13)}
    page = page_of(weeks, {key: {"matters": 0.02} for key in weeks})
    told = first(page)

    assert said(page)[0] == (Topic.CREEP, "precision")
    assert page.ranked.said[0].counter == "recall"
    assert told.metrics == ("precision", "recall")
    assert not lonely_gain(told.text, told.statements)
    assert lonely_gain(told.statements[0].text, told.statements[:1])
    assert str(page and compose(page, Audience.EXECUTIVE).closing) == "No action needed."


def test_a_verdict_of_this_week_is_told_in_place_of_the_course() -> None:
    page = precision([*FALLING[:-1], 0.60])

    assert said(page) == [(Topic.CHANGE, "precision")]


def test_a_target_that_is_crossed_stands_above_a_course() -> None:
    page = precision(FALLING, target={"at_least": 0.9})

    assert said(page) == [(Topic.LIMIT, "precision")]
    assert "Slow move" in str(first(page, Audience.ENGINEER).text)


def since_the_release(levels, **more):
    milestones = [{"name": "release 2", "on": "2026-09-15"}]
    asked = {"precision": {"matters": 0.02, "compare": ["previous", {"since": "release 2"}]}}
    return page_of({"precision": confusions(levels, 4000)}, asked, milestones=milestones, **more)


def test_a_longer_comparison_tells_the_move_and_only_that_it_goes_on() -> None:
    page = since_the_release([0.80 - 0.006 * at for at in range(13)])

    assert page.seen.courses["precision"].told_longer
    assert said(page) == []
    text = words(compose(page, Audience.EXECUTIVE))
    assert "before release 2" in text
    assert "It keeps falling, also in the last 5 weeks." in text
    assert text.count("keeps falling") == 1


def test_a_gain_over_a_longer_time_is_not_said_to_go_on_before_its_other_side() -> None:
    page = since_the_release([0.70 + 0.006 * at for at in range(13)])
    [compared] = page.judged["precision"].compared[1:]

    assert compared.verdict.kind in GAINS
    assert not still(page, "precision", compared)


def test_a_course_without_room_is_named_as_moved() -> None:
    page = precision(FALLING)
    without_room = replace(page, ranked=replace(page.ranked, said=(), unsaid=page.ranked.said))

    assert (
        "Also moved, with figures on the page for engineers: the share of alerts that were right (slow move)."
        in words(compose(without_room, Audience.EXECUTIVE))
    )


def test_every_reader_gets_the_same_two_means() -> None:
    page = precision(FALLING)
    found = page.seen.courses["precision"]

    def means(text):
        return [fact.value for fact in text.facts if fact.function in {"per", "now", "before"}]

    plain = course(page, "precision", Audience.EXECUTIVE).text
    assert means(plain) == means(course_in_full(page, "precision").text) == [found.now, found.before]


def told_courses():
    pages = [precision(FALLING), precision(LOWER), precision(RISING)]
    return [course(page, "precision", audience) for page in pages for audience in PLAIN_READERS]


def test_a_course_passes_every_rule() -> None:
    assert [(str(each.text), found) for each in told_courses() if (found := check(each))] == []


@pytest.mark.parametrize(
    "mutant", [name for name in TAMPERED if "group" not in name and "caveat" not in name]
)
def test_a_tampered_course_breaks_a_rule(mutant) -> None:
    tried = 0
    for told in told_courses():
        for text in TAMPERED[mutant](told.text):
            tried += 1
            assert broken(replace(claim_of(told), text=text)), str(text)
    assert tried


def test_the_other_way_breaks_a_rule() -> None:
    told = course(precision(FALLING), "precision", Audience.EXECUTIVE)
    pieces = [
        each.replace("falling", "rising") if isinstance(each, str) else each for each in told.text.pieces
    ]

    assert 12 in broken(replace(claim_of(told), text=Text(tuple(pieces))))


def test_no_trend_is_said_without_a_detector_and_four_complete_periods() -> None:
    told = course(precision(FALLING), "precision", Audience.EXECUTIVE)
    claim = claim_of(told)
    unfound = Text(tuple(
        replace(each, function="count") if not isinstance(each, str) and each.function == "ewma" else each
        for each in told.text.pieces
    ))  # fmt: skip

    assert claim.periods == 13
    assert broken(claim) == ()
    assert 23 in broken(replace(claim, periods=3))
    assert 23 in broken(replace(claim, text=unfound))


LEVELS = {"share": 0.4, "money": 5000.0, "seconds": 3.0, "minutes": 12.0, "hours": 30.0, "count": 4000.0}


READY_MADE = [
    metric.key
    for metric in known_metrics()
    if "bare" in metric.accepts
    and is_for_everybody(metric)
    and not metric.grouped
    and can_be_averaged(metric)
]


@pytest.mark.parametrize("key", READY_MADE)
def test_the_course_of_every_metric_can_be_read_at_once(key) -> None:
    metric = known_metrics()[key]
    level = LEVELS.get(metric.unit.value, 0.6)
    series = [Bare(value=Decimal(repr(round(level * each / 0.8, 6)))) for each in FALLING]
    page = page_of({key: series}, {key: {"matters": level / 100}}, assumptions=assumed(metric))
    assert key in page.seen.courses

    for audience in PLAIN_READERS:
        told = course(page, key, audience)
        assert check(told) == (), str(told.text)
    assert check_remark(course_in_full(page, key), metric, Audience.COMPLIANCE) in {(), (33,)}


def by_gender(gap):
    women = Confusion(tp=round(400 * (0.6 - gap)), fp=0, fn=0, tn=400)
    return {"men": Confusion(tp=240, fp=0, fn=0, tn=400), "women": women}


@pytest.mark.parametrize("key", ["demographic_parity_difference", "demographic_parity_ratio"])
def test_the_course_of_a_gap_between_groups_is_told_without_any_groups_figure(key) -> None:
    widening = [
        by_gender(gap) for gap in (0.1, 0.11, 0.09, 0.1, 0.105, 0.095, 0.1, 0.1, 0.12, 0.14, 0.16, 0.18)
    ]
    page = page_of({key: widening}, {key: {"matters": 0.01}})

    for audience in PLAIN_READERS:
        told = course(page, key, audience)
        assert check(told) == (), str(told.text)
        assert not {"men", "women"} & {fact.group for fact in told.text.facts}


def assumed(metric):
    means = {"unit": "money", "owner": "U0ANA00001", "means": "what it takes"}
    return {name: {"value": 1, **means} for name in metric.needs}


def test_before_its_retraining_the_recommender_was_seen_to_go_down(tmp_path) -> None:
    page = asyncio.run(story_told(tmp_path, at=AT - timedelta(weeks=6)))["content-recommender"]
    text = words(compose(page, Audience.EXECUTIVE))

    seen = page.seen.courses["click_through_rate"]
    assert seen.verdict.kind is VerdictKind.CLEAR_LOSS
    assert page.judged["click_through_rate"].verdict.kind is VerdictKind.SAME  # no week alone shows it
    assert "before the freeze of training data" in text
    assert "It keeps falling, also in the last 5 weeks." in text
    assert "What that does to right and wrong is not known until outcomes are in." in text


# --- inputs ---


def mix(*counts):
    reference = (Decimal(5000), Decimal(3000), Decimal(2000))
    return Bands(names=("a", "b", "c"), now=tuple(map(Decimal, counts)), reference=reference)


SHIFTED = [mix(500, 300, 200)] * 9 + [mix(300, 350, 350)]


def with_outcomes(known, now=SHIFTED, **asked):
    weeks = {"psi": now, "label_maturity": shares([known] * 10)}
    return page_of(weeks, {"psi": {"matters": 0.05, **asked}})


def test_changed_inputs_are_told_with_how_little_is_known_of_the_outcomes() -> None:
    page = with_outcomes(0.64)
    told = first(page)

    assert said(page) == [(Topic.INPUTS, "psi")]
    assert told.label == "Inputs changed"
    assert str(told.text) == (
        "The shift in the mix of payments was 0.194 against a watch line of 0.1, up from 0.000 the week before."
        " What comes in has changed. What that does to right and wrong is not known yet:"
        " so far, of every 100 outcomes we wait for, 64 were known."
    )
    assert str(compose(page, Audience.EXECUTIVE).closing) == "No action needed."


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(with_outcomes(0.97), id="outcomes are known"),
        pytest.param(with_outcomes(0.64, [mix(500, 300, 200)] * 10), id="no shift"),
        pytest.param(with_outcomes(0.64, [mix(50, 30, 20)] * 9 + [mix(42, 34, 24)]), id="within luck"),
        pytest.param(with_outcomes(0.64, matters=0.3), id="too small to matter"),
        pytest.param(page_of({"psi": SHIFTED}, {"psi": {"matters": 0.05}}), id="nobody measures outcomes"),
    ],
)
def test_other_shifts_are_no_riddle(page) -> None:
    assert page.seen.inputs == {}
    assert Topic.INPUTS not in {topic for topic, _ in said(page)}


def test_a_shift_off_its_target_stays_pinned_and_says_what_is_not_known() -> None:
    page = with_outcomes(0.64, target={"at_most": 0.15})

    assert said(page)[0] == (Topic.LIMIT, "psi")
    assert "is not known yet" in str(first(page).text)
    alone = page_of({"psi": SHIFTED}, {"psi": {"matters": 0.05, "target": {"at_most": 0.15}}})
    assert "not known until outcomes are in" in str(first(alone).text)
    assert "not known" not in str(first(with_outcomes(0.97, target={"at_most": 0.15})).text)


def test_a_share_of_shifted_inputs_off_its_target_says_so_too() -> None:
    weeks = {"drifted_share": shares([0.1, 0.5], 40)}
    page = page_of(weeks, {"drifted_share": {"matters": 0.05, "target": {"at_most": 0.2}}})

    assert said(page)[0] == (Topic.LIMIT, "drifted_share")
    assert "not known until outcomes are in" in str(first(page).text)


def test_changed_inputs_never_blame_the_model() -> None:
    page = with_outcomes(0.64)
    told, metric = inputs(page, "psi"), page.catalogue["psi"]

    for audience in Audience:
        assert check_remark(told, metric, audience) == ()
        text = words(compose(page, audience)).lower()
        assert not re.search(r"which is (?:good|bad)|\bworse\b|\bbetter\b", text), text
    assert "Without any shift, about 0.002 is to be expected." in str(first(page, Audience.ENGINEER).text)
    assert check_remark(floor_in_full(page, "psi"), metric, Audience.ENGINEER) == ()


def test_a_page_without_any_of_it_says_nothing() -> None:
    page = page_of({"precision": confusions(CALM)})

    assert not course_in_full(page, "precision")
    assert not floor_in_full(page, "precision")
    assert not inputs(page, "precision")
    assert "goal" not in words(brief_of({"precision": confusions(CALM)}))
