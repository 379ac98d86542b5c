"""Figures at the edges: some never look like none, all but some never like all, and no range looks narrower than it is."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.facts import base_for_end, end_of_change, floored, outward
from schema.metrics import Audience
from schema.readings import Bare, Proportion, Ranged
from schema.statements.stating import state
from schema.verdicts import Because, Kind, Verdict
from schema.wording.checks import check
from tests.subjects import level, share, subject

D = Decimal
MILLIARD = 10**9


def told(metric, now, before=None, **more):
    each = subject(metric, level(metric, now), level(metric, before) if before else None, **more)
    said = state(each, Audience.EXECUTIVE)
    assert check(said) == ()
    return str(said)


@pytest.mark.parametrize(
    ("metric", "now", "before", "start"),
    [
        ("error_rate", share(400, MILLIARD), share(200, MILLIARD), "400 of 1,000,000,000 requests failed, up from 200 of 1,000,000,000 "),
        ("error_rate", share(0, MILLIARD), share(200, MILLIARD), "0 of 1,000,000,000 requests failed; the true rate may be up to 4 in as many. That is down from 200 of "),
        ("unsafe_rate", share(9_996, 10_000), share(100, 10_000), "Of every 10,000 answers we checked, 9,996 were unsafe, up from 100 "),
        ("precision", share(900, 1_000), share(997, 1_000), "Of every 1,000 flagged cases, 900 were real cases, down from 997 "),
        ("error_rate", share(290, 2_900), share(0, 2_900), "Of every 100 requests, 10 failed and 90 did not, up from 0 of 2,900 "),
    ],
)  # fmt: skip
def test_some_never_look_like_none_and_all_but_some_never_like_all(metric, now, before, start) -> None:
    assert told(metric, now, before, matters="0.0000000001").startswith(start)


def test_a_bare_share_too_small_for_any_base_is_under_one() -> None:
    history = tuple(D(f"0.00000{each}") for each in (30, 31, 30, 31, 30, 31, 30, 31, 30, 31, 30, 31))

    said = told(
        "error_rate",
        Bare(value=D("0.0000004")),
        Bare(value=D("0.0000030")),
        history=history,
        matters="0.0000001",
    )

    assert said.startswith("Of every 1,000,000 requests, under 1 failed, down from 3 the week before")


def test_a_share_that_is_told_as_percent_names_its_misses() -> None:
    each = subject(
        "availability",
        level("availability", share(999_700, 10**6)),
        level("availability", share(999_400, 10**6)),
    )

    said = str(state(each, Audience.ENGINEER))

    assert said.startswith("Availability 99.970% (95% CI 99.966% to 99.973%; 999,700 of 1,000,000)")
    assert "Against the week before (99.940%)" in said


def test_an_interval_of_many_cases_has_a_width() -> None:
    said = str(
        state(subject("precision", level("precision", share(82 * 10**6, 10**8)), None), Audience.ENGINEER)
    )

    assert said.startswith("Precision 82.00% (95% CI 81.99% to 82.01%; ")


@pytest.mark.parametrize(
    ("value", "base", "low", "count"),
    [
        ("0.0205", 100, False, 3), ("0.0205", 1_000, False, 21), ("-0.0625", 100, True, -7), ("0.0625", 100, True, 6),
        ("0.0004", 100, False, 0), ("-0.0004", 100, True, 0), ("0.0006", 100, False, 1), ("0.07000000000001", 100, False, 7),
    ],
)  # fmt: skip
def test_an_end_is_rounded_away_from_the_middle(value, base, low, count) -> None:
    assert outward(D(value), base, low=low) == count


@pytest.mark.parametrize(
    ("value", "low", "count"),
    [
        ("-0.04001", True, -4),
        ("-0.0406", True, -5),
        ("0.0398", False, 4),
        ("0.0406", False, 5),
        ("0.0004", False, 0),
    ],
)
def test_an_end_of_a_change_that_is_all_but_a_whole_count_is_that(value, low, count) -> None:
    assert end_of_change(D(value), 100, low=low) == count


def test_an_upper_bound_is_neither_under_the_true_one_nor_far_over_it() -> None:
    said = told("unsafe_rate", share(0, 184))

    assert "the true rate may be up to 21 in every 1,000" in said
    assert base_for_end(D("0.000000004")) is None


@given(st.decimals("0.000001", "0.9999", places=9))
def test_an_upper_bound_always_covers_the_true_one(end) -> None:
    base = base_for_end(end)

    assert base is None or end * base <= outward(end, base, low=False) <= end * base * D("1.06")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("20.374", "20.3"), ("562.9", "562"), ("0", "0"), ("0.0123456", "0.012"), ("0.5456", "0.54")],
)
def test_an_amount_is_floored_to_its_first_digits(value, shown) -> None:
    assert floored(D(value), 3) == D(shown)


def test_a_share_cannot_move_past_none_or_all() -> None:
    verdict = Verdict(
        kind=Kind.CANNOT_TELL, because=Because.WIDE, difference=D("0.8"), low=D("-1"), high=D("2.6"), matters=D("0.02")
    )  # fmt: skip

    said = told("recall", Bare(value=D("0.9")), Bare(value=D("0.1")), verdict=verdict)

    assert "anything from 10 fewer to 90 more" in said


def test_a_difference_of_two_shares_that_look_alike_is_in_points() -> None:
    def ranged(value):
        return Ranged(value=D(value), low=D(value), high=D(value))

    said = told("ece", ranged("0.200020"), ranged("0.200000"), matters="0.00001")
    unclear = Verdict(
        kind=Kind.CANNOT_TELL, because=Because.WIDE, difference=D("0.01"), low=D("-0.02"), high=D("0.03"), matters=D("0.02")
    )  # fmt: skip

    assert "up by 0.0020 points from the week before" in said
    assert "anything from 2.0 points less to 3.0 points more" in told(
        "ece", ranged("0.2"), ranged("0.19"), verdict=unclear
    )


def test_minutes_are_not_called_checks() -> None:
    now = level("availability", share(99_950, 100_000))
    of_minutes = replace(
        now.estimate, numerator=None, denominator=None, low=None, high=None, parts={"minutes": D(100_000), "down_minutes": D(50)}
    )  # fmt: skip

    said = told_estimate("availability", replace(now, estimate=of_minutes))

    assert said.startswith("Of every 10,000 minutes, 9,995 had the service working.")


def told_estimate(metric, now):
    said = state(subject(metric, now, None), Audience.EXECUTIVE)
    assert check(said) == ()
    return str(said)


def test_a_default_that_decides_says_so() -> None:
    small = share(8_250, 10_000), share(8_050, 10_000)

    assert told("precision", *small).endswith("real but too small to act on by our default.")
    assert told("precision", *small, matters="0.05").endswith("real but too small to act on.")
    said = state(
        subject("precision", level("precision", small[0]), level("precision", small[1])), Audience.COMPLIANCE
    )
    assert "smallest change that matters 4.0 points, by default." in str(said)


def test_what_comes_in_may_shift_and_is_neither_a_gain_nor_a_loss() -> None:
    def ranged(value):
        return Ranged(value=D(value), low=D(value) - D("0.01"), high=D(value) + D("0.01"))

    each = subject("psi", level("psi", ranged("0.5")), level("psi", ranged("0.05")), matters="0.01")

    assert each.verdict.kind is Kind.CLEAR_LOSS
    for audience in Audience:
        said = state(each, audience)
        assert check(said) == ()
        assert "loss" not in str(said)
    assert "clear change" in str(state(each, Audience.ENGINEER))


def test_a_check_for_engineers_that_moved_a_little_says_so() -> None:
    def ranged(value):
        return Ranged(value=D(value), low=D(value) - D("0.001"), high=D(value) + D("0.001"))

    assert told("ndcg_at_k", ranged("0.89"), ranged("0.90"), matters="0.05").endswith(
        ", a check for engineers, fell: real but small."
    )
    assert "nothing in it to act on" not in told("ndcg_at_k", ranged("0.9"), ranged("0.9"), matters="0.05")


def test_many_cases_after_few_are_told_as_counts_too() -> None:
    said = told(
        "precision", Proportion(numerator=820, denominator=1_000), Proportion(numerator=7, denominator=10)
    )

    assert told("unsafe_rate", share(0, 300), share(2, 2)).startswith(
        "0 of 300 answers we checked were unsafe; the true rate may be up to 4 in as many."
    )
    assert said.startswith(
        "820 of 1,000 flagged cases were real cases; the week before it was 7 of 10. Too few to tell"
    )
