"""People's own words in a digest: quoted, and harmless to what stands around them."""

from typing import Final

from handlers.views.blocks import Block, sections
from handlers.views.text import bold, escape, mrkdwn
from schema.quotes import Voice
from schema.texts import Text

FENCE: Final = "```"


def said(voice: Voice) -> list[Block]:
    """Show what one person said, an answer a quotation; each person in blocks of their own."""
    name = mrkdwn(Text((voice.name,)))
    head = f"{bold(name)} ({voice.note})" if voice.note else bold(name)
    return sections(
        "\n".join([head, *(f"{escape(title)}:\n{_quoted(words)}" for title, words in voice.said)])
    )


def _quoted(words: str) -> str:
    """Quote every line; a code block that a cut left open is closed, so that it swallows nothing else."""
    safe = escape(words)
    if safe.count(FENCE) % 2:
        safe = f"{safe}{FENCE}"
    return "\n".join(f"> {line}" for line in safe.splitlines())


def plain(voice: Voice) -> str:
    """Write the same for the command line."""
    note = f" ({voice.note})" if voice.note else ""
    lines = [f"{voice.name.shown}{note}"]
    for title, words in voice.said:
        lines += [f"  {title}:", *(f"    {line}" for line in words.splitlines())]
    return "\n".join(lines)
