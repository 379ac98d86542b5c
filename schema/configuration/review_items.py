"""Items of a review as a file has them: the program's two checklists and a workspace's own, by the same rules."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from schema.checklists import (
    CheckKind,
    Checklists,
    EvidenceKind,
    Framework,
    ItemClass,
    ItemSpec,
    LawDate,
    RecordUnit,
    Requirement,
    Review,
)
from schema.configuration.mistakes import kind_of, read
from schema.configuration.requirement_rules import check_requirement
from schema.items import ANSWERS, TIER
from schema.manifests import PARTS
from schema.metrics import Metric
from schema.plain_values import Day, Number, OneLine, Sentence
from schema.problems import Findings, Lines, Path, Problem, listed, nearest, quoted
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from schema.sources import Frozen

_ID: Final = re.compile(r"[A-Z][A-Z0-9]{1,9}-[0-9]{2,3}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED: Final = ("LR-", "ETH-")
_RESTS_ON: Final = (*PARTS, ANSWERS, TIER)
_DOCUMENTS: Final = ("launch", "ethics", "frameworks")
_WITH_EVIDENCE: Final = frozenset({CheckKind.AUTO, CheckKind.AUTO_AND_SIGN, CheckKind.DOCUMENT})


class RequirementEntry(Frozen):
    """A requirement as a file has it; its name is the key above it."""

    kind: EvidenceKind
    words: OneLine
    metric: str | None = None
    unit: RecordUnit | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    target: bool = False
    fewest: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    fresh_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    matches: str | None = None
    states: tuple[OneLine, ...] = ()
    fixed_on: Day | None = None


class ItemEntry(Frozen):
    """An item as a file has it."""

    id: str
    review: Review | None = None
    question: Sentence
    why: Sentence
    seats: Annotated[tuple[Role, ...], Field(min_length=1, max_length=12)]
    counts: Mapping[Role, Annotated[int, Field(ge=1, le=20)]] = {}
    klass: ItemClass = Field(alias="class")
    hard_from: Tier | None = None
    never_requester: bool = False
    applies_from: Tier = Tier.LOW
    applies_if: tuple[RiskQuestion, ...] = ()
    check: CheckKind
    requirements: Mapping[str, RequirementEntry] = {}
    rests_on: tuple[str, ...] = ()
    clauses: Mapping[str, tuple[OneLine, ...]] = {}


class ChecklistEntry(Frozen):
    """One of the program's two checklists."""

    review: Review
    last_checked: Day
    items: tuple[Any, ...]


class DateEntry(Frozen):
    """A day from which a part of a law applies."""

    on: Day
    what: Sentence
    source: Sentence
    second_hand: bool = False


class FrameworkEntry(Frozen):
    """A framework whose clauses items name; either its clauses are listed or a pattern says which exist."""

    key: str
    name: OneLine
    edition: OneLine
    address: Sentence
    second_hand: bool = False
    clauses: Mapping[str, OneLine] = {}
    pattern: str = ""
    dates: tuple[DateEntry, ...] = ()


class FrameworksEntry(Frozen):
    """All frameworks, and when they were looked up."""

    last_checked: Day
    frameworks: tuple[FrameworkEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an item may refer to outside itself."""

    metrics: Mapping[str, Metric]
    metric_names: frozenset[str]  # broken ones of the file included
    frameworks: Mapping[str, Framework] | None  # None: what items name was checked before
    taken: frozenset[str] = frozenset()  # ids of the program's items
    own: bool = False  # these are a workspace's own


def read_checklists(
    documents: Mapping[str, object], metrics: Iterable[Metric], lines: Mapping[str, Lines] | None = None
) -> Checklists | list[Problem]:
    """Read the program's checklists, or say everything that is wrong with them.

    documents   parsed YAML by name: launch, ethics, frameworks
    lines       of each document
    """
    by_key = {each.key: each for each in metrics}
    findings = {name: Findings((lines or {}).get(name, {})) for name in _DOCUMENTS}
    frameworks, checked = _frameworks(documents.get("frameworks"), findings["frameworks"])
    known = Known(metrics=by_key, metric_names=frozenset(by_key), frameworks=frameworks)
    items: list[ItemSpec] = []
    for name in _DOCUMENTS[:2]:
        found = read(ChecklistEntry, documents.get(name), (), findings[name])
        if found is None:
            continue
        checked.append(found.last_checked)
        items.extend(read_items(list(found.items), ("items",), known, findings[name], review=found.review))
    _once_each(items, findings["launch"])
    problems = [problem for name in _DOCUMENTS for problem in findings[name].in_order()]
    if problems:
        return problems
    return Checklists(items=tuple(items), frameworks=tuple(frameworks.values()), last_checked=min(checked))


def _frameworks(given: object, findings: Findings) -> tuple[dict[str, Framework], list[date]]:
    found = read(FrameworksEntry, given, (), findings)
    if found is None:
        return {}, []
    for place, entry in enumerate(found.frameworks):
        if bool(entry.clauses) == bool(entry.pattern):
            what = f"The framework {quoted(entry.key)} does not say which clauses it has."
            findings.error(("frameworks", place), what, "Write either `clauses` or `pattern`.")
    return {entry.key: _framework(entry) for entry in found.frameworks}, [found.last_checked]


def _framework(entry: FrameworkEntry) -> Framework:
    dates = tuple(
        LawDate(on=each.on, what=each.what, source=each.source, second_hand=each.second_hand)
        for each in entry.dates
    )
    return Framework(
        key=entry.key, name=entry.name, edition=entry.edition, address=entry.address,
        second_hand=entry.second_hand, clauses=dict(entry.clauses), pattern=entry.pattern, dates=dates,
    )  # fmt: skip


def _once_each(items: Iterable[ItemSpec], findings: Findings) -> None:
    seen: set[str] = set()
    for each in items:
        if each.id in seen:
            findings.error(("items",), f"The item {quoted(each.id)} is defined twice.", "Keep one of them.")
        seen.add(each.id)


def read_items(
    given: object, path: Path, known: Known, findings: Findings, *, review: Review | None = None
) -> tuple[ItemSpec, ...]:
    """Read a list of items; gives the sound ones.

    review   the checklist that they stand in; None: each says so itself
    """
    if given is None:
        return ()
    if not isinstance(given, list | tuple):
        findings.error(path, f"`items` is {kind_of(given)}, not a list.", "Write one `- id: …` for each.")
        return ()
    found = [
        item
        for place, entry in enumerate(given)
        if (item := _item(entry, (*path, place), known, findings, review=review)) is not None
    ]
    if known.own:
        _own_once(given, path, known, findings)
    return tuple({item.id: item for item in found}.values()) if known.own else tuple(found)


def ids_in(given: object) -> frozenset[str]:
    """Name the items of a file as it has them, sound or not."""
    entries = [entry for entry in given if isinstance(entry, Mapping)] if isinstance(given, list) else []
    return frozenset(str(entry["id"]) for entry in entries if "id" in entry)


def _own_once(given: Iterable[object], path: Path, known: Known, findings: Findings) -> None:
    first: dict[str, int] = {}
    for place, entry in enumerate(given):
        key = entry.get("id") if isinstance(entry, Mapping) else None
        if not isinstance(key, str):
            continue
        if key in known.taken or key.startswith(_RESERVED):
            what = f"{quoted(key)} is an id of Muster's own checklists."
            findings.error((*path, place, "id"), what, "Use another prefix, such as `OWN-01`.")
        elif first.setdefault(key, place) != place:
            what = f"The item {quoted(key)} is defined twice."
            findings.error((*path, place, "id"), what, "Keep one of them, or give it another id.")


def _item(
    given: object, path: Path, known: Known, findings: Findings, *, review: Review | None
) -> ItemSpec | None:
    before = len(findings.errors)
    entry = read(ItemEntry, given, path, findings)
    if entry is None:
        return None
    _identity(entry, path, findings, review=review)
    _class(entry, path, findings)
    _references(entry, path, known, findings)
    requirements = tuple(_requirement(name, each) for name, each in entry.requirements.items())
    _evidence(entry, requirements, path, findings)
    for each in requirements:
        check_requirement(
            each, (*path, "requirements", each.name), known.metrics, findings, names=known.metric_names
        )
    return _spec(entry, requirements, review, own=known.own) if len(findings.errors) == before else None


def _requirement(name: str, entry: RequirementEntry) -> Requirement:
    return Requirement(name=name, **entry.model_dump())


def _spec(
    entry: ItemEntry, requirements: tuple[Requirement, ...], review: Review | None, *, own: bool
) -> ItemSpec | None:
    chosen = review or entry.review
    if chosen is None:
        return None
    return ItemSpec(
        id=entry.id, review=chosen, question=entry.question, why=entry.why, seats=entry.seats,
        klass=entry.klass, check=entry.check, counts=dict(entry.counts), hard_from=entry.hard_from,
        never_requester=entry.never_requester,
        applies_from=entry.applies_from, applies_if=frozenset(entry.applies_if), requirements=requirements,
        rests_on=frozenset(entry.rests_on), clauses=dict(entry.clauses), own=own,
    )  # fmt: skip


def _identity(entry: ItemEntry, path: Path, findings: Findings, *, review: Review | None) -> None:
    if not _ID.fullmatch(entry.id):
        works = "Write capital letters, a hyphen and two or three digits, such as `OWN-01`."
        findings.error((*path, "id"), f"{quoted(entry.id)} is no id of an item.", works)
    if review is None and entry.review is None:
        findings.error(path, "`review` is missing.", "Add `review: launch` or `review: ethics`.")
    if review is not None and entry.review is not None:
        findings.error((*path, "review"), "`review` is not a key here.", "It stands once, at the top.")
    for place, role in enumerate(entry.seats):
        if role in entry.seats[:place]:
            works = f"Write `counts: {{{role}: 2}}` where two people of a role must sign."
            findings.error((*path, "seats", place), f"The role {quoted(role)} stands here twice.", works)
    for role in entry.counts:
        if role not in entry.seats:
            what = f"{quoted(role)} has no seat at this item."
            findings.error((*path, "counts", role), what, nearest(role, entry.seats, kind="seats"))


def _class(entry: ItemEntry, path: Path, findings: Findings) -> None:
    if (entry.klass is ItemClass.CONDITIONAL) != bool(entry.applies_if):
        works = "Write both `class: conditional` and `applies_if: [a risk question]`, or neither."
        findings.error(path, "A conditional item and its condition belong together.", works)
    if entry.klass is ItemClass.HARD and entry.hard_from is not None:
        findings.error((*path, "hard_from"), "A hard item is hard at every tier.", "Leave `hard_from` out.")


def _references(entry: ItemEntry, path: Path, known: Known, findings: Findings) -> None:
    for place, part in enumerate(entry.rests_on):
        if part not in _RESTS_ON:
            what = f"A manifest has no part {quoted(part)}."
            findings.error((*path, "rests_on", place), what, nearest(part, _RESTS_ON, kind="parts"))
    if known.frameworks is not None:
        _clauses(entry, path, known.frameworks, findings)


def _clauses(entry: ItemEntry, path: Path, frameworks: Mapping[str, Framework], findings: Findings) -> None:
    for key, clauses in entry.clauses.items():
        framework = frameworks.get(key)
        if framework is None:
            what = f"There is no framework {quoted(key)}."
            findings.error((*path, "clauses", key), what, nearest(key, frameworks, kind="frameworks"))
            continue
        for place, clause in _unknown_clauses(framework, clauses):
            what = f"{framework.name} has no clause {quoted(clause)}."
            works = (
                nearest(clause, framework.clauses, kind="clauses")
                if framework.clauses
                else "Look it up there."
            )
            findings.error((*path, "clauses", key, place), what, works)


def _unknown_clauses(framework: Framework, clauses: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for place, clause in enumerate(clauses):
        known = clause in framework.clauses if framework.clauses else re.fullmatch(framework.pattern, clause)
        if not known:
            yield place, clause


def _evidence(
    entry: ItemEntry, requirements: tuple[Requirement, ...], path: Path, findings: Findings
) -> None:
    for name in entry.requirements:
        if not _NAME.fullmatch(name):
            works = "Use small letters, digits and underscores, and start with a letter."
            findings.error((*path, "requirements", name), f"{quoted(name)} is no name.", works)
    if (entry.check in _WITH_EVIDENCE) != bool(requirements):
        if requirements:
            findings.error(
                path, "An item that people alone decide takes no evidence.", "Write `check: document`."
            )
        else:
            works = "Add `requirements`, or write `check: people`."
            findings.error(path, f"The check {quoted(entry.check)} needs evidence to look at.", works)
    pages = [each.name for each in requirements if each.kind is EvidenceKind.DOCUMENT]
    if entry.check is CheckKind.AUTO and pages:
        what = f"Nobody reads {listed(pages)}, because the check is automatic."
        findings.error((*path, "check"), what, "Write `check: auto_and_sign`, or take a reading or a record.")
