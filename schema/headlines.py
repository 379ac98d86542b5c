"""The first sentence of a page and its last: what the period amounts to, and what is asked of whom."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schema import facts, levels, texts
from schema.facts import Fact, Kind
from schema.insights import Insight, Topic
from schema.judgements import Judgement
from schema.pages import Page, window
from schema.texts import Text
from schema.verdicts import GAINS, LOSSES
from schema.verdicts import Kind as VerdictKind

LABELS: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "Clear gain",
    VerdictKind.SMALL_GAIN: "Small gain",
    VerdictKind.SAME: "About the same",
    VerdictKind.CANNOT_TELL: "Cannot tell",
    VerdictKind.SMALL_LOSS: "Small loss",
    VerdictKind.CLEAR_LOSS: "Clear loss",
    VerdictKind.CLEAR_CHANGE: "Clear change",
    VerdictKind.SMALL_CHANGE: "Small change",
    VerdictKind.NOT_COMPARABLE: "Not comparable",
}
TOPIC_LABELS: Final[Mapping[Topic, str]] = {
    Topic.CORRECTION: "Correction",
    Topic.NOT_FIT: "Not fit to use",
    Topic.LIMIT: "Off target",
    Topic.GAP: "Gap past its limit",
    Topic.COST: "Gain with a cost",
    Topic.UNUSUAL: "Unusual",
}


def headline(page: Page) -> Text:
    """Say the verdict of the period in one sentence: what is off first, then losses, gains and the rest."""
    counts = _counted(page)
    title = facts.name(page.product.title)
    span = window(page.product, page.period)
    if not counts:
        return texts.fill("{title}, {window}: nothing has clearly changed.", {"title": title, "window": span})
    return texts.fill(
        "{title}, {window}: {counts}.", {"title": title, "window": span, "counts": texts.join(counts, ", ")}
    )


TALLY: Final[Sequence[tuple[str, str, str]]] = (  # what is counted, its singular, its plural
    ("correction", "figure corrected", "figures corrected"),
    ("not_fit", "figure not fit to use", "figures not fit to use"),
    ("limit", "figure off its target", "figures off target"),
    ("gap", "gap past its limit", "gaps past their limits"),
    ("loss", "clear loss", "clear losses"),
    ("gain", "clear gain", "clear gains"),
    ("change", "clear change", "clear changes"),
    ("small", "small change", "small changes"),
)


def _counted(page: Page) -> list[Text]:
    tally: dict[str, int] = {}
    for insight in (*page.ranked.said, *page.ranked.unsaid):
        kind = _kind_counted(insight, page.judged[insight.metric])
        if kind:
            tally[kind] = tally.get(kind, 0) + 1
    parts = []
    for key, one, many in TALLY:
        if key in tally:
            count = Fact(
                of="digest",
                function="count",
                kind=Kind.COUNT,
                value=Decimal(tally[key]),
                shown=str(tally[key]),
            )
            parts.append(texts.fill(f"{{count}} {one if tally[key] == 1 else many}", {"count": count}))
    return parts


def _kind_counted(insight: Insight, judgement: Judgement) -> str:
    if insight.pinned:
        return insight.topic.value
    kind = judgement.verdict.kind
    if insight.topic is Topic.SMALL:
        return "small"
    if kind in LOSSES:
        return "loss"
    if kind in GAINS:
        return "gain"
    return "change" if kind is VerdictKind.CLEAR_CHANGE else ""


def asked(page: Page) -> Text:
    """Say what is asked of whom, at most two things; the last sentence of every page."""
    asks = [text for insight in page.ranked.said if (text := _ask(page, insight))]
    return texts.join(asks[:MOST_ASKS]) if asks else texts.plain("No action needed.")


def _ask(page: Page, insight: Insight) -> Text:
    loss = page.judged[insight.metric].verdict.kind in LOSSES and insight.topic is Topic.CHANGE
    template = (
        ASKS.get(Topic.CHANGE if loss else insight.topic)
        if loss or insight.topic is not Topic.CHANGE
        else None
    )
    if template is None:
        return Text(())
    metric = page.catalogue[insight.metric]
    plain = levels.phrase(metric.plain, metric, page.language())
    return texts.fill(template, {"owner": _owner(page), "plain": plain})


MOST_ASKS: Final = 2

ASKS: Final[Mapping[Topic, str]] = {
    Topic.CORRECTION: "Asked of {owner}: check what was decided on the old figure for {plain}.",
    Topic.NOT_FIT: "Asked of {owner}: see that {plain} can be measured again.",
    Topic.LIMIT: "Asked of {owner}: say what is done about {plain}, or agree on another target.",
    Topic.GAP: "Asked of {owner}: have {plain} reviewed, with a written reason.",
    Topic.COST: "Asked of {owner}: decide whether {plain} is worth what moved with it.",
    Topic.CHANGE: "Asked of {owner}: say what is done about {plain}.",
}


def _owner(page: Page) -> Fact:
    return Fact(
        of="product", function="owner", kind=Kind.NAME, value=None, shown=page.product.owner, unit="person"
    )
