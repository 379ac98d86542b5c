"""Every wait of sending, in seconds: what it is by default, how low it may go, and one factor for a fault harness."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from integrations.pacer import Pace
from schema.deliveries import Looking
from schema.errors import Refusal

FLOORS: Mapping[str, float] = {
    "settle_s": 5,
    "look_apart_s": 1,
    "lease_s": 3,
    "request_s": 1,
    "retry_for_s": 60,
    "retry_first_s": 0.5,
    "retry_most_s": 5,
    "token_retry_s": 10,
    "late_after_s": 5,
    "missing_after_s": 60,
    "channel_valid_s": 0,
    "coalesce_s": 0.2,
    "poll_s": 0.2,
    "fresh_s": 0.5,
    "channel_interval_s": 0.5,
    "window_s": 3600,
}
# the pace divides its interval itself, together with Retry-After; a window is no wait
UNDIVIDED = frozenset({"channel_interval_s", "window_s"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """DESIGN.md 4, Delivery."""

    settle_s: float = 30  # after a request began, before the channel is searched for it
    look_apart_s: float = 10
    lease_s: float = 8.5  # with a look each second, a dead sender is replaced within 10 s
    request_s: float = 7  # below lease_s: no send outlives its lease
    retry_for_s: float = 900  # from the first failure until a delivery is given up
    retry_first_s: float = 2
    retry_most_s: float = 60
    token_retry_s: float = 300  # while Slack takes no token of ours
    late_after_s: float = 60  # from here on a post says that it is late
    missing_after_s: float = 600  # from here on the owner is told that a post is missing
    channel_valid_s: float = 600  # how long it is believed that a channel is not shared outside
    coalesce_s: float = 1  # between two changes of one card
    poll_s: float = 1  # how often a sender at work looks for new work
    fresh_s: float = 2  # from storing that a request begins until it does, at most
    channel_interval_s: float = 1
    window_s: float = 86_400  # later than this after it was due, a delivery is not started any more
    workspace_per_minute: int = 200
    factor: float = 1  # what all of them were divided by

    def __post_init__(self) -> None:
        """Refuse what could never send: a request has to end before its lease."""
        if self.request_s >= self.lease_s:
            raise Refusal(
                f"A request may take {self.request_s:g} s; that must be less than the lease, {self.lease_s:g} s."
                " Shorten MUSTER_SLACK_TIMEOUT_S, or lengthen MUSTER_LEASE_S."
            )

    def divided_by(self, factor: float) -> Self:
        """Shorten every wait, for a fault harness; nothing real runs so."""
        shorter = {name: getattr(self, name) / factor for name in FLOORS if name not in UNDIVIDED}
        return replace(self, factor=self.factor * factor, **shorter)

    def checked(self) -> Self:
        """Give these waits back; refuses values under a floor, all at once."""
        low = [
            f"{name} must be at least {floor:g}"
            for name, floor in FLOORS.items()
            if _seconds(self, name) < floor
        ]
        if self.workspace_per_minute < 1:
            low.append("workspace_per_minute must be at least 1")
        if low:
            raise Refusal(f"Some waits are too short to be safe: {'; '.join(low)}.")
        return self

    def below_default(self) -> tuple[str, ...]:
        """Say which waits are shorter than their default."""
        usual = Waits()
        return tuple(
            f"{name} is {_seconds(self, name):g}, below its default {_seconds(usual, name):g}"
            for name in FLOORS
            if _seconds(self, name) < _seconds(usual, name)
        )

    @property
    def pace(self) -> Pace:
        return Pace(
            channel_interval_s=self.channel_interval_s,
            workspace_per_minute=self.workspace_per_minute,
            factor=self.factor,
        )

    @property
    def looking(self) -> Looking:
        return Looking(wait_s=self.settle_s, apart_s=self.look_apart_s)

    @property
    def begin_s(self) -> float:
        """From taking an effect to its request, at most."""
        return self.lease_s

    def backoff(self, attempt: int) -> timedelta:
        """Tell how long to wait after so many failures."""
        return timedelta(seconds=min(self.retry_most_s, self.retry_first_s * 2 ** min(attempt - 1, 16)))

    def asked(self, retry_after_s: float | None) -> timedelta:
        """Tell how long Slack's Retry-After is here."""
        return timedelta(seconds=max(self.retry_first_s, (retry_after_s or 0) / self.factor))

    @property
    def attempts(self) -> int:
        """Count the attempts that last at least retry_for_s."""
        attempt, waited = 1, 0.0
        while waited < self.retry_for_s:
            waited += self.backoff(attempt).total_seconds()
            attempt += 1
        return attempt


def _seconds(waits: Waits, name: str) -> float:
    found: float = getattr(waits, name)
    return found
