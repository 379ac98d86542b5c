"""Rehearsals: what is coming, with what the database knows of the people on rosters."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers.services import Services, Snapshot
from handlers.standups import KIND
from integrations.store import deliveries as stored
from integrations.store import identities
from schema.configuration.reading import Configuration
from schema.deliveries import DeliveryState
from schema.products import Product
from schema.rehearsals import Known

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # a name or a zone is good enough for this, however old


def unheard(configuration: Configuration) -> Known:
    """Give what the file alone says of people."""
    return Known(people=configuration.people)


async def heard(services: Services, snapshot: Snapshot) -> tuple[Known, dict[str, str]]:
    """Give what Slack said of the people on rosters, however long ago, and their names by id."""
    products = snapshot.configuration.products.values()
    ids = _rosters(products)
    look = partial(identities.known, workspace=snapshot.workspace, ids=ids, since=LONG_AGO)
    groups = await services.store.read(look)
    members = {id_: tuple(each.body["users"]) for id_, each in groups.items() if each.body.get("users")}
    users = ids | {user for each in members.values() for user in each}
    people = await services.store.read(partial(look, ids=users))
    zones = {id_: str(each.body["tz"]) for id_, each in people.items() if each.body.get("tz")}
    names = {id_: str(each.body["name"]) for id_, each in people.items() if each.body.get("name")}
    known = Known(
        people=snapshot.configuration.people,
        members=members,
        zones=zones,
        left_out=await services.store.read(
            partial(_left_out, workspace=snapshot.workspace, products=products)
        ),
    )
    return known, names


def _left_out(
    session: Session, *, workspace: str, products: Iterable[Product]
) -> frozenset[tuple[str, datetime]]:
    return frozenset(
        (each.product, each.period.start)
        for product in products
        for each in stored.record(session, workspace, product=product.key)
        if each.state is DeliveryState.SKIPPED and each.kind == KIND and each.channel == product.channel
    )


def _rosters(products: Iterable[Product]) -> set[str]:
    return {each for product in products if product.standup is not None for each in product.standup.roster}
