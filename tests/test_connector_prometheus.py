"""The traps of METRICS.md (d) for Prometheus, each against the real server."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiohttp import web

from integrations.base import Answer, Trouble, fetch
from integrations.http import Limits
from integrations.prometheus import PrometheusConnector
from integrations.promql import extrapolates, selectors
from schema.periods import Period
from schema.readings import Bands, Bare, Inputs, Proportion
from schema.sources import PrometheusQuery
from tests.connectors.servers import END, START
from tests.connectors.stands import QuickClient, standing
from tests.proxy import proxied, serving

WEEK = Period(start=START, end=END)


async def ask(value=None, *, shape="bare", period=WEEK, **more):
    values = more.pop("values", {"value": value})
    query = PrometheusQuery.model_validate({"source": "numbers", "shape": shape, "values": values, **more})
    async with standing("prometheus") as stand:
        connector = stand.open({})
        try:
            return await fetch(connector, query, period, timeout_s=20)
        finally:
            await connector.close()


def bare(text):
    return {"": Bare(value=Decimal(text))}


@pytest.mark.servers
class TestTheServer:
    async def test_1_samples_are_strings_and_stay_exact(self):
        found = await ask("last_over_time(exact[2h])")

        assert found.measurements == bare("0.1")

    async def test_2_a_batch_metric_is_empty_at_an_instant_and_the_blank_says_what_helps(self):
        outcome = await ask("sum(answers_ok)")

        assert outcome.reason == "empty"
        assert "last_over_time" in outcome.detail

    async def test_3_an_estimated_count_becomes_a_bare_share_and_never_a_count(self):
        good, every = (
            'increase(requests_total{code="ok"}[{window}])',
            "sum(increase(requests_total[{window}]))",
        )

        share = await ask(shape="proportion", values={"numerator": good, "denominator": every})
        counts = await ask(shape="confusion", values=dict.fromkeys(("tp", "fp", "fn", "tn"), good))
        inputs = await ask(shape="inputs", values={"requests": every})

        assert isinstance(share.measurements[""], Bare)
        assert abs(share.measurements[""].value - Decimal(7) / 9) < Decimal("0.0001")
        assert counts.reason == "source_error"
        assert "whole number" in counts.detail
        assert inputs.reason == "source_error"
        assert "increase()" in inputs.detail

    async def test_3_counts_that_are_counted_stay_counts(self):
        values = {
            "numerator": 'max_over_time(requests_total{code="ok"}[{window}])',
            "denominator": "vector(2000)",
        }

        found = await ask(shape="proportion", values=values)

        assert found.measurements[""] == Proportion(numerator=1169, denominator=2000)

    async def test_3_an_estimate_that_happens_to_be_whole_is_still_an_estimate(self):
        flat = "increase(zero[{window}]) + 5"

        found = await ask(shape="proportion", values={"numerator": flat, "denominator": "vector(10)"})

        assert found.measurements == bare("0.5")

    async def test_4_one_nan_sample_makes_the_average_a_blank(self):
        outcome = await ask("avg_over_time(spoilt[{window}])")

        assert outcome.reason == "nan"

    async def test_5_a_gap_is_no_zero(self):
        found = await ask("avg_over_time(gappy[{window}])")

        assert found.measurements == bare(
            "15"
        )  # fifty hours of 10 and fifty of 20; with zeros it would be near 9

    async def test_6_a_name_that_never_was_is_told_from_one_that_is_silent(self):
        nowhere = await ask("sum(last_over_time(nowhere[2h]))")
        mislabelled = await ask('last_over_time(stopped{job="nobody"}[2h])')
        silent = await ask("last_over_time(quiet[2h])")

        assert (nowhere.reason, mislabelled.reason, silent.reason) == ("not_found", "not_found", "empty")
        assert nowhere.detail.endswith("there is no series nowhere.")

    async def test_6_a_missing_numerator_is_not_taken_for_zero(self):
        values = {
            "numerator": "sum(last_over_time(nowhere[2h]))",
            "denominator": "sum(last_over_time(answers_all[2h]))",
        }

        outcome = await ask(shape="proportion", values=values)
        spelt_out = await ask(
            shape="proportion", values={**values, "numerator": f"{values['numerator']} or vector(0)"}
        )

        assert outcome.reason == "source_error"
        assert "write 0 where none means zero" in outcome.detail
        assert spelt_out.measurements[""] == Proportion(numerator=0, denominator=100)

    async def test_7_a_warning_beside_success_makes_the_answer_partial(self):
        outcome = await ask('last_over_time(distant{tier="remote"}[2h])')

        assert outcome.reason == "partial"
        assert "127.0.0.1:9" not in outcome.detail

    @pytest.mark.parametrize("expression", ["zero / zero", "exact / zero", "-exact / zero"])
    async def test_8_nothing_divided_by_nothing_is_a_blank(self, expression):
        named = expression.replace("zero", "last_over_time(zero[2h])").replace(
            "exact", "last_over_time(exact[2h])"
        )

        outcome = await ask(f"sum({named.replace(' / ', ') / sum(')})")

        assert outcome.reason == "nan"

    async def test_9_a_scalar_is_read_as_well(self):
        found = await ask("scalar(last_over_time(exact[2h]))")

        assert found.measurements == bare("0.1")

    @pytest.mark.parametrize(
        ("expression", "says"),
        [
            ("last_over_time(answers_ok[2h])", "2 series where one was asked"),
            ("answers_ok[2h]", "another form"),
            ('"text"', "another form"),
            ("sum(", "HTTP 400"),
        ],
    )
    async def test_an_expression_that_gives_something_else_is_explained(self, expression, says):
        outcome = await ask(expression)

        assert outcome.reason == "source_error"
        assert says in outcome.detail

    async def test_two_series_of_one_group_are_refused(self):
        outcome = await ask("last_over_time(requests_total[2h])", groups="job")

        assert "more than one series for the group not stated" in outcome.detail

    async def test_the_periods_end_is_not_in_it(self):
        after = Period(
            start=START - timedelta(days=7), end=START + timedelta(minutes=30)
        )  # a sample stands at its end

        ends = await ask("last_over_time(exact[2h])", period=after)
        later = await ask(
            "last_over_time(exact[2h])",
            period=Period(start=after.start, end=after.end + timedelta(seconds=1)),
        )

        assert isinstance(ends, Trouble)
        assert ends.reason == "empty"
        assert isinstance(later, Answer)

    async def test_the_reach_is_the_newest_sample_and_not_the_time_of_asking(self):
        outcome = await ask("avg_over_time(stopped[{window}])", stale_after_h=24)
        fresh = await ask("avg_over_time(exact[{window}])", stale_after_h=24)

        assert outcome.reason == "stale"
        assert outcome.newest_at == datetime(2026, 11, 16, 23, 30, tzinfo=UTC)
        assert fresh.newest_at == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    async def test_bands_are_the_groups_of_a_label(self):
        values = {"now": "last_over_time(answers_ok[2h])", "reference": "last_over_time(answers_all[2h])"}

        found = await ask(shape="bands", values=values, groups="sex")

        assert found.measurements[""] == Bands(
            names=("men", "women"), now=(Decimal(50), Decimal(40)), reference=(Decimal(50), Decimal(50))
        )

    async def test_inputs_keep_their_names(self):
        found = await ask(
            shape="inputs", values={"right": "sum(last_over_time(answers_ok[2h]))", "rate": "vector(0.5)"}
        )

        assert found.measurements[""] == Inputs(counts=(("rate", Decimal("0.5")), ("right", Decimal(90))))

    async def test_the_probe_counts_the_names(self):
        async with standing("prometheus") as stand:
            connector = stand.open({"headers": {"X-Scope-OrgID": "team"}})
            line = await connector.probe()
            sent = stand.proxy.headers[0]
            await connector.close()

        assert line.startswith("reached Prometheus 2.")
        assert line.endswith(" metric names")
        assert sent["X-Scope-OrgID"] == "team"


async def test_a_server_that_only_speaks_the_query_api_is_probed_too():
    async def other(request):
        if request.path.endswith("/values"):
            return web.json_response({"status": "success", "data": ["a", "b"]})
        return web.Response(status=404)

    async with serving(other) as upstream, proxied(upstream) as proxy:
        client = QuickClient(
            source="numbers", url=proxy.url, headers={}, network="private", limits=Limits(timeout_s=5)
        )
        connector = PrometheusConnector(source="numbers", client=client, timeout_s=5)
        line = await connector.probe()
        await connector.close()

    assert line == "reached a server with Prometheus's query API: 2 metric names"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("up", ("up",)),
        ('sum by (code) (rate(a_total{code="x"}[5m]))', ('a_total{code="x"}',)),
        ("sum(a) by (b) / on (c) group_left (d) sum(e)", ("a", "e")),
        ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m])))", ("x_bucket",)),
        ('a{b="}) c("} + d offset 5m', ('a{b="}) c("}', "d")),
        ('{__name__="x", y=~"a|b"}', ('{__name__="x", y=~"a|b"}',)),
        ("job:errors:rate5m > bool 0.5", ("job:errors:rate5m",)),
        ("a and b or c unless d", ("a", "b", "c", "d")),
        ("last_over_time(a[2h]) @ end()", ("a",)),
        ("max_over_time(rate(a[5m])[1h:5m])", ("a",)),
        ('label_replace(a, "x", "$1", "y", "(.*)")', ("a",)),
        ("1e3 + 0x1F + Inf + NaN", ()),
        ("vector(1)", ()),
        ("a + a", ("a",)),
        ("rate(a[{window}])", ("a",)),
    ],
)
def test_the_series_that_an_expression_selects_are_found(expression, expected):
    assert selectors(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("increase(a[1h])", True),
        ("sum(rate (a[1h]))", True),
        ("delta(a[1h])", True),
        ("max_over_time(a[1h])", False),
        ("error_rate", False),
        ("increase_total", False),
    ],
)
def test_an_expression_that_estimates_is_known(expression, expected):
    assert extrapolates(expression) is expected
