"""Private sentences: a refusal, a note, and a fault with its reference."""

from handlers.views.blocks import Payload, fallback, sections
from handlers.views.text import escape


def note(words: str) -> Payload:
    """Say one plain sentence to one person."""
    said = escape(words)
    return {"blocks": sections(said), "text": fallback(said)}


def fault(reference: str) -> Payload:
    """Say that something broke, without what."""
    return note(
        "Something went wrong on our side. Please try again; if it stays so, tell whoever runs Muster here"
        f" the reference {reference}."
    )
