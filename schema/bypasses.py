"""Break-glass: a launch that goes out without approval, for hours, and is looked at afterwards."""

from dataclasses import dataclass
from datetime import datetime

REVIEWERS = 2  # different people, neither who called it nor who asked for the launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """An emergency; never an approval."""

    seq: int
    at: datetime
    by: str  # pid
    reason: str  # text id
    incident: str
    until: datetime  # it ends then, whether or not anything runs
    review_by: datetime
    ended: bool = False  # the ledger has noted that it ended
    reviews: tuple[str, ...] = ()  # pids of those who looked at it afterwards

    def lasts(self, now: datetime) -> bool:
        """Tell whether it still lets the launch pass."""
        return not self.ended and self.at <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The one time that a revision went out."""

    seq: int
    at: datetime
    by: str
    manifest: str  # digest
    bypass: bool = False
