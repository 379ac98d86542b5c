"""The local Slack's page in a real browser; an error in its console fails the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
WAIT_MS = 15_000
needs_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: install Debian's chromium")


@asynccontextmanager
async def a_browser() -> AsyncIterator:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def a_tab(browser, world, where="", *, user=None, **settings):
    """Open the page as one person, in a browser profile of its own."""
    troubles = []
    page = await browser.new_page(**settings)
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if told.type == "error" else None)
    await page.goto(f"{world.slack.url}?user={(user or world.ann).id}{where}")
    yield page
    await page.close()
    assert troubles == []


@asynccontextmanager
async def a_page(world, where="", *, user=None, **settings):
    async with a_browser() as browser, a_tab(browser, world, where, user=user, **settings) as page:
        yield page
