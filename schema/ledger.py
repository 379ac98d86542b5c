"""The ledger: one chain of decisions per workspace, each bound by its hash to all before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

import rfc8785

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

VERSION: Final = 1
SYSTEM: Final = "system"  # who acts when a clock or a check does
LARGEST: Final = 2**53 - 1  # the largest integer that every JSON reader keeps whole
SALT_BYTES: Final = 16
_PID_DIGITS: Final = 32


class NotCanonical(ValueError):  # noqa: N818 - it says what the value is
    """A value that has no one canonical form, such as a float; a defect of the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it has a place in the chain."""

    kind: str
    launch: str = ""  # "" for what concerns the workspace
    actor: str  # pid, or SYSTEM
    payload: Mapping[str, Json] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, for good; hashes are lower-case hex of SHA-256."""

    seq: int  # from 1, without gaps
    at: datetime
    launch: str
    kind: str
    actor: str
    payload: Mapping[str, Json] = field(hash=False)
    payload_hash: str
    before: int  # seq of the same launch's event before this one; 0 for its first
    prev_hash: str
    hash: str
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain ends; `last` holds each launch's newest seq, as far as the next events need it."""

    seq: int
    hash: str
    last: Mapping[str, int] = field(default_factory=dict, hash=False)


def begin(workspace: str) -> Head:
    """Give the head of an empty chain; it differs by workspace, so that no event fits into another's chain."""
    return Head(seq=0, hash=hashlib.sha256(_framed("muster-ledger-1", workspace)).hexdigest())


def chain(head: Head, drafts: Iterable[Draft], at: datetime) -> tuple[Event, ...]:
    """Put drafts behind the head, in their order."""
    events: list[Event] = []
    for draft in drafts:
        event = _placed(head, draft, at.astimezone(UTC))
        head = grown(head, (event,))
        events.append(event)
    return tuple(events)


def grown(head: Head, events: Sequence[Event]) -> Head:
    """Give the head after these events."""
    if not events:
        return head
    last = {**head.last, **{event.launch: event.seq for event in events}}
    return Head(seq=events[-1].seq, hash=events[-1].hash, last=last)


def _placed(head: Head, draft: Draft, at: datetime) -> Event:
    payload = plain_json(draft.payload)
    assert isinstance(payload, dict)
    event = Event(
        seq=head.seq + 1,
        at=at,
        launch=_word(draft.launch),
        kind=_word(draft.kind),
        actor=_word(draft.actor),
        payload=payload,
        payload_hash=hashlib.sha256(written(payload)).hexdigest(),
        before=head.last.get(draft.launch, 0),
        prev_hash=head.hash,
        hash="",
    )
    return replace(event, hash=event_hash(event))


def event_hash(event: Event) -> str:
    """Hash an event as it must be: every field with its length before it, the payload by its hash."""
    framed = _framed(
        f"muster-event-{event.version}",
        str(event.seq),
        moment(event.at),
        event.launch,
        event.kind,
        event.actor,
        event.payload_hash,
        str(event.before),
        event.prev_hash,
    )
    return hashlib.sha256(framed).hexdigest()


def _framed(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    return b"".join(len(each).to_bytes(4, "big") + each for each in encoded)


def moment(at: datetime) -> str:
    """Write a time as the ledger does: UTC, microseconds, one width."""
    if at.utcoffset() is None:
        raise NotCanonical(f"{at.isoformat()} has no zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _word(text: str) -> str:
    # a database would replace these, and the hash would no longer fit
    if "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)):
        raise NotCanonical(f"{text!r} holds a character that no database keeps")
    return str(text)


def canonical(value: Json) -> bytes:
    """Write a value in the one form of RFC 8785; refuses floats, which readers round differently."""
    return written(plain_json(value))


def written(plain: Json) -> bytes:
    """Write what `plain_json` gave, such as an event's payload, in its canonical form."""
    text = _ENCODER.encode(plain)
    return text.encode() if text.isascii() else rfc8785.dumps(plain)


# Python's own encoder is ten times as fast, and differs only in how it sorts keys beyond ASCII.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: Json) -> str:
    """Hash a value's canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def plain_json(value: Json) -> Json:
    """Copy a value into plain lists and dicts; refuses what JSON readers do not agree on."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _character_safe(value)
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, Mapping):
        return {_key(key): plain_json(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain_json(each) for each in value]
    raise NotCanonical(f"{type(value).__name__} is no value of the ledger; write numbers as text")


def _character_safe(text: str) -> str:
    if text.isascii():
        return str(text)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(f"{text!r} holds half a character") from error
    return str(text)


def _whole(number: int) -> int:
    if abs(number) > LARGEST:
        raise NotCanonical(f"{number} is too large for JSON; write it as text")
    return int(number)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotCanonical(f"{key!r} is no name of a field")
    return _character_safe(key)


def text_id(salt: bytes, text: str) -> str:
    """Give the id by which an event refers to free text that lies beside the chain."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def person_id(salt: bytes, workspace: str, *, user: str, name: str) -> str:
    """Give a person's pid; who has the salt can prove whom it means, nobody else can find out."""
    bound = hashlib.sha256(salt + _framed(workspace, user, name)).hexdigest()
    return f"p_{bound[:_PID_DIGITS]}"
