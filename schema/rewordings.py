"""A statement in a language model's words: what it must keep, and the few words that may be new."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from schema import texts
from schema.passages import SLOT, WORD, Passage
from schema.statements.stating import Statement
from schema.wording.checks import check
from schema.wording.words import Sign, signs

MOST_ADDED: Final = 80  # characters that a sentence may have more than its statement

EVERYDAY: Final = frozenset(  # words that claim nothing by themselves; all others come from the statement
    "a also an and are but is it its meanwhile of that the these this those was were which while".split()  # noqa: SIM905 - one line reads better
)
WAYS: Final[Mapping[Sign, frozenset[str]]] = {
    Sign.UP: frozenset({"up", "rose", "risen", "grew", "increased"}),
    Sign.DOWN: frozenset({"down", "fell", "fallen", "dropped", "decreased"}),
    Sign.BETTER: frozenset({"good", "better", "improved", "improvement"}),
    Sign.WORSE: frozenset({"bad", "worse", "worsened"}),
}
PROSE: Final = re.compile(r"[^\W\d_]|[ ,.;:()'’–-]")
TAKEN: Final = "\x00"  # stands where a clause was found
TURNED: Final = "\x01"  # the same of a clause that says from where the figure came
MOVES: Final = WAYS[Sign.UP] | WAYS[Sign.DOWN]
WORTHS: Final = WAYS[Sign.BETTER] | WAYS[Sign.WORSE]
LEADING: Final[Mapping[Sign, re.Pattern[str]]] = {  # words right before the clause that says from where
    Sign.UP: re.compile(rf"\b(?:{'|'.join(MOVES)})\s+{TURNED}"),
    Sign.BETTER: re.compile(rf"\b(?:{'|'.join(WORTHS)})\s+{TURNED}"),
}
OPENING: Final = re.compile(rf"\A(?:this|that) is (?:{'|'.join(WORTHS)})[:.]")
CLOSING: Final = re.compile(rf"\b(?:which|that|this|it) is (?:{'|'.join(WORTHS)})\b")
RUN_TOGETHER: Final = re.compile(rf"[{TAKEN}{TURNED}]\s*[{TAKEN}{TURNED}]")


def fault_in(passage: Passage, text: str) -> str:
    """Name the first rule that a model's words for a statement break; "" when none is broken."""
    return next(iter(faults_in(passage, text)), "")


def faults_in(passage: Passage, text: str) -> tuple[str, ...]:
    """Name all rules that are broken; the wording rules are asked only of what keeps to the statement."""
    read = _Read(passage, text)
    found = tuple(name for name, is_broken in RULES if is_broken(read))
    return found or tuple(f"wording_{number}" for number in check(restated(passage, text)))


class _Read:
    """A sentence as the rules read it: what is left of it once the statement's own clauses are taken out."""

    __slots__ = ("left", "missing", "passage", "text", "words")

    def __init__(self, passage: Passage, text: str) -> None:
        """Take the clauses out, the longest first, since a short one may stand within it."""
        self.passage, self.text = passage, text
        self.words = SLOT.sub(" ", text)
        self.left, self.missing = text.lower(), False
        for clause in sorted(passage.clauses, key=len, reverse=True):
            mark = TURNED if clause in passage.turns else TAKEN
            place = rf"(?<![\w{{-]){re.escape(clause)}(?![\w}}-])"
            self.left, count = re.subn(place, mark, self.left, count=1)
            self.missing = self.missing or not count


Broken: TypeAlias = Callable[[_Read], bool]


def _too_long(read: _Read) -> bool:
    return len(read.text) > len(read.passage.template) + MOST_ADDED


def _broken_slot(read: _Read) -> bool:
    return "{" in read.words or "}" in read.words


def _unknown_slot(read: _Read) -> bool:
    return any(name not in read.passage.slots for name in SLOT.findall(read.text))


def _typed_digit(read: _Read) -> bool:
    return any(char.isnumeric() for char in read.words)


def _torn_clause(read: _Read) -> bool:
    """Find a figure without the words that it stands with, or a caveat that is left out."""
    return read.missing


def _repeated_slot(read: _Read) -> bool:
    return bool(SLOT.search(read.left))


def _odd_character(read: _Read) -> bool:
    left = PROSE.sub("", read.left.replace(TAKEN, "").replace(TURNED, ""))
    return bool(left) or read.text.count("(") != read.text.count(")") or not read.text.endswith(".")


def _fitting(passage: Passage) -> frozenset[str]:
    """List the words that say which way a figure went, and whether that is good."""
    return frozenset(word for sign in (passage.way, passage.worth) if sign for word in WAYS[sign])


def _new_word(read: _Read) -> bool:
    """Find a word that the statement does not say: anything but everyday words, and which way it went."""
    return not (EVERYDAY | _fitting(read.passage)).issuperset(WORD.findall(read.left))


def _idle_sentence(read: _Read) -> bool:
    """Find a sentence that says nothing of the statement."""
    parts = (part for part in read.left.replace(TURNED, TAKEN).split(".") if part.strip())
    fitting = _fitting(read.passage)
    return any(TAKEN not in part and fitting.isdisjoint(WORD.findall(part)) for part in parts)


def _run_together(read: _Read) -> bool:
    return bool(RUN_TOGETHER.search(read.left))


def _stray_direction(read: _Read) -> bool:
    """Find a way that is not said of the figure: `alerts fell` is not `fell from 80`."""
    return not MOVES.isdisjoint(WORD.findall(LEADING[Sign.UP].sub(TURNED, read.left)))


def _stray_worth(read: _Read) -> bool:
    """Find a good or bad that is not said of the whole, at its beginning, or of the change, before or after it."""
    left = LEADING[Sign.BETTER].sub(TURNED, OPENING.sub("", read.left))
    before, turn, after = left.rpartition(TURNED)
    return not WORTHS.isdisjoint(WORD.findall(f"{before}{turn}{CLOSING.sub('', after)}"))


def _hidden_direction(read: _Read) -> bool:
    way = read.passage.way
    return way is not None and way not in signs(read.words)


RULES: Final[Sequence[tuple[str, Broken]]] = (
    ("too_long", _too_long),
    ("broken_slot", _broken_slot),
    ("unknown_slot", _unknown_slot),
    ("typed_digit", _typed_digit),
    ("torn_clause", _torn_clause),
    ("repeated_slot", _repeated_slot),
    ("odd_character", _odd_character),
    ("new_word", _new_word),
    ("run_together", _run_together),
    ("idle_sentence", _idle_sentence),
    ("stray_direction", _stray_direction),
    ("stray_worth", _stray_worth),
    ("hidden_direction", _hidden_direction),
)


def restated(passage: Passage, text: str) -> Statement:
    """Give the statement in a model's words."""
    core = texts.fill(cased(text, passage.template), passage.slots)
    return replace(passage.said, core=core, text=texts.join((core, *passage.said.advice)))


def cased(text: str, like: str) -> str:
    """Begin a sentence as the statement did that it replaces; each further sentence with a capital."""
    rest = re.sub(r"(?<=[.] )[a-z]", lambda found: found[0].upper(), text)
    if rest.startswith("{"):
        return rest.replace("}", ":cap}", 1) if like[:1].isupper() else rest
    return (rest[:1].lower() if like[:1].islower() else rest[:1].upper()) + rest[1:]
