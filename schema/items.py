"""Items of a revision: what is asked, bound by one digest to what was shown for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from schema.checklists import ItemSpec
from schema.evidence import Finding
from schema.ledger import Json, digest
from schema.manifests import Manifest
from schema.payloads import plain, value_of
from schema.risks import RiskQuestion, Tier

ByItem: TypeAlias = Mapping[str, Mapping[str, Finding]]  # item → requirement → what its evidence shows
ANSWERS: Final = "answers"  # to the risk questions
TIER: Final = "tier"
OPEN_WAIVERS: Final = "open_waivers"  # what a document states of them
_SAME: Final = frozenset({"model", "model_version"})  # a version's name says nothing without the model's


class ItemState(StrEnum):
    """Where an item stands; computed, never stored."""

    UNKNOWN = "unknown"  # nobody has looked at its evidence
    AUTO_PASS = "auto_pass"  # noqa: S105 - no password
    AUTO_FAIL = "auto_fail"  # its evidence fails or is missing
    NEEDS_SIGN = "needs_sign"
    SIGNED = "signed"
    OBJECTED = "objected"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    STALE = "stale"  # somebody signed something else, or its evidence changed a moment ago


SETTLED: Final = frozenset(
    {ItemState.AUTO_PASS, ItemState.SIGNED, ItemState.WAIVED, ItemState.NOT_APPLICABLE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question in one revision; a signature holds for its digest and for nothing else."""

    spec: ItemSpec
    evidence: Mapping[str, str] = field(default_factory=dict)  # requirement → digest; as the ledger has it
    waivers: tuple[str, ...] = ()  # what is waived, where the item has to name it
    risk: Mapping[str, str] = field(default_factory=dict)  # answers and tier, as far as it rests on them
    digest: str

    @property
    def id(self) -> str:
        """Name it as its checklist does."""
        return self.spec.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An item as it once was, with the manifest that it rested on then."""

    item: Item
    manifest: Manifest


def item_of(
    spec: ItemSpec,
    manifest: Manifest,
    evidence: Mapping[str, str] | None = None,
    *,
    waivers: Sequence[str] = (),
    risk: Mapping[str, str] | None = None,
) -> Item:
    """Bind a question to the manifest, its evidence, what it rests on of the risk, and what it must name as waived."""
    found, waived = dict(evidence or {}), tuple(waivers) if names_waivers(spec) else ()
    at_stake = dict(risk or {})
    bound = item_digest(spec, manifest, evidence=found, waivers=waived, risk=at_stake)
    return Item(spec=spec, evidence=found, waivers=waived, risk=at_stake, digest=bound)


def risk_of(spec: ItemSpec, tier: Tier, answers: frozenset[RiskQuestion]) -> dict[str, str]:
    """Give what an item rests on of the risk: else who signed for one use would have signed for any other.

    A conditional item rests on the answers that switch it on.
    """
    counted = answers if ANSWERS in spec.rests_on else answers & spec.applies_if
    found = {TIER: tier.value} if TIER in spec.rests_on else {}
    if ANSWERS in spec.rests_on or spec.applies_if:
        found[ANSWERS] = ", ".join(sorted(counted)) or "none"
    return found


def names_waivers(spec: ItemSpec) -> bool:
    """Tell whether an item has to list what is waived: who accepts the rest has to know all of it."""
    return any(OPEN_WAIVERS in each.states for each in spec.requirements)


def item_digest(
    spec: ItemSpec,
    manifest: Manifest,
    *,
    thresholds: Mapping[str, str] | None = None,
    evidence: Mapping[str, str],
    waivers: Sequence[str] = (),
    risk: Mapping[str, str] | None = None,
) -> str:
    """Name by content what is signed: question, thresholds, the manifest's parts that it rests on, evidence.

    thresholds   by requirement, those that the question itself does not hold, such as a product's own target
    """
    bound: dict[str, Json] = {
        "muster-item": 1,
        "spec": _asked(spec),
        "manifest": {name: value for name, value in manifest.parts.items() if name in bound_parts(spec)},
        "thresholds": dict(thresholds or {}),
        "evidence": dict(evidence),
        "waivers": list(waivers),
        "risk": dict(risk or {}),
    }
    return digest(bound)


def bound_parts(spec: ItemSpec) -> frozenset[str]:
    """Name the parts of the manifest that an item is bound to."""
    return spec.rests_on | _SAME if spec.rests_on & _SAME else spec.rests_on


def _asked(spec: ItemSpec) -> Json:
    written = plain(spec)
    assert isinstance(written, dict)
    return {
        name: value for name, value in written.items() if name != "clauses"
    }  # references, not the question


def with_evidence(item: Item, manifest: Manifest, evidence: Mapping[str, str]) -> Item:
    """Bind an item to other evidence."""
    return item_of(item.spec, manifest, evidence, waivers=item.waivers, risk=item.risk)


def spec_of(written: Json) -> ItemSpec:
    """Read a question from an event."""
    return value_of(ItemSpec, written)


def by_item(findings: Iterable[Finding]) -> ByItem:
    """Sort findings by item and requirement."""
    found: dict[str, dict[str, Finding]] = {}
    for finding in findings:
        found.setdefault(finding.item, {})[finding.requirement] = finding
    return found


def evidence_now(spec: ItemSpec, found: ByItem) -> Mapping[str, str] | None:
    """Give the digest of each requirement's evidence as it is now; None where one was not looked at."""
    if not spec.requirements:
        return {}
    mine = found.get(spec.id, {})
    if any(each.name not in mine for each in spec.requirements):
        return None
    return {each.name: mine[each.name].digest for each in spec.requirements}


def split(
    specs: Sequence[ItemSpec], tier: Tier, answers: frozenset[RiskQuestion]
) -> tuple[tuple[ItemSpec, ...], tuple[ItemSpec, ...]]:
    """Sort questions into those that are asked of a launch and those that are not."""
    asked = tuple(spec for spec in specs if spec.applies(tier, answers))
    return asked, tuple(spec for spec in specs if not spec.applies(tier, answers))
