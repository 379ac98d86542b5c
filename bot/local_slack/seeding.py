"""Filling a local Slack with workspaces, people, channels, groups and apps."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from bot.local_slack.state import State
from bot.local_slack.values import (
    App,
    Channel,
    ChannelKind,
    Group,
    Installation,
    Json,
    Mode,
    SlashCommand,
    TokenState,
    User,
    Workspace,
)

ALL_SCOPES = frozenset(
    [
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "chat:write.customize",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
        "metadata.message:read",
    ]
)
ALL_EVENTS = frozenset(
    [
        "app_mention",
        "app_home_opened",
        "message.channels",
        "message.groups",
        "message.im",
        "member_joined_channel",
        "member_left_channel",
        "reaction_added",
        "reaction_removed",
        "channel_archive",
        "channel_rename",
        "subteam_members_changed",
        "subteam_updated",
        "user_change",
        "file_shared",
        "app_uninstalled",
        "tokens_revoked",
        "message_metadata_posted",
    ]
)
# What an app gets that names no subscriptions. An event that no listener takes is not acked, and comes again.
DEFAULT_EVENTS = frozenset({"app_mention", "app_home_opened", "member_joined_channel"})
Member = User | App | str


def member_id(member: Member) -> str:
    match member:
        case str():
            return member
        case App():
            return member.bot_user_id
        case User():
            return member.id


class Seeding:
    state: State

    def add_workspace(
        self, name: str, *, domain: str = "", team_id: str = "", paid: bool = True
    ) -> Workspace:
        workspace = Workspace(
            id=team_id or self.state.new_id("T", name),
            name=name,
            domain=domain or "".join(c for c in name.lower() if c.isalnum()),
            paid=paid,
        )
        self.state.workspaces[workspace.id] = workspace
        return workspace

    def _team(self, workspace: Workspace | str | None) -> str:
        if workspace is None:
            return (
                next(iter(self.state.workspaces)) if self.state.workspaces else self.add_workspace("Acme").id
            )
        return workspace if isinstance(workspace, str) else workspace.id

    def add_user(
        self, name: str, *, workspace: Workspace | str | None = None, id: str = "", **fields: Any
    ) -> User:
        """Add a person; `fields` are those of User (real_name, tz, email, title, guest, stranger, deleted …)."""
        team_id = self._team(workspace)
        user = User(
            id=id or self.state.new_id("U", name),
            team_id=team_id,
            name=name,
            real_name=fields.pop("real_name", name.replace(".", " ").title()),
            email=fields.pop("email", f"{name}@{self.state.workspaces[team_id].domain}.example"),
            updated=int(self.state.clock.now()),
            **fields,
        )
        self.state.users[user.id] = user
        self.state.changes.notify(user.id)
        return user

    def add_channel(
        self,
        name: str,
        *,
        workspace: Workspace | str | None = None,
        members: Iterable[Member] | None = None,
        id: str = "",
        private: bool = False,
        **fields: Any,
    ) -> Channel:
        """Add a channel.

        members  None puts every person of the workspace into a public channel and nobody into a private one
        fields   those of Channel: ext_shared, archived, topic, purpose, creator
        """
        team_id = self._team(workspace)
        channel = Channel(
            id=id or self.state.new_id("C", name),
            team_id=team_id,
            name=name.removeprefix("#"),
            kind=ChannelKind.PRIVATE if private else ChannelKind.PUBLIC,
            created=int(self.state.clock.now()),
            **fields,
        )
        self.state.channels[channel.id] = channel
        people = self._people(team_id) if members is None and not private else members or ()
        self.state.members[channel.id] = dict.fromkeys(member_id(m) for m in people)
        self.state.changes.notify(channel.id)
        return channel

    def _people(self, team_id: str) -> list[User]:
        return [
            u
            for u in self.state.users.values()
            if u.team_id == team_id and not (u.bot or u.guest or u.deleted)
        ]

    def add_group(
        self,
        handle: str,
        *,
        members: Iterable[Member] = (),
        name: str = "",
        workspace: Workspace | str | None = None,
        disabled: bool = False,
        id: str = "",
    ) -> Group:
        group = Group(
            id=id or self.state.new_id("S", handle),
            team_id=self._team(workspace),
            handle=handle,
            name=name or handle,
            members=tuple(member_id(m) for m in members),
            disabled=disabled,
            updated=int(self.state.clock.now()),
        )
        self.state.groups[group.id] = group
        return group

    def add_app(
        self,
        name: str,
        *,
        workspace: Workspace | str | None = None,
        commands: Sequence[SlashCommand | str] = (),
        scopes: Iterable[str] = ALL_SCOPES,
        events: Iterable[str] = DEFAULT_EVENTS,
        mode: Mode | str = Mode.SOCKET,
        **fields: Any,
    ) -> App:
        """Make an app and install it.

        events  subscriptions as in a manifest: app_mention, message.channels …
        fields  those of App: request_url, signing_secret, home_tab, messages_tab, id
        """
        app_id = fields.pop("id", "") or self.state.new_id("A", name)
        made = self._install(app_id, name=name, team_id=self._team(workspace), scopes=frozenset(scopes))
        app = App(
            id=app_id,
            name=name,
            team_id=made.team_id,
            bot_id=made.bot_id,
            bot_user_id=made.bot_user_id,
            bot_token=made.bot_token,
            app_token=fields.pop("app_token", f"xapp-{app_id}-sample"),
            signing_secret=fields.pop("signing_secret", f"signing-{app_id}-sample"),
            mode=Mode(mode),
            request_url=fields.pop("request_url", ""),
            commands=tuple(c if isinstance(c, SlashCommand) else SlashCommand(command=c) for c in commands),
            events=frozenset(events),
            **fields,
        )
        self.state.apps[app.id] = app
        return app

    def add_app_from_manifest(
        self, manifest: Json, *, workspace: Workspace | str | None = None, **fields: Any
    ) -> App:
        """Make an app as Slack makes it from a manifest: its commands, scopes, events and mode."""
        settings = manifest.get("settings", {})
        features = manifest.get("features", {})
        home = features.get("app_home", {})
        commands = [
            SlashCommand(
                **{k: c[k] for k in ("command", "description", "usage_hint", "should_escape") if k in c}
            )
            for c in features.get("slash_commands", ())
        ]
        mode = Mode.SOCKET if settings.get("socket_mode_enabled") else Mode.HTTP
        given = {
            "commands": commands,
            "scopes": manifest["oauth_config"]["scopes"]["bot"],
            "events": settings.get("event_subscriptions", {}).get("bot_events", ()),
            "mode": mode,
            "home_tab": home.get("home_tab_enabled", False),
            "messages_tab": home.get("messages_tab_enabled", False),
        }
        return self.add_app(manifest["display_information"]["name"], workspace=workspace, **(given | fields))

    def install(self, app: App, workspace: Workspace | str) -> Installation:
        """Install an app in one more workspace, with its scopes of the first."""
        first = self.state.bot_of(app.id, app.team_id)
        return self._install(app.id, name=app.name, team_id=self._team(workspace), scopes=first.scopes)

    def _install(self, app_id: str, *, name: str, team_id: str, scopes: frozenset[str]) -> Installation:
        handle = "".join(c if c.isalnum() else "-" for c in name.lower())
        bot = self.add_user(handle, workspace=team_id, real_name=name, bot=True, email="", app_id=app_id)
        installation = Installation(
            app_id=app_id,
            team_id=team_id,
            bot_id=self.state.new_id("B", name),
            bot_user_id=bot.id,
            bot_token=f"xoxb-{team_id}-{app_id}-sample",
            scopes=scopes,
        )
        self.state.installations[(app_id, team_id)] = installation
        self.state.tokens[installation.bot_token] = (app_id, team_id)
        return installation

    def change_app(self, app: App | str, **fields: Any) -> App:
        """Change an app's settings while it runs: mode, request_url, commands, events, app_token_state …"""
        known = self.state.apps[app if isinstance(app, str) else app.id]
        self.state.apps[known.id] = replace(known, **fields)
        return self.state.apps[known.id]

    def set_token(self, app: App | str, state: TokenState | str, *, team_id: str = "") -> None:
        """Revoke, expire or restore an app's bot token."""
        known = self.state.apps[app if isinstance(app, str) else app.id]
        key = (known.id, team_id or known.team_id)
        self.state.installations[key] = replace(self.state.installations[key], state=TokenState(state))
