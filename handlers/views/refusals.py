"""Private sentences: a refusal, a note, a fault with its reference."""

from handlers.views.blocks import Payload, fallback, section
from handlers.views.text import escape


def note(words: str) -> Payload:
    """Say one plain sentence to one person."""
    said = escape(words)
    return {"blocks": [section(said)], "text": fallback(said)}
