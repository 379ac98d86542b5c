"""Gaps between groups: the figure and the one before are rounded alike, and belong to the groups that are named."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.metrics import Audience
from schema.readings import Confusion
from schema.statements.stating import state
from schema.wording.checks import check
from tests.subjects import MOMENT, level, share, subject

D = Decimal


def told(metric, now, before=None, *, audience=Audience.EXECUTIVE, matters="0.0001"):
    def groups(rates):
        return {
            name: share(*rate) if isinstance(rate, tuple) else share(rate, 1_000)
            for name, rate in rates.items()
        }

    each = subject(
        metric, level(metric, groups(now)), level(metric, groups(before)) if before else None, matters=matters
    )
    said = state(each, audience)
    assert check(said) == (), str(said)
    return str(said)


GAP, RATIO, WORST = "demographic_parity_difference", "demographic_parity_ratio", "worst_group_recall"


def test_the_worst_group_before_is_named_where_it_was_another() -> None:
    said = told(WORST, {"A": 900, "B": 600}, {"A": 500, "B": 900})

    assert said.startswith(
        "In the group that fares worst, B, of every 100 real cases, 60 were recognised. "
        "That is up from 50 the week before, then in A, which is good."
    )
    assert "then in" not in told(WORST, {"A": 900, "B": 600}, {"A": 900, "B": 500})
    assert "(50.0%, then in A)" in told(
        WORST, {"A": 900, "B": 600}, {"A": 500, "B": 900}, audience=Audience.ENGINEER
    )


def test_a_gap_whose_order_turned_says_so() -> None:
    said = told(GAP, {"A": 400, "B": 600}, {"A": 680, "B": 320})

    assert "60 among B and 40 among A were selected: a gap of 20" in said
    assert "down from 36 the week before, then the other way round" in said
    unclear = told(GAP, {"A": 400, "B": 600}, {"A": 620, "B": 380})
    assert "The week before it was 24, then the other way round. We cannot tell yet" in unclear


def test_a_gap_between_other_groups_names_them() -> None:
    said = told(GAP, {"A": 600, "B": 500, "C": 350}, {"A": 600, "B": 200, "C": 400})

    assert "the week before, then between A and B" in said


def test_a_gap_and_the_one_before_are_rounded_alike() -> None:
    said = told(
        GAP, {"A": (60_400, 10**5), "B": (41_500, 10**5)}, {"A": (60_400, 10**5), "B": (41_600, 10**5)}
    )

    assert "604 among A and 415 among B were selected: a gap of 189" in said
    assert "188" in said


def test_a_ratio_that_changed_is_told_apart() -> None:
    ten_million = 10**7
    said = told(
        RATIO, {"A": (6_000_000, ten_million), "B": (4_225_000, ten_million)},
        {"A": (6_000_000, ten_million), "B": (4_200_000, ten_million)}, matters="0.001",
    )  # fmt: skip

    assert "B at 70.4% of the rate of A. That is up from 70.0% the week before" in said


def test_a_gap_that_no_base_can_round_is_told_in_counts() -> None:
    said = told(GAP, {"A": (400, 600), "B": (200, 600)})

    assert said.startswith(
        "Of people, among A 400 of 600 and among B 200 of 600 were selected. That is a gap of 33 in every 100."
    )


RATES = st.tuples(st.integers(30, 2_000), st.floats(0.01, 0.99)).map(
    lambda rate: (max(1, round(rate[0] * rate[1])), rate[0])
)


def test_a_gap_that_would_only_add_up_of_a_million_is_told_in_counts() -> None:
    said = told("fpr_gap", {"A": (28, 4_265), "B": (84, 19_394)}, {"A": (40, 6_000), "B": (90, 19_394)})

    assert "among A 28 of 4,265 and among B 84 of 19,394" in said
    assert "That is a gap of 22 in every 10,000" in said


@settings(deadline=None)
@given(st.tuples(RATES, RATES), st.tuples(RATES, RATES))
@pytest.mark.parametrize("metric", [GAP, RATIO])
def test_any_gap_adds_up_for_everybody(metric, now, before) -> None:
    for audience in Audience:
        told(
            metric, dict(zip("AB", now, strict=True)), dict(zip("AB", before, strict=True)), audience=audience
        )


def test_what_stands_in_for_another_metric_keeps_its_caveat_and_its_window() -> None:
    made = level("f1", Confusion(tp=80, fp=5, fn=20, tn=95))
    each = subject("f1", made, made, provisional=True, moment=replace(MOMENT, joined=4), matters="0.02")
    said = state(each, Audience.EXECUTIVE)

    assert each.shown
    assert check(said) == ()
    assert str(said).startswith("Provisional: of every 100 real cases")
    assert "(16 to 22 November 2026)" in str(said)
