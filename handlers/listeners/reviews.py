"""What waits for whom, and why a launch may not go out yet; both only read."""

from functools import partial

from sqlalchemy.orm import Session

from handlers import cards, drawing, reviews, rosters
from handlers.listeners.answers import Answer, Later, Show
from handlers.listeners.deciders import UNKNOWN, launch_of
from handlers.listeners.desk import Desk
from handlers.listeners.payloads import Click, Mention
from handlers.listeners.words import Asked, Verb
from handlers.readers import Circle
from handlers.services import Snapshot
from handlers.views.blocks import Payload
from handlers.views.reviews import waiting as waiting_view
from handlers.views.reviews import why as why_view
from integrations.store import launches as stored
from schema.errors import Refusal
from schema.problems import nearest, quoted
from schema.products import Role


async def mine(desk: Desk, snapshot: Snapshot, user: str) -> Answer:
    """Show somebody what waits for them; groups may have to be asked for, which takes longer."""

    async def after() -> Answer:
        found = await reviews.waiting(desk.services, desk.directory, snapshot, user=user)
        return Show(messages=[waiting_view(found, command=desk.command)], title="Reviews")

    return Later(note=None, work=after)


async def why(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Say to one person what is missing."""
    kept = await launch_of(desk, snapshot, click.about.get("launch", ""))
    circle.product(kept.product)
    return Show(messages=[await why_of(desk, snapshot, kept.id)], title="Why not yet?")


async def why_named(desk: Desk, snapshot: Snapshot, circle: Circle, name: str | None) -> Answer:
    """Say what is missing for a launch that is named by its id."""
    return Show(messages=[await why_of(desk, snapshot, await launch_named(desk, snapshot, circle, name))])


async def why_of(desk: Desk, snapshot: Snapshot, launch: str) -> Payload:
    """Say what is missing for a launch."""
    looked = await reviews.why(desk.services, snapshot, launch)

    def read(session: Session) -> tuple[drawing.Known, frozenset[Role]]:
        left = rosters.vacant(session, snapshot.workspace, looked.launch.product)
        return drawing.known(session, snapshot, looked.launch), left

    about, vacant = await desk.services.store.read(read)
    return why_view(looked.launch, looked.gate, looked.missing, about, vacant=vacant)


async def launch_named(desk: Desk, snapshot: Snapshot, circle: Circle, name: str | None) -> str:
    """Find a launch by the id that somebody typed; raises Refusal with the nearest that they may read."""
    workspace = snapshot.workspace
    going = await desk.services.store.read(lambda session: stored.going(session, workspace))
    names = [each.id for each in going if each.product in circle.products]
    if not name:
        if len(names) == 1:
            return names[0]
        example = f"`{desk.command} why {names[0]}`" if names else f"`{desk.command} reviews`"
        raise Refusal(f"Which launch? Try {example}.")
    wanted = name.strip().lower()
    found = await desk.services.store.read(lambda session: stored.get(session, workspace, wanted))
    if found is not None and found.product in circle.products:
        return found.id
    if not names:
        raise Refusal(UNKNOWN.format(command=desk.command))
    raise Refusal(f"There is no launch {quoted(name)}. {nearest(wanted, names, kind='launches')}")


async def launch_in_thread(said: Mention, desk: Desk, snapshot: Snapshot, *, wanted: Asked) -> str | None:
    """Tell which launch a question in a thread is about; None where it is about something else."""
    thread = said.thread_ts
    if thread is None or wanted.verb not in (Verb.WHY, Verb.STATUS) or wanted.product is not None:
        return None
    find = partial(cards.find, workspace=snapshot.workspace, channel=said.channel, ts=thread)
    key = await desk.services.store.read(find) or ""
    launch = key.removeprefix(drawing.card_key(""))
    return launch if launch != key else None
