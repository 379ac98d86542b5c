"""Reading what people see: channels, threads, whispers, views, and the log of calls and deliveries."""

from collections.abc import Callable
from typing import TypeVar

from bot.local_slack.acting import channel_id_of
from bot.local_slack.objects import view_object
from bot.local_slack.seeding import Member, member_id
from bot.local_slack.state import Call, Delivery, State
from bot.local_slack.values import App, Channel, Json, User

T = TypeVar("T")


class Reading:
    state: State

    def messages(self, channel: Channel | str) -> list[Json]:
        """What stands in the channel itself, oldest first."""
        log = self.state.logs[channel_id_of(channel)]
        return [log.by_ts[ts] for ts in log.top]

    def thread(self, channel: Channel | str, ts: str) -> list[Json]:
        """The parent, then its replies, oldest first."""
        log = self.state.logs[channel_id_of(channel)]
        return [log.by_ts[one] for one in (ts, *log.replies.get(ts, ()))]

    def every_message(self) -> list[tuple[str, Json]]:
        """All messages of all channels, whispers included, with their channel: for checking them all."""
        posted = [(c, m) for c, log in self.state.logs.items() for m in log.by_ts.values()]
        return posted + [(c, m) for (c, _), shown in self.state.ephemerals.items() for m in shown]

    def ephemerals(self, user: Member, channel: Channel | str) -> list[Json]:
        return list(self.state.ephemerals.get((channel_id_of(channel), member_id(user)), ()))

    def views(self, user: Member) -> list[Json]:
        """A person's open modals, the topmost last, each with `errors` as shown."""
        stack = [self.state.views[v] for v in self.state.stacks.get(member_id(user), ())]
        return [view_object(self.state, v) | {"errors": v.errors} for v in stack]

    def home(self, user: Member, app: App | str | None = None) -> Json | None:
        app_id = next(iter(self.state.apps)) if app is None else app if isinstance(app, str) else app.id
        view = self.state.views.get(self.state.homes.get((member_id(user), app_id), ""))
        return view_object(self.state, view) if view else None

    def calls(self, method: str = "") -> list[Call]:
        """The Web API calls so far; "response_url" for those."""
        return [c for c in self.state.calls if method in ("", c.method)]

    def sent(self, name: str = "") -> list[Delivery]:
        """Every attempt to deliver something; by event, command, action_id or callback_id."""
        return [d for d in self.state.deliveries if name in ("", d.name)]

    def user(self, name: str) -> User:
        return next(u for u in self.state.users.values() if u.name == name)

    def channel(self, name: str) -> Channel:
        return next(c for c in self.state.channels.values() if c.name == name.removeprefix("#"))

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 20.0) -> T:
        """Wait until the predicate gives something true, looking again on every change of state."""
        return await self.state.changes.wait_for(predicate, timeout_s)

    async def settled(self, *, quiet_s: float = 0.05, timeout_s: float = 20.0) -> None:
        """Wait until nothing is under way."""
        await self.state.changes.settled(quiet_s=quiet_s, timeout_s=timeout_s)
