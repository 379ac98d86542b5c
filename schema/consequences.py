"""What became of the number that a decision was based on: then and now, in the verdict's words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from schema import texts
from schema.blanks import plain_name, why_blank
from schema.briefs import Paragraph, say
from schema.checkins import Decision
from schema.headlines import LABELS
from schema.judgements import Compared
from schema.metrics import Audience
from schema.pages import Page
from schema.periods import Period
from schema.products import Comparison, PeriodsAgo, Previous, Product
from schema.quotes import person, quote
from schema.texts import Text
from schema.verdicts import Kind

QUOTED: Final = 200
CANNOT_TELL: Final = LABELS[Kind.CANNOT_TELL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision about a metric, and that metric now against the period that was known then."""

    decision: Decision
    compared: Compared | None = None  # None where nothing newer is known, or nothing was known then
    beside: Mapping[str, Compared] = field(default_factory=dict)  # its countermetrics over the same time
    restated: bool = False  # the number that it was based on was corrected since


def asked_of(product: Product, decisions: Iterable[Decision], period: Period) -> dict[str, Comparison]:
    """Say with which earlier period the metric of each decision is compared, by the decision's metric."""
    found: dict[str, Comparison] = {}
    for each in decisions:
        if each.metric is None or each.metric not in product.metrics or each.based_on is None:
            continue
        ago = _periods_ago(product, each.based_on.period, period)
        window = product.metrics[each.metric].window
        if ago is not None and ago >= window:
            found[each.metric] = Previous() if ago == window else PeriodsAgo(periods_ago=ago)
    return found


def apart(product: Product, decisions: Iterable[Decision], period: Period) -> list[list[Decision]]:
    """Part decisions so that within each part a metric is compared with one time: a late one may know a newer number."""
    parts: list[tuple[dict[str, Comparison | None], list[Decision]]] = []
    for each in decisions:
        key, asked = str(each.metric), asked_of(product, [each], period).get(str(each.metric))
        known, alike = next(
            (part for part in parts if part[0].get(key, asked) == asked), ({}, list[Decision]())
        )
        if not known:
            parts.append((known, alike))
        known[key] = asked
        alike.append(each)
    return [alike for _, alike in parts]


def _periods_ago(product: Product, key: str, period: Period) -> int | None:
    """Count the periods since one; None where the product counted in other periods then."""
    try:
        return product.calendar.distance(product.calendar.named(key), period)
    except ValueError:
        return None


def with_comparisons(product: Product, asked: Mapping[str, Comparison]) -> Product:
    """Let a product compare its metrics with what decisions were based on, besides what it asks itself."""
    metrics = {
        key: each.model_copy(update={"compare": (*each.compare, asked[key])})
        if key in asked and asked[key] not in each.compare
        else each
        for key, each in product.metrics.items()
    }
    return product.model_copy(update={"metrics": metrics})


def consequence(page: Page, decided: Decided, names: Mapping[str, str]) -> Paragraph:
    """Say what was decided and what its number did since; after it, never because of it (wording rule 25)."""
    decision = decided.decision
    key = str(decision.metric)
    made = texts.fill("{by} wrote {words}.", {
        "by": person(decision.by, names), "words": quote(decision.text, QUOTED),
    })  # fmt: skip
    if page.judged[key].now is None:
        why = texts.fill("{why:cap}", {"why": why_blank(page, key)})
        return Paragraph(label=CANNOT_TELL, text=texts.join((made, why)), metrics=(key,))
    if decided.compared is None:
        reason = NOTHING_THEN if decision.based_on is None else NOTHING_SINCE
        why = texts.fill(reason, {"plain": plain_name(page, key)})
        return Paragraph(label=CANNOT_TELL, text=texts.join((made, why)), metrics=(key,))
    told = say(_with(page, decided.beside), key, Audience.EXECUTIVE, decided.compared)
    after = texts.plain(RESTATED) if decided.restated else Text(())
    return Paragraph(
        label=told.label, text=texts.join((made, told.text, after)), metrics=told.metrics,
        statements=told.statements,
    )  # fmt: skip


def _with(page: Page, beside: Mapping[str, Compared]) -> Page:
    """Let countermetrics be read in a window that nobody asked them for."""
    found = {
        key: replace(page.judged[key], beside=(*page.judged[key].beside, each))
        for key, each in beside.items()
    }
    return replace(page, judged={**page.judged, **found})


NOTHING_THEN: Final = "No figure for {plain} was known then."
NOTHING_SINCE: Final = "There is no newer figure for {plain} yet."
RESTATED: Final = "The earlier figure was corrected after the decision."
