"""The record of what a product's channel was owed: what came of each of the newest standups, and how many came twice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from schema import texts
from schema.deliveries import Delivery, DeliveryState
from schema.facts import Fact, Kind
from schema.texts import Text

LOOKED_BACK: Final = 13  # standups


class Came(StrEnum):
    """What came of a standup that was planned; the words stand behind a count."""

    ON_TIME = "on time"
    LATE = "late"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WAITING = "still on its way"


ENDED: Final = {
    DeliveryState.SKIPPED: Came.SKIPPED,
    DeliveryState.FAILED: Came.FAILED,
    DeliveryState.UNKNOWN: Came.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How the newest standups before this one went."""

    came: tuple[Came, ...]  # one each
    doubled: int  # messages that stand in the channel more than once
    unlooked: int  # posted standups whose channel could not be searched for a second copy, or was not yet

    @property
    def planned(self) -> int:
        """Count them all."""
        return len(self.came)


def came_of(delivery: Delivery) -> Came:
    """Say what came of a delivery."""
    if delivery.state is DeliveryState.SENT:
        return Came.LATE if delivery.late_line else Came.ON_TIME
    return ENDED.get(delivery.state, Came.WAITING)


def record_of(deliveries: Iterable[Delivery]) -> Record:
    """Sum up the deliveries before one."""
    listed = tuple(deliveries)
    posted = [each for each in listed if each.state is DeliveryState.SENT]
    return Record(
        came=tuple(came_of(each) for each in listed),
        doubled=sum(each.doubled or 0 for each in posted),
        unlooked=sum(each.doubled is None for each in posted),
    )


def said(record: Record) -> Text:
    """Say a record in one line; what never happened is left out, but for second copies."""
    if not record.planned:
        return texts.plain("This is the first standup planned here.")
    counted = Counter(record.came)
    parts = [
        texts.fill(f"{{count}} {came}", {"count": _count(came.name.lower(), counted[came])})
        for came in Came
        if counted[came] or came is Came.ON_TIME
    ]
    return texts.fill("Of the {planned} planned before this one: {parts}; {doubled} posted twice{unlooked}.", {
        "planned": _count("planned", record.planned), "parts": texts.join(parts, ", "),
        "doubled": _count("doubled", record.doubled), "unlooked": _unlooked(record),
    })  # fmt: skip


def _unlooked(record: Record) -> Text:
    """Say of how many nobody knows whether they came twice: what was not looked at is not nought."""
    if not record.unlooked:
        return Text(())
    return texts.fill(" ({count} not looked at)", {"count": _count("unlooked", record.unlooked)})


def _count(function: str, value: int) -> Fact:
    return Fact(of="record", function=function, kind=Kind.COUNT, value=Decimal(value), shown=str(value))
