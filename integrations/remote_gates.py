"""Another Muster's gate, asked over HTTP: one request, its JSON whatever the status says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from integrations.base import Call, NotAuthorised, RateLimited, Unavailable, UnexpectedAnswer
from integrations.guard import GuardedTransport

SOURCE: Final = "the gate"
LARGEST: Final = 2_000_000  # bytes
TOO_MANY: Final = 429
UNAUTHORISED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteGate:
    """Where it is, and what lets us in."""

    url: str
    token: str
    timeout_s: float = 20

    async def get(self, path: str, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Ask; nothing changes there."""
        return await self._sent("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Tell; what is told twice counts once there."""
        return await self._sent("POST", path, json=dict(body))

    async def _sent(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
        call = Call(source=SOURCE, asked=f"{method} {path}")
        url = f"{self.url.rstrip('/')}/{path.lstrip('/')}"
        transport = GuardedTransport(source=SOURCE, network="private")  # a person named it
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        try:
            async with (
                httpx.AsyncClient(transport=transport, timeout=self.timeout_s, trust_env=False) as client,
                client.stream(method, url, headers=headers, **more) as response,
            ):
                content = await _whole(response, call)
        except httpx.TimeoutException as error:
            raise Unavailable(call, f"no answer within {self.timeout_s:g} s") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unavailable(call, "no connection") from error
        return response.status_code, _read(response, content, call)


async def _whole(response: httpx.Response, call: Call) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > LARGEST:
            raise UnexpectedAnswer(call, f"the answer is larger than {LARGEST} bytes")
    return bytes(content)


def _read(response: httpx.Response, content: bytes, call: Call) -> dict[str, Any]:
    if response.status_code == TOO_MANY:
        wait = response.headers.get("Retry-After", "")
        raise RateLimited(call, "asked too often", retry_after_s=float(wait) if wait.isdecimal() else None)
    if response.status_code == UNAUTHORISED:
        raise NotAuthorised(call, "no token was shown; set MUSTER_GATE_TOKEN")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswer(call, f"HTTP {response.status_code} without JSON") from error
    if not isinstance(found, dict):
        raise UnexpectedAnswer(call, f"HTTP {response.status_code} without JSON")
    return found
