"""How we know: for each metric its source, window, question, definition, sample, fetch time and revision."""

from collections.abc import Mapping, Sequence
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


def receipts(
    product: Product, metrics: Mapping[str, Metric], *, readings: Sequence[Reading], blanks: Mapping[str, Blank],
    asked: Sequence[str],
) -> list[Payload]:  # fmt: skip
    """Show the receipts of some of a product's metrics, in the order asked for."""
    title = f"How we know: {escape(product.title)}"
    by_metric: dict[str, list[Reading]] = {}
    for reading in readings:
        by_metric.setdefault(reading.metric, []).append(reading)
    lines = [_metric(product, metrics[key], by_metric.get(key, []), blanks.get(key)) for key in asked]
    groups: list[list[Block]] = [sections(bold(title)), *(sections("\n".join(each)) for each in lines)]
    messages = budget.split(groups)
    if len(messages) > MOST_MESSAGES:
        left = context(
            "There are more figures than one answer takes; `explain` shows them one by one, each with its receipt."
        )
        messages = [*messages[: MOST_MESSAGES - 1], [left]]
    return [{"blocks": blocks, "text": fallback(title)} for blocks in messages]


def _metric(product: Product, metric: Metric, readings: Sequence[Reading], blank: Blank | None) -> list[str]:
    lines = [bold(escape(metric.name))]
    for reading in readings[:MOST_GROUPS]:
        lines.extend(_reading(product, reading))
    if len(readings) > MOST_GROUPS:
        lines.append(f"and {len(readings) - MOST_GROUPS} more groups from the same source")
    if not readings:
        lines.append(_blank(blank))
    lines.append(f"Definition: {escape(metric.formula)}")
    return lines


def _reading(product: Product, reading: Reading) -> list[str]:
    receipt = reading.receipt
    group = f"{escape(reading.group)}: " if reading.group != WHOLE else ""
    first, last = receipt.window.start, receipt.window.end
    rows = "1 row" if receipt.sample == 1 else f"{receipt.sample:,} rows"
    newest = f" · newest record {slack_time(receipt.newest_at)}" if receipt.newest_at else ""
    return [
        f"• {group}source `{_code(receipt.source)}` · from {_wall(product, first)} until {_wall(product, last)}",
        f"   {rows} read · fetched {slack_time(receipt.fetched_at)}{newest} · revision {reading.revision}",
        f"   query `{receipt.query_digest[:DIGEST]}` · definition `{receipt.definition[:DIGEST]}`",
    ]


def _blank(blank: Blank | None) -> str:
    if blank is None:
        return "• not pulled yet for this period"
    return f"• no figure: {escape(blank.detail)} (source `{_code(blank.source)}`, asked {slack_time(blank.fetched_at)})"


def _code(words: str) -> str:
    return escape(words).replace("`", "'")


def _wall(product: Product, at: datetime) -> str:
    return at.astimezone(product.zoneinfo).strftime("%Y-%m-%d %H:%M %Z")


def slack_time(at: datetime) -> str:
    """Show a moment in each reader's own zone."""
    return (
        f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{at.strftime('%Y-%m-%d %H:%M')} UTC>"
    )
