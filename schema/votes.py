"""What people say to an item: sign-offs, objections, does not apply, taken back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from schema.products import Role


class Intent(StrEnum):
    """What somebody says to an item."""

    SIGN = "sign"
    OBJECT = "object"
    NOT_APPLICABLE = "not_applicable"  # a signature too
    COMMENT = "comment"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One thing that one person said to one item, as it was shown to them."""

    seq: int  # of its event
    at: datetime
    revision: int
    item: str
    pid: str
    roles: frozenset[Role]  # which they could sign for when they did
    intent: Intent
    digest: str  # the item's
    showing: str  # id of exactly what they were shown
    text: str | None = None  # id of what they wrote
    principal: str | None = None  # pid of whom they signed for
    through: tuple[str, ...] = ()  # pids between the principal and them
    self_approved: bool = False  # they, or whom they signed for, asked for the launch
    launch: str = ""  # an earlier one in which they said it; "" for this one

    @property
    def people(self) -> tuple[str, ...]:
        """List whose signature this is; together they count as one."""
        named = (self.pid, *self.through)
        return named if self.principal is None else (*named, self.principal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What one person has said to one item so far."""

    newest: Mapping[str, Vote] = field(default_factory=dict)  # by the item's digest
    objection: Vote | None = None  # holds whatever changes, until this person speaks again

    def said(self, digest: str) -> Intent | None:
        """Give what they say to this digest."""
        found = self.newest.get(digest)
        return found.intent if found else None


SILENT: Final = Voice()


def heard(voice: Voice, vote: Vote) -> Voice:
    """Add what somebody says; a comment changes nothing."""
    if vote.intent is Intent.COMMENT:
        return voice
    newest = {**voice.newest, vote.digest: vote}
    return Voice(newest=newest, objection=vote if vote.intent is Intent.OBJECT else None)


def counted(
    voices: Mapping[str, Voice], digest: str, intent: Intent, *, since: datetime, self_approval: bool
) -> Iterator[Vote]:
    """Go through the votes of one intent that hold: for this digest, recent enough, allowed to their people."""
    for voice in voices.values():
        vote = voice.newest.get(digest)
        if (
            vote is not None
            and vote.intent is intent
            and vote.at > since
            and (self_approval or not vote.self_approved)
        ):
            yield vote
