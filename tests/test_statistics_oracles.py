"""The statistics against scipy, statsmodels, scikit-learn and fairlearn, on random input."""

import math
import statistics
import warnings

import numpy as np
import pytest
from fairlearn import metrics as fairlearn_metrics
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics as sklearn_metrics
from statsmodels.stats import proportion as statsmodels_proportion

from schema.statistics import predictions
from schema.statistics.certainty import (
    Sample,
    benjamini_hochberg,
    change_of_a_bare_value,
    newcombe,
    pooled_z,
    ratio_interval,
    welch,
    wilson,
)
from schema.statistics.confusion import Confusion
from schema.statistics.detectors import median_absolute_deviation
from schema.statistics.distributions import (
    normal_p,
    normal_quantile,
    student_cdf,
    student_p,
    student_quantile,
)
from schema.statistics.drift import js_distance
from schema.statistics.fairness import Rate, gap, odds_gaps, ratio
from schema.statistics.predictions import Gain

FEW = settings(max_examples=40)
confidences = st.floats(0.5, 0.999)
levels = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30)


@st.composite
def proportions(draw, largest=100_000):
    cases = draw(st.integers(1, largest))
    return draw(st.integers(0, cases)), cases


@st.composite
def rows_with_outcomes(draw):
    """Give real and said outcomes in which both outcomes and both answers occur."""
    first = draw(st.booleans())
    rows = draw(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
    rows += [(True, first), (False, not first)]
    return [row[0] for row in rows], [row[1] for row in rows]


def near(expected, within=1e-9, least=1e-12):
    return pytest.approx(expected, rel=within, abs=least)


def varies(values):
    return statistics.stdev(values) > 1e-6 * (1 + max(map(abs, values)))


@given(proportions(), confidences)
def test_wilson_is_scipys(proportion, confidence):
    expected = stats.binomtest(*proportion).proportion_ci(confidence, method="wilson")

    found = wilson(*proportion, confidence)

    assert (found.low, found.high) == near((expected.low, expected.high), least=1e-9)


@given(proportions(), proportions())
def test_newcombe_is_statsmodels(first, second):
    expected = statsmodels_proportion.confint_proportions_2indep(
        first[0], first[1], second[0], second[1], method="newcomb", compare="diff"
    )

    found = newcombe(*first, *second)

    assert (found.low, found.high) == near(tuple(expected), least=1e-9)


@given(proportions(), proportions())
def test_the_pooled_z_is_statsmodels(first, second):
    (a, n), (b, m) = first, second
    assume(0 < a + b < n + m)

    expected = statsmodels_proportion.proportions_ztest([a, b], [n, m])

    assert pooled_z(a, n, b, m) == near(tuple(expected), least=1e-9)


@given(proportions(), proportions(), confidences)
def test_the_ratio_interval_is_statsmodels(first, second, confidence):
    (a, n), (b, m) = first, second
    assume(a and b and not (a == n and b == m))

    expected = statsmodels_proportion.confint_proportions_2indep(
        a, n, b, m, method="log", compare="ratio", alpha=1 - confidence, correction=False
    )
    found = ratio_interval(a, n, b, m, confidence=confidence)

    assert (found.low, found.high) == near(tuple(expected), 1e-7)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_benjamini_hochberg_is_scipys(ps):
    expected = list(stats.false_discovery_control(ps, method="bh")) if ps else []

    assert benjamini_hochberg(ps) == near(expected)


@given(levels, levels, confidences)
def test_welch_is_scipys(now, before, confidence):
    assume(varies(now) and varies(before))
    expected = stats.ttest_ind(now, before, equal_var=False)
    interval = expected.confidence_interval(confidence)

    found = welch(_sample(now), _sample(before), confidence=confidence)

    assert found.p == near(expected.pvalue, 1e-6, 1e-9)
    assert (found.interval.low, found.interval.high) == near((interval.low, interval.high), 1e-6, 1e-6)


@given(st.floats(-1e3, 1e3), st.floats(1, 1e9))
@example(4.6e-160, 1)
@example(1e200, 5000)
def test_students_distribution_is_scipys(t, freedoms):
    # scipy's own p near t = 0 is off by 1e-9
    assert student_p(t, freedoms) == near(2 * stats.t.sf(abs(t), freedoms), 1e-6, 1e-8)
    assert student_cdf(t, freedoms) == near(stats.t.cdf(t, freedoms), 1e-6, 1e-8)


@given(confidences, st.floats(1, 1e9))
def test_quantiles_are_scipys(confidence, freedoms):
    assert student_quantile(confidence, freedoms) == near(stats.t.ppf(0.5 + confidence / 2, freedoms), 1e-8)
    assert normal_quantile(confidence) == near(stats.norm.ppf(0.5 + confidence / 2))


@given(st.floats(-30, 30))
def test_the_normal_p_is_scipys(z):
    assert normal_p(z) == near(2 * stats.norm.sf(abs(z)), least=0)


@given(st.lists(st.floats(-100, 100), min_size=9, max_size=30), st.floats(-100, 100))
def test_a_bare_value_is_judged_by_students_t(history, now):
    changes = np.diff(history)
    assume(changes.std() > 1e-6)
    before = history[-1]

    change = change_of_a_bare_value(history, now, before)

    t = (now - before) / changes.std(ddof=1)
    assert change.p == near(2 * stats.t.sf(abs(t), len(changes) - 1), 1e-6, 1e-8)
    half = stats.t.ppf(0.975, len(changes) - 1) * changes.std(ddof=1)
    assert change.interval.high - change.difference == near(half, 1e-7, 1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_the_median_absolute_deviation_is_scipys(values):
    assert median_absolute_deviation(values) == near(stats.median_abs_deviation(values))


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=20))
def test_the_jensen_shannon_distance_is_scipys(bands):
    reference, current = [band[0] for band in bands], [band[1] for band in bands]
    assume(any(reference) and any(current))

    # The root magnifies rounding near 0.
    assert js_distance(reference, current) == near(
        float(jensenshannon(reference, current, base=2)), 1e-6, 1e-7
    )
    assert js_distance(reference, current, base=math.e) == near(
        float(jensenshannon(reference, current)), 1e-6, 1e-7
    )


@FEW
@given(rows_with_outcomes())
def test_the_confusion_metrics_are_scikit_learns(outcomes):
    real, said = outcomes
    (tn, fp), (fn, tp) = sklearn_metrics.confusion_matrix(real, said).tolist()

    table = Confusion(tp=tp, fp=fp, fn=fn, tn=tn)

    assert table.precision == near(sklearn_metrics.precision_score(real, said))
    assert table.recall == near(sklearn_metrics.recall_score(real, said))
    assert table.specificity == near(sklearn_metrics.recall_score(real, said, pos_label=False))
    assert table.npv == near(sklearn_metrics.precision_score(real, said, pos_label=False))
    assert table.f1 == near(sklearn_metrics.f1_score(real, said))
    assert table.accuracy == near(sklearn_metrics.accuracy_score(real, said))
    assert table.balanced_accuracy == near(sklearn_metrics.balanced_accuracy_score(real, said))
    assert table.mcc == near(sklearn_metrics.matthews_corrcoef(real, said))
    assert table.false_positive_rate == near(1 - table.specificity)
    assert table.false_discovery_rate == near(1 - table.precision)


@FEW
@given(st.lists(st.tuples(st.floats(1e-3, 1e4), st.floats(-1e4, 1e4)), min_size=2, max_size=40))
def test_the_forecast_errors_are_scikit_learns(rows):
    actual, forecast = [row[0] for row in rows], [row[1] for row in rows]
    assume(varies(actual))

    assert predictions.mae(actual, forecast) == near(sklearn_metrics.mean_absolute_error(actual, forecast))
    assert predictions.rmse(actual, forecast) == near(
        sklearn_metrics.root_mean_squared_error(actual, forecast)
    )
    assert predictions.r2(actual, forecast) == near(sklearn_metrics.r2_score(actual, forecast), 1e-6, 1e-9)
    assert predictions.mape(actual, forecast).value == near(
        sklearn_metrics.mean_absolute_percentage_error(actual, forecast)
    )


@FEW
@given(st.lists(st.integers(0, 4), min_size=2, max_size=20), st.integers(1, 25))
def test_ndcg_is_scikit_learns(relevances, k):
    assume(any(relevances))
    shown = [list(range(len(relevances), 0, -1))]

    linear = sklearn_metrics.ndcg_score([relevances], shown, k=k)
    exponential = sklearn_metrics.ndcg_score([[2**r - 1 for r in relevances]], shown, k=k)

    assert predictions.ndcg(relevances, k) == near(linear)
    assert predictions.ndcg(relevances, k, gain=Gain.EXPONENTIAL) == near(exponential)


@FEW
@given(st.lists(st.tuples(st.booleans(), st.floats(1e-6, 1 - 1e-6)), min_size=1, max_size=40))
def test_the_scores_of_stated_chances_are_scikit_learns(rows):
    happened, chances = [row[0] for row in rows], [row[1] for row in rows]

    assert predictions.log_loss(happened, chances) == near(
        sklearn_metrics.log_loss(happened, chances, labels=[False, True])
    )
    assume(len(set(happened)) == 2)
    assert predictions.brier(happened, chances) == near(sklearn_metrics.brier_score_loss(happened, chances))


@FEW
@given(st.dictionaries(st.sampled_from("abcd"), rows_with_outcomes(), min_size=2))
def test_the_gaps_between_groups_are_fairlearns(groups):
    real = [outcome for outcomes, _ in groups.values() for outcome in outcomes]
    said = [answer for _, answers in groups.values() for answer in answers]
    names = [name for name, (outcomes, _) in groups.items() for _ in outcomes]
    rates = {name: Rate(hits=sum(answers), cases=len(answers)) for name, (_, answers) in groups.items()}
    tables = {name: _table(*outcomes) for name, outcomes in groups.items()}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        difference, quotient, odds = (
            metric(real, said, sensitive_features=names)
            for metric in (
                fairlearn_metrics.demographic_parity_difference,
                fairlearn_metrics.demographic_parity_ratio,
                fairlearn_metrics.equalized_odds_difference,
            )
        )

    assert gap(rates).difference == near(difference)
    assert ratio(rates).value == near(quotient)
    assert odds_gaps(tables).difference == near(odds)


def _sample(values):
    return Sample(value=statistics.fmean(values), n=len(values), sd=statistics.stdev(values))


def _table(real, said):
    pairs = list(zip(real, said, strict=True))
    return Confusion(
        tp=pairs.count((True, True)),
        fp=pairs.count((False, True)),
        fn=pairs.count((True, False)),
        tn=pairs.count((False, False)),
    )
