"""Handing events, commands and interactions to apps, by socket or signed HTTP, and trying events again."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace

import aiohttp

from bot.local_slack import http_delivery
from bot.local_slack.faults import Fault, FaultKind
from bot.local_slack.payloads import event_callback
from bot.local_slack.sockets import NoConnection, Sockets
from bot.local_slack.state import Delivery, State
from bot.local_slack.values import App, Json, Mode, TokenState

NO_RETRY = "no_retry"  # stands in place of an ack when the app sent x-slack-no-retry
RETRY_AFTER_S = (0.0, 60.0, 300.0)  # SLACK.md 92
ACCIDENTS = frozenset({FaultKind.DOUBLED, FaultKind.DOUBLED_NEW_ID, FaultKind.DELAYED, FaultKind.LOST})
SPOILERS = frozenset({FaultKind.WRONG_SIGNATURE, FaultKind.OLD_TIMESTAMP, FaultKind.ODD_TIMESTAMP})
HEARD_EVERYWHERE = {"app_home_opened", "user_change", "app_uninstalled", "tokens_revoked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What goes to whom; one parcel may need several attempts."""

    app_id: str
    team_id: str
    kind: str
    name: str
    payload: Json


@dataclass(slots=True)
class Deliveries:
    state: State
    sockets: Sockets
    session: aiohttp.ClientSession | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    def own(self, work: Coroutine[None, None, None]) -> None:
        """Run something that outlives its caller, and end it with the server."""
        if self._closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.session is not None:
            await self.session.close()

    def tell(self, team_id: str, event: Json, *, channel_id: str = "", only_app: str = "") -> None:
        """Deliver an event to every app that subscribed to it and is in the channel."""
        for app_id, of_team in list(self.state.installations):
            app = self.state.apps.get(app_id)
            if app is None or of_team != team_id or only_app not in ("", app_id):
                continue
            if self._listens(app, team_id, event, channel_id):
                payload = event_callback(self.state, app, team_id, event)
                parcel = Parcel(
                    app_id=app_id, team_id=team_id, kind="events_api", name=event["type"], payload=payload
                )
                self.own(self._event(parcel))

    def _listens(self, app: App, team_id: str, event: Json, channel_id: str) -> bool:
        installation = self.state.bot_of(app.id, team_id)
        kind = event["type"]
        if kind not in {"app_uninstalled", "tokens_revoked"} and installation.state is not TokenState.ACTIVE:
            return False
        if subscription(event) not in app.events:
            return False
        return (
            not channel_id
            or kind in HEARD_EVERYWHERE
            or self.state.is_member(channel_id, installation.bot_user_id)
        )

    async def _event(self, parcel: Parcel) -> None:
        accident = self._accident(parcel)
        if accident is not None:
            if accident.kind is FaultKind.LOST:
                self._lost(parcel)
                return
            await self._happen(accident, parcel)
        await self._until_acked(parcel)

    def _accident(self, parcel: Parcel) -> Fault | None:
        return self.state.faults.strike(ACCIDENTS, parcel.name, team=parcel.team_id)

    async def _happen(self, accident: Fault, parcel: Parcel) -> None:
        match accident.kind:
            case FaultKind.DELAYED:
                await self.state.clock.pause(accident.seconds)
            case FaultKind.DOUBLED:
                self.own(self._until_acked(parcel))
            case _:
                other = parcel.payload | {"event_id": f"Ev{self.state.number():010d}"}
                self.own(self._until_acked(replace(parcel, payload=other)))

    async def _until_acked(self, parcel: Parcel) -> None:
        reason = ""
        for attempt in range(len(RETRY_AFTER_S) + 1):
            if attempt:
                await self.state.clock.pause(RETRY_AFTER_S[attempt - 1])
            delivery = await self._attempt(parcel, attempt=attempt, reason=reason)
            if delivery.acked or delivery.ack == NO_RETRY:
                return
            reason = delivery.outcome

    async def hand_over(self, app: App, *, team_id: str, kind: str, name: str, payload: Json) -> Delivery:
        """Deliver a command or an interaction once: these are never tried again (SLACK.md 97)."""
        parcel = Parcel(app_id=app.id, team_id=team_id, kind=kind, name=name, payload=payload)
        accident = self._accident(parcel)
        if accident is not None and accident.kind is FaultKind.LOST:
            return self._lost(parcel)
        if accident is not None and accident.kind is FaultKind.DELAYED:
            await self.state.clock.pause(accident.seconds)
        elif accident is not None:
            self.own(self._again(parcel))
        return await self._attempt(parcel)

    def _lost(self, parcel: Parcel) -> Delivery:
        delivery = self._record(parcel, 0)
        delivery.outcome = "lost"
        self.state.changes.notify()
        return delivery

    async def _again(self, parcel: Parcel) -> None:
        await self._attempt(parcel)

    def _record(self, parcel: Parcel, attempt: int) -> Delivery:
        delivery = Delivery(
            id=f"D{self.state.number()}",
            app_id=parcel.app_id,
            team_id=parcel.team_id,
            kind=parcel.kind,
            name=parcel.name,
            payload=parcel.payload,
            at=self.state.clock.now(),
            attempt=attempt,
        )
        self.state.deliveries.append(delivery)
        return delivery

    async def _attempt(self, parcel: Parcel, *, attempt: int = 0, reason: str = "") -> Delivery:
        app = self.state.apps[parcel.app_id]  # its mode may have changed since
        delivery = self._record(parcel, attempt)
        self.state.changes.begin()
        started = time.perf_counter()
        try:
            if app.mode is Mode.SOCKET:
                await self._by_socket(app, delivery)
            else:
                await self._by_http(app, delivery, reason)
        finally:
            if delivery.acked:
                delivery.ack_ms = (time.perf_counter() - started) * 1000
            self.state.changes.end()
        return delivery

    async def _by_socket(self, app: App, delivery: Delivery) -> None:
        try:
            ack = await self.sockets.send(
                app,
                kind=delivery.kind,
                payload=delivery.payload,
                attempt=delivery.attempt,
                timeout_s=self.state.clock.limit(self.state.answer_s),
            )
        except NoConnection:
            delivery.outcome = "no_connection"
        except TimeoutError:
            delivery.outcome = "timeout"
        else:
            delivery.outcome, delivery.ack = "acked", ack.get("payload")

    async def _by_http(self, app: App, delivery: Delivery, reason: str) -> None:
        if not app.request_url:
            delivery.outcome = "no_connection"
            return
        body, content_type = http_delivery.encoded(delivery.kind, delivery.payload)
        spoiler = self.state.faults.strike(SPOILERS, delivery.name, team=delivery.team_id)
        headers = http_delivery.headers_for(
            app, body, content_type, spoiled=spoiler.kind if spoiler else None
        )
        if delivery.attempt:
            headers |= {"x-slack-retry-num": str(delivery.attempt), "x-slack-retry-reason": reason}
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        answer = await http_delivery.send(
            self.session,
            app.request_url,
            body=body,
            headers=headers,
            timeout_s=self.state.clock.limit(self.state.answer_s),
        )
        delivery.outcome = answer.outcome
        delivery.ack = NO_RETRY if answer.no_retry and answer.outcome != "acked" else answer.body

    async def check_url(self, app: App) -> bool:
        """Ask the request URL for its challenge, as Slack does when one enters it."""
        challenge = f"challenge-{self.state.number()}"
        payload = {"type": "url_verification", "token": "verification-sample", "challenge": challenge}
        parcel = Parcel(
            app_id=app.id, team_id=app.team_id, kind="events_api", name="url_verification", payload=payload
        )
        delivery = self._record(parcel, 0)
        await self._by_http(app, delivery, "")
        answered = delivery.ack.get("challenge") if isinstance(delivery.ack, dict) else delivery.ack
        return delivery.acked and answered == challenge


def subscription(event: Json) -> str:
    """The name by which a manifest subscribes to this event."""
    if event["type"] != "message":
        return str(event["type"])
    side = {"im": "im", "group": "groups", "channel": "channels"}[event["channel_type"]]
    return f"message.{side}"
