"""Answers to a command or a click: in its ack, or through its response_url (SLACK.md 88, 89, 124)."""

import json
import secrets
from dataclasses import dataclass

from aiohttp import web

from bot.local_slack import blocks as block_kit
from bot.local_slack.deliveries import Deliveries
from bot.local_slack.faults import CALL_FAULTS, FaultKind
from bot.local_slack.posting import bot_message, named, post, whisper
from bot.local_slack.state import Call, ResponseUrl, State
from bot.local_slack.values import App, Json

USES_MAX = 5
LIFE_S = 30 * 60.0


def new_response_url(
    state: State, app: App, *, channel_id: str, user_id: str, original_ts: str = "", ephemeral: bool = False
) -> str:
    team_id = state.channels[channel_id].team_id
    path = f"/response/{team_id}/{state.number()}/{secrets.token_urlsafe(12)}"
    state.response_urls[path] = ResponseUrl(
        path=path,
        app_id=app.id,
        team_id=team_id,
        channel_id=channel_id,
        user_id=user_id,
        expires_at=state.clock.now() + state.clock.limit(LIFE_S),
        original_ts=original_ts,
        original_ephemeral=ephemeral,
    )
    return state.base + path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer goes."""

    app: App
    team_id: str
    channel_id: str
    user_id: str
    original_ts: str = ""
    original_ephemeral: bool = False


def answer(state: State, events: Deliveries, place: Place, content: Json) -> str:
    """Show an app's answer; returns "" or Slack's word for why not."""
    if content.get("delete_original") in (True, "true"):
        return _delete_original(state, place)
    blocks = content.get("blocks") or []
    if isinstance(blocks, str):
        blocks = json.loads(blocks)
    if not (content.get("text") or blocks or content.get("attachments")):
        return "no_text"
    found = block_kit.problems(blocks)
    if found:
        return found[0].code
    content = content | {"blocks": blocks}
    if content.get("replace_original") in (True, "true") and place.original_ts:
        return _replace_original(state, place, content)
    return _add(state, events, place, content)


def _add(state: State, events: Deliveries, place: Place, content: Json) -> str:
    message = bot_message(state, place.app, place.team_id, content)
    thread_ts = str(content.get("thread_ts") or "")
    log = state.logs[place.channel_id]
    if thread_ts and (thread_ts not in log.by_ts or log.is_reply(thread_ts)):
        return "thread_not_found"
    if content.get("response_type") == "in_channel":
        post(state, events, place.channel_id, message, thread_ts=thread_ts)
    else:
        whisper(state, place.channel_id, place.user_id, message, thread_ts=thread_ts)
    return ""


def _original(state: State, place: Place) -> Json | None:
    if not place.original_ephemeral:
        return state.logs[place.channel_id].by_ts.get(place.original_ts)
    shown = state.ephemerals[(place.channel_id, place.user_id)]
    return next((m for m in shown if m["ts"] == place.original_ts), None)


def _replace_original(state: State, place: Place, content: Json) -> str:
    message = _original(state, place)
    if message is None:
        return "message_not_found"
    message["text"] = content.get("text") or ""
    message.pop("blocks", None)
    if content["blocks"]:
        message["blocks"] = named(content["blocks"])
    state.changes.notify(place.user_id if place.original_ephemeral else place.channel_id)
    return ""


def _delete_original(state: State, place: Place) -> str:
    if _original(state, place) is None:
        return "message_not_found"
    if place.original_ephemeral:
        key = (place.channel_id, place.user_id)
        state.ephemerals[key] = [m for m in state.ephemerals[key] if m["ts"] != place.original_ts]
        state.changes.notify(place.user_id)
    else:
        state.logs[place.channel_id].remove(place.original_ts)
        state.changes.notify(place.channel_id)
    return ""


@dataclass(slots=True, kw_only=True)
class ResponseUrls:
    """Answers POST /response/…; the words for a used-up URL are as seen in the wild."""

    state: State
    events: Deliveries

    async def handle(self, request: web.Request) -> web.StreamResponse:
        url = self.state.response_urls.get(request.path)
        if url is None:
            return _refusal(404, "expired_url")
        body = await request.text()
        call = Call(method="response_url", args=_parsed(body), at=self.state.clock.now())
        call.team_id, call.app_id = url.team_id, url.app_id
        self.state.changes.begin()
        try:
            return await self._answered(request, url, call)
        finally:
            self.state.calls.append(call)
            self.state.changes.end()

    async def _answered(self, request: web.Request, url: ResponseUrl, call: Call) -> web.StreamResponse:
        fault = self.state.faults.strike(
            CALL_FAULTS, "response_url", team=url.team_id, channel=url.channel_id
        )
        if fault is None:
            return self._use(url, call)
        call.fault = str(fault.kind)
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                return _refusal(429, "ratelimited", {"Retry-After": str(int(fault.seconds))})
            case FaultKind.SLOW:
                await self.state.clock.pause(fault.seconds)
                return self._use(url, call)
            case FaultKind.STATUS_AFTER:
                self._use(url, call)
                return web.Response(status=fault.status, text="upstream connect error")
            case FaultKind.DROP_AFTER:
                self._use(url, call)
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
            case _:
                return web.Response(status=fault.status, text="upstream connect error")

    def _use(self, url: ResponseUrl, call: Call) -> web.Response:
        if self.state.clock.now() > url.expires_at:
            call.error, call.status = "expired_url", 404
            return _refusal(404, "expired_url")
        if url.uses >= USES_MAX:
            call.error, call.status = "used_url", 404
            return _refusal(404, "used_url")
        url.uses += 1
        place = Place(
            app=self.state.apps[url.app_id],
            team_id=url.team_id,
            channel_id=url.channel_id,
            user_id=url.user_id,
            original_ts=url.original_ts,
            original_ephemeral=url.original_ephemeral,
        )
        error = answer(self.state, self.events, place, call.args)
        call.ok, call.error, call.status = not error, error, 400 if error else 200
        return _refusal(400, error) if error else web.Response(text="ok")


def _parsed(body: str) -> Json:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _refusal(status: int, error: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=status, headers=headers)
