"""Forgetting people: their names leave the side of the ledger, and nothing they did may count beside what they do next.

Whoever comes back is somebody new to the ledger, whose signature would stand beside the old one as a second person's.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from handlers import drawing, findings, folds, ticks
from handlers.deciding import known, need_settings
from handlers.services import Services, Snapshot
from integrations.store import launches as stored
from integrations.store import ledger, people, showings
from integrations.store.engine import lock_workspace
from integrations.store.launches import Kept
from schema.erasures import need_no_bypass, without
from schema.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What forgetting somebody changed."""

    launches: tuple[str, ...] = ()  # under way, in which something of theirs counts no more

    @property
    def line(self) -> str:
        """Say it."""
        changed = (
            f" Look at {', '.join(self.launches)}: what they signed there waits for others."
            if self.launches
            else ""
        )
        return f"The name is gone, and every hash still holds.{changed}"


async def forget(services: Services, snapshot: Snapshot, user: str) -> Forgotten:
    """Erase who somebody was, with all their accounts; what they signed in launches under way is asked for again."""
    accounts = snapshot.configuration.reviews.accounts(user)

    def act(session: Session) -> Forgotten:
        lock_workspace(session, snapshot.workspace)
        need_settings(session, snapshot)
        pids = frozenset(people.pids_of(session, snapshot.workspace, accounts).values())
        if not pids:
            raise Refusal(
                f"The ledger knows nobody with the id {user}; look it up in the person's profile in Slack."
            )
        going = stored.going(session, snapshot.workspace)
        for kept in going:
            need_no_bypass(folds.load(session, services.folds, kept), pids)
        changed = [kept.id for kept in going if _leaves(session, services, snapshot, kept, pids=pids)]
        for pid in pids:
            people.erase(session, snapshot.workspace, pid)
        showings.forget_people(session, snapshot.workspace, accounts)
        for id_ in changed:
            _shown(session, services, snapshot, id_)
        return Forgotten(launches=tuple(changed))

    return await services.store.write(act)


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


def _shown(session: Session, services: Services, snapshot: Snapshot, id: str) -> None:
    kept, now = known(session, snapshot.workspace, id), services.now()
    launch = folds.load(session, services.folds, kept)
    found = findings.found_in(session, services, snapshot, launch, now=now)
    drawing.draw(session, snapshot, kept, launch=launch, found=found, now=now)
