"""Trying on this machine whether every message is posted exactly once."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.desks import settings_here
from bot.rehearse.plans import FACTOR, FACTOR_MOST, SENDS, SENDS_MOST, Rehearsal, Tally

app = typer.Typer()
LOST_OR_DOUBLED = 1


@app.command("rehearse")
def rehearse_command(
    *,
    config: Annotated[
        Path | None, typer.Option("--config", help="The muster.yaml to rehearse; the demo's without it.")
    ] = None,
    sends: Annotated[
        int,
        typer.Option(
            min=1, max=SENDS_MOST, help="How many messages are owed, at least; the kills alone need some 250."
        ),
    ] = SENDS,
    factor: Annotated[
        float, typer.Option(min=1, max=FACTOR_MOST, help="How many times shorter every wait is.")
    ] = FACTOR,
    kill: Annotated[
        bool, typer.Option("--kill/--no-kill", help="Whether the bot is killed at every named step.")
    ] = True,
) -> None:
    """Send under every fault that Slack has, kill the bot on the way, and count what is lost or doubled."""
    from bot.rehearse.acting import rehearse  # noqa: PLC0415 - no other command needs the local Slack

    settings, secrets = settings_here()
    wanted = Rehearsal(config=config, sends=sends, factor=factor, kill=kill)
    typer.echo(f"Time factor {factor:g}: every wait, fault and limit is {factor:g} times shorter.")
    typer.echo("This takes some minutes.")
    progress = _Progress()
    tally = asyncio.run(rehearse(wanted, settings, secrets, told=progress))
    progress.over()
    for line in lines(tally):
        typer.echo(line)
    if not tally.sound:
        raise typer.Exit(LOST_OR_DOUBLED)


def lines(tally: Tally) -> list[str]:
    """Say what came of it, a line each."""
    said = [
        f"{name:8} {getattr(tally, name):>7,}" for name in ("planned", "sent", "lost", "doubled", "unknown")
    ]
    if tally.unknown:
        said.append(
            "Unknown: Slack would not say whether it stands there, so the owner is asked and it is not posted twice."
        )
    said.append(f"Faults that struck: {_listed(tally.faults)}.")
    if tally.kills:
        said.append(f"Killed {tally.kills.total()} times, at: {_listed(tally.kills)}.")
    if tally.missed:
        said.append(f"These steps never came, so nothing was killed there: {', '.join(tally.missed)}.")
    pause_s = tally.pause_s * tally.factor
    return [*said, f"This machine stood still for {pause_s:.1f} s at most, times the factor."]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common() if count) or "none"


class _Progress:
    """Tells whoever sits before a terminal how far it has come, on one line; a script sees nothing of it."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, words: str) -> None:
        if sys.stderr.isatty() and words != self._last:
            typer.echo(f"\r{words:<60}", err=True, nl=False)
            self._last = words

    def over(self) -> None:
        if self._last:
            typer.echo("", err=True)
