"""People's own words in a text: attributed, in quotation marks, cut where they are long; never read as figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schema import facts, texts
from schema.checkins import CheckIn
from schema.facts import Fact, Kind
from schema.texts import Text

ELLIPSIS: Final = "…"
SHORTEST_WORD: Final = 40  # a cut goes back at most so far to the end of a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What one person says, under headings; the words are theirs and not yet escaped."""

    given: CheckIn
    name: Fact
    note: str  # such as `late`; empty
    said: tuple[tuple[str, str], ...]  # a heading, then words, line breaks kept
    shortened: bool  # there is more of it than is shown


def cut(words: str, most: int) -> str:
    """Shorten words to so many characters, at the end of a word where one is near."""
    if len(words) <= most:
        return words
    head = words[: most - 1]
    space = head.rfind(" ", len(head) - SHORTEST_WORD)
    return (head[:space] if space > 0 else head).rstrip() + ELLIPSIS


def quote(words: str, most: int) -> Text:
    """Quote what somebody wrote, on one line."""
    return texts.fill("“{words}”", {"words": facts.name(cut(" ".join(words.split()), most))})


def person(user: str, names: Mapping[str, str]) -> Fact:
    """Name somebody without calling them, where their name is known."""
    return facts.name(names[user]) if names.get(user) else called(user)


def called(user: str) -> Fact:
    """Name somebody so that Slack tells them."""
    return Fact(of="person", function="name", kind=Kind.NAME, value=None, shown=user, unit="person")
