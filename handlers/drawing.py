"""Showing in Slack what was decided: the launch's card, a message a role, a line in the thread, a word to who asked.

A card changes at most once a second, however many people decide: what a decision does not draw itself is drawn by
`catch_up`, which sees by the launch's row that its card is behind. So nothing is lost when a process dies.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import cards, findings, folds
from handlers.effects import tell
from handlers.findings import Found
from handlers.services import Services, Snapshot
from handlers.views import decisions as lines
from handlers.views import launches as views
from integrations.store import cards as stored_cards
from integrations.store import launches as stored
from integrations.store import ledger, texts
from integrations.store import people as stored_people
from integrations.store.engine import lock_workspace
from integrations.store.launches import Kept
from schema.gates import Gate, answer
from schema.launches import EventKind, Launch, State
from schema.ledger import Event
from schema.products import Role
from schema.renewals import Renewal, renewals
from schema.votes import Vote

RESTS: Final = timedelta(seconds=1)  # of a card, between two changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the words of a card need beside the launch: who its people are, and what they wrote."""

    product: str  # its title
    users: Mapping[str, str]  # pid → Slack user; who was erased is not in it
    names: Mapping[str, str]  # pid → name
    texts: Mapping[str, str]  # text id → words; what was erased is not in it


def card_key(launch: str) -> str:
    """Name a launch's card."""
    return f"launch.{launch}"


def role_key(launch: str, role: Role) -> str:
    """Name the message that asks one role."""
    return f"launch.{launch}.role.{role.value}"


def after(
    session: Session, snapshot: Snapshot, *, kept: Kept, before: Launch | None, launch: Launch, found: Found,
    now: datetime,
) -> bool:  # fmt: skip
    """Show a decision, unless the card changed a moment ago; who asked is told when the launch moves.

    Of what they submitted themselves nobody has to tell them. True when there is something to send.
    """
    moved = (before is None or before.state is not launch.state) and launch.state is not State.CHECKING
    if moved:
        _tell(session, snapshot, launch, now=now)
    rested = kept.drawn_at is None or now - kept.drawn_at >= RESTS
    if rested:
        draw(session, snapshot, kept, launch=launch, found=found, now=now)
    return moved or rested


def draw(
    session: Session, snapshot: Snapshot, kept: Kept, *, launch: Launch, found: Found, now: datetime
) -> None:
    """Show where a launch stands, and what was said since it was drawn last."""
    workspace = snapshot.workspace
    events = ledger.events_of(session, workspace, launch.id, after=kept.drawn)
    gate = answer(launch, found.findings, now)
    again = _renewals(session, kept, launch, gate, events=events)
    told = lines.news(events)
    about = known(session, snapshot, launch, events=told.events, people=_asked(again))
    card, requester = card_key(launch.id), about.users.get(launch.requester)
    beside = {"product": launch.product} | ({"by": requester} if requester else {})
    put = partial(cards.put, session, workspace, channel=kept.channel, now=now)
    roles = _roles(session, kept, launch, gate)
    wanted = {key: each | beside for key, each in ({card: views.card(launch, gate, about)} | roles).items()}
    for key, message in cards.changed(session, workspace, wanted).items():
        put(key=key, message=message, under=None if key == card else card)
    said = lines.thread(told, about, tuple(launch.revision.items) if launch.revisions else (), again)
    if said is not None:
        after_roles = len(Role) + launch.seq
        put(key=f"{card}.said.{launch.seq}", message=said | beside | {"place": after_roles}, under=card)
    stored.drawn(session, workspace, launch.id, seq=launch.seq, at=now)


def _roles(session: Session, kept: Kept, launch: Launch, gate: Gate) -> dict[str, dict[str, object]]:
    """Say what each role's message shows, those that owe something first; nobody is asked before the checks have run."""
    found = {
        role_key(launch.id, role): {
            **views.role_message(launch, role, gate),
            "place": views.owes(launch, role, gate),
        }
        for role in roles_of(launch)
    }
    if launch.state not in (State.OPEN, State.APPROVED):
        posted = stored_cards.there(session, kept.workspace, found)
        found = {key: each for key, each in found.items() if key in posted}
    return dict(sorted(found.items(), key=lambda each: each[1]["place"]))


def _renewals(
    session: Session, kept: Kept, launch: Launch, gate: Gate, *, events: Sequence[Event]
) -> tuple[Renewal, ...]:
    """Say whom the evidence that changed since the launch was drawn last asks again."""
    if not any(event.kind == EventKind.EVIDENCE_CHANGED for event in events):
        return ()
    whole = folds.events_of(session, kept.workspace, launch.id)
    return renewals(launch, gate, whole, since=kept.drawn)


def _asked(again: Sequence[Renewal]) -> frozenset[str]:
    return frozenset(pid for each in again for pid in (*each.signers, *each.objectors))


async def catch_up(services: Services, snapshot: Snapshot) -> int:
    """Draw the launches whose card is behind; gives how many. Called every second or so."""
    behind = await services.store.read(lambda session: stored.undrawn(session, snapshot.workspace))
    for launch in behind:
        await services.store.write(partial(_catch_up, services=services, snapshot=snapshot, id=launch))
    return len(behind)


def _catch_up(session: Session, *, services: Services, snapshot: Snapshot, id: str) -> None:
    lock_workspace(session, snapshot.workspace)
    kept = stored.get(session, snapshot.workspace, id)
    if kept is None or kept.drawn >= kept.seq:
        return
    now = services.now()
    launch = folds.load(session, services.folds, kept)
    found = findings.found_in(session, services, snapshot, launch, now=now)
    draw(session, snapshot, kept, launch=launch, found=found, now=now)


def roles_of(launch: Launch) -> tuple[Role, ...]:
    """List the roles that a launch's items ask, in the order of the roles."""
    if not launch.revisions:
        return ()
    asked = {role for item in launch.revision.items.values() for role in item.spec.seats}
    return tuple(role for role in Role if role in asked)


def known(
    session: Session,
    snapshot: Snapshot,
    launch: Launch,
    *,
    events: Sequence[Event] = (),
    people: Collection[str] = (),
) -> Known:
    """Read the names and the words that a launch's events refer to.

    people   pids of others who are named
    """
    pids, ids = {*views.named_in(launch), *people}, set(views.written_in(launch))
    for event in events:
        pids |= {event.actor, str(event.payload.get("objector", event.actor))}
        ids |= {str(event.payload["text"])} if event.payload.get("text") else set()
    names = stored_people.kept(session, snapshot.workspace, pids)
    product = snapshot.configuration.products.get(launch.product)
    return Known(
        product=product.title if product else launch.product,
        users={pid: each.user for pid, each in names.items()},
        names={pid: each.name for pid, each in names.items()},
        texts={id_: each.text for id_, each in texts.kept(session, snapshot.workspace, ids).items()},
    )


def ask_again(session: Session, snapshot: Snapshot, launch: Launch, *, channel: str, now: datetime) -> None:
    """Ask those whose objection to an earlier launch stands in a new one."""
    about = known(session, snapshot, launch)
    mine: dict[str, list[Vote]] = {}
    for vote in launch.revision.dissent:
        if vote.launch and vote.pid in about.users:
            mine.setdefault(about.users[vote.pid], []).append(vote)
    for user, votes in mine.items():
        words = lines.asked_again(launch, about, votes, channel=channel)
        tell(session, snapshot.workspace, users=[user], text=words, now=now)


def _tell(session: Session, snapshot: Snapshot, launch: Launch, *, now: datetime) -> None:
    about = known(session, snapshot, launch)
    user = about.users.get(launch.requester)
    if user is not None:
        tell(session, snapshot.workspace, users=[user], text=lines.moved(launch, about), now=now)
