"""A correction as a message in the thread of the post that it corrects."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from handlers.views.blocks import Payload, context, fallback, sections
from handlers.views.labels import labelled
from schema.briefs import Paragraph


def correction(lines: Sequence[Paragraph]) -> Payload:
    """Show the corrected figures of one post, a paragraph each."""
    words = "\n".join(labelled(each) for each in lines)
    return {"blocks": sections(words), "text": fallback(words)}


CORRECTED: Final = "Some of these figures were corrected since; the thread says which, and why."


def pointing(blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Let a post say that it was corrected, above its buttons; nothing else of it changes."""
    place = next((n for n, block in enumerate(blocks) if block.get("type") == "actions"), len(blocks))
    return [*blocks[:place], context(CORRECTED), *blocks[place:]]
