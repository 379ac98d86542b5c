"""What follows when the clock finds a promise broken, or looks back: told in the transaction that writes it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from handlers import cards
from handlers.drawing import card_key
from handlers.effects import EffectKind
from handlers.services import Snapshot
from handlers.views import watches as shown
from handlers.views.blocks import Payload
from handlers.views.watches import About
from integrations.store import outbox, people, texts
from integrations.store.launches import Kept
from schema.launches import EventKind, Launch, State
from schema.ledger import Event
from schema.payloads import value_of
from schema.watches import signers_of


def after(
    session: Session, snapshot: Snapshot, *, kept: Kept, launch: Launch, events: Iterable[Event], now: datetime
) -> None:  # fmt: skip
    """Tell of what the clock wrote about a launch."""
    for event in events:
        if event.kind == EventKind.PROMISE_BROKEN:
            _tell_signers(session, snapshot, launch, event, now=now)
        elif event.kind == EventKind.LOOKED_BACK:
            _post_table(session, snapshot, kept, launch, event=event, now=now)


def about(session: Session, snapshot: Snapshot, launch: Launch) -> About:
    """Say how a launch is named in messages."""
    title = texts.kept(session, snapshot.workspace, [launch.title]).get(launch.title)
    product = snapshot.configuration.products.get(launch.product)
    return About(
        id=launch.id,
        title=title.text if title else launch.id,
        product=product.title if product else launch.product,
        link=cards.link(session, snapshot.workspace, card_key(launch.id)),
        deadline=launch.revision.deadline if launch.state is State.OPEN else None,
        wanted_on=launch.wanted_on,
        questions={item: spec.question for item, spec in launch.revision.specs.items()},
    )


def message(
    session: Session, workspace: str, users: Iterable[str], payload: Payload, *, now: datetime
) -> None:
    """Send people a direct message."""
    for user in dict.fromkeys(users):
        outbox.put(session, workspace, kind=EffectKind.DM, payload={"user": user, **payload}, now=now)


def users_of(session: Session, workspace: str, pids: Iterable[str]) -> tuple[str, ...]:
    """Give the Slack users whom pids mean; who was erased is left out."""
    return tuple(each.user for each in people.kept(session, workspace, pids).values())


def owners(snapshot: Snapshot, product: str) -> tuple[str, ...]:
    """Name the two people who answer for a product."""
    found = snapshot.configuration.products.get(product)
    return () if found is None else (found.owner, found.backup_owner)


def _tell_signers(
    session: Session, snapshot: Snapshot, launch: Launch, event: Event, *, now: datetime
) -> None:
    item = str(event.payload["item"])
    signers = users_of(session, snapshot.workspace, signers_of(launch.revision, item))
    words = shown.broken(about(session, snapshot, launch), event.payload, signed=bool(signers))
    told = signers or owners(snapshot, launch.product)[:1]
    message(session, snapshot.workspace, told, words, now=now)


def _post_table(
    session: Session, snapshot: Snapshot, kept: Kept, launch: Launch, *, event: Event, now: datetime
) -> None:
    day, rows = value_of(int, event.payload["day"]), value_of(list[dict[str, object]], event.payload["rows"])
    card = card_key(launch.id)
    cards.put(
        session, snapshot.workspace, key=f"{card}.looked_back.{day}", channel=kept.channel, under=card,
        message=shown.looked_back(day, rows), now=now,
    )  # fmt: skip
