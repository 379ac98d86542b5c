"""Trends: Slack's own chart block, and a line of text where it is refused or the past has gaps."""

from decimal import Decimal
from typing import Final

from handlers.views.blocks import Block, sections
from handlers.views.text import bold, clip, clip_mrkdwn, escape, harmless, mrkdwn
from schema.standups import Chart

BARS: Final = "▁▂▃▄▅▆▇█"
GAP: Final = " "
TITLE_MOST: Final = 50  # SLACK.md fact 44
LABEL_MOST: Final = 20
POINTS_MOST: Final = 20
WORDS_MOST: Final = 1_000
LARGEST: Final = Decimal(10) ** 15  # beyond it a float loses what people read


def native(chart: Chart) -> Block | None:
    """Draw Slack's line chart; None where values are missing or labels repeat, for it cannot show a gap."""
    points = _points(chart)
    labels = [label for label, _ in points]
    if len(points) < 2 or len(set(labels)) != len(labels) or any(not _drawable(value) for _, value in points):
        return None
    data = [{"label": label, "value": float(value)} for label, value in points if value is not None]
    axis: Block = {"categories": labels}
    if chart.unit.strip():
        axis["y_label"] = _short(chart.unit, TITLE_MOST)
    return {
        "type": "data_visualization",
        "title": _short(chart.title, TITLE_MOST),
        "chart": {
            "type": "line",
            "axis_config": axis,
            "series": [{"name": _short(chart.title, LABEL_MOST), "data": data}],
        },
    }


def _points(chart: Chart) -> list[tuple[str, Decimal | None]]:
    """List labels with values, newest last, from the first one that is known."""
    points = [
        (_short(label, LABEL_MOST), value) for label, value in zip(chart.labels, chart.values, strict=True)
    ]
    first = next((at for at, (_, value) in enumerate(points) if value is not None), len(points))
    return points[first:][-POINTS_MOST:]


def _drawable(value: Decimal | None) -> bool:
    return value is not None and value.is_finite() and abs(value) < LARGEST


def _short(words: str, most: int) -> str:
    return clip(harmless(words).replace("\n", " ").strip(), most) or "–"


def sparkline(chart: Chart) -> str:
    """Draw the trend as a line of text; a gap stays empty."""
    known = [value for value in chart.values if value is not None and value.is_finite()]
    if not known:
        return ""
    low, high = min(known), max(known)
    return "".join(_bar(value, low, high) for value in chart.values)


def _bar(value: Decimal | None, low: Decimal, high: Decimal) -> str:
    if value is None or not value.is_finite():
        return GAP
    if high == low:
        return BARS[len(BARS) // 2]
    step = int((value - low) / (high - low) * len(BARS))
    return BARS[min(step, len(BARS) - 1)]


def words(chart: Chart) -> str:
    """Say the trend for those who cannot see a chart; escaped."""
    return clip_mrkdwn(
        f"{bold(escape(clip(chart.title, TITLE_MOST * 2)))}  {mrkdwn(chart.words)}", WORDS_MOST
    )


def as_text(chart: Chart) -> list[Block]:
    """Show the trend without Slack's chart block."""
    first, last = (
        (escape(_short(chart.labels[0], LABEL_MOST)), escape(_short(chart.labels[-1], LABEL_MOST)))
        if chart.labels
        else ("", "")
    )
    line = sparkline(chart)
    drawn = f"\n`{line}`  {first} – {last}" if line.strip() else ""
    return sections(f"{words(chart)}{drawn}")


def drawn(chart: Chart) -> list[Block]:
    """Show the trend with Slack's chart block where it can hold it; the words stand above."""
    block = native(chart)
    return as_text(chart) if block is None else [*sections(words(chart)), block]
