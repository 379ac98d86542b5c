"""What events tell of people's words: who said what to which item."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from schema.launches import EventKind
from schema.ledger import Event
from schema.products import Role
from schema.votes import Intent, Vote

_K = EventKind
INTENTS: Final[Mapping[str, Intent]] = {
    _K.SIGNED: Intent.SIGN,
    _K.OBJECTED: Intent.OBJECT,
    _K.NOT_APPLICABLE: Intent.NOT_APPLICABLE,
    _K.COMMENTED: Intent.COMMENT,
    _K.TAKEN_BACK: Intent.TAKE_BACK,
}
SIGNED: Final = frozenset({Intent.SIGN, Intent.NOT_APPLICABLE})
KIND_OF: Final[Mapping[Intent, EventKind]] = {intent: EventKind(kind) for kind, intent in INTENTS.items()}

_ROLES: Final = {role.value: role for role in Role}


def vote_of(event: Event) -> Vote:
    """Read what somebody said from its event."""
    said: Mapping[str, Any] = event.payload
    return Vote(
        seq=event.seq,
        at=event.at,
        revision=said["n"],
        item=said["item"],
        pid=event.actor,
        roles=frozenset([_ROLES[role] for role in said["roles"]]),
        intent=INTENTS[event.kind],
        digest=said["digest"],
        showing=said["showing"],
        text=said["text"],
        principal=said["principal"],
        through=tuple(said["through"]),
        self_approved=said["self_approved"],
    )


def carried_vote(event: Event) -> Vote:
    """Read an objection that was made to an earlier launch from the event that lets it stand in this one."""
    said: Mapping[str, Any] = event.payload
    return Vote(
        seq=said["objection"],
        at=datetime.fromisoformat(said["objected_at"]),
        revision=said["n"],
        item=said["item"],
        pid=said["objector"],
        roles=frozenset([_ROLES[role] for role in said["roles"]]),
        intent=Intent.OBJECT,
        digest=said["digest"],
        showing=said["showing"],
        text=said["text"],
        principal=said["principal"],
        through=tuple(said["through"]),
        launch=said["earlier"],
    )
