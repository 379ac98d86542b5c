"""Signed HTTP deliveries (SLACK.md 3.2, 3.3, 8.5)."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.local_slack.faults import FaultKind
from bot.local_slack.payloads import dumped
from bot.local_slack.values import App, Json

USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
REDIRECTS_MAX = 2
OLD_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    outcome: str  # acked, http_error, http_timeout, connection_failed: Slack's retry reasons
    status: int = 0
    body: Any = None
    no_retry: bool = False


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    """The raw body and its content type."""
    match kind:
        case "events_api":
            return dumped(payload).encode(), "application/json"
        case "slash_commands":
            return urlencode(payload).encode(), "application/x-www-form-urlencoded"
        case _:
            return urlencode({"payload": dumped(payload)}).encode(), "application/x-www-form-urlencoded"


def headers_for(
    app: App, body: bytes, content_type: str, *, spoiled: FaultKind | None = None
) -> dict[str, str]:
    """Sign a body, or spoil it the way a fault says."""
    now = int(time.time())  # the app reads its own clock, so this one is never moved
    timestamp = str(now - OLD_S if spoiled is FaultKind.OLD_TIMESTAMP else now)
    secret = "not-the-secret" if spoiled is FaultKind.WRONG_SIGNATURE else app.signing_secret
    shown = "yesterday" if spoiled is FaultKind.ODD_TIMESTAMP else timestamp
    return {
        "content-type": content_type,
        "user-agent": USER_AGENT,
        "x-slack-request-timestamp": shown,
        "x-slack-signature": signature(secret, timestamp, body),
    }


async def send(
    session: aiohttp.ClientSession, url: str, *, body: bytes, headers: Mapping[str, str], timeout_s: float
) -> HttpAnswer:
    try:
        async with asyncio.timeout(timeout_s):
            async with session.post(url, data=body, headers=headers, max_redirects=REDIRECTS_MAX) as response:
                raw = await response.text()
                return _read(response, raw)
    except TimeoutError:
        return HttpAnswer(outcome="http_timeout")
    except aiohttp.TooManyRedirects:
        return HttpAnswer(outcome="too_many_redirects")
    except aiohttp.ClientError:
        return HttpAnswer(outcome="connection_failed")


def _read(response: aiohttp.ClientResponse, raw: str) -> HttpAnswer:
    body: Any = raw
    if response.content_type == "application/json" and raw:
        try:
            body = json.loads(raw)
        except ValueError:
            body = raw
    return HttpAnswer(
        outcome="acked" if response.status == 200 else "http_error",
        status=response.status,
        body=body,
        no_retry=response.headers.get("x-slack-no-retry") == "1",
    )
