"""The sender of a workspace: what it uses, its lease, and the little it remembers between two rounds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from handlers.waits import Waits
from integrations.slack import Slack
from integrations.slack_values import SlackChannel
from integrations.store import leases
from integrations.store.engine import Store
from integrations.store.errors import StoreError
from schema.deliveries import Delivery
from schema.due import Lease

log = logging.getLogger(__name__)
LEASE = "sender"

Thing = tuple[str, int]  # an id and its revision or attempt: what is remembered ends when it moves on


class LeaseLost(Exception):  # noqa: N818 - named for what happened
    """Another process may send now; this one stops before its next request."""


@dataclass(slots=True)
class Memory:
    """What a restart may lose: it only makes the next try earlier, or a search happen once more."""

    not_before: dict[Thing, datetime] = field(default_factory=dict)
    failures: dict[Thing, int] = field(default_factory=dict)
    troubles: dict[Thing, str] = field(default_factory=dict)  # why a thing waits, as part of a sentence
    channels: dict[str, tuple[datetime, SlackChannel]] = field(default_factory=dict)
    coalesced: dict[str, datetime] = field(default_factory=dict)  # when a card was last changed
    looks: dict[Thing, list[datetime]] = field(default_factory=dict)  # searches for an outbox message
    fence: int = 0  # of the lease when it was last taken
    in_turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of reading cards
    stopping: bool = False  # nothing new is begun; what is on its way comes to its end

    def forget(self, before: datetime) -> None:
        """Drop what is over, so that memory stays flat."""
        over = [thing for thing, at in self.not_before.items() if at < before]
        for thing in over:
            for kept in (self.not_before, self.failures, self.troubles):
                kept.pop(thing, None)
        self.coalesced = {key: at for key, at in self.coalesced.items() if at >= before}
        self.channels = {key: known for key, known in self.channels.items() if known[0] >= before}
        self.looks = {thing: at for thing, at in self.looks.items() if at[-1] >= before}


async def _as_prepared(_: Delivery, __: SlackChannel) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What sending uses; one a workspace and process.

    holder      names this process among those that share the database
    now         aware UTC, and Slack's time: a message is searched for by when its request began
    owners      gives a product's owner and backup owner; raises Refusal for a product that is gone
    started_at  when this process began, so that a late post can say why
    unwanted    says why a prepared delivery is not to be posted in its channel as it is now; None when it is
    """

    workspace: str
    holder: str
    store: Store
    slack: Slack
    now: Callable[[], datetime]
    owners: Callable[[str], Awaitable[Sequence[str]]]
    started_at: datetime
    unwanted: Callable[[Delivery, SlackChannel], Awaitable[str | None]] = _as_prepared
    waits: Waits = field(default_factory=Waits)
    memory: Memory = field(default_factory=Memory)

    def waits_until(self, thing: Thing) -> datetime | None:
        """Tell until when a thing is left alone; None when it may be tried now."""
        at = self.memory.not_before.get(thing)
        return at if at is not None and at > self.now() else None

    def later(self, thing: Thing, at: datetime, *, why: str) -> None:
        """Leave a thing alone until a time."""
        self.memory.not_before[thing] = at
        self.memory.troubles[thing] = why

    def failed(self, thing: Thing, *, why: str, retry_after_s: float | None = None) -> None:
        """Leave a thing alone for longer after each failure, and at least as long as Slack asks."""
        count = self.memory.failures[thing] = self.memory.failures.get(thing, 0) + 1
        wait = max(self.waits.backoff(count), self.waits.asked(retry_after_s))
        self.later(thing, self.now() + wait, why=why)


@dataclass(slots=True)
class Holding:
    """The sender's lease while it is held."""

    sender: Sender
    lease: Lease

    def covers_a_request(self) -> bool:
        """Tell whether a request that begins now ends before the lease does."""
        return self.lease.until >= self.sender.now() + timedelta(seconds=self.sender.waits.request_s)

    def check(self) -> None:
        """Stop here when a request could outlive the lease."""
        if not self.covers_a_request():
            raise LeaseLost

    def confirm(self, session: Session, now: datetime) -> None:
        """Stop a transaction that begins a request when the lease is another's."""
        if not leases.holds(session, self.lease, now=now):
            raise LeaseLost

    async def keep(self) -> None:
        """Renew the lease until it is lost."""
        waits = self.sender.waits
        renewed: Lease | None = self.lease
        while renewed is not None:
            self.lease = renewed
            await asyncio.sleep((waits.lease_s - waits.request_s) / 3)
            ask = partial(leases.renew, lease=renewed, now=self.sender.now(), lease_s=waits.lease_s)
            try:
                renewed = await self.sender.store.write(ask)
            except StoreError:  # what is held still ends by itself; the next try may do
                log.warning("lease_not_renewed", extra={"workspace": self.sender.workspace})
        log.warning("lease_lost", extra={"workspace": self.sender.workspace})


@asynccontextmanager
async def held(sender: Sender) -> AsyncIterator[Holding | None]:
    """Hold the sender's lease, renewed; None while another process has it."""
    now = sender.now()
    lease = await sender.store.write(
        lambda session: leases.acquire(
            session, sender.workspace, LEASE, holder=sender.holder, now=now, lease_s=sender.waits.lease_s
        )
    )
    if lease is None:
        yield None
        return
    if lease.fence != sender.memory.fence:
        sender.memory.fence = lease.fence
        log.info("lease_taken", extra={"workspace": sender.workspace, "fence": lease.fence})
    sender.memory.forget(now - timedelta(hours=1))
    holding = Holding(sender, lease)
    keeper = asyncio.create_task(holding.keep(), name="muster-lease")
    try:
        yield holding
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])


async def let_go(sender: Sender) -> None:
    """Let another process send at once; for the shutdown."""

    def release(session: Session) -> None:
        lease = leases.held(session, sender.workspace, LEASE)
        if lease is not None and lease.holder == sender.holder:
            leases.release(session, lease, now=sender.now())

    await sender.store.write(release)
