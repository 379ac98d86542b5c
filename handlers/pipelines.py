"""Evidence that shells and pipelines give, in the words that they type; read and kept as the modals' is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from handlers import evidence
from handlers.deciding import Person, known
from handlers.services import Services, Snapshot
from integrations.store import launches, people
from schema.errors import Refusal
from schema.evidence import Document, Record
from schema.evidence_given import Giver, Typed, TypedDocument, read_document, read_record
from schema.policies import Standing
from schema.problems import nearest, quoted
from schema.products import Product
from schema.requirements import EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What somebody gives for one requirement; a record has a value, a document a digest.

    target      a launch, or its product
    of          a share's whole, where the value counts its part
    """

    target: str
    item: str
    name: str
    value: str | None = None
    of: str | None = None
    measured: str = ""
    link: str = ""
    digest: str | None = None
    dated: str = ""
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gave:
    """What was kept, and where."""

    product: str
    item: str
    given: Record | Document

    @property
    def line(self) -> str:
        """Say it."""
        what = self.given.value if isinstance(self.given, Record) else self.given.link
        return f"Kept for {self.item} of {self.product}: {self.given.name} is {what}."


async def give(
    services: Services, snapshot: Snapshot, giving: Giving, *, by: Person | str, nonce: str
) -> Gave:
    """Read what was typed, keep it, and let open launches see it; raises Refusal with what would work."""
    product = await _product(services, snapshot, giving.target)
    given = _read(services, snapshot, product, giving)
    await evidence.put(
        services, snapshot, product, item=giving.item, given=given, by=by, key=f"evidence.{nonce}"
    )
    return Gave(product=product.key, item=giving.item, given=given)


async def somebody(services: Services, snapshot: Snapshot, user: str) -> Person:
    """Name a person by their Slack id, for whom whoever runs the command line vouches; the unknown are named by it."""

    def name(session: Session) -> str:
        pids = people.pids_of(session, snapshot.workspace, [user])
        kept = people.kept(session, snapshot.workspace, pids.values())
        return kept[pids[user]].name if pids.get(user) in kept else user

    return Person(user=user, name=await services.store.read(name), standing=Standing(pid="", admin=True))


async def _product(services: Services, snapshot: Snapshot, target: str) -> Product:
    if target in snapshot.configuration.products:
        return snapshot.product(target)
    try:
        kept = await services.store.read(lambda session: known(session, snapshot.workspace, target))
    except Refusal:
        names = await services.store.read(lambda session: launches.ids(session, snapshot.workspace))
        works = nearest(target, [*snapshot.configuration.products, *names])
        raise Refusal(
            f"There is no launch and no product {quoted(target)}. {works} `muster launches --all` lists them."
        ) from None
    return snapshot.product(kept.product)


def _read(services: Services, snapshot: Snapshot, product: Product, giving: Giving) -> Record | Document:
    requirement = evidence.requirement_of(services, snapshot, product, item=giving.item, name=giving.name)
    giver = Giver(pid="", at=services.now(), zone=product.zoneinfo)
    if requirement.kind is EvidenceKind.READING:
        raise Refusal(
            f"{requirement.words.capitalize()} is read from its source; bind it in muster.yaml, then `muster pull`."
        )
    if giving.digest is not None:
        typed = TypedDocument(
            link=giving.link, digest=giving.digest, dated=giving.dated, states=giving.states
        )
        return read_document(requirement, typed, giver)
    value = f"{giving.value} of {giving.of}" if giving.of else giving.value or ""
    return read_record(
        requirement,
        Typed(value=value, measured=giving.measured, link=giving.link, states=giving.states),
        giver,
    )
