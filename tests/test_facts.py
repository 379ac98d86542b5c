"""Figures as they are shown: from exact counts, half up, never a number that is none."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.facts import (
    BASES,
    Fact,
    Kind,
    amount_outward,
    base_for,
    base_to_see,
    day,
    decimals_in,
    group_name,
    money,
    name,
    number,
    outward,
    per,
    percent,
    points,
    quantity,
    rounded,
    shows,
    signed,
    significant,
)
from schema.metrics import Unit

D = Decimal
SHARES = st.integers(1, 1_000_000).flatmap(
    lambda n: st.integers(0, n).map(lambda hits: Decimal(hits) / Decimal(n))
)
FIGURES = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [  # the traps of rule 3: a float's format gives 0.9961, 2, -0.0 and 2.67
        ("0.99615", 4, "0.9962"),
        ("2.5", 0, "3"),
        ("-0.04", 1, "0.0"),
        ("2.675", 2, "2.68"),
        ("-2.675", 2, "-2.68"),
        ("0.5", 0, "1"),
        ("1.5", 0, "2"),
        ("98795", 0, "98,795"),
        ("1234567.891", 1, "1,234,567.9"),
        ("-0", 0, "0"),
    ],
)
def test_figures_are_rounded_half_up_and_never_to_minus_nought(value, decimals, shown) -> None:
    assert number(D(value), decimals) == shown


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_never_shown(value) -> None:
    with pytest.raises(ValueError, match="finite"):
        number(D(value), 1)


@given(FIGURES, st.integers(0, 5))
def test_a_shown_figure_is_within_half_of_its_last_place(value, decimals) -> None:
    shown = number(value, decimals)

    assert abs(D(shown.replace(",", "")) - value) <= D(1).scaleb(-decimals) / 2
    assert not shown.startswith("-0") or D(shown) != 0


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        ("0.05", 0, "0"),
        ("0.04", 1, "0.0"),
        ("3", 1, "+3.0"),
        ("-3", 1, "-3.0"),
        ("-0.04", 1, "0.0"),
        ("0", 2, "0.00"),
    ],
)
def test_a_signed_figure_has_no_sign_when_it_shows_as_nought(value, decimals, shown) -> None:
    assert signed(D(value), decimals) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [("0.82", "82.0%"), ("0.018", "1.8%"), ("0.0018", "0.18%"), ("0", "0.0%"), ("1", "100.0%"), ("0.000018", "0.0018%"),
     ("0.9995", "99.950%"), ("0.9997", "99.970%"), ("0.99935", "99.935%"), ("0.9999999", "99.999990%")],
)  # fmt: skip
def test_small_percentages_keep_two_digits(share, shown) -> None:
    assert percent(D(share)) == shown


def test_a_difference_of_two_shares_is_in_points() -> None:
    assert points(D("0.05") - D("0.04")) == "+1.0 points"
    assert points(D("-0.03")) == "-3.0 points"
    assert points(D("0.0012")) == "+0.12 points"


@pytest.mark.parametrize(
    ("value", "currency", "digits", "shown"),
    [
        ("97925.00", "USD", None, "$97,925"),
        ("97925.50", "USD", None, "$97,925.50"),
        ("97925.00", "USD", 3, "$97,900"),
        ("5092100", "USD", 3, "$5,090,000"),
        ("-301513.85", "EUR", 3, "-€302,000"),
        ("0.4178", "USD", 3, "$0.42"),
        ("15.004", "CHF", None, "CHF 15.00"),
        ("0", "USD", 3, "$0"),
        ("999.5", "USD", 3, "$1,000"),
    ],
)
def test_money_is_short_for_executives_and_exact_for_others(value, currency, digits, shown) -> None:
    assert money(D(value), currency, digits=digits) == shown


@pytest.mark.parametrize(
    ("value", "unit", "unit_name", "shown"),
    [
        ("1", Unit.HOURS, "", "1.0 hours"),
        ("4.6", Unit.SECONDS, "", "4.6 seconds"),
        ("17.5", Unit.OWN, "units", "17.5 units"),
        ("80.04", Unit.MULTIPLE, "", "80.0 times"),
        ("23738", Unit.OWN, "rows", "23,738 rows"),
        ("0.0881", Unit.SCORE, "", "0.088"),
        ("0.0042", Unit.SECONDS, "", "0.00420 seconds"),
    ],
)
def test_a_quantity_carries_its_unit(value, unit, unit_name, shown) -> None:
    assert quantity(D(value), unit, unit_name=unit_name) == shown


def test_one_of_a_unit_is_singular() -> None:
    assert quantity(D(1), Unit.HOURS, decimals=0) == "1 hour"


@pytest.mark.parametrize(
    ("shares", "base"),
    [
        (("0.82", "0.85"), 100),
        (("0.0018",), 10_000),
        (("0.0047", "0.0021"), 10_000),
        (("0.5",), 100),
        (("0", "0.4"), 100),
        (("0",), 100),
        (("0.00001",), 1_000_000),
        (("0.0000004",), None),
        (("0.00001", "0.0000004"), None),
    ],
)
def test_one_power_of_ten_keeps_the_smallest_count_near_its_figure(shares, base) -> None:
    assert base_for(*map(D, shares)) == base


def test_two_levels_that_differ_do_not_look_equal() -> None:
    assert base_for(D("0.8201"), D("0.8239")) == 100
    assert base_for(D("0.8201"), D("0.8239"), apart=True) == 1_000


@given(st.lists(SHARES, min_size=1, max_size=3))
def test_a_base_is_a_power_of_ten_that_never_says_one_were(shares) -> None:
    base = base_for(*shares)

    if base is not None:
        assert base in BASES
        assert all(per(share, base) != 1 for share in shares if share)


@given(SHARES, st.sampled_from(BASES), st.booleans())
def test_an_end_of_an_interval_is_rounded_away_from_the_middle_or_to_the_nearest(share, base, low) -> None:
    count = outward(share, base, low=low)

    assert abs(count - share * base) <= 1
    assert abs(count - share * base) <= D("0.5") or (count <= share * base) is low


@given(SHARES, SHARES, st.sampled_from(BASES))
def test_a_base_is_only_raised_to_see_an_end(low, high, base) -> None:
    seen = base_to_see(-low, high, base)

    assert seen >= base
    assert seen == BASES[-1] or max(low, high) * seen >= 1


@pytest.mark.parametrize(("value", "digits", "result"), [("97925", 3, "97900"), ("0.0123456", 3, "0.0123"), ("0", 3, "0"), ("999.5", 3, "1000")])  # fmt: skip
def test_significant_digits_are_rounded_half_up(value, digits, result) -> None:
    assert significant(D(value), digits) == D(result)


def test_days_and_stated_decimals_read_as_people_write_them() -> None:
    assert day(date(2026, 11, 22)) == "22 November 2026"
    assert day(date(2026, 2, 1), year=False) == "1 February"
    assert [decimals_in(D(text)) for text in ("500", "0.50", "0.05", "5E+2")] == [0, 1, 2, 0]


def level(shown: str, value: str, **more) -> Fact:
    return Fact(
        of="m/now", function=more.pop("function", "level"), kind=more.pop("kind", Kind.LEVEL), value=D(value),
        shown=shown, **more,
    )  # fmt: skip


SHOWN = [
    (level("82.0%", "0.82", unit="share"), True),
    (level("83.0%", "0.82", unit="share"), False),
    (level("82", "0.8249", kind=Kind.PER, base=100), True),
    (level("83", "0.8249", kind=Kind.PER, base=100), False),
    (level("82", "0.82", kind=Kind.PER, base=1_000), False),
    (level("$97,900", "97925", unit="money"), True),
    (level("$97,925", "97925", unit="money"), True),
    (level("$97,800", "97925", unit="money"), False),
    (level("97,900", "97925"), False),
    (level("-3.0 points", "-0.03", kind=Kind.CHANGE, unit="points"), True),
    (level("+3.0 points", "-0.03", kind=Kind.CHANGE, unit="points"), False),
    (level("3.0 points", "-0.03", kind=Kind.CHANGE, unit="points"), False),
    (level("6 fewer", "-0.0625", kind=Kind.CHANGE, function="low", base=100), True),
    (level("6 more", "-0.0625", kind=Kind.CHANGE, function="low", base=100), False),
    (level("7 fewer", "-0.0625", kind=Kind.CHANGE, function="low", base=100), True),
    (level("8 fewer", "-0.0625", kind=Kind.CHANGE, function="low", base=100), False),
    (level("level", "0.0026", kind=Kind.CHANGE, function="high", base=100), True),
    (level("level", "0.026", kind=Kind.CHANGE, function="high", base=100), False),
    (level("level", "0", kind=Kind.CHANGE, function="high"), True),
    (level("level", "1", kind=Kind.CHANGE, function="high"), False),
    (level("under 0.001", "0.0004", kind=Kind.CHANCE, function="q"), True),
    (level("under 0.001", "0.004", kind=Kind.CHANCE, function="q"), False),
    (level("45% less", "-0.4501", kind=Kind.RELATIVE), True),
    (level("45% more", "-0.4501", kind=Kind.RELATIVE), False),
    (level("2", "0.0126", kind=Kind.PER, function="upper", base=100), True),
    (level("1", "0.0126", kind=Kind.PER, function="upper", base=100), False),
    (level("151", "0.1504", kind=Kind.PER, function="break_even", base=1_000), True),
    (level("150", "0.1504", kind=Kind.PER, function="break_even", base=1_000), False),
    (level("$20.3", "20.374", function="flip", unit="money"), True),
    (level("$20.4", "20.374", function="flip", unit="money"), False),
    (level("under 1", "0.0000004", kind=Kind.PER, function="per", base=1_000_000), True),
    (level("under 1", "0.0000014", kind=Kind.PER, function="per", base=1_000_000), False),
    (level("over 999,999", "0.9999997", kind=Kind.PER, function="per", base=1_000_000), True),
    (level("over 999,999", "0.99999", kind=Kind.PER, function="per", base=1_000_000), False),
    (level("many", "7"), False),
    (name("GPT 4"), True),
    (group_name("over 60"), True),
]


@pytest.mark.parametrize(("fact", "true"), SHOWN, ids=lambda each: getattr(each, "shown", None))
def test_what_is_shown_is_the_figure(fact, true) -> None:
    assert shows(fact) is true


@given(FIGURES, st.integers(0, 4))
def test_a_figure_shows_itself_and_no_neighbour(value, decimals) -> None:
    shown = number(value, decimals)
    beside = number(rounded(value, decimals) + D(1).scaleb(-decimals), decimals)

    assert shows(level(shown, str(value)))
    assert not shows(level(beside, str(value)))


@given(st.decimals(min_value=-(10**7), max_value=10**7, places=4, allow_nan=False), st.booleans())
def test_an_interval_in_money_never_looks_narrower_than_it_is(value, low):
    end = amount_outward(value, 3, low=low)
    assert end <= value if low else end >= value
    assert abs(end - value) <= max(abs(value) / 10, Decimal("0.01"))
