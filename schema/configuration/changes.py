"""What a file would change in a workspace, and where the file and people in Slack changed the same thing."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from schema.problems import Path, Problem

Body: TypeAlias = Mapping[str, Any]  # an object as it stands in muster.yaml


class Kind(StrEnum):
    """What a workspace is made of, in the order of the file."""

    WORKSPACE = "workspace"
    SOURCE = "source"
    METRIC = "metric"
    REVIEWS = "reviews"
    PERSON = "person"
    PRODUCT = "product"


class ObjectKey(NamedTuple):
    """Names one object of a workspace."""

    kind: Kind
    key: str  # "" for the workspace itself and its reviews


_PARTS: Final[Mapping[Kind, str]] = {
    Kind.SOURCE: "sources",
    Kind.PERSON: "people",
    Kind.PRODUCT: "products",
}
WORKSPACE: Final = ObjectKey(Kind.WORKSPACE, "")
REVIEWS: Final = ObjectKey(Kind.REVIEWS, "")


class Fate(StrEnum):
    """What becomes of one object when a file is applied."""

    UNCHANGED = "unchanged"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    KEPT = "kept"  # changed in Slack only: that stands
    CONFLICT = "conflict"  # changed in Slack and in the file since it was last applied


class Take(StrEnum):
    """Which side a person takes in every conflict."""

    FILE = "file"
    SLACK = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as the database holds it."""

    body: Body | None  # None: removed in Slack
    applied_digest: str | None = None  # of what a file last said; None: no file ever did
    changed_by: str = ""  # who changed it in Slack; empty: a file did


class Alteration(NamedTuple):
    """One value that differs; `None` where it is absent."""

    path: Path
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One object in the file and in the database."""

    at: ObjectKey
    fate: Fate
    wanted: Body | None  # in the file
    current: Body | None  # in the database
    changed_by: str = ""

    @property
    def alterations(self) -> tuple[Alteration, ...]:
        """List the values that differ between the database and the file."""
        return tuple(_altered(self.current, self.wanted, ()))


def digest_of(body: Body) -> str:
    """Give the sha256 of an object, hex; the order of its keys counts, because texts follow it."""
    text = json.dumps(body, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def objects_of(document: Mapping[str, Any]) -> dict[ObjectKey, Body]:
    """Take a sound muster.yaml apart."""
    found: dict[ObjectKey, Body] = {WORKSPACE: document["workspace"]}
    for kind, part in _PARTS.items():
        found |= {ObjectKey(kind, key): body for key, body in (document.get(part) or {}).items()}
    found |= {ObjectKey(Kind.METRIC, entry["key"]): entry for entry in document.get("metrics") or ()}
    if document.get("reviews"):
        found[REVIEWS] = document["reviews"]
    return found


def document_of(objects: Mapping[ObjectKey, Body]) -> dict[str, Any]:
    """Put objects together as a muster.yaml, each kind by key."""
    document: dict[str, Any] = {}
    if WORKSPACE in objects:
        document["workspace"] = objects[WORKSPACE]
    document["sources"] = _by_key(objects, Kind.SOURCE)
    metrics = list(_by_key(objects, Kind.METRIC).values())
    if metrics:
        document["metrics"] = metrics
    if REVIEWS in objects:
        document["reviews"] = objects[REVIEWS]
    people = _by_key(objects, Kind.PERSON)
    if people:
        document["people"] = people
    document["products"] = _by_key(objects, Kind.PRODUCT)
    return document


def _by_key(objects: Mapping[ObjectKey, Body], kind: Kind) -> dict[str, Body]:
    return {at.key: objects[at] for at in sorted(objects) if at.kind is kind}


def difference(
    wanted: Mapping[ObjectKey, Body], stored: Mapping[ObjectKey, StoredObject]
) -> tuple[Difference, ...]:
    """Compare what a file says, what it last said, and what the database holds, object by object."""
    order = list(Kind)
    every = sorted({*wanted, *stored}, key=lambda at: (order.index(at.kind), at.key))
    return tuple(_difference(at, wanted.get(at), stored.get(at)) for at in every)


def _difference(at: ObjectKey, wanted: Body | None, stored: StoredObject | None) -> Difference:
    held = stored or StoredObject(body=None)
    said, current = _digest(wanted), _digest(held.body)
    fate = _fate(applied=held.applied_digest, wanted=said, current=current)
    return Difference(at=at, fate=fate, wanted=wanted, current=held.body, changed_by=held.changed_by)


def _digest(body: Body | None) -> str | None:
    return None if body is None else digest_of(body)


def _fate(*, applied: str | None, wanted: str | None, current: str | None) -> Fate:
    if wanted == current:
        return Fate.UNCHANGED
    if wanted == applied:
        return Fate.KEPT
    if current != applied:
        return Fate.CONFLICT
    if wanted is None:
        return Fate.REMOVED
    return Fate.ADDED if current is None else Fate.CHANGED


def conflicts(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """List what somebody has to decide."""
    return tuple(each for each in differences if each.fate is Fate.CONFLICT)


def merged(differences: Iterable[Difference], take: Take | None = None) -> dict[ObjectKey, StoredObject]:
    """Say what the database holds after a file is applied; an object that is not in it is forgotten.

    raises   ValueError when there is a conflict and nobody took a side
    """
    after: dict[ObjectKey, StoredObject] = {}
    for each in differences:
        slack = each.fate is Fate.KEPT or (each.fate is Fate.CONFLICT and take is Take.SLACK)
        if each.fate is Fate.CONFLICT and take is None:
            message = f"{each.at.kind} {each.at.key} changed on both sides"
            raise ValueError(message)
        body = each.current if slack else each.wanted
        said = _digest(each.wanted)
        if body is not None or said is not None:
            by = each.changed_by if slack or body == each.current else ""
            after[each.at] = StoredObject(body=body, applied_digest=said, changed_by=by)
    return after


def bodies(stored: Mapping[ObjectKey, StoredObject]) -> dict[ObjectKey, Body]:
    """Give the objects that stand, without those that were removed in Slack."""
    return {at: each.body for at, each in stored.items() if each.body is not None}


def place_of(document: Mapping[str, Any], at: ObjectKey) -> Path:
    """Find where an object stands in a muster.yaml."""
    if at.kind is Kind.METRIC:
        keys = [entry["key"] for entry in document.get("metrics") or ()]
        return ("metrics", keys.index(at.key)) if at.key in keys else ("metrics",)
    return (at.kind.value,) if at.kind in {Kind.WORKSPACE, Kind.REVIEWS} else (_PARTS[at.kind], at.key)


def _altered(before: Any, after: Any, path: Path) -> Iterator[Alteration]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from _altered(before.get(name), after.get(name), (*path, name))
    elif before != after:
        yield Alteration(path, before, after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of applying a file."""

    differences: tuple[Difference, ...]
    revision: int  # of the configuration, after it
    problems: tuple[Problem, ...] = ()  # why file and Slack together make no sound workspace

    @property
    def conflicts(self) -> tuple[Difference, ...]:
        """List what somebody has to decide first; then nothing was applied."""
        return conflicts(self.differences)
