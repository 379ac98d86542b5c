"""The door of the Web API: arguments, token, scopes, rate limits, faults, and the log of calls."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from aiohttp import web

from bot.local_slack.deliveries import Deliveries
from bot.local_slack.faults import CALL_FAULTS, Fault, FaultKind
from bot.local_slack.state import Call, State
from bot.local_slack.values import App, Installation, Json, TokenState
from bot.local_slack.web_api import chat
from bot.local_slack.web_api.calls import Ask, Entry, Refused, invalid_arguments, missing, need_scope
from bot.local_slack.web_api.table import METHODS, TIER_1, TOKENLESS

HELD_S = 120.0  # how long a call that is never answered is kept open at most
HTML = "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something went wrong</body></html>"
CutOff = Callable[[], None]


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """Answers /api/<method>.

    tickets  gives the address of a new Socket Mode connection
    own      keeps a task alive that outlives its request
    """

    state: State
    events: Deliveries
    tickets: Callable[[App], str]
    own: Callable[[Coroutine[None, None, None]], None]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.state.changes.begin()
        started = time.perf_counter()
        call = Call(method=method, args={}, at=self.state.clock.now())
        self.state.calls.append(call)
        try:
            return await self._answered(request, call)
        finally:
            call.took_ms = (time.perf_counter() - started) * 1000
            self.state.changes.end()

    async def _answered(self, request: web.Request, call: Call) -> web.StreamResponse:
        args, warning = await _arguments(request, METHODS.get(call.method))
        token = _token(request, args)
        call.args = {k: v for k, v in args.items() if k != "token"}
        fault = self.state.faults.strike(
            CALL_FAULTS, call.method, team=self._team_of(token), channel=str(args.get("channel", ""))
        )
        if fault is None:
            return self._finish(call, self._work(call, token), warning)
        call.fault = str(fault.kind)
        return await self._accident(request, call, token, fault)

    def _team_of(self, token: str) -> str:
        return self.state.tokens.get(token, ("", ""))[1]

    async def _accident(
        self, request: web.Request, call: Call, token: str, fault: Fault
    ) -> web.StreamResponse:
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                return self._finish(
                    call, {"ok": False, "error": "ratelimited", "retry_after": int(fault.seconds)}
                )
            case FaultKind.ERROR:
                return self._finish(call, {"ok": False, "error": fault.error})
            case FaultKind.STATUS_BEFORE:
                return self._plain(call, fault.status)
            case FaultKind.STATUS_AFTER:
                self._work(call, token)
                return self._plain(call, fault.status)
            case FaultKind.HTML:
                call.status = 200
                return web.Response(text=HTML, content_type="text/html")
            case FaultKind.SLOW:
                await self.state.clock.pause(fault.seconds)
                return self._finish(call, self._work(call, token))
            case FaultKind.DROP_AFTER:
                self._work(call, token)
            case FaultKind.APPEARS_LATE:
                self.own(self._later(call, token, fault.seconds))
                await self._held()
            case _:
                pass
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _held(self) -> None:
        """Say nothing until the server stops or a caller of any patience has gone."""
        self.state.changes.end()
        try:
            async with asyncio.timeout(HELD_S):
                await self.state.closing.wait()
        except TimeoutError:
            pass
        finally:
            self.state.changes.begin()

    async def _later(self, call: Call, token: str, seconds: float) -> None:
        await self.state.clock.pause(seconds)
        self._work(call, token)
        self.state.changes.notify()

    def _plain(self, call: Call, status: int) -> web.Response:
        call.status = status
        return web.Response(status=status, text="upstream connect error or disconnect/reset before headers")

    def _work(self, call: Call, token: str) -> Json:
        """Do what the method does; returns Slack's answer."""
        try:
            answer = {"ok": True, **self._method(call, token)}
        except Refused as refused:
            answer = refused.answer
        call.ok, call.error = answer["ok"], answer.get("error", "")
        call.answer = answer
        return answer

    def _method(self, call: Call, token: str) -> Json:
        if call.method in TOKENLESS:
            return self._tokenless(call, token)
        entry = METHODS.get(call.method)
        if entry is None:
            raise Refused("unknown_method", req_method=call.method)
        installation = self._installed(token)
        call.app_id, call.team_id = installation.app_id, installation.team_id
        need_scope(installation, *entry.scopes)
        self._not_too_often(call, entry.per_minute)
        lacking = missing(call.args, entry.required)
        if lacking:
            raise invalid_arguments(*lacking)
        return self._ask(call, installation, entry)

    def _ask(self, call: Call, installation: Installation, entry: Entry) -> Json:
        ask = Ask(
            state=self.state,
            events=self.events,
            app=self.state.apps[installation.app_id],
            installation=installation,
            args=call.args,
        )
        return entry.run(ask)

    def _tokenless(self, call: Call, token: str) -> Json:
        match call.method:
            case "api.test":
                return {"args": call.args} if "error" not in call.args else _refuse(str(call.args["error"]))
            case "blocks.validate":
                nobody = next(iter(self.state.installations.values()))
                return self._ask(call, nobody, Entry(run=chat.validate_blocks))
            case _:
                return self._connection(call, token)

    def _connection(self, call: Call, token: str) -> Json:
        if not token:
            raise Refused("not_authed")
        app = next((a for a in self.state.apps.values() if a.app_token == token), None)
        if app is None:
            raise Refused("not_allowed_token_type" if token in self.state.tokens else "invalid_auth")
        if app.app_token_state is not TokenState.ACTIVE:
            raise Refused(str(app.app_token_state))
        call.app_id = app.id
        self._not_too_often(call, TIER_1)
        return {"url": self.tickets(app)}

    def _installed(self, token: str) -> Installation:
        if not token:
            raise Refused("not_authed")
        if token.startswith("xapp-"):
            raise Refused("not_allowed_token_type")
        key = self.state.tokens.get(token)
        if key is None:
            raise Refused("invalid_auth")
        installation = self.state.installations[key]
        if installation.state is not TokenState.ACTIVE:
            raise Refused(str(installation.state))
        return installation

    def _not_too_often(self, call: Call, per_minute: int) -> None:
        wait = self.state.limits.call(
            call.method,
            team=call.team_id,
            app=call.app_id,
            per_minute=per_minute,
            now=self.state.clock.now(),
            factor=self.state.clock.factor,
        )
        if wait:
            raise Refused("ratelimited", retry_after=wait)

    def _finish(self, call: Call, answer: Json, warning: str = "") -> web.Response:
        call.ok, call.error, call.answer = answer["ok"], answer.get("error", ""), answer
        headers = {"x-slack-req-id": secrets.token_hex(8)} | self._scope_headers(call)
        call.status = 200
        if call.error == "ratelimited":
            call.status = 429
            headers["Retry-After"] = str(answer.get("retry_after", 1))
            answer = {"ok": False, "error": "ratelimited"}
        elif warning:
            metadata = answer.get("response_metadata", {})
            answer = answer | {"warning": warning, "response_metadata": metadata | {"warnings": [warning]}}
        body = json.dumps(answer, ensure_ascii=True).encode()
        headers["Content-Type"] = "application/json; charset=utf-8"
        return web.Response(body=body, status=call.status, headers=headers)

    def _scope_headers(self, call: Call) -> dict[str, str]:
        installation = self.state.installations.get((call.app_id, call.team_id))
        if installation is None:
            return {}
        wanted = METHODS[call.method].scopes if call.method in METHODS else ()
        return {
            "x-oauth-scopes": ",".join(sorted(installation.scopes)),
            "x-accepted-oauth-scopes": ",".join(wanted),
        }


def _refuse(error: str) -> Json:
    raise Refused(error)


def _token(request: web.Request, args: Json) -> str:
    header = request.headers.get("Authorization", "")
    return header[7:].strip() if header.lower().startswith("bearer ") else str(args.get("token") or "")


async def _arguments(request: web.Request, entry: Entry | None) -> tuple[Json, str]:
    """Merge query, form and JSON; a JSON body is read only where Slack reads it (SLACK.md 210-213)."""
    args: Json = dict(request.query)
    if request.method != "POST":
        return args, ""
    if request.content_type == "application/json":
        if entry is not None and not entry.json:
            return args, ""
        warning = "" if request.charset else "missing_charset"
        return args | _json_object(await request.text()), warning
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.post()
        args |= {k: v for k, v in form.items() if isinstance(v, str)}
    return args, ""


def _json_object(body: str) -> Json:
    try:
        value = json.loads(body) if body else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
