"""The clocks of launches, and of the people who are asked before a standup; the database says what is due."""

from datetime import timedelta

from bot.clock import Clock
from bot.settings import Waits
from bot.workspaces import MAIN
from handlers import checkpoints, drawing, reminders, rounds
from handlers.asks import Asking
from handlers.readers import Directory
from handlers.rounds import Rounds
from handlers.services import Services


def launch_clocks(services: Services, directory: Directory, waits: Waits, *, holder: str) -> list[Clock]:
    """Make them; each has its own, so that a slow source or a silent Slack holds up nothing else.

    holder   names this process
    """
    every = timedelta(seconds=waits.launch_check_every_s)
    going = Rounds(services=services, directory=directory, holder=holder, every=every)
    redrawn: list[bool] = []

    async def turns() -> None:
        snapshot = await services.snapshot(MAIN)
        if not redrawn:  # what a process that ended had decided is shown by the next one
            await rounds.redraw(services, snapshot)
            redrawn.append(True)
        await going.plan(snapshot)
        await going.tick_due(snapshot)
        await drawing.catch_up(services, snapshot)

    async def sources() -> None:
        await going.pull_due(await services.snapshot(MAIN))

    async def people() -> None:
        await going.people_due(await services.snapshot(MAIN))

    async def reminding() -> None:
        await reminders.remind_due(services, directory, await services.snapshot(MAIN), holder=holder)

    async def signing() -> None:
        await checkpoints.keep(services, await services.snapshot(MAIN))

    asking = Asking(services=services, directory=directory, holder=holder)

    async def checkins() -> None:
        snapshot = await services.snapshot(MAIN)
        await asking.plan(snapshot)
        await asking.do_due(snapshot)

    ticks = {
        "reviews": turns, "launch_sources": sources, "launch_people": people, "reminders": reminding,
        "checkpoints": signing, "checkins": checkins,
    }  # fmt: skip
    return [Clock(tick, waits.due_every_s, name=name) for name, tick in ticks.items()]
