"""`muster rehearse` on the demo's configuration: what is lost or doubled under every fault, with kills from outside."""

import json
import os
from pathlib import Path
from tempfile import mkdtemp

from bot.files import Secrets
from bot.rehearse.acting import rehearse
from bot.rehearse.plans import Rehearsal
from bot.settings import Settings
from tests import builders
from tests.bench import stories
from tests.bench.measuring import Goal, Line, Size

SENDS = {Size.FULL: 10_000, Size.QUICK: 400, Size.TINY: 8}


def rehearsal(size: Size) -> Rehearsal:
    """Rehearse the demo; to see only that it runs, one product and nobody killed."""
    if size is not Size.TINY:
        return Rehearsal(sends=SENDS[size])
    config = Path(mkdtemp(dir=stories.folder())) / "muster.yaml"
    config.write_text(json.dumps(builders.document()), encoding="utf-8")
    return Rehearsal(config=config, sends=SENDS[size], factor=25, kill=False)


def _heard(_words: str) -> None:
    """Hear how far it has come."""


async def under_fire(size: Size) -> list[Line]:
    """Send while everything fails and the bot is killed; count what is lost, doubled or left unknown."""
    wanted = rehearsal(size)
    tally = await rehearse(wanted, Settings.from_env({}), Secrets(environment=dict(os.environ)), told=_heard)
    wrong = tally.lost + tally.doubled
    return [Line(
        what=f"{wanted.sends:,} sends under faults and {tally.kills.total()} kills, time factor {wanted.factor:g}: lost and doubled",
        goal=Goal(limit=0, unit="of them"), value=wrong, low=wrong, high=wrong,
        beside={
            "planned": tally.planned, "sent": tally.sent, "lost": tally.lost, "doubled": tally.doubled,
            "unknown": tally.unknown, "faults": tally.faults.total(),
            "longest_pause_here_s_times_factor": tally.pause_s * tally.factor,
        },
        unmet=f"nothing was killed at {', '.join(tally.missed)}" if tally.missed else "",
    )]  # fmt: skip
