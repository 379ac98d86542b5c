"""What one person is put before to sign: the items of a role as a stored showing has them, and what they may answer."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from handlers import drawing, gates, items
from handlers.deciding import Person
from handlers.gates import Looked
from handlers.services import Services, Snapshot
from handlers.views.items import Sheet, Shown
from handlers.views.launches import title_of
from integrations.store.showings import Showing
from schema.checklists import CheckKind, ItemClass
from schema.items import SETTLED, Item, ItemState
from schema.launches import State
from schema.products import Role
from schema.requirements import EvidenceKind, Requirement
from schema.tallies import may_be_own, to_take_back
from schema.votes import SILENT, Intent, Voice


async def sheet(
    services: Services, snapshot: Snapshot, launch: str, *, person: Person, role: Role, id: str
) -> Sheet:
    """Show a role's items to somebody, and keep exactly what they are shown; those that wait for them come first.

    id   of the showing, a name that nobody can guess
    """
    shown = await items.show(services, snapshot, launch, person=person, role=role, id=id)
    return await sheet_of(services, snapshot, shown)


async def sheet_of(
    services: Services, snapshot: Snapshot, shown: Showing, *, only: Collection[str] | None = None
) -> Sheet:
    """Give a showing's items again, with what may be answered now.

    only   these of them, in the order in which they come; None: those that are worth asking
    """

    def act(session: Session) -> Sheet:
        looked = gates.look_in(session, services, snapshot, shown.launch)
        mine = items.spoken_as(session, snapshot, shown.user)
        chosen = (
            _chosen(looked, shown, mine) if only is None else [each for each in only if each in shown.items]
        )
        about = drawing.known(session, snapshot, looked.launch)
        return Sheet(
            showing=shown.id,
            launch=shown.launch,
            title=title_of(looked.launch, about),
            role=Role(shown.role),
            items=[_shown(looked, shown, each, mine) for each in chosen],
        )

    return await services.store.read(act)


def _chosen(looked: Looked, shown: Showing, mine: Collection[str]) -> Sequence[str]:
    """Choose what is worth asking: what is not settled, and what this person has spoken to; else everything."""
    revision, gate = looked.launch.revision, looked.gate
    waiting = gate.waits_for.get(Role(shown.role), ())
    left = [item.id for item in to_take_back(revision, mine)]
    known = [item for item in (*revision.items, *left) if item in shown.items]
    open_ = [item for item in known if gate.items.get(item) not in SETTLED]
    spoken = [item for item in known if any(pid in mine for pid in revision.voices.get(item, {}))]
    ordered = dict.fromkeys((*(item for item in known if item in waiting), *open_, *spoken))
    return list(ordered) or known


def _shown(looked: Looked, shown: Showing, item: str, mine: Collection[str]) -> Shown:
    revision = looked.launch.revision
    bare = Shown(id=item, text=shown.text[item], choices=(Intent.COMMENT,))
    if item in {each.id for each in to_take_back(revision, mine)}:
        return replace(bare, choices=(Intent.TAKE_BACK,), said=Intent.OBJECT)
    known = revision.items.get(item)
    if known is None:
        return bare
    voice = next((each for pid, each in revision.voices.get(item, {}).items() if pid in mine), SILENT)
    said = _said(voice, known)
    own = looked.launch.requester in mine and not may_be_own(revision, known)
    return replace(
        bare,
        choices=_choices(looked, known, said=said, own=own),
        said=said,
        held=_held(looked, item) and known.spec.check is not CheckKind.AUTO,
        lacking=_lacking(looked, known),
    )


def _held(looked: Looked, item: str) -> bool:
    """Tell whether evidence is still to come, which would end a signature."""
    return looked.gate.items[item] in (ItemState.AUTO_FAIL, ItemState.UNKNOWN)


def _said(voice: Voice, item: Item) -> Intent | None:
    """Give what somebody said that holds now."""
    if voice.objection is not None:
        return Intent.OBJECT
    said = voice.said(item.digest)
    return None if said is Intent.TAKE_BACK else said


def _choices(looked: Looked, item: Item, *, said: Intent | None, own: bool) -> tuple[Intent, ...]:
    """List what may be answered; the rule looks again when it is."""
    signable = looked.launch.state is State.OPEN and not own
    held = _held(looked, item.id)
    by_people = item.spec.check is not CheckKind.AUTO
    found = [Intent.SIGN] if signable and by_people and not held and said is not Intent.SIGN else []
    if not own:
        found.append(Intent.OBJECT)
    if signable and item.spec.klass is ItemClass.CONDITIONAL:
        found.append(Intent.NOT_APPLICABLE)
    found.append(Intent.COMMENT)
    if said is not None:
        found.append(Intent.TAKE_BACK)
    return tuple(found)


def _lacking(looked: Looked, item: Item) -> tuple[Requirement, ...]:
    """List the records and documents that are missing or do not pass."""
    found = looked.found.by_item.get(item.id, {})
    return tuple(
        each
        for each in item.spec.requirements
        if each.kind is not EvidenceKind.READING and not (each.name in found and found[each.name].passed)
    )
