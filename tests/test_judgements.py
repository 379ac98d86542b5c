"""Judgements: one for each metric of a period, joined windows, ripe labels, and verdicts that survive their storage."""

import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.estimates.estimating import NotEstimable
from schema.judgements import (
    MATURITY,
    assumptions,
    body_of,
    expected_definition,
    join_measurements,
    judge_product,
    past_of,
    question_of,
    questions_of,
    verdict_of,
)
from schema.products import Since
from schema.readings import (
    Bare,
    Blank,
    BlankReason,
    Confusion,
    Inputs,
    Mean,
    Proportion,
    Ranged,
    Reading,
    Receipt,
)
from schema.verdicts import Because, Kind, Verdict
from tests.demo_pages import AT, demo_pages

D = Decimal
EXACT = st.none() | st.decimals(allow_nan=False, allow_infinity=False)
CHANCES = st.none() | st.floats(0, 1)
VERDICTS = st.builds(
    Verdict, kind=st.sampled_from(Kind), because=st.sampled_from(Because), difference=EXACT, low=EXACT, high=EXACT, p=CHANCES,
    q=CHANCES, tested=st.integers(0, 500), matters=EXACT, matters_is_default=st.booleans(),
)  # fmt: skip


@given(VERDICTS)
def test_a_verdict_survives_its_storage_as_json(verdict) -> None:
    stored = json.loads(json.dumps(body_of(verdict)))

    read = verdict_of(stored)

    assert read == verdict
    assert [str(each) for each in (read.low, read.high)] == [
        str(each) for each in (verdict.low, verdict.high)
    ]


@pytest.mark.parametrize(
    "breach", [{"kind": "splendid"}, {"because": "why not"}, {"tested": "many"}, {"p": "x"}]
)
def test_a_body_that_is_no_verdict_is_refused(breach) -> None:
    body = body_of(Verdict(kind=Kind.SAME))

    with pytest.raises(ValueError, match=r"."):
        verdict_of(body | breach)


def test_a_body_without_a_field_is_refused() -> None:
    body = body_of(Verdict(kind=Kind.SAME))
    del body["low"]

    with pytest.raises(KeyError):
        verdict_of(body)


@pytest.mark.parametrize(
    ("parts", "total", "joined"),
    [
        ([Confusion(tp=1, fp=2, fn=3, tn=4), Confusion(tp=10, fp=20, fn=30, tn=40)], False, Confusion(tp=11, fp=22, fn=33, tn=44)),
        ([Proportion(numerator=1, denominator=2), Proportion(numerator=3, denominator=8)], False, Proportion(numerator=4, denominator=10)),
        ([Inputs(counts=(("a", D(1)), ("b", D(2)))), Inputs(counts=(("b", D(3)),))], False, Inputs(counts=(("a", D(1)), ("b", D(5))))),
        ([Bare(value=D(2)), Bare(value=D("3.5"))], True, Bare(value=D("5.5"))),
        ([Ranged(value=D(1), low=D(0), high=D(2))], False, Ranged(value=D(1), low=D(0), high=D(2))),
    ],
)  # fmt: skip
def test_neighbouring_periods_add_up_where_they_can(parts, total, joined) -> None:
    assert join_measurements(parts, total=total) == joined


@pytest.mark.parametrize("part", [Bare(value=D(2)), Ranged(value=D(1), low=D(0), high=D(2))])
def test_values_without_counts_are_never_averaged(part) -> None:
    """Wording rule 9: a percentile of percentiles is none."""
    with pytest.raises(NotEstimable):
        join_measurements([part, part])


@given(
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=20),
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=20),
)
def test_joined_means_are_those_of_all_values_together(first, second) -> None:
    def measured(values):
        mean = sum(values) / D(len(values))
        return Mean(
            value=mean, n=len(values), sd=(sum((v - mean) ** 2 for v in values) / (len(values) - 1)).sqrt()
        )

    joined, whole = join_measurements([measured(first), measured(second)]), measured(first + second)

    assert joined.n == whole.n
    assert math.isclose(joined.value, whole.value, abs_tol=1e-9)
    assert math.isclose(joined.sd, whole.sd, rel_tol=1e-9, abs_tol=1e-9)


def readings_of(page) -> list[Reading]:
    """Give the measurements of a page back as readings of this period and the one before."""
    found = []
    for key, judgement in page.judged.items():
        stands = {
            page.period: judgement.now,
            page.product.calendar.shift(page.period, -1): judgement.before.get("previous"),
        }
        for period, stand in stands.items():
            for group, measurement in (stand.measurements if stand else {}).items():
                found.append(Reading(product=page.product.key, metric=key, group=group, period=period,
                                     measurement=measurement, receipt=stand.receipt))  # fmt: skip
    return found


def judged(page, readings, *, blanks=None, today=AT.date()):
    return judge_product(
        page.product,
        page.catalogue,
        period=page.period,
        past=past_of(readings, questions_of(page.product, page.catalogue)),
        blanks=blanks or {},
        today=today,
    )


@pytest.fixture
def chatbot():
    return demo_pages()["support-chatbot"]


def test_every_metric_is_judged_with_previous_first(chatbot) -> None:
    found = judged(chatbot, readings_of(chatbot))

    assert found.keys() == chatbot.product.metrics.keys()
    for key, judgement in found.items():
        assert judgement.compared[0].comparison.key == "previous"
        assert judgement.now.level == chatbot.judged[key].now.level
        assert judgement.verdict.kind is chatbot.judged[key].verdict.kind


def test_the_family_holds_one_test_a_metric_and_other_comparisons_stand_outside(chatbot) -> None:
    for judgement in chatbot.judged.values():
        assert judgement.verdict.tested == len(chatbot.judged)
        assert judgement.verdict.q is not None
        assert all(
            isinstance(each.comparison, Since) and each.verdict.q is None for each in judgement.compared[1:]
        )


def test_a_metric_without_a_reading_is_blank_with_its_reason(chatbot) -> None:
    readings = [each for each in readings_of(chatbot) if each.metric != "csat"]
    blank = Blank(
        product=chatbot.product.key, metric="csat", period=chatbot.period, reason=BlankReason.STALE, detail="Old.",
        source="warehouse", fetched_at=AT,
    )  # fmt: skip

    with_reason, without = judged(chatbot, readings, blanks={"csat": blank}), judged(chatbot, readings)

    assert (with_reason["csat"].now, with_reason["csat"].blank) == (None, blank)
    assert without["csat"].blank.reason is BlankReason.NOT_FOUND
    assert without["csat"].verdict == Verdict(kind=Kind.NOT_COMPARABLE, because=Because.NOT_ASKED)


@pytest.mark.parametrize(
    ("field", "because"), [("definition", Because.DEFINITION), ("query_digest", Because.QUESTION)]
)
def test_a_changed_definition_or_query_bars_the_comparison(chatbot, field, because) -> None:
    def otherwise(reading: Reading) -> Reading:
        changed: Receipt = replace(reading.receipt, **{field: "another"})
        return replace(reading, receipt=changed) if reading.period != chatbot.period else reading

    found = judged(chatbot, [otherwise(each) for each in readings_of(chatbot)])

    assert {each.verdict.because for each in found.values()} == {because}


def test_unripe_labels_make_what_rests_on_outcomes_provisional() -> None:
    fraud = demo_pages()["fraud-detection"]

    provisional = {key for key, each in fraud.judged.items() if each.provisional}

    assert fraud.judged[MATURITY].now.level.estimate.value < D("0.95")
    assert "precision" in provisional
    assert not {MATURITY, "checking_cost"} & provisional


def test_an_expired_assumption_is_not_used() -> None:
    fraud = demo_pages()["fraud-detection"].product
    until = fraud.assumptions["friction_cost"].until

    assert "friction_cost" in assumptions(fraud, until)
    assert "friction_cost" not in assumptions(fraud, until.replace(year=until.year + 1))


def test_a_page_carries_the_definition_and_query_that_a_pull_now_would(chatbot) -> None:
    for key, judgement in chatbot.judged.items():
        assert judgement.now.receipt.definition == expected_definition(chatbot.catalogue[key])
        assert judgement.now.receipt.query_digest == question_of(chatbot.product, key)
