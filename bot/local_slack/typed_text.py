"""What a person types, in the form in which Slack stores it and hands it on."""

import re

from bot.local_slack.state import State
from bot.local_slack.values import Json

KEPT = re.compile(r"<(?:[@#!][^<>\s]+|https?://[^<>]+)>")  # mentions and links that a client has already made
NAMED = re.compile(r"(?<![\w<|])([@#])([\w.\-]+)")
LINK = re.compile(r"(?<![<|])\bhttps?://[^\s<>|]+")
PIECE = re.compile(
    r"<@(?P<user>\w+)(?:\|[^>]*)?>|<#(?P<channel>\w+)(?:\|[^>]*)?>|<(?P<url>https?://[^>|]+)(?:\|[^>]*)?>"
)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def stored(state: State, team_id: str, text: str, *, names: bool, labelled: bool = False) -> str:
    """Escape a text, and turn @name and #channel into references.

    names     whether names become references; a slash command does that only with should_escape
    labelled  <@U…|name> as in commands, rather than <@U…> as in messages
    """
    parts: list[str] = []
    last = 0
    for match in KEPT.finditer(text):
        parts += [_plain(state, team_id, text[last : match.start()], names, labelled), match.group()]
        last = match.end()
    return "".join([*parts, _plain(state, team_id, text[last:], names, labelled)])


def _plain(state: State, team_id: str, text: str, names: bool, labelled: bool) -> str:  # noqa: FBT001, PLR0917
    safe = escaped(text)
    if not names:
        return safe
    linked = LINK.sub(lambda m: f"<{m.group()}>", safe)
    return NAMED.sub(lambda m: _reference(state, team_id, m, labelled), linked)


def _reference(state: State, team_id: str, match: re.Match[str], labelled: bool) -> str:  # noqa: FBT001
    sign, name = match.groups()
    found = _user_id(state, team_id, name) if sign == "@" else _channel_id(state, team_id, name)
    if not found:
        return match.group()
    return f"<{sign}{found}|{name}>" if labelled else f"<{sign}{found}>"


def _user_id(state: State, team_id: str, name: str) -> str:
    if name in ("here", "channel", "everyone"):
        return ""
    return next((u.id for u in state.users.values() if u.team_id == team_id and u.name == name), "")


def _channel_id(state: State, team_id: str, name: str) -> str:
    return next((c.id for c in state.channels.values() if c.team_id == team_id and c.name == name), "")


def as_rich_text(text: str) -> list[Json]:
    """The blocks that a client stores beside a typed text."""
    pieces: list[Json] = []
    last = 0
    for match in PIECE.finditer(text):
        pieces += _words(text[last : match.start()])
        pieces.append(_piece(match))
        last = match.end()
    pieces += _words(text[last:])
    section = {"type": "rich_text_section", "elements": pieces}
    return [{"type": "rich_text", "block_id": "typed", "elements": [section]}] if pieces else []


def _words(text: str) -> list[Json]:
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": plain}] if plain else []


def _piece(match: re.Match[str]) -> Json:
    if match["user"]:
        return {"type": "user", "user_id": match["user"]}
    if match["channel"]:
        return {"type": "channel", "channel_id": match["channel"]}
    return {"type": "link", "url": match["url"]}
