"""The HTTP server: Slack's signed requests, and what watches over the process."""

import hmac
import json
import re
from binascii import a2b_qp
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic_core import from_json
from slack_bolt import BoltResponse
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from handlers.listeners.front import Front

SLACK_PATH = "/slack/events"
BODY_MAX = 2 * 1024 * 1024
PAYLOAD = "payload="  # of a form that holds nothing else
SIGNATURE = "x-slack-signature"
TIMESTAMP = "x-slack-request-timestamp"
CERTIFICATE_CHECK = "ssl_check=1"  # Slack sends it unsigned, and wants only to be let in (SLACK.md 232)
SECONDS = re.compile(r"[0-9]{1,12}")
SIGNED = re.compile(r"v0=[0-9a-f]{64}")
UNLIKE = ("=", "\r", "\n")  # what quoted-printable reads in its own way, and no form holds unescaped

Check = Callable[[], Awaitable[str | None]]  # None when all is well, else one line that says what is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What the server opens.

    slack           Bolt's app and the signing secret; None in Socket Mode
    ready           asked by /readyz
    metrics_token   of /metrics; None keeps it closed
    routes          of what release systems ask (bot/gates.py)
    """

    slack: tuple[AsyncApp, str] | None
    ready: Check
    registry: CollectorRegistry
    metrics_token: str | None
    routes: Sequence[web.RouteDef] = ()


def application(doors: Doors) -> web.Application:
    """Make the aiohttp application."""
    made = web.Application(client_max_size=BODY_MAX)
    made.router.add_get("/healthz", _healthz)
    made.router.add_get("/readyz", _readyz(doors.ready))
    made.router.add_get("/metrics", _metrics(doors))
    if doors.slack is not None:
        made.router.add_post(SLACK_PATH, _slack(*doors.slack))
    made.router.add_routes(doors.routes)
    return made


Handler = Callable[[web.Request], Awaitable[web.Response]]


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def _readyz(ready: Check) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        trouble = await ready()
        return web.Response(text=trouble or "ok", status=503 if trouble else 200)

    return handle


def _metrics(doors: Doors) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        wanted = doors.metrics_token
        if wanted is None or not hmac.compare_digest(given.encode(), wanted.encode()):
            return web.Response(
                status=401, text="Send the token that MUSTER_METRICS_TOKEN holds as a Bearer token."
            )
        return web.Response(
            body=generate_latest(doors.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    return handle


def _slack(app: AsyncApp, signing_secret: str) -> Handler:
    verifier = SignatureVerifier(signing_secret)

    async def handle(request: web.Request) -> web.Response:
        try:
            body = (await request.read()).decode()
        except UnicodeDecodeError:
            return web.Response(status=400)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not _could_be_signed(headers):
            return web.Response(status=200 if body.startswith(CERTIFICATE_CHECK) else 401)
        if not verifier.is_valid(body, headers[TIMESTAMP], headers[SIGNATURE]):
            return web.Response(status=401)
        try:
            sent = said(body)
        except ValueError:
            return web.Response(status=400)
        answering = app.short_way(sent) if isinstance(app, Front) else None
        if answering is not None:
            return await acknowledged(await answering(sent))
        listed: dict[str, str | Sequence[str]] = {name: [value] for name, value in headers.items()}
        # Bolt verifies and reads what comes over HTTP by itself, slowly; what is verified already it takes as a value
        verified = AsyncBoltRequest(body=sent, query=request.query_string, headers=listed, mode="socket_mode")
        return await acknowledged(await app.async_dispatch(verified))

    return handle


async def acknowledged(answer: BoltResponse) -> web.Response:
    """Make an HTTP response of what was answered."""
    if answer.status == HTTPStatus.OK and not answer.body and answer.headers.keys() == {"content-type"}:
        return web.Response(content_type="text/plain")  # as most are; Bolt's way takes five times as long
    return await to_aiohttp_response(answer)


def _could_be_signed(headers: Mapping[str, str]) -> bool:
    """Refuse headers that Bolt answers with 500 (SLACK.md 232): no number, a huge one, a signature of other letters."""
    at, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    return bool(SECONDS.fullmatch(at) and SIGNED.fullmatch(signature))


def said(body: str) -> dict[str, Any]:
    """Read what Slack says: JSON, JSON in a form's field `payload`, or a form; raises ValueError for anything else.

    The word `payload` inside another field is none of that, though Bolt takes it for one (SLACK.md 231).
    """
    if body.startswith("{"):
        found = spoken(body)
    elif body.startswith(PAYLOAD) and "&" not in body:
        found = spoken(unescaped(body.removeprefix(PAYLOAD)))
    else:
        fields = dict(parse_qsl(body, keep_blank_values=True))
        found = spoken(fields["payload"]) if "payload" in fields else fields
    if isinstance(found, dict):
        return found
    raise ValueError("neither a form nor an object")


def spoken(text: str) -> Any:
    """Read JSON; the quick reader refuses half a character, which the other one takes as it is."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


def unescaped(value: str) -> str:
    """Read a field of a form as `unquote_plus` does, which takes ten times as long.

    Quoted-printable, whose decoder is not written in Python, escapes the same bytes by `=` instead of `%`.
    """
    if value.isascii() and not any(each in value for each in UNLIKE):
        read = a2b_qp(value.replace("+", " ").replace("%", "="))
        if len(read) == len(value) - 2 * value.count("%"):  # else a "%" begins no escape
            return read.decode(errors="replace")
    return unquote_plus(value)
