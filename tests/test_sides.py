"""Side questions through real connectors and a real store: pulled with their metric, kept apart from it, and known."""

import copy
import sqlite3

import pytest

from handlers.briefs import how_we_know, pull_and_read
from handlers.pages import closed_period, load_page
from handlers.pulls import pull
from integrations.store import readings as stored
from integrations.store.engine import Store
from schema.briefs import compose
from schema.metrics import Audience
from schema.readings import BlankReason, Confusion
from schema.sides import asked_of, metric_of, side_key, side_queries, with_sides
from tests import builders
from tests.databases import fresh_url

LEDGER = "SELECT tp, fp, fn, tn FROM ledger WHERE day >= :start AND day < :end"


@pytest.fixture
async def store():
    opened = Store(fresh_url("sqlite"))
    await builders.a_workspace_in(opened)
    yield opened
    await opened.close()


@pytest.fixture
def folder(tmp_path):
    """Write the outcomes of twenty weeks, and a ledger that knows fewer false alarms."""
    builders.write_outcomes(tmp_path)
    with sqlite3.connect(tmp_path / "fraud.db") as database:
        database.execute("CREATE TABLE ledger AS SELECT day, tp, fp / 2 AS fp, fn, tn FROM outcomes")
    database.close()
    return tmp_path


def document(**metric):
    given = builders.document()
    product = given["products"]["fraud-detection"]
    product["queries"]["ledger"] = {"source": "books", "shape": "confusion", "sql": LEDGER}
    product["queries"]["never"] = {
        "source": "warehouse",
        "shape": "confusion",
        "sql": LEDGER.replace("ledger", "nowhere"),
    }
    product["metrics"]["precision"] = {"query": "outcomes", "matters": 0.02, **metric}
    given["sources"]["books"] = copy.deepcopy(given["sources"]["warehouse"])
    return given


def told(brief) -> str:
    return " ".join(str(each.text) for section in brief.sections for each in section.paragraphs)


class Desk:
    """The tiny product at hand."""

    def __init__(self, given, folder, store) -> None:
        self.held = builders.snapshot(given, folder)
        self.services = builders.services(store, self.held)
        self.product = self.held.product("fraud-detection")
        self.period = closed_period(self.product, builders.NOW)
        self.store = store

    async def pull(self):
        return await pull(self.services, self.held, self.product, period=self.period)

    async def page(self):
        return await load_page(self.services, self.held, self.product, self.period)

    async def stored(self, *keys):
        first = self.product.calendar.shift(self.period, -30)
        return await self.store.read(lambda session: stored.history(
            session, builders.WORKSPACE, product=self.product.key, metrics=keys, first=first, last=self.period,
        ))  # fmt: skip

    async def close(self) -> None:
        for connector in self.held.connectors.values():
            await connector.close()


@pytest.fixture
async def desks(folder, store):
    opened = []

    def desk(**metric):
        opened.append(Desk(document(**metric), folder, store))
        return opened[-1]

    yield desk
    for each in opened:
        await each.close()


def test_keys_name_the_metric_and_the_query() -> None:
    made = builders.configuration(document(also=["ledger"])).products["fraud-detection"]

    assert side_queries(made.metrics["precision"]) == ("ledger",)
    assert list(asked_of(made)) == ["precision", "recall", "precision/ledger"]
    assert with_sides(made, ["recall", "precision"]) == ("recall", "precision", "precision/ledger")
    assert metric_of("precision/ledger") == metric_of("precision") == "precision"


async def test_a_side_question_is_pulled_as_far_back_as_its_metric_and_stored_apart(desks) -> None:
    desk = desks(also=["ledger"])
    pulled = await desk.pull()
    own, beside = await desk.stored("precision"), await desk.stored(side_key("precision", "ledger"))

    assert pulled.by_source == {"warehouse": "13 of 13 answered", "books": "13 of 13 answered"}
    assert len(own) == len(beside) == 13
    assert own[-1].measurement == Confusion(tp=700, fp=300, fn=100, tn=9000)
    assert beside[-1].measurement == Confusion(tp=700, fp=150, fn=100, tn=9000)
    assert (await desk.pull()).readings == 0


async def test_the_metrics_own_figure_never_comes_from_a_side_question(desks) -> None:
    with_ledger = desks(also=["ledger"])
    await with_ledger.pull()
    page = await with_ledger.page()
    judgement = page.judged["precision"]

    assert judgement.now.receipt.source == "warehouse"
    assert judgement.findings.sources[0].source == "books"
    assert float(judgement.now.level.estimate.value) == pytest.approx(0.7)
    assert float(judgement.findings.sources[0].value.value) == pytest.approx(700 / 850)


async def test_a_side_question_that_is_no_longer_asked_does_not_answer_for_the_metric(desks) -> None:
    asked_both = desks(query="never", also=["ledger"])
    await asked_both.pull()
    asks_one = desks(query="never")
    page = await asks_one.page()

    assert len(await asks_one.stored("precision/ledger")) == 13
    assert page.judged["precision"].now is None


async def test_a_side_source_that_is_down_costs_its_own_line_only(desks, folder) -> None:
    desk = desks(also=["ledger"])
    with sqlite3.connect(folder / "fraud.db") as database:
        database.execute("DROP TABLE ledger")
    database.close()
    await desk.pull()
    page = await desk.page()
    engineer = " ".join(
        str(each.text) for section in compose(page, Audience.ENGINEER).sections for each in section.paragraphs
    )

    assert page.judged["precision"].blank is None
    assert page.judged["precision"].findings.sources[0].blank.reason is BlankReason.NOT_FOUND
    assert "books gives no figure: " in engineer
    assert "Verdicts here rest on warehouse." in engineer


async def test_how_we_know_shows_both_receipts(desks) -> None:
    desk = desks(also=["ledger"])
    await desk.pull()
    known = await how_we_know(
        desk.services, desk.held, desk.product, period=desk.period, metrics=("precision",)
    )

    assert [each.receipt.source for each in known.readings] == ["warehouse", "books"]
    assert {each.metric for each in known.readings} == {"precision"}
    assert known.answered == {"precision"}


async def test_a_brief_asks_the_side_questions_with_the_first_pull(desks) -> None:
    desk = desks(also=["ledger"])
    found = await pull_and_read(desk.services, desk.held, desk.product, desk.period)

    assert found.page.judged["precision"].findings.dispute is not None
    assert "books says 82 of every 100" in told(found.brief(Audience.EXECUTIVE))
