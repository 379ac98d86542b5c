from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import Call, NotANumber, UnexpectedAnswer
from integrations.measurements import count, group_name, measured, moment, number
from schema.readings import Bands, Bare, Confusion, Inputs, Mean, Proportion, Ranged, Shape

CALL = Call(source="numbers", asked="the query")
D = Decimal


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (3, "3"),
        (-3, "-3"),
        (0.1, "0.1"),
        (D("0.10"), "0.10"),
        ("12.3", "12.3"),
        (" 12.3 ", "12.3"),
        ("1e-3", "0.001"),
        ("+5", "5"),
        (12345678901234567890123, "12345678901234567890123"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ],
)
def test_a_number_is_read_exactly(raw, value):
    assert number(raw, call=CALL, field="value") == D(value)


@pytest.mark.parametrize(
    "raw",
    [
        "12,3",
        "1,234.5",
        "1 000",
        "1_000",
        "",
        "ten",
        "0x10",
        "12.",
        ".5",
        "1e99999",
        "٣",
        True,
        [],
        {},
        b"1",
        "9" * 500,
    ],
)
def test_what_is_not_written_as_a_number_is_refused(raw):
    with pytest.raises(UnexpectedAnswer, match="value is not"):
        number(raw, call=CALL, field="value")


@pytest.mark.parametrize(
    "raw",
    [
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "+Inf",
        float("nan"),
        float("inf"),
        D("NaN"),
        D("-Infinity"),
        D("sNaN"),
    ],
)
def test_what_is_no_number_is_named(raw):
    with pytest.raises((NotANumber, UnexpectedAnswer)):
        number(raw, call=CALL, field="value")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_the_digits_that_it_shows(value):
    assert float(number(value, call=CALL, field="value")) == value
    assert str(number(value, call=CALL, field="value")) == str(D(repr(value)))


@pytest.mark.parametrize("raw", [1.5, "2347.83", -1, "1e30", D("0.0001")])
def test_a_count_is_whole_and_not_negative(raw):
    with pytest.raises(UnexpectedAnswer, match="n is a count"):
        count(raw, call=CALL, field="n")


def test_a_whole_number_written_with_a_point_is_a_count():
    assert count(D("90.0"), call=CALL, field="n") == 90


SHAPES = (
    (Shape.CONFUSION, {"tp": 1, "fp": 2, "fn": 3, "tn": 4}, Confusion(tp=1, fp=2, fn=3, tn=4)),
    (Shape.PROPORTION, {"numerator": 0, "denominator": 4}, Proportion(numerator=0, denominator=4)),
    (Shape.MEAN, {"value": "1.5", "n": 3, "sd": 0}, Mean(value=D("1.5"), n=3, sd=D(0))),
    (Shape.RANGED, {"value": 2, "low": 1, "high": 3}, Ranged(value=D(2), low=D(1), high=D(3))),
    (Shape.BARE, {"value": 0}, Bare(value=D(0))),
    (Shape.INPUTS, {"spend": "1.10", "done": 0}, Inputs(counts=(("done", D(0)), ("spend", D("1.10"))))),
    (
        Shape.BANDS,
        {"band": ["low", "high"], "now": [1, 2], "reference": [3, 0]},
        Bands(names=("low", "high"), now=(D(1), D(2)), reference=(D(3), D(0))),
    ),
)


@pytest.mark.parametrize(("shape", "fields", "expected"), SHAPES)
def test_fields_become_the_shape_that_was_asked(shape, fields, expected):
    assert measured(shape, fields, call=CALL) == expected
    assert (
        measured(shape, {**fields} if shape is Shape.INPUTS else {**fields, "other": "x"}, call=CALL)
        == expected
    )


@pytest.mark.parametrize(
    ("shape", "fields", "_expected"), [entry for entry in SHAPES if entry[0] is not Shape.INPUTS]
)
def test_a_missing_field_is_named(shape, fields, _expected):
    gone, *rest = sorted(fields)

    with pytest.raises(UnexpectedAnswer, match=f"{gone} is missing"):
        measured(shape, {name: fields[name] for name in rest}, call=CALL)


@pytest.mark.parametrize(
    ("shape", "fields"),
    [
        (Shape.PROPORTION, {"numerator": None, "denominator": 0}),
        (Shape.PROPORTION, {"numerator": 0, "denominator": 0}),
        (Shape.PROPORTION, {"numerator": None, "denominator": None}),
        (Shape.CONFUSION, {"tp": 0, "fp": 0, "fn": 0, "tn": 0}),
        (Shape.MEAN, {"value": None, "n": 0, "sd": None}),
        (Shape.BARE, {"value": None}),
        (Shape.RANGED, {"value": None, "low": None, "high": None}),
        (Shape.INPUTS, {"spend": None, "resolved": 0}),
        (Shape.BANDS, {"band": [], "now": [], "reference": []}),
    ],
)
def test_where_nothing_happened_there_is_no_measurement(shape, fields):
    assert measured(shape, fields, call=CALL) is None


@pytest.mark.parametrize(
    ("shape", "fields", "says"),
    [
        (Shape.PROPORTION, {"numerator": None, "denominator": 5}, "numerator has no value"),
        (Shape.PROPORTION, {"numerator": 6, "denominator": 5}, "above denominator"),
        (Shape.PROPORTION, {"numerator": 5, "denominator": 0}, "above denominator"),
        (Shape.PROPORTION, {"numerator": 1.5, "denominator": 5}, "whole number"),
        (Shape.MEAN, {"value": 3, "n": 1, "sd": None}, "sd has no value"),
        (Shape.MEAN, {"value": 3, "n": 0, "sd": 1}, "n above 0"),
        (Shape.MEAN, {"value": 3, "n": 5, "sd": -1}, "sd from 0"),
        (Shape.RANGED, {"value": 3, "low": 4, "high": 5}, "outside"),
        (Shape.RANGED, {"value": 3, "low": None, "high": 5}, "low has no value"),
        (Shape.INPUTS, {"spend": None, "resolved": 2}, "spend has no value"),
        (Shape.INPUTS, {"spend": "1,5"}, "spend is not written as a number"),
        (Shape.BANDS, {"band": ["a"], "now": [1, 2], "reference": [1, 2]}, "as long as"),
        (Shape.BANDS, {"band": ["a", "a"], "now": [1, 2], "reference": [1, 2]}, "each band once"),
        (Shape.BANDS, {"band": "ab", "now": [1, 2], "reference": [1, 2]}, "a list"),
        (Shape.BANDS, {"band": ["a"], "now": [-1], "reference": [1]}, "negative"),
    ],
)
def test_an_impossible_answer_is_refused_in_words(shape, fields, says):
    with pytest.raises(UnexpectedAnswer, match=says):
        measured(shape, fields, call=CALL)


@pytest.mark.parametrize(
    ("raw", "unit", "at"),
    [
        ("2026-11-22T23:00:00Z", "iso", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("2026-11-22 23:00:00", "iso", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("2026-11-23T04:00:00+05:00", "iso", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("2026-11-22", "iso", datetime(2026, 11, 22, tzinfo=UTC)),
        (date(2026, 11, 22), "iso", datetime(2026, 11, 22, tzinfo=UTC)),
        (datetime(2026, 11, 22, 23), "iso", datetime(2026, 11, 22, 23, tzinfo=UTC)),  # noqa: DTZ001 - as drivers give it
        (
            datetime(2026, 11, 23, 4, tzinfo=timezone(timedelta(hours=5))),
            "iso",
            datetime(2026, 11, 22, 23, tzinfo=UTC),
        ),
        (1795388400, "epoch", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("1795388400000", "epoch_ms", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        (None, "iso", None),
        ("", "iso", None),
    ],
)
def test_a_time_is_read_as_aware_utc(raw, unit, at):
    assert moment(raw, call=CALL, unit=unit) == at


@pytest.mark.parametrize(
    ("raw", "unit"), [("soon", "iso"), ("1e99", "epoch"), ("soon", "epoch"), ("NaN", "epoch")]
)
def test_what_is_no_time_is_refused(raw, unit):
    with pytest.raises(UnexpectedAnswer, match="newest_at is not a time"):
        moment(raw, call=CALL, unit=unit)


def test_a_group_without_a_name_is_not_taken_for_everybody():
    assert group_name([None], call=CALL) == "not stated"
    assert group_name([""], call=CALL) == "not stated"
    assert group_name(["women", 30], call=CALL) == "women / 30"


def test_a_group_whose_name_is_too_long_to_be_kept_is_no_answer():
    assert len(group_name(["x" * 300], call=CALL)) == 300
    with pytest.raises(UnexpectedAnswer, match="a name of more than 300 characters"):
        group_name(["x" * 298, "y"], call=CALL)
