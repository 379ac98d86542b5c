"""What a review asks: items with their seats, their class and the evidence that each takes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from schema.products import Product, Role
from schema.requirements import EvidenceKind as EvidenceKind
from schema.requirements import RecordUnit as RecordUnit
from schema.requirements import Requirement as Requirement
from schema.requirements import bound
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
    rests_on: frozenset[str] = frozenset()  # parts of the manifest, `answers` to the risk questions, `tier`
    clauses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by framework
    never_requester: bool = False  # whoever asks for the launch fills no seat, whatever the policy says
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LawDate:
    """A day from which a part of a law applies."""

    on: date
    what: str  # one sentence
    source: str
    second_hand: bool = False  # read about, not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A set of rules whose clauses items name."""

    key: str
    name: str
    edition: str
    address: str
    second_hand: bool = False  # read about, not read
    clauses: Mapping[str, str] = field(
        default_factory=dict
    )  # short title by clause; empty: `pattern` says which exist
    pattern: str = ""
    dates: tuple[LawDate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklists:
    """The questions of both reviews, the program's and then a workspace's own."""

    items: tuple[ItemSpec, ...] = ()
    frameworks: tuple[Framework, ...] = ()
    last_checked: date | None = None  # the oldest day on which a part of them was compared with its sources

    def __iter__(self) -> Iterator[ItemSpec]:
        """Go through the items in the order of the checklists."""
        return iter(self.items)

    def __contains__(self, item: str) -> bool:
        """Tell whether there is an item of this id."""
        return any(each.id == item for each in self.items)

    def __getitem__(self, item: str) -> ItemSpec:
        """Give the item of this id; raises KeyError."""
        return {each.id: each for each in self.items}[item]

    def with_own(self, own: Iterable[ItemSpec]) -> "Checklists":
        """Add a workspace's own items."""
        return replace(self, items=(*self.items, *own))

    def of(self, product: Product) -> tuple[ItemSpec, ...]:
        """Give every item as a product has bound it, its targets written out as limits."""
        return tuple(for_product(each, product) for each in self.items)

    def references(self, item: ItemSpec) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Give the frameworks that an item names, in the order of the frameworks, each with its clauses."""
        return tuple(
            (each.name, item.clauses[each.key]) for each in self.frameworks if each.key in item.clauses
        )


def for_product(item: ItemSpec, product: Product) -> ItemSpec:
    """Give one item as a product has bound it, its targets written out as limits."""
    bindings = product.reviews.get(item.id, {})
    requirements = (bound(each, bindings.get(each.name)) for each in item.requirements)
    return replace(item, requirements=tuple(_with_target(each, product) for each in requirements))


def _with_target(requirement: Requirement, product: Product) -> Requirement:
    used = product.metrics.get(requirement.metric) if requirement.metric else None
    if not requirement.target or used is None or used.target is None:
        return requirement
    return replace(requirement, at_least=used.target.low, at_most=used.target.high)
