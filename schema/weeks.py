"""What stands around a period's figures: launches under way, what its people said, and the record of past posts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from schema.checkins import NOBODY_ASKED, Gathered
from schema.consequences import Decided
from schema.delays import Standing
from schema.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """All that a digest says besides the figures of its page."""

    launches: tuple[Standing, ...] = ()
    gathered: Gathered = NOBODY_ASKED
    decided: tuple[Decided, ...] = ()  # what the period before was decided on, and its number now
    names: Mapping[str, str] = field(default_factory=dict)  # of people, by Slack user, where they are known
    record: Record | None = None
    composed_again_on: date | None = (
        None  # of a period whose time has passed; figures are as known on that day
    )
