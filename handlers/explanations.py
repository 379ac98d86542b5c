"""Explaining a metric, with a product's own figure where one is known."""

from handlers.briefs import Read
from handlers.services import Services
from schema.explanations import Explanation, explain
from schema.metrics import Metric


def explanation(services: Services, metric: Metric, read: Read | None) -> Explanation:
    """Say what a metric is and is not."""
    return explain(metric, read.page if read is not None else None, nouns=services.nouns)
