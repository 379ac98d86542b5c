"""The measurements run: each row once, as small as it goes; what they say of a busy machine is not judged here."""

import json

import pytest

from tests.bench import __main__ as bench
from tests.bench.measuring import Goal, Line, Size, ratios
from tests.bench.rows import ROWS

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")


def test_every_row_has_a_number_and_a_name_of_its_own():
    assert [row.number for row in ROWS] == list(range(1, len(ROWS) + 1))
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_row_measures_something(row):
    lines, _ = await bench.measured(row, Size.TINY)

    assert lines
    for line in lines:
        assert line.low <= line.value <= line.high
        assert line.unmet == ""
        assert line.beside
    assert json.dumps(bench.written([(row, lines)], Size.TINY))
    assert bench.table([(row, lines)]).row_count == len(lines)


def test_a_goal_is_held_or_missed_or_only_reported():
    def ok(goal, value, unmet=""):
        return Line(what="", goal=goal, value=value, low=value, high=value, unmet=unmet).ok

    assert ok(Goal(limit=1.5, unit="×"), 1.5) is True
    assert ok(Goal(limit=1.5, unit="×"), 1.6) is False
    assert ok(Goal(limit=2, unit="×", at_most=False), 1.9) is False
    assert ok(Goal(limit=2, unit="×"), 1, unmet="another plan") is False
    assert ok(Goal(limit=None, unit="×"), 99) is None
    assert ratios([(1, 2), (3, 2)]) == [0.5, 1.5]


def test_rows_are_chosen_by_number_and_an_unknown_one_is_said():
    assert [row.number for row in bench.chosen("3, 1")] == [3, 1]
    assert bench.chosen("") == list(ROWS)
    with pytest.raises(SystemExit, match="There is no row 77"):
        bench.chosen("77")
