"""The command line."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import log
from bot.commands import evidence, gates, proofs, rehearse, schedules
from bot.commands.desks import At, Config, at_desk, settings_here
from bot.differences import lines_of
from bot.files import catalogue, check_text, checklists, load_yaml
from bot.moments import moment
from bot.offline import Desk, Unsound, probed, said, sound, tried
from bot.settings import LogLevel, Settings
from bot.workspaces import MAIN, NO_CONFIGURATION
from handlers import configuration
from handlers.pages import audience_named, brief, closed_period
from handlers.pulls import Progress, pull
from handlers.standups import preview
from handlers.views import plain
from integrations.store.engine import Store
from integrations.store.errors import StoreError
from schema.configuration.changes import Applied, Take
from schema.errors import Refusal
from schema.problems import Severity
from schema.products import Product

app = typer.Typer(
    name="muster",
    help="Metrics in plain words that are true, the weekly AI standup, and sign-offs bound to evidence, in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for each in (gates, evidence, proofs, rehearse, schedules):
    app.add_typer(each.app)
Key = Annotated[str, typer.Argument(metavar="PRODUCT", help="Its key in muster.yaml.")]
STRANDED = (
    "warning: the launch {} is under way, and its product is gone: nobody can sign it, and its evidence cannot be looked at."
    " Apply the file with the product under the same name; withdraw the launch first if it is not to go out."
)
UNSOUND = 2
CONFLICT = 3
REFUSED = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a refusal is one clear line and an exit code, never a traceback.

    arguments  those of this process unless given
    """
    try:
        app(arguments, standalone_mode=True)
    except Unsound as problems:
        typer.echo(str(problems), err=True)
        sys.exit(UNSOUND)
    except (Refusal, StoreError) as refusal:
        typer.echo(str(refusal), err=True)
        sys.exit(REFUSED)


@app.command("brief")
def brief_command(
    product: Key,
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
        return plain.brief(
            await brief(opened.services, opened.snapshot, found, audience=reader, period=period)
        )

    typer.echo(at_desk(show, config=config, at=at), nl=False)


@app.command("standup")
def standup_command(
    product: Key,
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
        if config is None and period.end > datetime.now(UTC):
            raise Refusal(
                f"{found.calendar.key(period)} has not ended. Leave --at out for the newest one that has."
            )
        await _pull(opened, found)
        today = datetime.now(UTC).astimezone(found.zoneinfo).date()
        past = config is None and period != closed_period(found, datetime.now(UTC))
        standup, _ = await preview(
            opened.services, opened.snapshot, found, period, today=today if past else None
        )
        return plain.standup(standup)

    typer.echo(at_desk(show, config=config, at=at), nl=False)


@app.command("pull")
def pull_command(
    product: Annotated[
        str | None, typer.Argument(metavar="PRODUCT", help="One product; all of them without it.")
    ] = None,
    config: Config = None,
    at: At = None,
) -> None:
    """Fetch now, and say what each source gave."""

    async def fetch(opened: Desk) -> str:
        products = opened.snapshot.configuration.products
        chosen = [opened.snapshot.product(product)] if product else list(products.values())
        return "".join([await _pull(opened, each) for each in chosen])

    typer.echo(at_desk(fetch, config=config, at=at), nl=False)


@app.command("check")
def check_command(
    config: Annotated[
        Path | None, typer.Option("--config", help="The muster.yaml to check; MUSTER_CONFIG without it.")
    ] = None,
) -> None:
    """Say everything that is wrong with a configuration, then reach for each source and the language model."""
    settings, secrets = settings_here()
    config = config or settings.config
    problems = check_text(config, catalogue=catalogue(), secrets=secrets, today=datetime.now(UTC).date())
    for problem in problems:
        typer.echo(said(problem))
    if any(problem.level is Severity.ERROR for problem in problems):
        raise typer.Exit(UNSOUND)
    typer.echo(f"{config} is sound.")
    found = sound(config, datetime.now(UTC))
    timeout_s = settings.waits().source_timeout_s
    lines = asyncio.run(
        probed(found.sources, secrets=secrets.value, folder=config.resolve().parent, timeout_s=timeout_s)
    )
    if found.workspace.language_model is not None:
        lines.append(asyncio.run(tried(found.workspace.language_model, secrets=secrets.value)))
    for line in lines:
        typer.echo(line)


@app.command("apply")
def apply_command(
    config: Annotated[
        Path | None, typer.Option("--config", help="The muster.yaml to apply; MUSTER_CONFIG without it.")
    ] = None,
    take: Annotated[
        Take | None, typer.Option(help="Whose side wins where both changed: file or slack.")
    ] = None,
) -> None:
    """Store a configuration; safe to repeat."""
    settings, _ = settings_here()
    config = config or settings.config
    now = datetime.now(UTC)
    sound(config, now)
    document = load_yaml(config).document
    store = _store(settings)

    async def store_it() -> tuple[Applied, tuple[str, ...]]:
        applied = await configuration.apply(
            store, MAIN, document, catalogue=catalogue(), checklists=checklists(), now=now, take=take
        )
        return applied, await configuration.stranded(store, MAIN, applied)

    try:
        applied, stranded = asyncio.run(store_it())
    finally:
        store.close_sync()
    for line in [*lines_of(applied), *map(STRANDED.format, stranded)]:
        typer.echo(line)
    if applied.problems:
        raise typer.Exit(UNSOUND)
    if take is None and applied.conflicts:
        typer.echo("Both sides changed; nothing was applied. Choose with --take file or --take slack.")
        raise typer.Exit(CONFLICT)


@app.command("export")
def export_command() -> None:
    """Write the stored configuration as YAML; secrets stay names."""
    settings, _ = settings_here()
    store = _store(settings)

    async def written() -> str:
        if await configuration.snapshot(store, MAIN, catalogue=catalogue()) is None:
            raise Refusal(NO_CONFIGURATION)
        return await configuration.export(store, MAIN)

    try:
        typer.echo(asyncio.run(written()), nl=False)
    finally:
        store.close_sync()


@app.command("demo")
def demo_command(
    once: Annotated[bool, typer.Option("--once", help="Print every posted message and stop.")] = False,  # noqa: FBT002 - as above
    at: At = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port of the page; 0 takes a free one. Without it 8111, or a free one."
        ),
    ] = None,
) -> None:
    """Try Muster on this machine: a local Slack, the bot, and the story of seven products."""
    from bot.demo import Demo, run_once, stay  # noqa: PLC0415 - no other command needs the local Slack

    log.configure(level=LogLevel.WARNING)
    demo = Demo(at=moment(at), port=0 if once else port)
    asyncio.run(run_once(demo) if once else stay(demo))


@app.command("run")
def run_command() -> None:
    """Run the bot against Slack until it is stopped."""
    from bot.app import run  # noqa: PLC0415 - the other commands need no Slack

    settings, secrets = settings_here()
    log.configure(form=settings.log_format, level=settings.log_level)
    problems = settings.slack_problems() + settings.webhook_problems()
    if problems:
        raise Refusal("\n".join(problem.sentence for problem in problems))
    sys.exit(asyncio.run(run(settings, secrets)))


async def _pull(opened: Desk, product: Product) -> str:
    period = closed_period(product, opened.services.now())
    pulled = await pull(opened.services, opened.snapshot, product, period=period, progress=_progress())
    lines = [f"{product.key}: {pulled.readings} new readings"]
    lines += [f"  {source}: {line}" for source, line in pulled.by_source.items()]
    return "\n".join(lines) + "\n"


def _progress() -> Progress | None:
    """Count the answers for whoever sits before a terminal; a script sees nothing of it."""
    if not sys.stderr.isatty():
        return None

    def told(done: int, of: int) -> None:
        typer.echo(f"\r{done} of {of} answers", err=True, nl=done == of)

    return told


def _store(settings: Settings) -> Store:
    store = Store(settings.database)
    store.upgrade()
    return store
