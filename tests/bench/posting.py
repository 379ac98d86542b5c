"""Many digests due in the same minute: how late their parents are, and whether memory grows with them."""

import asyncio
import json
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from handlers import deliveries
from handlers.deliveries import Owed
from handlers.sender import Sender, let_go
from handlers.waits import Waits
from integrations.pacer import Pacer
from integrations.slack import Slack, slack_session
from integrations.store import deliveries as stored
from integrations.store.engine import Store
from schema.deliveries import DeliveryState
from schema.periods import Period
from tests.bench.children import Child, child
from tests.bench.commits import emptied
from tests.bench.measuring import Goal, Line, Size, p95, times
from tests.bench.starting import memory_mb

RUSH = {Size.FULL: (1_000, 3), Size.QUICK: (150, 3), Size.TINY: (20, 60)}  # digests, time factor
SECTIONS = 1
PARENT = ".0"
WEEK = Period(start=datetime(2026, 11, 16, tzinfo=UTC), end=datetime(2026, 11, 23, tzinfo=UTC))
WORKSPACE = "acme"
ENDED = frozenset({DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN})
TICK_S = 1.0  # of production's clock
GIVE_UP_S = 300
BEAT_S = 0.02
WEIGH_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message as the local Slack has it."""

    text: str  # its own words, without what a late parent adds to them
    at: float  # UNIX seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A sender beside a local Slack in another process."""

    sender: Sender
    slack: Child

    async def posts(self) -> list[Post]:
        """Give what stands in the channels, in order of time."""
        said = await self.slack.ask("shown")
        found = [Post(text=text.split(" ")[0], at=at) for text, at in said["messages"]]
        return sorted(found, key=lambda post: post.at)


def now() -> datetime:
    return datetime.now(UTC)


def payload(words: str) -> dict[str, Any]:
    return {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": words}}], "text": words}


@asynccontextmanager
async def a_desk(waits: Waits, *, channels: int) -> AsyncIterator[Desk]:
    wanted = json.dumps({"factor": waits.factor, "channels": channels})
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(child("tests.bench.channels", wanted))
        store = Store(emptied())
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(slack_session())
        gateway = Slack(
            token=slack.started["token"], session=session, base_url=slack.started["url"], pacer=Pacer(waits.pace),
            request_s=waits.request_s,
        )  # fmt: skip

        async def owners(_product: str) -> list[str]:
            return slack.started["people"]

        yield Desk(slack=slack, sender=Sender(
            workspace=WORKSPACE, holder="bench", store=store, slack=gateway, now=now, owners=owners, started_at=now(),
            waits=waits,
        ))  # fmt: skip


async def prepare(desk: Desk, number: int, *, parts: int, due_at: datetime) -> str:
    channels = desk.slack.started["channels"]
    owed = Owed(
        kind="standup",
        product=f"p{number}",
        period=WEEK,
        channel=channels[number % len(channels)],
        due_at=due_at,
    )
    delivery, _ = await deliveries.plan(desk.sender.store, WORKSPACE, owed)
    payloads = [payload(f"{number}.{part}") for part in range(parts)]
    await deliveries.prepare(desk.sender.store, WORKSPACE, delivery.id, payloads=payloads, now=now())
    return delivery.id


async def send_all(desk: Desk, ids: Sequence[str]) -> Counter[DeliveryState]:
    """Tick as the clock does, until all have ended; give how."""
    async with asyncio.timeout(GIVE_UP_S):
        while True:
            await deliveries.send_due(desk.sender)
            found = await desk.sender.store.read(
                lambda session: Counter(stored.get(session, WORKSPACE, id).state for id in ids)
            )
            if set(found) <= ENDED:
                await let_go(desk.sender)
                return found
            await asyncio.sleep(TICK_S / desk.sender.waits.factor)


class LateNote(logging.Handler):
    """Hears what the sender itself says of how late it was."""

    def __init__(self) -> None:
        super().__init__()
        self.late_s: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "part_sent" and record.__dict__["position"] == 0:
            self.late_s.append(record.__dict__["late_s"])


@asynccontextmanager
async def hearing() -> AsyncIterator[LateNote]:
    note, spoken = LateNote(), logging.getLogger("handlers.parts")
    level, spoken.propagate = spoken.level, False
    spoken.addHandler(note)
    spoken.setLevel(logging.INFO)
    try:
        yield note
    finally:
        spoken.setLevel(level)
        spoken.propagate = True
        spoken.removeHandler(note)


@asynccontextmanager
async def listening_for_pauses() -> AsyncIterator[list[float]]:
    """Note how long nothing ran here, in seconds: a machine that stands still makes every post late."""
    pauses = [0.0]
    loop = asyncio.get_running_loop()

    async def beat() -> None:
        while True:
            began = loop.time()
            await asyncio.sleep(BEAT_S)
            pauses.append(loop.time() - began - BEAT_S)

    beating = asyncio.create_task(beat(), name="bench-beat")
    try:
        yield pauses
    finally:
        beating.cancel()
        await asyncio.wait([beating])


@asynccontextmanager
async def weighing() -> AsyncIterator[list[float]]:
    """Note the memory of this process, in MB, from its first posts on."""
    weights: list[float] = []

    async def weigh() -> None:
        while True:
            await asyncio.sleep(WEIGH_S)
            weights.append(await memory_mb(os.getpid()))

    weighs = asyncio.create_task(weigh(), name="bench-weigh")
    try:
        yield weights
    finally:
        weighs.cancel()
        await asyncio.wait([weighs])
        weights.append(await memory_mb(os.getpid()))


async def lateness(size: Size) -> list[Line]:
    """Post all in the same minute, and hold each parent to the slot that an endlessly fast sender would have had."""
    digests, factor = RUSH[size]
    waits = Waits().divided_by(factor)
    async with a_desk(waits, channels=digests) as desk, hearing() as note:
        due_at = now() + timedelta(seconds=1 + digests * 0.006)
        ids = await asyncio.gather(
            *(prepare(desk, number, parts=1 + SECTIONS, due_at=due_at) for number in range(digests))
        )
        assert now() < due_at, "preparing took longer than expected"
        await asyncio.sleep((due_at - now()).total_seconds())
        async with listening_for_pauses() as pauses, weighing() as weights:
            states = await send_all(desk, ids)
        posts = await desk.posts()
    assert (states, len(posts)) == ({DeliveryState.SENT: digests}, digests * (1 + SECTIONS))
    slot_s = waits.pace.bulk_interval_s
    late = [
        max(0.0, post.at - due_at.timestamp() - place * slot_s) * factor
        for place, post in enumerate(posts)
        if post.text.endswith(PARENT)
    ]
    return [Line(
        what=f"{digests:,} digests due in the same minute to {digests:,} channels: p95 lateness, time factor {factor}",
        goal=Goal(limit=5, unit="s"), value=p95(late), low=min(late), high=max(late),
        beside={
            "as_the_sender_says_p95_s": p95(note.late_s) * factor, "posts": len(posts),
            "longest_gap_real_s": max(after.at - before.at for before, after in pairwise(posts)),
            "longest_pause_here_real_s": max(pauses),
            "took_s_times_factor": (posts[-1].at - due_at.timestamp()) * factor,
            "pace_alone_s": (len(posts) - 1) * slot_s * factor,
        },
    ), growth(weights, digests=digests)]  # fmt: skip


def growth(weights: Sequence[float], *, digests: int) -> Line:
    """Hold the memory of all the time that followed against what the first posts needed."""
    first, *later = weights
    grown = max(later or [first]) / first
    return Line(
        what=f"memory of the sender while {digests:,} digests go out, against its beginning",
        goal=times(1.1), value=grown, low=grown, high=grown,
        beside={"first_mb": first, "most_mb": max(weights), "last_mb": weights[-1]},
    )  # fmt: skip
