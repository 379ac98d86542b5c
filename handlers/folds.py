"""Launches as their events make them: read from the ledger once, then only what is new."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from handlers.memos import Memo
from integrations.store import ledger
from integrations.store.launches import Kept
from schema.histories import apply, fold
from schema.launches import Launch
from schema.ledger import Event

# By the hash of the newest event. A hash binds every event before it, so what was folded before a commit that
# failed is not wrong: nobody will ever ask for it.
Folds = Memo[str, Launch]


def load(session: Session, folds: Folds, kept: Kept) -> Launch:
    """Give a launch as it stands at its row's position."""
    known = folds.get(kept.hash)
    if known is not None:
        return known
    launch = fold(ledger.events_of(session, kept.workspace, kept.id))
    folds.put(kept.hash, launch)
    return launch


def grown(folds: Folds, launch: Launch, events: Sequence[Event]) -> Launch:
    """Add events to a launch, those of other launches left out."""
    for event in events:
        if event.launch == launch.id:
            launch = apply(launch, event)
            folds.put(event.hash, launch)
    return launch
