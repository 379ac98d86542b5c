"""What holds for every figure: properties, edges, and the sentences of refusals."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from schema.statistics import looks, predictions
from schema.statistics.certainty import (
    Interval,
    Sample,
    benjamini_hochberg,
    change_of_a_bare_value,
    exact_upper_zero,
    f1_interval,
    newcombe,
    pooled_z,
    ratio_interval,
    rule_of_three,
    square_and_add,
    welch,
    wilson,
)
from schema.statistics.confusion import Confusion, base_rate
from schema.statistics.detectors import Rule, cusum, ewma, level, median_absolute_deviation, oddity, shift
from schema.statistics.distributions import normal_p, normal_quantile, student_p, student_quantile
from schema.statistics.drift import js_distance, judge_correction, psi, psi_noise_floor
from schema.statistics.fairness import Rate, gap, odds_gaps, ratio, worst_group
from schema.statistics.money import (
    FraudAssumptions,
    Support,
    break_even_precision,
    friction_flip,
    net_interval,
)
from schema.statistics.predictions import Band, error_budget
from schema.statistics.priorities import (
    effect_of,
    ice,
    insight_score,
    novelty_of,
    order,
    reach_of,
    rice,
    smallest_flip,
    win_shares,
    wsjf,
)
from schema.statistics.shares import Segment, denominator_for, mix_and_rate, out_of, shares_of

NAN, INF = math.nan, math.inf
COSTS = {"average_loss": 120, "fee": 15, "prevented_share": 0.95, "review_cost": 4, "friction_cost": 18}
CHATS = {
    "chats": 100,
    "handed_over": 40,
    "confirmed": 30,
    "silent": 20,
    "reopened": 5,
    "spend": 10.0,
    "human_cost": 6.5,
}
CALM = [10.0, 12, 9, 11, 10, 13, 8, 11, 10, 12]
IDEA = {"reach": 10, "impact": 2, "confidence": 0.5, "effort": 2}


@st.composite
def proportions(draw, largest=10**9):
    cases = draw(st.integers(1, largest))
    return draw(st.integers(0, cases)), cases


# intervals


@given(proportions())
@example((1, 2**53))
@example((2**53 - 1, 2**53))
def test_an_interval_holds_its_share_and_stays_within_0_and_1(proportion):
    interval = wilson(*proportion)

    assert 0 <= interval.low <= proportion[0] / proportion[1] <= interval.high <= 1
    assert interval.low < interval.high


@given(proportions(), proportions())
def test_swapping_the_sides_mirrors_the_difference(now, before):
    there, back = newcombe(*now, *before), newcombe(*before, *now)

    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert there.holds(now[0] / now[1] - before[0] / before[1])
    assert pooled_z(*now, *before)[1] == pytest.approx(pooled_z(*before, *now)[1])


@given(proportions())
def test_counting_misses_instead_mirrors_the_interval(proportion):
    hits, cases = proportion
    direct, mirrored = wilson(hits, cases), wilson(cases - hits, cases)

    assert (direct.low, direct.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


@given(proportions(), st.floats(0.5, 0.9), st.floats(0.91, 0.999))
def test_more_confidence_takes_a_wider_interval(proportion, less, more):
    assert wilson(*proportion, more).width > wilson(*proportion, less).width


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_f1_interval_holds_f1(tp, fp, fn):
    assume(tp + fp + fn)
    f1 = Confusion(tp=tp, fp=fp, fn=fn, tn=0).f1

    interval = f1_interval(tp, fp, fn)

    assert interval.low - 1e-12 <= f1 <= interval.high + 1e-12


@given(proportions(), proportions(), st.floats(0.5, 0.999))
def test_a_p_is_small_exactly_when_the_interval_excludes_0(now, before, confidence):
    first, second = wilson(*now, confidence), wilson(*before, confidence)

    change = square_and_add(now[0] / now[1], first, before[0] / before[1], second, confidence=confidence)

    assume(min(abs(change.interval.low), abs(change.interval.high)) > 1e-9)
    assert (change.p < 1 - confidence) is not change.interval.holds(0)


def test_figures_without_any_width_differ_for_sure_or_not_at_all():
    exact = Interval(low=3, high=3)

    assert square_and_add(3, exact, 3, exact).p == 1
    assert square_and_add(3, exact, 2, Interval(low=2, high=2)) == (1, Interval(low=1, high=1), 0)


@pytest.mark.parametrize(("hits", "cases"), [(0, 5), (5, 5)])
def test_two_sides_that_are_all_hits_or_all_misses_do_not_differ(hits, cases):
    assert pooled_z(hits, cases, hits, cases) == (0, 1)


@given(st.integers(1, 10**6))
def test_the_rule_of_three_is_close_above_the_exact_bound(cases):
    assert exact_upper_zero(cases) <= rule_of_three(cases) <= 1
    assert (1 - exact_upper_zero(cases)) ** cases == pytest.approx(0.05, rel=1e-6)


# changes of means and of bare values


def test_samples_that_never_vary_differ_for_sure_or_not_at_all():
    five, six = Sample(value=5, n=9, sd=0), Sample(value=6, n=9, sd=0)

    assert welch(five, five) == (0, Interval(low=0, high=0), 1)
    assert welch(six, five) == (1, Interval(low=1, high=1), 0)


def test_a_past_that_never_varied_makes_any_change_sure():
    assert change_of_a_bare_value([5.0] * 9, 5, 5).p == 1
    assert change_of_a_bare_value([5.0] * 9, 6, 5) == (1, Interval(low=1, high=1), 0)


def test_a_bare_value_needs_eight_past_changes():
    with pytest.raises(ValueError, match="7 past changes; a bare value needs at least 8"):
        change_of_a_bare_value(CALM[:8], 12, 11)
    assert change_of_a_bare_value(CALM[:9], 12, 11).interval.holds(1)


def test_a_missing_period_costs_both_changes_beside_it():
    with pytest.raises(ValueError, match="7 past changes"):
        change_of_a_bare_value([*CALM[:4], None, *CALM[5:]], 12, 11)
    whole = change_of_a_bare_value(CALM, 30, 12)
    holed = change_of_a_bare_value([*CALM, None], 30, 12)
    assert whole == holed
    assert whole.p < 0.01


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.randoms())
def test_a_q_is_at_least_its_p_and_follows_it_through_any_order(ps, shuffler):
    qs = benjamini_hochberg(ps)
    places = list(range(len(ps)))
    shuffler.shuffle(places)

    assert all(p <= q + 1e-12 and q <= 1 for p, q in zip(ps, qs, strict=True))
    assert benjamini_hochberg([ps[place] for place in places]) == [qs[place] for place in places]


# shares


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_rounded_parts_always_add_up(total, counts):
    assume(sum(counts))

    parts = shares_of(total, counts)

    assert sum(parts) == total
    assert all(abs(part - total * count / sum(counts)) < 1 for part, count in zip(parts, counts, strict=True))


@pytest.mark.parametrize(
    ("shares", "options", "denominator"),
    [
        ([0.82, 0.18], {}, 10),
        ([0.82, 0.18], {"start": 100}, 100),
        ([0.01], {}, 100),
        ([Fraction(180, 98_975)], {}, 1000),
        ([Fraction(180, 98_975)], {"smallest": 10}, 10_000),
        ([0, 0.5], {}, 10),
        ([0], {}, 10),
        ([], {}, 10),
        ([Fraction(1, 10**6)], {}, 10**6),
    ],
)
def test_one_denominator_shows_even_the_smallest_share(shares, options, denominator):
    assert denominator_for(shares, **options) == denominator


@pytest.mark.parametrize(("part", "whole", "count"), [(1, 200, 1), (1, 201, 0), (335, 1000, 34), (2, 2, 100)])
def test_counts_are_rounded_half_up_from_exact_counts(part, whole, count):
    assert out_of(100, part, whole) == count


segments = st.builds(
    lambda before, now: Segment(
        hits_before=before[0], cases_before=before[1], hits_now=now[0], cases_now=now[1]
    ),
    proportions(1000) | st.just((0, 0)),
    proportions(1000) | st.just((0, 0)),
)


@given(st.dictionaries(st.sampled_from("abcde"), segments, min_size=1))
def test_rate_and_mix_add_up_to_the_change(parts):
    assume(any(s.cases_before for s in parts.values()) and any(s.cases_now for s in parts.values()))

    split = mix_and_rate(parts)

    assert split.rate + split.mix == pytest.approx(split.change, abs=1e-12)
    assert sum(e.rate for e in split.segments.values()) == pytest.approx(split.rate, abs=1e-12)
    assert sum(e.mix for e in split.segments.values()) == pytest.approx(split.mix, abs=1e-12)


def test_a_new_segment_counts_as_mix():
    split = mix_and_rate(
        {
            "old": Segment(hits_before=50, cases_before=100, hits_now=50, cases_now=100),
            "new": Segment(hits_before=0, cases_before=0, hits_now=10, cases_now=100),
        }
    )

    assert split.rate == 0
    assert split.mix == pytest.approx(-0.2)
    assert split.reversed is False


# detectors


def test_a_constant_past_flags_any_change_at_all():
    same, other = oddity([5.0] * 8, 5), oddity([5.0] * 8, 5.01)

    assert (same.z, same.rule, same.flagged) == (None, Rule.EXACT_CHANGE, False)
    assert other.flagged is True


def test_a_usual_value_is_not_flagged():
    assert oddity(CALM, 11).flagged is False


def test_a_shift_of_level_is_found_where_it_happened():
    found = shift([*CALM, *(value + 20 for value in CALM)])

    assert found is not None
    assert found.at == len(CALM)
    assert found.now - found.before == pytest.approx(20)
    assert found.p < 1e-6


def test_no_shift_is_found_in_calm_or_constant_periods():
    assert shift([*CALM, *CALM]) is None
    assert shift([5.0] * 12) is None
    assert shift([*[5.0] * 6, *[6.0] * 6]).p == 0


def test_a_detector_of_shifts_raises_few_false_alarms():
    chance = random.Random(2)

    alarms = sum(shift([chance.gauss(0, 1) for _ in range(16)]) is not None for _ in range(1500))

    assert alarms / 1500 <= 0.05


def test_sums_of_small_excesses_flag_a_creep_on_either_side():
    for sign in (1, -1):
        steps = cusum([sign * 1.5] * 6, mean=0, sd=1)
        assert [step.flagged for step in steps] == [False] * 5 + [True]
        assert max(steps[-1].up, steps[-1].down) == 6
    assert not any(step.flagged for step in cusum([0.4, -0.4] * 50, mean=0, sd=1))


def test_the_level_of_calm_periods():
    mean, sd = level(CALM)

    assert mean == pytest.approx(10.6)
    assert sd == pytest.approx(1.5055453)


# drift and judges


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20))
def test_unchanged_bands_have_no_drift(bands):
    assume(any(bands))
    doubled = [2 * band for band in bands]

    assert psi(bands, doubled) == pytest.approx(0, abs=1e-12)
    assert js_distance(bands, doubled) == pytest.approx(0, abs=1e-7)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=20))
def test_drift_is_the_same_in_both_directions_and_within_its_range(bands):
    before, now = [band[0] for band in bands], [band[1] for band in bands]
    assume(any(before) and any(now))

    assert psi(before, now) == pytest.approx(psi(now, before), abs=1e-12)
    assert psi(before, now) >= 0
    assert js_distance(before, now) == pytest.approx(js_distance(now, before), abs=1e-7)
    assert 0 <= js_distance(before, now) <= 1 + 1e-12


@given(st.floats(0, 1), st.floats(0.6, 1), st.floats(0.6, 1))
def test_a_corrected_judge_gives_back_the_true_rate(true, sensitivity, specificity):
    raw = true * sensitivity + (1 - true) * (1 - specificity)

    assert judge_correction(min(1, raw), sensitivity, specificity).value == pytest.approx(true, abs=1e-9)


# groups


def test_ties_between_groups_still_give_two_groups():
    found = gap({"a": Rate(hits=1, cases=2), "b": Rate(hits=2, cases=4)})

    assert {found.highest, found.lowest} == {"a", "b"}
    assert found.difference == 0
    assert found.interval.holds(0)


def test_a_group_without_hits_has_a_ratio_but_no_interval():
    found = ratio({"a": Rate(hits=0, cases=40), "b": Rate(hits=20, cases=40)})

    assert (found.value, found.interval) == (0, None)


def test_a_ratio_below_1_of_a_group_with_all_hits_elsewhere_has_an_interval():
    found = ratio({"a": Rate(hits=20, cases=40), "b": Rate(hits=40, cases=40)})

    assert found.interval is not None
    assert found.interval.holds(0.5)


def test_the_worst_group_is_one_that_is_large_enough():
    rates = {"tiny": Rate(hits=0, cases=29), "a": Rate(hits=80, cases=100), "b": Rate(hits=24, cases=30)}
    rates["c"] = Rate(hits=10, cases=40)

    worst = worst_group(rates)

    assert (worst.name, worst.unranked) == ("c", ("tiny",))


def test_the_larger_of_two_error_gaps_is_the_headline():
    gaps = odds_gaps(
        {
            "A": Confusion(tp=270, fn=30, fp=42, tn=308),
            "B": Confusion(tp=120, fn=30, fp=40, tn=460),
        }
    )

    assert gaps.tpr.difference == pytest.approx(0.1)
    assert gaps.fpr.difference == pytest.approx(0.04)
    assert gaps.difference == gaps.tpr.difference


# money


def test_a_move_that_changes_no_false_alarm_never_turns_on_friction():
    assert friction_flip((10, 5), (12, 5), FraudAssumptions(**COSTS)) is None


def test_a_move_that_loses_at_any_friction_cost_never_turns():
    assert friction_flip((10, 5), (9, 8), FraudAssumptions(**COSTS)) is None


def test_more_reopened_than_silent_chats_lower_the_confirmed_end():
    support = Support(**CHATS | {"silent": 2})

    assert (support.least_resolved, support.most_resolved) == (27, 27)


# priorities and insights


def test_an_order_of_equal_scores_keeps_the_order_given():
    places = order({"b": 1.0, "a": 1.0, "none": 0.0})

    assert [(place.name, place.lead) for place in places] == [("b", 1), ("a", None), ("none", None)]


def test_the_same_seed_gives_the_same_win_shares_and_they_add_up():
    items = {"a": IDEA, "b": IDEA | {"reach": 11}}

    first, again = (win_shares(items, rice, random=random.Random(3), draws=500) for _ in range(2))

    assert first == again
    assert sum(first.values()) == pytest.approx(1)


def test_a_lead_that_no_single_input_turns_has_no_flip():
    assert smallest_flip({"a": IDEA | {"reach": 10**9}, "b": IDEA | {"reach": 0}}, rice) is None


def test_a_sum_is_flipped_by_its_weightiest_input():
    items = {
        "x": {"value": 8, "urgency": 5, "risk_reduction": 3, "size": 5},
        "y": {"value": 5, "urgency": 8, "risk_reduction": 8, "size": 8},
    }

    flip = smallest_flip(items, wsjf)

    assert flip is not None
    assert flip.input == "size"
    assert max(flip.factor, 1 / flip.factor) == pytest.approx(3.2 / 2.625)


def test_people_or_money_make_an_insight_matter():
    assert reach_of(0) == 0
    assert reach_of(999_999) == reach_of(10**9) == 1
    assert reach_of(99, money=-500, material=1000) == 0.5
    assert reach_of(99, money=5000, material=1000) == 1
    assert reach_of(99, money=5000) == pytest.approx(1 / 3)


def test_an_effect_is_full_at_twice_what_matters():
    assert [effect_of(change, 0.02) for change in (0, -0.02, 0.04, 0.4)] == [0, 0.5, 1, 1]
    assert [novelty_of(repeats) for repeats in range(4)] == [1, 0.5, 0.25, 0.125]
    assert ice(impact=2, confidence=0.5, ease=3) == 3


# looks


@given(st.floats(0.02, 0.98), st.floats(0.01, 0.3))
def test_the_sample_size_is_the_least_that_is_enough(share, half_width):
    cases = looks.cases_for_a_precision(share, half_width)

    def half(n):
        z = normal_quantile(0.95)
        return z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)

    assert half(cases) <= half_width
    assert cases == 1 or half(cases - 1) > half_width


def test_a_change_that_a_sample_would_just_show():
    assert looks.smallest_visible_change(1000, 1000, 0.82) == pytest.approx(0.0336748, abs=1e-6)


def test_one_look_at_growing_data_is_one_test():
    assert looks.any_false_alarm_while_growing(1) == pytest.approx(0.05, abs=1e-5)
    assert looks.any_false_alarm_while_growing(10) < looks.any_false_alarm(10)


# rows


def test_rows_without_a_value_are_dropped_and_counted():
    found = predictions.mape([0, 100, 0, 200], [5, 110, 0, 180])

    assert (found.value, found.rows, found.dropped) == (pytest.approx(0.1), 2, 2)


def test_hits_within_the_first_k_results():
    lists = [[True, False, True], [False, False, True], [False], []]

    assert predictions.hit_rate_at_k(lists, 2) == 0.25
    assert predictions.precision_at_k(lists, 2) == 1 / 8
    assert predictions.recall_at_k(lists, [2, 1, 1, 0], 2) == 0.25


def test_a_sure_and_right_forecast_loses_nothing():
    assert predictions.log_loss([True, False], [1, 0]) == 0
    assert predictions.brier([True, False], [1, 0]) == 0


# refusals: no impossible figure goes in, so no NaN comes out

IMPOSSIBLE = [
    lambda: wilson(-1, 10),
    lambda: wilson(11, 10),
    lambda: wilson(0, 0),
    lambda: wilson(NAN, 10),
    lambda: wilson(1, INF),
    lambda: wilson(1.5, 10),
    lambda: wilson(1, 2**53 + 1),
    lambda: wilson(1, 2, 1),
    lambda: wilson(1, 2, 0),
    lambda: wilson(1, 2, NAN),
    lambda: newcombe(1, 0, 1, 2),
    lambda: newcombe(1, 2, 3, 2),
    lambda: pooled_z(1, 2, 1, 0),
    lambda: pooled_z(3, 2, 1, 1),
    lambda: exact_upper_zero(0),
    lambda: exact_upper_zero(10, 1),
    lambda: rule_of_three(-3),
    lambda: f1_interval(0, 0, 0),
    lambda: f1_interval(-1, 2, 2),
    lambda: ratio_interval(0, 10, 1, 10),
    lambda: ratio_interval(1, 10, 0, 10),
    lambda: ratio_interval(10, 10, 5, 5),
    lambda: Interval(low=1, high=0),
    lambda: Interval(low=NAN, high=1),
    lambda: Interval(low=0, high=INF),
    lambda: Sample(value=1, n=1, sd=1),
    lambda: Sample(value=1, n=5, sd=-1),
    lambda: Sample(value=NAN, n=5, sd=1),
    lambda: Sample(value=1, n=5, sd=INF),
    lambda: welch(Sample(value=1e308, n=5, sd=1), Sample(value=-1e308, n=5, sd=1)),
    lambda: change_of_a_bare_value([1, 2] * 5, NAN, 1),
    lambda: change_of_a_bare_value([1, NAN] * 5, 1, 1),
    lambda: change_of_a_bare_value([], 1, 1),
    lambda: square_and_add(2, Interval(low=0, high=1), 0, Interval(low=0, high=1)),
    lambda: square_and_add(NAN, Interval(low=0, high=1), 0, Interval(low=0, high=1)),
    lambda: benjamini_hochberg([0.5, 1.1]),
    lambda: benjamini_hochberg([NAN]),
    lambda: normal_p(NAN),
    lambda: normal_quantile(1),
    lambda: student_p(NAN, 3),
    lambda: student_p(1, 0),
    lambda: student_quantile(0.95, INF),
    lambda: looks.cases_for_a_change(0.5, 0.5),
    lambda: looks.cases_for_a_change(0, 0.5),
    lambda: looks.cases_for_a_change(0.4, 0.5, power=1),
    lambda: looks.cases_for_a_precision(0.5, 0),
    lambda: looks.any_false_alarm(0),
    lambda: looks.any_false_alarm_while_growing(5000),
    lambda: looks.expected_false_alarms(-1),
    lambda: looks.smallest_visible_change(0, 10, 0.5),
    lambda: median_absolute_deviation([]),
    lambda: oddity(CALM[:7], 1),
    lambda: oddity(CALM, INF),
    lambda: oddity([*CALM, NAN], 1),
    lambda: ewma([1], mean=0, sd=0),
    lambda: ewma([NAN], mean=0, sd=1),
    lambda: ewma([1], mean=0, sd=1, weight=1.5),
    lambda: cusum([1], mean=NAN, sd=1),
    lambda: shift(CALM),
    lambda: psi([1, 2], [1]),
    lambda: psi([0, 0], [1, 1]),
    lambda: psi([-1, 2], [1, 1]),
    lambda: psi([], []),
    lambda: psi([1], [1], empty=0),
    lambda: psi_noise_floor(0, 1, 1),
    lambda: js_distance([1], [1], base=1),
    lambda: judge_correction(0.5, 0.5, 0.5),
    lambda: judge_correction(1.5, 0.9, 0.9),
    lambda: shares_of(100, [0, 0]),
    lambda: shares_of(100, []),
    lambda: shares_of(100, [-1, 2]),
    lambda: denominator_for([1e-9]),
    lambda: denominator_for([1.2]),
    lambda: denominator_for([NAN]),
    lambda: denominator_for([0.5], start=50),
    lambda: out_of(100, 3, 2),
    lambda: Segment(hits_before=2, cases_before=1, hits_now=0, cases_now=0),
    lambda: mix_and_rate({}),
    lambda: mix_and_rate({"a": Segment(hits_before=1, cases_before=1, hits_now=0, cases_now=0)}),
    lambda: Confusion(tp=-1, fp=0, fn=0, tn=0),
    lambda: Confusion(tp=0, fp=0, fn=1, tn=1).precision,
    lambda: Confusion(tp=0, fp=1, fn=0, tn=1).recall,
    lambda: Confusion(tp=0, fp=0, fn=0, tn=1).f1,
    lambda: Confusion(tp=1, fp=0, fn=0, tn=0).mcc,
    lambda: Confusion(tp=1, fp=0, fn=0, tn=0).specificity,
    lambda: Confusion(tp=0, fp=0, fn=0, tn=0).accuracy,
    lambda: Confusion(tp=0, fp=1, fn=0, tn=0).lift,
    lambda: base_rate(0.1, recall=0, false_positive_rate=0),
    lambda: base_rate(1.1, recall=0.5, false_positive_rate=0),
    lambda: Rate(hits=2, cases=1),
    lambda: gap({"a": Rate(hits=1, cases=1)}),
    lambda: ratio({"a": Rate(hits=0, cases=1), "b": Rate(hits=0, cases=1)}),
    lambda: worst_group({"a": Rate(hits=1, cases=9)}),
    lambda: FraudAssumptions(**COSTS | {"prevented_share": 1.2}),
    lambda: FraudAssumptions(**COSTS | {"fee": NAN}),
    lambda: break_even_precision(FraudAssumptions(**dict.fromkeys(COSTS, 0))),
    lambda: net_interval(0, 0, FraudAssumptions(**COSTS)),
    lambda: Support(**CHATS | {"chats": 0}),
    lambda: Support(**CHATS | {"silent": 50}),
    lambda: Support(**CHATS | {"reopened": 61}),
    lambda: Support(**CHATS | {"confirmed": 0}).cost_per_confirmed,
    lambda: predictions.mae([], []),
    lambda: predictions.mae([1], [1, 2]),
    lambda: predictions.bias([1], [NAN]),
    lambda: predictions.mae([-1.7e308], [1.7e308]),
    lambda: predictions.mae([1e308, 1e308], [0, 0]),
    lambda: predictions.mape([0], [1]),
    lambda: predictions.wape([0, 0], [1, 1]),
    lambda: predictions.r2([2, 2], [1, 3]),
    lambda: predictions.ndcg([0, 0], 5),
    lambda: predictions.ndcg([1], 0),
    lambda: predictions.ndcg([-1, 2], 2),
    lambda: predictions.mrr([0]),
    lambda: predictions.mrr([]),
    lambda: predictions.hit_rate_at_k([], 3),
    lambda: predictions.recall_at_k([[True, True]], [1], 5),
    lambda: predictions.recall_at_k([[False]], [0], 5),
    lambda: predictions.recall_at_k([[True]], [1, 1], 5),
    lambda: predictions.ece([]),
    lambda: Band(cases=0, stated=0.5, observed=0.5),
    lambda: predictions.brier([True], [1.5]),
    lambda: predictions.brier([2], [0.5]),
    lambda: predictions.log_loss([True], [0]),
    lambda: error_budget(1, window_minutes=10, bad_minutes=0),
    lambda: error_budget(0.99, window_minutes=10, bad_minutes=11),
    lambda: rice(reach=1, impact=1, confidence=1, effort=0),
    lambda: rice(reach=1e308, impact=10, confidence=1, effort=1),
    lambda: ice(impact=-1, confidence=1, ease=1),
    lambda: order({"a": NAN}),
    lambda: win_shares({}, rice, random=random.Random(1)),
    lambda: smallest_flip({"a": IDEA}, rice),
    lambda: insight_score(certainty=2, effect=0, reach=0, novelty=0, harm=True),
    lambda: effect_of(0.1, 0),
    lambda: reach_of(-1),
    lambda: reach_of(1, money=1, material=0),
    lambda: novelty_of(-1),
]


@pytest.mark.parametrize("impossible", IMPOSSIBLE)
def test_impossible_figures_are_refused_with_a_sentence(impossible):
    with pytest.raises(ValueError, match=r"\w.* .*\w") as refused:
        impossible()
    assert type(refused.value) is ValueError
