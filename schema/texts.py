"""Sentences whose every figure is a slot, so that nobody types a digit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import TypeAlias

from schema.facts import Fact

Piece: TypeAlias = str | Fact


@dataclass(frozen=True, slots=True)
class Text:
    """Words and figures in reading order; not yet escaped for Slack."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        """Show it as the reader sees it, unescaped."""
        return "".join([piece if isinstance(piece, str) else piece.shown for piece in self.pieces])

    @property
    def facts(self) -> tuple[Fact, ...]:
        """List the figures in reading order."""
        return tuple([piece for piece in self.pieces if not isinstance(piece, str)])

    @property
    def words(self) -> str:
        """Give what stands between the figures; each figure becomes a blank."""
        return "".join([piece if isinstance(piece, str) else " " for piece in self.pieces])

    def __bool__(self) -> bool:
        """Tell whether there is anything to read."""
        return bool(self.pieces)


Filling: TypeAlias = Fact | Text | str


@lru_cache(maxsize=4096)
def _parsed(template: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((literal, field, form or "") for literal, field, form, _ in Formatter().parse(template))


def fields(template: str) -> frozenset[str]:
    """Name the slots of a template."""
    return frozenset(field for _, field, _ in _parsed(template) if field)


def fill(template: str, fillings: Mapping[str, Filling]) -> Text:
    """Put figures and phrases into a template; `{subject:cap}` starts with a capital.

    raises KeyError when a slot has no filling
    """
    pieces: list[Piece] = []
    for literal, field, form in _parsed(template):
        if literal:
            pieces.append(literal)
        if field is not None:
            pieces.extend(_pieces(fillings[field], capital=form == "cap"))
    return Text(_joined(pieces))


def join(texts: Iterable[Text | str], between: str = " ") -> Text:
    """Put texts after one another."""
    pieces: list[Piece] = []
    for text in texts:
        if not text:
            continue
        if pieces:
            pieces.append(between)
        pieces.extend((text,) if isinstance(text, str) else text.pieces)
    return Text(_joined(pieces))


def plain(words: str) -> Text:
    """Hold words without figures."""
    return Text((words,))


def _pieces(filling: Filling, *, capital: bool) -> tuple[Piece, ...]:
    if isinstance(filling, Text):
        pieces = filling.pieces
        if capital and pieces and isinstance(pieces[0], str):
            return (pieces[0][:1].upper() + pieces[0][1:], *pieces[1:])
        if capital and pieces and isinstance(pieces[0], Fact):
            return (_capital(pieces[0]), *pieces[1:])
        return pieces
    if isinstance(filling, Fact):
        return (_capital(filling),) if capital else (filling,)
    return (filling[:1].upper() + filling[1:],) if capital else (filling,)


def _capital(fact: Fact) -> Fact:
    return Fact(
        of=fact.of, function=fact.function, kind=fact.kind, value=fact.value, unit=fact.unit,
        shown=fact.shown[:1].upper() + fact.shown[1:],
    )  # fmt: skip


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Leave out what is empty and put neighbouring words together."""
    result: list[Piece] = []
    words = ""
    for piece in pieces:
        if isinstance(piece, str):
            words += piece
            continue
        if words:
            result.append(words)
            words = ""
        result.append(piece)
    if words:
        result.append(words)
    return tuple(result)
