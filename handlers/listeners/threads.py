"""Our name in a message: answered in its thread, about the product of that thread."""

from dataclasses import replace

from handlers.briefs import pull_and_read, read
from handlers.listeners import reviews
from handlers.listeners.answers import Answer, Later
from handlers.listeners.commands import help_, pulling
from handlers.listeners.deciders import launch_of
from handlers.listeners.desk import Desk
from handlers.listeners.pages import receipt_messages, receipts_of
from handlers.listeners.payloads import DirectMessage, Mention
from handlers.listeners.rooms import may_be_shown
from handlers.listeners.topics import metric_named, product_named
from handlers.listeners.words import IN_THREADS, Asked, Verb, asked
from handlers.outbox import EffectKind
from handlers.pages import audience_named
from handlers.readers import Circle
from handlers.requests import Wish, once
from handlers.services import Snapshot
from handlers.views import briefs as brief_view
from handlers.views import explanations as explanation_view
from handlers.views.blocks import Payload
from handlers.views.refusals import note
from integrations.store import posts
from schema.errors import Refusal
from schema.explanations import explain
from schema.metrics import Audience
from schema.products import Product

NAME = "@Muster"


async def mention(said: Mention, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Answer in the thread, for everybody who reads it; a refusal is for the person alone."""
    if not said.by_person:
        return None
    try:
        wanted = asked(said.text, verbs=IN_THREADS, command=NAME)
        if wanted.verb is Verb.HELP:
            await _whisper(said, desk, snapshot, help_(desk, circle, channel=said.channel).messages[0])
            return None
        launch = await reviews.launch_in_thread(said, desk, snapshot, wanted=wanted)
        if launch is not None:
            return await _launch(said, desk, snapshot, circle, launch=launch)
        product = await _product(said, desk, snapshot, circle, name=wanted.product)
        await may_be_shown(desk, product, said.channel, shared_outside=said.shared_outside)
        return await _answer(said, desk, snapshot, product, wanted=_named(wanted, snapshot, circle))
    except Refusal as refusal:
        await _whisper(said, desk, snapshot, note(str(refusal)))
        return None


async def _launch(said: Mention, desk: Desk, snapshot: Snapshot, circle: Circle, *, launch: str) -> Answer:
    """Say in a launch's thread what is missing for it."""
    product = circle.product((await launch_of(desk, snapshot, launch)).product)
    await may_be_shown(desk, product, said.channel, shared_outside=said.shared_outside)
    await _post(said, desk, snapshot, product, payload=await reviews.why_of(desk, snapshot, launch))
    return None


async def _product(
    said: Mention, desk: Desk, snapshot: Snapshot, circle: Circle, *, name: str | None
) -> Product:
    if name is None and said.thread_ts is not None:
        thread, channel, workspace = said.thread_ts, said.channel, snapshot.workspace
        post = await desk.services.store.read(
            lambda session: posts.by_thread(session, workspace, channel=channel, ts=thread)
        )
        if post is not None:
            return circle.product(post.product)
    return product_named(circle, name, channel=said.channel, command=NAME)


def _named(wanted: Asked, snapshot: Snapshot, circle: Circle) -> Asked:
    """Give the request with its metric by key; raises Refusal for one that the person may not know of."""
    if wanted.verb is not Verb.EXPLAIN:
        return wanted
    return replace(wanted, metric=metric_named(snapshot, circle, wanted.metric or "").key)


async def _answer(
    said: Mention, desk: Desk, snapshot: Snapshot, product: Product, *, wanted: Asked
) -> Answer:
    if (await read(desk.services, snapshot, product)).pulled:
        await _post(
            said,
            desk,
            snapshot,
            product,
            payload=await _payload(said, desk, snapshot, product, wanted=wanted),
        )
        return None
    if not await _whisper(said, desk, snapshot, note(pulling(product))):
        return None

    async def after() -> Answer:
        await pull_and_read(desk.services, snapshot, product)
        payload = await _payload(said, desk, snapshot, product, wanted=wanted)
        await _post(said, desk, snapshot, product, payload=payload, key=f"pulled.{said.key}")
        return None

    return Later(note=None, work=after)


async def _payload(
    said: Mention, desk: Desk, snapshot: Snapshot, product: Product, *, wanted: Asked
) -> Payload:
    """Compose the one message that is the answer."""
    if wanted.verb is Verb.WHY:
        found = await receipts_of(desk, snapshot, product, about={"audience": Audience.EXECUTIVE.value})
        return receipt_messages(snapshot, found)[0]
    page = await read(desk.services, snapshot, product)
    if wanted.verb is Verb.EXPLAIN:
        told = explain(snapshot.catalogue[wanted.metric or ""], page.page, nouns=desk.services.nouns)
        return explanation_view.explanation(told, period=page.key)[0]
    shown = page.brief(audience_named(wanted.audience or Audience.EXECUTIVE))
    if wanted.verb is Verb.STATUS:
        return brief_view.status(shown, period=page.key)
    return brief_view.shared(shown, by=said.who.user, command=desk.command)


async def _post(
    said: Mention,
    desk: Desk,
    snapshot: Snapshot,
    product: Product,
    *,
    payload: Payload,
    key: str | None = None,
) -> None:
    about = {
        "channel": said.channel,
        "thread_ts": said.thread_ts or said.ts,
        "product": product.key,
        "kind": "answer",
    }
    wish = Wish(kind=EffectKind.POST, payload={**payload, **about})
    await once(desk.services, snapshot.workspace, key or said.key, wish)
    desk.wake()


async def _whisper(said: Mention, desk: Desk, snapshot: Snapshot, payload: Payload) -> bool:
    about = {"channel": said.channel, "user": said.who.user} | (
        {"thread_ts": said.thread_ts} if said.thread_ts else {}
    )
    wish = Wish(kind=EffectKind.EPHEMERAL, payload={**payload, **about})
    new = await once(desk.services, snapshot.workspace, said.key, wish)
    desk.wake()
    return new


async def direct_message(said: DirectMessage, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Answer a message to us alone with what can be typed."""
    if not said.by_person:
        return None
    payload = help_(desk, circle, channel=None).messages[0]
    wish = Wish(kind=EffectKind.POST, payload={**payload, "channel": said.channel})
    await once(desk.services, snapshot.workspace, said.key, wish)
    desk.wake()
    return None
