"""Sources that disagree: both values are shown, it is said which one verdicts rest on, and rounding is no quarrel."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.insights import Topic
from schema.metrics import Audience
from schema.readings import Bare, Confusion, Proportion
from tests.sides import page_beside, said

D = Decimal
PLAIN = (Audience.EXECUTIVE, Audience.SUPPORT)
FULL = (Audience.ENGINEER, Audience.COMPLIANCE)


def share(hits: int, of: int = 1_000) -> Proportion:
    return Proportion(numerator=hits, denominator=of)


def precision(own, ledger, *, matters: float = 0.02, weeks: int = 1):
    return page_beside(
        "precision", [own] * weeks, {"ledger": [ledger] * weeks}, {"also": ["ledger"], "matters": matters}
    )


def test_both_values_are_shown_and_the_one_that_counts_is_named() -> None:
    made = precision(share(820), share(760))
    [insight] = made.ranked.said

    assert insight.topic is Topic.SOURCES
    for audience in PLAIN:
        assert (
            said(made, "precision", audience) == "But ledger says 76 of every 100. Verdicts here rest on own."
        )
    for audience in FULL:
        assert said(made, "precision", audience) == (
            "ledger says 76.0% (760 of 1,000), -6.0 points beside ours. Verdicts here rest on own."
        )


def test_where_another_figure_is_told_too_it_is_said_whose_it_is() -> None:
    told = said(precision(share(820), share(760)), "precision", named=True)

    assert told.startswith("For the share of alerts that were right, ledger says 76 of every 100.")


@pytest.mark.parametrize("audience", list(Audience))
def test_the_same_value_is_no_news(audience) -> None:
    made = precision(share(820), share(820))

    assert made.ranked.said == ()
    assert said(made, "precision", audience) == ""


def test_a_difference_that_only_engineers_can_see_is_theirs() -> None:
    made = precision(share(82_000, 100_000), share(82_100, 100_000))

    assert made.ranked.said == ()
    assert all(said(made, "precision", audience) == "" for audience in PLAIN)
    assert all("82.1%" in said(made, "precision", audience) for audience in FULL)


def test_a_difference_under_what_matters_is_said_and_is_no_insight() -> None:
    made = precision(share(820), share(830))

    assert made.ranked.said == ()
    assert "83 of every 100" in said(made, "precision")


def test_two_queries_of_one_source_are_told_apart_by_their_names() -> None:
    made = precision(share(820), share(760))
    queries = {
        name: each.model_copy(update={"source": "books"}) for name, each in made.product.queries.items()
    }
    product = made.product.model_copy(update={"queries": queries})
    judgement = made.judged["precision"]
    [found] = judgement.findings.sources
    other = replace(
        judgement, findings=replace(judgement.findings, sources=(replace(found, source="books"),))
    )

    told = said(replace(made, product=product, judged={"precision": other}), "precision")

    assert told == "But books (ledger) says 76 of every 100. Verdicts here rest on books (own)."


def test_another_source_that_gives_nothing_is_a_line_for_engineers() -> None:
    made = page_beside(
        "precision", [share(820), share(820)], {"ledger": [share(700), Confusion(tp=0, fp=0, fn=0, tn=0)]},
        {"also": ["ledger"], "matters": 0.02},
    )  # fmt: skip

    assert said(made, "precision") == ""
    assert (
        said(made, "precision", Audience.ENGINEER)
        == "ledger has no figure for this. Verdicts here rest on own."
    )


def test_money_and_counts_are_told_in_their_own_unit() -> None:
    money = page_beside(
        "missed_loss", [Bare(value=D(27_675))], {"books": [Bare(value=D("30100"))]}, {"also": ["books"], "matters": 500}
    )  # fmt: skip
    few = precision(share(9, 12), share(7, 12))

    assert said(money, "missed_loss") == "But books says $30,100. Verdicts here rest on own."
    assert "+$2,425 beside ours" in said(money, "missed_loss", Audience.ENGINEER)
    assert said(few, "precision") == "But ledger says 7 of 12. Verdicts here rest on own."


def test_a_quarrel_that_goes_on_weighs_less_each_week() -> None:
    new, old = precision(share(820), share(760)), precision(share(820), share(760), weeks=6)

    assert new.judged["precision"].findings.dispute.repeats == 0
    assert old.judged["precision"].findings.dispute.repeats == 4
    assert old.ranked.said[0].score < new.ranked.said[0].score


SHARES = st.tuples(st.integers(1, 5_000), st.floats(0, 1)).map(
    lambda pair: share(round(pair[0] * pair[1]), pair[0])
)


@settings(deadline=None, max_examples=60)
@given(SHARES, SHARES)
def test_any_two_sources_are_said_by_the_rules_and_never_as_the_same_figure(own, other) -> None:
    made = precision(own, other)
    for audience in Audience:
        said(made, "precision", audience)
    [found] = made.judged["precision"].findings.sources

    assert found.differs or D(own.numerator) / own.denominator == pytest.approx(
        D(other.numerator) / other.denominator, abs=D("0.001")
    )  # shown alike in percent with one decimal: at most one of its last digit apart


@pytest.mark.parametrize(
    ("own", "other"),
    [(share(40_449, 100_000), share(40_451, 100_000)), (share(4_045, 10_000), share(40_499, 100_000))],
)
def test_figures_on_either_side_of_where_rounding_turns_are_no_quarrel(own, other) -> None:
    made = precision(own, other)

    assert not made.judged["precision"].findings.sources[0].differs
    assert all(said(made, "precision", audience) == "" for audience in Audience)


def test_plain_readers_are_not_told_of_a_whole_count_where_less_than_half_of_one_differs() -> None:
    made = precision(share(8_244, 10_000), share(8_252, 10_000))

    assert all(said(made, "precision", audience) == "" for audience in PLAIN)
    assert all("+0.080 points beside ours" in said(made, "precision", audience) for audience in FULL)
