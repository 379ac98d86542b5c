"""Messages about gates to those who listen: what a change is, how it is signed, when it is tried again."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from schema.gates import Gate
from schema.launches import Launch
from schema.ledger import Json, digest
from schema.payloads import plain

KIND: Final = "gate.changed"
VERSION: Final = "v0"  # of the signature; the same scheme as Slack's (SLACK.md, signed requests)
DAY: Final = timedelta(days=1)  # then nobody is told any more, and the product's owners are
PAUSES_S: Final = (10, 30, 60, 300, 900, 1800, 3600)  # between attempts; the last one from then on
WORKING: Final = range(200, 300)  # what a listener answers who has it


def answer_of(launch: Launch, gate: Gate) -> dict[str, Json]:
    """Give what a change is a change of: reasons may vary without one."""
    return {
        "open": gate.open,
        "state": gate.state.value,
        "revision": launch.revisions[-1].n if launch.revisions else 0,
        "manifest": gate.manifest,
        "bypass_until": plain(gate.bypass_until),
    }


def worth_telling(before: Mapping[str, Json] | None, now: Mapping[str, Json]) -> bool:
    """Tell whether those who listen must know; a launch that is new and closed is nothing new to them."""
    if before is None:
        return now["open"] is not False or now["bypass_until"] is not None
    return dict(before) != dict(now)


def delivery_id(workspace: str, launch: str, number: int, *, listener: str) -> str:
    """Name one message to one listener; every attempt has the same name."""
    return digest(
        {"muster-webhook": 1, "workspace": workspace, "launch": launch, "number": number, "to": listener}
    )[:32]


def listener_id(address: str) -> str:
    """Name a listener without its address, which may hold a secret."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def signature(secret: str, timestamp: int, body: str) -> str:
    """Sign a message as Slack does."""
    base = f"{VERSION}:{timestamp}:{body}".encode()
    return f"{VERSION}={hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()}"


def again_at(due_at: datetime, now: datetime, attempt: int) -> datetime | None:
    """Say when to try again after so many attempts; None once a day has passed."""
    then = now + timedelta(seconds=PAUSES_S[min(attempt, len(PAUSES_S)) - 1])
    return then if then < due_at + DAY else None
