"""One contract for every kind of source; a new kind adds a stand and a file of answers, and no test."""

import json
import logging
import traceback
from pathlib import Path

import pytest

from integrations.base import Answer, IntegrationError, Trouble, fetch
from schema.periods import Period
from schema.queries import refuse_misnamed
from schema.readings import SHAPE_OF
from schema.sources import QUERY_OF
from tests.connectors.servers import END, START, mlflow_starting
from tests.connectors.stands import KINDS, SECRET, standing

CASES = (
    "known value",
    "groups",
    "empty",
    "unknown id",
    "not a number",
    "paging to the end",
    "truncated",
    "stale",
    "forbidden",
    "rate limited",
    "slow",
    "cut",
    "wrong shape",
    "huge",
)
ANSWERS = {
    kind: json.loads((Path(__file__).parent / "answers" / "connectors" / f"{kind}.json").read_text())
    for kind in KINDS
}
WEEK = Period(start=START, end=END)
POSSIBLE = [(kind, case) for kind in KINDS for case in CASES if "cannot" not in ANSWERS[kind][case]]
TROUBLES = [(kind, case) for kind, case in POSSIBLE if "blank" in ANSWERS[kind][case]]

pytestmark = pytest.mark.servers


@pytest.fixture(scope="session", autouse=True)
def early_start():
    """Let MLflow start while the databases are asked."""
    mlflow_starting()


def the_query(kind, answer):
    family = "sql" if kind in ("sqlite", "postgresql", "duckdb") else kind
    query = QUERY_OF[family].model_validate({"source": "numbers", **answer["query"]})
    refuse_misnamed(query)
    return query


def as_dict(measurement):
    fields = {name: getattr(measurement, name) for name in type(measurement).__slots__}
    return {"shape": SHAPE_OF[type(measurement)], **fields}


async def ask(kind, answer, *, timeout_s=20.0):
    async with standing(kind) as stand, stand.fault(answer.get("fault")):
        connector = stand.open(dict(answer.get("source", {})))
        try:
            return await fetch(connector, the_query(kind, answer), WEEK, timeout_s=timeout_s)
        finally:
            await connector.close()


@pytest.mark.parametrize(("kind", "case"), POSSIBLE)
async def test_a_source_gives_its_answer_or_says_why_not(kind, case):
    answer = ANSWERS[kind][case]

    outcome = await ask(kind, answer)

    if "blank" in answer:
        assert isinstance(outcome, Trouble), outcome
        assert outcome.reason == answer["blank"], outcome
        assert answer.get("says", "") in outcome.detail
        assert "numbers" in outcome.detail
        assert "\n" not in outcome.detail
        assert len(outcome.detail) < 300
    else:
        assert isinstance(outcome, Answer), outcome
        found = {name: as_dict(measurement) for name, measurement in outcome.measurements.items()}
        assert found == answer.get("gives", found)
        assert outcome.sample == answer.get("sample", outcome.sample)
        assert outcome.sample > 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stale_answer_says_how_far_the_data_reach(kind):
    outcome = await ask(kind, ANSWERS[kind]["stale"])

    assert outcome.newest_at is not None
    assert outcome.newest_at < WEEK.end


@pytest.mark.parametrize(("kind", "case"), TROUBLES)
async def test_no_secret_stands_in_any_text(kind, case, caplog, capsys):
    answer = ANSWERS[kind][case]
    caplog.set_level(logging.DEBUG)
    texts = []

    async with standing(kind) as stand, stand.fault(answer.get("fault")):
        connector = stand.open(dict(answer.get("source", {})))
        try:
            await connector.read(the_query(kind, answer), WEEK)
        except IntegrationError as error:
            texts += traceback.format_exception(error)
        texts += [repr(connector), *(repr(part) for part in vars(connector).values())]
        await connector.close()
    captured = capsys.readouterr()
    # what this machine's own code logged of itself: the stand's servers and databases know the secret
    texts += [record.getMessage() for record in caplog.records if not record.name.startswith("psycopg")]

    assert not [text for text in (*texts, captured.out, captured.err) if SECRET in text]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_probe_says_in_one_line_what_was_reached(kind):
    async with standing(kind) as stand:
        connector = stand.open({})
        try:
            line = await connector.probe()
        finally:
            await connector.close()

    assert line.startswith("reached ")
    assert "\n" not in line


@pytest.mark.parametrize("kind", KINDS)
async def test_a_source_that_answers_too_late_is_a_blank_that_says_so(kind):
    answer = ANSWERS[kind]["slow"]

    outcome = await ask(kind, {**answer, "source": {"timeout_s": 2}}, timeout_s=0.3)

    assert isinstance(outcome, Trouble)
    assert outcome.reason == "source_error"
    assert outcome.detail == "numbers did not answer within 0.3 s."


def test_every_kind_answers_every_case_or_says_why_it_cannot_have_it(capsys, record_property):
    declared = [
        f"{kind} cannot have the case “{case}”: {ANSWERS[kind][case]['cannot']}"
        for kind in KINDS
        for case in CASES
        if "cannot" in ANSWERS[kind][case]
    ]

    for line in declared:
        record_property("declared", line)
    with capsys.disabled():
        print("", *declared, sep="\n")

    assert all(set(ANSWERS[kind]) == set(CASES) for kind in KINDS)
    assert len(declared) + len(POSSIBLE) == len(KINDS) * len(CASES)
