"""The composition root: one running Muster, built from settings; production, demo and tests all call it."""

import asyncio
import contextlib
import gc
import logging
import os
import secrets as random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from sqlmodel import Session

from bot import gates
from bot.clock import Clock
from bot.files import Secrets, catalogue, checklists, nouns
from bot.introduction import introduce
from bot.offline import old_signing_key, signing_key
from bot.rounds import launch_clocks
from bot.server import Doors, application
from bot.settings import Settings, SlackMode
from bot.webhooks import webhook_clocks
from bot.workspaces import MAIN, Workspaces
from handlers import deliveries, digests, doubles, missing, outbox, standups
from handlers.listeners.app import build_app
from handlers.listeners.desk import Desk
from handlers.listeners.tasks import Tasks
from handlers.pages import closed_period
from handlers.readers import Directory
from handlers.sender import Sender, let_go
from handlers.services import Services
from integrations.language_models import opener
from integrations.pacer import Pacer
from integrations.slack import Slack, slack_session
from integrations.slack_values import SlackChannel
from integrations.store import deliveries as stored_deliveries
from integrations.store import due, identities, inbox, launches, showings, workspaces
from integrations.store import outbox as stored_outbox
from integrations.store.engine import Store, probe
from integrations.store.errors import StoreError
from schema.deliveries import Delivery
from schema.errors import Refusal

log = logging.getLogger(__name__)

WATCH_BACK = timedelta(hours=24)
KEPT = timedelta(days=30)  # ended work and effects
INBOX_KEPT = timedelta(hours=48)  # Slack's delayed events come for 24 h
SOCKET_PATIENCE_S = 30.0
LOOK_EVERY_S = 0.1
STOP_S = 5.0  # for all of it at once; deploy/compose.yaml gives more
# objects, then rounds; to read one modal makes more objects than the 700 of the default
COLLECTED_AFTER = (10_000, 20, 20)
WOKEN = 3  # the first clocks: what was asked for is prepared and sent at once

Tick = Callable[[], Awaitable[None]]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Muster:
    """Everything of one running process."""

    settings: Settings
    store: Store
    snapshots: Workspaces
    services: Services
    slack: Slack
    sender: Sender
    desk: Desk
    app: AsyncApp
    clocks: list[Clock]
    registry: CollectorRegistry
    socket: AsyncSocketModeHandler | None = None
    port: int = 0  # of the HTTP server, once it listens

    def wake(self) -> None:
        """Send what has come in at once, not at the next tick."""
        _waking(self.clocks)()

    async def post_everything(self) -> None:
        """Post every product's standup of its newest closed period now, and wait until nothing is left to send."""
        snapshot = await self.services.snapshot(MAIN)
        for product in snapshot.configuration.products.values():
            if product.channel is not None:
                now = self.services.now()
                wanted = standups.owed(product, closed_period(product, now), now)
                delivery = await deliveries.post_now(self.store, MAIN, wanted, now=now)
                await standups.prepare(self.services, snapshot, product, delivery)
                self.wake()
        while await self.store.read(  # noqa: ASYNC110 - the database says when it is done
            lambda session: stored_deliveries.owed(session, self.services.now())
        ):
            await asyncio.sleep(LOOK_EVERY_S)

    async def ready(self) -> str | None:
        """Say what keeps this process from its work; None when nothing does."""
        try:
            await self.store.read(probe)
            await self.services.snapshot(MAIN)
        except (Refusal, StoreError) as trouble:
            return str(trouble)
        if self.socket is not None and not await self.socket.client.is_connected():
            return "The connection to Slack is down."
        return next((said for clock in self.clocks if (said := clock.trouble())), None)


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, secrets: Secrets, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Muster]:
    """Open everything and close it again in order; raises Refusal with one clear line when Slack says no.

    now   aware UTC, and Slack's time
    """
    async with contextlib.AsyncExitStack() as stack:
        store = Store(settings.database)
        stack.push_async_callback(store.close)
        store.upgrade()
        session = await stack.enter_async_context(slack_session())
        token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
        waits = settings.sending()
        slack = Slack(
            token=token, session=session, base_url=settings.slack_api_url, pacer=Pacer(waits.pace),
            request_s=waits.request_s,
        )  # fmt: skip
        await introduce(slack, store, settings, now=utc_now())
        snapshots = Workspaces(
            store=store, catalogue=catalogue(), secrets=secrets.value, folder=settings.config.parent,
            every_s=settings.waits().configuration_every_s,
        )  # fmt: skip
        stack.push_async_callback(snapshots.close)
        services = Services(
            store=store, snapshot=snapshots, now=now, nouns=nouns(), checklists=checklists(),
            signing_key=signing_key(settings), old_signing_key=old_signing_key(settings),
            language_model=opener(secrets.value),
            source_timeout_s=settings.waits().source_timeout_s, reads_at_once=settings.pulls_at_once,
        )  # fmt: skip
        await services.snapshot(MAIN)
        directory = await _directory(settings, services, slack)
        muster = _assembled(
            settings, services=services, snapshots=snapshots, directory=directory, token=token
        )
        stack.push_async_callback(_closed, muster)
        await _started(muster, stack)
        yield muster


def _assembled(
    settings: Settings, *, services: Services, snapshots: Workspaces, directory: Directory, token: str
) -> Muster:
    clocks: list[Clock] = []
    waits, slack = settings.waits(), directory.slack
    sender = Sender(
        workspace=MAIN, holder=f"muster-{random.token_hex(6)}", store=services.store, slack=slack, now=services.now,
        owners=_owners(services), started_at=services.now(), waits=settings.sending(),
        unwanted=_unwanted(services),
    )  # fmt: skip
    desk = Desk(services=services, slack=slack, wake=_waking(clocks), directory=directory)
    signing = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
    muster = Muster(
        settings=settings, store=services.store, snapshots=snapshots, services=services, slack=slack, sender=sender,
        desk=desk, app=build_app(desk, token=token, signing_secret=signing), clocks=clocks,
        registry=CollectorRegistry(),
    )  # fmt: skip
    clocks += [
        # two of them, so that a long round of digests holds up no card
        Clock(_effects(muster), waits.due_every_s, name="effects"),
        Clock(_digests(muster), waits.due_every_s, name="digests"),
        Clock(_preparing(muster), waits.due_every_s, name="prepare"),
        Clock(_watching(muster), waits.watch_every_s, name="watch"),
        Clock(directory.notice, waits.configuration_every_s, name="people"),
        *launch_clocks(services, directory, waits, holder=sender.holder),
        *webhook_clocks(services, settings, holder=sender.holder),
    ]
    Gauge("muster_up", "1 while this process works.", registry=muster.registry).set(1)
    return muster


async def _directory(settings: Settings, services: Services, slack: Slack) -> Directory:
    """Make what is known of people; what one process hears of them, all forget."""
    here = await services.store.read(lambda session: workspaces.get(session, MAIN))
    waits = settings.waits()
    return Directory(
        slack, services.now, valid_s=waits.identity_valid_s, within_s=waits.identity_timeout_s,
        team=here.slack_team or "", workspace=MAIN, store=services.store,
    )  # fmt: skip


def _measure(clocks: Sequence[Clock], registry: CollectorRegistry) -> None:
    worked = Gauge(
        "muster_clock_last_success_timestamp_seconds", "When a clock last worked; 0 before.", ["clock"], registry=registry
    )  # fmt: skip
    for clock in clocks:
        worked.labels(clock.name).set_function(partial(_worked_at, clock))


def _worked_at(clock: Clock) -> float:
    return clock.succeeded_at.timestamp() if clock.succeeded_at else 0.0


def _waking(clocks: Sequence[Clock]) -> Callable[[], None]:
    def wake() -> None:
        for clock in clocks[:WOKEN]:
            clock.wake()

    return wake


def _owners(services: Services) -> Callable[[str], Awaitable[Sequence[str]]]:
    async def owners(product: str) -> Sequence[str]:
        found = (await services.snapshot(MAIN)).product(product)
        return (found.owner, found.backup_owner)

    return owners


def _unwanted(services: Services) -> Callable[[Delivery, SlackChannel], Awaitable[str | None]]:
    async def unwanted(delivery: Delivery, channel: SlackChannel) -> str | None:
        return standups.unwanted(await services.snapshot(MAIN), delivery, private=channel.private)

    return unwanted


async def _started(muster: Muster, stack: contextlib.AsyncExitStack) -> None:
    settings = muster.settings
    if settings.slack_mode is SlackMode.SOCKET:
        token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else ""
        muster.socket = AsyncSocketModeHandler(muster.app, token)
        stack.push_async_callback(muster.socket.close_async)
        await muster.socket.connect_async()  # type: ignore[no-untyped-call]  # Bolt left the return type out
        muster.clocks.append(Clock(_reconnecting(muster.socket), SOCKET_PATIENCE_S, name="socket"))
    _measure(muster.clocks, muster.registry)
    await _serve(muster, stack)
    for clock in muster.clocks:
        clock.start()


async def _serve(muster: Muster, stack: contextlib.AsyncExitStack) -> None:
    settings = muster.settings
    signing = settings.slack_signing_secret
    over_http = settings.slack_mode is SlackMode.HTTP and signing is not None
    doors = Doors(
        slack=(muster.app, signing.get_secret_value()) if over_http and signing is not None else None,
        ready=muster.ready,
        registry=muster.registry,
        metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
        routes=_machines(muster),
    )
    runner = web.AppRunner(application(doors), access_log=None, shutdown_timeout=3)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.http_host, settings.http_port)
    try:
        await site.start()
    except OSError as error:
        address = f"{settings.http_host}:{settings.http_port}"
        raise Refusal(
            f"{address} cannot be listened on: {os.strerror(error.errno or 0)}. Choose another MUSTER_HTTP_PORT."
        ) from None
    muster.port = runner.addresses[0][1]


def _machines(muster: Muster) -> Sequence[web.RouteDef]:
    """Open the gate's address where somebody has a token for it."""
    named, most = muster.settings.gate_names, muster.settings.gate_asks_a_minute
    return gates.routes(gates.GateDoor(services=muster.services, tokens=named, asks_a_minute=most))


async def _closed(muster: Muster) -> None:
    muster.sender.memory.stopping = True
    await stop(muster.clocks, muster.desk.tasks)
    await let_go(muster.sender)


async def stop(clocks: Sequence[Clock], tasks: Tasks, *, within_s: float = STOP_S) -> None:
    """End all of it together, however many hang."""
    for clock in clocks:
        clock.end()
    await asyncio.gather(*[clock.stop(within_s=within_s) for clock in clocks], tasks.close(within_s=within_s))


def _effects(muster: Muster) -> Tick:
    async def tick() -> None:
        await outbox.send_pending(muster.sender)

    return tick


def _digests(muster: Muster) -> Tick:
    async def tick() -> None:
        await deliveries.send_due(muster.sender)

    return tick


def _preparing(muster: Muster) -> Tick:
    async def tick() -> None:
        snapshot = await muster.services.snapshot(MAIN)
        before = muster.settings.waits().prepare_before_s
        await digests.plan_ahead(muster.services, snapshot, prepare_before_s=before)
        if await digests.prepare_due(muster.services, snapshot, holder=muster.sender.holder):
            muster.wake()

    return tick


def _watching(muster: Muster) -> Tick:
    async def tick() -> None:
        snapshot = await muster.services.snapshot(MAIN)
        now = muster.services.now()
        await missing.end_missed(muster.sender, snapshot)
        expected = await digests.expected(muster.services, snapshot, since=now - WATCH_BACK)
        await missing.missing(muster.sender, expected)
        await doubles.look_due(muster.sender)
        await muster.store.write(lambda session: _forget(session, now))

    return tick


def _forget(session: Session, now: datetime) -> None:
    due.forget(session, before=now - KEPT)
    inbox.forget(session, before=now - INBOX_KEPT)
    launches.forget(session, before=now - KEPT)
    showings.forget(session, before=now - INBOX_KEPT)
    stored_outbox.forget(session, before=now - KEPT)
    identities.forget_old(session, before=now - INBOX_KEPT)


def _reconnecting(socket: AsyncSocketModeHandler) -> Tick:
    """Ask for another address when the socket is down: the SDK tries a used-up one for ever (SLACK.md 252)."""
    down: list[bool] = [False]

    async def tick() -> None:
        connected = await socket.client.is_connected()
        if not connected and down[0]:
            log.warning("socket_reconnecting")
            socket.client.wss_uri = None
            await socket.client.connect_to_new_endpoint(force=True)
        down[0] = not connected

    return tick


async def run(settings: Settings, secrets: Secrets) -> int:
    """Run until SIGINT or SIGTERM; gives the exit code."""
    for name in settings.hurried():
        log.warning("faster_than_default", extra={"setting": name})
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    started = asyncio.Event()
    working = asyncio.create_task(_work(settings, secrets, started=started, stop=stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not started.is_set():  # stopped while it starts, or it could not start
        working.cancel()
    stopping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    return 0


@contextlib.contextmanager
def set_aside() -> Iterator[None]:
    """Leave what stays until the end out of the collector's rounds: looking through it stops everybody for 0.1 s."""
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTED_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _work(settings: Settings, secrets: Secrets, *, started: asyncio.Event, stop: asyncio.Event) -> None:
    async with opened(settings, secrets) as muster:
        with set_aside():
            started.set()
            log.info("ready", extra={"mode": settings.slack_mode.value, "port": muster.port})
            await stop.wait()
        log.info("stopping")
