"""Rosters: the people of a product's roles, learned when a launch opens, and every change of them in the ledger."""

from sqlalchemy.orm import Session

from handlers import people
from handlers.deciding import Person, standing_of
from handlers.people import Asked, Cold, Known, Membership
from handlers.readers import Directory
from handlers.services import Services, Snapshot
from integrations.store import identities, ledger
from integrations.store.engine import lock_workspace
from integrations.store.people import pids_of
from schema import rosters
from schema.launches import EventKind
from schema.policies import Standing
from schema.products import Product, Role
from schema.rosters import Roster


async def learn(
    services: Services, directory: Directory, snapshot: Snapshot, product: Product, *, pause_s: float
) -> None:
    """Learn of everybody whom a product's roles name, a few at a time, and write down what changed."""
    await people.fetch(directory, product, pause_s=pause_s)
    await note(services, directory, snapshot, product)


async def note(services: Services, directory: Directory, snapshot: Snapshot, product: Product) -> bool:
    """Write into the ledger who came to a role and who left it; False while Slack does not say who is in a group."""

    def act(session: Session) -> bool:
        lock_workspace(session, snapshot.workspace)
        try:
            found = people.membership(
                session, Asked(workspace=snapshot.workspace, product=product), directory.since
            )
        except Cold:
            return False
        audits = ledger.events_of_kinds(session, snapshot.workspace, {EventKind.AUDIT})
        before = rosters.roster(audits, product.key)
        after = _after(session, snapshot, found, directory, before=before)
        drafts = [
            rosters.entry(product.key, each.role, joined=each.joined, left=each.left)
            for each in people.changes(before, after)
        ]
        ledger.append(session, snapshot.workspace, drafts, now=services.now())
        return True

    return await services.store.write(act)


def vacant(session: Session, workspace: str, product: str) -> frozenset[Role]:
    """Name the roles that somebody held and nobody holds any more, as Slack was asked last."""
    audits = ledger.events_of_kinds(session, workspace, {EventKind.AUDIT})
    return frozenset(role for role, people in rosters.roster(audits, product).items() if not people)


def _after(
    session: Session, snapshot: Snapshot, found: Membership, directory: Directory, *, before: Roster
) -> dict[Role, frozenset[str]]:
    """Name the holders by pid; of whom Slack was not asked lately, what was known before holds."""
    everybody = {user for users in found.roles.values() for user in users}
    said = identities.known(session, snapshot.workspace, everybody, since=directory.since)
    known = Known(said=said)
    pids = {user: pid_of(session, snapshot, user, known.name(user)) for user in everybody - found.unseen}
    unseen = frozenset(pids_of(session, snapshot.workspace, found.unseen).values())
    return {
        role: frozenset(pids[user] for user in users if user in pids)
        | (before.get(role, frozenset()) & unseen)
        for role, users in found.roles.items()
    }


def pid_of(session: Session, snapshot: Snapshot, user: str, name: str) -> str:
    """Give the pid that all accounts of somebody share."""
    return standing_of(session, snapshot, Person(user=user, name=name, standing=Standing(pid=""))).pid
