"""What can be done to a launch besides signing: in which state what is offered, and how it is called."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from schema.launches import State


class Verb(StrEnum):
    """What somebody chose in the card's menu; old cards keep theirs, so a name is never given to something else."""

    REVISE = "revise"
    WITHDRAW = "withdraw"
    REJECT = "reject"
    WAIVE = "waive"
    OVERRIDE = "override"
    DELEGATE = "delegate"
    TIER = "tier"
    LAUNCHED = "launched"
    REVOKE = "revoke"
    BREAK_GLASS = "break_glass"
    REVIEW_BYPASS = "review_bypass"
    REBASE = "rebase"
    UNDELEGATE = "undelegate"
    OTHER = "other"

    @property
    def words(self) -> str:
        """Say it as the menu does."""
        return WORDS[self]


WORDS: Final[Mapping[Verb, str]] = {
    Verb.REVISE: "Submit a new revision",
    Verb.WITHDRAW: "Withdraw it",
    Verb.REJECT: "Reject it for good",
    Verb.WAIVE: "Waive an item for a while",
    Verb.OVERRIDE: "Go on in spite of an objection",
    Verb.DELEGATE: "Let a colleague sign for me",
    Verb.TIER: "Change the risk tier",
    Verb.LAUNCHED: "It went out",
    Verb.REVOKE: "Revoke the approval",
    Verb.BREAK_GLASS: "Let it pass in an emergency",
    Verb.REVIEW_BYPASS: "Review the emergency",
    Verb.REBASE: "Move it to today's rules",
    Verb.UNDELEGATE: "Sign for myself again",
    Verb.OTHER: "Something else",
}
_S: Final = State
MENU: Final[Mapping[State, tuple[Verb, ...]]] = {  # at most four, and "something else"
    _S.CHECKING: (Verb.REVISE, Verb.DELEGATE, Verb.WITHDRAW),
    _S.OPEN: (Verb.REVISE, Verb.WAIVE, Verb.DELEGATE, Verb.WITHDRAW),
    _S.APPROVED: (Verb.LAUNCHED, Verb.REVISE, Verb.REVOKE, Verb.WITHDRAW),
    _S.LAUNCHED: (Verb.REVOKE,),
    _S.BYPASSED: (Verb.LAUNCHED, Verb.REVIEW_BYPASS),
}
OTHERS: Final[Mapping[State, tuple[Verb, ...]]] = {
    _S.CHECKING: (Verb.TIER, Verb.REBASE, Verb.UNDELEGATE, Verb.BREAK_GLASS),
    _S.OPEN: (Verb.REJECT, Verb.OVERRIDE, Verb.TIER, Verb.REBASE, Verb.UNDELEGATE, Verb.BREAK_GLASS),
    _S.APPROVED: (Verb.TIER, Verb.REBASE),
}
