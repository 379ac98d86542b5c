"""The Home tab, and what we say when we come into a channel."""

import hashlib

from handlers import checkins, reviews
from handlers.homes import cards
from handlers.listeners.answers import Answer, Later
from handlers.listeners.desk import Desk
from handlers.listeners.payloads import Asker, Changed, HomeOpened, Joined
from handlers.listeners.topics import examples
from handlers.outbox import EffectKind
from handlers.readers import circle
from handlers.requests import Wish, once, wish
from handlers.services import Snapshot
from handlers.views import checkins as checkin_views
from handlers.views.blocks import packed
from handlers.views.homes import home
from handlers.views.refusals import note
from handlers.views.reviews import home_blocks


async def opened(seen: HomeOpened, desk: Desk, snapshot: Snapshot) -> Answer:
    """Publish a person's Home tab when it changed; the tab itself carries the digest of what it shows."""
    if not seen.home:
        return None

    async def after() -> Answer:
        await _publish(desk, snapshot, seen.who.user, shown=seen.shown)
        return None

    return Later(note=None, work=after)


async def publish(desk: Desk, who: Asker) -> None:
    """Publish somebody's Home tab as things stand now."""
    snapshot = await desk.services.snapshot(who.workspace)
    await _publish(desk, snapshot, who.user, shown="")


async def _publish(desk: Desk, snapshot: Snapshot, user: str, *, shown: str) -> None:
    found = await circle(desk.directory, snapshot, user)
    waits = await reviews.waiting(desk.services, desk.directory, snapshot, user=user)
    asked = await checkins.waiting(desk.services, snapshot, user)
    view = home(
        await cards(desk.services, snapshot, found), command=desk.command,
        examples=examples(found, channel=None, may_post=False), waiting=[*checkin_views.home_blocks(asked), *home_blocks(waits)],
    )  # fmt: skip
    digest = hashlib.sha256(packed({"view": repr(view)}).encode()).hexdigest()
    if digest == shown:
        return
    payload = {"user": user, "view": {**view, "private_metadata": digest}}
    wanted = Wish(kind=EffectKind.HOME, payload=payload, coalesce_key=f"home.{user}")
    await wish(desk.services, snapshot.workspace, wanted)
    desk.wake()


async def joined(seen: Joined, desk: Desk, snapshot: Snapshot) -> Answer:
    """Say one sentence when we come into a channel, once."""
    if not seen.ours:
        return None
    payload = note(
        f"Hello, I say in plain words what a product's metrics mean; `{desk.command} help` shows what works here."
    )
    key = f"joined.{seen.channel}"
    await once(
        desk.services,
        snapshot.workspace,
        key,
        Wish(kind=EffectKind.POST, payload={**payload, "channel": seen.channel}),
    )
    desk.wake()
    return None


async def changed(seen: Changed, desk: Desk) -> Answer:
    """Believe nothing of a person or group that changed until Slack is asked again."""
    await desk.directory.changed(seen.id)
    return None
