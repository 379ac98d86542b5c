"""What if the limit moved: METRICS.md (f) 6, who is told, where the answer turns, and what is refused."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.findings import Flags, is_nested, other_limit
from schema.insights import Topic
from schema.metrics import Audience
from schema.operating_points import limit_alone
from schema.products import Limit
from schema.readings import Bare, Confusion, Proportion
from schema.remarks import check
from tests.sides import MONEY, page_beside, said

D = Decimal
NOW = Confusion(tp=820, fp=180, fn=205, tn=98_795)
LOOSER = Confusion(tp=902, fp=598, fn=123, tn=98_377)
TIGHTER = Confusion(tp=697, fp=68, fn=328, tn=98_907)
GIVEN = {name: D(str(each["value"])) for name, each in MONEY.items()}


def flags(table: Confusion) -> Flags:
    return Flags(right=table.tp, flags=table.tp + table.fp)


def weighed(which: Limit, there: Confusion, now: Confusion = NOW):
    return other_limit(which, now=flags(now), there=flags(there), given=GIVEN)


def beside(weeks: int = 1, *, now=NOW, matters: float = 500, **others):
    """Give a page of net benefit; each other limit is the same in all weeks."""
    return page_beside(
        "net_benefit", [now] * weeks, {name: [table] * weeks for name, table in others.items()},
        {"alternatives": {name: name for name in others}, "matters": matters},
    )  # fmt: skip


def test_the_worked_limits_hold() -> None:
    looser, tighter = weighed(Limit.LOOSER, LOOSER), weighed(Limit.TIGHTER, TIGHTER)

    assert (looser.net, looser.difference) == (D("98917.50"), D("992.50"))
    assert (tighter.net, tighter.difference) == (D("85106.25"), D("-12818.75"))
    assert looser.flip == pytest.approx(D("20.374402"), abs=D("0.000001"))
    assert looser.low < looser.difference < looser.high
    assert tighter.high < 0


def test_a_clearly_better_limit_is_told_with_where_it_turns_though_fewer_flags_are_right() -> None:
    made = beside(looser=Confusion(tp=960, fp=300, fn=65, tn=98_675), tighter=TIGHTER)
    [insight] = made.ranked.said
    told = said(made, "net_benefit")

    assert (insight.topic, insight.harm) == (Topic.WHAT_IF, False)
    assert told.startswith("With a looser limit it would have been $14,800 more. ")
    assert "Of every 100 alerts, 76 would be right; 82 are now." in told
    assert "That holds while a wrong alert costs under $140; $18 is assumed." in told
    assert "worse" not in told


def test_a_tighter_limit_holds_while_a_mistake_is_dear_enough() -> None:
    made = beside(tighter=Confusion(tp=815, fp=60, fn=210, tn=98_915))

    assert "It would" not in said(made, "net_benefit")
    assert said(made, "net_benefit").endswith("costs over about $1.18; $18 is assumed.")


def test_a_limit_that_is_worse_or_not_clear_is_for_engineers_and_compliance_only() -> None:
    made = beside(looser=LOOSER, tighter=TIGHTER)

    assert made.ranked.said == ()  # the looser one may as well lose: it rests on few cases
    for audience in (Audience.EXECUTIVE, Audience.SUPPORT):
        assert said(made, "net_benefit", audience) == ""
    for audience in (Audience.ENGINEER, Audience.COMPLIANCE):
        told = said(made, "net_benefit", audience)
        assert "With a looser limit: $98,917.50, +$992.50" in told
        assert (
            "not clear whether more or less than now; 902 of 1,500 alerts right, 598 wrong instead of 180"
            in told
        )
        assert "That is 60.1% of alerts right instead of 82.0%." in told
        assert "The answer turns where a wrong alert costs $20.37; $18 is assumed." in told
        assert "With a tighter limit: $85,106.25, -$12,818.75" in told
        assert "less than now" in told


def test_a_difference_that_does_not_matter_is_no_insight() -> None:
    better = Confusion(tp=960, fp=300, fn=65, tn=98_675)

    assert beside(looser=better, matters=20_000).ranked.said == ()
    assert beside(looser=better, matters=10_000).ranked.said != ()


def test_customers_are_told_nothing_of_limits() -> None:
    made = beside(looser=Confusion(tp=960, fp=300, fn=65, tn=98_675))

    assert said(made, "net_benefit", Audience.SUPPORT) == ""


def test_the_same_finding_again_weighs_less() -> None:
    better = Confusion(tp=960, fp=300, fn=65, tn=98_675)
    once, again = beside(looser=better), beside(5, looser=better)

    assert again.judged["net_benefit"].findings.better_limit.repeats == 4
    assert again.ranked.said[0].score < once.ranked.said[0].score


def test_a_digest_names_it_in_one_line_with_its_caveat() -> None:
    made = beside(looser=Confusion(tp=960, fp=300, fn=65, tn=98_675))
    told = limit_alone(made, "net_benefit")

    assert check(told, made.catalogue["net_benefit"], Audience.EXECUTIVE) == ()
    assert str(told.text) == (
        "Estimated: with a looser limit flagging would have earned $14,800 more; see the thread."
    )
    assert not limit_alone(beside(tighter=TIGHTER), "net_benefit")


def test_without_counts_or_an_assumption_nothing_is_weighed() -> None:
    expired = page_beside(
        "net_benefit", [Bare(value=D(100))], {"looser": [Proportion(numerator=1, denominator=2)]},
        {"matters": 5},
    )  # fmt: skip

    assert expired.judged["net_benefit"].findings.limits == ()
    with pytest.raises(KeyError):
        other_limit(Limit.LOOSER, now=flags(NOW), there=flags(LOOSER), given={})


FLAGGED = st.tuples(st.integers(0, 2_000), st.integers(0, 2_000)).map(
    lambda pair: Confusion(tp=pair[0], fp=pair[1], fn=10, tn=9_000)
)


@settings(deadline=None, max_examples=60)
@given(FLAGGED, FLAGGED)
def test_any_limit_is_said_by_the_rules_and_the_money_fits(now, there) -> None:
    found = weighed(Limit.LOOSER, there, now)
    here = weighed(Limit.LOOSER, now, now)

    assert found.net - here.net == found.difference
    assert found.low <= found.difference <= found.high
    made = beside(now=now, looser=there, matters=1)
    for audience in Audience:
        said(made, "net_benefit", audience)


def test_limits_that_are_not_nested_are_not_compared() -> None:
    now = Flags(right=820, flags=1_000)

    assert is_nested(Limit.LOOSER, now, Flags(right=902, flags=1_500))
    assert is_nested(Limit.TIGHTER, now, Flags(right=697, flags=765))
    assert not is_nested(Limit.LOOSER, now, Flags(right=697, flags=765))
    assert not is_nested(Limit.LOOSER, now, Flags(right=830, flags=930))
