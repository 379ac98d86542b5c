"""Signing for a colleague who is away: whose seat somebody may fill, and through whom it came to them."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy.orm import Session

from handlers import delegations, items
from handlers.deciding import Acting, Person
from handlers.listeners.deciders import decider
from handlers.listeners.desk import Desk
from handlers.services import Snapshot
from integrations.store import people
from schema.delegations import Delegation
from schema.products import Product, Role


async def acting_for(
    desk: Desk,
    snapshot: Snapshot,
    product: Product,
    person: Person,
    *,
    roles: Collection[Role],
    principal: str = "",
) -> Acting | None:
    """Find a colleague for whom somebody may sign in one of these roles now; None where there is none.

    principal   the colleague's Slack user, where it is known whom they act for
    """
    now, depth = desk.services.now(), snapshot.configuration.reviews.policy.delegation_depth

    def act(session: Session) -> list[list[str]]:
        live = [
            each
            for each in delegations.every(session, snapshot)
            if each.product == product.key and each.lasts(now)
        ]
        mine = items.spoken_as(session, snapshot, person.user)
        found = [chain for pid in sorted(mine) for chain in _chains(live, pid, roles=roles, depth=depth)]
        names = people.kept(session, snapshot.workspace, {pid for chain in found for pid in chain})
        return [[names[pid].user for pid in chain] for chain in found if all(pid in names for pid in chain)]

    for chain in await desk.services.store.read(act):
        if principal in ("", chain[0]):
            first, *through = [await decider(desk, snapshot, product, user) for user in chain]
            if first.standing.barred is None and first.standing.roles & set(roles):
                return Acting(principal=first, through=tuple(through))
    return None


def _chains(
    live: Sequence[Delegation], pid: str, *, roles: Collection[Role], depth: int
) -> Iterator[tuple[str, ...]]:
    """List the ways on which a seat may have come to somebody, each beginning with whose seat it is."""
    for each in live:
        if each.delegate == pid and each.roles & set(roles) and depth > 0:
            yield (each.principal,)
            for longer in _chains(live, each.principal, roles=each.roles & set(roles), depth=depth - 1):
                yield (*longer, each.principal)
