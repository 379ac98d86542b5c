"""How we know: by source and window what was asked and when, and below it the metrics that rest on the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from handlers.views import budget
from handlers.views.blocks import Block, Payload, context, fallback, sections
from handlers.views.text import bold, escape
from schema.metrics import Metric
from schema.products import Product
from schema.readings import WHOLE, Blank, Reading

DIGEST: Final = 12  # characters of a digest that are shown
MOST_GROUPS: Final = 8
MOST_MESSAGES: Final = 5  # what a response_url takes


@dataclass(slots=True)
class _Answer:
    """One answer of a source, and what rests on it."""

    line: str
    groups: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)


def receipts(
    product: Product, metrics: Mapping[str, Metric], *, readings: Sequence[Reading], blanks: Mapping[str, Blank],
    asked: Sequence[str],
) -> list[Payload]:  # fmt: skip
    """Show the receipts of some of a product's metrics, source by source, in the order asked for."""
    title = f"How we know: {escape(product.title)}"
    known = {reading.metric for reading in readings}
    lines = [
        *_by_source(product, metrics, readings=readings, asked=asked),
        *([_blank(metrics[key], blanks.get(key))] for key in asked if key not in known),
    ]
    groups: list[list[Block]] = [sections(bold(title)), *(sections("\n".join(each)) for each in lines)]
    messages = budget.split(groups)
    if len(messages) > MOST_MESSAGES:
        left = context(
            "There are more figures than one answer takes; `explain` shows them one by one, each with its receipt."
        )
        messages = [*messages[: MOST_MESSAGES - 1], [left]]
    return [{"blocks": blocks, "text": fallback(title)} for blocks in messages]


def _by_source(
    product: Product, metrics: Mapping[str, Metric], *, readings: Sequence[Reading], asked: Sequence[str]
) -> list[list[str]]:
    """Give the lines of each source and window: what it answered, and the metrics below."""
    sources: dict[str, dict[str, _Answer]] = {}
    first: dict[str, str] = {}  # by metric, the answer where its definition stands
    for key in asked:
        for reading in (each for each in readings if each.metric == key):
            source, line = _source(product, reading), _answer(reading)
            again = first.setdefault(key, source + line) != source + line
            metric = _metric(metrics[key], reading, again=again)
            answer = sources.setdefault(source, {}).setdefault(line, _Answer(line))
            if reading.group != WHOLE and reading.group not in answer.groups:
                answer.groups.append(reading.group)
            if metric not in answer.metrics:
                answer.metrics.append(metric)
    return [
        [head, *(line for answer in answers.values() for line in _shown(answer))]
        for head, answers in sources.items()
    ]


def _source(product: Product, reading: Reading) -> str:
    window = reading.receipt.window
    source = bold(f"Source `{_code(reading.receipt.source)}`")
    return f"{source} · from {_wall(product, window.start)} until {_wall(product, window.end)}"


def _answer(reading: Reading) -> str:
    receipt = reading.receipt
    rows = "1 row" if receipt.sample == 1 else f"{receipt.sample:,} rows"
    newest = f" · newest record {slack_time(receipt.newest_at)}" if receipt.newest_at else ""
    return (
        f"• {rows} read · fetched {slack_time(receipt.fetched_at)}{newest} · revision {reading.revision}"
        f" · query `{receipt.query_digest[:DIGEST]}`"
    )


def _metric(metric: Metric, reading: Reading, *, again: bool) -> str:
    name, digest = bold(escape(metric.name)), reading.receipt.definition[:DIGEST]
    if again:
        return f"   {name}, beside the answer above"
    return f"   {name}: {escape(metric.formula)} (definition `{digest}`)"


def _shown(answer: _Answer) -> list[str]:
    named, more = answer.groups[:MOST_GROUPS], len(answer.groups) - MOST_GROUPS
    others = f" and {more} more groups" if more > 0 else ""
    groups = [f"   for {', '.join(map(escape, named))}{others}"] if named else []
    return [answer.line, *groups, *answer.metrics]


def _blank(metric: Metric, blank: Blank | None) -> str:
    name = bold(escape(metric.name))
    if blank is None:
        return f"{name}: not pulled yet for this period"
    asked = f"source `{_code(blank.source)}`, asked {slack_time(blank.fetched_at)}"
    return f"{name}: no figure: {escape(blank.detail)} ({asked})"


def _code(words: str) -> str:
    return escape(words).replace("`", "'")


def _wall(product: Product, at: datetime) -> str:
    return at.astimezone(product.zoneinfo).strftime("%Y-%m-%d %H:%M %Z")


def slack_time(at: datetime) -> str:
    """Show a moment in each reader's own zone."""
    return (
        f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{at.strftime('%Y-%m-%d %H:%M')} UTC>"
    )
