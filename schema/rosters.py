"""Rosters: who held which role of a product when, as entries of the ledger."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schema.launches import EventKind
from schema.ledger import SYSTEM, Draft, Event
from schema.products import Role

MEMBERSHIP: Final = "membership"

Roster = Mapping[Role, frozenset[str]]  # pids


def roster(events: Iterable[Event], product: str) -> Roster:
    """Read who held a product's roles after these events, oldest first."""
    found: dict[Role, frozenset[str]] = {}
    for event in events:
        said: Mapping[str, Any] = event.payload
        if (
            event.kind == EventKind.AUDIT
            and said.get("what") == MEMBERSHIP
            and said.get("product") == product
        ):
            role = Role(said["role"])
            found[role] = found.get(role, frozenset()) - set(said["left"]) | set(said["joined"])
    return found


def entry(product: str, role: Role, *, joined: Iterable[str], left: Iterable[str]) -> Draft:
    """Write who came to a role and who left it."""
    payload = {
        "what": MEMBERSHIP, "product": product, "role": role.value, "joined": sorted(joined), "left": sorted(left),
    }  # fmt: skip
    return Draft(kind=EventKind.AUDIT, actor=SYSTEM, payload=payload)
