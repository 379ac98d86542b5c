"""Claims that the numbers contradict: found by rules, and never where nothing is measured or nothing is claimed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files import catalogue
from schema.contradictions import Contradiction, contradictions
from schema.verdicts import Kind, Verdict

METRICS = catalogue()


def verdict(kind: Kind, difference: str) -> Verdict:
    return Verdict(kind=kind, difference=Decimal(difference))


VERDICTS = {
    "latency_p95": verdict(Kind.CLEAR_LOSS, "0.6"),
    "recall": verdict(Kind.SMALL_GAIN, "0.02"),
    "precision": verdict(Kind.CANNOT_TELL, "-0.01"),
    "error_rate": verdict(Kind.SMALL_LOSS, "0.01"),
    "missing_rate": verdict(Kind.CLEAR_LOSS, "0.2"),
}


def found(*said, verdicts=VERDICTS):
    return contradictions(said, METRICS, verdicts)


@pytest.mark.parametrize(
    ("said", "claim", "metric"),
    [
        ("latency fixed", "latency fixed", "latency_p95"),
        ("New cache. P95 latency is much better now!", "P95 latency is much better now", "latency_p95"),
        ("We’ve reduced Latency, and recall rose", "We've reduced Latency", "latency_p95"),
        ("response times dropped", "response times dropped", "latency_p95"),
        ("Recall fell a bit", "Recall fell a bit", "recall"),
        ("the recall is worse since Monday", "the recall is worse since Monday", "recall"),
        ("Errors are down by half", "Errors are down by half", "error_rate"),
    ],
)
def test_a_claim_against_a_verdict_is_found(said, claim, metric):
    assert found(said) == (Contradiction(claim=claim, metric=metric),)


@pytest.mark.parametrize("said", [
    "", "latency", "We fixed the login page.", "latency is not fixed", "Latency will be fixed on Friday",
    "Is latency fixed?", "if latency is fixed we launch", "trying to get latency lower", "latency rose",
    "recall improved", "precision fell", "precision improved", "groundedness improved", "I fixed the missing images",
    "we reduced the latency threshold", "the latency dashboard is fixed", "latency better or worse",
    "latency rose and then dropped", "collateral damage fixed", "recalled units are fixed",
])  # fmt: skip
def test_what_is_no_claim_or_is_not_contradicted_raises_no_alarm(said):
    assert found(said) == ()


def test_nothing_is_contradicted_where_nothing_is_measured():
    assert found("latency fixed, recall fell", verdicts={}) == ()


def test_a_word_for_two_metrics_is_contradicted_only_by_both():
    both = {"latency_p95": VERDICTS["latency_p95"], "recall": VERDICTS["recall"]}
    own = METRICS.with_own(
        [METRICS["latency_p95"].model_copy(update={"key": "latency_p50", "name": "Latency, median"})]
    )
    better = {**both, "latency_p50": verdict(Kind.CLEAR_GAIN, "-0.2")}
    worse = {**both, "latency_p50": verdict(Kind.SMALL_LOSS, "0.2")}

    assert contradictions(["latency fixed"], own, better) == ()
    assert {each.metric for each in contradictions(["latency fixed"], own, worse)} == {
        "latency_p95", "latency_p50",
    }  # fmt: skip


@given(st.lists(st.text(max_size=300), max_size=3))
def test_any_text_can_be_read_and_only_what_stands_in_it_is_quoted(said):
    whole = "\n".join(said).replace("’", "'")

    assert all(each.claim in whole and each.metric in VERDICTS for each in found(*said))
