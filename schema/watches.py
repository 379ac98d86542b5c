"""After a launch: whether what its signers were shown still holds, and what became of it after a week and a month."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from schema.evidence import Finding
from schema.following import draft
from schema.items import by_item
from schema.launches import EventKind, Launch, Promise, Revision
from schema.ledger import SYSTEM, Draft, Json
from schema.votes import Intent
from schema.working_hours import working

LOOK_BACKS: Final = (7, 30)  # days after use


def watched(launch: Launch, findings: Iterable[Finding]) -> Iterator[Draft]:
    """Tell of promises that no longer hold, and of those that hold again."""
    revision = launch.revision
    found = by_item(findings)
    for promise in revision.promises:
        finding = found.get(promise.item, {}).get(promise.requirement)
        if promise.watched and finding is not None and finding.digest:
            broken = (promise.item, promise.requirement) in revision.broken
            if broken is finding.passed and (broken or finding.digest != promise.digest):
                kind = EventKind.PROMISE_KEPT if broken else EventKind.PROMISE_BROKEN
                yield draft(launch, kind, SYSTEM, **_compared(promise, finding))


def _compared(promise: Promise, finding: Finding) -> dict[str, Json]:
    return {
        "item": promise.item,
        "requirement": promise.requirement,
        "digest": finding.digest,
        "promised": promise.statement,
        "real": finding.statement,
        "why": finding.why,
    }


def looked_back(launch: Launch, findings: Iterable[Finding], now: datetime) -> Iterator[Draft]:
    """Store the table of what was promised and what is real; the last one closes the launch."""
    revision = launch.revision
    listed = tuple(findings)
    for day in LOOK_BACKS:
        if day not in revision.looked_back and now >= look_back_at(launch, day):
            rows: list[Json] = [*_rows(revision, listed)]
            yield draft(launch, EventKind.LOOKED_BACK, SYSTEM, day=day, rows=rows)
            if day == LOOK_BACKS[-1]:
                yield draft(launch, EventKind.CLOSED, SYSTEM, why="looked_back")


def look_back_at(launch: Launch, day: int) -> datetime:
    """Give when a look-back is due: so many days after use, and then when people of the product work."""
    used = launch.revision.used
    assert used is not None
    return working(used.at + timedelta(days=day), launch.zone, launch.country)


def _rows(revision: Revision, findings: Sequence[Finding]) -> Iterator[Json]:
    found = by_item(findings)
    for promise in revision.promises:
        finding = found.get(promise.item, {}).get(promise.requirement)
        yield {
            "item": promise.item,
            "requirement": promise.requirement,
            "promised": promise.statement,
            "real": finding.statement if finding else "",
            "held": finding is not None and finding.passed,
        }


def signers_of(revision: Revision, item: str) -> tuple[str, ...]:
    """List the pids of those who signed what an item is now: who is told when it no longer holds."""
    current = revision.items[item].digest
    voices = revision.voices.get(item, {})
    return tuple(pid for pid, voice in voices.items() if voice.said(current) is Intent.SIGN)
