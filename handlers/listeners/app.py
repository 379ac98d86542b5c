"""The Bolt app: our register behind our door, and an authorisation that asks Slack once."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from handlers.listeners import payloads
from handlers.listeners.desk import Desk
from handlers.listeners.door import Door, Row
from handlers.listeners.front import Front
from handlers.listeners.register import SURFACE
from handlers.listeners.showing import Kind, acked, private
from handlers.listeners.tasks import Tasks
from handlers.views.refusals import note
from integrations.base import IntegrationError
from integrations.faults import new_reference
from integrations.slack import Slack
from integrations.slack_values import Me

log = logging.getLogger(__name__)
Authorize = Callable[..., Any]  # Bolt hands over what it asks for by name, and takes None for nobody

OLD_BUTTON = (
    "This button is from an older message and does nothing any more. Type `{command} help` for what works."
)


def build_app(
    desk: Desk, *, token: str, signing_secret: str, reference: Callable[[], str] = new_reference
) -> AsyncApp:
    """Build the app for Socket Mode and for HTTP alike; raises TypeError when a listener cannot be wired.

    signing_secret   of HTTP mode; Socket Mode never uses it
    reference        names faults
    """
    # a client without a token: Bolt warns of one beside `authorize`, and everything here goes through the gateway
    bare = AsyncWebClient(base_url=desk.slack.client.base_url, session=desk.slack.client.session)
    identity = Identity(desk.slack, desk.services.now, desk.tasks)
    app = Front(
        name="muster", logger=logging.getLogger("slack_bolt"), client=bare,
        signing_secret=signing_secret, authorize=authorizing(identity, token=token), ours=identity.ours,
        process_before_response=True, attaching_conversation_kwargs_enabled=False,
    )  # fmt: skip
    door = Door(desk, reference=reference)
    for row in SURFACE:
        _register(app, row, door.listener(row))
    asked = [row for row in SURFACE if row.kind is not Kind.EVENT]
    app.rows = {(row.kind, str(row.id)): door.answering(row) for row in asked}
    app.action(re.compile(".*"))(_old_button(desk))
    app.event("message")(_unheard)
    return app


def _register(app: AsyncApp, row: Row, listen: Callable[[AsyncArgs], Awaitable[BoltResponse]]) -> None:
    match row.kind:
        case Kind.COMMAND:
            app.command(row.id)(listen)
        case Kind.ACTION:
            app.action(str(row.id))(listen)
        case Kind.VIEW:
            app.view(str(row.id))(listen)
        case Kind.EVENT:
            kind, _, side = str(row.id).partition(".")
            app.event(kind, matchers=[_from(side)] if side else [])(listen)


def _from(side: str) -> Callable[..., Awaitable[bool]]:
    async def matches(event: dict[str, Any]) -> bool:
        return event.get("channel_type") == side

    return matches


async def _unheard(event: dict[str, Any]) -> None:
    """Take messages that are not for us, so that Slack does not bring them again."""


def _old_button(desk: Desk) -> Callable[[AsyncArgs], Awaitable[BoltResponse]]:
    words = OLD_BUTTON.format(command=desk.command)

    async def listen(args: AsyncArgs) -> BoltResponse:
        place = payloads.place(args.body)
        if place.response_url:
            desk.tasks.start(
                desk.slack.respond(place.response_url, private(note(words))), name="muster-old-button"
            )
        return acked()

    return listen


@dataclass(slots=True)
class Identity:
    """Who we are, as Slack said; asked again after a while, behind the requests."""

    slack: Slack
    now: Callable[[], datetime]
    tasks: Tasks
    valid_s: float = 600
    me: Me | None = None
    asked_at: datetime | None = None
    asking: bool = field(default=False)

    async def ask(self) -> Me:
        """Ask Slack who the token belongs to."""
        self.asking = True
        try:
            self.me = await self.slack.auth_test()
            self.asked_at = self.now()
            return self.me
        finally:
            self.asking = False

    def ours(self, team: str | None) -> bool:
        """Tell whether a workspace is certainly ours."""
        return self.me is not None and self._takes(self.me, team)

    async def mine(self, team: str | None) -> Me | None:
        """Give who we are in a workspace; None where it is another one."""
        me = self.me if self.me is not None else await self.ask()
        return me if self._takes(me, team) else None

    def _takes(self, me: Me, team: str | None) -> bool:
        if self._old() and not self.asking:
            self.asking = True  # before the task runs: many presses may come first
            self.tasks.start(self._again(), name="muster-identity")
        return team is None or not me.team or team == me.team

    def _old(self) -> bool:
        return self.asked_at is None or self.now() - self.asked_at > timedelta(seconds=self.valid_s)

    async def _again(self) -> None:
        try:
            await self.ask()
        except IntegrationError as error:
            self.asked_at = self.now()
            log.warning("identity_not_renewed", extra={"error": str(error)})


def authorizing(identity: Identity, *, token: str) -> Authorize:
    """Make Bolt's authorisation: one auth.test, repeated in the background every ten minutes."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        me = await identity.mine(team_id)
        if me is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=token, bot_user_id=me.user, bot_id=me.bot
        )

    return authorize
