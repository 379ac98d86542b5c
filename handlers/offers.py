"""What the form of something that is done to a launch offers to one person: items, objections, roles, colleagues."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from handlers import delegations, drawing, items
from handlers.deciding import Person
from handlers.gates import Looked
from handlers.services import Services, Snapshot
from handlers.views.deadlines import day
from handlers.views.launch_verbs import OTHERS, Verb
from handlers.views.launches import title_of
from handlers.views.verb_forms import Offered
from integrations.store import people
from schema.delegations import Delegation
from schema.items import SETTLED
from schema.launches import Launch
from schema.products import Role
from schema.risks import Tier, tier_of
from schema.tallies import open_objections

MOST: Final = 50


async def offered(
    services: Services, snapshot: Snapshot, looked: Looked, *, person: Person, verb: Verb
) -> Offered:
    """Say what somebody may choose from."""
    return await services.store.read(
        lambda session: _offered(session, services, snapshot, looked, person=person, verb=verb)
    )


def _offered(
    session: Session, services: Services, snapshot: Snapshot, looked: Looked, *, person: Person, verb: Verb
) -> Offered:
    launch = looked.launch
    revision, product = launch.revision, snapshot.product(launch.product)
    about = drawing.known(session, snapshot, launch)
    waivable = [item for item in revision.items.values() if _waivable(looked, item.id)]
    mine = items.spoken_as(session, snapshot, person.user)
    return Offered(
        title=title_of(launch, about),
        today=services.now().astimezone(product.zoneinfo).date(),
        items=[(item.id, item.digest) for item in waivable],
        questions={item.id: item.spec.question for item in waivable},
        objections=[
            (vote.seq, f"{vote.item}: {about.names.get(vote.pid, 'somebody')}")
            for item in revision.voices
            for vote in open_objections(revision, item)
        ][:MOST],
        metrics=[(key, snapshot.catalogue[key].name) for key in product.shown],
        roles=[role for role in Role if role in person.standing.roles],
        tiers=_tiers(launch),
        delegations=_handed(session, services, snapshot, launch, mine=mine),
        hours=revision.policy.bypass_max_hours,
        manifest=revision.manifest.digest if verb is Verb.LAUNCHED else "",
        others=OTHERS.get(launch.state, ()),
    )


def _waivable(looked: Looked, item: str) -> bool:
    revision = looked.launch.revision
    return revision.items[item].spec.waivable_at(revision.tier) and looked.gate.items[item] not in SETTLED


def _tiers(launch: Launch) -> list[Tier]:
    least = tier_of(launch.revision.answers)
    return [tier for tier in Tier if tier.reaches(least) and tier is not launch.revision.tier]


def _handed(
    session: Session, services: Services, snapshot: Snapshot, launch: Launch, *, mine: Collection[str]
) -> list[tuple[int, str]]:
    """List who signs for this person in the product, now or later."""
    now = services.now()
    found = [
        each
        for each in delegations.every(session, snapshot)
        if each.product == launch.product and each.principal in mine and now < each.ends_at
    ]
    names = people.kept(session, snapshot.workspace, {each.delegate for each in found})
    zone = snapshot.product(launch.product).zoneinfo

    def words(each: Delegation) -> str:
        who = names[each.delegate].name if each.delegate in names else "Somebody"
        last = (each.ends_at.astimezone(zone) - timedelta(seconds=1)).date()  # the end does not belong to it
        return f"{who}, until the end of {day(last)}"

    return [(each.seq, words(each)) for each in found][:MOST]
