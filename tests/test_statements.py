"""Statements: every form, verdict and audience in words, read aloud, honest, and the same facts for everybody."""

import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.estimates.estimating import Estimate
from schema.metrics import Audience, Direction, Form
from schema.readings import Bands, Confusion, Mean, Proportion, Ranged
from schema.statements.levels import Subject
from schema.statements.plain import UNCOMPARED
from schema.statements.stating import Statement, state
from schema.verdicts import Because, Kind, Level, Verdict
from schema.wording.checks import check, claim_of
from schema.wording.rules import rests_on, same_values
from schema.wording.words import Sign, signs
from tests.demo_pages import demo_pages
from tests.subjects import MOMENT, RELEASE, level, metrics, share, stand_ins, subject

GOLDEN = Path(__file__).parent / "golden" / "statements.txt"
D = Decimal
GROUPS = {
    "women": Proportion(numerator=210, denominator=500),
    "men": Proportion(numerator=480, denominator=800),
}
TABLE = Confusion(tp=820, fp=180, fn=205, tn=98_795)
BANDS = Bands(
    names=("a", "b", "c", "d"), now=tuple(map(D, (1000, 3000, 3500, 2500))),
    reference=tuple(map(D, (2000, 3000, 3000, 2000))),
)  # fmt: skip

MEASURED = {  # metric → what is measured now, and the smallest change that matters
    "precision": (share(820, 1_000), "0.02"),
    "false_positive_rate": (share(180, 98_975), "0.0005"),
    "accuracy": (TABLE, "0.001"),
    "alert_rate": (share(1_000, 100_000), "0.002"),
    "unsafe_rate": (share(12, 3_000), "0.001"),
    "groundedness": (share(930, 1_000), "0.02"),
    "demographic_parity_difference": (GROUPS, "0.03"),
    "demographic_parity_ratio": (GROUPS, "0.05"),
    "worst_group_recall": (GROUPS, "0.04"),
    "resolution_time": (Ranged(value=D("4.7"), low=D("4.4"), high=D("5.0")), "0.5"),
    "review_hours": (TABLE, "10"),
    "net_benefit": (TABLE, "5000"),
    "cost_per_answer": (Mean(value=D("0.042"), n=8_000, sd=D("0.02")), "0.004"),
    "mae": (Mean(value=D("17.5"), n=400, sd=D("9")), "1.5"),
    "f1": (TABLE, "0.02"),
    "ndcg_at_k": (Mean(value=D("0.712"), n=500, sd=D("0.2")), "0.03"),
    "psi": (BANDS, "0.02"),
}
SHAPES = {  # verdict → difference and interval, in smallest changes that matter; up is good
    Kind.CLEAR_GAIN: ("3", "2", "4"),
    Kind.SMALL_GAIN: ("0.6", "0.3", "0.9"),
    Kind.SAME: ("0.1", "-0.4", "0.6"),
    Kind.CANNOT_TELL: ("0.5", "-1.5", "2.5"),
    Kind.SMALL_LOSS: ("-0.6", "-0.9", "-0.3"),
    Kind.CLEAR_LOSS: ("-3", "-4", "-2"),
    Kind.CLEAR_CHANGE: ("3", "2", "4"),
    Kind.SMALL_CHANGE: ("-0.6", "-0.9", "-0.3"),
}
WITHOUT_GOOD = {Kind.SAME, Kind.CANNOT_TELL, Kind.CLEAR_CHANGE, Kind.SMALL_CHANGE, Kind.NOT_COMPARABLE}
UNCLEAR = (Because.WIDE, Because.ONE_OF_MANY, Because.SHORT_HISTORY, Because.UNSTATED)
BARRED = tuple(UNCOMPARED)


def moved(now: Estimate, difference: Decimal) -> Estimate:
    """Give the level that stood before, as near to the difference as counts allow."""
    value = now.value - difference
    if now.numerator is None or not now.denominator:
        return replace(now, value=value)
    numerator = min(now.denominator, max(0, round(value * now.denominator)))
    return replace(now, value=D(numerator) / now.denominator, numerator=numerator)


def judged(metric: str, kind: Kind, because: Because = Because.NOTHING, *, q: float | None = 0.01) -> Subject:
    """Make a subject with a wanted verdict."""
    measured, matters = MEASURED[metric]
    now = level(metric, measured)
    if kind is Kind.NOT_COMPARABLE:
        verdict = Verdict(kind=kind, because=because)
        return subject(metric, now, None if because is Because.NO_VALUE_BEFORE else now, verdict=verdict)
    least = D(matters)
    way = -1 if metrics()[metric].direction is Direction.LOWER else 1
    sizes = sorted(D(each) * least * way for each in SHAPES[kind])
    low, difference, high = sizes[0], sizes[1], sizes[2]
    before = moved(now.estimate, difference)
    known = because not in {Because.SHORT_HISTORY, Because.UNSTATED}
    verdict = Verdict(
        kind=kind, difference=now.estimate.value - before.value, low=low if known else None, high=high if known else None,
        p=0.004 if known else None, q=q if known else None, tested=10, because=because,
        matters=None if because is Because.UNSTATED else least,
    )  # fmt: skip
    table = moved_table(TABLE, kind) if metric == "f1" else now.measurement
    then = Level(estimate=before, measurement=table, definition="d", question="q")
    return replace(subject(metric, now, then, verdict=verdict), shown=stand_ins(metric, now, then))


def moved_table(table: Confusion, kind: Kind) -> Confusion:
    caught = {Kind.CLEAR_GAIN: -60, Kind.CLEAR_LOSS: 60, Kind.SMALL_GAIN: -12, Kind.SMALL_LOSS: 12}.get(
        kind, -2
    )
    return Confusion(tp=table.tp + caught, fp=table.fp - caught, fn=table.fn - caught, tn=table.tn + caught)


def cases() -> Iterator[tuple[str, Subject]]:
    for metric in MEASURED:
        good = metrics()[metric].good_is_up is not None
        for kind in SHAPES:
            changes = {Kind.CLEAR_CHANGE, Kind.SMALL_CHANGE}
            if (good and kind in changes) or (not good and kind not in WITHOUT_GOOD):
                continue
            because = Because.WIDE if kind is Kind.CANNOT_TELL else Because.NOTHING
            yield (
                f"{metric}, {kind.value}",
                judged(metric, kind, because, q=0.01 if kind in changes else 0.04),
            )
    for because in UNCLEAR:
        yield (
            f"precision, cannot tell: {because.value}",
            judged("precision", Kind.CANNOT_TELL, because, q=0.4),
        )
    for because in BARRED:
        yield f"precision, not comparable: {because.value}", judged("precision", Kind.NOT_COMPARABLE, because)
    asked = Verdict(kind=Kind.NOT_COMPARABLE, because=Because.NOT_ASKED)
    now = level("precision", share(820, 1_000))
    yield "precision, no comparison asked for", subject("precision", now, None, verdict=asked)
    none = level("unsafe_rate", share(0, 300))
    yield (
        "unsafe_rate, none seen",
        subject("unsafe_rate", none, level("unsafe_rate", share(1, 300)), matters="0.01"),
    )
    few = level("precision", share(9, 10)), level("precision", share(7, 10))
    yield "precision, few cases", subject("precision", *few, matters="0.02")
    gain = judged("precision", Kind.CLEAR_GAIN)
    yield (
        "precision, since a milestone",
        replace(gain, moment=RELEASE, verdict=replace(gain.verdict, q=None, tested=0)),
    )
    yield "precision, labels not ripe", replace(gain, provisional=True)
    yield "net_benefit, labels not ripe", replace(judged("net_benefit", Kind.CLEAR_LOSS), provisional=True)
    yield (
        "net_benefit, several weeks joined",
        replace(judged("net_benefit", Kind.SAME), moment=replace(MOMENT, joined=26)),
    )


@lru_cache(maxsize=1)
def stated() -> dict[str, dict[Audience, Statement]]:
    return {title: {each: state(told, each) for each in Audience} for title, told in cases()}


def written() -> str:
    """Write every statement, for people to read."""
    blocks = [
        f"## {title}\n" + "".join(f"{audience.value}: {each}\n" for audience, each in by_audience.items())
        for title, by_audience in stated().items()
    ]
    return "\n".join(blocks)


def test_every_form_verdict_and_audience_reads_as_it_was_last_read_aloud() -> None:
    """`MUSTER_GOLDEN=write` renews the file; read what changed before it is committed."""
    if os.environ.get("MUSTER_GOLDEN") == "write":
        GOLDEN.write_text(written(), encoding="utf-8")

    assert written() == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_statements_cover_every_form_and_verdict() -> None:
    said = [each[Audience.EXECUTIVE] for each in stated().values()]

    assert {metrics()[each.metric].form for each in said} == set(Form)
    assert {each.verdict.kind for each in said} == set(Kind)
    assert {each.verdict.because for each in said} == set(Because)


@pytest.mark.parametrize("audience", Audience)
def test_every_statement_keeps_every_wording_rule(audience) -> None:
    assert {title: found for title, each in stated().items() if (found := check(each[audience]))} == {}


@pytest.mark.parametrize("audience", Audience)
def test_every_statement_of_the_demo_keeps_every_wording_rule(audience) -> None:
    said = [state(each, audience) for each in demo_subjects()]

    assert [(str(each), found) for each in said if (found := check(each))] == []


@lru_cache(maxsize=1)
def demo_subjects() -> tuple[Subject, ...]:
    from schema.pages import subject as of_page

    return tuple(
        of_page(page, key, compared)
        for page in demo_pages().values()
        for key, judgement in page.judged.items()
        if judgement.now
        for compared in judgement.compared or (None,)
    )


def everything() -> list[Subject]:
    return [*(told for _, told in cases()), *demo_subjects()]


def test_one_figure_is_the_same_for_every_audience() -> None:
    for told in everything():
        assert same_values([claim_of(state(told, audience)) for audience in Audience])


def decoded(statement: Statement) -> Kind:
    """Read the verdict back out of the words alone, but for which way is good."""
    if statement.audience in {Audience.ENGINEER, Audience.COMPLIANCE}:
        labels = claim_of(statement).labels or ()
        [label] = (
            [kind for kind in Kind if kind.value == labels[0].replace("real but ", "")] if labels else [None]
        )
        return label or Kind.NOT_COMPARABLE
    words = statement.core.words
    found = signs(words)
    if "cannot tell" in words or "Too few" in words:
        return Kind.CANNOT_TELL
    if "about the same" in words:
        return Kind.SAME
    small = "real but" in words
    good = (
        Sign.BETTER in found or (Sign.UP in found or "rise" in words) is statement.subject.metric.good_is_up
    )
    moves = Sign.UP in found or Sign.DOWN in found or found & {Sign.BETTER, Sign.WORSE} or small
    if not moves:
        return Kind.NOT_COMPARABLE
    if statement.subject.metric.good_is_up is None or statement.subject.metric.form is Form.DRIFT:
        return Kind.SMALL_CHANGE if small else Kind.CLEAR_CHANGE
    if small:
        return Kind.SMALL_GAIN if good else Kind.SMALL_LOSS
    return Kind.CLEAR_GAIN if good else Kind.CLEAR_LOSS


def tells_a_figure(told: Subject) -> bool:
    return not (
        told.metric.engineers_only or (told.metric.beside and told.metric.beside not in told.now.parts)
    )


def test_every_audience_reads_the_same_verdict() -> None:
    for told in everything():
        if not tells_a_figure(told):
            continue
        read = {audience: decoded(state(told, audience)) for audience in Audience}
        assert set(read.values()) == {told.kind}, (read, str(state(told, Audience.EXECUTIVE)))


def test_every_audience_rests_on_the_same_readings() -> None:
    for told in everything():
        if not tells_a_figure(told) or told.shown:
            continue
        rests = {audience: rests_on(state(told, audience).text) for audience in Audience}
        wanted = {f"{told.metric.key}/now"} | ({f"{told.metric.key}/before"} if told.compared else set())
        for audience, found in rests.items():
            assert {each for each in found if each.startswith(f"{told.metric.key}/")} == wanted, audience


SHARES_OF_THOUSANDS = st.tuples(
    st.integers(30, 5_000), st.floats(0, 1), st.integers(30, 5_000), st.floats(0, 1)
)


@settings(deadline=None)
@given(
    SHARES_OF_THOUSANDS, st.sampled_from(["precision", "false_positive_rate", "alert_rate", "unsafe_rate"])
)
def test_any_two_proportions_are_said_honestly_to_everybody(counts, metric) -> None:
    cases_now, rate_now, cases_before, rate_before = counts
    now = level(metric, share(round(cases_now * rate_now), cases_now))
    before = level(metric, share(round(cases_before * rate_before), cases_before))
    told = subject(metric, now, before, matters="0.02")

    for audience in Audience:
        said = state(told, audience)
        assert check(said) == (), str(said)


@settings(deadline=None)
@given(
    SHARES_OF_THOUSANDS,
    SHARES_OF_THOUSANDS,
    st.sampled_from(["demographic_parity_difference", "demographic_parity_ratio", "worst_group_recall"]),
)
def test_any_two_groups_are_said_honestly_to_everybody(now, before, metric) -> None:
    def measured(counts):
        cases_a, rate_a, cases_b, rate_b = counts
        return {
            "women": share(max(1, round(cases_a * rate_a)), cases_a),
            "men": share(max(1, round(cases_b * rate_b)), cases_b),
        }

    told = subject(metric, level(metric, measured(now)), level(metric, measured(before)), matters="0.02")

    for audience in Audience:
        said = state(told, audience)
        assert check(said) == (), str(said)


@settings(deadline=None)
@given(
    st.decimals(1, 10**6, places=2), st.decimals(1, 10**6, places=2), st.floats(0.001, 0.5),
    st.sampled_from(["resolution_time", "cost_per_answer", "mae", "latency_p95", "support_savings"]),
)  # fmt: skip
def test_any_two_amounts_are_said_honestly_to_everybody(now, before, spread, metric) -> None:
    def ranged(value):
        width = value * D(str(spread))
        return level(metric, Ranged(value=value, low=value - width, high=value + width))

    told = subject(metric, ranged(now), ranged(before))

    for audience in Audience:
        said = state(told, audience)
        assert check(said) == (), str(said)
