"""Words for Slack: escaped, harmless, and cut where a reader would cut them."""

import re
import unicodedata
from typing import Final

from schema.facts import Fact
from schema.texts import Text

ELLIPSIS: Final = "…"
PERSON: Final = "person"  # the unit of a fact that holds a Slack id
SAFE: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
ODD: Final = re.compile(  # control characters, marks that reorder what is around them, half characters
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
SPACES: Final = frozenset("\t\r\x0b\x0c\x85\u2028\u2029")
REORDERING: Final = frozenset("\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
JOINER: Final = "\u200d"
PLAIN: Final = str.maketrans(  # a mark of formatting that nobody closes would format the words of others
    {"`": "\N{MODIFIER LETTER GRAVE ACCENT}", "*": "\N{ASTERISK OPERATOR}", "~": "\N{TILDE OPERATOR}"}
)
INSIDE: Final = re.compile(
    r"&[a-z]*$|<[^<>\s]*(?: [^<>]*)?$"
)  # an entity or a reference that a cut would break


def harmless(words: str) -> str:
    """Replace what could break or reorder a message: control characters, half characters, direction marks."""
    return ODD.sub(lambda found: _harmless(found.group()), words)


def _harmless(char: str) -> str:
    if char in REORDERING:
        return ""
    return " " if char in SPACES else "\N{REPLACEMENT CHARACTER}"


def escape(words: str) -> str:
    """Make plain words safe inside mrkdwn, so that nothing in them pings, links or formats a reference."""
    return harmless(words).translate(SAFE)


def mention(id: str) -> str:
    """Name a person or a user group so that Slack shows their name; other words are only escaped."""
    if re.fullmatch(r"[UW][A-Z0-9]{2,20}", id):
        return f"<@{id}>"
    return f"<!subteam^{id}>" if re.fullmatch(r"S[A-Z0-9]{2,20}", id) else escape(id)


def mrkdwn(text: Text | str) -> str:
    """Write a text in Slack's mark-up: every literal and every fact escaped, people named; no fact formats anything."""
    if isinstance(text, str):
        return escape(text)
    return "".join(escape(piece) if isinstance(piece, str) else _fact(piece) for piece in text.pieces)


def _fact(fact: Fact) -> str:
    return mention(fact.shown) if fact.unit == PERSON else isolated(escape(fact.shown).translate(PLAIN))


def isolated(words: str) -> str:
    """Keep right-to-left words from reordering the figures around them."""
    if words.isascii() or not any(unicodedata.bidirectional(char) in {"R", "AL"} for char in words):
        return words
    return f"{ISOLATE}{words}{END_ISOLATE}"


def bold(words: str) -> str:
    """Set already escaped words in bold; a star inside them would end it early."""
    return f"*{words.replace('*', '∗').strip()}*" if words.strip() else words


def units(words: str) -> int:
    """Count as Slack may: in UTF-16 units, which is never less than in characters."""
    return len(words) + sum(char > "\uffff" for char in words)


def clip(words: str, most: int) -> str:
    """Shorten plain words to so many units, never inside what a reader sees as one character."""
    if len(words) * 2 <= most or units(words) <= most:
        return words
    room = most - 1
    end = 0
    for end, char in enumerate(words):  # noqa: B007 - where it stops is the result
        room -= 2 if char > "\uffff" else 1
        if room < 0:
            break
    while end > 0 and _continues(words[end], words[end - 1]):
        end -= 1
    return words[:end].rstrip() + ELLIPSIS


def clip_mrkdwn(words: str, most: int) -> str:
    """Shorten escaped words, never inside an entity or a reference."""
    if units(words) <= most:
        return words
    cut = clip(words, most).removesuffix(ELLIPSIS)
    return INSIDE.sub("", cut).rstrip() + ELLIPSIS


def _continues(char: str, before: str) -> bool:
    """Tell whether a character belongs to the one before it: accents, emoji parts, the second half of a flag."""
    if unicodedata.combining(char) or char in {JOINER, "\ufe0f", "\ufe0e", "\u20e3"} or before == JOINER:
        return True
    return "\U0001f3fb" <= char <= "\U0001f3ff" or (
        "\U0001f1e6" <= char <= "\U0001f1ff" >= before >= "\U0001f1e6"
    )


def pieces_of(words: str, most: int) -> list[str]:
    """Cut escaped words into pieces that fit: on line borders, else between sentences, else between words."""
    found: list[str] = []
    rest = words
    while units(rest) > most:
        head = clip_mrkdwn(rest, most).removesuffix(ELLIPSIS) or rest[: most // 2]
        piece = head[: _border(head)].rstrip() or head
        found.append(piece)
        rest = rest[len(piece) :].lstrip()
    return [*found, rest] if rest.strip() else found


def _border(head: str) -> int:
    for mark in ("\n", ". ", " "):
        at = head.rfind(mark)
        if at > len(head) // 3:
            return at + len(mark)
    return len(head)
