"""What pages are made of: things said, in titled parts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from schema import texts
from schema.quotes import Voice
from schema.statements.stating import Statement
from schema.texts import Text

NOTHING: Final = Text(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One thing said: a label, sentences, and the metrics whose receipts stand behind it."""

    label: str  # the verdict or topic in words, such as `Clear loss`; empty for plain lines
    text: Text
    metrics: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    advice: tuple[
        Text, ...
    ] = ()  # the last sentences of the text: what figures do not mean, what customers can do
    core: Text = NOTHING  # the text without its advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of a brief or digest."""

    title: str
    paragraphs: tuple[Paragraph, ...]
    voices: tuple[Voice, ...] = ()  # people's own words, after the paragraphs


def advised_once(sections: Iterable[Section]) -> tuple[Section, ...]:
    """Say each piece of advice where it is due first: who reads a page reads it once."""
    said: set[Text] = set()
    return tuple(
        replace(each, paragraphs=tuple(_advised(one, said) for one in each.paragraphs)) for each in sections
    )


def _advised(told: Paragraph, said: set[Text]) -> Paragraph:
    fresh = [each for each in told.advice if each not in said]
    said.update(fresh)
    return told if len(fresh) == len(told.advice) else replace(told, text=texts.join((told.core, *fresh)))
