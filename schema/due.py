"""Work that is due at a time, and leases on what only one process may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a piece of work ended."""

    DONE = "done"
    MISSED = "missed"  # its window closed before anybody did it
    DROPPED = "dropped"  # nobody wants it any more
    FAILED = "failed"  # given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing to do, unique by workspace, kind and key."""

    workspace: str
    kind: str
    key: str
    due_at: datetime
    window_end: datetime | None = None  # from here on it is missed, not late; None: never too late
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Due work in the hands of one holder, until its lease ends."""

    id: int
    work: Due
    holder: str
    until: datetime
    attempt: int  # 1 the first time; tells a late holder from the one who took over
    last_reason: str | None  # why the attempt before failed

    def late_by(self, now: datetime) -> timedelta:
        """Tell how long ago it was due."""
        return max(now - self.work.due_at, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Due work that will not be done again."""

    work: Due
    outcome: Outcome
    at: datetime
    attempts: int
    last_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right of one holder to do what a name stands for, until it ends."""

    workspace: str
    name: str
    holder: str
    until: datetime
    fence: int  # rises with every new holding; an older number has lost the lease
