"""Mix against rate: METRICS.md (f) 12, Simpson's reversal, what a mix hides, and gaps looked at within each part."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schema.asides import aside
from schema.findings import Findings, gap_check, split
from schema.insights import Topic
from schema.metrics import Audience
from schema.readings import Confusion, Proportion
from schema.verdicts import Kind
from schema.wording.readability import is_easy
from tests.sides import page_beside, said

D = Decimal
FULL = (Audience.ENGINEER, Audience.COMPLIANCE)


def share(hits: int, of: int) -> Proportion:
    return Proportion(numerator=hits, denominator=of)


def by_device(metric: str, before, now, *, matters: float = 0.005, **more):
    """Give a page whose whole is the sum of its devices."""
    weeks = [{name: share(*counts) for name, counts in week.items()} for week in (before, now)]
    whole = [share(*map(sum, zip(*week.values(), strict=True))) for week in (before, now)]
    return page_beside(
        metric, whole, {"split": weeks}, {"mix": "split", "mix_name": "device", "matters": matters, **more}
    )


WORKED = (
    {"desktop": (600, 6_000), "mobile": (160, 4_000)},
    {"desktop": (310, 3_000), "mobile": (290, 7_000)},
)


def test_the_worked_split_holds() -> None:
    made = by_device("task_success", *WORKED)
    found = made.judged["task_success"].findings.splits["previous"]

    assert (found.change, found.mix + found.rate) == (D("-0.016"), D("-0.016"))
    assert float(found.rate) == pytest.approx(0.002285714, abs=1e-9)
    assert float(found.mix) == pytest.approx(-0.018285714, abs=1e-9)
    assert found.reversed
    assert found.all_against
    assert found.mostly_mix


def test_a_reversal_is_told_with_both_effects_and_what_weighs_otherwise() -> None:
    made = by_device("task_success", *WORKED)
    told = said(made, "task_success")

    assert made.judged["task_success"].verdict.kind is Kind.CLEAR_LOSS
    assert "Most of the change is in the mix by device." in told
    assert "18 fewer from the mix, 2 more within the same device, 16 fewer in all." in told
    assert "Mobile made up 700 of every 1,000; the week before it was 400." in told
    assert told.endswith("Within each device by itself it went the other way.")


def test_engineers_and_compliance_get_the_interval_and_the_name_of_the_reversal() -> None:
    made = by_device("task_success", *WORKED)

    for audience in FULL:
        told = said(made, "task_success", audience)
        assert "-1.8 points from the mix and +0.2 points within the parts" in told
        assert "together -1.6 points" in told
        assert "mobile, 40.0% to 70.0% of the cases" in told
        assert "a reversal, after Simpson" in told


def test_where_the_rates_changed_plain_readers_are_told_nothing_of_the_mix() -> None:
    made = by_device(
        "task_success", {"desk": (500, 5_000), "phone": (200, 5_000)}, {"desk": (400, 5_000), "phone": (120, 5_100)}
    )  # fmt: skip

    assert made.judged["task_success"].verdict.kind is Kind.CLEAR_LOSS
    assert said(made, "task_success") == ""
    assert "within the parts" in said(made, "task_success", Audience.ENGINEER)


def test_a_change_that_the_mix_hides_is_an_insight_of_its_own() -> None:
    made = by_device(
        "task_success", {"desk": (2_000, 10_000), "phone": (1_000, 10_000)},
        {"desk": (2_700, 15_000), "phone": (400, 5_000)}, matters=0.01,
    )  # fmt: skip
    [insight] = made.ranked.said
    told = said(made, "task_success")

    assert made.judged["task_success"].verdict.kind not in {Kind.CLEAR_LOSS, Kind.CLEAR_GAIN}
    assert (insight.topic, insight.harm) == (Topic.MIX, True)
    assert told.startswith(
        "Within the same device there is a clear change: of every 1,000 tasks that people started"
    )
    assert "20 fewer. The mix by device hides it with 25 more, which leaves 5 more in all." in told


def test_a_quiet_mix_is_no_insight() -> None:
    made = by_device("task_success", WORKED[0], WORKED[0])

    assert made.ranked.said == ()
    assert all(said(made, "task_success", audience) == "" for audience in Audience)


def test_parts_that_are_not_the_whole_are_not_split_and_engineers_are_told() -> None:
    part = {"desk": share(500, 5_000)}
    made = page_beside(
        "task_success", [share(760, 10_000), share(600, 10_000)], {"split": [part, part]},
        {"mix": "split", "mix_name": "device", "matters": 0.005},
    )  # fmt: skip

    assert made.judged["task_success"].findings.splits == {}
    assert said(made, "task_success") == ""
    assert "not all the cases of this figure" in said(made, "task_success", Audience.ENGINEER)


def test_a_part_that_comes_new_changes_the_mix_only() -> None:
    found = split({"a": (10, 100), "b": (90, 100)}, {"a": (10, 100)}, change=D("0.4"))

    assert found is not None
    assert (found.mix, found.rate) == (D("0.4"), D(0))
    assert split({"a": (0, 0)}, {"a": (1, 2)}, change=D(0)) is None


COUNTS = st.tuples(st.integers(30, 4_000), st.floats(0.02, 0.98)).map(
    lambda c: (max(1, round(c[0] * c[1])), c[0])
)
DEVICES = st.fixed_dictionaries({"a": COUNTS, "b": COUNTS, "c": COUNTS})


@settings(deadline=None, max_examples=60)
@given(DEVICES, DEVICES)
@example(
    {"a": (86, 110), "b": (131, 271), "c": (1136, 3381)}, {"a": (89, 110), "b": (102, 218), "c": (157, 355)}
)
def test_any_split_adds_up_for_everybody_and_is_easy_to_read(before, now) -> None:
    made = by_device("task_success", before, now, matters=0.0001)
    found = made.judged["task_success"].findings.splits["previous"]

    assert abs(found.mix + found.rate - found.change) < D("1e-20")  # Decimal keeps 28 digits
    assert found.low <= found.rate <= found.high
    for audience in Audience:
        said(made, "task_success", audience)  # checks every rule, the sum as it is shown included
    for short in (False, True):
        assert said(made, "task_success", short=short) == "" or is_easy(
            aside(made, "task_success", Audience.EXECUTIVE, short=short), most_sentences=5
        )


# --- gaps within each part ---


def selected(first: int, second: int) -> dict[str, Confusion]:
    return {
        "A": Confusion(tp=first, fp=0, fn=1_000 - first, tn=0),
        "B": Confusion(tp=second, fp=0, fn=1_000 - second, tn=0),
    }


def gap_page(parts: dict[str, Confusion], whole: dict[str, Confusion] | None = None):
    week = whole or selected(600, 420)
    return page_beside(
        "demographic_parity_difference", [week, week], {"split": [parts, parts]},
        {"mix": "split", "mix_name": "field of work", "matters": 0.02}, columns={"split": ("g", "field")},
    )  # fmt: skip


def parts(**rates: tuple[int, int]) -> dict[str, Confusion]:
    """Give both groups in each part: so many of a hundred."""
    return {
        f"{group} / {name}": Confusion(tp=rate, fp=0, fn=100 - rate, tn=0)
        for name, pair in rates.items()
        for group, rate in zip("AB", pair, strict=True)
    }


@pytest.mark.parametrize(
    ("within", "plain", "full"),
    [
        (parts(law=(60, 40), art=(70, 60)), "A and B stand in the same order within each field of work.", "same order in all 2 parts"),
        (parts(law=(40, 60), art=(60, 70)), "Within each field of work by itself, A and B stand the other way round.", "2 have the other order"),
        (parts(law=(40, 60), art=(70, 60)), "In 1 of 2 parts by field of work, A and B stand the other way round.", "1 have the other order"),
        ({"A / law": Confusion(tp=3, fp=0, fn=2, tn=0)}, "", "no part has enough of A and B"),
    ],
)  # fmt: skip
def test_a_gap_says_whether_its_order_holds_within_each_part(within, plain, full) -> None:
    made = gap_page(within)

    assert said(made, "demographic_parity_difference") == plain
    for audience in FULL:
        assert full in said(made, "demographic_parity_difference", audience)


def test_beside_another_figure_only_a_reversal_is_worth_a_sentence() -> None:
    same, other = gap_page(parts(law=(60, 40))), gap_page(parts(law=(40, 60)))

    assert said(same, "demographic_parity_difference", counter=True) == ""
    assert "the other way round" in said(other, "demographic_parity_difference", counter=True)


def test_one_group_alone_is_not_looked_at_again() -> None:
    made = gap_page(parts(law=(60, 40)))
    alone = made.judged["demographic_parity_difference"].now.level.estimate

    assert gap_check(alone, {}, parts=0) is not None
    assert gap_check(type(alone)(value=D(0)), {}, parts=0) is None


def test_a_mix_that_goes_the_same_way_hides_nothing() -> None:
    made = by_device(
        "task_success", {"desk": (9_000, 10_000), "phone": (100, 1_000)}, {"desk": (9_130, 10_000), "phone": (100, 1_000)},
        matters=0.005,
    )  # fmt: skip
    newest = made.judged["task_success"].findings.splits["previous"]
    with_mix = replace(newest, mix=newest.rate / 4, low=newest.rate / 2, q=0.01)
    against, little = replace(with_mix, mix=-newest.rate), replace(with_mix, mix=-newest.rate / 4)
    told = [
        Findings(splits={"previous": each}, matters=D("0.005")).hidden_change("previous")
        for each in (with_mix, little, against)
    ]

    assert told == [None, None, against]


def test_the_number_of_splits_looked_at_raises_the_bar() -> None:
    made = by_device(
        "task_success", {"desk": (2_000, 10_000), "phone": (1_000, 10_000)},
        {"desk": (2_700, 15_000), "phone": (400, 5_000)}, matters=0.01,
    )  # fmt: skip
    findings = made.judged["task_success"].findings
    found = findings.splits["previous"]

    assert found.q == pytest.approx(found.p)  # the only one
    unsure = replace(findings, splits={"previous": replace(found, q=0.11)})
    assert unsure.hidden_change("previous") is None


def test_an_order_is_said_of_each_part_only_where_each_has_enough_of_both() -> None:
    few = {"A / law": Confusion(tp=3, fp=0, fn=2, tn=0), "B / law": Confusion(tp=3, fp=0, fn=2, tn=0)}
    same, turned = gap_page(parts(art=(70, 60)) | few), gap_page(parts(art=(60, 70)) | few)

    assert said(same, "demographic_parity_difference") == (
        "A and B stand in the same order in each part by field of work that has enough of both."
    )
    assert said(turned, "demographic_parity_difference") == (
        "In 1 of 1 parts by field of work that have enough of both, A and B stand the other way round."
    )
