"""A page over measurements written by hand, week by week, without any source."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.files import nouns
from schema.briefs import Brief, Paragraph, compose
from schema.judgements import expected_definition, judge_product, past_of, question_of
from schema.metrics import Audience
from schema.pages import Page, page
from schema.readings import SHAPE_OF, Measurement, Reading, Receipt
from tests.builders import NOW, configuration, document, known_metrics

FIELDS = {
    "confusion": "tp, fp, fn, tn", "proportion": "numerator, denominator", "mean": "value, n, sd",
    "ranged": "value, low, high", "bare": "value", "bands": "band, now, reference", "inputs": "conversations, handed_over, confirmed, spend, silent, reopened",
}  # fmt: skip

Weeks = Mapping[str, Sequence[Measurement | Mapping[str, Measurement]]]  # by metric, oldest first


def page_of(
    weeks: Weeks,
    asked: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    today: date = NOW.date(),
    **product: Any,
) -> Page:
    """Judge measurements of a tiny product.

    asked    a metric's own options, such as its target
    product  edits to the product, such as its milestones
    """
    options = asked or {}
    queries = {f"q-{key}": _query(series[-1]) for key, series in weeks.items()}
    metrics = {key: {"query": f"q-{key}", **options.get(key, {})} for key in weeks}
    given = document(fraud_detection={"queries": queries, "metrics": metrics, **product})
    made = configuration(given).products["fraud-detection"]
    period = made.calendar.last_complete(NOW)
    catalogue = known_metrics()
    readings = [
        Reading(
            product="fraud-detection", metric=key, group=group, period=at, measurement=each,
            receipt=Receipt(
                source="warehouse", query_digest=question_of(made, key), definition=expected_definition(catalogue[key]),
                window=at, sample=1, fetched_at=NOW,
            ),
        )
        for key, series in weeks.items()
        for at, measured in zip(made.calendar.back(period, len(series)), series, strict=True)
        for group, each in (measured if isinstance(measured, Mapping) else {"": measured}).items()
    ]  # fmt: skip
    judged = judge_product(made, catalogue, period=period, past=past_of(readings), blanks={}, today=today)
    return page(made, catalogue, nouns(), period=period, judged=judged, today=today)


def _query(measured: Measurement | Mapping[str, Measurement]) -> dict[str, Any]:
    grouped = isinstance(measured, Mapping)
    shape = SHAPE_OF[type(next(iter(measured.values())) if isinstance(measured, Mapping) else measured)].value
    columns = FIELDS[shape] + (", g" if grouped else "")
    sql = f"SELECT {columns} FROM o WHERE day >= :start AND day < :end"
    return {"source": "warehouse", "shape": shape, "sql": sql} | ({"groups": ["g"]} if grouped else {})


def brief_of(weeks: Weeks, asked=None, *, audience: Audience = Audience.EXECUTIVE, **product: Any) -> Brief:
    """Compose the page for a reader."""
    return compose(page_of(weeks, asked, **product), audience)


def spoken(brief: Brief) -> list[Paragraph]:
    """List what a page says, in reading order."""
    return [paragraph for section in brief.sections for paragraph in section.paragraphs]


def words(brief: Brief) -> str:
    """Give a page's whole text."""
    return " ".join([str(brief.headline), *(str(each.text) for each in spoken(brief)), str(brief.closing)])
