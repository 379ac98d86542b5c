"""What a review asks: items with their seats, their class and the evidence that each takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schema.products import Role
from schema.requirements import EvidenceKind as EvidenceKind
from schema.requirements import RecordUnit as RecordUnit
from schema.requirements import Requirement as Requirement
from schema.risks import RiskQuestion, Tier


class Review(StrEnum):
    """The two checklists of a launch."""

    LAUNCH = "launch"
    ETHICS = "ethics"


class ItemClass(StrEnum):
    """Whether an item may be waived, and whether it is always asked."""

    HARD = "hard"  # never waived
    WAIVABLE = "waivable"  # with an owner, a reason and an expiry
    CONDITIONAL = "conditional"  # asked where a risk question was answered with yes; never waived


class CheckKind(StrEnum):
    """What settles an item."""

    AUTO = "auto"  # the evidence alone
    AUTO_AND_SIGN = "auto_and_sign"  # the evidence and people
    DOCUMENT = "document"  # evidence that is there and recent, and people
    PEOPLE = "people"  # people alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """One question of a checklist."""

    id: str  # `LR-03`, `ETH-08`, or a workspace's own
    review: Review
    question: str
    why: str  # one plain sentence
    seats: tuple[Role, ...]  # one seat a role
    klass: ItemClass
    check: CheckKind
    counts: Mapping[Role, int] = field(default_factory=dict)  # how many of a role must sign; one where unsaid
    hard_from: Tier | None = None  # never waived from this tier on
    applies_from: Tier = Tier.LOW
    applies_if: frozenset[RiskQuestion] = frozenset()  # any of them; empty: whatever was answered
    requirements: tuple[Requirement, ...] = ()
    rests_on: frozenset[str] = frozenset()  # parts of the manifest
    clauses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by framework
    own: bool = False  # of the workspace's file, not of the program

    @property
    def places(self) -> tuple[Role, ...]:
        """List every seat, a role as often as people of it must sign."""
        return tuple(role for role in self.seats for _ in range(self.counts.get(role, 1)))

    def applies(self, tier: Tier, answers: frozenset[RiskQuestion]) -> bool:
        """Tell whether the item is asked of a launch."""
        return tier.reaches(self.applies_from) and (not self.applies_if or bool(self.applies_if & answers))

    def hard_at(self, tier: Tier) -> bool:
        """Tell whether the item can never be waived at a tier."""
        return self.klass is ItemClass.HARD or (self.hard_from is not None and tier.reaches(self.hard_from))

    def waivable_at(self, tier: Tier) -> bool:
        """Tell whether the item may be waived at a tier."""
        return self.klass is ItemClass.WAIVABLE and not self.hard_at(tier)

    def requirement(self, name: str) -> Requirement:
        """Give the requirement of this name; raises KeyError."""
        return {each.name: each for each in self.requirements}[name]
