"""Slow moves, new levels and paces in numbers: what is found, and what is left alone."""

import random
import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.courses import courses, followed
from schema.readings import Bare, Confusion, Proportion
from schema.statistics.courses import FEWEST_WATCHED, LONGEST_FRESH, Detector, creep, turn
from schema.statistics.detectors import FEWEST_FOR_A_SHIFT, FEWEST_PERIODS
from schema.statistics.projections import project
from schema.verdicts import Kind
from tests.weeks import page_of

CALM = [1010, 990, 1005, 995, 1000, 1015, 985, 1002]
CREEPING = [*CALM, 1015, 1019, 1024, 1027, 1032]
STEPPED = [*CALM, 1001, 999, 1060, 1055, 1058]
LEVELS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


def test_a_slow_move_is_found_without_any_single_odd_period() -> None:
    found = creep(CREEPING)

    assert found is not None
    assert (found.detector, found.earlier, found.recent) == (Detector.EWMA, FEWEST_PERIODS, 5)
    assert found.before == pytest.approx(statistics.fmean(CALM))
    assert found.now == pytest.approx(statistics.fmean(CREEPING[FEWEST_PERIODS:]))
    assert found.interval.low > 0


def test_a_slow_move_down_is_the_mirror_of_one_up() -> None:
    up, down = creep(CREEPING), creep([-each for each in CREEPING])

    assert up is not None
    assert down is not None
    assert (down.now, down.p, down.repeats) == (-up.now, pytest.approx(up.p), up.repeats)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([*CALM, 1001, 996, 1004, 999], id="calm"),
        pytest.param([*CALM, 1001, 996, 1004, 999, 1300], id="one odd period"),
        pytest.param(STEPPED, id="a step"),
        pytest.param([*CREEPING[:-1], 1016], id="it went back"),
        pytest.param([5.0] * 8 + [6.0, 7.0, 8.0, 9.0], id="a past without any spread"),
        pytest.param(CREEPING[-11:], id="too few periods"),
    ],
)
def test_what_does_not_creep_is_left_alone(values) -> None:
    assert creep(values) is None


def test_a_new_level_is_found_while_it_is_news() -> None:
    found = turn(STEPPED)

    assert found is not None
    assert (found.detector, found.earlier, found.recent, found.repeats) == (Detector.CHANGE_POINT, 10, 3, 0)
    assert turn([*STEPPED, 1057]).repeats == 1
    assert turn([*STEPPED, 1057, 1056]) is None
    assert turn(STEPPED[-11:]) is None


@given(st.lists(LEVELS, max_size=FEWEST_PERIODS + FEWEST_WATCHED - 1))
def test_nothing_is_found_in_too_short_a_past(values) -> None:
    assert creep(values) is None
    assert turn(values) is None


@given(st.lists(LEVELS, min_size=FEWEST_FOR_A_SHIFT, max_size=20))
def test_what_is_found_is_a_difference_of_two_means_that_the_series_has(values) -> None:
    for found in filter(None, (creep(values), turn(values))):
        assert found.earlier + found.recent == len(values)
        assert found.recent <= LONGEST_FRESH or found.detector is Detector.EWMA
        assert found.now == pytest.approx(statistics.fmean(values[found.earlier :]))
        assert 0 <= found.p <= 1
        assert found.repeats >= 0


def weeks(shares, n=1000):
    return [Proportion(numerator=round(share * n), denominator=n) for share in shares]


def precision(shares, n=1000):
    return [Confusion(tp=round(share * n), fp=n - round(share * n), fn=200, tn=9000) for share in shares]


CALM_SHARES = [0.80, 0.803, 0.798, 0.801, 0.797, 0.802, 0.799, 0.80]
FALLING = [*CALM_SHARES, 0.795, 0.786, 0.778, 0.772, 0.765]


def found_in(page):
    return courses(page.product, page.catalogue, page.judged)


def test_a_slow_move_of_a_metric_has_its_verdict_and_its_q() -> None:
    page = page_of({"precision": precision(FALLING)}, {"precision": {"matters": 0.01}})
    course = found_in(page)["precision"]

    assert course.verdict.kind is Kind.CLEAR_LOSS
    assert course.harm
    assert course.verdict.tested == 2
    assert course.verdict.q is not None
    assert course.verdict.q <= 0.10
    assert course.verdict.excludes_nothing


def test_a_move_that_matters_to_nobody_is_not_told() -> None:
    assert found_in(page_of({"precision": precision(FALLING)}, {"precision": {"matters": 0.05}})) == {}


def test_the_number_of_metrics_looked_at_raises_the_bar() -> None:
    calm = {key: weeks(CALM_SHARES + CALM_SHARES[:5]) for key in ("adoption_rate", "opt_out_rate", "csat")}
    asked = {"precision": {"matters": 0.01}}

    alone = found_in(page_of({"precision": precision(FALLING)}, asked))["precision"]
    among = found_in(page_of({"precision": precision(FALLING), **calm}, asked))["precision"]

    assert among.verdict.tested == 8
    assert among.verdict.q > alone.verdict.q


def test_few_cases_open_outcomes_and_gaps_are_not_followed() -> None:
    few = page_of({"precision": precision(FALLING, 25)})
    unripe = page_of({"precision": precision(FALLING), "label_maturity": weeks([0.6] * 13)})
    joined = page_of({"precision": precision(FALLING)}, {"precision": {"window": 2}})

    assert followed(few.judged["precision"]) is None
    assert followed(unripe.judged["precision"]) is None
    assert found_in(joined) == {}


def test_a_metric_without_a_good_direction_moves_without_good_or_bad() -> None:
    flagged = [Confusion(tp=round(each * 1000), fp=0, fn=0, tn=1000 - round(each * 1000)) for each in FALLING]
    course = found_in(page_of({"alert_rate": flagged}, {"alert_rate": {"matters": 0.01}}))["alert_rate"]

    assert course.verdict.kind is Kind.CLEAR_CHANGE
    assert not course.harm


def test_percentiles_and_medians_are_never_averaged() -> None:
    slower = [Bare(value=Decimal(each)) for each in CREEPING]

    assert "row_count" in found_in(page_of({"row_count": slower}, {"row_count": {"matters": 10}}))
    assert found_in(page_of({"latency_p95": slower}, {"latency_p95": {"matters": 10}})) == {}
    assert found_in(page_of({"time_to_restore": slower}, {"time_to_restore": {"matters": 10}})) == {}


def test_pure_luck_is_seldom_called_a_move() -> None:
    draw = random.Random(7)
    found = 0
    for _ in range(100):
        series = {
            key: weeks([draw.gauss(0.5, 0.02) for _ in range(13)])
            for key in ("adoption_rate", "opt_out_rate", "csat", "response_rate")
        }
        found += bool(found_in(page_of(series, {key: {"matters": 0.001} for key in series})))

    assert found <= 20  # of a hundred weeks with four metrics; the agreed q is 0.10


def test_a_projection_is_the_last_value_carried_on_by_past_changes() -> None:
    found = project([1, 3, 4, 6, 7, 9, 10, 12, 13], 4)

    assert found is not None
    assert found.centre == pytest.approx(13 + 4 * 1.5)
    assert found.error == pytest.approx(statistics.stdev([2, 1] * 4) * (4 + 16 / 8) ** 0.5)
    assert (found.high - found.centre) / found.error == pytest.approx(
        2.364624, abs=1e-6
    )  # t, 7 degrees, 95 %
    assert found.doubt(found.high) == pytest.approx(0.05)
    assert found.doubt(found.centre) == pytest.approx(1)


@given(st.lists(st.none() | LEVELS, max_size=8), st.integers(min_value=1, max_value=60))
def test_nothing_is_projected_from_under_eight_changes(history, ahead) -> None:
    assert project(history, ahead) is None


@given(st.lists(LEVELS, min_size=9, max_size=15), st.integers(min_value=1, max_value=60))
def test_a_projection_is_never_one_number_and_widens_with_time(history, ahead) -> None:
    near, far = project(history, ahead), project(history, ahead + 1)
    if near is None or far is None:
        return

    assert near.low < near.centre < near.high
    assert far.high - far.low > near.high - near.low


def test_a_past_that_never_varied_and_a_newest_gap_give_no_range() -> None:
    assert project([5.0] * 12, 3) is None
    assert project([1.0, 2.0, 4.0] * 4 + [None], 3) is None
