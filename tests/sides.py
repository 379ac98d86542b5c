"""A page over measurements written by hand, with what side questions answered beside them, and its remarks."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bot.files import nouns
from schema.asides import asides
from schema.judgements import judge_product, past_of, questions_of
from schema.metrics import Audience
from schema.pages import Page, page
from schema.readings import SHAPE_OF, WHOLE, Measurement, Reading, Receipt
from schema.remarks import Remark, check
from schema.side_findings import with_findings
from schema.sides import asked_of
from tests.builders import NOW, configuration, document, known_metrics

D = Decimal
COLUMNS = {
    "confusion": "tp, fp, fn, tn", "proportion": "numerator, denominator", "bare": "value", "mean": "value, n, sd",
}  # fmt: skip
MONEY = {
    name: {"value": value, "unit": "share" if name == "prevented_share" else "money", "owner": "U0NOR00001", "means": "a cost"}
    for name, value in (("average_loss", 120), ("fee", 15), ("prevented_share", 0.95), ("review_cost", 4), ("friction_cost", 18))
}  # fmt: skip

Answer = Measurement | Mapping[str, Measurement]
Series = Sequence[Answer]  # oldest first; the last one is of the period that is judged


def page_beside(
    metric: str, own: Series, beside: Mapping[str, Series], asked: Mapping[str, Any], **product: Any
) -> Page:
    """Judge one metric.

    beside   what each side query answered, by the query's name, which is its source's too
    asked    the metric's own options: which side queries it has
    """
    answers = {"own": own, **beside}
    queries = {name: _query(name, series[-1], product.get("columns", {})) for name, series in answers.items()}
    given = document(fraud_detection={
        "queries": queries, "metrics": {metric: {"query": "own", **asked}}, "assumptions": MONEY,
        **{name: value for name, value in product.items() if name != "columns"},
    })  # fmt: skip
    given["sources"] = {name: {"kind": "sql", "url": "sqlite:///fraud.db"} for name in answers}
    made = configuration(given).products["fraud-detection"]
    catalogue, period = known_metrics(), made.calendar.last_complete(NOW)
    questions = questions_of(made, catalogue)
    readings = [
        Reading(
            product=made.key, metric=key, group=group, period=at, measurement=each,
            receipt=Receipt(
                source=name, query_digest=questions[key][0], definition=questions[key][1], window=at, sample=1,
                fetched_at=NOW + timedelta(minutes=place),
            ),
        )
        for place, (key, name) in enumerate(
            (key, each.query) for key, each in asked_of(made).items() if each.query in answers
        )
        for at, measured in zip(
            made.calendar.back(period, len(answers[name])), answers[name], strict=True
        )
        for group, each in (measured if isinstance(measured, Mapping) else {WHOLE: measured}).items()
    ]  # fmt: skip
    past = past_of(readings, questions)
    judged = judge_product(made, catalogue, period=period, past=past, blanks={}, today=NOW.date())
    found = with_findings(made, catalogue, judged, past=past, blanks={}, today=NOW.date())
    return page(made, catalogue, nouns(), period=period, judged=found, today=NOW.date())


def _query(name: str, measured: Answer, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    grouped = isinstance(measured, Mapping)
    shape = SHAPE_OF[type(next(iter(measured.values())) if isinstance(measured, Mapping) else measured)].value
    groups = list(columns.get(name, ("g",))) if grouped else []
    chosen = ", ".join([*groups, COLUMNS[shape]])
    sql = f"SELECT {chosen} FROM {name} WHERE day >= :start AND day < :end"
    return {"source": name, "shape": shape, "sql": sql} | ({"groups": groups} if grouped else {})


def said(made: Page, metric: str, audience: Audience = Audience.EXECUTIVE, **more: Any) -> str:
    """Give what stands beside a metric's statement; each remark passes the wording rules."""
    found = asides(made, metric, audience, **more)
    for each in found:
        broken = check(each, made.catalogue[metric], audience)
        assert broken == (), (broken, str(each.text))
    return " ".join(str(each.text) for each in found)


def remarks(made: Page) -> list[tuple[str, Audience, Remark]]:
    """List every remark of a page, for every reader and window."""
    return [
        (key, audience, each)
        for key, judgement in made.judged.items()
        if judgement.now is not None
        for audience in Audience
        for compared in (None, *judgement.compared)
        for named in (False, True)
        for each in asides(made, key, audience, compared, named=named)
    ]
