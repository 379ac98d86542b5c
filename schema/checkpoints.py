"""Signed notes: what a workspace's ledger was at a moment, for places that its operator cannot quietly rewrite.

The form is C2SP's signed note (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, both seen
2026-11-23): origin, size and root, then our own lines, an empty line, and the signature.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schema.errors import Refusal
from schema.flaws import Flaw, Wrong
from schema.ledger import moment

SPKI_START: Final = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes
KEY_BYTES: Final = 32
_ED25519: Final = b"\x01"  # C2SP's number of the algorithm
_HINT_BYTES: Final = 4
_ARMOUR: Final = re.compile(r"-----(BEGIN|END) PUBLIC KEY-----")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks a signature."""

    raw: bytes  # 32 bytes

    @property
    def der(self) -> bytes:
        """The key as OpenSSL's DER has it."""
        return SPKI_START + self.raw

    @property
    def id(self) -> str:
        """Name the key: the first 32 digits of the SHA-256 of its DER form."""
        return hashlib.sha256(self.der).hexdigest()[:32]

    @property
    def text(self) -> str:
        """Write the key on one line; it is the middle line of its PEM file."""
        return base64.b64encode(self.der).decode()

    @property
    def pem(self) -> str:
        """Write the key as OpenSSL reads it."""
        return f"-----BEGIN PUBLIC KEY-----\n{self.text}\n-----END PUBLIC KEY-----\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a PEM file or its middle line."""
        try:
            der = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
        except (binascii.Error, ValueError):
            der = b""
        if not der.startswith(SPKI_START) or len(der) != len(SPKI_START) + KEY_BYTES:
            raise Refusal(
                "This is no public key of Muster; give the file ending in .pub that `muster key new` wrote."
            )
        return cls(der[len(SPKI_START) :])

    def fits(self, signature: bytes, text: str) -> bool:
        """Tell whether this key's owner signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs; it never shows itself."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The half that anybody may have."""
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return PublicKey(self.private.public_key().public_bytes(*raw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A ledger at a moment: how many events, their Merkle root, the hash of the last."""

    origin: str
    size: int
    root: str  # hex
    head: str  # hex; of the empty ledger its beginning
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that was signed, read but not yet believed."""

    text: str  # ends with a line feed
    name: str  # whom the signature line names
    hint: bytes
    signature: bytes


def origin_of(workspace: str) -> str:
    """Name a workspace's ledger; without spaces and plus signs, as signed notes want it."""
    return f"muster/{quote(workspace, safe='')}"


def text_of(checkpoint: Checkpoint) -> str:
    """Write what is signed."""
    root = base64.b64encode(bytes.fromhex(checkpoint.root)).decode()
    lines = (
        checkpoint.origin,
        str(checkpoint.size),
        root,
        f"head {checkpoint.head}",
        f"at {moment(checkpoint.at)}",
    )
    return "".join(f"{line}\n" for line in lines)


def signed(text: str, name: str, key: SigningKey) -> str:
    """Sign a text of whole lines; the key's id is one of them."""
    body = f"{text}key {key.public.id}\n"
    sealed = hint(name, key.public) + key.private.sign(body.encode())
    return f"{body}\n— {name} {base64.b64encode(sealed).decode()}\n"


def signed_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Write a checkpoint as a note that can be posted."""
    return signed(text_of(checkpoint), checkpoint.origin, key)


def hint(name: str, key: PublicKey) -> bytes:
    """Give C2SP's four bytes that tell keys of one name apart; they prove nothing."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:_HINT_BYTES]


_SIGNED: Final = re.compile(r"(?P<text>(?:[^\n]+\n)+)\n— (?P<name>[^ \n+]+) (?P<seal>[A-Za-z0-9+/]+=*)\n")
_CHECKPOINT: Final = re.compile(
    r"(?P<origin>[^ \n+]+)\n(?P<size>0|[1-9][0-9]*)\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"head (?P<head>[0-9a-f]{64})\nat (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)\n"
    r"key (?P<key>[0-9a-f]{32})\n"
)


def read_note(written: str) -> Note | None:
    """Take a note apart; None when it is not written as one."""
    found = _SIGNED.fullmatch(written)
    if found is None:
        return None
    try:
        seal = base64.b64decode(found["seal"], validate=True)
    except binascii.Error:
        return None
    if base64.b64encode(seal).decode() != found["seal"]:
        return None  # two spellings of one signature
    return Note(text=found["text"], name=found["name"], hint=seal[:_HINT_BYTES], signature=seal[_HINT_BYTES:])


def key_of(note: Note) -> str:
    """Give the id of the key that a note names; its last line."""
    return note.text.rstrip("\n").rpartition("\nkey ")[2]


def read_checkpoint(written: str) -> tuple[Checkpoint, str] | None:
    """Read a checkpoint and the id of the key that it names; who signed it is not looked at here."""
    note = read_note(written)
    found = _CHECKPOINT.fullmatch(note.text) if note is not None else None
    if note is None or found is None or note.name != found["origin"]:
        return None
    try:
        at = datetime.fromisoformat(found["at"])
        root = base64.b64decode(found["root"], validate=True)
    except ValueError:
        return None
    if base64.b64encode(root).decode() != found["root"]:
        return None
    size = int(found["size"])
    checkpoint = Checkpoint(origin=found["origin"], size=size, root=root.hex(), head=found["head"], at=at)
    return checkpoint, found["key"]


def unsigned_by(note: Note, key_id: str, keys: Iterable[PublicKey]) -> Flaw | None:
    """Say why no given key stands behind a note; without keys there is nothing to say."""
    known = {key.id: key for key in keys}
    if not known:
        return None
    key = known.get(key_id)
    if key is None:
        text = f"The note is signed with key {key_id}; the key you gave is {', '.join(sorted(known))}."
        return Flaw(wrong=Wrong.WRONG_KEY, text=text)
    if note.hint != hint(note.name, key) or not key.fits(note.signature, note.text):
        text = f"The signature under the note of {note.name} does not fit key {key_id}: note or signature was altered."
        return Flaw(wrong=Wrong.WRONG_SIGNATURE, text=text)
    return None
