"""reactions.*"""

import re

from bot.local_slack.state import State
from bot.local_slack.values import Channel, Json
from bot.local_slack.web_api.calls import Ask, Refused


def _message(ask: Ask) -> tuple[Channel, Json]:
    channel = ask.channel()
    message = ask.state.logs[channel.id].by_ts.get(ask.word("timestamp"))
    if message is None:
        raise Refused("message_not_found")
    return channel, message


def _name(ask: Ask) -> str:
    name = ask.word("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+\-']+(::skin-tone-\d)?", name):
        raise Refused("invalid_name")
    return name


def change(
    state: State, channel_id: str, message: Json, *, user_id: str, name: str, add: bool
) -> Json | None:
    """Add or take away one person's reaction; returns the event, or None when nothing changed."""
    reactions = message.setdefault("reactions", [])
    known = next((r for r in reactions if r["name"] == name), None)
    if (user_id in known["users"] if known else False) == add:
        return None
    if known is None:
        known = {"name": name, "users": [], "count": 0}
        reactions.append(known)
    known["users"].append(user_id) if add else known["users"].remove(user_id)
    known["count"] = len(known["users"])
    message["reactions"] = [r for r in reactions if r["count"]]
    state.changes.notify(channel_id)
    return {
        "type": "reaction_added" if add else "reaction_removed",
        "user": user_id,
        "reaction": name,
        "item_user": message.get("user", ""),
        "item": {"type": "message", "channel": channel_id, "ts": message["ts"]},
        "event_ts": f"{state.clock.now():.6f}",
    }


def _change(ask: Ask, *, add: bool) -> Json:
    name = _name(ask)
    channel, message = _message(ask)
    event = change(ask.state, channel.id, message, user_id=ask.bot_user_id, name=name, add=add)
    if event is None:
        raise Refused("already_reacted" if add else "no_reaction")
    ask.events.tell(ask.team_id, event, channel_id=channel.id)
    return {}


def add(ask: Ask) -> Json:
    return _change(ask, add=True)


def remove(ask: Ask) -> Json:
    return _change(ask, add=False)


def get(ask: Ask) -> Json:
    channel, message = _message(ask)
    return {"type": "message", "channel": channel.id, "message": message}
