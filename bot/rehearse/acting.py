"""A rehearsal from its beginning to its count: one life after another, each with work to do and a step to die at."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

from sqlalchemy.orm import Session

from bot.files import Secrets
from bot.local_slack.faults import Fault
from bot.rehearse.counting import Came, counted
from bot.rehearse.lives import Life, alive
from bot.rehearse.owing import Owing, composed
from bot.rehearse.plans import Rehearsal, Tally
from bot.rehearse.stages import Stage, staged
from bot.rehearse.steps import STEPS, Step
from bot.rehearse.troubles import Pulse, locked, trouble
from bot.settings import Settings
from bot.workspaces import MAIN
from integrations.store import deliveries as stored
from integrations.store import outbox
from integrations.store.outbox import OutboxState

A_KILL = 250  # messages: one in so many costs the process its life, and each step is died at once
PATIENCE_S = 60.0  # until a step that does not come is left out; not divided, as starting is not
LOCKED_S = 0.5
MORE_AFTER_S = 1.5
LOOK_EVERY_S = 0.3
AT_LEAST_S, A_MESSAGE_S = 120.0, 0.2  # until the rest is counted as lost
OPEN = frozenset({OutboxState.PENDING, OutboxState.SENDING})

Told = Callable[[str], None]


async def rehearse(wanted: Rehearsal, settings: Settings, secrets: Secrets, *, told: Told) -> Tally:
    """Send under every fault, and count; raises Refusal where Muster cannot even start.

    told  hears how far it has come
    """
    async with staged(wanted, settings, secrets) as stage:
        owing = Owing(stage, await composed(stage, settings))
        course, pulse = Course(stage, owing, wanted, told), Pulse()
        async with _beside(trouble(stage, wanted), pulse.beat()):
            await course.run()
        came, doubled = await counted(stage, owing)
    return Tally(
        factor=wanted.factor, planned=came.total(), doubled=doubled, kills=course.kills,
        sent=came[Came.SENT], lost=came[Came.LOST], unknown=came[Came.UNKNOWN],
        faults=course.faults(), missed=course.missed(), pause_s=pulse.longest_s,
    )  # fmt: skip


class Course:
    """The lives of a rehearsal, one after another; the last one is let live until nothing is left to do."""

    def __init__(self, stage: Stage, owing: Owing, wanted: Rehearsal, told: Told) -> None:
        self._stage = stage
        self._owing = owing
        self._wanted = wanted
        self._told = told
        self._chance = random.Random(wanted.seed)  # noqa: S311 - accidents that can be repeated
        self._provoked: list[Fault] = []
        self.kills: Counter[str] = Counter()

    async def run(self) -> None:
        """Live, die and live again."""
        steps = self._steps()
        portion = self._wanted.sends // (len(steps) + 1)
        for number, step in enumerate(steps, 1):
            await self._owing.owe(portion)
            if await self._killed_at(step, spare=self._chance.randint(0, portion // 5) if step.often else 0):
                self.kills[step.event] += 1
            self._told(f"{number} of {len(steps)} deaths, {self._owing.planned} messages owed")
        await self._owing.owe(max(0, self._wanted.sends - self._owing.planned))
        async with alive(self._stage) as life:
            await self._finished(life)

    def _steps(self) -> Sequence[Step]:
        if not self._wanted.kill:
            return ()
        return list(islice(cycle(STEPS), max(len(STEPS), self._wanted.sends // A_KILL)))

    def missed(self) -> tuple[str, ...]:
        """Name the steps that nobody died at though that was wanted."""
        return tuple(step.event for step in self._steps()[: len(STEPS)] if not self.kills[step.event])

    def faults(self) -> Counter[str]:
        """Count the faults that struck, by kind."""
        found: Counter[str] = Counter()
        for fault in (*self._stage.slack.state.faults.active, *self._provoked):
            found[fault.kind.value] += fault.struck
        return found

    async def _killed_at(self, step: Step, *, spare: int) -> bool:
        """Live until a step comes, and die there; False when it does not come."""
        faults = self._provoke(step)
        try:
            async with alive(self._stage) as life:
                async with asyncio.timeout(PATIENCE_S):
                    if step.locked:
                        await self._die_locked(life, step)
                    else:
                        await self._die(life, step, spare=spare)
                return True
        except TimeoutError:
            return False
        finally:
            for fault in faults:
                self._stage.slack.heal(fault)

    def _provoke(self, step: Step) -> list[Fault]:
        if step.fault is None:
            return []
        slack = self._stage.slack
        faults = [slack.fail(step.fault, method, **step.fields) for method in step.on]
        active = slack.state.faults.active
        active[:] = [
            *faults,
            *(each for each in active if each not in faults),
        ]  # they strike before chance does
        self._provoked += faults
        return faults

    async def _die(self, life: Life, step: Step, *, spare: int) -> None:
        """Wait for the step; where there is too little to do for it to come, owe more."""
        life.die_at(step.event, spare=spare)
        while not await life.dead(MORE_AFTER_S):
            await self._owing.owe_one_each()

    async def _die_locked(self, life: Life, step: Step) -> None:
        """Hold the database while Slack answers: nothing of its answer is written down when the process dies."""
        while True:
            life.live()
            await self._owing.owe_one_each()
            if not await life.says(step.locked, within_s=MORE_AFTER_S):
                continue
            async with locked(self._stage.database):
                life.die_at(step.event)
                if await life.dead(LOCKED_S):
                    return

    async def _finished(self, life: Life) -> None:
        """Wait until nothing is left to do, or for so long that the rest is lost."""
        loop = asyncio.get_running_loop()
        until = loop.time() + AT_LEAST_S + self._owing.planned * A_MESSAGE_S
        while loop.time() < until:
            await life.check()
            heard_out = self._stage.heard_out(self._owing.channels)  # first: what was taken is owed by then
            left = await self._stage.store.read(still_owed)
            if heard_out and not left:
                return
            self._told(f"{left} messages and digests left")
            await asyncio.sleep(LOOK_EVERY_S)


def still_owed(session: Session) -> int:
    """Count what is neither sent nor ended."""
    digests = stored.owed(session, datetime.now(UTC))
    return len(digests) + sum(each.state in OPEN for each in outbox.kept(session, MAIN))


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do something else meanwhile, until the end of it."""
    tasks = [asyncio.create_task(each, name="muster-rehearsal") for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
