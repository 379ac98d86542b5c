"""The command line."""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from bot import log
from bot.files import Secrets, catalogue, check_text, load_yaml
from bot.offline import Desk, Unsound, desk, sound
from bot.settings import LogLevel, Settings
from bot.workspaces import MAIN
from handlers import configuration
from handlers.pages import audience_named, brief, closed_period, standup
from handlers.pulls import pull
from handlers.views import plain
from integrations.base import Connector, IntegrationError
from integrations.sources import open_connector
from integrations.store.engine import Store
from schema.changes import Applied, Difference, Fate, Take
from schema.errors import Refusal
from schema.problems import Problem, Severity
from schema.products import Product

app = typer.Typer(
    name="muster",
    help="Metrics in plain words that are true, the weekly AI standup, and sign-offs bound to evidence, in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None, typer.Option("--config", help="A muster.yaml to read instead of what is applied.")
]
At = Annotated[str | None, typer.Option("--at", help="The day that counts as today, such as 2026-11-23.")]
UNSOUND = 2
CONFLICT = 3
REFUSED = 1


def main() -> None:
    """Run a command; a refusal is one clear line and an exit code, never a traceback."""
    try:
        app(standalone_mode=True)
    except Unsound as problems:
        typer.echo(str(problems), err=True)
        sys.exit(UNSOUND)
    except Refusal as refusal:
        typer.echo(str(refusal), err=True)
        sys.exit(REFUSED)


@app.command("brief")
def brief_command(
    product: str,
    audience: Annotated[
        str, typer.Option("--for", help="executive, engineer, compliance or support")
    ] = "executive",
    config: Config = None,
    at: At = None,
) -> None:
    """Print the one page of a product for one reader."""

    async def show(opened: Desk) -> str:
        reader = audience_named(audience)
        found = opened.snapshot.product(product)
        period = closed_period(found, opened.services.now())
        await _pull(opened, found)
        return plain.brief(await brief(opened.services, opened.snapshot, found, reader, period))

    typer.echo(_at_desk(show, config, at), nl=False)


@app.command("standup")
def standup_command(
    product: str,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print it; post nothing.")] = False,  # noqa: FBT002 - typer reads it so
    config: Config = None,
    at: At = None,
) -> None:
    """Print a product's standup; to post it, type `/muster standup PRODUCT now` in Slack."""
    if not dry_run:
        raise Refusal(
            f"Posting is done in Slack: type /muster standup {product} now. Here, add --dry-run to see it."
        )

    async def show(opened: Desk) -> str:
        found = opened.snapshot.product(product)
        period = closed_period(found, opened.services.now())
        await _pull(opened, found)
        return plain.standup(await standup(opened.services, opened.snapshot, found, period))

    typer.echo(_at_desk(show, config, at), nl=False)


@app.command("pull")
def pull_command(
    product: Annotated[str | None, typer.Argument(help="One product; all of them without it.")] = None,
    config: Config = None,
    at: At = None,
) -> None:
    """Fetch now, and say what each source gave."""

    async def fetch(opened: Desk) -> str:
        products = opened.snapshot.configuration.products
        chosen = [opened.snapshot.product(product)] if product else list(products.values())
        return "".join([await _pull(opened, each) for each in chosen])

    typer.echo(_at_desk(fetch, config, at), nl=False)


@app.command("check")
def check_command(
    config: Annotated[Path, typer.Option("--config", help="The muster.yaml to check.")] = Path("muster.yaml"),
) -> None:
    """Say everything that is wrong with a configuration, then try each source."""
    settings, secrets = _settings()
    problems = check_text(config, catalogue=catalogue(), secrets=secrets, today=datetime.now(UTC).date())
    for problem in problems:
        typer.echo(_said(problem))
    if any(problem.level is Severity.ERROR for problem in problems):
        raise typer.Exit(UNSOUND)
    typer.echo(f"{config} is sound.")
    folder = config.resolve().parent
    sources = sound(config, datetime.now(UTC)).sources
    opened = {
        name: open_connector(name, each, secrets=secrets.value, folder=folder)
        for name, each in sources.items()
    }
    asyncio.run(_probe(opened, settings.waits().source_timeout_s))


async def _probe(opened: Mapping[str, Connector], timeout_s: float) -> None:
    for name, connector in opened.items():
        try:
            async with asyncio.timeout(timeout_s):
                line = await connector.probe()
        except IntegrationError as error:
            line = f"{error}."
        except TimeoutError:
            line = "no answer in time."
        finally:
            await connector.close()
        typer.echo(f"{name}: {line}")


@app.command("apply")
def apply_command(
    config: Annotated[Path, typer.Option("--config", help="The muster.yaml to apply.")] = Path("muster.yaml"),
    take: Annotated[
        Take | None, typer.Option(help="Whose side wins where both changed: file or slack.")
    ] = None,
) -> None:
    """Store a configuration; safe to repeat."""
    settings, _ = _settings()
    now = datetime.now(UTC)
    sound(config, now)
    document = load_yaml(config).document
    store = _store(settings)
    try:
        applied = asyncio.run(
            configuration.apply(store, MAIN, document, catalogue=catalogue(), now=now, take=take)
        )
    finally:
        store.close_sync()
    for line in _applied(applied):
        typer.echo(line)
    if applied.problems:
        raise typer.Exit(UNSOUND)
    if take is None and applied.conflicts:
        typer.echo("Both sides changed; nothing was applied. Choose with --take file or --take slack.")
        raise typer.Exit(CONFLICT)


@app.command("export")
def export_command() -> None:
    """Write the stored configuration as YAML; secrets stay names."""
    settings, _ = _settings()
    store = _store(settings)
    try:
        text = asyncio.run(configuration.export(store, MAIN))
    finally:
        store.close_sync()
    typer.echo(text, nl=False)


@app.command("demo")
def demo_command(
    once: Annotated[bool, typer.Option("--once", help="Print every posted message and stop.")] = False,  # noqa: FBT002 - as above
    at: At = None,
    port: Annotated[int, typer.Option(help="Port of the local Slack's page; 0 takes a free one.")] = 8111,
) -> None:
    """Try Muster on this machine: a local Slack, the bot, and the story of seven products."""
    from bot.demo import Demo, run_once, stay  # noqa: PLC0415 - no other command needs the local Slack

    log.configure(level=LogLevel.WARNING)
    demo = Demo(at=_moment(at), port=0 if once else port)
    asyncio.run(run_once(demo) if once else stay(demo))


@app.command("run")
def run_command() -> None:
    """Run the bot against Slack until it is stopped."""
    from bot.app import run  # noqa: PLC0415 - the other commands need no Slack

    settings, secrets = _settings()
    log.configure(form=settings.log_format, level=settings.log_level)
    problems = settings.slack_problems()
    if problems:
        raise Refusal("\n".join(problem.sentence for problem in problems))
    sys.exit(asyncio.run(run(settings, secrets)))


def _at_desk(work: Callable[[Desk], Awaitable[str]], config: Path | None, at: str | None) -> str:
    settings, secrets = _settings()
    log.configure(level=LogLevel.ERROR)

    async def go() -> str:
        async with desk(settings, secrets, config=config, now=_clock(at)) as opened:
            return await work(opened)

    return asyncio.run(go())


async def _pull(opened: Desk, product: Product) -> str:
    period = closed_period(product, opened.services.now())
    pulled = await pull(opened.services, opened.snapshot, product, period=period)
    lines = [f"{product.key}: {pulled.readings} new readings"]
    lines += [f"  {source}: {line}" for source, line in pulled.by_source.items()]
    return "\n".join(lines) + "\n"


def _settings() -> tuple[Settings, Secrets]:
    settings = Settings.from_env(os.environ)
    return settings, settings.secrets(os.environ)


def _store(settings: Settings) -> Store:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    store = Store(settings.database)
    store.upgrade()
    return store


def _clock(at: str | None) -> Callable[[], datetime]:
    moment = _moment(at)
    return lambda: moment or datetime.now(UTC)


def _moment(at: str | None) -> datetime | None:
    """Read a day, or a day and time in UTC; a day counts as its end, so that it is over."""
    if at is None:
        return None
    try:
        day = date.fromisoformat(at)
    except ValueError:
        return _exact_moment(at)
    return datetime.combine(day, time(23, 59), tzinfo=UTC)


def _exact_moment(at: str) -> datetime:
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        raise Refusal(
            f"“{at}” is no day. Write it as 2026-11-23, or with a time: 2026-11-23T09:30+01:00."
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _said(problem: Problem) -> str:
    mark = "warning: " if problem.level is Severity.WARNING else ""
    return f"{mark}{problem.sentence}"


def _applied(applied: Applied) -> list[str]:
    lines = [line for each in applied.differences if (line := _difference(each))]
    lines += [problem.sentence for problem in applied.problems]
    return lines or ["Nothing has changed."]


def _difference(each: Difference) -> str:
    if each.fate is Fate.UNCHANGED:
        return ""
    return f"{each.fate.value}: {each.at.kind.value} {each.at.key}".rstrip()
