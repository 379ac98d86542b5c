"""Verdicts are computed once and kept: whoever reads later reads the same."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.files import catalogue, nouns, read_text
from bot.workspaces import unstored
from deploy.demo import story
from handlers import pages
from handlers.pulls import pull
from handlers.services import Services
from integrations.store import judgements as stored
from integrations.store.engine import Store
from schema.configuration.reading import Configuration

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
FRAUD = "fraud-detection"
PRECISION = ("precision", "previous")


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return story.write(tmp_path_factory.mktemp("story"), at=AT)


@pytest.fixture
async def desk(config: Path, tmp_path: Path):
    store = Store(f"sqlite:///{tmp_path / 'muster.db'}")
    store.upgrade()
    found = read_text(config, catalogue=catalogue(), today=AT.date())
    assert isinstance(found, Configuration)
    snapshot = unstored(found, secrets=str, folder=config.parent)

    async def same(_: str):
        return snapshot

    yield Services(store=store, snapshot=same, now=lambda: AT, nouns=nouns()), snapshot
    for connector in snapshot.connectors.values():
        await connector.close()
    await store.close()


async def kept(services, snapshot, period):
    return await services.store.read(
        lambda session: stored.newest(session, snapshot.workspace, product=FRAUD, period=period)
    )


async def test_the_first_reader_keeps_the_verdicts_and_the_next_one_adds_nothing(desk):
    services, snapshot = desk
    product = snapshot.product(FRAUD)
    period = pages.closed_period(product, AT)
    await pull(services, snapshot, product, period=period)

    first = await pages.load_page(services, snapshot, product, period)
    after_one = await kept(services, snapshot, period)
    second = await pages.load_page(services, snapshot, product, period)

    assert {each.metric for each in after_one} == {key for key, each in first.judged.items() if each.compared}
    assert await kept(services, snapshot, period) == after_one
    assert second.judged == first.judged


async def test_what_is_kept_is_what_is_said(desk):
    services, snapshot = desk
    product = snapshot.product(FRAUD)
    period = pages.closed_period(product, AT)
    await pull(services, snapshot, product, period=period)
    await pages.load_page(services, snapshot, product, period)

    precision = next(
        each for each in await kept(services, snapshot, period) if (each.metric, each.comparison) == PRECISION
    )
    other = replace(precision, body={**precision.body, "kind": "about the same"})
    await services.store.write(lambda session: stored.keep(session, snapshot.workspace, [other]))
    page = await pages.load_page(services, snapshot, product, period)

    assert page.judged["precision"].verdict.kind == "about the same"


async def test_a_change_of_what_matters_is_judged_anew(desk):
    services, snapshot = desk
    product = snapshot.product(FRAUD)
    period = pages.closed_period(product, AT)
    await pull(services, snapshot, product, period=period)
    await pages.load_page(services, snapshot, product, period)
    asked = product.metrics["precision"].model_copy(update={"matters": Decimal(1)})
    changed = product.model_copy(update={"metrics": {**product.metrics, "precision": asked}})

    page = await pages.load_page(services, snapshot, changed, period)

    assert page.judged["precision"].verdict.kind == "small loss"
    newest = {
        (each.metric, each.comparison): each.revision for each in await kept(services, snapshot, period)
    }
    assert newest["precision", "previous"] == 2


async def test_a_verdict_that_repeats_is_counted(desk):
    services, snapshot = desk
    product = snapshot.product(FRAUD)
    period = pages.closed_period(product, AT)
    before = product.calendar.shift(period, -1)
    await pull(services, snapshot, product, period=period)

    earlier = await pages.load_page(services, snapshot, product, before)
    page = await pages.load_page(services, snapshot, product, period)
    repeats = await pages.judgements.repeats(services, snapshot, product, period=period, judged=page.judged)

    same = {
        key for key, each in page.judged.items()
        if key in earlier.judged and earlier.judged[key].compared and each.verdict.kind == earlier.judged[key].verdict.kind
    }  # fmt: skip
    assert {key for key, count in repeats.items() if count} == same
    assert same
