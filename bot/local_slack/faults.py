"""Slack's failures, switched on and off while it runs: so many times, or with a probability from a seeded generator."""

import random
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong.

    On Web API calls and response URLs (`on` names the method, "response_url", or "*"):
        RATE_LIMITED    429 with Retry-After of `seconds`
        ERROR           ok false with `error`, the work not done
        STATUS_BEFORE   `status` with a text body, the work not done
        STATUS_AFTER    the work done, then `status` with a text body
        HTML            200 with an HTML page, the work not done
        SLOW            `seconds` late
        DROP_BEFORE     the connection cut, the work not done
        DROP_AFTER      the work done, then the connection cut
        APPEARS_LATE    the caller hears nothing; the work is done `seconds` after the call came
        SHORT           history and replies give at most `limit` messages a page
    On deliveries (`on` names the event, command or interaction type, or "*"):
        DOUBLED         delivered twice, same event_id
        DOUBLED_NEW_ID  delivered twice, the second with another event_id
        DELAYED         `seconds` late
        LOST            never delivered
        WRONG_SIGNATURE, OLD_TIMESTAMP, ODD_TIMESTAMP    signed HTTP only
        TRIGGER_EXPIRED the trigger_id is too old at once
    On Socket Mode (`on` "socket"):
        REFUSE_TICKET   the socket is refused with 408 though its ticket was good
    """

    RATE_LIMITED = "rate_limited"
    ERROR = "error"
    STATUS_BEFORE = "status_before"
    STATUS_AFTER = "status_after"
    HTML = "html"
    SLOW = "slow"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    APPEARS_LATE = "appears_late"
    SHORT = "short"
    DOUBLED = "doubled"
    DOUBLED_NEW_ID = "doubled_new_id"
    DELAYED = "delayed"
    LOST = "lost"
    WRONG_SIGNATURE = "wrong_signature"
    OLD_TIMESTAMP = "old_timestamp"
    ODD_TIMESTAMP = "odd_timestamp"
    TRIGGER_EXPIRED = "trigger_expired"
    REFUSE_TICKET = "refuse_ticket"


CALL_FAULTS = frozenset(
    {
        FaultKind.RATE_LIMITED,
        FaultKind.ERROR,
        FaultKind.STATUS_BEFORE,
        FaultKind.STATUS_AFTER,
        FaultKind.HTML,
        FaultKind.SLOW,
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
        FaultKind.APPEARS_LATE,
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    kind: FaultKind
    on: str = "*"
    times: int | None = None  # None: until it is removed
    skip: int = 0  # let so many pass first
    probability: float = 1.0
    team: str = "*"
    channel: str = "*"
    seconds: float = 1.0
    status: int = 500
    error: str = "internal_error"
    limit: int = 15
    struck: int = 0

    def meets(self, on: str, *, team: str, channel: str) -> bool:
        return self.on in ("*", on) and self.team in ("*", team) and self.channel in ("*", channel)


@dataclass(slots=True)
class FaultBook:
    seed: int = 1
    active: list[Fault] = field(default_factory=list)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a repeatable accident, not a secret

    def add(self, fault: Fault) -> Fault:
        self.active.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        if fault in self.active:
            self.active.remove(fault)

    def clear(self, seed: int | None = None) -> None:
        self.active.clear()
        if seed is not None:
            self._random.seed(seed)

    def strike(
        self, kinds: frozenset[FaultKind], on: str, *, team: str = "", channel: str = ""
    ) -> Fault | None:
        """Take the first active fault of these kinds that meets this call, and count it."""
        for fault in self.active:
            if fault.kind in kinds and fault.meets(on, team=team, channel=channel) and self._falls(fault):
                return fault
        return None

    def _falls(self, fault: Fault) -> bool:
        if fault.times == 0:
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.probability < 1.0 and self._random.random() >= fault.probability:
            return False
        if fault.times is not None:
            fault.times -= 1
        fault.struck += 1
        return True
