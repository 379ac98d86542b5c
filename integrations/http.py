"""One JSON client for all sources: capped in time and size, patient, and confined to one host."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import stamina

from integrations.base import (
    Call,
    IntegrationError,
    NotAuthorised,
    NotFound,
    RateLimited,
    Unavailable,
    UnexpectedAnswer,
)
from integrations.guard import GuardedTransport, Resolve, system_resolve
from schema.errors import Refusal
from schema.sources import Network

REDIRECT_LIMIT = 3
_HINT_BYTES = 4096
_NOTHING: Mapping[str, str] = {}
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long a read is tried again."""

    attempts: int = 3
    first_wait_s: float = 0.2
    wait_limit_s: float = 2
    retry_after_limit_s: float = 10  # a source that asks for more is given up until the next pull


PATIENCE = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one read may cost."""

    timeout_s: float  # for everything: redirects, retries and their waits
    size_bytes: int = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    method: str
    url: httpx.URL
    body: Mapping[str, object] | None
    hints: Mapping[str, str]  # what a refusal's text may hold → what it means
    call: Call


class HttpClient:
    """Read JSON from one host; every request must be safe to repeat."""

    def __init__(
        self,
        *,
        source: str,
        url: str,
        headers: Mapping[str, str],
        network: Network,
        limits: Limits,
        patience: Patience = PATIENCE,
        resolve: Resolve = system_resolve,
    ) -> None:
        base = _base(source, url)
        _refuse_headers(source, headers)
        self._source = source
        self._base = str(base.copy_with(userinfo=b"")).rstrip("/")
        self._limits = limits
        self._patience = patience
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(source=source, network=network, resolve=resolve),
            auth=(base.username, base.password) if base.userinfo else None,
            # identity: what is not packed cannot burst
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
            timeout=limits.timeout_s,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"HttpClient({self._source!r})"

    def call(self, method: str, path: str) -> Call:
        """Name a request for people; what stands behind `?` may be private."""
        return Call(source=self._source, asked=f"{method} {path.partition('?')[0][:120] or '/'}")

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, *, hints: Mapping[str, str] | None = None
    ) -> Any:
        """GET a JSON document; numbers with a point come as Decimal.

        hints        what to say when a refusal's text holds one of these
        """
        question = self._question("GET", path, params=params or {}, hints=hints or {})
        return _parsed(await self._read(question), question.call)

    async def post(
        self, path: str, body: Mapping[str, object], *, hints: Mapping[str, str] | None = None
    ) -> Any:
        """POST a search, which changes nothing, and read its JSON."""
        question = self._question("POST", path, body=body, hints=hints or {})
        return _parsed(await self._read(question), question.call)

    async def text(self, path: str) -> str:
        """GET a short plain text."""
        return (await self._read(self._question("GET", path))).decode(errors="replace").strip()

    async def close(self) -> None:
        await self._client.aclose()

    def _question(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] = _NOTHING,
        body: Mapping[str, object] | None = None,
        hints: Mapping[str, str] = _NOTHING,
    ) -> _Question:
        url = httpx.URL(f"{self._base}/{path.lstrip('/')}" if path else self._base)
        return _Question(
            method=method,
            url=url.copy_merge_params(params),  # given to httpx, they would replace what the path holds
            body=body,
            hints=hints,
            call=self.call(method, path),
        )

    async def _read(self, question: _Question) -> bytes:
        if self._client.is_closed:
            raise Unavailable(question.call, "its configuration was replaced meanwhile; ask again")
        seen: list[IntegrationError] = []
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                async for attempt in self._attempts(seen):
                    with attempt:
                        return await self._once(question)
        except TimeoutError as error:
            if seen and isinstance(seen[-1], RateLimited):
                raise seen[-1] from error
            raise Unavailable(
                question.call, f"no whole answer within {self._limits.timeout_s:g} s"
            ) from error
        raise Unavailable(question.call, "no attempt was made")  # attempts is at least 1

    def _attempts(self, seen: list[IntegrationError]) -> AsyncIterator[stamina.Attempt]:
        def again(error: Exception) -> bool | float:
            if not isinstance(error, RateLimited | Unavailable):
                return False
            seen.append(error)
            if error.retry_after_s is None:
                return True
            return error.retry_after_s if error.retry_after_s <= self._patience.retry_after_limit_s else False

        return stamina.retry_context(
            on=again,
            attempts=self._patience.attempts,
            timeout=None,  # _read limits the whole
            wait_initial=self._patience.first_wait_s,
            wait_max=self._patience.wait_limit_s,
            wait_jitter=self._patience.first_wait_s,
        ).__aiter__()

    async def _once(self, question: _Question) -> bytes:
        url = question.url
        for _ in range(REDIRECT_LIMIT + 1):
            async with self._sent(question, url) as response:
                if not response.has_redirect_location:
                    await self._refuse(response, question)
                    return await self._body(response, question.call)
                url = _redirected(response, url, question.call)
        raise UnexpectedAnswer(question.call, f"more than {REDIRECT_LIMIT} redirects")

    @asynccontextmanager
    async def _sent(self, question: _Question, url: httpx.URL) -> AsyncIterator[httpx.Response]:
        try:
            async with self._client.stream(question.method, url, json=question.body) as response:
                yield response
        except httpx.TimeoutException as error:
            raise Unavailable(question.call, f"no answer within {self._limits.timeout_s:g} s") from error
        except httpx.ConnectError as error:
            raise Unavailable(question.call, "no connection") from error
        except (httpx.TransportError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unavailable(question.call, "the answer broke off") from error

    async def _refuse(self, response: httpx.Response, question: _Question) -> None:
        if response.is_success:
            return
        call, status = question.call, response.status_code
        wait_s = _retry_after_s(response)
        text = (await _start(response)).decode(errors="replace")
        hint = next((f"; {says}" for words, says in question.hints.items() if words in text), "")
        what = f"refused with HTTP {status}{hint}"
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and wait_s is not None):
            raise RateLimited(call, "too many requests", retry_after_s=wait_s)
        if status in {
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        }:
            raise NotAuthorised(call, what)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise NotFound(call, f"not found (HTTP {status}){hint}")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            raise Unavailable(call, f"out of order (HTTP {status})", retry_after_s=wait_s)
        raise UnexpectedAnswer(call, what)

    async def _body(self, response: httpx.Response, call: Call) -> bytes:
        limit = self._limits.size_bytes
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise UnexpectedAnswer(call, "a packed answer, although a plain one was asked for")
        chunks = bytearray()
        async for chunk in response.aiter_raw():
            chunks += chunk
            if len(chunks) > limit:
                raise UnexpectedAnswer(call, f"the answer is larger than {limit} bytes")
        return bytes(chunks)


def _base(source: str, text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise Refusal(f"The source {source} needs a URL such as https://host/path.") from error
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise Refusal(f"The source {source} needs a URL such as https://host/path.")
    if url.query or url.fragment:
        raise Refusal(
            f"The source {source} needs a URL without ? and #; what follows belongs into the metric."
        )
    return url


def _refuse_headers(source: str, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():  # a library's error would show the value
        if not (value.isascii() and value.isprintable()):
            raise Refusal(f"The header {name} of the source {source} must be one line of plain ASCII.")


def _parsed(body: bytes, call: Call) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise UnexpectedAnswer(call, "the answer is not JSON") from error


def _redirected(response: httpx.Response, url: httpx.URL, call: Call) -> httpx.URL:
    try:
        target = url.join(response.headers["Location"])
    except httpx.InvalidURL as error:
        raise UnexpectedAnswer(call, "a redirect to nowhere") from error
    same = (target.scheme, target.host, target.port) == (url.scheme, url.host, url.port)
    safer = (url.scheme, target.scheme) == ("http", "https") and not url.port and not target.port
    if target.host != url.host or not (same or safer):
        raise UnexpectedAnswer(call, "a redirect to another host is not followed")
    if response.request.method == "POST" and response.status_code not in {
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }:
        raise UnexpectedAnswer(call, "a redirect that drops the question is not followed")
    return target.copy_with(userinfo=b"")


def _retry_after_s(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text[:9])
    try:  # a date; measured by the server's own clock
        return max(
            0.0,
            (parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])).total_seconds(),
        )
    except (ValueError, KeyError, TypeError):
        return None


async def _start(response: httpx.Response) -> bytes:
    start = bytearray()
    async for chunk in response.aiter_raw():
        start += chunk
        if len(start) >= _HINT_BYTES:
            break
    return bytes(start[:_HINT_BYTES])
