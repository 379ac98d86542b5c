"""Who may do what with launches, and within which limits; a revision keeps the policy that it was submitted under."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from schema.attempts import Code, Declined
from schema.ledger import digest
from schema.payloads import plain
from schema.products import Role
from schema.risks import Tier
from schema.role_words import somebody

OWNER: Final = "owner"  # a product's owner or backup owner
ADMINS: Final = "admins"  # the people that the policy lists
LONGEST_BYPASS: Final = 24  # hours, whatever a policy says
_EVERY_ROLE: Final = frozenset(str(role.value) for role in Role)


class Right(StrEnum):
    """What a policy gives to roles, to owners and to admins."""

    REQUEST = "request"
    WAIVE = "waive"
    REJECT = "reject"
    BREAK_GLASS = "break_glass"
    REVIEW_BYPASS = "review_bypass"
    REVOKE = "revoke"
    OVERRIDE = "override"
    RAISE_TIER = "raise_tier"
    LOWER_TIER = "lower_tier"
    USE = "use"
    WITHDRAW = "withdraw"  # the requester may always
    REBASE = "rebase"


class SelfApproval(StrEnum):
    """Whether a requester may fill a seat."""

    FORBID = "forbid"
    ALLOW_MARKED = "allow_marked"  # and it is said wherever the sign-off is shown


DEFAULT_RIGHTS: Final[Mapping[Right, frozenset[str]]] = {
    Right.REQUEST: frozenset({"pm", "ml", "eng"}),
    Right.WAIVE: frozenset({"rai"}),
    Right.REJECT: frozenset({"leg", "rai"}),
    Right.BREAK_GLASS: frozenset({"exec", "sre"}),
    Right.REVIEW_BYPASS: _EVERY_ROLE,
    Right.REVOKE: frozenset({"rai", "exec", OWNER}),
    Right.OVERRIDE: frozenset({"exec"}),
    Right.RAISE_TIER: _EVERY_ROLE,
    Right.LOWER_TIER: frozenset({"rai"}),
    Right.USE: frozenset({OWNER}),
    Right.WITHDRAW: frozenset({ADMINS}),
    Right.REBASE: frozenset({OWNER, ADMINS}),
}
DEFAULT_AT_HIGH: Final[Mapping[Right, frozenset[str]]] = {Right.WAIVE: frozenset({"exec"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who somebody is right now in a product."""

    pid: str
    roles: frozenset[Role] = frozenset()
    owner: bool = False
    admin: bool = False
    barred: str | None = None  # why they never decide, as a sentence about them: `You are a guest here.`


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of one workspace; a right that is not named is nobody's."""

    rights: Mapping[Right, frozenset[str]] = field(default_factory=lambda: DEFAULT_RIGHTS)
    rights_at_high: Mapping[Right, frozenset[str]] = field(default_factory=lambda: DEFAULT_AT_HIGH)  # besides
    self_approval: SelfApproval = SelfApproval.FORBID
    small_team: bool = False  # where people are too few, one may fill several seats, and it is said
    deadline_days: int = 5  # business days
    sign_off_valid_days: int = 90
    waiver_max_days: int = 90
    bypass_max_hours: int = LONGEST_BYPASS
    bypass_review_days: int = 2  # business days after it ends
    delegation_max_days: int = 30
    delegation_depth: int = 1  # how often a delegated seat may be handed on, the first time included
    different_people: tuple[frozenset[tuple[str, Role]], ...] = ()  # seats (item, role), one person each

    @property
    def digest(self) -> str:
        """Name it by its content."""
        return digest({"muster-policy": 1, "policy": plain(self)})

    def allows(self, right: Right, who: Standing, tier: Tier) -> bool:
        """Tell whether somebody has a right at a tier."""
        holders = self.holders(right, tier)
        named = {role.value for role in who.roles} | ({OWNER} if who.owner else set())
        return bool(holders & (named | ({ADMINS} if who.admin else set())))

    def holders(self, right: Right, tier: Tier) -> frozenset[str]:
        """Name the roles that have a right at a tier."""
        besides = self.rights_at_high.get(right, frozenset()) if tier is Tier.HIGH else frozenset()
        return self.rights.get(right, frozenset()) | besides


_DOING: Final[Mapping[Right, str]] = {
    Right.REQUEST: "open a launch",
    Right.WAIVE: "waive an item",
    Right.REJECT: "reject a launch",
    Right.BREAK_GLASS: "let a launch pass in an emergency",
    Right.REVIEW_BYPASS: "review an emergency launch",
    Right.REVOKE: "revoke a launch",
    Right.OVERRIDE: "override an objection",
    Right.RAISE_TIER: "raise the tier",
    Right.LOWER_TIER: "lower the tier",
    Right.USE: "record that it went out",
    Right.WITHDRAW: "withdraw a launch of somebody else",
    Right.REBASE: "move a launch to the new rules",
}


def need_right(policy: Policy, right: Right, who: Standing, tier: Tier) -> None:
    """Refuse somebody who may not, and say who may."""
    need_person(who)
    if not policy.allows(right, who, tier):
        holders = policy.holders(right, tier)
        may = f"ask {somebody(holders)}" if holders else "the rules give this to nobody"
        raise Declined(Code.NO_RIGHT, f"You may not {_DOING[right]} here; {may}.")


def need_person(who: Standing) -> None:
    """Refuse guests, bots, people of another company, deactivated accounts and the unknown."""
    if who.barred is not None:
        raise Declined(Code.BARRED, who.barred)


def need_reason(text: str, doing: str) -> None:
    """Refuse an empty reason; `text` is the id under which it was kept."""
    if not text:
        raise Declined(Code.NO_REASON, f"Say why, in a sentence, to {doing}.")
