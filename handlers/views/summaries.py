"""Who wrote a summary: said under it, and kept with what was posted."""

from collections.abc import Sequence
from dataclasses import asdict

from handlers.views.blocks import Block, Payload, context
from handlers.views.text import clip, escape
from schema.summaries import Summary

MODEL_MOST = 80  # characters


def signed(payloads: Sequence[Payload], summary: Summary | None) -> list[Payload]:
    """Say in the parent, above its buttons, that a model wrote it, and keep the receipt in its payload."""
    if summary is None:
        return list(payloads)
    parent, *thread = payloads
    told: Payload = {
        name: _with_line(parent[name], summary) for name in ("blocks", "fallback") if name in parent
    }
    return [{**parent, **told, "summary": asdict(summary)}, *thread]


def _with_line(blocks: Sequence[Block], summary: Summary) -> list[Block]:
    model = escape(clip(summary.model, MODEL_MOST))
    line = context(f"Summary written by {model}, numbers filled in by Muster.")
    place = next((n for n, block in enumerate(blocks) if block["type"] == "actions"), len(blocks))
    return [*blocks[:place], line, *blocks[place:]]
