"""The record of what a product's channel was owed: what came of each of the newest standups, and how many came twice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from schema import texts
from schema.deliveries import Delivery, DeliveryState
from schema.facts import Fact, Kind
from schema.texts import Text

LOOKED_BACK: Final = 13  # standups
BY_HAND: Final = timedelta(minutes=15)  # so much later a post was taken up again by somebody


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
        return Came.LATE if delivery.late_line or _taken_up(delivery) else Came.ON_TIME
    return ENDED.get(delivery.state, Came.WAITING)


def _taken_up(delivery: Delivery) -> bool:
    """Tell whether it ended badly first, and somebody had it posted after all."""
    return delivery.sent_at is not None and delivery.sent_at - delivery.due_at > BY_HAND


def record_of(deliveries: Iterable[Delivery], *, most: int = LOOKED_BACK) -> Record:
    """Sum up the newest standups of some deliveries, newest period first; one that changed its channel is one standup."""
    periods: dict[tuple[str, datetime], list[Delivery]] = {}
    for each in deliveries:
        periods.setdefault((each.kind, each.period.start), []).append(each)
    listed = list(periods.values())[:most]
    posted = [each for found in listed for each in found if each.state is DeliveryState.SENT]
    return Record(
        came=tuple(_came_of_all(each) for each in listed),
        doubled=sum(each.doubled or 0 for each in posted),
        unlooked=sum(each.doubled is None for each in posted),
    )


def _came_of_all(deliveries: Iterable[Delivery]) -> Came:
    """Say what came of one standup, however many channels it was planned for."""
    came = {came_of(each) for each in deliveries}
    if Came.ON_TIME in came and came & {Came.FAILED, Came.UNKNOWN}:
        return Came.LATE
    return next(each for each in Came if each in came and (each is not Came.SKIPPED or len(came) == 1))


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
