"""Buttons and modals of a page: share it, read it as somebody else would, and how we know."""

from handlers.briefs import Known, Read, how_we_know, metrics_of, period_named, pull_and_read, read
from handlers.listeners.answers import Answer, Open, Replace, Show
from handlers.listeners.commands import pulling
from handlers.listeners.desk import Desk
from handlers.listeners.ids import Field
from handlers.listeners.payloads import Click, Submission
from handlers.listeners.rooms import may_be_shown
from handlers.listeners.topics import titles
from handlers.outbox import EffectKind
from handlers.pages import audience_named
from handlers.readers import Circle, circle, known
from handlers.requests import Wish, once
from handlers.services import Snapshot
from handlers.views import briefs as brief_view
from handlers.views import modals
from handlers.views import receipts as receipt_view
from handlers.views.blocks import Block
from handlers.views.refusals import note
from schema.metrics import Audience
from schema.products import Product

TITLE = "For another reader"


async def share(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Post a page that one person reads into the channel where they read it, once."""
    product = circle.product(click.about.get("product", ""))
    channel = click.channel or ""
    await may_be_shown(desk, product, channel)
    found = await _read(desk, snapshot, product, click.about.get("period", ""))
    audience = audience_named(click.about.get("audience", ""))
    payload = brief_view.shared(found.brief(audience), by=click.who.user, command=desk.command)
    about = {"channel": channel, "product": product.key, "kind": "brief", "by": click.who.user}
    wish = Wish(kind=EffectKind.POST, payload={**payload, **about})
    key = f"share.{channel}.{click.message_ts}.{product.key}.{audience.value}"
    if not await once(desk.services, snapshot.workspace, key, wish):
        return Show(messages=[note("It is shared already; once is enough.")])
    desk.wake()
    return Show(messages=[note("It will be in the channel in a moment.")])


async def _read(desk: Desk, snapshot: Snapshot, product: Product, period: str) -> Read:
    return await read(desk.services, snapshot, product, period_named(product, period) if period else None)


async def another_reader(click: Click, desk: Desk, snapshot: Snapshot) -> Answer:
    """Ask which product and which reader; who may not be known yet is looked up behind the open modal."""
    found = known(desk.directory, snapshot, click.who.user)
    if found is not None:
        return Open(view=_asking(click, found))

    async def after() -> Block:
        return _asking(click, await circle(desk.directory, snapshot, click.who.user))

    return Open(view=modals.sentence(TITLE, "One moment …"), then=after)


def _asking(click: Click, found: Circle) -> Block:
    found.product(click.about.get("product", ""))
    chosen = click.about.get("audience", "")
    audience = Audience(chosen) if chosen in set(Audience) else Audience.EXECUTIVE
    return modals.reader(click.about, titles(found), chosen=audience)


async def reader_chosen(sent: Submission, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Show the page in the modal where it was asked for."""
    product = circle.product(sent.values.get(Field.PRODUCT, sent.about.get("product", "")))
    audience = audience_named(sent.values.get(Field.AUDIENCE, Audience.EXECUTIVE))
    period = sent.about.get("period", "") if product.key == sent.about.get("product") else ""
    found = await _read(desk, snapshot, product, period)
    if found.pulled:
        return Replace(view=_page(found, audience))

    async def after() -> Block:
        return _page(await pull_and_read(desk.services, snapshot, product), audience)

    return Replace(view=modals.sentence(product.title, pulling(product)), then=after)


def _page(found: Read, audience: Audience) -> Block:
    shown = found.brief(audience)
    return modals.page(found.page.product.title, [*brief_view.paged(shown), brief_view.how(shown, found.key)])


async def how(click: Click, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Show where the figures of a message come from."""
    product = circle.product(click.about.get("product", ""))
    found = await receipts_of(desk, snapshot, product, about=dict(click.about))
    return Show(messages=receipt_messages(snapshot, found), title="How do we know?")


async def receipts_of(desk: Desk, snapshot: Snapshot, product: Product, *, about: dict[str, str]) -> Known:
    """Load the receipts of one metric, or of every metric that a page speaks of."""
    found = await _read(desk, snapshot, product, about.get("period", ""))
    if "metric" in about:
        metrics: tuple[str, ...] = (about["metric"],)
    else:
        metrics = metrics_of(found.brief(audience_named(about.get("audience", Audience.EXECUTIVE))))
    metrics = metrics or product.shown
    return await how_we_know(desk.services, snapshot, product, period=found.page.period, metrics=metrics)


def receipt_messages(snapshot: Snapshot, found: Known) -> list[Block]:
    metrics = {key: snapshot.catalogue[key] for key in found.metrics}
    return receipt_view.receipts(
        found.product, metrics, readings=found.readings, blanks=found.blanks, asked=found.metrics
    )
