"""The gate: asked by people, pipelines and cards, which changes nothing; and used, which is recorded once."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from handlers import findings, folds
from handlers.deciding import Decided, Deciding, Person, Request, known
from handlers.decisions import decide
from handlers.findings import Found
from handlers.services import Services, Snapshot
from schema import uses
from schema.gates import Gate
from schema.gates import answer as answer_of
from schema.launches import Launch
from schema.ledger import Draft
from schema.shortest import Missing, smallest


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A launch at one position of the ledger, with what its evidence shows at one moment."""

    launch: Launch
    found: Found
    gate: Gate
    missing: Missing | None  # the least that is missing; None before there is a revision


async def look(services: Services, snapshot: Snapshot, launch: str, *, manifest: str | None = None) -> Looked:
    """Say where a launch stands, from what is stored, and write nothing.

    manifest   digest of what somebody wants to send out
    """
    return await services.store.read(
        lambda session: look_in(session, services, snapshot, launch, manifest=manifest)
    )


def look_in(
    session: Session, services: Services, snapshot: Snapshot, launch: str, *, manifest: str | None = None
) -> Looked:
    """Say where a launch stands in a transaction."""
    now = services.now()
    folded = folds.load(session, services.folds, known(session, snapshot.workspace, launch))
    found = findings.found_in(session, services, snapshot, folded, now=now)
    gate = answer_of(folded, found.findings, now, manifest)
    missing = smallest(folded, found.findings, now) if folded.revisions else None
    return Looked(launch=folded, found=found, gate=gate, missing=missing)


async def answer(services: Services, snapshot: Snapshot, launch: str, *, manifest: str | None = None) -> Gate:
    """Say whether a launch may go out now; asking changes nothing."""
    return (await look(services, snapshot, launch, manifest=manifest)).gate


async def use(
    services: Services, snapshot: Snapshot, launch: str, manifest: str, *, by: Person | str, key: str,
    accept_bypass: bool = False,
) -> Decided:  # fmt: skip
    """Record that a manifest goes out now; the same one again gets the first record, another is refused.

    by         a person, or the name of the release system that its token let in
    manifest   its digest
    """

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        who = by if isinstance(by, str) else deciding.who
        return uses.use(
            deciding.launch, who, manifest, findings=deciding.found.findings, now=deciding.now,
            accept_bypass=accept_bypass,
        )  # fmt: skip

    return await decide(
        services,
        Request(
            snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="record that it went out"
        ),
    )
