"""Who acts, and who could: people and products' teams as Slack knows them, in the form that decisions take."""

from functools import partial

from handlers import people
from handlers.deciding import Person, Seen
from handlers.launches import Team
from handlers.people import Asked, Known
from handlers.readers import Directory
from handlers.services import Services, Snapshot
from integrations.store import identities
from schema.products import Product


async def person(
    services: Services, directory: Directory, snapshot: Snapshot, *, product: Product, user: str
) -> Person:
    """Say who somebody is in a product; raises Refusal when Slack does not answer in time."""
    asked = Asked(workspace=snapshot.workspace, product=product, users=frozenset({user}))
    known = await people.known(services, directory, asked)
    admins = snapshot.configuration.reviews.admins
    return Person(
        user=user,
        name=known.name(user),
        standing=people.standing(known, product, user, admins=admins),
        seen=Seen(said=known.said, since=directory.since),
    )


async def team(
    services: Services, directory: Directory, snapshot: Snapshot, *, product: Product, outsiders: bool
) -> Team:
    """Say who holds which role of a product; who decides nothing is left out.

    outsiders   another company reads along in the product's channel
    """
    asked = Asked(workspace=snapshot.workspace, product=product)
    await people.known(services, directory, asked)  # the groups, at least
    found = await services.store.read(partial(people.membership, asked=asked, since=directory.since))
    users = sorted({user for held in found.roles.values() for user in held})
    said = await services.store.read(
        partial(identities.known, workspace=snapshot.workspace, ids=frozenset(users), since=directory.since)
    )
    known = Known(said=said)
    named = {
        user: Person(user=user, name=known.name(user), standing=people.standing(known, product, user))
        for user in users
    }
    return Team(
        members={role: [named[user] for user in sorted(held)] for role, held in found.roles.items()},
        closed=people.unlisted(found, product),
        outsiders=outsiders,
    )
