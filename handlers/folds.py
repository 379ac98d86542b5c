"""Launches as their events make them: read from the ledger once, then only what is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from handlers.memos import Memo
from integrations.store import ledger, people
from integrations.store.launches import Kept
from schema.histories import apply, fold
from schema.launches import Launch
from schema.ledger import Event, digest
from schema.same_people import known_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A launch, and the hash of the event that it was folded up to."""

    hash: str
    launch: Launch


# By that hash, and the newest by workspace and launch. A hash binds every event before it, so what was folded before
# a commit that failed is not wrong: nobody will ever ask for it.
Folds = Memo[str, Fold]


def load(session: Session, folds: Folds, kept: Kept) -> Launch:
    """Give a launch as it stands at its row's position, reading only what is new since it was read last."""
    same = people.same_person(session, kept.workspace)
    who = digest(same) if same else ""  # with other people it is another launch
    found = folds.get(kept.hash + who)
    if found is None:
        found = Fold(hash=kept.hash, launch=_read(session, folds.get(_newest(kept) + who), kept, same=same))
        folds.put(kept.hash + who, found)
    folds.put(_newest(kept) + who, found)
    return found.launch


def _newest(kept: Kept) -> str:
    return f"{kept.workspace}/{kept.id}/"


def _read(session: Session, before: Fold | None, kept: Kept, *, same: Mapping[str, str]) -> Launch:
    """Go on from what was known, if the ledger still has it; else read all of it."""
    if before is not None and before.launch.seq < kept.seq:
        events = ledger.events_of(session, kept.workspace, kept.id, after=before.launch.seq - 1)
        if events and events[0].hash == before.hash:
            launch = before.launch
            for event in events[1:]:
                launch = apply(launch, known_as(event, same))
            return launch
    return fold(known_as(event, same) for event in ledger.events_of(session, kept.workspace, kept.id))


def events_of(session: Session, workspace: str, launch: str) -> tuple[Event, ...]:
    """Give the events of a launch, or with "" the workspace's own, by the pids that people share now."""
    same = people.same_person(session, workspace)
    return tuple(known_as(event, same) for event in ledger.events_of(session, workspace, launch))


def put(folds: Folds, after: str, launch: Launch) -> None:
    """Remember a launch as it stands after the event of this hash."""
    folds.put(after, Fold(hash=after, launch=launch))


def grown(folds: Folds, launch: Launch, events: Sequence[Event]) -> Launch:
    """Add events to a launch, those of other launches left out."""
    for event in events:
        if event.launch == launch.id:
            launch = apply(launch, event)
            put(folds, event.hash, launch)
    return launch
