"""What a person types, in the form in which Slack stores it and hands it on."""

import re

from bot.local_slack.state import State
from bot.local_slack.values import Json

KEPT = re.compile(r"<(?:[@#!][^<>\s]+|https?://[^<>]+)>")  # mentions and links that a client has already made
NAMED = re.compile(r"(?<![\w<|])([@#])([\w.\-]+)")
LINK = re.compile(r"(?<![<|])\bhttps?://[^\s<>|]+")
PIECE = re.compile(
    r"<@(?P<user>\w+)(?:\|[^>]*)?>|<!subteam\^(?P<group>\w+)(?:\|[^>]*)?>|<#(?P<channel>\w+)(?:\|[^>]*)?>|<(?P<url>https?://[^>|]+)(?:\|[^>]*)?>"
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
    for full in _full_names(state, team_id):
        linked = full.sub(lambda m: _reference(state, team_id, m, labelled), linked)
    return NAMED.sub(lambda m: _reference(state, team_id, m, labelled), linked)


def _full_names(state: State, team_id: str) -> list[re.Pattern[str]]:
    """Give what finds @Ana Ferreira, as a client's list of names would have put it."""
    names = [u.real_name for u in state.users.values() if u.team_id == team_id and " " in u.real_name]
    return [
        re.compile(rf"(?<![\w<|])(@)({re.escape(escaped(name))})(?!\w)", re.IGNORECASE)
        for name in sorted(names, key=len, reverse=True)
    ]


def _reference(state: State, team_id: str, match: re.Match[str], labelled: bool) -> str:  # noqa: FBT001
    sign, typed = match.groups()
    name = typed.rstrip(".-")  # they end a sentence
    found = _found(state, team_id, sign, name)
    if not found:
        return match.group()
    label = f"@{name}" if found.startswith("!") else name
    reference = f"<{found}|{label}>" if labelled else f"<{found}>"
    return reference + typed[len(name) :]


def _found(state: State, team_id: str, sign: str, name: str) -> str:
    """What is meant, as @U…, !subteam^S… or #C…; nothing where nobody is."""
    if sign == "#":
        channel_id = _channel_id(state, team_id, name)
        return f"#{channel_id}" if channel_id else ""
    if user_id := _user_id(state, team_id, name):
        return f"@{user_id}"
    groups = [g for g in state.groups.values() if g.team_id == team_id and not g.disabled]
    return next((f"!subteam^{g.id}" for g in groups if g.handle.casefold() == name.casefold()), "")


def _user_id(state: State, team_id: str, name: str) -> str:
    if name in ("here", "channel", "everyone"):
        return ""
    wanted = name.casefold()  # a client's list of names does not mind capitals
    mine = [u for u in state.users.values() if u.team_id == team_id]
    return next((u.id for u in mine if wanted in {u.name.casefold(), escaped(u.real_name).casefold()}), "")


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
    if match["group"]:
        return {"type": "usergroup", "usergroup_id": match["group"]}
    if match["channel"]:
        return {"type": "channel", "channel_id": match["channel"]}
    return {"type": "link", "url": match["url"]}
