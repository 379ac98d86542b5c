"""The demo's story pulled through the real connectors, once a test process: a page for each product."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from bot.files import catalogue, load_yaml, nouns
from deploy.demo import story
from deploy.demo.service import serve
from handlers.pages import closed_period, load_page
from handlers.pulls import pull
from handlers.services import Services, Snapshot
from integrations.sources import open_connector
from integrations.store.engine import Store
from schema.configuration.reading import Configuration, read_configuration
from schema.pages import Page

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
WORKSPACE = "T0ACME0001"
PRODUCTS = (
    "support-chatbot", "feed-personalisation", "content-recommender", "fraud-detection", "writing-assistant",
    "nearby-offers", "job-matching",
)  # fmt: skip


@lru_cache(maxsize=1)
def demo_pages() -> Mapping[str, Page]:
    """Write the story and give every product's page, by product."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, told(Path(folder))).result()  # whoever asks may be in a loop


async def told(
    folder: Path, *, altered: Callable[[Path], None] | None = None, at: datetime = AT
) -> dict[str, Page]:
    """Write the story into a folder, alter its data where that is asked for, and give every product's page.

    at   when the pages are read; the story is always told on its own day
    """
    async with serve(folder / story.SERVICE) as url:
        story.write(folder, at=AT, service_url=url)
        if altered is not None:
            altered(folder / "data")
        return await pages_of(folder, at=at)


async def pages_of(folder: Path, *, at: datetime = AT) -> dict[str, Page]:
    """Pull what stands in a folder of the story into a new database, and judge it."""
    configuration = configuration_in(folder)
    store = Store(f"sqlite:///{folder / 'muster.db'}")
    store.upgrade()
    connectors = {
        name: open_connector(name, source, secrets=lambda name: "x", folder=folder)
        for name, source in configuration.sources.items()
    }
    try:
        snapshot = Snapshot(
            workspace=WORKSPACE, revision=1, configuration=configuration, connectors=connectors
        )

        async def current(workspace: str) -> Snapshot:
            return snapshot

        services = Services(store=store, snapshot=current, now=lambda: at, nouns=nouns())
        return {key: await _page(services, snapshot, key) for key in configuration.products}
    finally:
        for connector in connectors.values():
            await connector.close()
        await store.close()


def configuration_in(folder: Path) -> Configuration:
    """Read the story's configuration."""
    loaded = load_yaml(folder / story.CONFIGURATION)
    read = read_configuration(loaded.document, loaded.positions, catalogue=catalogue(), today=AT.date())
    assert isinstance(read, Configuration), read
    return read


async def _page(services: Services, snapshot: Snapshot, key: str) -> Page:
    product = snapshot.product(key)
    period = closed_period(product, services.now())
    await pull(services, snapshot, product, period=period)
    return await load_page(services, snapshot, product, period)
