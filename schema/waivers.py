"""Waivers and overridden objections: what somebody with the right to do so decided to live with, and until when."""

from dataclasses import dataclass
from datetime import datetime

from schema.ledger import digest, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """An item that is let go for a while; it ends by itself, and it is of this evidence only."""

    seq: int
    at: datetime
    item: str
    digest: str
    by: str  # pid
    owner: str  # pid of who answers for it
    reason: str  # text id
    metric: str  # what is watched meanwhile
    until: datetime

    @property
    def name(self) -> str:
        """Name it by its content, for items that have to list what is waived."""
        return digest(
            {"item": self.item, "digest": self.digest, "owner": self.owner, "until": moment(self.until)}
        )

    def holds(self, digest: str, now: datetime) -> bool:
        """Tell whether it still lets this item go."""
        return self.digest == digest and now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An objection that no longer blocks this state of its item, though it stays visible."""

    seq: int
    at: datetime
    objection: int  # seq of the vote
    item: str
    digest: str  # of the item as it was then; "" for one that was not asked any more
    by: str
    reason: str  # text id
