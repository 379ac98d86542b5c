"""Everything the local Slack remembers, in plain dictionaries."""

import asyncio
import itertools
import secrets
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.local_slack.changes import Changes
from bot.local_slack.clock import Clock
from bot.local_slack.faults import FaultBook
from bot.local_slack.limits import Limits
from bot.local_slack.message_log import MessageLog
from bot.local_slack.values import App, Channel, Group, Installation, Json, User, Workspace

UNDER_WAY = "under way"


class Surface(StrEnum):
    """Where blocks stand."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


@dataclass(slots=True, kw_only=True)
class View:
    """One open modal or one person's Home tab."""

    id: str
    user_id: str
    app_id: str
    team_id: str
    surface: Surface
    content: Json  # what the app gave: blocks, title, callback_id …
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    state: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Trigger:
    id: str
    app_id: str
    user_id: str
    team_id: str
    expires_at: float
    view_id: str = ""  # the modal it came from, for views.push
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    path: str
    app_id: str
    team_id: str
    channel_id: str
    user_id: str
    expires_at: float
    uses: int = 0
    original_ts: str = ""
    original_ephemeral: bool = False


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    secret: str
    team_id: str
    user_id: str
    name: str
    length: int
    created: int
    alt_txt: str = ""
    title: str = ""
    content: bytes = b""
    uploaded: bool = False
    completed: bool = False
    ready_at: float = 0.0
    channels: list[str] = field(default_factory=list)
    shares: list[tuple[str, str]] = field(default_factory=list)  # channel, ts


@dataclass(slots=True, kw_only=True)
class Call:
    """One Web API call as it was answered."""

    method: str
    args: Json
    at: float
    team_id: str = ""
    app_id: str = ""
    status: int = 0  # 0: the caller was cut off
    ok: bool = False
    error: str = ""
    fault: str = ""
    answer: Json = field(default_factory=dict)
    took_ms: float = 0.0


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One attempt to hand something to an app."""

    id: str
    app_id: str
    team_id: str
    kind: str  # events_api, slash_commands, interactive
    name: str  # the event, command or interaction
    payload: Json
    at: float
    attempt: int = 0
    outcome: str = UNDER_WAY  # then: acked, timeout, no_connection, http_…, lost
    ack_ms: float | None = None
    ack: Any = None
    problems: list[str] = field(default_factory=list)

    @property
    def acked(self) -> bool:
        return self.outcome == "acked"


@dataclass(slots=True, kw_only=True)
class State:
    clock: Clock = field(default_factory=Clock)
    changes: Changes = field(default_factory=Changes)
    faults: FaultBook = field(default_factory=FaultBook)
    limits: Limits = field(default_factory=Limits)
    base: str = ""  # http://127.0.0.1:PORT
    file_delay_s: float = 0.5
    answer_s: float = 3.0
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    workspaces: dict[str, Workspace] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    members: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    logs: dict[str, MessageLog] = field(default_factory=lambda: defaultdict(MessageLog))
    groups: dict[str, Group] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    installations: dict[tuple[str, str], Installation] = field(default_factory=dict)  # app, team
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)  # bot token → app, team
    dms: dict[frozenset[str], str] = field(default_factory=dict)

    ephemerals: dict[tuple[str, str], list[Json]] = field(
        default_factory=lambda: defaultdict(list)
    )  # channel, user
    message_state: dict[tuple[str, str, str], dict[str, dict[str, Json]]] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # user → open modals
    homes: dict[tuple[str, str], str] = field(default_factory=dict)  # user, app → view
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=100_000))
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=100_000))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def number(self) -> int:
        return next(self._numbers)

    def new_id(self, prefix: str, name: str = "") -> str:
        """Give an id that a person can recognise, such as C0OPS00017."""
        word = "".join(c for c in name.upper() if c.isascii() and c.isalnum())[:6]
        return f"{prefix}0{word}{self.number():0{max(3, 8 - len(word))}d}"

    def trigger(
        self, *, app_id: str, user_id: str, team_id: str, view_id: str = "", expired: bool = False
    ) -> str:
        now = self.clock.now()
        trigger_id = f"{self.number()}.{int(now)}.{secrets.token_hex(8)}"
        expires_at = now - 1 if expired else now + self.clock.limit(self.answer_s)
        self.triggers[trigger_id] = Trigger(
            id=trigger_id,
            app_id=app_id,
            user_id=user_id,
            team_id=team_id,
            expires_at=expires_at,
            view_id=view_id,
        )
        return trigger_id

    def user_name(self, user_id: str) -> str:
        user = self.users.get(user_id)
        return user.name if user else user_id

    def bot_of(self, app_id: str, team_id: str) -> Installation:
        return self.installations[(app_id, team_id)]

    def is_member(self, channel_id: str, user_id: str) -> bool:
        return user_id in self.members[channel_id]
