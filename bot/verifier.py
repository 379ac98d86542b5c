"""Check a certificate of Muster. One file, standard library only, no network: it is copied into every certificate.

    python verify.py FOLDER [--key FILE]... [--checkpoint FILE]

It says what is wrong, or that nothing is; whose signature it is can only be said with the public key from outside
the folder. Exit 0: nothing is wrong and the signer was checked; 1: something is wrong; 2: it cannot tell, because the
signer was not checked or a file is not there.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

FORMAT, VERSION = "muster-certificate-1", 1
LARGEST = 2**53 - 1
SPKI_START = bytes.fromhex("302a300506032b6570032100")  # RFC 8410


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong, in a sentence."""

    wrong: str
    text: str
    seq: int | None = None


@dataclass(frozen=True)
class Report:
    """What checking a certificate found."""

    flaws: tuple[Flaw, ...]
    signer: str | None = None  # id of the key that was given and fits; None: not checked
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """What a program should make of it."""
        return 1 if self.flaws else 0 if self.signer else 2

    def lines(self) -> list[str]:
        """Say it to a person."""
        if self.flaws:
            return [
                f"Something is wrong with this certificate ({len(self.flaws)}):",
                *(f"- {each.text}" for each in self.flaws),
            ]
        ours = [event for event in self.body["events"] if event["launch"] == self.body["launch"]]
        size = self.body["checkpoint"].split("\n")[1]
        start = f"{len(ours)} events of launch {self.body['launch']}, in a ledger of {size} events of {self.body['workspace']}."
        if self.signer:
            return [start, f"Nothing was altered. Key {self.signer} signed it."]
        key = f"It names key {self.body['key']}. Give the public key from outside this folder with --key."
        return [start, f"Consistent, signer not checked. {key}"]


class Unreadable(ValueError):  # noqa: N818 - it says what the file is
    """What was given is not written as it must be."""


# Ed25519, RFC 8032, 5.1 and 6

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _added(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _added(result, point)
        point = _added(point, point)
        number >>= 1
    return result


def _x_of(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x


def _point(written: bytes) -> Point | None:
    number = int.from_bytes(written, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _x_of(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signature_fits(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify an Ed25519 signature."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _point(public), _point(signature[:32])
    factor = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or factor >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    one, two = _times(factor, BASE), _added(nonce, _times(challenge, key))
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


# Reading


def canonical(value: Any) -> str:
    """Write JSON in the form of RFC 8785; numbers are whole."""
    if isinstance(value, dict):
        in_order = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(each)}" for key, each in in_order) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST:
        raise Unreadable(f"the number {digits[:20]} is too large")
    return int(digits)


def _refused(number: str) -> Any:
    raise Unreadable(f"{number} is no whole number")


def parsed(written: bytes) -> dict[str, Any]:
    """Read a certificate; its bytes must be the one form that its values have."""
    try:
        text = written.decode()
        body = json.loads(text, parse_int=_whole, parse_float=_refused, parse_constant=_refused)
        same = canonical(body) == text
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON of a certificate ({error})") from error
    if not same:
        raise Unreadable(
            "it is not in the one form that a certificate has: a name stands twice or bytes were added"
        )
    return _shaped(body)


TEXT, NUMBER, LIST, OBJECT = str, int, list, dict
CERTIFICATE = {
    "format": TEXT, "workspace": TEXT, "launch": TEXT, "key": TEXT, "checkpoint": TEXT, "seal": TEXT,
    "events": LIST, "texts": OBJECT, "names": OBJECT,
}  # fmt: skip
EVENT = {
    "version": NUMBER, "seq": NUMBER, "at": TEXT, "launch": TEXT, "kind": TEXT, "actor": TEXT, "payload": OBJECT,
    "payload_hash": TEXT, "before": NUMBER, "prev_hash": TEXT, "hash": TEXT, "proof": LIST,
}  # fmt: skip


def _shaped(body: Any) -> dict[str, Any]:
    if isinstance(body, dict) and body.get("format") != FORMAT:
        raise Unreadable(f"its format is {body.get('format')!r}; this program knows {FORMAT}")
    _has(body, CERTIFICATE, "the certificate")
    for number, event in enumerate(body["events"], 1):
        _has(event, EVENT, f"entry {number} of the events")
        for each in (event["payload_hash"], event["prev_hash"], event["hash"], *event["proof"]):
            _hex(each, 64, f"a hash of event {event['seq']}")
    for id, kept in body["texts"].items():
        _has(kept, {"salt": TEXT, "text": TEXT}, f"text {id}")
        _hex(kept["salt"], 32, f"the salt of text {id}")
    for pid, kept in body["names"].items():
        _has(kept, {"salt": TEXT, "user": TEXT, "name": TEXT}, f"name {pid}")
        _hex(kept["salt"], 32, f"the salt of name {pid}")
    return dict(body)


def _has(value: Any, fields: Mapping[str, type], what: str) -> None:
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise Unreadable(f"{what} has other fields than {', '.join(fields)}")
    for name, kind in fields.items():
        if type(value[name]) is not kind:
            raise Unreadable(f"{name} of {what} is not what it must be")


def _hex(value: Any, digits: int, what: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        raise Unreadable(f"{what} is not written in {digits} digits")


def public_key(text: str) -> bytes:
    """Read a PEM file or its middle line; gives the 32 bytes."""
    try:
        der = base64.b64decode(
            "".join(re.sub("-----(BEGIN|END) PUBLIC KEY-----", "", text).split()), validate=True
        )
    except ValueError:
        der = b""
    if len(der) != 44 or not der.startswith(SPKI_START):
        raise Unreadable("the key is no public key of Muster; give the file ending in .pub")
    return der[12:]


def key_id(public: bytes) -> str:
    """Name a key."""
    return hashlib.sha256(SPKI_START + public).hexdigest()[:32]


# Events


def framed(*words: str) -> bytes:
    """Join words so that no two lists of words give the same bytes."""
    return b"".join(len(word.encode()).to_bytes(4, "big") + word.encode() for word in words)


def sha256(data: bytes) -> str:
    """Hash to hex."""
    return hashlib.sha256(data).hexdigest()


def event_hash(event: dict[str, Any]) -> str:
    """Hash an event as it must be."""
    words = (event["at"], event["launch"], event["kind"], event["actor"], event["payload_hash"])
    start = (f"muster-event-{event['version']}", str(event["seq"]))
    return sha256(framed(*start, *words, str(event["before"]), event["prev_hash"]))


def own_flaw(event: dict[str, Any]) -> Flaw | None:
    """Say what is wrong with an event by itself."""
    name, seq = named(event), event["seq"]
    if event["version"] != VERSION:
        return Flaw(
            "unknown_version",
            f"The {name} is of version {event['version']}; this program knows version {VERSION}.",
            seq,
        )
    if sha256(canonical(event["payload"]).encode()) != event["payload_hash"]:
        return Flaw("edited", f"The {name} was edited: its content does not fit its hash.", seq)
    if event_hash(event) != event["hash"] or not _is_moment(event["at"]):
        text = f"The {name} was edited: its number, time, launch, kind, person or links do not fit its hash."
        return Flaw("edited", text, seq)
    return None


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text) is not None


def named(event: dict[str, Any]) -> str:
    """Name an event as people find it again."""
    return f"event {event['seq']} ({event['kind']})"


def order_flaws(events: Sequence[dict[str, Any]]) -> Iterator[Flaw]:
    """Say which entries do not stand in their order, and whose neighbours name another."""
    for before, event in pairwise(events):
        if event["seq"] == before["seq"]:
            yield Flaw("doubled", f"The {named(event)} stands there twice.", event["seq"])
        elif event["seq"] < before["seq"]:
            yield Flaw(
                "swapped",
                f"The {named(event)} stands after {named(before)}: they were swapped.",
                event["seq"],
            )
    in_order = sorted({event["seq"]: event for event in events}.values(), key=lambda event: int(event["seq"]))
    for before, event in pairwise(in_order):
        known = {before["hash"], event_hash(before)}
        if event["seq"] == before["seq"] + 1 and event["prev_hash"] not in known:
            text = f"The {named(event)} does not follow {named(before)}: one of them was replaced."
            yield Flaw("replaced", text, event["seq"])


def launch_flaws(launch: str, events: Sequence[dict[str, Any]]) -> Iterator[Flaw]:
    """Say which events of the launch were left out, and which are of another."""
    ours = sorted(
        (event for event in events if event["launch"] == launch), key=lambda event: int(event["seq"])
    )
    last = 0
    for event in ours:
        if event["before"] != last:
            text = f"Left out before {named(event)}: event {event['before']} of this launch."
            yield Flaw("missing", text, event["seq"])
        last = event["seq"]
    for event in events:
        if event["launch"] not in (launch, ""):
            yield Flaw(
                "foreign", f"The {named(event)} is of another launch, {event['launch']}.", event["seq"]
            )


# Proofs and notes


def led_to(event: dict[str, Any], size: int) -> str | None:
    """Give the Merkle root that an event's proof leads to (RFC 9162, 2.1.3.2); None when it leads nowhere."""
    node, last = event["seq"] - 1, size - 1
    if not 0 <= node <= last:
        return None
    result = hashlib.sha256(b"\0" + bytes.fromhex(event["hash"])).digest()
    for each in map(bytes.fromhex, event["proof"]):
        if last == 0:
            return None
        left = node & 1 or node == last
        result = hashlib.sha256(b"\1" + (each + result if left else result + each)).digest()
        while left and not node & 1 and node:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return result.hex() if last == 0 else None


NOTE = re.compile(r"((?:[^\n]+\n)+)\n— ([^ \n+]+) ([A-Za-z0-9+/]+=*)\n")
CHECKPOINT = re.compile(
    r"(?P<origin>[^ \n+]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"head (?P<head>[0-9a-f]{64})\nat (?P<at>[^\n]+)\nkey (?P<key>[0-9a-f]{32})\n"
)
SEAL = re.compile(
    r'(?P<origin>[^ \n+]+)\nlaunch (?P<launch>"[^\n]*")\nevents (?P<events>[0-9]{1,16})\ndigest (?P<digest>[0-9a-f]{64})\n'
    r"root (?P<root>[0-9a-f]{64})\npage (?P<page>[0-9a-f]{64})\nat (?P<at>[^\n]+)\nkey (?P<key>[0-9a-f]{32})\n"
)


def read_note(written: str, form: re.Pattern[str], what: str) -> tuple[dict[str, str], str, bytes]:
    """Take a note apart: its lines, the text that was signed, and what signed it."""
    note = NOTE.fullmatch(written)
    lines = form.fullmatch(note[1]) if note else None
    if note is None or lines is None or note[2] != lines["origin"] or not _is_moment(lines["at"]):
        raise Unreadable(f"the {what} is not written as one")
    try:
        seal = base64.b64decode(note[3], validate=True)
    except ValueError:
        seal = b""
    if base64.b64encode(seal).decode() != note[3]:
        raise Unreadable(f"the signature of the {what} is not written as one")
    return lines.groupdict(), note[1], seal


def signature_flaw(
    lines: dict[str, str], *, text: str, seal: bytes, keys: dict[str, bytes], what: str
) -> Flaw | None:
    """Say why no given key stands behind a note."""
    if not keys:
        return None
    key = keys.get(lines["key"])
    if key is None:
        return Flaw(
            "wrong_key",
            f"The {what} is signed with key {lines['key']}; the key you gave is {', '.join(sorted(keys))}.",
        )
    hint = hashlib.sha256(lines["origin"].encode() + b"\n\x01" + key).digest()[:4]
    if seal[:4] != hint or not signature_fits(key, text.encode(), seal[4:]):
        text = (
            f"The signature of the {what} does not fit key {lines['key']}: {what} or signature was altered."
        )
        return Flaw("wrong_signature", text)
    return None


# The whole


def verify(
    written: bytes, *, keys: Iterable[bytes] = (), page: bytes | None = None, posted: str | None = None
) -> Report:
    """Check a certificate.

    keys     public keys from outside, 32 bytes each
    page     the page beside it that people read; None: not looked at
    posted   a checkpoint that somebody kept elsewhere, such as the one in the audit channel
    """
    known = {key_id(key): key for key in keys}
    try:
        body = parsed(written)
        found = list(_all_flaws(body, known, page, posted))
    except Unreadable as error:
        return Report((Flaw("unreadable", f"The certificate cannot be read: {error}."),))
    return Report(tuple(found), body["key"] if known and not found else None, body)


def _all_flaws(
    body: dict[str, Any], keys: dict[str, bytes], page: bytes | None, posted: str | None
) -> Iterator[Flaw]:
    checkpoint, text, signed = read_note(body["checkpoint"], CHECKPOINT, "checkpoint")
    seal, seal_text, sealed = read_note(body["seal"], SEAL, "seal")
    signatures = (
        signature_flaw(checkpoint, text=text, seal=signed, keys=keys, what="checkpoint"),
        signature_flaw(seal, text=seal_text, seal=sealed, keys=keys, what="seal"),
    )
    yield from (flaw for flaw in signatures if flaw)
    yield from _named_flaws(body, checkpoint, seal)
    yield from (flaw for event in body["events"] if (flaw := own_flaw(event)))
    yield from order_flaws(body["events"])
    yield from launch_flaws(body["launch"], body["events"])
    yield from _proof_flaws(body, checkpoint)
    yield from _seal_flaws(body, checkpoint, seal, page)
    yield from _kept_flaws(body)
    yield from _posted_flaws(checkpoint, posted)


def _named_flaws(body: dict[str, Any], checkpoint: dict[str, str], seal: dict[str, str]) -> Iterator[Flaw]:
    origin = f"muster/{quote(body['workspace'], safe='')}"
    for what, lines in (("checkpoint", checkpoint), ("seal", seal)):
        if lines["origin"] != origin:
            yield Flaw("foreign", f"The {what} is of {lines['origin']}, the certificate of {origin}.")
    if seal["key"] != body["key"]:
        yield Flaw("wrong_key", f"The seal names key {seal['key']}, the certificate key {body['key']}.")


def _proof_flaws(body: dict[str, Any], checkpoint: dict[str, str]) -> Iterator[Flaw]:
    root, size = base64.b64decode(checkpoint["root"]).hex(), int(checkpoint["size"])
    for event in body["events"]:
        if led_to(event, size) != root:
            text = f"The proof of {named(event)} does not lead to the checkpoint's root: it is not an event of that ledger."
            yield Flaw("wrong_proof", text, event["seq"])
        if event["seq"] == size and event["hash"] != checkpoint["head"]:
            yield Flaw(
                "rewritten", f"The {named(event)} is not the one that the checkpoint ends with.", event["seq"]
            )


def _seal_flaws(
    body: dict[str, Any], checkpoint: dict[str, str], seal: dict[str, str], page: bytes | None
) -> Iterator[Flaw]:
    ours = [event for event in body["events"] if event["launch"] == body["launch"]]
    together = sha256(b"".join(bytes.fromhex(event["hash"]) for event in ours))
    if seal["launch"] != canonical(body["launch"]):
        yield Flaw("foreign", f"The seal is of launch {seal['launch']}, the certificate of {body['launch']}.")
    if len(ours) < int(seal["events"]):
        last = named(ours[-1]) if ours else "the beginning"
        text = f"The seal counts {seal['events']} events of this launch; {len(ours)} are here, the last is {last}."
        yield Flaw("cut", text, ours[-1]["seq"] if ours else None)
    elif together != seal["digest"] or len(ours) != int(seal["events"]):
        yield Flaw("replaced", "The events are not the ones that the seal signed.")
    if seal["root"] != base64.b64decode(checkpoint["root"]).hex():
        yield Flaw("rewritten", "The seal was made over another ledger than the checkpoint.")
    if page is not None and sha256(page) != seal["page"]:
        yield Flaw("edited", "The page for reading was altered; the events above tell what is so.")


def _kept_flaws(body: dict[str, Any]) -> Iterator[Flaw]:
    said = set(_strings([[event["actor"], event["payload"]] for event in body["events"]]))
    for id, kept in body["texts"].items():
        if sha256(bytes.fromhex(kept["salt"]) + kept["text"].encode()) != id:
            yield Flaw("wrong_text", f"Text {id} was altered: it does not fit its id.")
        elif id not in said:
            yield Flaw("wrong_text", f"Text {id} belongs to no event here.")
    for pid, kept in body["names"].items():
        bound = framed(body["workspace"], kept["user"], kept["name"])
        if f"p_{sha256(bytes.fromhex(kept['salt']) + bound)[:32]}" != pid:
            yield Flaw("wrong_name", f"The name of {pid} was altered: it does not fit.")
        elif pid not in said:
            yield Flaw("wrong_name", f"The name of {pid} belongs to no event here.")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _posted_flaws(checkpoint: dict[str, str], posted: str | None) -> Iterator[Flaw]:
    if posted is None:
        return
    other, _text, _seal = read_note(posted, CHECKPOINT, "checkpoint from outside")
    if (other["origin"], other["size"]) != (checkpoint["origin"], checkpoint["size"]):
        text = f"The checkpoint from outside is of {other['origin']} with {other['size']} events; give the one with {checkpoint['size']}."
        yield Flaw("foreign", text)
    elif (other["root"], other["head"]) != (checkpoint["root"], checkpoint["head"]):
        yield Flaw(
            "rewritten",
            f"The ledger was rewritten: the checkpoint from outside has another root for {other['size']} events.",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the certificate in a folder and say what was found."""
    parser = argparse.ArgumentParser(description="Check a certificate of Muster.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    parser.add_argument(
        "--key", type=Path, action="append", default=[], help="public key, from outside the folder"
    )
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept elsewhere")
    given = parser.parse_args(arguments)
    try:
        report = _checked(given.folder, given.key, given.checkpoint)
    except OSError as error:
        sys.stdout.write(
            f"This cannot be checked: {error.filename} cannot be read ({error.strerror}). "
            "Give the folder that `muster proof` wrote, and files that are there.\n"
        )
        return 2
    except ValueError as error:
        sys.stdout.write(f"This cannot be checked: {error}.\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in report.lines()))
    return report.exit_code


def _checked(folder: Path, keys: Sequence[Path], checkpoint: Path | None) -> Report:
    return verify(
        (folder / "certificate.json").read_bytes(),
        keys=[public_key(path.read_text("utf-8", errors="replace")) for path in keys],
        page=(folder / "certificate.html").read_bytes(),
        posted=None if checkpoint is None else _kept_outside(checkpoint),
    )


def _kept_outside(path: Path) -> str:
    """Read a checkpoint that was copied, perhaps without its last line feed; one that is none says nothing of the ledger."""
    written = path.read_text("utf-8-sig", errors="replace").strip() + "\n"
    read_note(written, CHECKPOINT, "checkpoint from outside")
    return written


if __name__ == "__main__":
    sys.exit(main())
