"""What begins with a press on the Home tab ends there: once it is sent, the tab shows how things stand."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from handlers.listeners.answers import Answer, Back, Open, Push, Replace, Wrong
from handlers.listeners.ids import Action
from handlers.listeners.payloads import MOST_CARRIED, Click, Payload, Submission, carried
from handlers.views.blocks import Block, packed

MARK: Final = "home"  # in what a modal carries
READING: Final = frozenset({Action.OTHER_READER, Action.HOW})  # change nothing

Then = Callable[[], Awaitable[Block]]


def began(payload: Payload, row: str) -> bool:
    """Tell whether it is a press on the Home tab, or a modal that such a press has opened."""
    if isinstance(payload, Click):
        return bool(payload.view) and not payload.in_modal and row not in READING
    return isinstance(payload, Submission) and MARK in payload.about


def changes(payload: Payload, answer: Answer) -> bool:
    """Tell whether the tab may be out of date with this answer: something was sent, and taken."""
    return isinstance(payload, Submission) and not isinstance(answer, Wrong | Push)


def remembered(answer: Answer) -> Answer:
    """Let the modal that an answer shows know where it began."""
    match answer:
        case Open(view=view, then=then) | Replace(view=view, then=then):
            return replace(answer, view=_marked(view), then=None if then is None else _later(then))
        case Push(view=view):
            return Push(view=_marked(view))
        case Back(view=view, then=then):
            return Back(view=view, then=_later(then))
        case _:
            return answer


def _later(then: Then) -> Then:
    async def marked() -> Block:
        return _marked(await then())

    return marked


def _marked(view: Block) -> Block:
    if "private_metadata" not in view:
        return view
    carries = packed({**carried(view["private_metadata"]), MARK: "1"})
    return {**view, "private_metadata": carries} if len(carries) <= MOST_CARRIED else view
