"""What machines ask: whether a launch may go out, and to record that it does; command line and API answer alike."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from handlers import gates
from handlers.services import Services, Snapshot
from handlers.views.gates import YES, Body, body
from integrations.store import launches as stored
from schema.attempts import Declined
from schema.errors import Refusal
from schema.ledger import digest

NO_KEY: Final = (
    "Its use cannot be recorded before Muster has a key to sign its ledger with: run `muster key new FILE` and name the"
    " file in MUSTER_SIGNING_KEY."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Using:
    """What goes out, and who says so.

    by      the name of a release system; never a person's, because it stays for good
    nonce   a word that nobody has used before, for a request that the gate lets pass
    """

    launch: str
    manifest: str  # digest
    by: str
    nonce: str
    accept_bypass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What came of a use, and how the gate stands after it."""

    body: Body
    refusal: str | None = None

    @property
    def recorded(self) -> bool:
        """Tell whether it may go on: this use or the very same one before it is in the ledger."""
        return self.refusal is None


async def ask(services: Services, snapshot: Snapshot, launch: str, *, manifest: str | None = None) -> Body:
    """Say whether a launch may go out; nothing is written."""
    looked = await gates.look(services, snapshot, launch, manifest=manifest)
    return body(looked.launch, looked.gate, looked.missing, at=services.now(), asked=manifest)


async def use(services: Services, snapshot: Snapshot, using: Using) -> Used:
    """Record that a manifest goes out; a refusal is an answer too, and stands in the ledger once."""
    if services.signing_key is None:
        raise Refusal(NO_KEY)
    before = await ask(services, snapshot, using.launch, manifest=using.manifest)
    refusal = None
    try:
        await gates.use(
            services, snapshot, using.launch, using.manifest, by=using.by, key=_key(using, before),
            accept_bypass=using.accept_bypass,
        )  # fmt: skip
    except Declined as declined:
        refusal = str(declined)
    after = await ask(services, snapshot, using.launch, manifest=using.manifest)
    told = {**after, "recorded": refusal is None, "refused": refusal}
    return Used(body=told, refusal=refusal)


def _key(using: Using, before: Body) -> str:
    """Name the request; a pipeline that asks a closed gate again and again leaves one entry for each answer."""
    if before["answer"] == YES or (using.accept_bypass and before["bypass_until"]):
        return f"gate.use.{using.nonce}"
    same = {name: before[name] for name in ("launch", "state", "revision", "answer", "asked", "reasons")}
    return f"gate.use.{digest({'by': using.by, 'bypass': using.accept_bypass, **same})}"


async def every(services: Services, snapshot: Snapshot, *, product: str | None, ended: bool) -> list[Body]:
    """Say of each launch whether it may go out, the oldest first.

    ended   those that have ended, too
    """
    named = [snapshot.product(product).key] if product else None

    def read(session: Session) -> list[Body]:
        products = named or stored.products(session, snapshot.workspace)
        found = [
            kept for key in products for kept in reversed(stored.of_product(session, snapshot.workspace, key))
        ]
        return [_body_in(session, services, snapshot, kept.id) for kept in found if ended or not kept.ended]

    return await services.store.read(read)


def _body_in(session: Session, services: Services, snapshot: Snapshot, launch: str) -> Body:
    looked = gates.look_in(session, services, snapshot, launch)
    return body(looked.launch, looked.gate, looked.missing, at=services.now(), asked=None)


async def is_there(services: Services, snapshot: Snapshot, launch: str) -> bool:
    """Tell whether there is such a launch."""
    found = await services.store.read(lambda session: stored.get(session, snapshot.workspace, launch))
    return found is not None
