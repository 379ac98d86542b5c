"""What must fit together within one requirement, and between a product's binding and the item that it binds."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from schema.checklists import Checklists, EvidenceKind, RecordUnit, Requirement
from schema.manifests import PARTS
from schema.metrics import Metric, Unit
from schema.problems import Findings, Path, either, nearest, quoted
from schema.products import ProductMetric
from schema.requirements import Binding, bound, measured_otherwise

_NUMBERS: Final = frozenset(RecordUnit) - {RecordUnit.YES, RecordUnit.TEXT}
_COUNTED: Final = frozenset({RecordUnit.SHARE})  # a record in these may say how many of how many
_TAKES: Final[Mapping[EvidenceKind, frozenset[str]]] = {
    EvidenceKind.READING: frozenset(
        {"metric", "at_least", "at_most", "target", "fewest", "fresh_days", "fixed_on"}
    ),
    EvidenceKind.RECORD: frozenset(
        {"unit", "at_least", "at_most", "fewest", "fresh_days", "matches", "fixed_on"}
    ),
    EvidenceKind.DOCUMENT: frozenset({"fresh_days", "matches", "states"}),
}
_FIELDS: Final = (
    "metric",
    "unit",
    "at_least",
    "at_most",
    "target",
    "fewest",
    "matches",
    "states",
    "fixed_on",
)


def check_requirement(
    requirement: Requirement,
    path: Path,
    metrics: Mapping[str, Metric],
    findings: Findings,
    *,
    names: frozenset[str],
) -> None:
    """Note what does not fit together in a requirement.

    names   of all metrics, broken ones of the file included
    """
    _demand_kind(requirement, path, findings)
    _demand_part(requirement, path, findings)
    if requirement.kind is EvidenceKind.READING:
        _reading(requirement, path, metrics, findings, names=names)
    if requirement.kind is EvidenceKind.RECORD:
        _record(requirement, path, findings)
    low, high = requirement.at_least, requirement.at_most
    if requirement.target and (low is not None or high is not None):
        findings.error(path, "There are two limits, the target and a number.", "Keep one of them.")
    if low is not None and high is not None and low > high:
        findings.error(path, "`at_least` is above `at_most`.", "Swap them, or leave one out.")


def _demand_kind(requirement: Requirement, path: Path, findings: Findings) -> None:
    for name in _FIELDS:
        value = getattr(requirement, name)
        given = value is not None and value is not False and value != ()
        if given and name not in _TAKES[requirement.kind]:
            what = f"A {requirement.kind} has no {quoted(name)}."
            findings.error((*path, name), what, f"It has {either(sorted(_TAKES[requirement.kind]))}.")


def _demand_part(requirement: Requirement, path: Path, findings: Findings) -> None:
    if requirement.matches is not None and requirement.matches not in PARTS:
        what = f"A manifest has no part {quoted(requirement.matches)}."
        findings.error((*path, "matches"), what, nearest(requirement.matches, PARTS, kind="parts"))


def _reading(
    requirement: Requirement,
    path: Path,
    metrics: Mapping[str, Metric],
    findings: Findings,
    *,
    names: frozenset[str],
) -> None:
    if requirement.metric is None:
        findings.error(path, "A reading needs its metric.", "Add `metric: …`.")
        return
    metric = metrics.get(requirement.metric)
    if metric is None:
        if requirement.metric not in names:
            what = f"There is no metric {quoted(requirement.metric)}."
            findings.error((*path, "metric"), what, nearest(requirement.metric, names, kind="metrics"))
        return
    for name, end in _ends(requirement):
        below = metric.minimum is not None and end < metric.minimum
        if below or (metric.maximum is not None and end > metric.maximum):
            works = (
                "Shares go from 0 to 1." if metric.unit is Unit.SHARE else "Write a figure that it can reach."
            )
            findings.error((*path, name), f"{quoted(metric.key)} never has the value {end}.", works)


def _record(requirement: Requirement, path: Path, findings: Findings) -> None:
    if requirement.unit is None:
        findings.error(path, "A record needs its unit.", f"Add `unit`: {either(RecordUnit)}.")
        return
    ends = _ends(requirement)
    if ends and requirement.unit not in _NUMBERS:
        findings.error(
            (*path, ends[0][0]), f"A record of {quoted(requirement.unit)} has no limit.", "Leave it out."
        )
    if requirement.unit is RecordUnit.SHARE:
        for name, end in ends:
            if not 0 <= end <= 1:
                findings.error(
                    (*path, name), f"No share is {end}.", "Shares go from 0 to 1: write 80 % as 0.80."
                )
    if requirement.fewest is not None and requirement.unit not in _COUNTED:
        what = f"A record of {quoted(requirement.unit)} does not say of how many it is."
        findings.error((*path, "fewest"), what, "Leave `fewest` out, or ask for a share.")


def _ends(requirement: Requirement) -> list[tuple[str, Decimal]]:
    given = (("at_least", requirement.at_least), ("at_most", requirement.at_most))
    return [(name, end) for name, end in given if end is not None]


def check_bindings(
    given: Mapping[str, Mapping[str, Binding]],
    path: Path,
    checklists: Checklists,
    *,
    metrics: Mapping[str, Metric],
    used: Mapping[str, ProductMetric],
    findings: Findings,
) -> None:
    """Note what a product binds that no item asks for, or binds to something that says nothing.

    used   the product's metrics, as far as they are sound
    """
    for item, bindings in given.items():
        if item not in checklists:
            known = nearest(item, (each.id for each in checklists), kind="items")
            findings.error((*path, item), f"There is no item {quoted(item)}.", known)
            continue
        asked = {each.name: each for each in checklists[item].requirements}
        for name, binding in bindings.items():
            where = (*path, item, name)
            if name not in asked:
                what = f"The item {item} asks for no {quoted(name)}."
                findings.error(where, what, nearest(name, asked, kind="requirements"))
                continue
            _check_binding(asked[name], binding, where, metrics, used=used, findings=findings)


def _check_binding(
    asked: Requirement,
    binding: Binding,
    path: Path,
    metrics: Mapping[str, Metric],
    *,
    used: Mapping[str, ProductMetric],
    findings: Findings,
) -> None:
    result = bound(asked, binding)
    check_requirement(result, path, metrics, findings, names=frozenset(metrics))
    otherwise = measured_otherwise(asked, binding)
    if otherwise and not binding.because:
        what = "This measures something else than the checklist asks for, and does not say why."
        findings.error(path, what, "Add `because:` with one sentence for those who sign.")
    if _limited(asked) and not _limited(result):
        what = "The checklist sets a limit here, and this measures without one."
        findings.error(path, what, "Add `at_least`, `at_most` or `target: true`.")
    mine = used.get(result.metric or "")
    if result.target and mine is not None and mine.target is None:
        what = f"This product has no target for {quoted(result.metric)}, so the item cannot pass."
        findings.warning(path, what, f"Add `target` to the metric {quoted(result.metric)}.")
    if result.kind is EvidenceKind.READING and result.metric in metrics and mine is None:
        what = f"This product does not measure {quoted(result.metric)}, so the item cannot pass."
        findings.warning(path, what, "Add it to the product's `metrics`.")


def _limited(requirement: Requirement) -> bool:
    yes = requirement.kind is EvidenceKind.RECORD and requirement.unit is RecordUnit.YES
    return requirement.target or yes or bool(_ends(requirement))
