"""What is refused to somebody who tried, with a short code for the ledger."""

from enum import StrEnum

from schema.errors import Refusal


class Code(StrEnum):
    """Why something was refused."""

    BARRED = "barred"  # a guest, a bot, another company's person, a deactivated account, somebody unknown
    NO_ROLE = "no_role"
    NO_RIGHT = "no_right"
    SELF = "self"  # the requester, by whatever way
    STALE = "stale"  # a click on what has changed since
    STATE = "state"  # the launch is not in a state that takes it
    ENDED = "ended"
    LATE = "late"  # after the deadline
    BANNED = "banned"  # a banned practice is possible, and ETH-01 is unsigned
    UNKNOWN_ITEM = "unknown_item"
    NOT_THIS_ITEM = "not_this_item"  # such as a waiver of a hard item
    NO_REASON = "no_reason"
    NOTHING = "nothing"  # nothing to take back, nothing to override
    LIMIT = "limit"  # longer, older or more than the rules allow
    MANIFEST = "manifest"
    MOVING = "moving"  # a name that may mean something else tomorrow
    NOBODY = "nobody"  # a seat that nobody can fill
    CLOSED = "closed"  # the gate is closed
    OTHER_MANIFEST = "other_manifest"
    DELEGATION = "delegation"
    POLICY = "policy"


class Declined(Refusal):
    """A refusal with its code; the text is one sentence and says what would work."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
