"""Certificates: what one launch's events prove to a reader who has neither Slack nor our database."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from schema import merkle
from schema.checkpoints import SigningKey, origin_of, read_checkpoint, signed
from schema.errors import Refusal
from schema.ledger import Event, Json, canonical, moment, plain_json

FORMAT: Final = "muster-certificate-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptText:
    """A free text with the salt that makes its id."""

    salt: bytes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptName:
    """Whom a pid means, with the salt that makes it."""

    salt: bytes
    user: str  # id in Slack
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLedger:
    """A checkpoint and what it stands over."""

    checkpoint: str  # signed note
    hashes: Sequence[bytes]  # of every event up to the checkpoint's size


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A launch's events, the events of the workspace that they rest on, and what binds them to a signature."""

    workspace: str
    launch: str
    key: str  # id of the key that signed; the key itself must come from elsewhere
    checkpoint: str  # signed note: the whole ledger
    seal: str  # signed note: how many events this launch has, so that none can be left out at the end
    events: tuple[Event, ...]
    proofs: Mapping[int, tuple[bytes, ...]] = field(hash=False)  # by seq
    texts: Mapping[str, KeptText] = field(default_factory=dict, hash=False)  # by id
    names: Mapping[str, KeptName] = field(default_factory=dict, hash=False)  # by pid

    def showing(self, *, texts: Mapping[str, KeptText], names: Mapping[str, KeptName]) -> Self:
        """Add what its reader may see; texts and names prove themselves by their salts."""
        return replace(self, texts=dict(texts), names=dict(names))


def certified(
    workspace: str,
    launch: str,
    *,
    events: Sequence[Event],
    ledger: SignedLedger,
    page: bytes,
    key: SigningKey,
    at: datetime,
) -> Certificate:
    """Certify a launch, without texts and names yet.

    events   all of the launch, and those of the workspace that it rests on
    page     what people read of this certificate; the seal covers it
    """
    read = read_checkpoint(ledger.checkpoint)
    if read is None or read[0].origin != origin_of(workspace):
        raise Refusal(f"This is no checkpoint of {workspace}; take the one that its audit channel shows.")
    size = read[0].size
    if len(ledger.hashes) != size or any(event.seq > size for event in events):
        raise Refusal(
            "The newest checkpoint is older than this launch's last event; make a checkpoint first."
        )
    leaves = [merkle.leaf(each) for each in ledger.hashes]
    by_index = merkle.proofs(leaves, [event.seq - 1 for event in events])
    text = sealed_text(workspace, launch, events=events, root=read[0].root, page=page, at=at)
    return Certificate(
        workspace=workspace,
        launch=launch,
        key=key.public.id,
        checkpoint=ledger.checkpoint,
        seal=signed(text, origin_of(workspace), key),
        events=tuple(sorted(events, key=lambda event: event.seq)),
        proofs={index + 1: path for index, path in by_index.items()},
    )


def sealed_text(
    workspace: str, launch: str, *, events: Iterable[Event], root: str, page: bytes, at: datetime
) -> str:
    """Write what the seal signs of a launch; the line of the key follows it."""
    ours = sorted((event for event in events if event.launch == launch), key=lambda event: event.seq)
    together = hashlib.sha256(b"".join(bytes.fromhex(event.hash) for event in ours)).hexdigest()
    lines = (
        origin_of(workspace),
        f"launch {canonical(launch).decode()}",  # on one line, whatever it holds
        f"events {len(ours)}",
        f"digest {together}",
        f"root {root}",
        f"page {hashlib.sha256(page).hexdigest()}",
        f"at {moment(at)}",
    )
    return "".join(f"{line}\n" for line in lines)


def written(certificate: Certificate) -> bytes:
    """Write a certificate in its one form, so that no byte of it can change unnoticed."""
    return canonical(
        {
            "format": FORMAT,
            "workspace": certificate.workspace,
            "launch": certificate.launch,
            "key": certificate.key,
            "checkpoint": certificate.checkpoint,
            "seal": certificate.seal,
            "events": [_event_body(each, certificate.proofs[each.seq]) for each in certificate.events],
            "texts": {
                id: {"salt": kept.salt.hex(), "text": kept.text} for id, kept in certificate.texts.items()
            },
            "names": {
                pid: {"salt": kept.salt.hex(), "user": kept.user, "name": kept.name}
                for pid, kept in certificate.names.items()
            },
        }
    )


def event_body(event: Event) -> dict[str, Json]:
    """Give an event as JSON has it."""
    return {
        "version": event.version,
        "seq": event.seq,
        "at": moment(event.at),
        "launch": event.launch,
        "kind": event.kind,
        "actor": event.actor,
        "payload": plain_json(event.payload),
        "payload_hash": event.payload_hash,
        "before": event.before,
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }


def _event_body(event: Event, proof: Sequence[bytes]) -> dict[str, Json]:
    return {**event_body(event), "proof": [each.hex() for each in proof]}


def referred(events: Iterable[Event]) -> frozenset[str]:
    """Collect every text that an event's payload holds, and who acted: among them ids of texts and pids."""
    found: set[str] = set()
    for event in events:
        found.add(event.actor)
        _collect(event.payload, found)
    return frozenset(found)


def _collect(value: Json, found: set[str]) -> None:
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            _collect(each, found)
    elif isinstance(value, Sequence):
        for each in value:
            _collect(each, found)
