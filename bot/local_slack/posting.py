"""Putting messages where people see them, and telling apps about it."""

import secrets
from collections.abc import Iterator

from bot.local_slack.deliveries import Deliveries
from bot.local_slack.objects import bot_profile
from bot.local_slack.payloads import message_event
from bot.local_slack.state import State
from bot.local_slack.values import App, Channel, ChannelKind, Json

STATEFUL_OR_CLICKED = ("elements", "accessory", "element")


def named(blocks: list[Json]) -> list[Json]:
    """Give blocks and elements the ids that Slack gives where an app gave none."""
    return [_named_block(block) for block in blocks]


def _named_block(block: Json) -> Json:
    shown: Json = {"block_id": secrets.token_urlsafe(4)} | block
    for key in STATEFUL_OR_CLICKED:
        value = shown.get(key)
        if isinstance(value, list):
            shown[key] = [_named_element(e) for e in value]
        elif isinstance(value, dict):
            shown[key] = _named_element(value)
    return shown


def _named_element(element: Json) -> Json:
    kind = element.get("type", "")
    passive = kind in {"image", "mrkdwn", "plain_text"} or kind.startswith("rich_text")
    return element if passive else {"action_id": secrets.token_urlsafe(4)} | element


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block."""
    for block in blocks:
        inside = [
            *block.get("elements", ()),
            block.get("accessory"),
            block.get("element"),
            *block.get("actions", ()),
        ]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def bot_message(state: State, app: App, team_id: str, content: Json) -> Json:
    """A message of an app, not yet in a channel."""
    installation = state.bot_of(app.id, team_id)
    message: Json = {
        "type": "message",
        "user": installation.bot_user_id,
        "bot_id": installation.bot_id,
        "app_id": app.id,
        "team": team_id,
        "text": content.get("text") or "",
        "bot_profile": bot_profile(state, app, team_id),
    }
    if content.get("blocks"):
        message["blocks"] = named(content["blocks"])
    for key in ("attachments", "metadata", "files", "username", "icon_emoji", "icon_url"):
        if content.get(key):
            message[key] = content[key]
    return message


def put(
    state: State, channel_id: str, message: Json, *, thread_ts: str = "", broadcast: bool = False
) -> Json:
    """Give a message its ts and its place; thread_ts must be a parent's."""
    log = state.logs[channel_id]
    message["ts"] = log.next_ts(state.clock.now())
    if thread_ts:
        message["thread_ts"] = thread_ts
    if thread_ts and broadcast:
        message["subtype"] = "thread_broadcast"
    log.add(message, broadcast=broadcast)
    state.changes.notify(channel_id)
    return message


def post(
    state: State,
    events: Deliveries,
    channel_id: str,
    message: Json,
    *,
    thread_ts: str = "",
    broadcast: bool = False,
) -> Json:
    """Put a message into a channel and tell the apps that listen there."""
    posted = put(state, channel_id, message, thread_ts=thread_ts, broadcast=broadcast)
    team_id = state.channels[channel_id].team_id
    events.tell(team_id, message_event(state, channel_id, posted), channel_id=channel_id)
    if posted.get("metadata") and posted.get("app_id"):
        events.tell(
            team_id, _metadata_event(posted, channel_id), channel_id=channel_id, only_app=posted["app_id"]
        )
    return posted


def _metadata_event(message: Json, channel_id: str) -> Json:
    return {
        "type": "message_metadata_posted",
        "app_id": message["app_id"],
        "bot_id": message["bot_id"],
        "user_id": message["user"],
        "team_id": message["team"],
        "channel_id": channel_id,
        "metadata": message["metadata"],
        "message_ts": message["ts"],
        "event_ts": message["ts"],
    }


def whisper(state: State, channel_id: str, user_id: str, message: Json, *, thread_ts: str = "") -> Json:
    """Show a message to one person only; it is stored nowhere else."""
    message["ts"] = state.logs[channel_id].next_ts(state.clock.now())
    if thread_ts:
        message["thread_ts"] = thread_ts
    state.ephemerals[(channel_id, user_id)].append(message)
    state.changes.notify(user_id)
    return message


def slackbot_says(state: State, channel_id: str, user_id: str, text: str) -> Json:
    message: Json = {"type": "message", "user": "USLACKBOT", "username": "Slackbot", "text": text}
    return whisper(state, channel_id, user_id, message)


def direct_channel(state: State, team_id: str, one: str, other: str) -> str:
    """Find or open the direct messages between two."""
    key = frozenset({one, other})
    if key not in state.dms:
        channel = Channel(
            id=state.new_id("D", state.user_name(one)),
            team_id=team_id,
            name="",
            kind=ChannelKind.DM,
            created=int(state.clock.now()),
        )
        state.channels[channel.id] = channel
        state.members[channel.id] = {one: None, other: None}
        state.dms[key] = channel.id
    return state.dms[key]
