"""People who turn out to be one: events told by the pids that accounts share now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from schema.ledger import Event


def known_as(event: Event, same: Mapping[str, str]) -> Event:
    """Tell an event by the pids that people share now: two accounts that were linked later are one person throughout.

    same   by pid, the one that its person shares now
    """
    if not same:
        return event
    payload = {name: _named(name, value, same) for name, value in event.payload.items()}
    return replace(event, actor=same.get(event.actor, event.actor), payload=payload)


_PIDS: Final = frozenset(
    {"principal", "through", "owner", "delegate", "objector"}
)  # what a payload says of people


def _named(name: str, value: Any, same: Mapping[str, str]) -> Any:
    if name not in _PIDS:
        return value
    if isinstance(value, str):
        return same.get(value, value)
    return [same.get(each, each) for each in value] if isinstance(value, Sequence) else value
