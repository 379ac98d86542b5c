"""Pulling: what is asked for, when, and what is kept of the answers."""

import asyncio
import copy
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from handlers.briefs import pull_and_read
from handlers.pages import closed_period
from handlers.pulls import pull
from integrations.store import readings as stored
from integrations.store.engine import Store
from schema.readings import BlankReason, Shape
from tests import builders
from tests.databases import fresh_url

TIMEOUT_S = 1


@pytest.fixture
async def store():
    opened = Store(fresh_url("sqlite"))
    await builders.a_workspace_in(opened)
    yield opened
    await opened.close()


@asynccontextmanager
async def a_product(folder, store, document=None, **settings):
    """Give what pulls the tiny product, with its sources open."""
    held = builders.snapshot(document or builders.document(), folder)
    services = builders.services(store, held)
    product = held.product("fraud-detection")
    period = closed_period(product, builders.NOW)

    async def pulls(**more):
        return await pull(services, held, product, period=period, **more)

    async def history(metric="precision"):
        first = product.calendar.shift(period, -30)
        return await store.read(
            lambda session: stored.history(
                session, builders.WORKSPACE, product=product.key, metrics=(metric,), first=first, last=period
            )
        )

    pulls.history, pulls.product, pulls.period, pulls.held = history, product, period, held
    try:
        yield pulls
    finally:
        for connector in held.connectors.values():
            await connector.close()


def restate(folder, **values):
    """Change the newest row of the tiny product's source."""
    with sqlite3.connect(folder / "fraud.db") as database:
        for name, value in values.items():
            database.execute(
                f"UPDATE outcomes SET {name} = ? WHERE day = (SELECT max(day) FROM outcomes)", (value,)
            )
    database.close()


async def test_the_first_pull_asks_for_thirteen_periods_and_the_next_one_for_the_newest_only(tmp_path, store):
    builders.write_outcomes(tmp_path)
    async with a_product(tmp_path, store) as pulls:
        first = await pulls()
        second = await pulls()

        assert first.by_source == {"warehouse": "13 of 13 answered"}
        assert first.readings == 26  # two metrics rest on the one question
        assert second.by_source == {"warehouse": "1 of 1 answered"}
        assert second.readings == 0
        assert len(await pulls.history()) == 13


async def test_a_comparison_that_reaches_further_back_is_pulled_as_far(tmp_path, store):
    builders.write_outcomes(tmp_path)
    document = builders.document()
    document["products"]["fraud-detection"]["metrics"]["precision"]["compare"] = [{"periods_ago": 17}]
    async with a_product(tmp_path, store, document) as pulls:
        assert (await pulls()).by_source == {"warehouse": "18 of 18 answered"}


async def test_only_what_is_missing_is_asked_for_again_and_the_newest(tmp_path, store):
    builders.write_outcomes(tmp_path, weeks=4)
    async with a_product(tmp_path, store) as pulls:
        short = await pulls()
    (tmp_path / "fraud.db").unlink()
    builders.write_outcomes(tmp_path, weeks=20)
    async with a_product(tmp_path, store) as pulls:
        rest = await pulls()

        assert short.by_source["warehouse"].startswith("4 of 13 answered; ")
        assert rest.by_source == {"warehouse": "10 of 10 answered"}  # nine were missing, and the newest
        assert len(await pulls.history()) == 13


async def test_a_restated_value_becomes_a_revision_and_the_old_one_stays(tmp_path, store):
    builders.write_outcomes(tmp_path)
    async with a_product(tmp_path, store) as pulls:
        await pulls()
        restate(tmp_path, tp=777)
        again = await pulls()

        assert again.readings == 2
        assert {(each.old.measurement.tp, each.new.measurement.tp) for each in again.restatements} == {
            (700, 777)
        }
        newest = (await pulls.history())[-1]
        assert newest.measurement.tp == 777


async def test_periods_that_were_posted_a_week_ago_may_be_asked_for_again(tmp_path, store):
    builders.write_outcomes(tmp_path)
    async with a_product(tmp_path, store) as pulls:
        await pulls()
        assert (await pulls(again=2)).by_source == {"warehouse": "2 of 2 answered"}


async def test_a_changed_question_is_asked_for_every_period_again(tmp_path, store):
    builders.write_outcomes(tmp_path)
    async with a_product(tmp_path, store) as pulls:
        await pulls()
    document = builders.document()
    query = document["products"]["fraud-detection"]["queries"]["outcomes"]
    query["sql"] = query["sql"].replace("tp, fp", "tp + 1 AS tp, fp")
    async with a_product(tmp_path, store, document) as pulls:
        again = await pulls()

        assert again.by_source == {"warehouse": "13 of 13 answered"}
        assert {each.measurement.tp for each in await pulls.history()} >= {701, 821}


async def test_progress_is_told_after_each_answer(tmp_path, store):
    builders.write_outcomes(tmp_path)
    told = []
    async with a_product(tmp_path, store) as pulls:
        await pulls(progress=lambda done, of: told.append((done, of)))

    assert told == [(done, 13) for done in range(1, 14)]


async def test_a_blank_never_displaces_a_value(tmp_path, store):
    builders.write_outcomes(tmp_path)
    async with a_product(tmp_path, store) as pulls:
        await pulls()
        before = await pulls.history()
    (tmp_path / "fraud.db").unlink()
    async with a_product(tmp_path, store) as pulls:
        failed = await pulls()

        assert {blank.reason for blank in failed.troubles} == {BlankReason.SOURCE_ERROR}
        assert await pulls.history() == before


@asynccontextmanager
async def a_dead_service():
    """Take connections and never answer; gives the address."""
    came = []

    async def hang(reader, writer):
        came.append(writer)
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in came:
            writer.close()
        server.close()


def with_dead_service(url, questions):
    """Give the tiny product many more questions, all of a service that never answers."""
    document = copy.deepcopy(builders.document())
    document["sources"]["dead"] = {
        "kind": "http_json",
        "url": url,
        "network": "private",
        "timeout_s": TIMEOUT_S,
    }
    product = document["products"]["fraud-detection"]
    shares = [
        metric.key
        for metric in builders.known_metrics()
        if metric.form == "proportion" and Shape.PROPORTION in metric.accepts
    ]
    chosen = [key for key in shares if key not in product["metrics"]][:questions]
    for name in chosen:
        product["queries"][name] = {
            "source": "dead", "shape": "proportion", "path": f"/{name}", "params": {"start": "{start}", "end": "{end}"},
            "values": {"numerator": "$.n", "denominator": "$.d"},
        }  # fmt: skip
        product["metrics"][name] = {"query": name, "matters": 0.05}
    return document


async def test_a_dead_source_costs_one_time_out_and_its_own_lines_only(tmp_path, store):
    builders.write_outcomes(tmp_path)
    async with a_dead_service() as url, a_product(tmp_path, store, with_dead_service(url, 20)) as pulls:
        loop = asyncio.get_running_loop()
        began = loop.time()
        pulled = await pulls()
        took = loop.time() - began

        assert pulled.by_source["warehouse"] == "13 of 13 answered"
        assert pulled.by_source["dead"].startswith("0 of ")
        assert len(pulls.product.metrics) > 12  # more than are asked at once
        assert took < 1.7 * TIMEOUT_S
        assert len(await pulls.history()) == 13
        blanks = {blank.metric for blank in pulled.troubles}
        assert blanks == set(pulls.product.metrics) - {"precision", "recall"}


async def test_one_question_that_fails_does_not_silence_the_others_of_its_source(tmp_path, store):
    builders.write_outcomes(tmp_path)
    document = builders.document()
    product = document["products"]["fraud-detection"]
    product["queries"]["gone"] = {
        **product["queries"]["outcomes"],
        "sql": "SELECT tp, fp, fn, tn FROM nowhere WHERE day >= :start AND day < :end",
    }
    product["metrics"]["npv"] = {"query": "gone"}
    async with a_product(tmp_path, store, document) as pulls:
        pulled = await pulls()

        assert pulled.by_source["warehouse"].startswith("13 of ")
        assert len(await pulls.history()) == 13
        assert [blank.metric for blank in pulled.troubles] == ["npv"]


async def test_a_product_without_metrics_asks_nobody(tmp_path, store):
    builders.write_outcomes(tmp_path)
    document = builders.document()
    product = document["products"]["fraud-detection"]
    product["metrics"], product["queries"] = {}, {}
    async with a_product(tmp_path, store, document) as pulls:
        assert dict((await pulls()).by_source) == {}


class Broken:
    """A connector with a defect."""

    def __init__(self, error):
        self.error = error

    async def read(self, _query, _period):
        raise self.error

    async def close(self):
        pass


def with_another_source(held, connector):
    """Give the tiny product one more metric, of a source that is this connector."""
    return replace(held, connectors={**held.connectors, "other": connector})


def beside():
    document = builders.document()
    document["sources"]["other"] = {"kind": "sql", "url": "sqlite:///fraud.db"}
    product = document["products"]["fraud-detection"]
    product["queries"]["beside"] = {**product["queries"]["outcomes"], "source": "other"}
    product["metrics"]["npv"] = {"query": "beside"}
    return document


@pytest.mark.parametrize("error", [ValueError("secret value"), asyncio.CancelledError(), TimeoutError()])
async def test_a_defect_in_one_source_costs_its_own_lines_only(tmp_path, store, error, caplog):
    builders.write_outcomes(tmp_path)
    held = with_another_source(builders.snapshot(beside(), tmp_path), Broken(error))
    product = held.product("fraud-detection")
    period = closed_period(product, builders.NOW)

    pulled = await pull(builders.services(store, held), held, product, period=period)

    assert pulled.readings == 26
    [blank] = pulled.troubles
    assert (blank.metric, blank.reason) == ("npv", BlankReason.SOURCE_ERROR)
    assert pulled.by_source["other"].startswith("0 of ")
    logged = [each.reference for each in caplog.records if each.message == "source_failed"]
    if isinstance(error, ValueError):
        assert logged
        assert f"A fault in Muster kept it from reading other; the log has it as {logged[0]}." == blank.detail
    else:
        assert logged == []
        assert blank.detail == "The question to other broke off."


async def test_a_group_name_too_long_to_keep_costs_its_own_lines_only(tmp_path, store):
    builders.write_outcomes(tmp_path)
    document = beside()
    query = document["products"]["fraud-detection"]["queries"]["beside"]
    query["sql"] = query["sql"].replace("tp, fp", f"'{'x' * 301}' AS g, tp, fp")
    query["groups"] = ["g"]
    async with a_product(tmp_path, store, document) as pulls:
        pulled = await pulls()

        assert pulled.by_source["warehouse"] == "13 of 13 answered"
        assert "a group has a name of more than 300 characters" in pulled.by_source["other"]
        assert [blank.metric for blank in pulled.troubles] == ["npv"]


async def test_a_pull_whose_sources_are_closed_under_it_never_says_that_all_answered(tmp_path, store):
    builders.write_outcomes(tmp_path)
    document = builders.document()
    async with a_product(tmp_path, store, document) as pulls:
        closing = []

        def close(_done, _of):
            if not closing:
                connector = pulls.held.connectors["warehouse"]
                closing.append(asyncio.ensure_future(connector.close()))

        pulled = await pulls(progress=close)
        await closing[0]

    assert pulled.by_source["warehouse"].startswith(
        "1 of 13 answered; warehouse, the query: its configuration"
    )
    assert pulled.readings == 2


class Counted:
    """A connector that counts its questions, and how many run side by side."""

    def __init__(self, real):
        self.real, self.asked, self.running, self.most = real, 0, 0, 0

    async def read(self, query, period):
        self.asked, self.running = self.asked + 1, self.running + 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0.01)
            return await self.real.read(query, period)
        finally:
            self.running -= 1


async def test_many_who_ask_for_a_cold_product_at_once_cost_one_pull(tmp_path, store):
    builders.write_outcomes(tmp_path)
    held = builders.snapshot(builders.document(), tmp_path)
    counted = Counted(held.connectors["warehouse"])
    held = replace(held, connectors={"warehouse": counted})
    services = builders.services(store, held)
    product = held.product("fraud-detection")

    found = await asyncio.gather(*(pull_and_read(services, held, product) for _ in range(20)))

    assert counted.asked == 13
    assert all(each.pulled for each in found)
    assert len(services.pulling) == 0


async def test_pulls_of_many_products_share_one_limit_of_questions_side_by_side(tmp_path, store):
    builders.write_outcomes(tmp_path)
    names = ("second", "third", "fourth")
    held = builders.snapshot(builders.document(**{name: {"title": name} for name in names}), tmp_path)
    counted = Counted(held.connectors["warehouse"])
    held = replace(held, connectors={"warehouse": counted})
    services = replace(builders.services(store, held), reads_at_once=3)

    await asyncio.gather(*(
        pull(services, held, each, period=closed_period(each, builders.NOW))
        for each in held.configuration.products.values()
    ))  # fmt: skip

    assert counted.asked == 4 * 13
    assert counted.most == 3
