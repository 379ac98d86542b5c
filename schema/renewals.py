"""Renewals: whose word new evidence made void, so that they, and nobody else, are asked again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from schema.gates import Gate
from schema.histories import apply
from schema.items import Item, ItemState
from schema.launches import EventKind, Launch, Revision, State
from schema.ledger import Event
from schema.tallies import open_objections, votes_for
from schema.votes import SILENT, Intent, Vote

WAITS: Final = frozenset({ItemState.NEEDS_SIGN, ItemState.STALE, ItemState.AUTO_FAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """An item whose evidence changed after people had spoken on it."""

    item: str
    question: str
    signers: tuple[str, ...] = ()  # pids
    objectors: tuple[str, ...] = ()  # pids
    passes: bool = True  # False: its signers are asked once its evidence passes


def renewals(launch: Launch, gate: Gate, events: Iterable[Event], *, since: int) -> tuple[Renewal, ...]:
    """List what evidence that changed asks of whom, in the checklist's order; nothing of what nobody had spoken on.

    events   all of the launch
    since    seq of the event up to which people were told
    """
    if launch.state is not State.OPEN:
        return ()
    held: dict[str, dict[int, Vote]] = {}
    before: Launch | None = None
    for event in events:
        if before is not None and event.kind == EventKind.EVIDENCE_CHANGED and event.seq > since:
            item = before.revision.items[str(event.payload["item"])]
            held.setdefault(item.id, {}).update(
                {vote.seq: vote for vote in _held(before.revision, item, event)}
            )
        before = apply(before, event)
    found = (
        _renewal(launch.revision, item, gate, held[item.id].values())
        for item in launch.revision.items.values()
        if item.id in held
    )
    return tuple(each for each in found if each.signers or each.objectors)


def outdated(launch: Launch) -> tuple[Vote, ...]:
    """List the objections that block a launch though what they are about has changed since, in the checklist's order."""
    revision = launch.revision
    if launch.state is not State.OPEN:
        return ()
    asked = dict.fromkeys((*revision.items, *revision.voices))
    found = (vote for name in asked for vote in open_objections(revision, name))
    return tuple(vote for vote in found if vote.launch or _digest(revision, vote.item) != vote.digest)


def _digest(revision: Revision, item: str) -> str | None:
    return revision.items[item].digest if item in revision.items else None


def _held(revision: Revision, item: Item, event: Event) -> Iterator[Vote]:
    """Give what counted of an item until its evidence changed."""
    for intent in (Intent.SIGN, Intent.NOT_APPLICABLE):
        yield from votes_for(revision, item, intent, now=event.at)
    yield from (vote for vote in open_objections(revision, item.id) if vote.digest == item.digest)


def _renewal(revision: Revision, item: Item, gate: Gate, held: Iterable[Vote]) -> Renewal:
    voices, state = revision.voices.get(item.id, {}), gate.items[item.id]
    void = [vote for vote in held if voices.get(vote.pid, SILENT).said(item.digest) is None]
    waits = state in WAITS
    return Renewal(
        item=item.id,
        question=item.spec.question,
        signers=_people(vote for vote in void if waits and vote.intent is not Intent.OBJECT),
        objectors=_people(vote for vote in void if voices.get(vote.pid, SILENT).objection == vote),
        passes=state is not ItemState.AUTO_FAIL,
    )


def _people(votes: Iterable[Vote]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(vote.pid for vote in votes))
