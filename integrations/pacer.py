"""When the next message may go out: one a second in a channel, so many a minute in a workspace, never while Slack asks us to wait."""

import asyncio
import time
from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import total_ordering

from integrations.base import Call, RateLimited

POST = "chat.postMessage"
CATCH_UP_S = 10.0
FORGET_ABOVE = 2_000  # channels whose last message is remembered before those of the past are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast to post; Slack's own numbers are in SLACK.md 69-73.

    factor  divides every wait, Slack's Retry-After included: for a fault harness beside a local Slack
    """

    channel_interval_s: float = 1.0
    workspace_per_minute: int = 200
    factor: float = 1.0

    @property
    def in_channel_s(self) -> float:
        return self.channel_interval_s / self.factor

    @property
    def minute_s(self) -> float:
        return 60 / self.factor

    @property
    def catch_up_s(self) -> float:
        """Give the longest pause that is made good for, by sending closer together after it."""
        return CATCH_UP_S / self.factor

    @property
    def bulk_interval_s(self) -> float:
        """Spread bulk over the minute, so that an urgent answer never waits for one to pass."""
        return self.minute_s / self.workspace_per_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The right to post once to a channel, now; times are seconds of the pacer's clock."""

    channel: str
    granted_s: float
    earliest_s: float  # when an endlessly fast sender would have been let through

    @property
    def late_s(self) -> float:
        return max(0.0, self.granted_s - self.earliest_s)


@dataclass(slots=True)
class Rhythm:
    """The times from which each limit lets the next message through; one for what is, one for what could have been."""

    pace: Pace
    bulk_free_s: float = float("-inf")
    channel_free_s: dict[str, float] = field(default_factory=dict)

    def opens_s(self, channel: str, *, urgent: bool) -> float:
        in_channel = self.channel_free_s.get(channel, float("-inf"))
        return in_channel if urgent else max(in_channel, self.bulk_free_s)

    def take(self, channel: str, at_s: float, *, urgent: bool, earliest_s: float) -> None:
        self.channel_free_s[channel] = at_s + self.pace.in_channel_s
        if not urgent:
            # what a pause held up is made good for, but never more than was owed: idle time buys no burst
            begun = max(self.bulk_free_s, earliest_s, at_s - self.pace.catch_up_s)
            self.bulk_free_s = begun + self.pace.bulk_interval_s

    def forget(self, before_s: float) -> None:
        """Drop channels that are free again, once there are many."""
        if len(self.channel_free_s) > FORGET_ABOVE:
            self.channel_free_s = {c: s for c, s in self.channel_free_s.items() if s > before_s}


class Slots:
    """The rules without a clock: when a message may go, and what follows from letting it go."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._real = Rhythm(pace)
        self._ideal = Rhythm(pace)
        self._minute: deque[float] = deque()
        self._held_s: dict[str, float] = {}

    def hold(self, method: str, until_s: float) -> None:
        """Let nothing through to a method before a time."""
        self._held_s[method] = max(until_s, self._held_s.get(method, until_s))

    def held_s(self, method: str, now_s: float) -> float:
        """Tell how long a method has to wait still."""
        return max(0.0, self._held_s.get(method, now_s) - now_s)

    def opens_s(self, channel: str, *, urgent: bool, now_s: float) -> float:
        """Tell from when on a message may go to a channel, if none goes before it."""
        held = now_s + self.held_s(POST, now_s)
        return max(held, self._minute_opens_s(now_s), self._real.opens_s(channel, urgent=urgent))

    def take(self, channel: str, *, urgent: bool, now_s: float, owed_s: float) -> Slot:
        """Use a slot; owed_s is since when the message has been due."""
        earliest = max(owed_s, self._ideal.opens_s(channel, urgent=urgent))
        earliest = min(now_s, earliest)
        self._ideal.take(channel, earliest, urgent=urgent, earliest_s=earliest)
        self._real.take(channel, now_s, urgent=urgent, earliest_s=earliest)
        self._minute.append(now_s)
        self._ideal.forget(now_s)
        self._real.forget(now_s)
        return Slot(channel=channel, granted_s=now_s, earliest_s=earliest)

    def _minute_opens_s(self, now_s: float) -> float:
        while self._minute and self._minute[0] <= now_s - self.pace.minute_s:
            self._minute.popleft()
        if len(self._minute) < self.pace.workspace_per_minute:
            return now_s
        return self._minute[-self.pace.workspace_per_minute] + self.pace.minute_s


@total_ordering
@dataclass(slots=True, kw_only=True, eq=False)
class Ticket:
    """One message that waits; urgent ones first, then in order of arrival."""

    number: int
    channel: str
    urgent: bool
    owed_s: float
    slot: asyncio.Future[Slot]

    def __lt__(self, other: "Ticket") -> bool:
        return (not self.urgent, self.number) < (not other.urgent, other.number)


class Pacer:
    """The waiting line before Slack, of one workspace and process."""

    def __init__(self, pace: Pace | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace or Pace()
        self._slots = Slots(self.pace)
        self._clock = clock
        self._line: list[Ticket] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    async def turn(
        self, channel: str, *, urgent: bool = False, owed_ago_s: float = 0, within_s: float | None = None
    ) -> Slot:
        """Wait until a message may go to a channel.

        owed_ago_s  how long it has been due already; only lateness rests on it
        within_s    rather than wait longer than this, raise RateLimited at once
        """
        now = self._clock()
        wait = self._slots.opens_s(channel, urgent=urgent, now_s=now) - now
        if within_s is not None and wait > within_s:
            call = Call(source="Slack", asked=POST)
            raise RateLimited(call, "Slack asks us to wait", retry_after_s=wait)
        self._count += 1
        slot: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        ticket = Ticket(
            number=self._count, channel=channel, urgent=urgent, owed_s=now - owed_ago_s, slot=slot
        )
        insort(self._line, ticket)
        self._serve()
        return await slot

    def hold(self, method: str, retry_after_s: float) -> None:
        """Do as Retry-After says: nothing more to this method until then."""
        self._slots.hold(method, self._clock() + retry_after_s / self.pace.factor)

    def held_s(self, method: str) -> float:
        """Tell how long a method has to wait still; 0 when it may be called."""
        return self._slots.held_s(method, self._clock())

    def _serve(self) -> None:
        """Let through whoever may go, in order, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        self._line = [ticket for ticket in self._line if not self._let_through(ticket, now)]
        if self._line:
            opens = min(self._opens_s(ticket, now) for ticket in self._line)
            self._timer = asyncio.get_running_loop().call_later(max(0.0, opens - now), self._serve)

    def _let_through(self, ticket: Ticket, now: float) -> bool:
        if ticket.slot.done():  # nobody waits for it any more
            return True
        if self._opens_s(ticket, now) > now:
            return False
        taken = self._slots.take(ticket.channel, urgent=ticket.urgent, now_s=now, owed_s=ticket.owed_s)
        ticket.slot.set_result(taken)
        return True

    def _opens_s(self, ticket: Ticket, now: float) -> float:
        return self._slots.opens_s(ticket.channel, urgent=ticket.urgent, now_s=now)
