"""What became of the number behind a decision: compared with what was known then, in the verdict's words."""

from dataclasses import replace

import pytest

from schema.checkins import Decision, ReadingRef
from schema.consequences import Decided, asked_of, consequence, with_comparisons
from schema.periods import Cadence
from schema.products import PeriodsAgo, Previous
from tests.demo_pages import demo_pages


@pytest.fixture(scope="module")
def fraud():
    return demo_pages()["fraud-detection"]


def decision(period, metric="precision", *, known=True):
    based = ReadingRef(metric=metric, period=period, source="s", query_digest="q", definition="d", revision=1)
    return Decision(
        text="We loosen the limit",
        by="U1",
        period="2026-W46",
        metric=metric,
        based_on=based if known else None,
    )


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (decision("2026-W46"), {"precision": Previous()}),
        (decision("2026-W45"), {"precision": PeriodsAgo(periods_ago=2)}),
        (decision("2026-W47"), {}),
        (decision("2026-W46", known=False), {}),
        (decision("2026-W46", "gone"), {}),
        (decision("2026-09"), {}),
        (decision("nonsense"), {}),
    ],
)
def test_a_decision_is_compared_with_what_was_known_then(fraud, made, asked):
    assert asked_of(fraud.product, [made], fraud.period) == asked


def test_a_comparison_that_the_product_asks_for_anyway_is_asked_once(fraud):
    product = with_comparisons(fraud.product, {"precision": PeriodsAgo(periods_ago=2), "recall": Previous()})

    assert product.metrics["precision"].compare == (
        *fraud.product.metrics["precision"].compare,
        PeriodsAgo(periods_ago=2),
    )
    assert product.metrics["recall"] == fraud.product.metrics["recall"]


def test_a_monthly_product_does_not_read_a_week(fraud):
    monthly = fraud.product.model_copy(update={"cadence": Cadence.MONTH})

    assert asked_of(monthly, [decision("2026-W46")], fraud.period) == {}


def test_it_says_who_wrote_what_then_the_number_and_never_because(fraud):
    told = consequence(
        fraud,
        Decided(decision=decision("2026-W46"), compared=fraud.judged["precision"].against("previous")),
        {"U1": "Kai"},
    )

    assert told.label == "Clear loss"
    assert str(told.text).startswith("Kai wrote “We loosen the limit”. Provisional: of every 100 alerts, 67")
    assert "because" not in str(told.text).lower()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            decision("2026-W46", known=False),
            "No figure for the share of alerts that were right was known then.",
        ),
        (decision("2026-W47"), "There is no newer figure for the share of alerts that were right yet."),
    ],
)
def test_what_cannot_be_told_says_why(fraud, made, words):
    told = consequence(fraud, Decided(decision=made), {})

    assert told.label == "Cannot tell"
    assert str(told.text).endswith(words)


def test_a_figure_that_is_missing_now_says_why(fraud):
    gone = replace(fraud, judged={**fraud.judged, "precision": replace(fraud.judged["precision"], now=None)})
    told = consequence(gone, Decided(decision=decision("2026-W46")), {})

    assert told.label == "Cannot tell"


def test_a_gain_since_a_decision_is_said_with_its_other_side(fraud):
    made = Decided(
        decision=decision("2026-W46", "missed_loss"),
        compared=fraud.judged["missed_loss"].against("previous"),
        restated=True,
    )
    told = consequence(fraud, made, {})

    assert told.label == "Clear gain with a cost"
    assert "At the same time: the cost of flagging good payments by mistake" in str(told.text)
    assert str(told.text).endswith("The earlier figure was corrected after the decision.")
