"""What a listener may answer; the door shows it in the way that the kind of request allows."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from handlers.views.blocks import Block, Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Private messages: to a command in its ack, to a click through its response_url or on a modal."""

    messages: Sequence[Payload]
    title: str = "Muster"  # of a modal, where a click has no channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A note now, and the answer when it is there; `work` runs after the ack and may refuse."""

    note: str | None
    work: Callable[[], Awaitable["Answer"]]
    title: str = "Muster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A modal, opened before the ack because its trigger lives for three seconds."""

    view: Block
    then: Callable[[], Awaitable[Block]] | None = None  # what replaces it, once it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """What a submitted modal turns into."""

    view: Block
    then: Callable[[], Awaitable[Block]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """The modal closes, and the one beneath it shows something new."""

    view: str  # the one beneath
    then: Callable[[], Awaitable[Block]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A modal on top of the submitted one, which stays as it was filled in."""

    view: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """The modal closes, with those beneath it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Sentences beside the inputs of a modal, by block."""

    errors: dict[str, str]


Answer: TypeAlias = Show | Later | Open | Replace | Back | Push | Close | Wrong | None
