"""A correction as a message in the thread of the post that it corrects."""

from collections.abc import Sequence

from handlers.views.blocks import Payload, fallback, sections
from handlers.views.labels import labelled
from schema.briefs import Paragraph


def correction(lines: Sequence[Paragraph]) -> Payload:
    """Show the corrected figures of one post, a paragraph each."""
    words = "\n".join(labelled(each) for each in lines)
    return {"blocks": sections(words), "text": fallback(words)}
