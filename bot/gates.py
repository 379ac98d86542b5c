"""The gate over HTTP: asked and used by release systems that show a token; `deploy/openapi.yaml` says what it answers."""

import hashlib
import hmac
import json
import logging
import math
import re
import secrets as random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from bot.manifests import DIGEST
from bot.workspaces import MAIN
from handlers import gate_answers, pipelines
from handlers.gate_answers import Using
from handlers.pipelines import Giving
from handlers.services import Services
from integrations.store.errors import StoreError
from schema.attempts import Declined
from schema.errors import Refusal
from schema.manifests import pinned

log = logging.getLogger(__name__)

LARGEST: Final = 16 * 1024  # bytes of a body
LAUNCH: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
NOWHERE: Final = ""  # a launch that is nowhere: whoever shows no known token asks for this one
WHO_IS_THIS: Final = ""  # everybody without a known token, together
SHOW: Final = "Show a token of MUSTER_GATE_TOKENS as `Authorization: Bearer …`."
NOTHING: Final = "There is no such launch for this token; check the launch's id and the token."
WHAT: Final = "Send JSON with `manifest`: its digest, or its parts; and, for emergencies, `accept_bypass`."
EVIDENCE: Final = (
    "Send JSON with texts: target, item and name; then value and measured_at, or link, digest and dated; states is an"
    " object."
)
MINUTE_S: Final = 60.0


class Refused(Exception):  # noqa: N818 - named for what happens next
    """A request that gets no answer about a gate."""

    def __init__(self, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.headers = status, dict(headers or {})


@dataclass(slots=True)
class Bucket:
    """How often one name may still ask; it fills again evenly."""

    left: float
    at: float  # on the monotonic clock


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDoor:
    """What the gate's address needs.

    tokens   by the name under which a use is recorded
    """

    services: Services
    tokens: Mapping[str, str]
    asks_a_minute: int
    monotonic: Callable[[], float] = time.monotonic
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def name(self, token: str) -> str | None:
        """Tell whose token this is; every token is compared, and each takes as long."""
        shown = hashlib.sha256(token.encode(errors="replace")).digest()
        found = None
        for name, known in self.tokens.items():
            if hmac.compare_digest(hashlib.sha256(known.encode()).digest(), shown):
                found = name
        return found

    def take(self, name: str) -> None:
        """Count one question; raises Refused where there were too many."""
        now, most = self.monotonic(), float(self.asks_a_minute)
        bucket = self.buckets.setdefault(name, Bucket(most, now))
        bucket.left = min(most, bucket.left + (now - bucket.at) * most / MINUTE_S)
        bucket.at = now
        if bucket.left < 1:
            wait_s = math.ceil((1 - bucket.left) * MINUTE_S / most)
            text = f"That was asked too often; ask again in {wait_s} s."
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, text, {"Retry-After": str(wait_s)})
        bucket.left -= 1


Work = Callable[[web.Request, str, str], Awaitable[tuple[HTTPStatus, Mapping[str, Any]]]]


def routes(door: GateDoor) -> list[web.RouteDef]:
    """List the addresses; none where nobody has a token."""
    if not door.tokens:
        return []
    return [
        web.get("/gates/{launch}", _answering(door, _asked(door)), allow_head=False),
        web.post("/gates/{launch}/use", _answering(door, _used(door))),
        web.post("/evidence", _answering(door, _given(door))),
    ]


def _answering(door: GateDoor, work: Work) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        headers: Mapping[str, str] = {}
        try:
            name = _let_in(door, request)
            launch = request.match_info.get("launch", NOWHERE) if name else NOWHERE
            status, told = await work(
                request, launch if LAUNCH.fullmatch(launch) else NOWHERE, name or WHO_IS_THIS
            )
        except Refused as refused:
            status, told, headers = refused.status, _error(str(refused)), refused.headers
        except (Refusal, StoreError) as trouble:
            log.warning("gate_not_answered", extra={"why": type(trouble).__name__})
            status, told = HTTPStatus.SERVICE_UNAVAILABLE, _error(_harmless(trouble))
        return web.json_response(told, status=status, headers={"Cache-Control": "no-store", **headers})

    return handle


def _let_in(door: GateDoor, request: web.Request) -> str | None:
    """Tell who asks; somebody with a wrong token goes on, and is answered as if the launch were nowhere."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Refused(HTTPStatus.UNAUTHORIZED, SHOW, {"WWW-Authenticate": "Bearer"})
    name = door.name(token.strip())
    door.take(name or WHO_IS_THIS)
    return name


def _error(text: str) -> Mapping[str, Any]:
    return {"error": {"text": text}}


def _harmless(trouble: Exception) -> str:
    """Say what is wrong without what a database's own words may hold."""
    return (
        str(trouble)
        if isinstance(trouble, Refusal)
        else "The database does not answer; ask again in a moment."
    )


def _asked(door: GateDoor) -> Work:
    async def ask(request: web.Request, launch: str, _: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        manifest = _digest(request.query["manifest"]) if "manifest" in request.query else None
        snapshot = await door.services.snapshot(MAIN)
        if not await gate_answers.is_there(door.services, snapshot, launch):
            raise Refused(HTTPStatus.NOT_FOUND, NOTHING)
        return HTTPStatus.OK, await gate_answers.ask(door.services, snapshot, launch, manifest=manifest)

    return ask


def _used(door: GateDoor) -> Work:
    async def use(request: web.Request, launch: str, name: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        told = await _body(request)
        manifest, bypass = _manifest(told.get("manifest")), told.get("accept_bypass", False)
        if told.keys() - {"manifest", "accept_bypass"} or not isinstance(bypass, bool):
            raise Refused(HTTPStatus.BAD_REQUEST, WHAT)
        snapshot = await door.services.snapshot(MAIN)
        if not await gate_answers.is_there(door.services, snapshot, launch):
            raise Refused(HTTPStatus.NOT_FOUND, NOTHING)
        using = Using(
            launch=launch, manifest=manifest, by=f"token:{name}", nonce=random.token_hex(8), accept_bypass=bypass
        )  # fmt: skip
        came = await gate_answers.use(door.services, snapshot, using)
        return HTTPStatus.OK if came.recorded else HTTPStatus.CONFLICT, came.body

    return use


def _given(door: GateDoor) -> Work:
    async def give(request: web.Request, _: str, name: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        giving = _giving(await _body(request))
        if not name:
            raise Refused(HTTPStatus.NOT_FOUND, NOTHING)
        snapshot = await door.services.snapshot(MAIN)
        try:
            gave = await pipelines.give(
                door.services, snapshot, giving, by=f"token:{name}", nonce=random.token_hex(8)
            )
        except Refusal as refusal:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(refusal)) from None
        return HTTPStatus.OK, {
            "product": gave.product, "item": gave.item, "name": gave.given.name, "digest": gave.given.digest,
            "text": gave.line,
        }  # fmt: skip

    return give


def _giving(told: Mapping[str, Any]) -> Giving:
    """Read what is given; every field is text."""
    states = told.get("states", {})
    names = {"measured_at" if each.name == "measured" else each.name for each in fields(Giving)}
    sound = told.keys() <= names and {"target", "item", "name"} <= told.keys()
    words = {
        "measured" if name == "measured_at" else name: value
        for name, value in told.items()
        if name != "states"
    }
    texts = [*words.values(), *(states.values() if isinstance(states, dict) else [None])]
    if (
        not sound
        or not all(isinstance(each, str) for each in texts)
        or ("value" in words) == ("digest" in words)
    ):
        raise Refused(HTTPStatus.BAD_REQUEST, EVIDENCE)
    return Giving(**words, states=states)


def _digest(given: str) -> str:
    found = DIGEST.fullmatch(given.strip().lower())
    if found is None:
        text = "A manifest is asked for by its digest: 64 digits, as the launch's card and `muster gate` show it."
        raise Refused(HTTPStatus.BAD_REQUEST, text)
    return found[1]


def _manifest(given: object) -> str:
    if isinstance(given, str):
        return _digest(given)
    if not isinstance(given, Mapping):
        raise Refused(HTTPStatus.BAD_REQUEST, WHAT)
    try:
        return pinned(given).digest
    except Declined as declined:
        raise Refused(HTTPStatus.BAD_REQUEST, str(declined)) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: of two commits, nobody knows which one goes out."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


async def _body(request: web.Request) -> Mapping[str, Any]:
    """Read a body that is small and holds a JSON object."""
    content = bytearray()
    async for chunk in request.content.iter_any():
        content += chunk
        if len(content) > LARGEST:
            text = f"That is too much; {LARGEST} bytes are enough for a manifest."
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, {"Connection": "close"})
    try:
        found = json.loads(bytes(content), object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise Refused(HTTPStatus.BAD_REQUEST, WHAT) from None
    if not isinstance(found, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, WHAT)
    return found
