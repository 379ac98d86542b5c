"""How a source of muster.yaml is opened, and how its errors become blanks."""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from integrations import base
from integrations.base import Answer, Call, IntegrationError, fetch
from integrations.sources import open_connector
from schema.periods import Period
from schema.readings import Bare, BlankReason, Mean, Proportion
from schema.sources import HttpJsonSource, MlflowSource, PrometheusSource, Secret, SqlQuery, SqlSource

WEEK = Period(start=datetime(2026, 11, 16, tzinfo=UTC), end=datetime(2026, 11, 23, tzinfo=UTC))
CALL = Call(source="numbers", asked="the query")


class Told:
    """A connector that answers as it was told."""

    def __init__(self, outcome):
        self.outcome = outcome

    async def read(self, query, period):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def probe(self):
        return "reached"

    async def close(self):
        pass


def question(shape="bare", **more):
    return SqlQuery.model_validate({"source": "numbers", "shape": shape, "sql": "SELECT 1", **more})


def answer(value=None, **more):
    found = {} if value is None else {"": value}
    return Answer(measurements=found, sample=len(found), **more)


REASONS = {
    "NotAuthorised": "forbidden",
    "RateLimited": "rate_limited",
    "NotFound": "not_found",
    "Empty": "empty",
    "NotANumber": "nan",
    "Truncated": "truncated",
    "Incomplete": "partial",
    "Unavailable": "source_error",
    "UnexpectedAnswer": "source_error",
}


def test_every_error_has_its_reason():
    own = {
        error.__name__
        for error in IntegrationError.__subclasses__()
        if error.__module__ == "integrations.base"
    }
    assert own == set(REASONS)


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
async def test_an_error_becomes_the_reason_of_a_blank(name, reason):
    error = getattr(base, name)(CALL, "so it was")

    trouble = await fetch(Told(error), question(), WEEK, timeout_s=5)

    assert trouble.reason == BlankReason(reason)
    assert trouble.detail == "numbers, the query: so it was."


async def test_a_defect_is_told_as_ours_and_found_in_the_log(caplog):
    trouble = await fetch(Told(ZeroDivisionError()), question(), WEEK, timeout_s=5)

    [logged] = [each for each in caplog.records if each.message == "source_failed"]
    assert trouble.reason is BlankReason.SOURCE_ERROR
    assert (
        f"A fault in Muster kept it from reading numbers; the log has it as {logged.reference}."
        == trouble.detail
    )
    assert logged.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(
    ("newest_at", "stale"),
    [
        (datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 24, tzinfo=UTC), False),
    ],
)
async def test_data_are_stale_when_they_end_too_long_before_the_period_does(newest_at, stale):
    told = Told(answer(Bare(value=Decimal(1)), newest_at=newest_at))

    outcome = await fetch(told, question(stale_after_h=24), WEEK, timeout_s=5)

    assert (getattr(outcome, "reason", None) == "stale") is stale
    assert outcome.newest_at == newest_at


async def test_an_empty_answer_of_a_source_that_stopped_is_stale():
    told = Told(answer(newest_at=datetime(2026, 11, 10, tzinfo=UTC)))

    outcome = await fetch(told, question(stale_after_h=24), WEEK, timeout_s=5)

    assert outcome.reason == "stale"


@pytest.mark.parametrize("more", [{}, {"stale_after_h": 24}])
async def test_an_answer_without_measurements_is_empty(more):
    outcome = await fetch(Told(answer()), question(**more), WEEK, timeout_s=5)

    assert outcome.reason == "empty"


async def test_another_shape_than_was_asked_is_refused_and_a_share_may_be_bare():
    mean = answer(Mean(value=Decimal(1), n=2, sd=Decimal(0)))
    share = answer(Bare(value=Decimal("0.5")))

    refused = await fetch(Told(mean), question("proportion"), WEEK, timeout_s=5)
    bare_share = await fetch(Told(share), question("proportion"), WEEK, timeout_s=5)

    assert refused.reason == "source_error"
    assert refused.detail == "numbers gave mean where proportion was asked."
    assert bare_share == share


async def test_a_database_file_is_found_from_the_configurations_folder(tmp_path):
    connection = sqlite3.connect(tmp_path / "numbers.db")
    connection.execute("CREATE TABLE t AS SELECT 3 AS ok, 4 AS total")
    connection.commit()
    connection.close()
    source = SqlSource(kind="sql", url=Secret(secret="URL"))
    connector = open_connector(
        "numbers", source, secrets={"URL": "sqlite:///numbers.db\n"}.__getitem__, folder=tmp_path
    )
    query = question("proportion", sql="SELECT ok AS numerator, total AS denominator FROM t")

    outcome = await fetch(connector, query, WEEK, timeout_s=5)

    await connector.close()
    assert outcome.measurements[""] == Proportion(numerator=3, denominator=4)


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        (
            HttpJsonSource(
                kind="http_json",
                url="https://a.example",
                headers={"X-Key": Secret(secret="K"), "X-Plain": "p"},
            ),
            {"X-Key": "s3cret", "X-Plain": "p"},
        ),
        (
            MlflowSource(kind="mlflow", url="https://a.example", token=Secret(secret="K")),
            {"Authorization": "Bearer s3cret"},
        ),
        (
            MlflowSource(kind="mlflow", url="https://a.example", username="u", password=Secret(secret="K")),
            {"Authorization": "Basic dTpzM2NyZXQ="},
        ),
        (MlflowSource(kind="mlflow", url="https://a.example"), {}),
        (
            PrometheusSource(
                kind="prometheus",
                url="https://a.example",
                token=Secret(secret="K"),
                headers={"X-Scope-OrgID": "t"},
            ),
            {"Authorization": "Bearer s3cret", "X-Scope-OrgID": "t"},
        ),
    ],
)
def test_secrets_become_headers(tmp_path, source, headers):
    opened = []

    def client(**asked):
        opened.append(asked)

    open_connector("numbers", source, secrets={"K": " s3cret\n"}.__getitem__, folder=tmp_path, http=client)

    assert opened[0]["headers"] == headers
    assert opened[0]["network"] == "public"
    assert opened[0]["limits"].timeout_s == 20
