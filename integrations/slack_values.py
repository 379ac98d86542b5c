"""What Slack's answers hold, as far as Muster reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.base import Call
from integrations.slack_errors import Unsure

KEY_EVENT = "muster_part"  # the metadata's event_type of every message that must be found again

Json = dict[str, Any]
Blocks = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the bot is."""

    team: str
    user: str
    bot: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """A channel as far as posting goes."""

    id: str
    name: str
    member: bool
    private: bool
    archived: bool
    shared_outside: bool  # with another company, now or as soon as it accepts


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackPage:
    """A page of messages, newest first in a channel, oldest first in a thread."""

    messages: Sequence[Json]
    cursor: str  # "" at the end


def key_metadata(key: str) -> Json:
    """Mark a message so that it can be found again."""
    return {"event_type": KEY_EVENT, "event_payload": {"key": key}}


def plain_blocks(blocks: Blocks) -> list[Json]:
    return [dict(block) for block in blocks]


def span_arguments(oldest: datetime | None, limit: int, cursor: str) -> Json:
    return {
        "oldest": f"{oldest.timestamp():.6f}" if oldest else None,
        "limit": limit,
        "cursor": cursor or None,
        "include_all_metadata": True,
    }


def page_of(answer: Mapping[str, Any]) -> SlackPage:
    cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
    messages = [message for message in answer.get("messages") or () if isinstance(message, dict)]
    return SlackPage(messages=messages, cursor=str(cursor))


def key_of(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != KEY_EVENT:
        return None
    payload = metadata.get("event_payload")
    return str(payload.get("key")) if isinstance(payload, dict) else None


def object_in(answer: Mapping[str, Any], name: str) -> Json:
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def field_in(answer: Mapping[str, Any], method: str, name: str) -> str:
    """Take a field that an answer must have; without it, nobody knows what was done."""
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise Unsure(Call(source="Slack", asked=method), f"an answer without {name}")
    return found
