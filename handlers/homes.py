"""The Home tab of one person: their products with a headline each, from what is stored."""

from handlers.briefs import read
from handlers.readers import Circle
from handlers.services import Services, Snapshot
from handlers.standups import next_standup
from handlers.views.homes import MOST_PRODUCTS, Card
from schema.headlines import headline
from schema.products import Product


async def cards(services: Services, snapshot: Snapshot, circle: Circle) -> list[Card]:
    """Load the cards, the person's own products first; only those that are shown load their page."""
    ordered = sorted(
        circle.products.values(), key=lambda each: circle.user not in {each.owner, each.backup_owner}
    )
    return [await _card(services, snapshot, product) for product in ordered[: MOST_PRODUCTS + 1]]


async def _card(services: Services, snapshot: Snapshot, product: Product) -> Card:
    found = await read(services, snapshot, product)
    return Card(
        product=product.key, title=product.title, channel=product.channel, period=found.key,
        headline=headline(found.page), next_standup=next_standup(product, services.now()),
    )  # fmt: skip
