"""The server of the rows about acks: Muster and a stock Bolt app behind the same aiohttp application, one process."""

import asyncio
import logging
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import opened
from bot.demo import SAMPLE_SECRET, apply, seed
from bot.files import Secrets
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import App
from bot.server import Doors, application
from bot.settings import Settings
from deploy.demo import people
from tests.bench.children import serve
from tests.bench.stories import AT, clock


def stock(app: App, slack: LocalSlack) -> AsyncApp:
    """Make what Bolt's own guide makes: a command that only acks."""
    client = AsyncWebClient(token=app.bot_token, base_url=slack.base_url)
    made = AsyncApp(signing_secret=SAMPLE_SECRET, client=client, logger=logging.getLogger("slack_bolt"))

    @made.command("/muster")
    async def acks(ack) -> None:
        await ack()

    return made


async def listening(app: AsyncApp, stack: AsyncExitStack) -> int:
    """Serve a Bolt app the way Muster's own server does."""

    async def ready() -> None:
        return None

    doors = Doors(slack=(app, SAMPLE_SECRET), ready=ready, registry=CollectorRegistry(), metrics_token=None)
    runner = web.AppRunner(application(doors), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner.addresses[0][1]


def settings_for(slack: LocalSlack, app: App, *, home: Path, config: Path) -> Settings:
    return Settings.from_env({
        "MUSTER_HOME": str(home),
        "MUSTER_CONFIG": str(config),
        "MUSTER_SLACK_MODE": "http",
        "MUSTER_SLACK_API_URL": slack.base_url,
        "MUSTER_SLACK_BOT_TOKEN": app.bot_token,
        "MUSTER_SLACK_SIGNING_SECRET": SAMPLE_SECRET,
        "MUSTER_HTTP_PORT": "0",
    })  # fmt: skip


async def main(home: Path, config: Path) -> None:
    os.chdir(home)
    logging.disable(logging.WARNING)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(LocalSlack())
        slack.clock.advance((AT.timestamp()) - slack.clock.now())
        app = seed(slack)
        settings = settings_for(slack, app, home=home, config=config)
        now = clock()
        await apply(settings, config, now)
        muster = await stack.enter_async_context(opened(settings, Secrets(environment={}), now=now))
        ports = {"muster": muster.port, "stock": await listening(stock(app, slack), stack)}
        await serve(ports | {"secret": SAMPLE_SECRET, "app": app.id, "team": people.TEAM})


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
