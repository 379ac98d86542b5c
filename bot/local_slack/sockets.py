"""Socket Mode: tickets, connections, envelopes and their acks (SLACK.md 3.4, 8.3)."""

import asyncio
import json
import random
import secrets
import uuid
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.local_slack.faults import FaultKind
from bot.local_slack.state import State
from bot.local_slack.values import App, Json

CONNECTIONS_MAX = 10
HOST = "local-slack-1"
REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")


class NoConnection(Exception):  # noqa: N818 - a state of the world that the caller expects
    """The app has no open socket."""


@dataclass(slots=True, eq=False)
class Sockets:
    state: State
    tickets: dict[str, str] = field(default_factory=dict)  # ticket → app; one use each
    connections: dict[str, list[web.WebSocketResponse]] = field(default_factory=dict)
    _wires: dict[web.WebSocketResponse, asyncio.Transport] = field(default_factory=dict)
    _acks: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - which socket gets it

    def ticket(self, app: App) -> str:
        ticket = secrets.token_urlsafe(16)
        self.tickets[ticket] = app.id
        return f"{self.state.base.replace('http', 'ws', 1)}/socket?ticket={ticket}&app_id={app.id}"

    def connected(self, app: App | str) -> int:
        """How many sockets an app holds open."""
        return len(self.connections.get(app if isinstance(app, str) else app.id, ()))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        app_id = self.tickets.pop(request.query.get("ticket", ""), "")
        if not app_id or self.state.faults.strike(frozenset({FaultKind.REFUSE_TICKET}), "socket"):
            return web.Response(status=408, text="ticket expired")
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        open_ones = self.connections.setdefault(app_id, [])
        if len(open_ones) >= CONNECTIONS_MAX:
            await socket.send_str(json.dumps(_disconnect("too_many_websockets")))
            await socket.close()
            return socket
        open_ones.append(socket)
        if request.transport is not None:
            self._wires[socket] = request.transport
        try:
            await socket.send_str(json.dumps(self._hello(app_id)))
            self.state.changes.notify(app_id)
            await self._listen(socket)
        finally:
            open_ones.remove(socket)
            self._wires.pop(socket, None)
            self.state.changes.notify(app_id)
        return socket

    def _hello(self, app_id: str) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections[app_id]),
            "debug_info": {"host": HOST, "build_number": 1, "approximate_connection_time": 3600},
            "connection_info": {"app_id": app_id},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                ack = json.loads(frame.data)
            except ValueError:
                continue
            waiting = self._acks.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(ack)

    async def send(self, app: App, *, kind: str, payload: Json, attempt: int, timeout_s: float) -> Json:
        """Send one envelope on one connection and wait for its ack.

        raises   NoConnection, TimeoutError
        returns  the ack, with `payload` where the app answered something
        """
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._acks[envelope["envelope_id"]] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                await self._pass(app, json.dumps(envelope))
                return await waiting
        finally:
            del self._acks[envelope["envelope_id"]]

    async def _pass(self, app: App, frame: str) -> None:
        open_ones = [s for s in self.connections.get(app.id, ()) if not s.closed]
        if not open_ones:
            raise NoConnection
        try:
            await self._random.choice(open_ones).send_str(frame)
        except ConnectionError as error:
            raise NoConnection from error

    async def disconnect(
        self, app: App | str, reason: str = "refresh_requested", *, close: bool = True
    ) -> None:
        """Send a disconnect frame to every socket of an app, and close them unless it is only a warning."""
        for socket in list(self.connections.get(app if isinstance(app, str) else app.id, ())):
            await socket.send_str(json.dumps(_disconnect(reason)))
            if close and reason != "warning":
                await socket.close()

    def drop(self, app: App | str) -> None:
        """Cut every socket of an app without a word."""
        for socket in list(self.connections.get(app if isinstance(app, str) else app.id, ())):
            if socket in self._wires:
                self._wires[socket].abort()

    async def close(self) -> None:
        for open_ones in list(self.connections.values()):
            for socket in list(open_ones):
                await socket.close()


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}}
