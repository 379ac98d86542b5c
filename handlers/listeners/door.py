"""The one door: every request is parsed, allowed, answered and acked here, and no exception leaves it."""

import inspect
import logging
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from slack_bolt import BoltResponse
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from handlers.listeners import at_home, homes, payloads
from handlers.listeners.answers import Answer, Later, Replace, Show
from handlers.listeners.desk import Desk
from handlers.listeners.payloads import Asker, Body, Payload, Place, Submission
from handlers.listeners.showing import Kind, Showing, acked
from handlers.readers import Circle, circle, circle_at_once, circle_in_time, known
from handlers.services import Services, Snapshot
from handlers.views import modals
from integrations.base import IntegrationError
from integrations.faults import new_reference
from integrations.store.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable
from schema.errors import Refusal

log = logging.getLogger(__name__)

EXTERNAL: Final = (
    "I answer only people of the workspace that I am installed in. Ask a colleague there to read it to you."
)
CHECKING: Final = "Checking what you may read …"
OUT_OF_REACH: Final = (
    "I could not reach my own records just now. Please look in a minute whether it took, and do it again if not;"
    " whoever runs Muster finds the reason in its log."
)
SILENT: Final = "Slack did not answer in time. Please press or type it again."

Handler = Callable[..., Awaitable[Answer]]
Parse = Callable[[Body], Payload]
Listener = Callable[[AsyncArgs], Awaitable[BoltResponse]]
Answering = Callable[[Body], Awaitable[BoltResponse]]
OFFERED: Final = frozenset({Desk, Services, Snapshot, Circle})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the register.

    at_once   decide before the ack, even when Slack has to be asked who somebody is
    recorded  the handler itself refuses people of other companies, and writes down that they tried
    """

    kind: Kind
    id: str
    parse: Parse
    handler: Handler
    at_once: bool = False
    recorded: bool = False


def wiring(row: Row) -> dict[str, type]:
    """Say which parameter of a handler gets what; raises TypeError at start-up for what nobody has."""
    payload = typing.get_type_hints(row.parse)["return"]
    hints = typing.get_type_hints(row.handler)
    wanted = {name: hints.get(name) for name in inspect.signature(row.handler).parameters}
    for name, kind in wanted.items():
        if kind is not payload and kind not in OFFERED:
            raise TypeError(f"{row.handler.__qualname__} asks for {name}, which the door does not have")
    return {name: kind for name, kind in wanted.items() if kind is not None}


class Door:
    """Makes Bolt listeners out of rows of the register."""

    def __init__(self, desk: Desk, *, reference: Callable[[], str] = new_reference) -> None:
        self._desk = desk
        self._reference = reference
        self._showing = Showing(desk, self._later)

    def answering(self, row: Row) -> Answering:
        """Make what answers a row; raises TypeError when its handler asks for what the door does not have."""
        return partial(self._serve, row, wiring(row))

    def listener(self, row: Row) -> Listener:
        """Make the listener of a row, as Bolt calls it; raises TypeError as `answering` does."""
        answering = self.answering(row)

        async def listen(args: AsyncArgs) -> BoltResponse:
            return await answering(args.body)

        return listen

    async def _serve(self, row: Row, wanted: Mapping[str, type], body: Body) -> BoltResponse:
        """Answer one request; whatever goes wrong becomes a private sentence."""
        try:
            payload = row.parse(body)
            if not row.recorded:
                _allow(payload)
            answer = await self._answer(row, wanted, payload)
            if at_home.began(payload, row.id):
                answer = self._at_home(payload, answer)
            return await self._showing.answer(row.kind, body, answer)
        except Exception as error:
            return await self._wrong(row, payloads.place(body), error)

    async def _answer(self, row: Row, wanted: Mapping[str, type], payload: Payload) -> Answer:
        given: dict[str, Any] = {}
        for name, kind in wanted.items():
            if kind is Desk:
                given[name] = self._desk
            elif kind is Services:
                given[name] = self._desk.services
            elif kind not in OFFERED:
                given[name] = payload
        if Snapshot not in wanted.values() and Circle not in wanted.values():
            return await row.handler(**given)
        who = payload.who if not isinstance(payload, payloads.Joined | payloads.Changed) else None
        snapshot = await self._desk.services.snapshot(who.workspace if who else payload.workspace)  # type: ignore[union-attr]  # the two without `who` have `workspace`
        given |= {name: snapshot for name, kind in wanted.items() if kind is Snapshot}
        names = [name for name, kind in wanted.items() if kind is Circle]
        if not names or who is None:
            return await row.handler(**given)
        return await self._to_reader(
            row, who, snapshot, lambda found: row.handler(**given, **dict.fromkeys(names, found))
        )

    async def _to_reader(
        self, row: Row, who: Asker, snapshot: Snapshot, then: Callable[[Circle], Awaitable[Answer]]
    ) -> Answer:
        """Go on with what the person may read; where Slack has to be asked for it, after the ack if that may be."""
        directory = self._desk.directory
        found = known(directory, snapshot, who.user)
        if found is None and row.at_once:
            found = await circle_in_time(directory, snapshot, who.user)
        if found is None:
            found = await circle_at_once(directory, snapshot, who.user)
        if found is not None:
            return await then(found)

        async def after() -> Answer:
            return await then(await circle(directory, snapshot, who.user))

        if row.kind is Kind.VIEW:
            return Replace(view=modals.sentence("Muster", CHECKING), then=lambda: _view(after))
        return Later(note=CHECKING, work=after)

    def _at_home(self, payload: Payload, answer: Answer) -> Answer:
        """Draw the Home tab anew when what was opened from there is sent."""
        if isinstance(payload, Submission) and at_home.changes(payload, answer):
            self._later(partial(homes.publish, self._desk, payload.who), Place())
        return at_home.remembered(answer)

    def _later(self, work: Callable[[], Awaitable[None]], place: Place) -> None:
        """Run something after the ack; the person is told what goes wrong."""

        async def guarded() -> None:
            try:
                await work()
            except Exception as error:
                await self._showing.tell(place, self._sentence(error, "background"))

        self._desk.tasks.start(guarded(), name="muster-answer")

    async def _wrong(self, row: Row, place: Place, error: Exception) -> BoltResponse:
        if row.kind is Kind.EVENT and isinstance(error, StoreError):
            log.warning("event_not_stored", extra={"listener": row.id, "error": str(error)})
            return BoltResponse(status=503, body="")  # Slack brings it again
        words = self._sentence(error, row.id)
        try:
            return await self._showing.say(row.kind, place, words)
        except IntegrationError as unseen:  # no modal could be opened for it
            log.warning("answer_not_shown", extra={"error": str(unseen), "listener": row.id})
            return acked()

    def _sentence(self, error: Exception, where: str) -> str:
        """Say what went wrong in words for the person; a defect is logged here, once."""
        if isinstance(error, Refusal):
            return str(error)
        if isinstance(error, IntegrationError):
            log.warning("slack_did_not_answer", extra={"listener": where, "error": str(error)})
            return SILENT
        if isinstance(error, StoreBusy | StoreFull | StoreUnavailable):
            log.error("records_not_reached", extra={"listener": where, "error": str(error)})
            return OUT_OF_REACH
        reference = self._reference()
        log.error("listener_failed", exc_info=error, extra={"listener": where, "reference": reference})
        return fault(reference)


def fault(reference: str) -> str:
    """Tell a person of a defect without what it is."""
    return (
        "Something went wrong on our side. Please try again; if it stays so, tell whoever runs Muster here"
        f" the reference {reference}."
    )


def _allow(payload: Payload) -> None:
    """Refuse people of other companies, whatever they press."""
    who = getattr(payload, "who", None)
    if isinstance(who, Asker) and who.external:
        raise Refusal(EXTERNAL)


async def _view(after: Callable[[], Awaitable[Answer]]) -> dict[str, Any]:
    answer = await after()
    while isinstance(answer, Later | Replace):
        if isinstance(answer, Replace):
            return await answer.then() if answer.then is not None else answer.view
        answer = await answer.work()
    blocks = (
        [block for message in answer.messages for block in message["blocks"]]
        if isinstance(answer, Show)
        else []
    )
    return modals.page("Muster", blocks)
