"""What is asked beside a metric's own query, and under which key its readings are stored.

A side question's readings never stand under the metric's own key: were they there, a reading of a question that is
no longer asked could be taken for the metric's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from schema.products import Product, ProductMetric

BETWEEN: Final = "/"  # in no name that a file may hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: for which metric, by which query of the product."""

    metric: str
    query: str


def side_key(metric: str, query: str) -> str:
    """Name the readings of a metric that came by another query than its own."""
    return f"{metric}{BETWEEN}{query}"


def metric_of(key: str) -> str:
    """Give the metric of a stored key, whichever question it was."""
    return key.partition(BETWEEN)[0]


def side_queries(metric: ProductMetric) -> tuple[str, ...]:
    """List the queries that a metric asks beside its own."""
    mix = (metric.mix,) if metric.mix is not None else ()
    return tuple(dict.fromkeys((*metric.also, *metric.alternatives.values(), *mix)))


def asked_of(product: Product) -> dict[str, Asked]:
    """Give everything that a product asks, by the key of its readings: the metrics' own questions first."""
    own = {key: Asked(metric=key, query=each.query) for key, each in product.metrics.items()}
    return own | {
        side_key(key, query): Asked(metric=key, query=query)
        for key, each in product.metrics.items()
        for query in side_queries(each)
    }


def with_sides(product: Product, metrics: Iterable[str]) -> tuple[str, ...]:
    """List the keys of some metrics' readings, each metric's own first."""
    by_metric: Mapping[str, ProductMetric] = product.metrics
    return tuple(
        key
        for metric in metrics
        for key in (metric, *(side_key(metric, query) for query in side_queries(by_metric[metric])))
    )
