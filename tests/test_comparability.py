"""What may be compared: one question, one set of groups, whole windows, outcomes as complete as before."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from bot.files import catalogue
from integrations.store import readings as stored
from schema.estimates.estimating import estimate
from schema.judgements import Judgement, judge_product, past_of, questions_of
from schema.products import Product
from schema.readings import (
    WHOLE,
    Bare,
    Blank,
    BlankReason,
    Confusion,
    Inputs,
    Measurement,
    Proportion,
    Reading,
    Receipt,
    Withdrawn,
)
from schema.verdicts import GAINS, LOSSES, Because, Kind, Level, judge
from tests.databases import a_database, a_store, an_engine  # noqa: F401

D = Decimal
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUERY = {"source": "warehouse", "shape": "proportion", "sql": "SELECT 1 WHERE :start < :end"}


def product(metrics: dict, **more) -> Product:
    """Make a product whose metrics each read a query of their own name."""
    return Product.model_validate({
        "key": "p", "title": "P", "zone": "UTC", "owner": "U0ANA00001", "backup_owner": "U0BEN00001", "currency": "USD",
        "queries": {key: _query(key) for key in metrics},
        "metrics": {key: {"query": key, **asked} for key, asked in metrics.items()}, **more,
    })  # fmt: skip


def _query(key: str):
    from schema.sources import SqlQuery

    return SqlQuery.model_validate({**QUERY, "sql": f"SELECT '{key}' WHERE :start < :end"})


def reading(
    made: Product, metric: str, weeks_ago: int, measured: Measurement, *, group: str = WHOLE, **receipt
) -> Reading:
    """Make the reading of a metric some weeks before the last complete one."""
    period = made.calendar.shift(made.calendar.last_complete(AT), -weeks_ago)
    question, definition = questions_of(made, catalogue())[metric]
    given = {
        "source": "warehouse", "query_digest": question, "definition": definition, "window": period, "sample": 1,
        "fetched_at": AT, **receipt,
    }  # fmt: skip
    return Reading(
        product="p", metric=metric, group=group, period=period, measurement=measured, receipt=Receipt(**given)
    )


def judged(
    made: Product, readings: list[Reading], blanks: dict[str, Blank] | None = None
) -> dict[str, Judgement]:
    """Judge the last complete week."""
    return judge_product(
        made, catalogue(), period=made.calendar.last_complete(AT),
        past=past_of(readings, questions_of(made, catalogue())), blanks=blanks or {}, today=date(2026, 11, 23),
    )  # fmt: skip


def of(numerator: int, denominator: int) -> Proportion:
    return Proportion(numerator=numerator, denominator=denominator)


def test_todays_question_is_answered_by_its_own_reading_even_when_another_was_fetched_later():
    made = product({"csat": {"matters": 0.02}})
    mistake = reading(made, "csat", 0, of(1, 1000), query_digest="other", fetched_at=AT + timedelta(hours=1))

    found = judged(made, [reading(made, "csat", 0, of(820, 1000)), mistake])

    assert found["csat"].now.level.estimate.value == D("0.82")


def test_groups_of_two_questions_are_never_mixed():
    made = product({"demographic_parity_difference": {"matters": 0.02}})
    key = "demographic_parity_difference"
    old = [
        reading(made, key, 0, of(n, 1000), group=g, query_digest="old") for g, n in (("m", 600), ("f", 100))
    ]
    new = [reading(made, key, 0, of(n, 1000), group=g) for g, n in (("men", 600), ("women", 580))]

    found = judged(made, [*new, *old])

    assert {each.group for each in found[key].now.level.estimate.groups} == {"men", "women"}


def test_a_group_that_vanished_makes_a_gap_not_comparable():
    made = product({"demographic_parity_difference": {"matters": 0.02}})
    key = "demographic_parity_difference"
    before = [reading(made, key, 1, of(n, 1000), group=g) for g, n in (("a", 600), ("b", 580), ("c", 100))]
    now = [reading(made, key, 0, of(n, 1000), group=g) for g, n in (("a", 600), ("b", 580))]

    verdict = judged(made, [*before, *now])[key].verdict

    assert (verdict.kind, verdict.because) == (Kind.NOT_COMPARABLE, Because.GROUPS)


def test_a_window_does_not_mix_questions_or_shapes():
    made = product({"csat": {"matters": 0.02, "window": 2}})
    other = [reading(made, "csat", 0, of(9, 10)), reading(made, "csat", 1, of(9, 10), query_digest="old")]
    shapes = [reading(made, "csat", 0, of(9, 10)), reading(made, "csat", 1, Bare(value=D("0.1")))]

    assert judged(made, other)["csat"].blank.reason is BlankReason.CHANGED_DEFINITION
    assert judged(made, shapes)["csat"].blank.reason is BlankReason.SOURCE_ERROR


def test_a_mean_chance_is_weighed_and_not_added_over_a_window():
    made = product({"calibration_gap": {"matters": 0.02, "window": 2}})
    weeks = [
        Inputs(counts=(("cases", D(1000)), ("happened", D(50)), ("stated", D("0.05")))),
        Inputs(counts=(("cases", D(3000)), ("happened", D(150)), ("stated", D("0.09")))),
    ]
    readings = [reading(made, "calibration_gap", ago, week, group="a") for ago, week in enumerate(weeks)]

    found = judged(made, readings)["calibration_gap"]

    assert found.now.level.estimate.value == abs(D("0.08") - D("0.05"))


@pytest.mark.parametrize("compare", [{"periods_ago": 1}, {"since": "release"}])
def test_windows_that_overlap_are_not_compared(compare):
    made = product(
        {"csat": {"matters": 0.02, "window": 4, "compare": ["previous", compare]}},
        milestones=[{"name": "release", "on": "2026-11-10"}],
    )
    readings = [reading(made, "csat", ago, of(80, 100)) for ago in range(13)]

    other = judged(made, readings)["csat"].compared[1]

    assert (other.before, other.verdict.because) == (None, Because.OVERLAP)


def test_a_milestone_after_the_period_compares_nothing_with_itself():
    made = product(
        {"csat": {"matters": 0.02, "compare": [{"since": "release"}]}},
        milestones=[{"name": "release", "on": "2026-11-23"}],
    )

    found = judged(made, [reading(made, "csat", ago, of(80, 100)) for ago in range(4)])["csat"]

    assert found.compared[1].verdict.because is Because.OVERLAP


def test_far_fewer_known_outcomes_bar_a_comparison():
    made = product({"recall": {"matters": 0.02}, "label_maturity": {"matters": 0.02}})

    def week(ago: int, recall: int, known: int) -> list[Reading]:
        return [
            reading(made, "recall", ago, of(recall, 1000)), reading(made, "label_maturity", ago, of(known, 1000)),
        ]  # fmt: skip

    uneven = judged(made, [*week(0, 630, 600), *week(1, 800, 970)])["recall"]
    even = judged(made, [*week(0, 630, 600), *week(1, 800, 605)])["recall"]

    assert (uneven.verdict.kind, uneven.verdict.because) == (Kind.NOT_COMPARABLE, Because.MATURITY)
    assert even.verdict.kind is Kind.CLEAR_LOSS
    assert uneven.provisional


def test_a_stale_source_bars_every_other_verdict():
    made = product({"csat": {"matters": 0.02}})
    period = made.calendar.last_complete(AT)
    stale = Blank(
        product="p", metric="csat", period=period, reason=BlankReason.STALE, detail="Too old.", source="warehouse",
        fetched_at=AT + timedelta(hours=1),
    )  # fmt: skip
    readings = [reading(made, "csat", 0, of(500, 1000)), reading(made, "csat", 1, of(800, 1000))]

    assert judged(made, readings)["csat"].verdict.kind is Kind.CLEAR_LOSS
    found = judged(made, readings, {"csat": stale})["csat"]
    assert (found.verdict.because, found.outdated) == (Because.STALE, True)


def test_a_history_of_another_question_says_nothing_about_a_bare_value():
    made = product({"latency_p95": {"matters": 0.2}})
    old = [
        reading(made, "latency_p95", ago, Bare(value=D(400 + ago)), query_digest="old")
        for ago in range(2, 13)
    ]
    new = [
        reading(made, "latency_p95", 1, Bare(value=D(4))),
        reading(made, "latency_p95", 0, Bare(value=D("7.8"))),
    ]

    found = judged(made, [*old, *new])["latency_p95"]

    assert found.verdict.because is Because.SHORT_HISTORY
    assert [each for each in found.history if each is not None] == [D(4), D("7.8")]


def test_a_countermetric_is_compared_in_the_window_of_the_gain():
    made = product(
        {
            "precision": {"matters": 0.02, "compare": ["previous", {"since": "release"}]},
            "recall": {"matters": 0.02},
        },
        milestones=[{"name": "release", "on": "2026-10-05"}],
    )
    readings = [
        reading(made, metric, ago, of(n, 1000))
        for ago in range(13)
        for metric, n in (("precision", 820 if ago < 5 else 700), ("recall", 800 if ago < 5 else 930))
    ]

    recall = judged(made, readings)["recall"]

    assert recall.against("previous").verdict.kind is Kind.CANNOT_TELL
    assert recall.against("since:release").verdict.kind is Kind.CLEAR_LOSS


def test_an_expired_assumption_is_named():
    made = product(
        {"missed_loss": {"matters": 500}},
        assumptions={
            name: {"value": 5, "unit": "money", "owner": "U0ANA00001", "until": until, "means": name}
            for name, until in (("average_loss", "2027-01-31"), ("fee", "2026-11-20"))
        },
    )
    table = Confusion(tp=90, fp=10, fn=10, tn=890)

    blank = judged(made, [reading(made, "missed_loss", 0, table)])["missed_loss"].blank

    assert "fee held until 2026-11-20" in blank.detail


MONEY = {"average_loss": D(120), "fee": D(15), "prevented_share": D("0.95"), "review_cost": D(4), "friction_cost": D(18),
         "minutes_per_review": D(6)}  # fmt: skip


@pytest.mark.parametrize("key", ["loss_avoided_gross", "net_benefit", "false_block_cost", "review_hours"])
def test_money_of_two_equal_weeks_is_seldom_called_a_change(key):
    """The counts vary too: tested with the precision's interval alone, nearly half of such weeks were `changes`."""
    random = np.random.default_rng(7)
    metric = catalogue()[key]

    def level() -> Level:
        right, wrong = (int(each) for each in random.poisson((820, 180)))
        table = Confusion(tp=right, fp=wrong, fn=205, tn=98_795)
        return Level(
            estimate=estimate(metric, {WHOLE: table}, MONEY), measurement=table, definition="d", question="q"
        )

    verdicts = [judge(metric, level(), level(), matters=D("0.001")) for _ in range(600)]

    changes = sum(each.kind in GAINS | LOSSES for each in verdicts)
    assert changes / len(verdicts) < 0.08


def test_a_bare_total_over_joined_weeks_has_no_overlapping_history():
    made = product({"row_count": {"matters": 50, "window": 4}})
    readings = [reading(made, "row_count", ago, Bare(value=D(1000 + ago))) for ago in range(26)]

    found = judged(made, readings)["row_count"]

    assert (found.verdict.kind, found.history) == (Kind.CANNOT_TELL, ())


def test_a_group_that_its_source_no_longer_gives_is_withdrawn(store):
    made = product({"demographic_parity_difference": {"matters": 0.02}})
    key = "demographic_parity_difference"
    first = [
        reading(made, key, 0, of(n, 1000), group=g) for g, n in (("men", 600), ("women", 580), ("other", 100))
    ]
    period = first[0].period

    store.write_sync(lambda session: stored.add(session, "w", readings=first))
    added = store.write_sync(lambda session: stored.add(session, "w", readings=first[:2]))
    again = store.write_sync(lambda session: stored.add(session, "w", readings=first[:2]))
    known = store.read_sync(
        lambda session: stored.history(session, "w", product="p", metrics=[key], first=period, last=period)
    )

    assert [each.new.measurement for each in added.restatements] == [Withdrawn()]
    assert again.readings == 0
    assert {each.group for each in judged(made, list(known))[key].now.level.estimate.groups} == {
        "men",
        "women",
    }
