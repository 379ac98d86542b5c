"""Showing answers: in an ack, through a response_url, in a modal; each kind of request in the way that it allows."""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from slack_bolt import BoltResponse

from handlers.listeners import payloads
from handlers.listeners.answers import Answer, Back, Close, Later, Open, Push, Replace, Show, Wrong
from handlers.listeners.desk import Desk
from handlers.listeners.payloads import Body, Place
from handlers.views import modals
from handlers.views.blocks import Block, Payload
from handlers.views.refusals import note
from integrations.base import IntegrationError

log = logging.getLogger(__name__)

VIEW_S: Final = 2.0  # of views.open before the ack
TYPE_AGAIN: Final = "Slack has told me now who you are. Type or press it again, and it opens."
JSON: Final = {"Content-Type": "application/json; charset=utf-8"}

Guarded = Callable[
    [Callable[[], Awaitable[None]], Place], None
]  # runs work in the background, telling what goes wrong


class Kind(StrEnum):
    """How Slack calls us."""

    COMMAND = "command"
    ACTION = "action"
    VIEW = "view"
    EVENT = "event"


def acked(body: dict[str, Any] | None = None) -> BoltResponse:
    """Answer Slack; without a body nothing is shown."""
    if body is None:
        return BoltResponse(status=200, body="")
    return BoltResponse(status=200, body=json.dumps(body), headers=dict(JSON))


def _response(answer: Push | Close | Wrong) -> dict[str, Any]:
    """Say what becomes of a submitted modal."""
    match answer:
        case Push(view=view):
            return {"response_action": "push", "view": view}
        case Close():
            return {"response_action": "clear"}
        case Wrong(errors=errors):
            return {"response_action": "errors", "errors": errors}


def private(message: Payload) -> dict[str, Any]:
    """Make a message that one person sees, beside what is there."""
    return {
        "response_type": "ephemeral", "replace_original": False, "text": message["text"], "blocks": message["blocks"],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Showing:
    """Shows answers; what takes longer goes to the background."""

    desk: Desk
    later: Guarded

    async def answer(self, kind: Kind, body: Body, answer: Answer) -> BoltResponse:
        """Show what a listener answered, and give what to ack with."""
        if answer is None:
            return acked()
        place = payloads.place(body)
        match answer:
            case Show():
                return await self._show(kind, place, answer)
            case Later():
                return await self._later(kind, place, answer)
            case Open(view=view, then=then):
                opened = await self._open(place, view)
                if then is not None:
                    self._update(opened, then, place)
                return acked()
            case Replace(view=view, then=then):
                if then is not None:
                    self._update(place.view, then, place)
                return acked({"response_action": "update", "view": view})
            case Back(view=view, then=then):
                self._update(view, then, place)
                return acked()
            case Push() | Close() | Wrong():
                return acked(_response(answer))

    async def say(self, kind: Kind, place: Place, words: str) -> BoltResponse:
        """Tell one person a sentence before the ack, where that needs no second trigger."""
        if kind is Kind.VIEW:
            if place.inputs:
                return acked({"response_action": "errors", "errors": {place.inputs[0]: words}})
            return acked({"response_action": "update", "view": modals.sentence("Muster", words)})
        return await self._show(kind, place, Show(messages=[note(words)]))

    async def tell(self, place: Place, words: str) -> None:
        """Tell one person a sentence after the ack."""
        message = note(words)
        try:
            if place.response_url:
                await self.desk.slack.respond(place.response_url, private(message))
            elif place.view:
                await self.desk.slack.update_view(place.view, modals.sentence("Muster", words))
            elif place.channel and place.user:
                await self.desk.slack.ephemeral(
                    place.channel,
                    place.user,
                    blocks=message["blocks"],
                    text=message["text"],
                    thread_ts=place.thread_ts,
                )
        except IntegrationError as error:
            log.warning("answer_not_shown", extra={"error": str(error)})

    async def _show(self, kind: Kind, place: Place, answer: Show) -> BoltResponse:
        if kind is Kind.COMMAND:
            first, *rest = answer.messages
            self._respond(place, rest)
            return acked(private(first))
        if place.response_url:
            self._respond(place, answer.messages)
        elif kind is Kind.ACTION:
            await self._open(place, modals.page(answer.title, _blocks(answer.messages)))
        elif answer.messages:
            self.later(lambda: self._whisper(place, answer.messages), place)
        return acked()

    async def _later(self, kind: Kind, place: Place, answer: Later) -> BoltResponse:
        noted = [note(answer.note)] if answer.note else []
        if kind is Kind.COMMAND or place.response_url or kind is Kind.EVENT:
            response = acked(private(noted[0])) if noted and kind is Kind.COMMAND else acked()
            first = [] if kind is Kind.COMMAND else noted
            self.later(lambda: self._finish(place, answer, first), place)
            return response
        opened = await self._open(place, modals.sentence(answer.title, answer.note or "One moment …"))

        async def page() -> Block:
            found = await finished(answer)
            return modals.page(answer.title, _blocks(found.messages if found else []))

        self._update(opened, page, place)
        return acked()

    async def _finish(self, place: Place, answer: Later, noted: Sequence[Payload]) -> None:
        await self._send(place, noted)
        found = await finished(answer, say=lambda words: self._send(place, [note(words)]))
        if found is not None:
            await self._send(place, found.messages)

    def _respond(self, place: Place, messages: Sequence[Payload]) -> None:
        if messages:
            self.later(lambda: self._send(place, messages), place)

    async def _send(self, place: Place, messages: Sequence[Payload]) -> None:
        for message in messages:
            if place.response_url:
                await self.desk.slack.respond(place.response_url, private(message))
            else:
                await self._whisper(place, [message])

    async def _whisper(self, place: Place, messages: Sequence[Payload]) -> None:
        for message in messages:
            await self.desk.slack.ephemeral(
                place.channel,
                place.user,
                blocks=message["blocks"],
                text=message["text"],
                thread_ts=place.thread_ts,
            )

    async def _open(self, place: Place, view: Block) -> str:
        """Open a modal, on top of the one that the click came from; gives its id."""
        opening = self.desk.slack.push_view if place.view and place.in_modal else self.desk.slack.open_view
        return str((await opening(place.trigger, view, within_s=VIEW_S)).get("id", ""))

    def _update(self, view_id: str, then: Callable[[], Awaitable[Block]], place: Place) -> None:
        async def update() -> None:
            await self.desk.slack.update_view(view_id, await then())

        self.later(update, place.on_view(view_id))


async def finished(answer: Answer, *, say: Callable[[str], Awaitable[None]] | None = None) -> Show | None:
    """Wait for the end of an answer that comes later.

    say  tells what each further step is about; the first one's note is told already
    """
    while isinstance(answer, Later):
        answer = await answer.work()
        if say is not None and isinstance(answer, Later) and answer.note:
            await say(answer.note)
    if isinstance(answer, Open):  # its trigger is too old by now
        return Show(messages=[note(TYPE_AGAIN)])
    return answer if isinstance(answer, Show) else None


def _blocks(messages: Sequence[Payload]) -> list[Block]:
    return [block for message in messages for block in message["blocks"]]
