"""Insights: METRICS.md (f) 19, pins above scores, ties, five at most, and no gain without its other side."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from schema.findings import NO_FINDINGS
from schema.insights import APART, MOST_SCORED, PINNED, Background, Restated, Topic, counter_of, rank
from schema.judgements import Judgement
from schema.readings import Proportion
from schema.statistics.priorities import insight_score
from schema.verdicts import GAINS, Because, Kind, Verdict
from tests.demo_pages import demo_pages
from tests.weeks import page_of

D = Decimal
CORRECTED = Background(corrected={"missed_loss": Restated(posted="$1,530", now="$1,900")})


@pytest.mark.parametrize(
    ("certainty", "novelty", "harm", "score"),
    [
        (0.99, 1, True, 0.9207),
        (0.99, 1, False, 0.64449),
        (0.60, 1, True, 0.558),
        (0.99, 0.125, True, 0.74745),
    ],
)
def test_the_worked_scores_hold(certainty, novelty, harm, score) -> None:
    assert insight_score(
        certainty=certainty, effect=1, reach=0.8, novelty=novelty, harm=harm
    ) == pytest.approx(score)


@pytest.fixture
def fraud():
    return demo_pages()["fraud-detection"]


def clear(kind: Kind, **more) -> Verdict:
    return Verdict(
        kind=kind,
        difference=D("0.1"),
        low=D("0.05"),
        high=D("0.15"),
        p=0.001,
        q=0.01,
        tested=9,
        matters=D("0.05"),
        **more,
    )


def quiet(judgement: Judgement) -> Judgement:
    """Give the same judgement with nothing to say."""
    return with_verdict(judgement, Verdict(kind=Kind.SAME, p=0.9, q=0.9, tested=9))


def with_verdict(judgement: Judgement, verdict: Verdict) -> Judgement:
    compared = tuple(replace(each, verdict=verdict) for each in judgement.compared)
    return replace(judgement, compared=compared, off_target=False, findings=NO_FINDINGS)


def calm(page) -> dict[str, Judgement]:
    return {key: quiet(each) for key, each in page.judged.items()}


def test_what_is_about_the_same_or_unclear_is_one_line(fraud) -> None:
    ranked = rank(fraud.catalogue, calm(fraud))

    assert ranked.said == ranked.unsaid == ()
    assert set(ranked.quiet) == set(fraud.judged)


def test_pins_stand_above_any_score_in_their_order(fraud) -> None:
    judged = calm(fraud)
    judged["recall"] = with_verdict(judged["recall"], clear(Kind.CLEAR_LOSS))
    judged["fpr_gap"] = replace(judged["fpr_gap"], off_target=True)
    judged["review_hours"] = replace(judged["review_hours"], off_target=True)
    judged["net_benefit"] = replace(judged["net_benefit"], now=None, compared=())

    ranked = rank(fraud.catalogue, judged, CORRECTED)

    assert [(each.topic, each.metric) for each in ranked.said] == [
        (Topic.CORRECTION, "missed_loss"), (Topic.NOT_FIT, "net_benefit"), (Topic.LIMIT, "review_hours"),
        (Topic.GAP, "fpr_gap"), (Topic.CHANGE, "recall"),
    ]  # fmt: skip
    assert [each.topic for each in ranked.said[:4]] == list(PINNED)


def test_a_figure_that_was_corrected_still_says_what_it_did_since(fraud) -> None:
    judged = calm(fraud)
    judged["missed_loss"] = with_verdict(judged["missed_loss"], clear(Kind.CLEAR_LOSS))

    ranked = rank(fraud.catalogue, judged, CORRECTED)

    assert [each.topic for each in ranked.said] == [Topic.CORRECTION, Topic.CHANGE]
    assert "missed_loss" not in ranked.quiet


def test_at_most_five_are_scored_and_the_rest_are_named(fraud) -> None:
    judged = {
        key: with_verdict(each, clear(Kind.CLEAR_LOSS)) for key, each in fraud.judged.items() if each.compared
    }

    ranked = rank(fraud.catalogue, judged)

    assert len(ranked.said) == MOST_SCORED
    assert {each.metric for each in (*ranked.said, *ranked.unsaid)} == set(judged)
    assert [each.score for each in ranked.said] == sorted((each.score for each in ranked.said), reverse=True)


def test_pins_do_not_use_up_the_five(fraud) -> None:
    judged = {
        key: with_verdict(each, clear(Kind.CLEAR_LOSS)) for key, each in fraud.judged.items() if each.compared
    }
    judged["label_maturity"] = replace(judged["label_maturity"], now=None)

    assert len(rank(fraud.catalogue, judged).said) == MOST_SCORED + 1


def test_ties_go_to_harm_and_then_to_the_key(fraud) -> None:
    judged = calm(fraud)
    same = {"precision": Kind.CLEAR_LOSS, "recall": Kind.CLEAR_LOSS}
    stand = judged["precision"]
    for key, kind in same.items():
        judged[key] = replace(with_verdict(stand, clear(kind)), metric=key)

    ranked = rank(fraud.catalogue, judged)

    assert [each.metric for each in ranked.said] == ["precision", "recall"]
    assert ranked.said[0].score == ranked.said[1].score


def test_a_harm_outweighs_the_same_good_news_and_a_repeat_weighs_less(fraud) -> None:
    def score(kind, repeats=0):
        judged = calm(fraud) | {"precision": with_verdict(fraud.judged["precision"], clear(kind))}
        [said] = rank(fraud.catalogue, judged, Background(repeats={"precision": repeats})).said
        return said.score

    assert score(Kind.CLEAR_GAIN) == pytest.approx(0.7 * score(Kind.CLEAR_LOSS))
    assert score(Kind.CLEAR_LOSS, 3) < score(Kind.CLEAR_LOSS, 1) < score(Kind.CLEAR_LOSS)


def test_money_weighs_by_its_share_of_the_agreed_material_amount(fraud) -> None:
    def score(material):
        loss = replace(
            clear(Kind.CLEAR_LOSS), difference=D(-5_000), low=D(-6_000), high=D(-4_000), matters=D(500)
        )
        judged = calm(fraud) | {"net_benefit": with_verdict(fraud.judged["net_benefit"], loss)}
        [said] = rank(fraud.catalogue, judged, Background(material=material)).said
        return said.score

    assert score(D(5_000)) > score(D(50_000)) > score(None)


def test_a_gain_whose_other_side_lost_is_a_gain_with_a_cost(fraud) -> None:
    counter = fraud.catalogue["recall"].countermetrics[0]
    judged = calm(fraud) | {"recall": with_verdict(fraud.judged["recall"], clear(Kind.CLEAR_GAIN))}

    fine = rank(fraud.catalogue, judged).said[0]
    judged[counter] = with_verdict(fraud.judged[counter], clear(Kind.CLEAR_LOSS))
    costly = next(each for each in rank(fraud.catalogue, judged).said if each.metric == "recall")

    assert (fine.topic, costly.topic) == (Topic.CHANGE, Topic.COST)
    assert costly.counter == counter


def test_the_countermetric_that_says_most_against_a_gain_is_chosen(fraud) -> None:
    metric = fraud.catalogue["recall"].model_copy(
        update={"countermetrics": ("precision", "review_hours", "alert_rate")}
    )
    judged = calm(fraud)
    assert counter_of(metric, judged) == ("precision", True)

    judged["alert_rate"] = with_verdict(
        judged["alert_rate"], Verdict(kind=Kind.CANNOT_TELL, because=Because.WIDE)
    )
    assert counter_of(metric, judged) == ("alert_rate", True)

    judged["review_hours"] = replace(judged["review_hours"], now=None)
    assert counter_of(metric, judged) == ("review_hours", True)

    judged["alert_rate"] = with_verdict(judged["alert_rate"], clear(Kind.CLEAR_LOSS))
    assert counter_of(metric, judged) == ("alert_rate", True)

    assert counter_of(metric, {}) == ("precision", False)
    assert counter_of(metric.model_copy(update={"countermetrics": ()}), judged) == (None, True)


def test_every_gain_of_the_demo_names_its_other_side_or_that_nobody_measures_it() -> None:
    for page in demo_pages().values():
        for insight in (*page.ranked.said, *page.ranked.unsaid):
            if page.judged[insight.metric].verdict.kind in GAINS:
                assert insight.counter
                assert insight.counter_known is (insight.counter in page.judged)


def test_a_small_change_is_said_as_small_and_a_change_without_good_is_no_harm(fraud) -> None:
    judged = calm(fraud)
    judged["recall"] = with_verdict(fraud.judged["recall"], clear(Kind.SMALL_LOSS))
    judged["alert_rate"] = with_verdict(fraud.judged["alert_rate"], clear(Kind.CLEAR_CHANGE))

    said = {each.metric: each for each in rank(fraud.catalogue, judged).said}

    assert said["recall"].topic is Topic.SMALL
    assert (said["alert_rate"].topic, said["alert_rate"].harm) == (Topic.CHANGE, False)


def test_what_shows_beside_a_verdict_is_ranked_by_the_same_formula_and_among_the_same_five() -> None:
    shares = [
        Proportion(numerator=round(5000 * (0.30 + 0.005 * at + 0.002 * (at % 2))), denominator=5000)
        for at in range(13)
    ]
    keys = ("adoption_rate", "csat", "response_rate", "opt_out_rate", "thumbs_down_rate", "week4_retention")
    asked = {key: {"matters": 0.01, "goal": {"reach": 0.9, "by": "2026-12-31"}} for key in keys}
    page = page_of(dict.fromkeys(keys, shares), asked)
    insights = (*page.ranked.said, *page.ranked.unsaid)

    assert {each.topic for each in insights} == {Topic.CREEP, Topic.PACE}
    assert len(page.ranked.said) == MOST_SCORED
    assert {each.metric for each in insights if each.topic is Topic.PACE} == set(keys)
    for each in insights:
        seen = page.seen.paces[each.metric] if each.topic is Topic.PACE else None
        course = page.seen.courses[each.metric]
        people = abs(seen.distance if seen else course.now - course.before) * 5000
        assert each.score == pytest.approx(insight_score(
            certainty=1 - (seen.p if seen else course.verdict.q),
            effect=1,
            reach=math.log10(1 + int(people)) / 6,
            novelty=0.5 ** (seen.repeats if seen else course.move.repeats),
            harm=each.harm,
        ))  # fmt: skip


def test_a_metric_is_told_by_one_topic_and_only_its_goal_and_groups_beside() -> None:
    for page in demo_pages().values():
        own = [each.metric for each in (*page.ranked.said, *page.ranked.unsaid) if each.topic not in APART]
        assert len(own) == len(set(own))
