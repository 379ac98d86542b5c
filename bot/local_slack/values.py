"""What a seeded workspace consists of, as small values with ids."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class ChannelKind(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    DM = "dm"


class Mode(StrEnum):
    SOCKET = "socket"
    HTTP = "http"


class TokenState(StrEnum):
    """What a token answers with when it is not ACTIVE."""

    ACTIVE = "active"
    REVOKED = "token_revoked"
    EXPIRED = "token_expired"
    UNINSTALLED = "account_inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    id: str
    name: str
    domain: str
    paid: bool = True  # user groups come with a paid plan only

    @property
    def url(self) -> str:
        return f"https://{self.domain}.slack.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: str
    team_id: str
    name: str
    real_name: str
    tz: str = "UTC"  # IANA name
    email: str = ""
    title: str = ""
    status_emoji: str = ""  # such as `:palm_tree:`
    guest: bool = False
    single_channel_guest: bool = False
    stranger: bool = False  # of another company, here by a shared channel
    bot: bool = False
    deleted: bool = False
    app_id: str = ""
    updated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    id: str
    team_id: str
    name: str
    kind: ChannelKind = ChannelKind.PUBLIC
    ext_shared: bool = False
    archived: bool = False
    topic: str = ""
    purpose: str = ""
    creator: str = ""
    created: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A user group, as in @data-science."""

    id: str
    team_id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()
    disabled: bool = False
    updated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An app in one workspace."""

    app_id: str
    team_id: str
    bot_id: str
    bot_user_id: str
    bot_token: str = field(repr=False)
    scopes: frozenset[str]
    state: TokenState = TokenState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app with its first installation's ids and token."""

    id: str
    name: str
    team_id: str
    bot_id: str
    bot_user_id: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    mode: Mode
    request_url: str
    commands: tuple[SlashCommand, ...]
    events: frozenset[str]
    home_tab: bool = True
    messages_tab: bool = True
    app_token_state: TokenState = TokenState.ACTIVE
