"""Who presses, and about which launch: looked up before the ack where that is cheap, behind an open modal where not."""

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from handlers import people, teams
from handlers.deciding import Person, Presser, Request, known
from handlers.decisions import decide
from handlers.listeners.answers import Answer, Open
from handlers.listeners.desk import Desk
from handlers.listeners.payloads import Click, Command
from handlers.people import Asked, Cold
from handlers.services import Snapshot
from handlers.views import modals
from handlers.views.blocks import Block
from integrations.store.launches import Kept
from schema.attempts import Declined
from schema.errors import Refusal
from schema.products import Product

MOMENT: Final = "One moment …"
UNKNOWN: Final = "There is no such launch, or none that you may read; type `{command} reviews` to see yours."


async def launch_of(desk: Desk, snapshot: Snapshot, id: str) -> Kept:
    """Find a launch by its id; raises Refusal where there is none."""
    return await desk.services.store.read(partial(known, workspace=snapshot.workspace, launch=id))


async def decider(desk: Desk, snapshot: Snapshot, product: Product, user: str) -> Person:
    """Say who somebody is in a product right now; raises Refusal when Slack does not answer in time."""
    person = await teams.person(desk.services, desk.directory, snapshot, product=product, user=user)
    if not people.may_know(product, person.standing):
        raise Refusal(UNKNOWN.format(command=desk.command))
    return person


def presser(desk: Desk, user: str) -> Presser:
    """Let the decision itself say who somebody is, where that is known; it raises Cold where Slack has to be asked."""
    return Presser(user=user, since=desk.directory.since, unknown=UNKNOWN.format(command=desk.command))


async def warm(desk: Desk, snapshot: Snapshot, product: Product, user: str) -> bool:
    """Tell whether it is known who somebody is, so that Slack need not be asked."""
    asked = Asked(workspace=snapshot.workspace, product=product, users=frozenset({user}))
    try:
        await desk.services.store.read(partial(people.look, asked=asked, since=desk.directory.since))
    except Cold:
        return False
    return True


async def opening(
    pressed: Click | Command,
    desk: Desk,
    snapshot: Snapshot,
    *,
    product: Product,
    title: str,
    page: Callable[[Person], Awaitable[Block]],
) -> Answer:
    """Open a modal for somebody; who is not known yet is looked up behind it."""

    async def after() -> Block:
        return await page(await decider(desk, snapshot, product, pressed.who.user))

    if await warm(desk, snapshot, product, pressed.who.user):
        return Open(view=await after())
    return Open(view=modals.sentence(title, MOMENT), then=after)


async def refused(
    desk: Desk, snapshot: Snapshot, launch: str, *, person: Person, key: str, attempt: str, why: Declined
) -> None:
    """Write down that somebody tried what they may not, once, and tell them why."""

    def rule(_: object) -> tuple[()]:
        raise why

    request = Request(snapshot=snapshot, launch=launch, rule=rule, by=person, key=key, attempt=attempt)
    await decide(desk.services, request)


def a_name() -> str:
    """Make a name that nobody can guess."""
    return secrets.token_urlsafe(18)
