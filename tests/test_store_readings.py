import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from integrations.store.blanks import troubles
from integrations.store.engine import Store
from integrations.store.measurements import read, written
from integrations.store.readings import add, history, latest
from schema.periods import Calendar, Period
from schema.readings import (
    SHAPE_OF,
    Bands,
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
from tests.databases import a_database, a_store, an_engine, fresh_url, plan, two_stores  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CALENDAR = Calendar(zone=ZoneInfo("Europe/Berlin"))
LAST = CALENDAR.last_complete(NOON)
PERIODS = CALENDAR.back(LAST, 13)

MEASUREMENTS = [
    Confusion(tp=10**15, fp=2, fn=3, tn=4),
    Proportion(numerator=3, denominator=2**53 + 1),
    Mean(value=Decimal("0.1"), n=3, sd=Decimal("0.30")),
    Ranged(value=Decimal("-1E-9"), low=Decimal(-2), high=Decimal("1E+3")),
    Bare(value=Decimal("12345678901234567890.123456789012345678901234567890")),
    Bands(names=("low", "high"), now=(Decimal(1), Decimal("2.50")), reference=(Decimal(3), Decimal(0))),
    Inputs(counts=(("resolved", Decimal(9)), ("spend", Decimal("10.05")))),
]


def reading(metric="recall", period=LAST, value="0.90", **changes):
    receipt = {
        "source": "warehouse",
        "query_digest": "q1",
        "definition": "d1",
        "window": period,
        "sample": 40,
        "fetched_at": NOON,
        "newest_at": NOON - timedelta(hours=3),
    }
    own = {"product": "fraud", "metric": metric, "group": "", "period": period}
    own |= {"measurement": Bare(value=Decimal(value)) if isinstance(value, str) else value}
    receipt |= {name: changes.pop(name) for name in list(changes) if name in receipt}
    return Reading(**own | changes, receipt=Receipt(**receipt))


def blank(metric="recall", period=LAST, **changes):
    own = {"product": "fraud", "metric": metric, "period": period, "reason": BlankReason.STALE}
    own |= {"detail": "The newest row is 9 days old.", "source": "warehouse", "fetched_at": NOON}
    return Blank(**own | changes)


def put(store, *readings, blanks=(), workspace="w"):
    return store.write_sync(lambda session: add(session, workspace, readings=readings, blanks=blanks))


def look(store, metric="recall", *, periods=(LAST,), group=None, workspace="w"):
    return store.read_sync(
        lambda session: latest(
            session, workspace, product="fraud", metric=metric, periods=periods, group=group
        )
    )


def look_back(store, *metrics, workspace="w", first=PERIODS[0], last=LAST):
    return store.read_sync(
        lambda session: history(session, workspace, product="fraud", metrics=metrics, first=first, last=last)
    )


def look_for_trouble(store, *metrics, workspace="w"):
    return store.read_sync(
        lambda session: troubles(
            session, workspace, product="fraud", metrics=metrics, first=PERIODS[0], last=LAST
        )
    )


@pytest.mark.parametrize("measurement", MEASUREMENTS, ids=lambda each: type(each).__name__)
def test_a_reading_comes_back_digit_for_digit(store, measurement):
    original = reading(value=measurement, group="Zürich 😀")

    put(store, original)

    (back,) = look(store)
    assert back == original
    assert repr(back.measurement) == repr(original.measurement)


def test_every_shape_has_its_way_back():
    assert {type(measurement) for measurement in MEASUREMENTS} == set(SHAPE_OF)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_decimal_gains_or_loses_a_digit(value):
    shape, json_text = written(Bare(value=value))

    assert repr(read(shape, json_text)) == repr(Bare(value=value))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_never_becomes_a_row(value):
    with pytest.raises(ValueError, match="should have been a blank"):
        written(Bare(value=Decimal(value)))


def test_the_same_value_again_adds_nothing(store):
    first = put(store, reading(value="0.90"))
    second = put(store, reading(value="0.900", fetched_at=NOON + timedelta(days=1), sample=41))

    assert (first.readings, second.readings) == (1, 0)
    assert second.restatements == ()
    assert len(look(store)) == 1


def test_another_value_is_a_restatement_with_both_values(store):
    put(store, reading(value="0.90"))
    added = put(store, reading(value="0.85", fetched_at=NOON + timedelta(days=1)))

    (restated,) = added.restatements
    assert (restated.old.measurement, restated.old.revision) == (Bare(value=Decimal("0.90")), 1)
    assert (restated.new.measurement, restated.new.revision) == (Bare(value=Decimal("0.85")), 2)
    assert look(store) == (restated.new,)


def test_a_value_that_comes_back_is_restated_again(store):
    for value in ("1", "2", "1"):
        put(store, reading(value=value))

    (newest,) = look(store)
    assert (newest.measurement, newest.revision) == (Bare(value=Decimal(1)), 3)


def test_one_pull_may_say_two_things_of_one_key(store):
    added = put(store, reading(value="1"), reading(value="1"), reading(value="2"))

    assert added.readings == 2
    assert [each.revision for each in look(store)] == [2]


def test_another_question_is_another_key_and_the_last_fetched_comes_last(store):
    put(store, reading(value="1", query_digest="zz"))
    put(store, reading(value="2", query_digest="aa", fetched_at=NOON + timedelta(hours=1)))
    put(store, reading(value="3", definition="d0", fetched_at=NOON + timedelta(hours=2)))

    found = look(store)
    assert [each.revision for each in found] == [1, 1, 1]
    assert [each.measurement.value for each in found] == [1, 2, 3]


def test_groups_and_products_and_workspaces_stay_apart(store):
    put(store, reading(group="women"), reading(group="men", value="0.8"), reading())
    put(store, reading(product="other", value="0.1"))
    put(store, reading(value="0.2"), workspace="w2")

    assert [each.group for each in look(store)] == ["", "men", "women"]
    assert [each.group for each in look(store, group="")] == [""]
    assert [each.measurement.value for each in look(store, workspace="w2")] == [Decimal("0.2")]


def test_a_history_is_one_query_for_a_whole_product(store):
    readings = [reading(metric, period) for metric in ("recall", "cost", "f1") for period in PERIODS]
    put(store, *readings, reading("recall", LAST, "0.7"), reading("latency"))
    put(store, reading("recall", LAST, "0.8"))
    statements = []

    event.listen(store._reading, "before_cursor_execute", lambda *args: statements.append(args[2]))
    found = look_back(store, "recall", "cost", "f1")

    assert len([each for each in statements if each.startswith("SELECT")]) == 1
    assert len(found) == 3 * 13
    assert [(each.metric, each.period) for each in found[:13]] == [("cost", period) for period in PERIODS]
    assert found[-1].measurement == Bare(value=Decimal("0.8"))


def test_a_history_keeps_to_its_first_and_last_period(store):
    put(store, *(reading(period=period) for period in PERIODS))

    found = look_back(store, "recall", first=PERIODS[3], last=PERIODS[5])

    assert [each.period for each in found] == list(PERIODS[3:6])


def test_only_the_periods_that_were_asked_for_are_given(store):
    longer = Period(start=LAST.start, end=LAST.end + timedelta(days=21))
    put(store, *(reading(period=period) for period in (*PERIODS, longer)))

    assert [each.period for each in look(store, periods=(LAST, PERIODS[0]))] == [PERIODS[0], LAST]


def test_a_blank_stands_beside_a_value_and_never_in_its_place(store):
    put(store, reading())
    later = NOON + timedelta(hours=1)
    put(store, blanks=[blank(fetched_at=later)])

    assert [each.measurement.value for each in look(store)] == [Decimal("0.90")]
    assert look_for_trouble(store, "recall", "cost") == (blank(fetched_at=later),)


def test_the_newest_trouble_of_each_period_is_given(store):
    old, new = blank(), blank(reason=BlankReason.FORBIDDEN, detail="No.", newest_at=NOON)
    other = blank("cost", PERIODS[0])
    put(store, blanks=[old, other])
    put(store, blanks=[new])

    assert look_for_trouble(store, "recall", "cost") == (other, new)
    assert look_for_trouble(store, "recall", workspace="w2") == ()


def test_the_same_trouble_again_adds_nothing_until_a_value_came_between(store):
    hours = [NOON + timedelta(hours=hour) for hour in range(4)]

    assert put(store, blanks=[blank(fetched_at=hours[0])]).blanks == 1
    assert put(store, blanks=[blank(fetched_at=hours[1])]).blanks == 0
    assert put(store, reading(fetched_at=hours[2])).readings == 1
    assert put(store, blanks=[blank(fetched_at=hours[3])]).blanks == 1
    assert [each.fetched_at for each in look_for_trouble(store, "recall")] == [hours[3]]


def test_a_transaction_that_is_cut_leaves_nothing(store):
    def cut(session):
        add(session, "w", readings=[reading()], blanks=[blank("cost")])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write_sync(cut)

    assert look(store) == ()
    assert look_for_trouble(store, "cost") == ()


async def test_two_pulls_at_once_make_each_revision_once(stores):
    pulls = [
        store.write(lambda session, value=value: add(session, "w", readings=[reading(value=str(value))]))
        for value in range(10)
        for store in stores
    ]

    added = await asyncio.gather(*pulls)

    (newest,) = look(stores[0])
    assert newest.revision == sum(each.readings for each in added)


def test_a_name_too_long_for_a_key_is_refused(store):
    with pytest.raises(ValueError, match="40000 characters cannot be a key"):
        put(store, reading(group="x" * 40_000))


def test_hostile_names_are_one_key_each_time(store):
    first = put(store, reading(group="a\ud800\0b"))
    second = put(store, reading(group="a\ud800\0b"))

    assert (first.readings, second.readings) == (1, 0)


@pytest.mark.parametrize("name", ["latest", "history"])
def test_many_readings_are_found_by_the_same_plan_as_few(name):
    store = Store(fresh_url("sqlite"))
    call = {
        "latest": lambda: look(store, periods=PERIODS),
        "history": lambda: look_back(store, "recall", "cost", "f1"),
    }[name]
    put(store, *(reading(period=period) for period in PERIODS))
    few = plan(store, call)

    store.write_sync(multiply)
    many = plan(store, call)

    assert many == few
    assert any(
        "USING PRIMARY KEY (workspace=? AND product=? AND metric=? AND period_start" in step for step in few
    )
    assert not any("SCAN" in step for step in few)
    store.close_sync()


def multiply(session):
    """Make 13 readings 26,000 and let the planner count them."""
    columns = (
        'period_start, period_end, "group", source, query_digest, definition, revision, shape, measurement'
    )
    rest = "window_start, window_end, sample, fetched_at, newest_at"
    session.execute(
        text(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
            f"INSERT INTO readings (workspace, product, metric, {columns}, {rest}) "
            f"SELECT workspace, product || (i % 40), metric || i, {columns}, {rest} FROM readings, n"
        )
    )
    session.execute(text("ANALYZE"))
