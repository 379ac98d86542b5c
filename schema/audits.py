"""Auditing a whole ledger: the chain against its checkpoints, and what a restored backup lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from schema import merkle
from schema.certificates import KeptName, KeptText, referred
from schema.checkpoints import (
    Checkpoint,
    Note,
    PublicKey,
    SigningKey,
    key_of,
    origin_of,
    read_checkpoint,
    read_note,
    signed,
    unsigned_by,
)
from schema.errors import Refusal
from schema.flaws import Flaw, Wrong, flaws, named, numbers
from schema.ledger import SYSTEM, Draft, Event, Head, Json, begin, moment, person_id, text_id

RESTORED: Final = "restored"
KEY_ROTATED: Final = "key_rotated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Events that an outside checkpoint counts and the database no longer has."""

    first: int
    last: int
    checkpoint: Checkpoint

    @property
    def text(self) -> str:
        """Say it to a person."""
        gone = numbers(self.first, self.last)
        return f"The checkpoint of {moment(self.checkpoint.at)} counts {gone}, which this database does not have."


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What checking the whole ledger found."""

    flaws: tuple[Flaw, ...]
    notices: tuple[str, ...]  # nothing wrong, but worth knowing: what a restored backup lost
    events: int
    checkpoints: int
    signers: tuple[str, ...]  # ids of the keys that were believed; empty: signer not checked


def lost(checkpoint: Checkpoint, head: Head, *, here: str | None) -> Lost | None:
    """Compare a ledger with a checkpoint that was kept outside; None when nothing is lost.

    here     hash of the event that has the checkpoint's size as its number; None when there is none
    """
    if checkpoint.size > head.seq:
        return Lost(first=head.seq + 1, last=checkpoint.size, checkpoint=checkpoint)
    if checkpoint.size and here != checkpoint.head:
        raise Refusal(
            f"This ledger is not the one of the checkpoint: event {checkpoint.size} is another. "
            "Put back a backup of the ledger that the checkpoint was made of."
        )
    return None


def restored(lost: Lost) -> Draft:
    """Write down what a restored backup lost; history itself is never hashed again."""
    payload: dict[str, Json] = {
        "from": lost.first,
        "to": lost.last,
        "head": lost.checkpoint.head,
        "root": lost.checkpoint.root,
        "checkpoint_at": moment(lost.checkpoint.at),
    }
    return Draft(kind=RESTORED, actor=SYSTEM, payload=payload)


def rotated(workspace: str, *, old: SigningKey | None, new: PublicKey, actor: str, at: datetime) -> Draft:
    """Write down that another key signs from now on; the old one vouches for it, if we still have it."""
    text = _next_key(workspace, new, at)
    note = "" if old is None else signed(text, origin_of(workspace), old)
    payload = {"old": old.public.id if old else "", "new": new.id, "key": new.text, "note": note}
    return Draft(kind=KEY_ROTATED, actor=actor, payload=payload)


def _next_key(workspace: str, new: PublicKey, at: datetime) -> str:
    return f"{origin_of(workspace)}\nnext {new.text}\nat {moment(at)}\n"


def audit(
    workspace: str, events: Sequence[Event], *, until: Head, notes: Sequence[str], keys: Iterable[PublicKey]
) -> Audit:
    """Check the chain, then each checkpoint against it; keys come from outside, and vouch for their successors."""
    trusted = believed(workspace, events, keys)
    found = list(flaws(begin(workspace), events, until=until))
    notices: list[str] = []
    in_order = sorted(filter(None, map(read_checkpoint, notes)), key=lambda read: read[0].size)
    if len(in_order) < len(notes):
        text = f"{len(notes) - len(in_order)} of {len(notes)} checkpoints are not written as such."
        found.append(Flaw(wrong=Wrong.UNREADABLE, text=text))
    found += _signature_flaws(notes, trusted)
    found += _history_flaws(workspace, events, [read[0] for read in in_order], notices)
    return Audit(
        flaws=tuple(found),
        notices=tuple(notices),
        events=len(events),
        checkpoints=len(notes),
        signers=tuple(sorted(key.id for key in trusted)),
    )


def with_more(audit: Audit, *, first: Iterable[Flaw], then: Iterable[Flaw]) -> Audit:
    """Add what could not even be read, and what is wrong beside the chain."""
    return replace(audit, flaws=(*first, *audit.flaws, *then))


def kept_flaws(
    workspace: str, events: Iterable[Event], *, texts: Mapping[str, KeptText], names: Mapping[str, KeptName]
) -> tuple[Flaw, ...]:
    """Say which texts and names beside the chain are not those that the events mean; erased ones are no flaw."""
    wrong_texts = {id for id, kept in texts.items() if text_id(kept.salt, kept.text) != id}
    wrong_names = {
        pid
        for pid, kept in names.items()
        if person_id(kept.salt, workspace, user=kept.user, name=kept.name) != pid
    }
    found: dict[str, Flaw] = {}
    for event in events if wrong_texts or wrong_names else ():
        said = referred([event])
        for id in sorted(said & wrong_texts - found.keys()):
            text = f"A text of {named(event)} was altered: it does not fit its id {id}."
            found[id] = Flaw(wrong=Wrong.WRONG_TEXT, text=text, seq=event.seq)
        for pid in sorted(said & wrong_names - found.keys()):
            text = f"The name of {pid}, of {named(event)}, was altered: it does not fit."
            found[pid] = Flaw(wrong=Wrong.WRONG_NAME, text=text, seq=event.seq)
    return tuple(found.values())


def believed(workspace: str, events: Iterable[Event], keys: Iterable[PublicKey]) -> tuple[PublicKey, ...]:
    """Add to the given keys those that a believed key vouched for in the ledger."""
    trusted = {key.id: key for key in keys}
    for event in events:
        if event.kind == KEY_ROTATED and (key := _vouched(workspace, event, trusted.values())):
            trusted[key.id] = key
    return tuple(trusted.values())


def _vouched(workspace: str, event: Event, trusted: Iterable[PublicKey]) -> PublicKey | None:
    note = read_note(str(event.payload.get("note", "")))
    if note is None or not (known := tuple(trusted)):
        return None
    if unsigned_by(note, key_of(note), known) is not None:
        return None
    try:
        new = PublicKey.read(str(event.payload.get("key", "")))
    except Refusal:
        return None
    start = f"{origin_of(workspace)}\nnext {new.text}\nat "
    return new if note.text.startswith(start) else None


def _signature_flaws(notes: Iterable[str], trusted: Sequence[PublicKey]) -> list[Flaw]:
    read: list[Note] = [note for written in notes if (note := read_note(written))]
    return [flaw for note in read if (flaw := unsigned_by(note, key_of(note), trusted))]


def _history_flaws(
    workspace: str, events: Sequence[Event], checkpoints: Sequence[Checkpoint], notices: list[str]
) -> list[Flaw]:
    found: list[Flaw] = []
    peaks: merkle.Peaks = ()
    done = good = 0
    for checkpoint in checkpoints:
        upto = min(checkpoint.size, len(events))
        leaves = [merkle.leaf(bytes.fromhex(event.hash)) for event in events[done:upto]]
        peaks, done = merkle.grown(peaks, done, leaves), upto
        root = merkle.root_of(peaks).hex()
        flaw = _history_flaw(workspace, events, checkpoint, root=root, good=good)
        excuse = _excuse(events, checkpoint) if flaw else None
        if excuse:
            notices.append(excuse)
        elif flaw and not any(flaw.wrong == told.wrong for told in found):
            found.append(flaw)  # the first of its kind says where; the later ones follow from it
        good = good if flaw else checkpoint.size
    return found


def _history_flaw(
    workspace: str, events: Sequence[Event], checkpoint: Checkpoint, *, root: str, good: int
) -> Flaw | None:
    size, name = checkpoint.size, f"checkpoint of {moment(checkpoint.at)}"
    if checkpoint.origin != origin_of(workspace):
        text = f"The {name} is of {checkpoint.origin}, not of {origin_of(workspace)}."
        return Flaw(wrong=Wrong.FOREIGN, text=text)
    if size > len(events):
        text = f"Cut off: the {name} counts {size} events; {len(events)} are here."
        return Flaw(wrong=Wrong.CUT, text=text, seq=size)
    end = events[size - 1].hash if size else begin(workspace).hash
    if (root, end) != (checkpoint.root, checkpoint.head):
        text = f"The ledger was rewritten in {numbers(good + 1, size)}: the {name} signed another history."
        return Flaw(wrong=Wrong.REWRITTEN, text=text, seq=size)
    return None


def _excuse(events: Iterable[Event], checkpoint: Checkpoint) -> str | None:
    for event in events:
        if event.kind == RESTORED and _covers(event, checkpoint.size):
            gone = numbers(int(str(event.payload["from"])), int(str(event.payload["to"])))
            return f"A backup was put back, which lost {gone}; event {event.seq} says so."
    return None


def _covers(event: Event, size: int) -> bool:
    first, last = event.payload.get("from"), event.payload.get("to")
    return isinstance(first, int) and isinstance(last, int) and first <= size <= last
