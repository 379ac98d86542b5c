"""Muster in a local Slack, over real sockets: people type and press, and read what comes back."""

import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.files import load_yaml
from bot.local_slack.blocks import problems, view_problems
from bot.local_slack.server import LocalSlack
from bot.local_slack.values import App, Channel, User
from handlers import deliveries, digests, outbox
from handlers.listeners.app import build_app
from handlers.listeners.desk import Desk
from handlers.readers import Directory
from handlers.sender import Sender
from integrations.pacer import Pace, Pacer
from integrations.slack import Slack, slack_session
from integrations.store.engine import Store
from tests import builders
from tests.databases import fresh_url

MANIFEST = load_yaml(Path(__file__).parent.parent / "deploy" / "slack_manifest.yaml").document
MODES = ("socket", "http")
FACTOR = 2
ASKING_S = 1.5
ANSWER_S = 20  # what these tests say is not how fast a busy machine is


@dataclass(slots=True, kw_only=True)
class Talk:
    """One workspace with Muster in it."""

    slack: LocalSlack
    app: App
    desk: Desk
    sender: Sender
    references: list[str]
    ana: User  # owner
    pia: User  # product manager
    lea: User  # nobody in particular
    fraud: Channel
    lunch: Channel
    last: Any = None  # the newest delivery of a command

    async def types(self, user: User, text: str, channel: Channel | None = None) -> list[dict[str, Any]]:
        """Type a command; gives every private message that came back for it."""
        channel = channel or self.fraud
        before = len(self.slack.ephemerals(user, channel))
        self.last = await self.slack.command(user, channel, f"/muster {text}".strip())
        assert self.last.acked, self.last
        assert self.last.problems == []
        await self.desk.tasks.idle()
        return self.slack.ephemerals(user, channel)[before:]

    async def presses(
        self, user: User, message: dict[str, Any], action: str, channel: Channel | None = None
    ) -> list[dict[str, Any]]:
        """Press a button of a message; gives the private messages that came back."""
        channel = channel or self.fraud
        before = len(self.slack.ephemerals(user, channel))
        pressed = await self.slack.click(user, channel, message["ts"], action)
        assert pressed.acked, pressed
        await self.desk.tasks.idle()
        return self.slack.ephemerals(user, channel)[before:]

    async def sends(self) -> None:
        """Prepare what is due, and let the sender do what waits."""
        services = self.desk.services
        await digests.prepare_due(services, await services.snapshot(builders.WORKSPACE), holder="test")
        await deliveries.send_due(self.sender)
        await outbox.send_pending(self.sender)

    async def hears(
        self, user: User, text: str, channel: Channel | None = None, *, thread_ts: str = ""
    ) -> dict[str, Any]:
        """Say something that mentions Muster, and let it answer."""
        said = await self.slack.say(
            user, channel or self.fraud, f"<@{self.app.bot_user_id}> {text}", thread_ts=thread_ts
        )
        await self.settles()
        return said

    async def settles(self) -> None:
        """Let everything end that was begun, and send what came of it."""
        await self.slack.settled()
        await self.desk.tasks.idle()
        await self.sends()

    def check(self) -> None:
        """Hold everything that was ever shown to what Slack takes."""
        for _, message in self.slack.every_message():
            assert problems(message.get("blocks") or []) == []
        for view in self.slack.state.views.values():
            assert view_problems(view.content) == []
        assert [each.problems for each in self.slack.sent() if each.problems] == []


@asynccontextmanager
async def a_talk(
    folder: Path,
    *,
    mode: str = "socket",
    document: dict[str, Any] | None = None,
    beside: dict[str, Any] | None = None,
    engine: str = "sqlite",
    **last: Any,
):
    """Open a workspace with Muster in it; everything is closed, and checked, at the end.

    beside   what its services are to have besides; then who is who is shared with other processes, as in a real one
    """
    builders.write_outcomes(folder, **last)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(LocalSlack(time_factor=FACTOR, answer_s=ANSWER_S))
        people = seeded(slack)
        app = slack.add_app_from_manifest(MANIFEST)
        fraud, lunch = channels(slack, app)
        store = Store(fresh_url(engine))
        stack.push_async_callback(store.close)
        await builders.a_workspace_in(store)
        held = replace(builders.snapshot(document or builders.document(), folder), revision=0)
        for connector in held.connectors.values():
            stack.push_async_callback(connector.close)
        session = await stack.enter_async_context(slack_session())
        gateway = Slack(
            token=app.bot_token, session=session, base_url=slack.base_url, pacer=Pacer(Pace(factor=100))
        )
        services = replace(builders.services(store, held), **(beside or {}))
        desk, references = a_desk(services, gateway, shared=beside is not None), []
        stack.push_async_callback(desk.tasks.close)
        # who is known already is answered in the ack
        await desk.directory.learn([builders.BEN, *(each.id for each in people.values())])
        await stack.enter_async_context(serving(desk, slack, app, mode=mode, references=references))
        talk = Talk(
            slack=slack,
            app=app,
            desk=desk,
            sender=a_sender(store, gateway),
            references=references,
            fraud=fraud,
            lunch=lunch,
            **people,
        )
        yield talk
        talk.check()


def seeded(slack: LocalSlack) -> dict[str, User]:
    slack.add_workspace("Acme")
    slack.add_user("ben", id=builders.BEN)
    named = {"ana": builders.ANA, "pia": builders.PIA, "lea": builders.LEA}
    return {name: slack.add_user(name, id=id_) for name, id_ in named.items()}


def channels(slack: LocalSlack, app: App) -> tuple[Channel, Channel]:
    everybody = [*builders_people(slack), app]
    return (
        slack.add_channel("fraud", id=builders.CHANNEL, members=everybody),
        slack.add_channel("lunch", members=everybody),
    )


def builders_people(slack: LocalSlack) -> list[User]:
    return [slack.user(name) for name in ("ana", "ben", "pia", "lea")]


def a_desk(services, gateway: Slack, *, shared: bool = False) -> Desk:
    return Desk(
        services=services,
        slack=gateway,
        directory=Directory(
            slack=gateway,
            now=services.now,
            within_s=ASKING_S,
            workspace=builders.WORKSPACE,
            store=services.store if shared else None,
        ),
    )


def a_sender(store: Store, gateway: Slack) -> Sender:
    async def owners(_product: str) -> list[str]:
        return [builders.ANA, builders.BEN]

    begun = time.monotonic()

    def now() -> datetime:  # from the moment at which the services stand still
        return builders.NOW + timedelta(seconds=time.monotonic() - begun)

    return Sender(
        workspace=builders.WORKSPACE, holder="test", store=store, slack=gateway, now=now, owners=owners,
        started_at=builders.NOW,
    )  # fmt: skip


@asynccontextmanager
async def serving(desk: Desk, slack: LocalSlack, app: App, *, mode: str, references: list[str]):
    """Run the app as production does: by Socket Mode, or over signed HTTP."""

    def reference() -> str:
        references.append(f"M-{len(references):04d}")
        return references[-1]

    bolt = build_app(desk, token=app.bot_token, signing_secret=app.signing_secret, reference=reference)
    if mode == "socket":
        handler = AsyncSocketModeHandler(bolt, app.app_token)
        await handler.connect_async()
        await slack.wait_for(lambda: slack.sockets.connected(app))
        try:
            yield
        finally:
            await handler.close_async()
        return
    runner = web.AppRunner(bolt.web_app(path="/slack/events"))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    slack.change_app(app, mode="http", request_url=f"http://127.0.0.1:{port}/slack/events")
    try:
        yield
    finally:
        await runner.cleanup()


def words(message: dict[str, Any]) -> str:
    """Give everything that a person reads in a message or view."""
    found: list[str] = []

    def gather(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                found.append(value["text"])
            for each in value.values():
                gather(each)
        elif isinstance(value, list):
            for each in value:
                gather(each)

    gather(message.get("blocks") or [])
    return "\n".join(found)
