"""The proof of a launch: its events, a page to read, and what binds both to a signature."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import findings
from handlers.deciding import known
from handlers.services import Services, Snapshot
from handlers.views.certificates import Told, certificate
from integrations.store import checkpoints, ledger, people, showings, texts
from integrations.store.checkpoints import StoredCheckpoint
from integrations.store.engine import lock_workspace
from schema.audits import Audit
from schema.certificates import KeptName, KeptText, certified, referred, written
from schema.checkpoints import PublicKey, SigningKey
from schema.errors import Refusal
from schema.gates import Gate, answer
from schema.histories import INTENTS, fold
from schema.launches import EventKind
from schema.ledger import Event
from schema.same_people import known_as

NO_KEY: Final = "A proof is signed, and Muster has no key: run `muster key new FILE` and name the file in MUSTER_SIGNING_KEY."
ABOUT_KEYS: Final = frozenset({EventKind.KEY_ROTATED, EventKind.RESTORED})
ABOUT_PEOPLE: Final = frozenset({EventKind.DELEGATED, EventKind.DELEGATION_ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The two files of a certificate that belong together."""

    launch: str
    certificate: bytes
    page: bytes
    key: str  # id of the key that signed
    size: int  # events that the checkpoint stands over
    gate: Gate  # as the page says it


async def prove(services: Services, snapshot: Snapshot, launch: str) -> Proof:
    """Sign the ledger as it is, and certify a launch in it."""
    key = services.signing_key
    if key is None:
        raise Refusal(NO_KEY)
    await services.store.read(lambda session: known(session, snapshot.workspace, launch))

    def sign(session: Session) -> StoredCheckpoint:
        lock_workspace(session, snapshot.workspace)
        return checkpoints.make(session, snapshot.workspace, key=key, now=services.now())

    made = await services.store.write(sign)
    return await services.store.read(
        partial(_prove, services=services, snapshot=snapshot, launch=launch, made=made, key=key)
    )


def _prove(
    session: Session, *, services: Services, snapshot: Snapshot, launch: str, made: StoredCheckpoint, key: SigningKey
) -> Proof:  # fmt: skip
    workspace, now = snapshot.workspace, services.now()
    events = _until(ledger.events_of(session, workspace, launch), made.size)
    beside = _beside(_until(ledger.events_of(session, workspace, ""), made.size), events)
    same = people.same_person(session, workspace)
    folded = fold(known_as(event, same) for event in events)
    found = findings.found_in(session, services, snapshot, folded, now=now)
    gate = answer(folded, found.findings, now)
    kept_texts, kept_names = _kept(session, workspace, [*events, *beside])
    product = snapshot.configuration.products.get(folded.product)
    told = Told(
        workspace=snapshot.configuration.workspace.name,
        product=product.title if product else folded.product,
        launch=folded,
        events=events,
        gate=gate,
        found=found.by_item,
        names={
            known: f"{each.name} ({each.user})"
            for pid, each in kept_names.items()
            for known in (pid, same.get(pid, pid))
        },
        texts={id_: each.text for id_, each in kept_texts.items()},
        shown=_shown(session, workspace, events, kept=kept_texts),
        checkpoint=made.note,
        key=key.public.id,
        at=now,
    )
    page = certificate(told)
    signed = checkpoints.signed_ledger(session, workspace, made)
    whole = certified(workspace, launch, events=[*events, *beside], ledger=signed, page=page, key=key, at=now)
    shown = whole.showing(texts=kept_texts, names=kept_names)
    return Proof(
        launch=launch, certificate=written(shown), page=page, key=key.public.id, size=made.size, gate=gate
    )


async def newest_checkpoint(services: Services, snapshot: Snapshot) -> str:
    """Give the newest checkpoint as it was signed; raises Refusal where none was."""
    found = await services.store.read(lambda session: checkpoints.newest(session, snapshot.workspace))
    if found is None:
        raise Refusal(
            "No checkpoint has been signed yet. The running bot signs them, and so does muster proof LAUNCH."
        )
    return found.note


def _until(events: Iterable[Event], size: int) -> tuple[Event, ...]:
    return tuple(event for event in events if event.seq <= size)


def _beside(events: Sequence[Event], ours: Sequence[Event]) -> tuple[Event, ...]:
    """Choose the workspace's events that a launch rests on: its keys, and who let whom of it sign for them."""
    said = referred(ours)
    handed = {
        event.seq
        for event in events
        if event.kind == EventKind.DELEGATED and {event.actor, str(event.payload["delegate"])} <= said
    }
    return tuple(
        event
        for event in events
        if event.kind in ABOUT_KEYS
        or (event.kind in ABOUT_PEOPLE and (event.seq in handed or event.payload.get("delegation") in handed))
    )


def _kept(
    session: Session, workspace: str, events: Sequence[Event]
) -> tuple[Mapping[str, KeptText], Mapping[str, KeptName]]:
    said = referred(events)
    names = people.kept(session, workspace, [each for each in said if each.startswith("p_")])
    return texts.kept(session, workspace, [each for each in said if len(each) == 64]), names


def _shown(
    session: Session, workspace: str, events: Sequence[Event], *, kept: Mapping[str, KeptText]
) -> Mapping[str, Mapping[str, str]]:
    """Give every word that was shown, by showing: those whose very text the chain binds come from there."""
    ids = {str(event.payload["showing"]) for event in events if event.kind in INTENTS}
    bound = {id_: json.loads(kept[id_].text)["text"] for id_ in ids & kept.keys()}
    rest = showings.some(session, workspace, ids - bound.keys())
    return {**bound, **{id_: each.text for id_, each in rest.items()}}


async def audit(
    services: Services, snapshot: Snapshot, *, keys: Sequence[PublicKey] = (), outside: Sequence[str] = ()
) -> Audit:
    """Check the whole ledger of a workspace.

    keys      public ones from outside
    outside   checkpoints that were kept elsewhere
    """
    return await services.store.read(
        lambda session: checkpoints.audit(session, snapshot.workspace, keys=keys, outside=outside)
    )
