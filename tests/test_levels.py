"""Levels in words: one denominator, both levels told apart, groups beside their figures, bounds where nothing was seen."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schema.facts import Kind
from schema.metrics import Audience, Unit
from schema.readings import Confusion, Proportion, Ranged
from schema.statements.levels import constant, ends_of_change, level_before, look_equal, marks, phrase
from schema.statements.levels import level as said
from schema.verdicts import Kind as VerdictKind
from schema.verdicts import Verdict
from tests.subjects import MOMENT, language, level, metrics, share, subject

D = Decimal
TABLE = Confusion(tp=820, fp=180, fn=205, tn=98_795)


def told(metric: str, now, before, **more):
    return subject(metric, level(metric, now), level(metric, before), **{"matters": "0.02", **more})


def changed(metric: str, now, before, kind=VerdictKind.CLEAR_GAIN):
    plain = told(metric, now, before)
    return replace(plain, verdict=replace(plain.verdict, kind=kind))


@pytest.mark.parametrize(
    ("now", "before", "words", "earlier"),
    [
        (share(820, 1_000), share(850, 1_000), "of every 100 flagged cases, 82 were real cases and 18 were good cases", "85"),
        (share(8_201, 10_000), share(8_239, 10_000), "of every 1,000 flagged cases, 820 were real cases", "824"),
        (share(9, 10), share(850, 1_000), "9 of 10 flagged cases were real cases", "850 of 1,000"),
        (share(820, 1_000), share(9, 10), "820 of 1,000 flagged cases were real cases", "9 of 10"),
    ],
)  # fmt: skip
def test_a_share_is_so_many_of_every_so_many(now, before, words, earlier) -> None:
    """The worked text of METRICS.md (f) 1, levels that differ, and few cases as counts."""
    each = changed("precision", now, before)

    assert str(said(each, Audience.EXECUTIVE)) == words
    shown = level_before(each)
    assert (shown.shown if hasattr(shown, "shown") else str(shown)) == earlier


def test_false_positives_of_the_worked_table_are_eighteen_of_ten_thousand() -> None:
    text = said(subject("false_positive_rate", level("false_positive_rate", TABLE), None), Audience.EXECUTIVE)

    assert str(text) == "of every 10,000 good cases, 18 were flagged by mistake"


def test_what_was_not_seen_has_an_upper_bound() -> None:
    text = said(told("unsafe_rate", share(0, 300), share(1, 300)), Audience.EXECUTIVE)

    assert (
        str(text) == "0 of 300 answers we checked were unsafe; the true rate may be up to 13 in every 1,000"
    )


def test_levels_that_do_not_clearly_differ_keep_the_smaller_denominator() -> None:
    close = told("precision", share(8_201, 10_000), share(8_239, 10_000))

    assert close.verdict.kind is VerdictKind.SAME
    assert "of every 100 " in str(said(close, Audience.EXECUTIVE))


def test_the_denominator_grows_until_the_ends_of_an_unclear_change_can_be_seen() -> None:
    unclear = Verdict(
        kind=VerdictKind.CANNOT_TELL,
        difference=D("0.001"),
        low=D("-0.002"),
        high=D("0.004"),
        matters=D("0.003"),
    )
    each = replace(told("precision", share(820, 1_000), share(819, 1_000)), verdict=unclear)

    low, high = ends_of_change(each, unclear.low, unclear.high)

    assert "of every 1,000 " in str(said(each, Audience.EXECUTIVE))
    assert (low.shown, high.shown) == ("2 fewer", "4 more")


GROUPS = {
    "women": Proportion(numerator=210, denominator=500),
    "men": Proportion(numerator=480, denominator=800),
}


def test_a_gap_names_both_groups_beside_their_own_figures() -> None:
    text = said(
        subject("demographic_parity_difference", level("demographic_parity_difference", GROUPS), None),
        Audience.SUPPORT,
    )

    assert str(text) == "of every 100 people, 60 among men and 42 among women were selected: a gap of 18"
    assert [(fact.group, fact.shown) for fact in text.facts if fact.group] == [
        ("men", "60"), ("men", "men"), ("women", "42"), ("women", "women"),
    ]  # fmt: skip


def test_a_gap_that_changed_does_not_look_as_it_was() -> None:
    before = {
        "women": Proportion(numerator=208, denominator=500),
        "men": Proportion(numerator=480, denominator=800),
    }
    each = changed("demographic_parity_difference", GROUPS, before)

    assert "a gap of 180" in str(said(each, Audience.EXECUTIVE))
    assert level_before(each).shown == "184"


def test_a_group_under_thirty_is_not_ranked() -> None:
    small = {**GROUPS, "others": Proportion(numerator=1, denominator=29)}
    text = said(
        subject("demographic_parity_difference", level("demographic_parity_difference", small), None),
        Audience.EXECUTIVE,
    )

    assert "others" not in str(text)


def test_f1_is_said_as_what_it_is_made_of() -> None:
    each = told("f1", TABLE, Confusion(tp=760, fp=240, fn=265, tn=98_735))

    assert str(said(each, Audience.EXECUTIVE)) == (
        "of every 100 real cases we know about, 80 were caught, and of every 100 flagged cases, 82 were real cases"
    )
    assert str(said(each, Audience.EXECUTIVE, apart=True)).count(". Of every 100") == 1
    assert str(level_before(each)) == "74 and 76"
    assert "f1" not in str(said(each, Audience.EXECUTIVE)).lower()


def test_money_that_looks_alike_is_known_to() -> None:
    def worth(value):
        return Ranged(value=D(value), low=D(value) - 10, high=D(value) + 10)

    assert look_equal(told("net_benefit", worth(97_925), worth(97_880), matters="10"))
    assert not look_equal(told("net_benefit", worth(97_925), worth(95_000), matters="10"))
    assert not look_equal(told("precision", share(820, 1_000), share(820, 1_000)))


def test_both_levels_have_the_decimals_of_the_larger() -> None:
    def hours(value):
        return Ranged(value=D(value), low=D(value) - 1, high=D(value) + 1)

    each = told("resolution_time", hours("94.0"), hours("100.4"), matters="2")

    assert str(said(each, Audience.EXECUTIVE)).endswith("was 94 hours")
    assert level_before(each).shown == "100 hours"


def test_several_joined_periods_are_always_said() -> None:
    each = replace(told("precision", share(820, 1_000), share(850, 1_000)), moment=replace(MOMENT, joined=4))

    assert str(said(each, Audience.EXECUTIVE)).endswith(" (16 to 22 November 2026)")


@pytest.mark.parametrize(
    ("metric", "provisional", "unmarked", "start"),
    [
        ("net_benefit", True, frozenset(), "estimated and provisional: "),
        ("net_benefit", False, frozenset(), "estimated: "),
        ("precision", True, frozenset(), "provisional: "),
        ("precision", True, frozenset({"provisional"}), "of every"),
        ("precision", False, frozenset(), "of every"),
    ],
)
def test_a_caveat_stands_first_and_once(metric, provisional, unmarked, start) -> None:
    each = subject(metric, level(metric, TABLE), None, provisional=provisional)

    assert str(said(each, Audience.EXECUTIVE, unmarked=unmarked)).startswith(start)
    assert set(marks(each)) == {name for name in ("estimated", "provisional") if name in start} | set(
        unmarked
    )


def test_labels_that_nobody_stated_say_so_and_constants_are_figures() -> None:
    metric = metrics()["precision"]

    assert str(phrase("{label.outcomes}", metric, language())) == "not stated"
    assert (
        str(phrase("{label.recourse}", metric, language())) == "a request for review, answered within a day"
    )
    top = metrics()["precision_at_k"]
    name = next(iter(top.constants))
    [figure] = phrase(f"the top {{constant.{name}}}", top, language()).facts
    assert (figure.kind, figure.value) == (Kind.CONSTANT, top.constants[name])
    assert constant(D("0.10"), "limit").shown == "0.1"


def test_every_figure_of_a_level_prints_its_unit() -> None:
    for metric, measured in (("latency_p95", Ranged(value=D("4.6"), low=D(4), high=D(5))), ("lift", TABLE)):
        text = said(subject(metric, level(metric, measured), None), Audience.EXECUTIVE)
        [figure] = [fact for fact in text.facts if fact.kind is Kind.LEVEL]
        assert {Unit.SECONDS: "second", Unit.MULTIPLE: "times"}[metrics()[metric].unit] in figure.shown
