"""The page's files, its picture of the state, and its stream of changes."""

import asyncio
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bot.local_slack.objects import file_object
from bot.local_slack.state import State
from bot.local_slack.uploads import content_of
from bot.local_slack.values import Channel, ChannelKind, Json, User

if TYPE_CHECKING:
    from bot.local_slack.server import LocalSlack

FOLDER = Path(__file__).parent / "page"
SHOWN = 200  # messages of a channel or thread at first; the page asks for more
SHOWN_MAX = 5000
PACE_S = 0.05
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
FILES = {"style.css": "text/css", "page.js": "text/javascript", "bot.svg": "image/svg+xml"}


class PageServer:
    def __init__(self, slack: "LocalSlack") -> None:
        self._slack = slack
        self._state = slack.state

    def add_to(self, application: web.Application) -> None:
        application.router.add_get("/", self.index)
        application.router.add_get("/page/state", self.state)
        application.router.add_get("/page/events", self.events)
        application.router.add_get("/page/file/{file}", self.file)
        application.router.add_get("/page/download/{file}", self.download)
        application.router.add_get("/page/{name}", self.asset)

    async def index(self, _request: web.Request) -> web.Response:
        text = (FOLDER / "index.html").read_text(encoding="utf-8")
        title = html.escape(self._slack.title)
        return web.Response(text=text.replace("{title}", title), content_type="text/html", headers=HEADERS)

    async def asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        text = (FOLDER / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=FILES[name], headers=HEADERS)

    async def file(self, request: web.Request) -> web.Response:
        file = self._state.files.get(request.match_info["file"])
        if file is None or not file_object(self._state, file)["mimetype"].startswith("image/"):
            raise web.HTTPNotFound
        return content_of(file)

    async def download(self, request: web.Request) -> web.Response:
        file = self._state.files.get(request.match_info["file"])
        if file is None or not file.completed:
            raise web.HTTPNotFound
        return content_of(file)

    async def state(self, request: web.Request) -> web.Response:
        """Everything that one person sees: their channels, one of them open, a thread, views, a Home tab."""
        asked = request.query
        me = self._state.users.get(asked.get("user", "")) or _first_person(self._state)
        shown: Json = {
            "title": self._slack.title,
            "me": me.id if me else None,
            "people": _people(self._state),
        }
        if me is not None:
            shown |= _surroundings(self._state, me)
            shown |= self._open(
                me, asked.get("channel", ""), asked.get("thread", ""), depth=_depth(asked.get("depth", ""))
            )
            home = asked.get("home", "")
            shown["home"] = self._slack.home(me, home) if home in self._state.apps else None
            shown["views"] = self._slack.views(me)
        return web.Response(text=json.dumps(shown), content_type="application/json", headers=HEADERS)

    def _open(self, me: User, channel_id: str, thread_ts: str, *, depth: int) -> Json:
        if channel_id not in self._state.channels or not self._state.is_member(channel_id, me.id):
            return {"messages": [], "thread": [], "whispers": []}
        log = self._state.logs[channel_id]
        thread = self._slack.thread(channel_id, thread_ts) if thread_ts in log.by_ts else []
        chosen = {
            ts: values
            for (channel, ts, user), values in self._state.message_state.items()
            if channel == channel_id and user == me.id
        }
        return {
            "channel": channel_id,
            "messages": [log.by_ts[ts] for ts in log.top[-depth:]],
            "more": len(log.top) > depth,
            "thread": thread[:1] + thread[1:][-depth:],  # however long it is, its parent stands above it
            "thread_more": len(thread) - 1 > depth,
            "whispers": self._slack.ephemerals(me, channel_id)[-depth:],
            "chosen": chosen,
        }

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the topics (channel and user ids) that have changed."""
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        topics: set[str] = set()
        wake = asyncio.Event()

        def heard(topic: str) -> None:
            topics.add(topic)
            wake.set()

        stop = self._state.changes.listen(heard)
        try:
            while not self._state.closing.is_set():
                await response.write(f"data: {json.dumps(sorted(topics))}\n\n".encode())
                topics.clear()
                wake.clear()
                await wake.wait()
                await asyncio.sleep(PACE_S)
        except ConnectionError:
            pass  # the page was closed
        finally:
            stop()
        return response


def _depth(asked: str) -> int:
    return min(max(int(asked), SHOWN), SHOWN_MAX) if asked.isascii() and asked.isdigit() else SHOWN


def _first_person(state: State) -> User | None:
    return next((u for u in state.users.values() if not (u.bot or u.deleted)), None)


def _people(state: State) -> Json:
    return {
        u.id: {
            "id": u.id,
            "name": u.name,
            "real_name": u.real_name,
            "title": u.title,
            "tz": u.tz,
            "team": u.team_id,
            "bot": u.bot,
            "guest": u.guest or u.single_channel_guest,
            "stranger": u.stranger,
            "deleted": u.deleted,
        }
        for u in state.users.values()
    }


def _surroundings(state: State, me: User) -> Json:
    mine = [c for c in state.channels.values() if state.is_member(c.id, me.id)]
    apps = [a for a in state.apps.values() if (a.id, me.team_id) in state.installations]
    return {
        "workspace": state.workspaces[me.team_id].name,
        "channels": [_channel(state, c, me) for c in mine],
        "apps": [
            {
                "id": a.id,
                "name": a.name,
                "bot": state.bot_of(a.id, me.team_id).bot_user_id,
                "home_tab": a.home_tab,
                "commands": [
                    {"command": c.command, "description": c.description, "hint": c.usage_hint}
                    for c in a.commands
                ],
            }
            for a in apps
        ],
        "groups": {g.id: g.handle for g in state.groups.values()},
    }


def _channel(state: State, channel: Channel, me: User) -> Json:
    others = [m for m in state.members[channel.id] if m != me.id]
    log = state.logs[channel.id]
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": str(channel.kind),
        "with": others[0] if channel.kind is ChannelKind.DM and others else None,
        "ext_shared": channel.ext_shared,
        "archived": channel.archived,
        "topic": channel.topic or channel.purpose,
        "members": len(state.members[channel.id]),
        "last": log.top[-1] if log.top else "",
    }
