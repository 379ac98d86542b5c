"""The named steps at which the process is killed: events of its own log, and what makes the rare ones come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.local_slack.faults import FaultKind

POST = "chat.postMessage"
LOOKS = ("conversations.history", "conversations.replies")
NO_SCOPE: Mapping[str, Any] = {"error": "missing_scope"}
REFUSED: Mapping[str, Any] = {**NO_SCOPE, "probability": 0.5}
BUSY: Mapping[str, Any] = {"seconds": 5, "probability": 0.5}
CUT: Mapping[str, Any] = {"probability": 0.5}
SLOWLY: Mapping[str, Any] = {"seconds": 4}  # below the time-out of a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One moment to die at.

    often   it comes with every message: any of them will do
    locked  from this event on nothing can be written down, so that death comes surely between Slack's yes and its record
    fault   strikes until the process is dead, on these calls
    """

    event: str
    often: bool = False
    locked: str = ""
    fault: FaultKind | None = None
    on: tuple[str, ...] = (POST,)
    fields: Mapping[str, Any] = field(default_factory=dict)


STEPS = (
    Step(event="ready"),
    Step(event="lease_taken"),
    Step(event="part_begun", often=True),
    Step(event="part_posted", locked="part_begun", fault=FaultKind.SLOW, fields=SLOWLY),
    Step(event="part_searched", fault=FaultKind.DROP_AFTER, fields=CUT),
    Step(event="part_sent", often=True),
    Step(event="part_put_off", fault=FaultKind.RATE_LIMITED, fields=BUSY),
    Step(event="part_unsure", fault=FaultKind.DROP_AFTER, fields=CUT),
    Step(event="part_unknown", fault=FaultKind.ERROR, on=LOOKS, fields=REFUSED),
    Step(event="delivery_settled", often=True),
    Step(event="effects_taken"),
    Step(event="effect_posted", locked="effects_taken", fault=FaultKind.SLOW, fields=SLOWLY),
    Step(event="effect_searched", fault=FaultKind.DROP_AFTER, fields=CUT),
    Step(event="effect_sent"),
    Step(event="effect_put_off", fault=FaultKind.RATE_LIMITED, fields=BUSY),
    Step(event="effect_unsure", fault=FaultKind.DROP_AFTER, fields=CUT),
)
