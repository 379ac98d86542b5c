"""What stands in a local Slack, as text: a channel after the other, each message with its thread below it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.local_slack.server import LocalSlack
from bot.local_slack.values import ChannelKind

Message = dict[str, Any]

_TIME = re.compile(r"!date\^(\d+)\^([^^]*)")
_TOKEN = re.compile(r"<(!date\^[^|>]*|[@#!]?[^|>]*)(?:\|([^>]*))?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """For whom a message is written: in Slack, each sees times in a zone of their own."""

    slack: LocalSlack
    zone: ZoneInfo


def everything(slack: LocalSlack, *, zone: ZoneInfo) -> Iterator[str]:
    """Write what was posted: channels first, then what was said to one person alone.

    zone   of times in channels; in direct messages they are in the person's own
    """
    posted: dict[str, list[Message]] = {}
    for channel, message in slack.every_message():
        posted.setdefault(channel, []).append(message)
    for channel in sorted(posted, key=lambda each: _is_direct(slack, each)):  # stable: else as they came
        for message in _in_threads(posted[channel]):
            yield printed(slack, channel, message, zone=zone)


def printed(slack: LocalSlack, channel: str, message: Message, *, zone: ZoneInfo) -> str:
    """Write one message: its channel or whom it is for, whether it stands in a thread, and what its blocks say."""
    where = f"{_where(slack, channel)}{' (thread)' if _is_reply(message) else ''}"
    reader = _Reader(slack=slack, zone=_zone_in(slack, channel) or zone)
    lines = [line for block in message.get("blocks") or () for line in _lines(reader, block)] or [
        _plain(reader, message.get("text", ""))
    ]
    body = "\n".join(f"  {line}" for part in lines for line in str(part).splitlines())
    return f"{where}\n{body}\n\n"


def _is_direct(slack: LocalSlack, channel: str) -> bool:
    known = slack.state.channels.get(channel)
    return known is not None and known.kind is ChannelKind.DM


def _zone_in(slack: LocalSlack, channel: str) -> ZoneInfo | None:
    """Give the zone of the one person who reads a direct message."""
    if not _is_direct(slack, channel):
        return None
    people = [slack.state.users[each] for each in slack.state.members[channel]]
    return next((ZoneInfo(each.tz) for each in people if not each.bot), None)


def _is_reply(message: Message) -> bool:
    return message.get("thread_ts") not in {None, message.get("ts")}


def _in_threads(messages: list[Message]) -> Iterator[Message]:
    """Put replies below what they reply to."""
    replies: dict[str, list[Message]] = {}
    for message in messages:
        if _is_reply(message):
            replies.setdefault(message["thread_ts"], []).append(message)
    for message in messages:
        if not _is_reply(message):
            yield message
            yield from replies.get(message.get("ts", ""), ())


def _where(slack: LocalSlack, channel: str) -> str:
    if channel not in slack.state.channels:
        return f"#{channel}"
    if not _is_direct(slack, channel):
        return f"#{slack.state.channels[channel].name}"
    people = [slack.state.users[each] for each in slack.state.members[channel]]
    return f"To {', '.join(each.real_name for each in people if not each.bot)} alone"


def _lines(reader: _Reader, block: dict[str, Any]) -> list[str]:
    match block.get("type"):
        case "section":
            texts = [block.get("text"), *block.get("fields", ())]
            return [_plain(reader, each["text"]) for each in texts if each]
        case "header":
            return [block["text"]["text"]]
        case "context":
            return [_plain(reader, each.get("text", each.get("alt_text", ""))) for each in block["elements"]]
        case "actions":
            return [" ".join(_button(each) for each in block["elements"])]
        case "data_visualization":
            return [f"(chart: {block['title']})"]
        case _:
            return []


def _button(element: dict[str, Any]) -> str:
    return f"[{element['text']['text']}]" if "text" in element else "[…]"


def _plain(reader: _Reader, text: str) -> str:
    """Write Slack's mark-up of people, channels, times and links as a reader sees them."""
    return html.unescape(_TOKEN.sub(lambda found: _meant(reader, found[1], found[2]), text))


def _meant(reader: _Reader, what: str, words: str | None) -> str:
    state, time = reader.slack.state, _TIME.match(what)
    if time is not None:
        return _shown(datetime.fromtimestamp(int(time[1]), UTC).astimezone(reader.zone), time[2])
    match what[:1], what[1:]:
        case "@", id_ if id_ in state.users:
            return f"@{state.users[id_].real_name}"
        case "#", id_ if id_ in state.channels:
            return f"#{state.channels[id_].name}"
        case _:
            return words or what


def _shown(at: datetime, wanted: str) -> str:
    """Write a moment with the name of its zone, or a day where only that is wanted."""
    day = at.strftime("%Y-%m-%d")
    return f"{day} {at.strftime('%H:%M %Z')}" if "{time" in wanted else day
