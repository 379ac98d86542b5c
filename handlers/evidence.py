"""Evidence that people and pipelines give: records and documents, each for one requirement of one item."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from handlers import folds
from handlers.deciding import Person, need_same, need_settings, refused, standing_of
from handlers.services import Services, Snapshot
from handlers.ticks import settle_product
from integrations.store import evidence as stored
from integrations.store import launches
from integrations.store.engine import lock_workspace
from integrations.store.launches import Outcome
from schema.attempts import Code, Declined
from schema.checklists import ItemSpec
from schema.errors import Refusal
from schema.evidence import Document, Record
from schema.evidence_given import need_giver
from schema.problems import nearest, quoted
from schema.products import Product
from schema.record_findings import record_digest
from schema.requirements import EvidenceKind, Requirement
from schema.sightings import MODEL, MODEL_VERSION

Given = Record | Document


async def put(
    services: Services, snapshot: Snapshot, product: Product, *, item: str, given: Given, by: Person | str, key: str
) -> bool:  # fmt: skip
    """Keep what somebody gives for a requirement, and let open launches see it; False when the request came again.

    given   its `by` and `at` are filled in here
    by      a person, or the name of a pipeline that its token let in
    """
    requirement = requirement_of(services, snapshot, product, item=item, name=given.name)
    _need_kind(requirement, given)

    asked = items_of(services, snapshot, product)[item]

    def act(session: Session) -> bool | Declined:
        lock_workspace(session, snapshot.workspace)
        came = launches.outcome(session, snapshot.workspace, key)
        if came is not None:
            return False if came.refusal is None else Declined(Code(str(came.code)), came.refusal)
        need_settings(session, snapshot)
        if isinstance(by, Person):
            need_same(session, snapshot.workspace, by)
        now = services.now()
        who = standing_of(session, snapshot, by)
        try:
            need_giver(asked, who if isinstance(by, Person) else None)
        except Declined as declined:
            attempt = f"give evidence for {item} of {product.key}"
            return refused(session, snapshot.workspace, declined, who=who, attempt=attempt, key=key, now=now)
        came = Outcome(launch="", first=0, last=0, code=None, refusal=None)
        launches.note(session, snapshot.workspace, [(key, came)], at=now)
        owned = replace(_of_its_model(session, services, snapshot, product, given=given), by=who.pid, at=now)
        stored.put(session, snapshot.workspace, product=product.key, item=item, given=owned)
        settle_product(session, services, snapshot, product.key)
        return True

    kept = await services.store.write(act)
    if isinstance(kept, Declined):
        raise kept
    return kept


def _of_its_model(
    session: Session, services: Services, snapshot: Snapshot, product: Product, *, given: Given
) -> Given:  # fmt: skip
    """Say of which model a version is, where a launch under way says it: two models may have versions of one name."""
    version = given.states.get(MODEL_VERSION)
    if not version or given.states.get(MODEL):
        return given
    going = [
        folds.load(session, services.folds, kept).revision.manifest
        for kept in launches.going(session, snapshot.workspace, product=product.key)
    ]
    models = {each.model for each in going if each.model_version == version}
    if len(models) != 1:
        return given
    stated = replace(given, states={**given.states, MODEL: models.pop()})
    return replace(stated, digest=record_digest(stated)) if isinstance(stated, Record) else stated


def items_of(services: Services, snapshot: Snapshot, product: Product) -> Mapping[str, ItemSpec]:
    """Give every question of a product, by id."""
    return {each.id: each for each in services.checklists.with_own(snapshot.configuration.items).of(product)}


def requirement_of(
    services: Services, snapshot: Snapshot, product: Product, *, item: str, name: str
) -> Requirement:
    """Find what evidence is given for; raises Refusal with the nearest names."""
    items = items_of(services, snapshot, product)
    if item not in items:
        raise Refusal(f"There is no item {quoted(item)}. {nearest(item, items, kind='items')}")
    asked = {each.name: each for each in items[item].requirements}
    if name not in asked:
        raise Refusal(f"{item} asks for no {quoted(name)}. {nearest(name, asked, kind='requirements')}")
    return asked[name]


def _need_kind(requirement: Requirement, given: Given) -> None:
    kind = EvidenceKind.RECORD if isinstance(given, Record) else EvidenceKind.DOCUMENT
    if requirement.kind is EvidenceKind.READING:
        raise Refusal(
            f"{requirement.words.capitalize()} is read from its source; nobody can write it by hand."
        )
    if requirement.kind is not kind:
        raise Refusal(f"This takes a {requirement.kind.value}, and this is a {kind.value}.")
    if isinstance(given, Record) and requirement.unit is not None and given.unit is not requirement.unit:
        raise Refusal(
            f"This takes {requirement.unit.value}, and this is {given.unit.value}; give it in the other unit."
        )
