"""Sign-offs, durable before they are answered, against one-row commits one after another on the same kind of engine."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from statistics import median

from bot.app import set_aside
from bot.files import checklists
from handlers import items
from handlers.deciding import Person, Seen
from handlers.items import Answer
from integrations.store import identities, ledger
from integrations.store.connections import LOCK_WAIT_S, parsed, writing_engine
from integrations.store.engine import Store
from integrations.store.identities import Identity, IdentityKind
from integrations.store.showings import Showing
from schema.flaws import flaws
from schema.launches import EventKind
from schema.ledger import begin
from schema.policies import Standing
from schema.products import Role
from schema.votes import Intent
from tests.bench import acks
from tests.bench.commits import bare, emptied
from tests.bench.measuring import Line, Size, in_turns, ratios, spread, times
from tests.launch_rooms import NOON, Room, a_key

ITEM = "LR-17"  # people alone decide it
FEW = {
    Size.FULL: (5, 640, 500),
    Size.QUICK: (3, 320, 300),
    Size.TINY: (1, 32, 32),
}  # rounds, signatures, commits
MANY = {Size.FULL: (5, 1_000, 500), Size.QUICK: (3, 1_000, 300), Size.TINY: (1, 80, 32)}
AT_ONCE = 16
PATIENCE_S = 3.0  # Slack's
WARM = 20  # commits
STOCK = 300  # acks of a stock Bolt app
NUMBERS = count(1)


@dataclass(slots=True)
class Crowd:
    """A launch with both checklists, and people who have been shown what they may sign."""

    room: Room
    launch: str
    people: Sequence[tuple[Person, Showing]]

    async def sign(self, at: int, waited: list[float]) -> None:
        who, showing = self.people[at]
        began = time.perf_counter()
        said = {ITEM: Answer(intent=Intent.SIGN)}
        await items.sign(self.room.services, self.room.snapshot, showing.id, said, person=who, key=a_key())
        waited.append(time.perf_counter() - began)

    async def trouble(self) -> str:
        """Say what is wrong: not one effect a person, or a chain that does not hold."""
        room = self.room
        events = await room.store.read(lambda session: ledger.events_since(session, room.workspace))
        signed = [event for event in events if event.kind == EventKind.SIGNED and event.launch == self.launch]
        if len(signed) != len(self.people) or len({event.actor for event in signed}) != len(signed):
            return f"{len(signed)} signatures of {len(self.people)} people"
        return "; ".join(flaw.text for flaw in flaws(begin(room.workspace), events))


def somebody(role: Role) -> Person:
    """Make a person of whom Slack was asked a moment ago."""
    user = f"U0B{next(NUMBERS):06}"
    body = {"name": user, "is_stranger": False}
    said = Identity(kind=IdentityKind.PERSON, id=user, body=body, fetched_at=NOON)
    standing = Standing(pid="", roles=frozenset({role}))
    return Person(
        user=user, name=user, standing=standing, seen=Seen(said={user: said}, since=NOON.replace(hour=11))
    )


async def crowd(room: Room, size: int) -> Crowd:
    """Open a launch and show its item to so many people."""
    signers = [somebody(Role.UX) for _ in range(size)]
    asker = somebody(Role.PM)
    team = [*signers, asker, *(somebody(role) for role in Role)]
    told = [said for each in team for said in each.seen.said.values()]
    await room.store.write(lambda session: identities.remember(session, room.workspace, *told))
    launch = await room.opened(by=asker, people=team)
    acting = room.acting(launch)
    shown = await asyncio.gather(
        *(items.show(*acting, person=each, role=Role.UX, id=a_key()) for each in signers)
    )
    return Crowd(room=room, launch=launch, people=list(zip(signers, shown, strict=True)))


async def in_lanes(made: Crowd, lanes: int, waited: list[float]) -> float:
    """Give the signatures a second of so many people at once, each of whom is followed by another."""

    async def lane(first: int) -> None:
        for at in range(first, len(made.people), lanes):
            await made.sign(at, waited)

    began = time.perf_counter()
    await asyncio.gather(*(lane(first) for first in range(lanes)))
    return len(made.people) / (time.perf_counter() - began)


async def measured(
    rounds: int, signatures: int, commits: int, *, lanes: int
) -> tuple[list[tuple[float, float]], list[float], str]:
    """Sign and commit in turns; gives the rates of each round, how long people waited, and what went wrong."""
    store = Store(emptied())
    engine = writing_engine(parsed(emptied()), lock_wait_s=LOCK_WAIT_S, connections=1)
    waited: list[float] = []
    try:
        room = Room(store, specs=tuple(checklists()))
        made = [await crowd(room, signatures) for _ in range(rounds + 1)]
        await in_lanes(made.pop(), lanes, [])
        await bare(engine, WARM)
        left = iter(made)
        with set_aside():  # as `muster run` does
            pairs = await in_turns(
                rounds, lambda: in_lanes(next(left), lanes, waited), lambda: bare(engine, commits)
            )
        troubles = [await each.trouble() for each in made]
    finally:
        await store.close()
        engine.dispose()
    return pairs, waited, "; ".join(filter(None, troubles))


async def stock_ack_s(size: Size) -> float:
    """Give the median of a stock Bolt app's ack."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(acks.a_server())
        [stock] = await stack.enter_async_context(acks.connections(server.started["stock"], 1))
        asked = acks.commands(server)
        return await acks.one_by_one(stock, asked, 20 if size is Size.TINY else STOCK) / 1_000


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def few(size: Size) -> list[Line]:
    rounds, signatures, commits = FEW[size]
    pairs, waited, trouble = await measured(rounds, signatures, commits, lanes=AT_ONCE)
    stock_s = await stock_ack_s(size)
    p99 = percentile(waited, 0.99)
    beside = {"ours_per_s": median(a for a, _ in pairs), "bare_per_s": median(b for _, b in pairs)}
    return [
        Line(
            what="sign-offs of 16 people at once, against one-row commits", goal=times(0.5, at_most=False),
            **spread(ratios(pairs)), beside=beside, unmet=trouble,
        ),
        Line(
            what="p99 of a sign-off, 16 people at once, against a stock ack", goal=times(5), **spread([p99 / stock_s]),
            beside={"p99_ms": p99 * 1_000, "p50_ms": median(waited) * 1_000, "stock_ms": stock_s * 1_000},
        ),
    ]  # fmt: skip


async def many(size: Size) -> list[Line]:
    rounds, signatures, commits = MANY[size]
    pairs, waited, trouble = await measured(rounds, signatures, commits, lanes=signatures)
    late = "" if max(waited) <= PATIENCE_S else f"{max(waited):.1f} s for the last of them"
    return [
        Line(
            what=f"{signatures:,} people sign one item at once, warm, against one-row commits",
            goal=times(1.5, at_most=False), **spread(ratios(pairs)),
            beside={
                "ours_per_s": median(a for a, _ in pairs), "bare_per_s": median(b for _, b in pairs),
                "longest_wait_s": max(waited),
            },
            unmet="; ".join(filter(None, (trouble, late))),
        )
    ]  # fmt: skip


async def speed(size: Size) -> list[Line]:
    return [*await few(size), *await many(size)]
