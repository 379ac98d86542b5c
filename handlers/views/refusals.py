"""Private sentences: a refusal, a note, a fault with its reference."""

from handlers.views.blocks import Payload, fallback, sections
from handlers.views.text import escape


def note(words: str) -> Payload:
    """Say one plain sentence to one person."""
    said = escape(words)
    return {"blocks": sections(said), "text": fallback(said)}
