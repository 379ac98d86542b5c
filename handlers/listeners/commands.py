"""The slash command: words in, a private answer out."""

from typing import Final

from handlers import explanations, standups
from handlers.briefs import Read, pull_and_read, read
from handlers.listeners import checkins, launches, reviews, schedules
from handlers.listeners.answers import Answer, Later, Show
from handlers.listeners.desk import Desk
from handlers.listeners.payloads import Command
from handlers.listeners.rooms import room
from handlers.listeners.topics import examples, metric_named, of_channel, product_named
from handlers.listeners.words import Asked, Mode, Verb, asked
from handlers.pages import audience_named
from handlers.readers import Circle, may_post, poster
from handlers.services import Snapshot
from handlers.views import briefs as brief_view
from handlers.views import explanations as explanation_view
from handlers.views import standups as standup_view
from handlers.views.blocks import section
from handlers.views.helps import help_message
from handlers.views.refusals import note
from schema.deliveries import Delivery, DeliveryState
from schema.errors import Refusal
from schema.metrics import Audience, Metric
from schema.products import Product

MAY_BE_THERE: Final = (
    "A part of the standup of {title} may be there already. I search the channel now, and post only what is not"
    " there. If I write to its owner that I cannot look: look yourself, and if something is missing, type the"
    " same again. The channel:"
)


OF_NO_PRODUCT: Final = frozenset({Verb.EXPLAIN, Verb.REVIEWS, Verb.WHY, Verb.CHECKIN})


async def command(typed: Command, desk: Desk, snapshot: Snapshot, circle: Circle) -> Answer:
    """Answer `/muster …` to the person who typed it."""
    wanted = asked(typed.text, command=desk.command)
    if wanted.verb is Verb.HELP:
        return help_(desk, circle, channel=typed.channel)
    if wanted.verb in OF_NO_PRODUCT:
        return await _of_no_product(typed, desk, snapshot, circle, wanted=wanted)
    if wanted.mode is not None and wanted.mode not in (Mode.PREVIEW, Mode.NOW):
        return await schedules.typed(typed, desk, snapshot, circle, wanted=wanted)
    product = product_named(circle, wanted.product, channel=typed.channel, command=desk.command)
    if wanted.verb is Verb.BRIEF:
        return await brief(
            desk, snapshot, product, audience=audience_named(wanted.audience or Audience.EXECUTIVE)
        )
    if wanted.verb is Verb.LAUNCH:
        return await launches.ask(desk, snapshot, product, circle.user)
    if wanted.mode is Mode.NOW:
        if wanted.period is not None:
            raise Refusal(f"Only the newest standup is posted. To see another: {_preview_of(desk, wanted)}.")
        return await post_now(desk, snapshot, circle, product)
    return await preview(desk, snapshot, product, wanted.period)


async def _of_no_product(
    typed: Command, desk: Desk, snapshot: Snapshot, circle: Circle, *, wanted: Asked
) -> Answer:
    """Answer what may be about no product, or about one that the person cannot read."""
    if wanted.verb is Verb.EXPLAIN:
        return await explain(desk, snapshot, circle, wanted, channel=typed.channel)
    if wanted.verb is Verb.REVIEWS:
        return await reviews.mine(desk, snapshot, circle.user)
    if wanted.verb is Verb.WHY:
        return await reviews.why_named(desk, snapshot, circle, wanted.launch)
    return await checkins.ask(typed, desk, snapshot, circle, product=wanted.product)


def _preview_of(desk: Desk, wanted: Asked) -> str:
    named = " ".join(filter(None, (wanted.product, "preview", wanted.period)))
    return f"`{desk.command} standup {named}`"


def help_(desk: Desk, circle: Circle, *, channel: str | None) -> Show:
    """Say what can be typed here by this person."""
    product = of_channel(circle, channel) or next(iter(circle.products.values()), None)
    may = (
        product is not None and product.channel is not None and may_post(desk.directory, product, circle.user)
    )
    return Show(messages=[help_message(desk.command, examples(circle, channel=channel, may_post=may))])


async def brief(desk: Desk, snapshot: Snapshot, product: Product, *, audience: Audience) -> Answer:
    """Show a page from what is stored; what was never asked for is pulled first."""
    found = await read(desk.services, snapshot, product)
    if found.pulled:
        return _page(found, audience)

    async def after() -> Answer:
        return _page(await pull_and_read(desk.services, snapshot, product), audience)

    return Later(note=pulling(product), work=after)


def pulling(product: Product) -> str:
    """Say why an answer takes longer."""
    return f"Asking the sources of {product.title} for their figures; the answer follows here."


def _page(found: Read, audience: Audience) -> Show:
    return Show(messages=brief_view.brief(found.brief(audience), period=found.key))


async def explain(
    desk: Desk, snapshot: Snapshot, circle: Circle, wanted: Asked, *, channel: str | None
) -> Answer:
    """Explain a metric, with the figure of the product that was named or that this channel belongs to."""
    metric = metric_named(snapshot, circle, wanted.metric or "")
    if wanted.product is None:
        product = of_channel(circle, channel)
        product = product if product is not None and metric.key in product.metrics else None
    else:
        product = product_named(circle, wanted.product, channel=channel, command=desk.command)
    if product is None:
        return _explained(desk, metric, None)
    found = await read(desk.services, snapshot, product)
    if found.pulled:
        return _explained(desk, metric, found)

    async def after() -> Answer:
        return _explained(desk, metric, await pull_and_read(desk.services, snapshot, product))

    return Later(note=pulling(product), work=after)


def _explained(desk: Desk, metric: Metric, found: Read | None) -> Show:
    told = explanations.explanation(desk.services, metric, found)
    return Show(messages=explanation_view.explanation(told, period=found.key if found else ""))


async def preview(desk: Desk, snapshot: Snapshot, product: Product, key: str | None = None) -> Answer:
    """Show a standup to one person without posting it.

    key   of a period that is over; the newest without it
    """
    chosen = None if key is None else standups.period_named(product, key, desk.services.now())

    async def compose() -> Answer:
        standup, period = await standups.preview(desk.services, snapshot, product, chosen)
        return Show(messages=standup_view.preview(standup, period=period))

    if (await read(desk.services, snapshot, product, chosen)).pulled:
        return await compose()
    return Later(note=pulling(product), work=compose)


async def post_now(desk: Desk, snapshot: Snapshot, circle: Circle, product: Product) -> Answer:
    """Post the standup of the newest closed period: the one that its schedule would post, and never twice."""
    await poster(desk.directory, product, circle.user)
    if product.channel is not None and (await room(desk, product.channel)).shared_outside:
        raise Refusal(
            f"The channel of {product.title} is shared with another company, and standups stay inside."
        )
    delivery = await standups.post_now(desk.services, snapshot, product, by=circle.user)
    where = f"<#{delivery.channel}>"
    if delivery.state is DeliveryState.SENT:
        return Later(note=None, work=lambda: _posted_before(desk, product, delivery))
    desk.wake()
    if delivery.state is DeliveryState.SENDING:
        if await standups.unsure(desk.services, delivery):
            return Show(messages=[_told(MAY_BE_THERE.format(title=product.title), where)])
        return Show(messages=[_told(f"The standup of {product.title} is on its way to this channel:", where)])
    period = product.calendar.key(delivery.period)
    return Show(messages=[note(f"Posting the standup of {product.title}: {period}.")])


async def _posted_before(desk: Desk, product: Product, delivery: Delivery) -> Answer:
    ts = await standups.posted_ts(desk.services, delivery)
    if ts is None:
        raise Refusal(f"The standup of {product.title} for this period was posted already.")
    link = await desk.slack.permalink(delivery.channel, ts)
    return Show(messages=[_told(f"The standup of {product.title} for this period was posted already:", link)])


def _told(words: str, reference: str) -> dict[str, object]:
    """Say a sentence that ends with a link or a channel of Slack's own."""
    message = note(words)
    text = f"{message['text']} {reference if reference.startswith('<') else f'<{reference}>'}"
    return {"text": text, "blocks": [section(text)]}
