"""The Home tab of one person: their products with a headline each, from what is stored."""

import asyncio
import logging
from typing import Final

from handlers.briefs import read
from handlers.readers import Circle
from handlers.schedules import next_run
from handlers.services import Services, Snapshot
from handlers.standups import next_standup
from handlers.views.homes import MOST_PRODUCTS, Card
from schema.headlines import headline
from schema.products import Product
from schema.texts import Text

log = logging.getLogger(__name__)
UNREAD: Final = Text(("The figures of this product could not be read just now. The log says why.",))


async def cards(services: Services, snapshot: Snapshot, circle: Circle) -> list[Card]:
    """Load the cards, the person's own products first; only those that are shown load their page."""
    ordered = sorted(
        circle.products.values(), key=lambda each: circle.user not in {each.owner, each.backup_owner}
    )
    chosen = ordered[: MOST_PRODUCTS + 1]
    found = await asyncio.gather(
        *(_card(services, snapshot, product) for product in chosen), return_exceptions=True
    )
    return [
        _unread(services, product, card) if isinstance(card, BaseException) else card
        for product, card in zip(chosen, found, strict=True)
    ]


def _unread(services: Services, product: Product, error: BaseException) -> Card:
    """Show a product whose figures cannot be read beside the others; raises what is no mere defect of it."""
    if not isinstance(error, Exception):
        raise error
    log.error("card_failed", exc_info=error, extra={"product": product.key})
    return Card(
        product=product.key, title=product.title, channel=product.channel, period="",
        headline=UNREAD, next_standup=next_standup(product, services.now()),
    )  # fmt: skip


async def _card(services: Services, snapshot: Snapshot, product: Product) -> Card:
    found = await read(services, snapshot, product)
    return Card(
        product=product.key, title=product.title, channel=product.channel, period=found.key,
        headline=headline(found.page), next_standup=await next_run(services, snapshot, product),
    )  # fmt: skip
