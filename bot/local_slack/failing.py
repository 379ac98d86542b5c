"""Switching failures on and off, in Python and over /control."""

from bot.local_slack.deliveries import Deliveries
from bot.local_slack.faults import Fault, FaultKind
from bot.local_slack.sockets import Sockets
from bot.local_slack.state import State
from bot.local_slack.values import App


class Failing:
    state: State
    sockets: Sockets
    deliveries: Deliveries

    def fail(self, kind: FaultKind | str, on: str = "*", **fields: object) -> Fault:
        """Add a fault by its kind and what it falls on, with Fault's other fields (times, seconds, probability …)."""
        return self.state.faults.add(Fault(kind=FaultKind(kind), on=on, **fields))  # type: ignore[arg-type]

    def heal(self, fault: Fault | None = None, *, seed: int | None = None) -> None:
        """Take one fault away, or all of them; a seed starts the accidents' randomness anew."""
        if fault is None:
            self.state.faults.clear(seed)
        else:
            self.state.faults.remove(fault)

    def enforce_limits(
        self, *, posting: bool = True, tiers: bool = False, burst: int = 1, workspace_posts: int = 300
    ) -> None:
        """Switch rate limits on or off: a message a second and channel, and the tiers of every method."""
        limits = self.state.limits
        limits.posting, limits.tiers = posting, tiers
        limits.burst, limits.workspace_posts = burst, workspace_posts

    async def disconnect(self, app: App | str, reason: str = "refresh_requested") -> None:
        await self.sockets.disconnect(app, reason)

    def drop_sockets(self, app: App | str) -> None:
        self.sockets.drop(app)
