"""Verdicts: METRICS.md (f) 3, every row of the table of six at its borders, and what bars a comparison."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.metrics import Direction, Metric
from schema.readings import Bare, Mean, Ranged
from schema.verdicts import (
    CHANGES,
    GAINS,
    LOSSES,
    SMALL,
    Because,
    Kind,
    Level,
    Verdict,
    in_family,
    judge,
    smallest_that_matters,
)
from tests.subjects import level, metrics, share

D = Decimal
TWO_POINTS = D("0.02")
MIRROR = {
    Kind.CLEAR_GAIN: Kind.CLEAR_LOSS, Kind.SMALL_GAIN: Kind.SMALL_LOSS, Kind.SMALL_LOSS: Kind.SMALL_GAIN,
    Kind.CLEAR_LOSS: Kind.CLEAR_GAIN,
}  # fmt: skip


def metric(direction: Direction) -> Metric:
    return metrics()["precision"].model_copy(update={"direction": direction})


HIGHER, LOWER, TARGET, NONE = (
    metric(each) for each in (Direction.HIGHER, Direction.LOWER, Direction.TARGET, Direction.NONE)
)


def of(hits: int, cases: int) -> Level:
    return level("precision", share(hits, cases))


def ranged(value: str, low: str, high: str) -> Level:
    return level("mae", Ranged(value=D(value), low=D(low), high=D(high)))


KNOWN = [  # now, before, change in points, interval in points, verdict, p
    ((880, 1_000), (820, 1_000), "6.0", ("2.8751", "9.1238"), Kind.CLEAR_GAIN, 0.000171725),
    ((88, 100), (82, 100), "6.0", ("-4.0357", "16.0064"), Kind.CANNOT_TELL, 0.234764),
    ((760, 1_000), (820, 1_000), "-6.0", ("-9.5527", "-2.4314"), Kind.CLEAR_LOSS, None),
    ((82_300, 100_000), (81_900, 100_000), "0.4", ("0.0640", "0.7360"), Kind.SMALL_GAIN, 0.019639),
    ((82_000, 100_000), (81_950, 100_000), "0.05", ("-0.2869", "0.3869"), Kind.SAME, None),
    ((820, 1_000), (850, 1_000), "-3.0", ("-6.2532", "0.2563"), Kind.CANNOT_TELL, None),
]


@pytest.mark.parametrize("known", KNOWN)
def test_the_six_worked_changes_get_their_verdicts(known) -> None:
    now, before, change, interval, kind, p = known
    verdict = judge(HIGHER, of(*now), of(*before), matters=TWO_POINTS)

    assert verdict.kind is kind
    assert verdict.difference == D(change) / 100
    assert float(verdict.low) == pytest.approx(float(interval[0]) / 100, abs=5e-7)
    assert float(verdict.high) == pytest.approx(float(interval[1]) / 100, abs=5e-7)
    if p is not None:
        assert verdict.p == pytest.approx(p, abs=5e-7)


def judged(low: float, high: float, matters: str, direction: Direction = Direction.HIGHER) -> Kind:
    """Judge a change whose interval has exactly these ends, where `matters` is the smallest that matters."""
    from schema.verdicts import _kind

    return _kind(metric(direction), D(str(low)), D(str(high)), D(matters))


BORDERS = [  # METRICS.md 3.2, with M = 2
    (0.1, 2.0, Kind.CLEAR_GAIN),  # hi = M
    (0.1, 1.999, Kind.SMALL_GAIN),
    (0.0, 5.0, Kind.CANNOT_TELL),  # lo = 0 does not exclude 0
    (0.0, 1.999, Kind.SAME),
    (-1.999, 1.999, Kind.SAME),
    (-2.0, 1.0, Kind.CANNOT_TELL),  # lo = −M
    (-1.0, 2.0, Kind.CANNOT_TELL),  # hi = M
    (-1.999, 0.0, Kind.SAME),
    (-1.999, -0.1, Kind.SMALL_LOSS),
    (-2.0, -0.1, Kind.CLEAR_LOSS),  # lo = −M
    (3.0, 4.0, Kind.CLEAR_GAIN),
    (-4.0, -3.0, Kind.CLEAR_LOSS),
]


@pytest.mark.parametrize(("low", "high", "kind"), BORDERS)
def test_every_row_of_the_table_holds_at_its_borders(low, high, kind) -> None:
    assert judged(low, high, "2") is kind


@pytest.mark.parametrize(("low", "high", "kind"), BORDERS)
def test_a_metric_whose_good_way_is_down_mirrors_the_table(low, high, kind) -> None:
    assert judged(-high, -low, "2", Direction.LOWER) is kind


@pytest.mark.parametrize("direction", [Direction.TARGET, Direction.NONE])
@pytest.mark.parametrize(("low", "high", "kind"), BORDERS)
def test_a_metric_without_a_good_way_is_never_good_or_bad(low, high, kind, direction) -> None:
    found = judged(low, high, "2", direction)

    wanted = {**dict.fromkeys((Kind.CLEAR_GAIN, Kind.CLEAR_LOSS), Kind.CLEAR_CHANGE),
              **dict.fromkeys((Kind.SMALL_GAIN, Kind.SMALL_LOSS), Kind.SMALL_CHANGE)}  # fmt: skip
    assert found is wanted.get(kind, kind)
    assert found not in GAINS | LOSSES


COUNTS = st.integers(30, 50_000).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases)))


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_swapping_now_and_before_mirrors_gain_and_loss(now, before) -> None:
    there = judge(HIGHER, of(*now), of(*before), matters=TWO_POINTS)
    back = judge(HIGHER, of(*before), of(*now), matters=TWO_POINTS)

    assert back.kind is MIRROR.get(there.kind, there.kind)
    assert back.difference == -there.difference
    assert float(back.low) == pytest.approx(-float(there.high), abs=1e-12)


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_a_metric_whose_good_way_is_down_mirrors_one_whose_good_way_is_up(now, before) -> None:
    higher = judge(HIGHER, of(*now), of(*before), matters=TWO_POINTS)
    lower = judge(LOWER, of(*now), of(*before), matters=TWO_POINTS)

    assert lower == replace(higher, kind=MIRROR.get(higher.kind, higher.kind))


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_a_change_is_named_only_where_the_interval_leaves_nothing_out(now, before) -> None:
    verdict = judge(HIGHER, of(*now), of(*before), matters=TWO_POINTS)

    assert (verdict.kind in CHANGES) is verdict.excludes_nothing
    if verdict.kind in GAINS | LOSSES:
        assert (verdict.kind in GAINS) is verdict.rose


@pytest.mark.parametrize(("now", "before"), [((29, 29), (1, 1_000)), ((900, 1_000), (1, 29))])
def test_under_thirty_cases_in_either_window_nothing_can_be_told(now, before) -> None:
    verdict = judge(HIGHER, of(*now), of(*before), matters=TWO_POINTS)

    assert (verdict.kind, verdict.because) == (Kind.CANNOT_TELL, Because.FEW_CASES)
    assert verdict.low is not None


def test_thirty_cases_are_enough() -> None:
    assert judge(HIGHER, of(30, 30), of(1, 30), matters=TWO_POINTS).kind is Kind.CLEAR_GAIN


def test_a_wide_interval_says_that_it_is_wide() -> None:
    assert judge(HIGHER, of(88, 100), of(82, 100), matters=TWO_POINTS).because is Because.WIDE


def test_the_family_is_corrected_for_how_many_were_tested() -> None:
    """METRICS.md (f) 9: six of ten are under 0.05 raw, three after the correction; Muster's line is q at most 0.10."""
    ps = [0.001, 0.008, 0.012, 0.031, 0.039, 0.041, 0.21, 0.34, 0.60, 0.81]
    qs = [0.01, 0.04, 0.04, 0.068333, 0.068333, 0.068333, 0.30, 0.425, 0.666667, 0.81]
    gain = Verdict(kind=Kind.CLEAR_GAIN, difference=D(1), low=D("0.1"), high=D(2), matters=D(1))

    found = in_family({str(place): replace(gain, p=p) for place, p in enumerate(ps)})

    assert [each.q for each in found.values()] == pytest.approx(qs, abs=5e-7)
    assert [each.kind is Kind.CLEAR_GAIN for each in found.values()] == [q <= 0.10 for q in qs]
    assert {each.because for each in found.values() if each.q > 0.10} == {Because.ONE_OF_MANY}
    assert {each.tested for each in found.values()} == {10}


def test_what_was_not_tested_stands_outside_the_family() -> None:
    untested = Verdict(kind=Kind.NOT_COMPARABLE, because=Because.DEFINITION)
    tested = Verdict(kind=Kind.SAME, p=0.5)

    found = in_family({"a": untested, "b": tested})

    assert found == {"a": replace(untested, tested=1), "b": replace(tested, q=0.5, tested=1)}


@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_correction_never_turns_what_cannot_be_told_into_a_change(ps) -> None:
    unclear = Verdict(kind=Kind.CANNOT_TELL, because=Because.WIDE)

    found = in_family({str(place): replace(unclear, p=p) for place, p in enumerate(ps)})

    assert all(each.kind is Kind.CANNOT_TELL and each.because is Because.WIDE for each in found.values())
    assert all(each.q >= p - 1e-12 for each, p in zip(found.values(), ps, strict=True))


STEADY = [D(1000 + (each % 3)) for each in range(9)]


@pytest.mark.parametrize(
    ("history", "kind"),
    [(STEADY[:8], Kind.CANNOT_TELL), (STEADY, Kind.CLEAR_GAIN), ([*STEADY[:4], None, *STEADY[5:]], Kind.CANNOT_TELL)],
)  # fmt: skip
def test_a_bare_value_needs_eight_past_changes(history, kind) -> None:
    now, before = (level("row_count", Bare(value=D(value))) for value in (2_000, 1_000))

    verdict = judge(HIGHER, now, before, matters=D(100), history=history)

    assert verdict.kind is kind
    assert (verdict.because is Because.SHORT_HISTORY) is (kind is Kind.CANNOT_TELL)
    assert (verdict.low is None) is (kind is Kind.CANNOT_TELL)


def test_a_bare_value_within_its_own_spread_is_no_change() -> None:
    wild = [D(value) for value in (900, 1_200, 850, 1_150, 950, 1_250, 800, 1_100, 1_000)]
    now, before = (level("row_count", Bare(value=D(value))) for value in (1_050, 1_000))

    assert judge(HIGHER, now, before, matters=D(100), history=wild).kind is Kind.CANNOT_TELL


def test_means_are_compared_by_welch_and_ranges_by_square_and_add() -> None:
    means = [level("mae", Mean(value=D(value), n=400, sd=D(9))) for value in ("17.5", "20")]
    ranges = [ranged("17.5", "16.5", "18.5"), ranged("20", "19", "21")]

    by_means, by_ranges = (judge(LOWER, *pair, matters=D("1.5")) for pair in (means, ranges))

    assert by_means.kind is by_ranges.kind is Kind.CLEAR_GAIN
    assert float(by_means.high - by_means.low) / 2 == pytest.approx(1.96 * (2 * 81 / 400) ** 0.5, rel=0.01)
    assert float(by_ranges.high - by_ranges.low) / 2 == pytest.approx(2**0.5, abs=1e-9)


NOW = of(880, 1_000)
BARRED = [
    (None, Because.NO_VALUE_BEFORE),
    (replace(of(820, 1_000), definition="another"), Because.DEFINITION),
    (replace(of(820, 1_000), question="another"), Because.QUESTION),
    (replace(of(820, 1_000), periods=2), Because.WINDOW),
]


@pytest.mark.parametrize(("before", "because"), BARRED)
def test_what_differs_in_kind_is_not_compared_and_says_why(before, because) -> None:
    assert judge(HIGHER, NOW, before, matters=TWO_POINTS) == Verdict(
        kind=Kind.NOT_COMPARABLE, because=because
    )


@pytest.mark.parametrize(
    ("before", "stated", "found"),
    [
        ("0.8", None, (D("0.040"), True)),
        ("0.8", "0.02", (D("0.02"), False)),
        ("0", None, None),
        ("-3", None, None),
        ("-3", "1", (D(1), False)),
    ],
)
def test_the_smallest_change_that_matters_is_stated_or_a_twentieth_of_the_level(
    before, stated, found
) -> None:
    assert smallest_that_matters(D(before), None if stated is None else D(stated)) == found


def test_a_level_of_nought_without_a_stated_change_cannot_be_judged() -> None:
    verdict = judge(HIGHER, of(30, 1_000), of(0, 1_000), matters=None)

    assert (verdict.kind, verdict.because) == (Kind.CANNOT_TELL, Because.UNSTATED)
    assert verdict.difference == D("0.03")


def test_the_default_says_that_it_is_one() -> None:
    assert judge(HIGHER, NOW, of(820, 1_000), matters=None).matters_is_default
    assert not judge(HIGHER, NOW, of(820, 1_000), matters=TWO_POINTS).matters_is_default


def test_the_sets_of_kinds_fit_together() -> None:
    assert GAINS | LOSSES | {Kind.CLEAR_CHANGE, Kind.SMALL_CHANGE} == CHANGES
    assert SMALL < CHANGES
    assert not GAINS & LOSSES
