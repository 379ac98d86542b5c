"""Apply a muster.yaml to a workspace, show what it would change, and write it back."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ruamel.yaml import YAML
from sqlalchemy.orm import Session

from integrations.store import configuration as stored
from integrations.store import launches, limits, people
from integrations.store.engine import Store, lock_workspace
from schema.checklists import Checklists
from schema.configuration.changes import (
    Applied,
    Body,
    Difference,
    Fate,
    Kind,
    ObjectKey,
    StoredObject,
    Take,
    bodies,
    conflicts,
    difference,
    document_of,
    merged,
    objects_of,
)
from schema.configuration.reading import Configuration, read_configuration
from schema.errors import Refusal
from schema.metrics import Catalogue

NO_CHECKLISTS: Final = Checklists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A workspace's configuration at one revision; held by a process until the revision moves."""

    revision: int
    configuration: Configuration


async def plan(store: Store, workspace: str, document: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Say what applying a sound file would change; changes nothing."""
    wanted = objects_of(document)
    return await store.read(lambda session: difference(wanted, stored.objects(session, workspace)))


async def apply(
    store: Store,
    workspace: str,
    document: Mapping[str, Any],
    *,
    catalogue: Catalogue,
    now: datetime,
    take: Take | None = None,
    checklists: Checklists = NO_CHECKLISTS,
) -> Applied:
    """Apply a sound file, all of it or nothing; safe to repeat.

    checklists  the program's; without any, nothing is noted of the limits that they and the file set
    take      decides conflicts; None applies nothing when there is one
    returns   with conflicts, or with problems of file and Slack together, nothing was applied
    """

    def act(session: Session) -> Applied:
        lock_workspace(session, workspace)
        return _apply(
            session,
            workspace,
            document,
            catalogue=catalogue,
            now=now,
            take=take,
            checklists=checklists,
        )

    return await store.write(act)


def _apply(
    session: Session,
    workspace: str,
    document: Mapping[str, Any],
    *,
    catalogue: Catalogue,
    now: datetime,
    take: Take | None,
    checklists: Checklists,
) -> Applied:
    found = difference(objects_of(document), stored.objects(session, workspace))
    revision = stored.revision(session, workspace)
    if conflicts(found) and take is None:
        return Applied(differences=found, revision=revision)
    after = merged(found, take)
    result = read_configuration(
        document_of(bodies(after)), catalogue=catalogue, checklists=checklists if checklists.items else None
    )
    if not isinstance(result, Configuration):
        return Applied(differences=found, revision=revision, problems=tuple(result))
    limits.stamp(session, workspace, _asked(result, checklists), now)
    for accounts in result.reviews.same_person:
        people.link_known(session, workspace, accounts)
    return Applied(differences=_decided(found, take), revision=stored.save(session, workspace, after, now))


def _asked(configuration: Configuration, checklists: Checklists) -> dict[limits.Place, str]:
    """Name what each product asks of its evidence, limits included, by content."""
    every = checklists.with_own(configuration.items)
    return {
        (product.key, item.id, each.name): each.digest
        for product in configuration.products.values()
        for item in every.of(product)
        for each in item.requirements
    }


def _decided(found: tuple[Difference, ...], take: Take | None) -> tuple[Difference, ...]:
    """Say what became of each conflict once a side was taken."""
    return tuple(each if each.fate is not Fate.CONFLICT else _settled(each, take) for each in found)


def _settled(each: Difference, take: Take | None) -> Difference:
    fate = Fate.KEPT if take is Take.SLACK else Fate.CHANGED if each.wanted is not None else Fate.REMOVED
    return Difference(
        at=each.at, fate=fate, wanted=each.wanted, current=each.current, changed_by=each.changed_by
    )


async def stranded(store: Store, workspace: str, applied: Applied) -> tuple[str, ...]:
    """Name the launches under way whose product a file that was applied took away."""
    removed = [each.at for each in applied.differences if each.fate is Fate.REMOVED]
    gone = {at.key for at in removed if at.kind is Kind.PRODUCT}
    if not gone or applied.problems or applied.conflicts:
        return ()
    open_ones = await store.read(lambda session: launches.going(session, workspace))
    return tuple(each.id for each in open_ones if each.product in gone)


async def export(store: Store, workspace: str) -> str:
    """Write a workspace's configuration as YAML that reads back equal; secrets stay names."""
    known = await store.read(lambda session: stored.objects(session, workspace))
    return yaml_text(document_of(bodies(known)))


async def snapshot(
    store: Store, workspace: str, *, catalogue: Catalogue, known: Snapshot | None = None
) -> Snapshot | None:
    """Give the configuration as it stands; `known` itself while its revision stands, None before the first apply."""

    def act(session: Session) -> Snapshot | None:
        revision = stored.revision(session, workspace)
        if known is not None and known.revision == revision:
            return known
        return _snapshot(session, workspace, revision, catalogue)

    return await store.read(act)


def _snapshot(session: Session, workspace: str, revision: int, catalogue: Catalogue) -> Snapshot | None:
    objects = bodies(stored.objects(session, workspace))
    if not objects:
        return None
    result = read_configuration(document_of(objects), catalogue=catalogue, stored=True)
    if isinstance(result, Configuration):
        return Snapshot(revision=revision, configuration=result)
    problems = "; ".join(problem.sentence for problem in result[:3])
    raise Refusal(
        f"The stored configuration does not fit this version of Muster: {problems} Apply a corrected file."
    )


def yaml_text(document: Mapping[str, Any]) -> str:
    """Write plain values as YAML."""
    out = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # ruamel annotates its default only
    writer.allow_unicode = True
    writer.width = 120
    writer.dump(document, out)
    return out.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody in Slack wants of one object."""

    at: ObjectKey
    make: Callable[[Body], Body]
    by: str
    seen: int | None = None  # the revision that they looked at; None: it does not matter


def change(
    session: Session, workspace: str, edit: Edit, *, catalogue: Catalogue, now: datetime
) -> Configuration:
    """Change one object as somebody in Slack wants it, as a part of a transaction; `apply` then sees both sides.

    catalogue  with the workspace's own metrics or without
    """
    lock_workspace(session, workspace)
    if edit.seen is not None and stored.revision(session, workspace) != edit.seen:
        raise Refusal(
            "Somebody changed the configuration meanwhile. Open it again, and it shows what holds now."
        )
    held = stored.objects(session, workspace)
    before = held.get(edit.at)
    if before is None or before.body is None:
        raise Refusal(f"There is no {edit.at.kind} {edit.at.key} any more.")
    made = StoredObject(body=edit.make(before.body), applied_digest=before.applied_digest, changed_by=edit.by)
    after = {**held, edit.at: made}
    own = {str(each["key"]) for key, each in bodies(held).items() if key.kind is Kind.METRIC}
    without = Catalogue([each for each in catalogue if each.key not in own])
    result = read_configuration(document_of(bodies(after)), catalogue=without, stored=True)
    if not isinstance(result, Configuration):
        raise Refusal(f"{result[0].what} {result[0].works}".strip())
    stored.save(session, workspace, after, now)
    return result
