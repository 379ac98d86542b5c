"""Ledgers for tests: the vectors that a second implementation made, two keys, and checkpoints over any events."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schema import merkle
from schema.checkpoints import Checkpoint, SigningKey, origin_of, signed_checkpoint
from schema.ledger import Event, begin

FOLDER = Path(__file__).parent / "vectors" / "ledger"
VECTORS: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text("utf-8"))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = datetime.fromisoformat(VECTORS["at"])
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["key"]["seed"])))
OTHER_KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(b"\7" * 32))


def events_of_vectors() -> tuple[Event, ...]:
    """Give the events as the other program wrote them; nothing is computed here."""
    return tuple(Event(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in VECTORS["events"])


def checkpoint(workspace: str, events: Sequence[Event], *, key: SigningKey = KEY, at: datetime = AT) -> str:
    """Sign a ledger of these events."""
    leaves = [merkle.leaf(bytes.fromhex(event.hash)) for event in events]
    made = Checkpoint(
        origin=origin_of(workspace),
        size=len(events),
        root=merkle.root(leaves).hex(),
        head=events[-1].hash if events else begin(workspace).hash,
        at=at,
    )
    return signed_checkpoint(made, key)
