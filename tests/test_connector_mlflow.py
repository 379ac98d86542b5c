"""The traps of METRICS.md (d) for MLflow, each against the real server."""

from datetime import timedelta
from decimal import Decimal

import pytest

from integrations.base import Answer, Trouble, fetch
from schema.periods import Period
from schema.readings import Bands, Bare
from schema.sources import MlflowQuery
from tests.connectors.servers import END, HOUR, START, Mlflow, mlflow_starting, mlflow_url
from tests.connectors.stands import standing
from tests.proxy import proxied

WEEK = Period(start=START, end=END)
SUNDAY = END - 2 * HOUR
pytestmark = pytest.mark.servers


@pytest.fixture(scope="session", autouse=True)
def early_start():
    mlflow_starting()


@pytest.fixture
def mlflow():
    opened = Mlflow(mlflow_url())
    yield opened
    opened.close()


@pytest.fixture
def experiment(mlflow, request):
    """Make an experiment named after the test."""
    return mlflow.experiment(request.node.name), request.node.name


async def ask(name, key="value", *, shape="bare", **more):
    values = more.pop("values", {"value": key})
    query = MlflowQuery.model_validate(
        {"source": "numbers", "shape": shape, "experiment": name, "values": values, **more}
    )
    async with standing("mlflow") as stand:
        connector = stand.open({})
        try:
            return await fetch(connector, query, WEEK, timeout_s=20), stand.proxy.seen
        finally:
            await connector.close()


def bare(text):
    return {"": Bare(value=Decimal(text))}


async def test_1_an_unknown_experiment_an_unknown_metric_and_an_empty_week_are_told_apart(mlflow, experiment):
    number, name = experiment
    empty, _ = await ask(name)
    mlflow.run(number, at=SUNDAY, metrics={"value": 1})

    nowhere, _ = await ask("no such experiment")
    no_metric, _ = await ask(name, "no such metric")

    assert (empty.reason, nowhere.reason, no_metric.reason) == ("empty", "not_found", "not_found")
    assert "no experiment no such experiment" in nowhere.detail
    assert "no metric no such metric" in no_metric.detail


@pytest.mark.parametrize(("key", "says"), [("not_a_number", "NaN"), ("endless", "infinite")])
async def test_2_nan_as_a_string_and_infinity_as_a_huge_number_are_seen(key, says):
    outcome, _ = await ask("broken", key)

    assert outcome.reason == "nan"
    assert says in outcome.detail


async def test_3_a_value_logged_later_at_a_lower_step_is_the_newest(mlflow, experiment):
    number, name = experiment
    points = (("value", 1, SUNDAY, 5), ("value", 2, SUNDAY + timedelta(minutes=1), 0))
    mlflow.run(number, at=SUNDAY, points=points)

    found, _ = await ask(name)

    assert found.measurements == bare("2.0")


async def test_4_of_two_values_at_one_step_the_later_one_counts(mlflow, experiment):
    number, name = experiment
    points = (("value", 3, SUNDAY + timedelta(minutes=1), 0), ("value", 1, SUNDAY, 0))
    mlflow.run(number, at=SUNDAY, points=points)

    found, _ = await ask(name)

    assert found.measurements == bare("3.0")


async def test_5_the_probe_asks_for_experiments_with_a_limit():
    async with standing("mlflow") as stand:
        connector = stand.open({})
        line = await connector.probe()
        await connector.close()

    assert line.startswith("reached MLflow 3.")
    assert line.endswith(" experiments")
    assert int(line.split()[-2]) >= 8


async def test_6_a_host_name_that_the_server_does_not_know_is_explained():
    async with standing("mlflow") as stand:
        stand.proxy.host = "numbers.example"
        connector = stand.open({})
        query = MlflowQuery(source="numbers", shape="bare", experiment="answers", values={"value": "ok"})

        outcome = await fetch(connector, query, WEEK, timeout_s=20)

        await connector.close()
    assert outcome.reason == "forbidden"
    assert "--allowed-hosts" in outcome.detail


async def test_7_the_registry_with_its_dead_stages_is_never_asked():
    _, seen = await ask("answers by group", groups="sex", values={"value": "ok"})

    assert {path.partition("/mlflow/")[2] for path in seen} == {
        "experiments/get-by-name",
        "runs/search",
        "metrics/get-history",
    }


async def test_8_a_deleted_run_does_not_speak_for_the_week(mlflow, experiment):
    number, name = experiment
    mlflow.run(number, at=SUNDAY, metrics={"value": 1})
    newest = mlflow.run(number, at=SUNDAY + HOUR, metrics={"value": 2})
    before, _ = await ask(name)

    mlflow.post("/runs/delete", run_id=newest)
    after, _ = await ask(name)

    assert (before.measurements, after.measurements) == (bare("2.0"), bare("1.0"))


async def test_8_a_deleted_experiment_is_not_found(mlflow, experiment):
    number, name = experiment
    mlflow.run(number, at=SUNDAY, metrics={"value": 1})

    mlflow.post("/experiments/delete", experiment_id=number)
    outcome, _ = await ask(name)

    assert outcome.reason == "not_found"
    assert "is deleted" in outcome.detail


async def test_9_a_metric_with_a_blank_and_a_slash_in_its_name_is_read_and_filtered(mlflow, experiment):
    number, name = experiment
    mlflow.run(number, at=SUNDAY, metrics={"val/f1 score": 0.75})
    mlflow.run(number, at=SUNDAY + HOUR, metrics={"val/f1 score": 0.25})

    found, _ = await ask(name, "val/f1 score", filter="metrics.`val/f1 score` > 0.5")
    broken, _ = await ask(name, "val/f1 score", filter="metrics.val/f1 score > 0.5")

    assert found.measurements == bare("0.75")
    assert broken.reason == "source_error"


async def test_10_times_are_milliseconds_and_the_periods_end_is_not_in_it(mlflow, experiment):
    number, name = experiment
    mlflow.run(number, at=START - timedelta(milliseconds=1), metrics={"value": 1})
    mlflow.run(number, at=END, metrics={"value": 2})
    neither, _ = await ask(name)

    mlflow.run(number, at=START, metrics={"value": 3})
    first, _ = await ask(name)
    mlflow.run(number, at=END - timedelta(milliseconds=1), metrics={"value": 4})
    last, _ = await ask(name)

    assert isinstance(neither, Trouble)
    assert neither.reason == "empty"
    assert (first.measurements, last.measurements) == (bare("3.0"), bare("4.0"))
    assert last.newest_at == END - timedelta(milliseconds=1)


async def test_a_run_that_failed_or_still_runs_does_not_speak(mlflow, experiment):
    number, name = experiment
    for status in ("FAILED", "KILLED", "RUNNING"):
        mlflow.run(number, at=SUNDAY, metrics={"value": 1}, status=status)

    outcome, _ = await ask(name)

    assert outcome.reason == "empty"


async def test_runs_that_do_not_name_the_group_are_explained(mlflow, experiment):
    number, name = experiment
    mlflow.run(number, at=SUNDAY, metrics={"value": 1})

    outcome, _ = await ask(name, groups="sex")

    assert outcome.reason == "source_error"
    assert "carries the tag or parameter sex" in outcome.detail


async def test_bands_are_read_from_named_metrics(mlflow, experiment):
    number, name = experiment
    mlflow.run(number, at=SUNDAY, metrics={"a": 4, "b": 6, "c": 5, "d": 5})
    values = {"now.low": "a", "now.high": "b", "reference.low": "c", "reference.high": "d"}

    found, _ = await ask(name, shape="bands", values=values)

    assert isinstance(found, Answer)
    assert found.measurements[""] == Bands(
        names=("low", "high"), now=(Decimal(4), Decimal(6)), reference=(Decimal(5), Decimal(5))
    )


async def test_a_long_history_is_read_to_its_end(mlflow, experiment):
    """The last page holds the newest value."""
    number, name = experiment
    points = tuple(("value", step, SUNDAY + timedelta(seconds=step), step) for step in range(7))
    mlflow.run(number, at=SUNDAY, points=points)
    query = MlflowQuery(source="numbers", shape="bare", experiment=name, values={"value": "value"})

    async with standing("mlflow") as stand:
        connector = stand.open({})
        connector._history_page = 3
        found = await fetch(connector, query, WEEK, timeout_s=20)
        asked = [path for path in stand.proxy.seen if path.endswith("get-history")]
        await connector.close()

    assert found.measurements == bare("6.0")
    assert len(asked) == 3


async def test_name_and_password_are_sent_as_http_basic():
    async with proxied(mlflow_url()) as proxy, standing("mlflow") as stand:
        connector = stand.open(
            {"url": proxy.url, "token": None, "username": "admin", "password": {"secret": "TOKEN"}}
        )
        await connector.probe()
        await connector.close()

    assert {headers["Authorization"] for headers in proxy.headers} == {
        "Basic YWRtaW46czNjcmV0LTBmLXRoZS1zMHVyY2U="
    }
