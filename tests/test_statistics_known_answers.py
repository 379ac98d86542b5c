"""Every worked number of METRICS.md (f), by its number there."""

import json
import math
from pathlib import Path
from random import Random

import pytest

from schema.statistics import looks, predictions, shares
from schema.statistics.certainty import (
    Interval,
    benjamini_hochberg,
    exact_upper_zero,
    f1_interval,
    newcombe,
    pooled_z,
    ratio_interval,
    rule_of_three,
    square_and_add,
    wilson,
)
from schema.statistics.confusion import Confusion, base_rate_table
from schema.statistics.detectors import Rule, ewma, oddity
from schema.statistics.drift import js_distance, judge_correction, psi, psi_noise_floor
from schema.statistics.fairness import Rate, gap, ratio
from schema.statistics.money import (
    FraudAssumptions,
    Support,
    break_even_precision,
    fraud_money,
    friction_flip,
    net_interval,
)
from schema.statistics.predictions import Band, Gain, error_budget
from schema.statistics.priorities import (
    certainty_of,
    insight_score,
    novelty_of,
    order,
    rice,
    smallest_flip,
    win_shares,
    wsjf,
)

KNOWN = json.loads((Path(__file__).parent / "answers" / "known_answers.json").read_text())
TABLE = Confusion(tp=820, fp=180, fn=205, tn=98_795)
COSTS = FraudAssumptions(average_loss=120, fee=15, prevented_share=0.95, review_cost=4, friction_cost=18)
IDEAS = {
    "A": {"reach": 4000, "impact": 2, "confidence": 0.8, "effort": 4},
    "B": {"reach": 9000, "impact": 1, "confidence": 0.5, "effort": 3},
    "C": {"reach": 1200, "impact": 3, "confidence": 1.0, "effort": 2},
}


def near(expected, within=1e-9):
    return pytest.approx(expected, rel=within, abs=1e-12)


def ends(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


# 1


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("precision", "precision"),
        ("recall", "recall"),
        ("false_positive_rate", "fpr"),
        ("f1", "f1"),
        ("accuracy", "accuracy"),
        ("npv", "npv"),
        ("balanced_accuracy", "balanced_accuracy"),
        ("mcc", "mcc"),
        ("prevalence", "prevalence"),
        ("alert_rate", "alert_rate"),
        ("lift", "lift"),
        ("total", "N"),
    ],
)
def test_a_confusion_table_gives_its_metrics(name, key):
    assert getattr(TABLE, name) == near(KNOWN["1_confusion"][key])


def test_a_confusion_table_gives_its_complements():
    assert TABLE.specificity == near(0.998181359, 1e-8)
    assert TABLE.false_discovery_rate == near(0.18)


def test_the_intervals_of_a_confusion_table():
    known = KNOWN["1_confusion"]

    assert ends(wilson(820, 1000)) == near(known["precision_ci"])
    assert ends(wilson(820, 1025)) == near(known["recall_ci"])
    assert ends(wilson(180, 98_975)) == near(known["fpr_ci"])
    assert ends(f1_interval(820, 180, 205)) == near(known["f1_ci_jaccard"])


def test_doing_nothing_is_nearly_as_accurate():
    known = KNOWN["1b_accuracy_trap"]

    assert TABLE.baseline_accuracy == near(known["always_no_accuracy"])
    assert 100 * (TABLE.accuracy - TABLE.baseline_accuracy) == near(known["gain_points"])


def test_a_confusion_table_in_natural_frequencies():
    assert shares.shares_of(100, [TABLE.tp, TABLE.fp]) == [82, 18]
    assert shares.out_of(100, TABLE.tp, TABLE.positives) == 80
    assert shares.out_of(10_000, TABLE.fp, TABLE.negatives) == 18


# 2


def test_the_same_model_means_something_else_at_another_base_rate():
    rows = base_rate_table((0.01, 0.001, 0.1), recall=0.8, false_positive_rate=0.01)

    found = [[row.positives, row.true_alerts, row.false_alerts, row.right_share] for row in rows]
    assert found == [near(expected) for expected in KNOWN["2_base_rate"].values()]


# 3


@pytest.mark.parametrize("key", [key for key in KNOWN if key.startswith("3_")])
def test_a_change_has_an_interval_and_a_p(key):
    a, n, b, m = KNOWN[key]["args"]
    difference, low, high = KNOWN[key]["diff_ci"]

    assert a / n - b / m == near(difference)
    assert ends(newcombe(a, n, b, m)) == near([low, high])
    assert pooled_z(a, n, b, m) == near(tuple(KNOWN[key]["z_p"]))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((82_000, 100_000, 81_950, 100_000), -0.2869, 0.3869), ((820, 1000, 850, 1000), -6.2532, 0.2563)],
)
def test_changes_that_nobody_can_tell(counts, low, high):
    interval = newcombe(*counts)

    assert [round(100 * end, 4) for end in ends(interval)] == [low, high]


# 4


@pytest.mark.parametrize("key", [key for key in KNOWN["4_extremes"] if "/" in key and "_" not in key])
def test_extreme_proportions_keep_an_interval(key):
    hits, cases = map(int, key.split("/"))

    assert ends(wilson(hits, cases)) == near(KNOWN["4_extremes"][key])


def test_none_and_all_are_exact_ends():
    assert wilson(0, 20).low == 0.0
    assert wilson(20, 20).high == 1.0


def test_no_event_in_300_leaves_an_upper_bound():
    assert rule_of_three(300) == KNOWN["4_extremes"]["rule_of_three_300"]
    assert exact_upper_zero(300) == near(KNOWN["4_extremes"]["exact_upper_0/300"])


# 5 and 6


def test_fraud_money():
    known, money = KNOWN["5_money"], fraud_money(820, 180, 205, COSTS)

    assert money.gross == near(known["gross"])
    assert money.review == near(known["review"])
    assert money.friction == near(known["friction"])
    assert money.net == near(known["net"])
    assert money.missed == near(known["missed"])
    assert break_even_precision(COSTS) == near(known["breakeven_precision"])
    assert ends(net_interval(820, 180, COSTS)) == near(known["net_ci_from_precision"])


@pytest.mark.parametrize(
    ("key", "counts"),
    [("current", (820, 180, 205)), ("looser", (902, 598, 123)), ("tighter", (697, 68, 328))],
)
def test_moving_the_limit_moves_money(key, counts):
    known, money = KNOWN["5b_threshold_move"][key], fraud_money(*counts, COSTS)
    tp, fp, fn = counts

    assert money.net == near(known["net"])
    assert money.missed == near(known["missed"])
    assert Confusion(tp=tp, fp=fp, fn=fn, tn=0).precision == near(known["precision"])
    assert Confusion(tp=tp, fp=fp, fn=fn, tn=0).recall == near(known["recall"])


def test_a_looser_limit_pays_until_friction_costs_about_20_dollars():
    flip = friction_flip((820, 180), (902, 598), COSTS)

    assert flip == near(20.374402, 1e-7)
    for friction, pays in ((flip - 0.01, True), (flip + 0.01, False)):
        costs = FraudAssumptions(
            average_loss=120, fee=15, prevented_share=0.95, review_cost=4, friction_cost=friction
        )
        assert (fraud_money(902, 598, 0, costs).net > fraud_money(820, 180, 0, costs).net) is pays


# 7


def test_support_figures_are_a_range():
    known = KNOWN["6_support"]
    support = Support(
        chats=8000, handed_over=2800, confirmed=3120, silent=2080, reopened=416, spend=1560, human_cost=6.5
    )

    assert support.containment == near(known["containment"])
    assert support.confirmed_share == near(known["confirmed"])
    assert support.assumed_share == near(known["assumed"])
    assert support.reopen_rate == near(known["reopen"])
    assert ends(support.resolved_range) == near([known["resolved_low"], known["resolved_high"]])
    assert ends(support.savings_range) == near([known["savings_low"], known["savings_high"]])
    assert ends(support.confirmed_interval) == near(known["confirmed_ci"])
    assert support.cost_per_confirmed == near(known["cpr_confirmed"])
    assert support.cost_per_contained == near(known["cpr_contained"])


# 8


def test_points_come_from_counts():
    known = KNOWN["7_points"]

    assert [shares.out_of(1000, 4, 100), shares.out_of(1000, 5, 100)] == known["per1000"]
    assert shares.out_of(100, 5, 100) - shares.out_of(100, 4, 100) == known["points"]


# 9


def test_benjamini_hochberg_keeps_three_of_six():
    known = KNOWN["8_bh"]

    qs = benjamini_hochberg(known["p"])

    assert qs == near(known["q"])
    assert sum(p <= 0.05 for p in known["p"]) == known["reject_raw"]
    assert sum(q <= 0.05 for q in qs) == known["reject_bh"]
    assert sum(p * len(qs) <= 0.05 for p in known["p"]) == known["reject_bonf"]


def test_forty_unchanged_metrics_raise_an_alarm():
    known = KNOWN["8_multiplicity"]

    assert looks.any_false_alarm(40) == near(known["P_any_false_40@0.05"])
    assert looks.expected_false_alarms(40) == near(known["expected_false_40"])


# 10


def test_an_unusual_value_is_flagged():
    known = KNOWN["9_robust"]

    odd = oddity(known["hist"], known["x"])

    assert (odd.median, odd.mad) == (known["median"], known["mad"])
    assert odd.z == near(known["modified_z"])
    assert (odd.flagged, odd.rule) == (True, Rule.ROBUST_Z)


def test_slow_creep_is_flagged_at_the_sixth_step():
    rows = KNOWN["9_ewma"]

    steps = ewma([row[1] for row in rows], mean=1000, sd=10)

    assert [step.statistic for step in steps] == near([row[2] for row in rows])
    assert [step.high for step in steps] == near([row[3] for row in rows])
    assert [step.flagged for step in steps] == [row[4] for row in rows]
    assert all(abs(row[1] - 1000) < 20 for row in rows)


# 11


def test_drift_from_shares():
    known = KNOWN["10_psi"]

    assert psi(known["ref"], known["cur"]) == near(known["psi"])
    assert js_distance(known["ref"], known["cur"]) == near(known["js_distance_base2"])
    assert js_distance(known["ref"], known["cur"], base=math.e) == near(known["js_distance_basee"])


@pytest.mark.parametrize(("key", "floor"), KNOWN["10_psi_noise"].items())
def test_drift_has_a_noise_floor(key, floor):
    bands, rows = key.replace("n=m=", "").removeprefix("B=").split(",")

    assert psi_noise_floor(int(bands), int(rows), int(rows)) == near(floor)


# 12


def test_conversion_falls_while_both_segments_rise():
    known = KNOWN["12_mix"]
    segments = {
        "desktop": shares.Segment(hits_before=600, cases_before=6000, hits_now=310, cases_now=3000),
        "mobile": shares.Segment(hits_before=160, cases_before=4000, hits_now=290, cases_now=7000),
    }

    split = shares.mix_and_rate(segments)

    assert [split.before, split.now, split.change] == near([known["R0"], known["R1"], known["delta"]])
    assert [split.rate, split.mix] == near([known["rate_effect"], known["mix_effect"]])
    assert split.reversed is True


# 13


def test_sample_sizes():
    known = KNOWN["13_n"]

    assert looks.cases_for_a_change(0.82, 0.84) == known["82%->84%"]
    assert looks.cases_for_a_change(0.82, 0.88) == known["82%->88%"]
    assert looks.cases_for_a_change(0.04, 0.05) == known["4%->5%"]
    assert looks.cases_for_a_precision(0.82, 0.03) == known["n_for_wilson_halfwidth_3pts_at_82%"]


# 14


def test_a_judge_is_corrected():
    known = KNOWN["14_judge"]

    assert judge_correction(0.93, 0.95, 0.8).value == near(known["adj_sens95_spec80"])
    assert judge_correction(0.90, 0.95, 0.8).value == near(known["adj2"])


@pytest.mark.parametrize(
    ("raw", "value", "clipped"),
    [(0.951, 1, True), (0.199, 0, True), (0.95, 1, False), (0.2, 0, False), (0.93, 0.9733333, False)],
)
def test_a_rate_that_the_judge_cannot_produce_is_clipped_and_flagged(raw, value, clipped):
    corrected = judge_correction(raw, 0.95, 0.8)

    assert corrected.value == near(value, 1e-6)
    assert corrected.clipped is clipped


# 15


def test_priorities_by_reach_impact_confidence_and_effort():
    known = KNOWN["15_rice"]
    scores = {name: rice(**inputs) for name, inputs in IDEAS.items()}

    places = order(scores)

    assert scores == near(known["scores"])
    assert [place.name for place in places] == known["order"]
    assert [place.lead for place in places] == [
        near(known["flip_ratio_1_2"]),
        near(known["flip_ratio_2_3"]),
        None,
    ]


def test_a_leader_that_wins_half_of_the_draws():
    won = win_shares(IDEAS, rice, random=Random(7), draws=100_000)

    assert won == KNOWN["15_rice"]["win_share_pm20pct_seed7"]


def test_the_smallest_change_that_puts_another_idea_first():
    flip = smallest_flip(IDEAS, rice)

    assert flip is not None
    assert max(flip.factor, 1 / flip.factor) == near(KNOWN["15_rice"]["flip_ratio_1_2"])


def test_weighted_shortest_job_first():
    known = KNOWN["15_wsjf"]

    scores = {
        "X": wsjf(value=8, urgency=5, risk_reduction=3, size=5),
        "Y": wsjf(value=5, urgency=8, risk_reduction=8, size=8),
    }

    assert scores == {"X": known["X"], "Y": known["Y"]}
    assert [place.name for place in order(scores)] == known["order"]


# 16


def test_an_error_budget():
    known = KNOWN["16_slo"]
    month = error_budget(0.999, window_minutes=30 * 1440, bad_minutes=36)
    week = error_budget(0.995, window_minutes=7 * 1440, bad_minutes=0)

    assert month.allowed_minutes == known["99.9%_30d_minutes"]
    assert month.used_share == near(known["burn_36min_of_43.2"])
    assert week.allowed_minutes == known["99.5%_7d_minutes"]


# 17


def test_a_gap_between_groups():
    known = KNOWN["11_fair"]
    rates = {"A": Rate(hits=480, cases=800), "B": Rate(hits=210, cases=500)}

    found, low = gap(rates), ratio(rates)

    assert (found.highest, found.lowest) == ("A", "B")
    assert [found.difference, *ends(found.interval)] == near(known["diff_ci"])
    assert low.value == near(known["dp_ratio"])
    assert ends(low.interval) == near(known["ratio_ci"])


def test_a_ratio_of_two_small_groups_says_next_to_nothing():
    known = KNOWN["11b_fair_small"]

    assert ends(ratio_interval(4, 10, 6, 10)) == near(known["ci"])
    assert ratio({"a": Rate(hits=4, cases=10), "b": Rate(hits=6, cases=10)}).value == near(known["ratio"])


# 18


def test_forecast_errors():
    known = KNOWN["18_reg"]
    actual, forecast = [100, 200, 300, 400], [110, 190, 330, 380]

    assert predictions.mae(actual, forecast) == near(known["mae"])
    assert predictions.rmse(actual, forecast) == near(known["rmse"])
    assert predictions.bias(actual, forecast) == near(known["bias"])
    assert predictions.mape(actual, forecast).value == near(known["mape"])
    assert predictions.wape(actual, forecast) == near(known["wape"])
    assert predictions.r2(actual, forecast) == near(known["r2"])


def test_ranked_lists():
    known = KNOWN["18_rank"]

    assert predictions.ndcg([3, 2, 0, 1, 0], 5) == near(known["ndcg5_lin"])
    assert predictions.ndcg([3, 2, 0, 1, 0], 5, gain=Gain.EXPONENTIAL) == near(known["ndcg5_exp"])
    assert predictions.mrr([1, 2, 4, None]) == near(known["mrr"])


def test_stated_chances():
    bands = [
        Band(cases=1000, stated=0.05, observed=0.04),
        Band(cases=300, stated=0.30, observed=0.40),
        Band(cases=100, stated=0.80, observed=0.70),
    ]
    happened, chances = [True, False, True, False], [0.9, 0.2, 0.6, 0.4]

    assert predictions.ece(bands) == near(KNOWN["18_ece"])
    assert predictions.brier(happened, chances) == near(KNOWN["18_brier"])
    assert predictions.log_loss(happened, chances) == near(KNOWN["18_logloss"])


# 19


@pytest.mark.parametrize(
    ("key", "q", "harm", "repeats"),
    [
        ("harm_certain_big_new", 0.01, True, 0),
        ("good_certain_big_new", 0.01, False, 0),
        ("harm_uncertain", 0.40, True, 0),
        ("repeat_4th_week", 0.01, True, 3),
    ],
)
def test_an_insight_has_a_score(key, q, harm, repeats):
    score = insight_score(
        certainty=certainty_of(q), effect=1, reach=0.8, novelty=novelty_of(repeats), harm=harm
    )

    assert score == near(KNOWN["19_score"][key])


# 20


@pytest.mark.parametrize(("key", "parts"), KNOWN["17_round"].items())
def test_rounded_parts_add_up(key, parts):
    assert shares.shares_of(100, json.loads(key)) == parts


# 21


@pytest.mark.parametrize(("count", "chance"), [(2, 0.083), (5, 0.144), (10, 0.191), (12, 0.206), (52, 0.325)])
def test_looking_at_growing_data_raises_false_alarms(count, chance):
    # METRICS.md simulated these; the integration is exact, so it may differ by the simulation's error.
    assert looks.any_false_alarm_while_growing(count) == pytest.approx(chance, abs=0.003)


@pytest.mark.parametrize(
    ("count", "chance"), [(2, 0.0975), (5, 0.2262), (10, 0.4013), (12, 0.4596), (52, 0.9306)]
)
def test_independent_looks_raise_more_false_alarms(count, chance):
    assert round(looks.any_false_alarm(count), 4) == chance


def test_square_and_add_of_two_wilson_intervals_is_newcombes():
    change = square_and_add(0.82, wilson(820, 1000), 0.85, wilson(850, 1000))

    assert change.interval == newcombe(820, 1000, 850, 1000)
    assert change.p > 0.05
