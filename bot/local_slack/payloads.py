"""What Slack hands to an app: events, commands and interactions (SLACK.md 8.6, 8.7)."""

import json
from datetime import UTC, datetime

from bot.local_slack.objects import view_object
from bot.local_slack.state import State, View
from bot.local_slack.values import App, ChannelKind, Json

VERIFICATION_TOKEN = "verification-sample"  # noqa: S105 - deprecated by Slack, still in every body


def event_callback(state: State, app: App, team_id: str, event: Json) -> Json:
    number = state.number()
    channel = event.get("channel")
    room = state.channels.get(channel) if isinstance(channel, str) else None
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team_id,
        "context_team_id": team_id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "type": "event_callback",
        "event_id": f"Ev{number:010d}",
        "event_time": int(state.clock.now()),
        "is_ext_shared_channel": bool(room and room.ext_shared),
        "event_context": f"4-ctx-{number:04d}",
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team_id,
                "user_id": state.bot_of(app.id, team_id).bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "event": event,
    }


def slash(state: State, app: App, *, user_id: str, channel_id: str, command: str, text: str) -> Json:
    """The form of a slash command, without trigger_id and response_url."""
    channel = state.channels[channel_id]
    workspace = state.workspaces[channel.team_id]
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(state, channel_id),
        "user_id": user_id,
        "user_name": state.user_name(user_id),
        "command": command,
        "text": text,
        "api_app_id": app.id,
        "is_enterprise_install": "false",
    }


def channel_name(state: State, channel_id: str) -> str:
    channel = state.channels[channel_id]
    match channel.kind:
        case ChannelKind.DM:
            return "directmessage"
        case ChannelKind.PRIVATE:
            return "privategroup"
        case ChannelKind.PUBLIC:
            return channel.name


def interaction(state: State, app: App, *, kind: str, user_id: str, team_id: str) -> Json:
    """What every interaction carries."""
    user = state.users[user_id]
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "api_app_id": app.id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": team_id, "domain": state.workspaces[team_id].domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def on_message(state: State, message: Json, *, channel_id: str, ephemeral: bool) -> Json:
    """Where on a message an interaction happened; an ephemeral one is not sent along (SLACK.md 8.6)."""
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel_id,
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    place: Json = {
        "container": container,
        "channel": {"id": channel_id, "name": channel_name(state, channel_id)},
    }
    return place if ephemeral else place | {"message": dict(message)}  # as it was then


def on_view(state: State, view: View) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": view_object(state, view)}


def message_event(state: State, channel_id: str, message: Json) -> Json:
    """The event of a new message; a bot's own has its bot_id."""
    channel = state.channels[channel_id]
    kind = {ChannelKind.DM: "im", ChannelKind.PRIVATE: "group", ChannelKind.PUBLIC: "channel"}[channel.kind]
    kept = {k: v for k, v in message.items() if k not in {"metadata", "reply_users", "reactions"}}
    return kept | {"channel": channel_id, "channel_type": kind, "event_ts": message["ts"]}


def action_ts(state: State) -> str:
    return f"{state.clock.now():.6f}"


def dumped(payload: Json) -> str:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=True)


def date_of(ts: str) -> datetime:
    return datetime.fromtimestamp(int(ts.partition(".")[0]), tz=UTC)
