"""Measuring messages before they are posted, and splitting them on section borders."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from handlers.views.blocks import Block
from handlers.views.text import units

MOST_BLOCKS: Final = 48  # Slack takes 50; two stay free for the line about lateness and for buttons
MOST_UNITS: Final = 12_000  # msg_blocks_too_long was seen near 13,200 (bolt-js issue 2509)
MOST_CHARTS: Final = 2
CHART: Final = "data_visualization"
VIEW_MOST: Final = 240_000  # bytes of a modal; Slack takes 250 KB (SLACK.md 2)


def measured(value: Any) -> int:
    """Count everything that a reader sees in a block."""
    if isinstance(value, dict):
        own = value.get("text")
        inside = sum(measured(each) for each in value.values() if isinstance(each, dict | list))
        return inside + (units(own) if isinstance(own, str) else 0)
    return sum(measured(each) for each in value) if isinstance(value, list) else 0


def fits(blocks: Sequence[Block]) -> bool:
    """Tell whether Slack takes these blocks in one message, with room for what is added at the send."""
    charts = sum(block["type"] == CHART for block in blocks)
    return len(blocks) <= MOST_BLOCKS and charts <= MOST_CHARTS and measured(list(blocks)) <= MOST_UNITS


def view_fits(view: Block) -> bool:
    """Tell whether Slack takes a modal of this size."""
    return len(json.dumps(view, ensure_ascii=False).encode(errors="replace")) <= VIEW_MOST


def split(groups: Iterable[Sequence[Block]]) -> list[list[Block]]:
    """Pack groups of blocks into as few messages as they need, in order; a group is cut only when it must be."""
    messages: list[list[Block]] = []
    for group in groups:
        for part in [list(group)] if fits(group) else [[block] for block in group]:
            if messages and fits([*messages[-1], *part]):
                messages[-1].extend(part)
            elif part:
                messages.append(part)
    return messages
