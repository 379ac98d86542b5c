"""What is wrong with a ledger: each thing once, in a sentence that names the event."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from schema.ledger import VERSION, Event, Head, digest, event_hash


class Wrong(StrEnum):
    """What can be wrong with a ledger or a certificate."""

    UNREADABLE = "unreadable"
    UNKNOWN_VERSION = "unknown_version"
    EDITED = "edited"  # an event no longer fits its own hash
    REPLACED = "replaced"  # it fits its own hash, but its neighbours name another
    MISSING = "missing"  # left out between two others
    CUT = "cut"  # left out at the end
    SWAPPED = "swapped"
    DOUBLED = "doubled"
    REWRITTEN = "rewritten"  # whole in itself, but not what a checkpoint signed
    FOREIGN = "foreign"  # of another workspace or launch
    WRONG_PROOF = "wrong_proof"
    WRONG_KEY = "wrong_key"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_TEXT = "wrong_text"
    WRONG_NAME = "wrong_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is wrong, in a sentence that names the event where there is one."""

    wrong: Wrong
    text: str
    seq: int | None = None


def flaws(head: Head, events: Sequence[Event], *, until: Head | None = None) -> tuple[Flaw, ...]:
    """Say everything that is wrong with the events that follow a head, without a gap, up to `until`."""
    found = [flaw for event in events if (flaw := own_flaw(event))]
    told = {flaw.seq for flaw in found}
    found += [flaw for pair in pairwise(events) if (flaw := _disorder(*pair))]
    in_order = sorted({event.seq: event for event in events}.values(), key=lambda event: event.seq)
    there = {event.seq for event in in_order}
    last = dict(head.last)
    before: Event | Head = head
    for event in in_order:
        # what an altered event says of its launch is no help, nor is a link to one that is missing: each is told once
        unsure = told or (head.seq < event.before < event.seq and event.before not in there)
        launch_before = None if unsure else last.get(event.launch, 0)
        found += _misplaced(before, event, linked=event.seq not in told, launch_before=launch_before)
        last[event.launch] = event.seq
        before = event
    if until is not None:
        found += _unfinished(before, until)
    return tuple(found)


def named(event: Event | Head) -> str:
    """Name an event as people find it again."""
    return f"event {event.seq} ({event.kind})" if isinstance(event, Event) else f"event {event.seq}"


def own_flaw(event: Event) -> Flaw | None:
    """Say what is wrong with an event by itself."""
    name = named(event)
    if event.version != VERSION:
        text = f"The {name} is of version {event.version}; this program knows version {VERSION}."
        return Flaw(wrong=Wrong.UNKNOWN_VERSION, text=text, seq=event.seq)
    if digest(event.payload) != event.payload_hash:
        text = f"The {name} was edited: its content does not fit its hash."
        return Flaw(wrong=Wrong.EDITED, text=text, seq=event.seq)
    if event_hash(event) != event.hash:
        text = f"The {name} was edited: its number, time, launch, kind, person or links do not fit its hash."
        return Flaw(wrong=Wrong.EDITED, text=text, seq=event.seq)
    return None


def _disorder(before: Event, event: Event) -> Flaw | None:
    if event.seq > before.seq:
        return None
    if event.seq == before.seq:
        text = f"The {named(event)} stands there twice."
        return Flaw(wrong=Wrong.DOUBLED, text=text, seq=event.seq)
    text = f"The {named(event)} stands after {named(before)}: they were swapped."
    return Flaw(wrong=Wrong.SWAPPED, text=text, seq=event.seq)


def _misplaced(before: Event | Head, event: Event, *, linked: bool, launch_before: int | None) -> list[Flaw]:
    if event.seq != before.seq + 1:
        gone = numbers(before.seq + 1, event.seq - 1)
        text = f"Left out before {named(event)}: {gone}."
        return [Flaw(wrong=Wrong.MISSING, text=text, seq=event.seq)]
    if linked and event.prev_hash not in _hashes(before):
        text = f"The {named(event)} does not follow {named(before)}: one of them was replaced."
        return [Flaw(wrong=Wrong.REPLACED, text=text, seq=event.seq)]
    if launch_before not in (None, event.before):
        text = f"The {named(event)} names event {event.before} as its launch's last; that is event {launch_before}."
        return [Flaw(wrong=Wrong.REPLACED, text=text, seq=event.seq)]
    return []


def _hashes(event: Event | Head) -> set[str]:
    # both, so that an edited event is told once, and not by the next one too
    return {event.hash} | ({event_hash(event)} if isinstance(event, Event) else set())


def _unfinished(last: Event | Head, until: Head) -> list[Flaw]:
    if last.seq < until.seq:
        text = f"Cut off at the end: {numbers(last.seq + 1, until.seq)}."
        return [Flaw(wrong=Wrong.CUT, text=text, seq=until.seq)]
    if last.seq > until.seq:
        text = f"There are events up to {last.seq}, but the ledger ends at {until.seq}."
        return [Flaw(wrong=Wrong.FOREIGN, text=text, seq=last.seq)]
    if until.hash not in _hashes(last):
        text = f"The {named(last)} is not the one that the ledger ends with."
        return [Flaw(wrong=Wrong.REPLACED, text=text, seq=last.seq)]
    return []


def numbers(first: int, last: int) -> str:
    """Name a range of events."""
    return f"event {first}" if first == last else f"events {first} to {last}"
