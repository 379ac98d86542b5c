"""POST /control/<verb>: everything that Python can do with a local Slack, for the page and for other processes."""

import dataclasses
import inspect
import json
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import web

from bot.local_slack.acting import CannotAct
from bot.local_slack.choosing import NotThere
from bot.local_slack.values import Json

if TYPE_CHECKING:
    from bot.local_slack.server import LocalSlack

ACTS = {
    "command", "say", "click", "click_view", "pick", "suggest", "submit", "fill", "fill_message", "close_view", "open_home", "direct",
    "react", "join", "leave", "change_channel", "change_user", "change_group",
}  # fmt: skip
SEEDS = {
    "add_workspace",
    "add_user",
    "add_channel",
    "add_group",
    "add_app",
    "add_app_from_manifest",
    "install",
    "change_app",
    "set_token",
}
READS = {"messages", "thread", "every_message", "ephemerals", "views", "home", "calls", "sent", "settled"}
FAULTS = {"fail", "heal", "enforce_limits", "disconnect", "drop_sockets"}
VERBS = ACTS | SEEDS | READS | FAULTS


class Control:
    """Takes a JSON object of arguments by name; answers {"ok": true, "result": …} or {"ok": false, "error": …}.

    ?refusals=200  answers what a person may not do with 200 too: for the page it is something to say, not an error
    """

    def __init__(self, slack: "LocalSlack") -> None:
        self._slack = slack

    async def handle(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        if verb not in VERBS | {"advance"}:
            return _answer({"ok": False, "error": f"unknown verb {verb}"}, status=404)
        if request.content_type != "application/json":  # a form of a foreign page cannot send this
            return _answer({"ok": False, "error": "send application/json"}, status=415)
        try:
            result = await self._run(verb, await request.json())
        except (CannotAct, NotThere) as refused:
            status = 200 if request.query.get("refusals") == "200" else 409
            return _answer({"ok": False, "error": str(refused)}, status=status)
        except (KeyError, TypeError, ValueError) as wrong:
            return _answer({"ok": False, "error": f"{type(wrong).__name__}: {wrong}"}, status=400)
        return _answer({"ok": True, "result": plain(result)})

    async def _run(self, verb: str, args: Json) -> object:
        if verb == "advance":
            self._slack.clock.advance(float(args["seconds"]))
            return None
        result = getattr(self._slack, verb)(**args)
        return await result if inspect.isawaitable(result) else result


def _answer(body: Json, *, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(body), status=status, content_type="application/json")


def plain(value: object) -> object:
    """Any result as JSON can hold it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    match value:
        case StrEnum():
            return str(value)
        case dict():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(v) for v in value]
        case bytes():
            return len(value)
        case _:
            return value
