"""Forgetting people: their names leave the side of the ledger, and nothing they did may count beside what they do next.

Whoever comes back is somebody new to the ledger, whose signature would stand beside the old one as a second person's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from handlers import cards, drawing, findings, folds, ticks
from handlers.deciding import known, need_settings
from handlers.services import Services, Snapshot
from handlers.views.blocks import section
from integrations.store import cards as stored_cards
from integrations.store import forgetting, ledger, people, showings, texts
from integrations.store import launches as stored
from integrations.store.engine import lock_workspace
from integrations.store.forgetting import Gone
from integrations.store.launches import Kept
from schema.erasures import need_no_bypass, without
from schema.errors import Refusal
from schema.following import draft
from schema.launches import EventKind
from schema.ledger import SYSTEM

ERASED: Final = "What stood here was erased."
NOBODY: Final = (
    "The ledger knows nobody with the id {user}, so there is nothing to forget; ids stand in people's profiles in Slack,"
    " such as U0ANA00001."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What forgetting somebody changed."""

    user: str
    launches: tuple[str, ...] = ()  # under way, in which something of theirs counts no more
    gone: Gone
    words: int | None = None  # texts that were erased; None where nobody asked for that

    @property
    def line(self) -> str:
        """Say it."""
        changed = (
            f" Look at {', '.join(self.launches)}: what they signed there waits for others."
            if self.launches
            else ""
        )
        told = (_counted(self.gone.checkins, "check-in"), _counted(self.gone.blockers, "blocker"))
        said = " and ".join(each for each in told if each)
        erased = f" Of what they said before standups, {said} {_are(self.gone)} erased." if said else ""
        wrote = f" {_texts(self.words)} erased." if self.words is not None else ""
        return (
            f"The name is gone, and every hash still holds.{changed}{erased}{wrote} Messages and digests that were posted stay as"
            f" they are; take {self.user} out of muster.yaml too."
        )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}" if number else ""


def _texts(number: int) -> str:
    return "1 text that they wrote was" if number == 1 else f"{number} texts that they wrote were"


def _are(gone: Gone) -> str:
    return "was" if gone.checkins + gone.blockers == 1 else "were"


async def name_of(services: Services, snapshot: Snapshot, user: str) -> str:
    """Name somebody who can be forgotten; raises Refusal where nothing is known of them."""
    accounts = snapshot.configuration.reviews.accounts(user)

    def read(session: Session) -> str:
        pids = people.pids_of(session, snapshot.workspace, accounts)
        names = people.kept(session, snapshot.workspace, pids.values())
        if not pids and not forgetting.spoke(session, snapshot.workspace, accounts):
            raise Refusal(NOBODY.format(user=user))
        found = names.get(pids.get(user, ""))
        return f"{found.name} ({user})" if found else user

    return await services.store.read(read)


async def forget(services: Services, snapshot: Snapshot, user: str, *, words: bool = False) -> Forgotten:
    """Erase who somebody was, with all their accounts; what they signed in launches under way is asked for again.

    words   erase the titles, reasons and comments that they wrote, too
    """
    accounts = snapshot.configuration.reviews.accounts(user)

    def act(session: Session) -> Forgotten:
        lock_workspace(session, snapshot.workspace)
        need_settings(session, snapshot)
        pids = frozenset(people.pids_of(session, snapshot.workspace, accounts).values())
        gone = forgetting.erase(session, snapshot.workspace, accounts)
        if not pids and not gone.turns:
            raise Refusal(NOBODY.format(user=user))
        going = stored.going(session, snapshot.workspace)
        for kept in going:
            need_no_bypass(folds.load(session, services.folds, kept), pids)
        changed = [kept.id for kept in going if _leaves(session, services, snapshot, kept, pids=pids)]
        written = _words(session, services, snapshot, pids) if words else None
        for pid in pids:
            people.erase(session, snapshot.workspace, pid)
        showings.forget_people(session, snapshot.workspace, accounts)
        _blank(session, snapshot, gone, now=services.now())
        for kept in going:  # also where nothing counts otherwise: their name stood on the card
            _shown(session, services, snapshot, kept.id)
        return Forgotten(user=user, launches=tuple(changed), gone=gone, words=written)

    return await services.store.write(act)


def _blank(session: Session, snapshot: Snapshot, gone: Gone, *, now: datetime) -> None:
    """Empty the messages that asked them before standups, and the late answers below digests; they are changed in Slack."""
    for product, period, person in gone.turns:
        named = f"{product}.{period}.{person}"
        for key in (f"checkin.{named}", f"checkin.{named}.reminder", f"checkin.thread.{named}"):
            card = stored_cards.get(session, snapshot.workspace, key)
            if card is not None:
                beside = {name: each for name, each in card.message.items() if name == "thread_ts"}
                message = {"text": ERASED, "blocks": [section(ERASED)], **beside}
                cards.put(
                    session,
                    snapshot.workspace,
                    key=key,
                    channel=card.channel,
                    message=message,
                    now=now,
                    under=card.under,
                )


def _leaves(
    session: Session, services: Services, snapshot: Snapshot, kept: Kept, *, pids: frozenset[str]
) -> bool:
    """Let what somebody did to a launch under way count no more; tells whether there was anything."""
    now = services.now()
    launch = folds.load(session, services.folds, kept)
    before: dict[str, list[str]] = {}
    for old, pid in people.same_person(session, snapshot.workspace).items():
        before.setdefault(pid, []).append(old)
    drafts = without(launch, pids, before)
    if drafts:
        events = ledger.append(session, snapshot.workspace, drafts, now=now)
        then = folds.grown(services.folds, launch, events)
        stored.move(session, snapshot.workspace, launch=then, newest=events[-1])
        ticks.settle(session, services, snapshot, known(session, snapshot.workspace, kept.id))
    return bool(drafts)


def _words(session: Session, services: Services, snapshot: Snapshot, pids: frozenset[str]) -> int:
    """Erase what somebody wrote in the ledger's free texts, and write that down; gives how many there were."""
    same = people.same_person(session, snapshot.workspace)
    written: dict[str, list[str]] = {}
    for event in ledger.events_since(session, snapshot.workspace):
        if {event.actor, same.get(event.actor)} & pids:
            ids = [str(event.payload[name]) for name in ("text", "title") if event.payload.get(name)]
            written.setdefault(event.launch, []).extend(ids)
    erased = {
        launch: [id_ for id_ in sorted(set(ids)) if texts.erase(session, snapshot.workspace, id_)]
        for launch, ids in written.items()
    }
    for launch, gone in erased.items():
        if gone:
            _written_down(session, services, snapshot, launch=launch, erased=gone)
    return sum(map(len, erased.values()))


def _written_down(
    session: Session, services: Services, snapshot: Snapshot, *, launch: str, erased: Sequence[str]
) -> None:
    """Let the ledger say that texts were erased, so that nobody takes them for lost."""
    kept = known(session, snapshot.workspace, launch)
    before = folds.load(session, services.folds, kept)
    drafts = [draft(before, EventKind.TEXT_ERASED, SYSTEM, texts=list(erased))]
    events = ledger.append(session, snapshot.workspace, drafts, now=services.now())
    then = folds.grown(services.folds, before, events)
    stored.move(session, snapshot.workspace, launch=then, newest=events[-1])


def _shown(session: Session, services: Services, snapshot: Snapshot, id: str) -> None:
    kept, now = known(session, snapshot.workspace, id), services.now()
    launch = folds.load(session, services.folds, kept)
    found = findings.found_in(session, services, snapshot, launch, now=now)
    drawing.draw(session, snapshot, kept, launch=launch, found=found, now=now)
