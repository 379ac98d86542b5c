"""What every command needs: settings, the stored workspace, a moment that counts as now."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot import log
from bot.files import Secrets
from bot.moments import clock
from bot.offline import Desk, desk
from bot.settings import LogLevel, Settings, of_this_process

T = TypeVar("T")
Config = Annotated[
    Path | None, typer.Option("--config", help="A muster.yaml to read instead of what is applied.")
]
At = Annotated[str | None, typer.Option("--at", help="The day that counts as today, such as 2026-11-23.")]


def settings_here() -> tuple[Settings, Secrets]:
    """Read the settings of this process; standard output holds the answer and nothing else."""
    log.configure(level=LogLevel.ERROR)
    return of_this_process()


def at_desk(work: Callable[[Desk], Awaitable[T]], *, config: Path | None = None, at: str | None = None) -> T:
    """Open the workspace and do something with it."""
    settings, secrets = settings_here()

    async def go() -> T:
        async with desk(settings, secrets, config=config, now=clock(at)) as opened:
            return await work(opened)

    return asyncio.run(go())
