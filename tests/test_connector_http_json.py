from decimal import Decimal

import pytest

from integrations.base import Answer, fetch
from schema.periods import Period
from schema.readings import Bands, Bare, Proportion
from schema.sources import HttpJsonQuery
from tests.connectors.servers import END, START
from tests.connectors.stands import standing

WEEK = Period(start=START, end=END)
SHARE = {"numerator": "$.ok", "denominator": "$.all"}


async def ask(path, *, shape="bare", period=WEEK, source=None, **more):
    query = HttpJsonQuery.model_validate({"source": "numbers", "shape": shape, "path": path, **more})
    async with standing("http_json") as stand:
        connector = stand.open(source or {})
        try:
            return await fetch(connector, query, period, timeout_s=20)
        finally:
            await connector.close()


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("epoch", 1794787200, 1795392000),
        ("epoch_ms", 1794787200000, 1795392000000),
    ],
)
async def test_the_periods_ends_stand_in_the_question_as_numbers(times, start, end):
    params = {"from": "{start}", "to": "{end}"}
    values = {"from": "$.from", "to": "$.to"}

    found = await ask("/window", shape="inputs", params=params, values=values, times=times)

    assert found.measurements[""].named() == {"from": Decimal(start), "to": Decimal(end)}


@pytest.mark.parametrize(("times", "end"), [("iso", "2026-11-23T00:00:00Z"), ("date", "2026-11-23")])
async def test_the_periods_ends_stand_in_the_question_as_text(times, end):
    params = {"to": "{end}", "rate": "1"}

    found = await ask("/window", params=params, values={"value": "$.rate"}, newest_at="$.to", times=times)

    assert found.measurements[""] == Bare(value=Decimal(1))
    assert found.newest_at == END
    assert end.startswith(f"{found.newest_at:%Y-%m-%d}")


async def test_a_time_in_the_path_is_one_part_of_it():
    async with standing("http_json") as stand:
        connector = stand.open({})
        query = HttpJsonQuery(source="numbers", shape="bare", path="/from/{start}/x", values={"value": "$.x"})
        await fetch(connector, query, WEEK, timeout_s=5)
        await connector.close()

    assert stand.proxy.seen == ["GET /from/2026-11-16T00:00:00Z/x"]


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "http://evil.example/x", "@evil.example/x", "\\\\evil.example"]
)
async def test_a_path_cannot_lead_to_another_host(path):
    outcome = await ask(path, values={"value": "$.x"})

    assert outcome.reason == "not_found"  # asked of the source's own host, which has no such path


async def test_a_number_with_a_comma_is_refused():
    outcome = await ask("/comma", values={"value": "$.rate"})

    assert outcome.reason == "source_error"
    assert "value is not written as a number such as 12.3" in outcome.detail


async def test_a_number_keeps_all_its_digits():
    found = await ask("/exact", values={"value": "$.rate"})

    assert found.measurements[""] == Bare(value=Decimal("0.1000000000000000055511151231257827"))


async def test_bands_are_read_from_lists():
    values = {"band": "$.bands[*].name", "now": "$.bands[*].now", "reference": "$.bands[*].then"}

    found = await ask("/bands", shape="bands", values=values)

    assert found.measurements[""] == Bands(
        names=("low", "high"), now=(Decimal(4), Decimal(6)), reference=(Decimal(6), Decimal(4))
    )


async def test_one_row_can_be_chosen():
    row = '$.groups[?@.sex == "women"]'

    found = await ask("/groups", shape="proportion", rows=row, values=SHARE)

    assert isinstance(found, Answer)
    assert found.measurements == {"": Proportion(numerator=40, denominator=50)}


async def test_a_choice_that_finds_nothing_is_empty_and_a_missing_list_is_an_error():
    nobody = await ask("/groups", shape="proportion", rows='$.groups[?@.sex == "nobody"]', values=SHARE)
    nothing = await ask("/week", shape="proportion", rows="$.groups[*]", group="sex", values=SHARE)

    assert nobody.reason == "empty"
    assert nothing.reason == "source_error"
    assert "nothing stands at $.groups[*]" in nothing.detail


async def test_nothing_counted_is_no_zero():
    outcome = await ask("/none", shape="proportion", values=SHARE)

    assert outcome.reason == "empty"


@pytest.mark.parametrize(
    ("path", "more", "says"),
    [
        ("/groups", {"values": {"value": "$.groups[*].ok"}}, "2 values stand at $.groups[*].ok"),
        ("/week", {"values": {"value": "$.rate"}}, "0 values stand at $.rate"),
        ("/week", {"values": {"value": "$["}}, "cannot be used as a JSONPath"),
        ("/groups", {"values": {"value": "$.ok"}, "rows": "$.groups[*]"}, "no `group` names them"),
        (
            "/groups",
            {"values": {"value": "$.ok"}, "rows": "$.groups[*]", "group": "team"},
            "does not say its team",
        ),
        (
            "/groups",
            {"values": {"value": "$.ok"}, "rows": "$.groups[*].ok", "group": "team"},
            "does not say its team",
        ),
        ("/week", {"values": {"value": "$"}}, "value is not a number"),
    ],
)
async def test_a_question_that_does_not_fit_is_explained(path, more, says):
    outcome = await ask(path, **more)

    assert outcome.reason == "source_error"
    assert says in outcome.detail


async def test_a_flag_that_says_no_is_no_truncation():
    found = await ask("/week", shape="proportion", values=SHARE, more="$.has_more")

    assert found.measurements[""] == Proportion(numerator=90, denominator=100)


async def test_a_wrong_secret_is_forbidden_and_stays_unseen():
    outcome = await ask(
        "/week", source={"headers": {"Authorization": "wr0ng"}}, shape="proportion", values=SHARE
    )

    assert outcome.reason == "forbidden"
    assert "wr0ng" not in outcome.detail


async def test_a_private_address_needs_the_sources_word():
    outcome = await ask("/week", source={"network": "public"}, shape="proportion", values=SHARE)

    assert outcome.reason == "forbidden"
    assert "network: private" in outcome.detail


async def test_the_probe_says_what_stands_at_the_address():
    async with standing("http_json") as stand:
        connector = stand.open({"url": f"{stand.proxy.url}/week"})
        line = await connector.probe()
        await connector.close()

    assert line == "reached numbers: it answers with an object"
