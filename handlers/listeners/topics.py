"""What a request is about: a product by name, by thread or by channel, among those that the person may read."""

from handlers.listeners.words import choose
from handlers.readers import PRESS_AGAIN, Circle
from handlers.services import Snapshot
from handlers.views.helps import Examples
from schema.errors import Refusal
from schema.metrics import Metric
from schema.products import Product


def product_named(circle: Circle, name: str | None, *, channel: str | None, command: str) -> Product:
    """Find the product that is meant; raises Refusal with the nearest names that the person may read."""
    if name is None:
        return product_here(circle, channel=channel, command=command)
    try:
        return circle.products[choose(name, titles(circle), kind="product")]
    except Refusal:
        if not circle.sure:
            raise Refusal(PRESS_AGAIN) from None
        raise


def product_here(circle: Circle, *, channel: str | None, command: str) -> Product:
    """Find a channel's own product, or the only one there is."""
    here = of_channel(circle, channel)
    if here is not None:
        return here
    if len(circle.products) == 1:
        [only] = circle.products.values()
        return only
    if not circle.products:
        raise Refusal(
            "There is no product here that you may read. Ask whoever runs Muster to give you a role."
        )
    first = next(iter(circle.products))
    raise Refusal(f"Which product? Try `{command} brief {first}`, or ask in a product's own channel.")


def of_channel(circle: Circle, channel: str | None) -> Product | None:
    """Give the one product that a channel belongs to."""
    found = [each for each in circle.products.values() if channel is not None and each.channel == channel]
    return found[0] if len(found) == 1 else None


def titles(circle: Circle) -> list[tuple[str, str]]:
    """List key and title of what may be read."""
    return [(key, product.title) for key, product in circle.products.items()]


def metric_named(snapshot: Snapshot, circle: Circle, name: str) -> Metric:
    """Find a metric by key or name among those that the person may know of; raises Refusal with the nearest."""
    hidden = {metric.key for metric in snapshot.configuration.metrics} - readable_metrics(circle)
    names = [(metric.key, metric.name) for metric in snapshot.catalogue if metric.key not in hidden]
    try:
        return snapshot.catalogue[choose(name, names, kind="metric")]
    except Refusal:
        if hidden and not circle.sure:
            raise Refusal(PRESS_AGAIN) from None
        raise


def readable_metrics(circle: Circle) -> frozenset[str]:
    """List the metrics of the products that may be read; a metric of one's own can tell what a product is about."""
    return frozenset(key for product in circle.products.values() for key in product.metrics)


def examples(circle: Circle, *, channel: str | None, may_post: bool) -> Examples:
    """Choose what help may name."""
    here = of_channel(circle, channel)
    product = here or next(iter(circle.products.values()), None)
    metric = next(iter(product.shown), None) if product is not None else None
    return Examples(
        product=product.key if product else None, here=here is not None, metric=metric, may_post=may_post,
        products=titles(circle),
        rosters=any(each.standup and each.standup.roster for each in circle.products.values()),
    )  # fmt: skip
