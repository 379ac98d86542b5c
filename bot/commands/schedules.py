"""What is coming: the next runs of each standup, or a rehearsal of a whole year."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.desks import At, Config, at_desk, settings_here
from bot.moments import clock
from bot.offline import Desk, sound
from handlers import rehearsals
from handlers.views import rehearsals as shown
from integrations.pacer import Pace
from schema.configuration.reading import Configuration
from schema.errors import Refusal
from schema.problems import nearest, quoted
from schema.products import Product
from schema.rehearsals import Known, next_runs, rehearsed

app = typer.Typer()
A_YEAR = timedelta(days=365)
NEXT = 3  # runs of each product
NO_TIME = 'No standup is planned{of}. Add `standup: {{on: monday, at: "09:30"}}` to a product in muster.yaml.'


@app.command("schedule")
def schedule_command(
    product: Annotated[
        str | None, typer.Argument(metavar="PRODUCT", help="One product; all of them without it.")
    ] = None,
    *,
    year: Annotated[bool, typer.Option("--year", help="Rehearse twelve months.")] = False,
    config: Config = None,
    at: At = None,
) -> None:
    """Show the next posts, deadlines and asks, in the time of whom they concern; with --year, twelve months of them."""
    now = clock(at)()
    if config is not None:
        found, known, names = _read(config, now)
    else:
        found, known, names = at_desk(_stored, at=at)
    for line in _lines(_chosen(found, product), known, names, now=now, year=year):
        typer.echo(line)


def _read(config: Path, now: datetime) -> tuple[Configuration, Known, Mapping[str, str]]:
    """Read a file; no source is opened, so no secret is needed."""
    settings_here()
    found = sound(config, now)
    return found, rehearsals.unheard(found), {}


async def _stored(opened: Desk) -> tuple[Configuration, Known, Mapping[str, str]]:
    known, names = await rehearsals.heard(opened.services, opened.snapshot)
    return opened.snapshot.configuration, known, names


def _chosen(found: Configuration, product: str | None) -> list[Product]:
    if product is None:
        return list(found.products.values())
    if product not in found.products:
        raise Refusal(
            f"There is no product {quoted(product)}. {nearest(product, found.products, kind='products')}"
        )
    return [found.products[product]]


def _lines(
    products: Sequence[Product], known: Known, names: Mapping[str, str], *, now: datetime, year: bool
) -> list[str]:
    until = (
        now + A_YEAR
        if year
        else max((next_runs(each, after=now, count=NEXT) for each in products), default=now)
    )
    found = rehearsed(products, known, after=now, until=until, per_minute=Pace().workspace_per_minute)
    idle = list(shown.idle(products))
    if not found and not idle:
        raise Refusal(NO_TIME.format(of=f" for {products[0].key}" if len(products) == 1 else ""))
    return [*shown.rehearsal(found, names), *idle, shown.summed(found)]
