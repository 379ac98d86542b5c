"""People's own words in a digest: quoted, and harmless to what stands around them."""

from handlers.views.blocks import Block, actions, sections
from handlers.views.checkins import whole_button
from handlers.views.text import PLAIN, bold, escape, mrkdwn
from schema.quotes import Voice
from schema.texts import Text


def said(voice: Voice) -> list[Block]:
    """Show what one person said, an answer a quotation; each person in blocks of their own."""
    name = mrkdwn(Text((voice.name,)))
    head = f"{bold(name)} ({voice.note})" if voice.note else bold(name)
    answers = (f"{escape(title)}:\n{_quoted(words)}" for title, words in voice.said)
    blocks = sections("\n".join([head, *answers]))
    return [*blocks, actions([whole_button(voice.given)])] if voice.shortened else blocks


def _quoted(words: str) -> str:
    """Quote every line, with nothing in it that pings, links or formats what follows."""
    return "\n".join(f"> {escape(line).translate(PLAIN)}" for line in words.splitlines())


def plain(voice: Voice) -> str:
    """Write the same for the command line."""
    note = f" ({voice.note})" if voice.note else ""
    lines = [f"{voice.name.shown}{note}"]
    for title, words in voice.said:
        lines += [f"  {title}:", *(f"    {line}" for line in words.splitlines())]
    return "\n".join(lines)
