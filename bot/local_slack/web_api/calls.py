"""One Web API call on its way through: its arguments, its app, and how a method refuses."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.local_slack.block_texts import Problem
from bot.local_slack.deliveries import Deliveries
from bot.local_slack.state import State
from bot.local_slack.values import App, Channel, ChannelKind, Installation, Json


class Refused(Exception):  # noqa: N818 - Slack's own word for it is an answer, not an error
    """Slack's `ok: false` with its reason."""

    def __init__(self, error: str, **extra: object) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error, **extra}


def invalid_arguments(*messages: str) -> Refused:
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {m}" for m in messages]})


def refuse_blocks(found: list[Problem]) -> None:
    """Raise Slack's answer to problems with blocks, if there are any."""
    if not found:
        return
    special = [p for p in found if p.code != "invalid_blocks"]
    error = special[0].code if special else "invalid_blocks"
    words = [str(p) for p in found]
    raise Refused(error, errors=words, response_metadata={"messages": [f"[ERROR] {w}" for w in words]})


@dataclass(slots=True, kw_only=True)
class Ask:
    """What a method gets."""

    state: State
    events: Deliveries
    app: App
    installation: Installation
    args: Json

    @property
    def team_id(self) -> str:
        return self.installation.team_id

    @property
    def bot_user_id(self) -> str:
        return self.installation.bot_user_id

    def need_scope(self, *one_of: str) -> None:
        need_scope(self.installation, *one_of)

    def word(self, key: str, default: str = "") -> str:
        value = self.args.get(key)
        if value is None:
            return default
        return value if isinstance(value, str) else str(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.args.get(key)
        return default if value is None else value in (True, 1, "1", "true", "True")

    def number(self, key: str, default: int) -> int:
        value = self.args.get(key)
        if value in (None, ""):
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise invalid_arguments(f"must be an integer [json-pointer:/{key}]") from None

    def blob(self, key: str) -> object:
        """An argument that may come as JSON or as JSON in a string; invalid JSON is refused as Slack words it."""
        value = self.args.get(key)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(
                f"invalid_{key}_format" if key in ("blocks", "metadata") else "invalid_arguments"
            ) from None

    def channel(self, key: str = "channel") -> Channel:
        """A channel of this workspace that the bot may know of."""
        channel = self.state.channels.get(self.word(key))
        if channel is None or channel.team_id != self.team_id:
            raise Refused("channel_not_found")
        if channel.kind is not ChannelKind.PUBLIC and not self.state.is_member(channel.id, self.bot_user_id):
            raise Refused("channel_not_found")
        return channel


Method = Callable[[Ask], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the method table.

    scopes      any one of them lets the app in; checked before the method runs
    per_minute  calls a minute (SLACK.md 2.1)
    json        whether a JSON body is read (SLACK.md 8.1)
    """

    run: Method
    scopes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    per_minute: int = 50
    json: bool = False


def need_scope(installation: Installation, *one_of: str) -> None:
    if one_of and not installation.scopes.intersection(one_of):
        raise Refused(
            "missing_scope", needed=",".join(one_of), provided=",".join(sorted(installation.scopes))
        )


def scope_for(channel: Channel, what: str) -> str:
    """The scope that reading this kind of conversation needs, such as channels:history."""
    side = {ChannelKind.PUBLIC: "channels", ChannelKind.PRIVATE: "groups", ChannelKind.DM: "im"}[channel.kind]
    return f"{side}:{what}"


def page_of(ids: list[str], ask: Ask, *, most: int = 1000, default: int = 100) -> tuple[list[str], Json]:
    """Cut one page out of ids, with Slack's cursor to the next one."""
    limit = max(1, min(ask.number("limit", default) or default, most))
    start = cursor_place(ask.word("cursor"))
    following = start + limit
    cursor = f"next:{following}" if following < len(ids) else ""
    return ids[start:following], {"next_cursor": cursor}


def cursor_place(cursor: str) -> int:
    if not cursor:
        return 0
    word, _, place = cursor.partition(":")
    if word != "next" or not place.isdigit():
        raise Refused("invalid_cursor")
    return int(place)


def missing(args: Json, required: Iterable[str]) -> list[str]:
    return [f"missing required field: {key}" for key in required if args.get(key) in (None, "")]
