"""A summary that a language model wrote: held to the statements that it was given, and to the wording rules."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from schema import quotes, texts
from schema.briefs import Paragraph
from schema.passages import MOST_QUOTED, SLOT, WORD, Offer, Passage, Quote, found_in, slots_of, template
from schema.statements.stating import Statement
from schema.texts import Text
from schema.wording.checks import check, lonely_gain
from schema.wording.words import Sign, signs

MOST_ADDED: Final = 80  # characters that a sentence may have more than its statement
LONGEST_LINE: Final = 560  # of a paragraph, so that nothing of it is cut
MOST_QUOTES: Final = 2

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
FENCED: Final = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
TAKEN: Final = "\x00"  # stands where a clause was found
RUN_TOGETHER: Final = re.compile(rf"{TAKEN}\s*{TAKEN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an answer is not used; it holds nothing of what was written."""

    rule: str  # `new_word`, `wording_25` …
    passage: str = ""  # its key


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The receipt of a summary: who wrote it, from what, and what exactly."""

    model: str
    given: str  # sha256 of what the model was given, hex
    wrote: Mapping[str, str]  # its sentences with slots, by passage
    quoted: Mapping[str, str]  # the sentence of a check-in that it put beside a passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The paragraphs of a digest, some of them in a model's words."""

    paragraphs: tuple[Paragraph, ...]
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    passage: Passage
    text: str  # with slots
    quote: Quote | None


def rewritten(
    paragraphs: Sequence[Paragraph], offer: Offer, answer: str, *, model: str, given: str
) -> Rewritten | Fault:
    """Put a model's sentences in place of the statements: all of them, or none.

    answer   what the model wrote, whatever that is
    given    sha256 of what it was given
    """
    wishes = _wishes(offer, answer)
    if isinstance(wishes, Fault):
        return wishes
    for wish in wishes:
        rule = fault_in(wish.passage, wish.text)
        if rule:
            return Fault(rule=rule, passage=wish.passage.key)
    result = list(paragraphs)
    for place in sorted({wish.passage.paragraph for wish in wishes}):
        here = [wish for wish in wishes if wish.passage.paragraph == place]
        result[place] = _with(paragraphs[place], here)
        rule = _fault_in_paragraph(result[place])
        if rule:
            return Fault(rule=rule, passage=here[0].passage.key)
    return Rewritten(paragraphs=tuple(result), summary=_receipt(wishes, model=model, given=given))


def _receipt(wishes: Sequence[_Wish], *, model: str, given: str) -> Summary:
    return Summary(
        model=model, given=given, wrote={wish.passage.key: wish.text for wish in wishes},
        quoted={wish.passage.key: wish.quote.words for wish in wishes if wish.quote},
    )  # fmt: skip


# --- reading the answer ---


def _wishes(offer: Offer, answer: str) -> list[_Wish] | Fault:
    fenced = FENCED.match(answer)
    try:
        document = json.loads(fenced[1] if fenced else answer)
    except (ValueError, RecursionError):
        return Fault(rule="not_json")
    lines = document.get("lines") if isinstance(document, dict) else None
    if not isinstance(lines, list) or not all(isinstance(each, dict) for each in lines):
        return Fault(rule="wrong_shape")
    wishes: list[_Wish] = []
    for line in lines:
        wish = _wish(offer, line)
        if isinstance(wish, Fault):
            return wish
        wishes.append(wish)
    return _fault_in_all(wishes) or wishes


def _wish(offer: Offer, line: Mapping[str, Any]) -> _Wish | Fault:
    passage = next((each for each in offer.passages if each.key == line.get("line")), None)
    if passage is None:
        return Fault(rule="unknown_line")
    text, quoted = line.get("text", passage.template), line.get("quote")
    if not isinstance(text, str) or not text.strip():
        return Fault(rule="wrong_shape", passage=passage.key)
    quote = next((each for each in offer.quotes if each.key == quoted), None)
    if quoted is not None and quote is None:
        return Fault(rule="unknown_quote", passage=passage.key)
    return _Wish(passage=passage, text=" ".join(text.split()), quote=quote)


def _fault_in_all(wishes: Sequence[_Wish]) -> Fault | None:
    keys = [wish.passage.key for wish in wishes]
    if len(set(keys)) < len(keys):
        return Fault(rule="line_twice")
    quoted = [wish.quote.key for wish in wishes if wish.quote]
    if len(set(quoted)) < len(quoted) or len(quoted) > MOST_QUOTES:
        return Fault(rule="too_many_quotes")
    if not quoted and all(wish.text == wish.passage.template for wish in wishes):
        return Fault(rule="nothing_new")
    return None


# --- one sentence ---


def fault_in(passage: Passage, text: str) -> str:
    """Name the first rule that a model's words for a statement break; "" when none is broken."""
    read = _Read(passage, text)
    rule = next((name for name, is_broken in RULES if is_broken(read)), "")
    if rule:
        return rule
    broken = check(_said(passage, text))
    return f"wording_{broken[0]}" if broken else ""


class _Read:
    """A sentence as the rules read it: what is left of it once the statement's own clauses are taken out."""

    __slots__ = ("left", "missing", "passage", "text", "words")

    def __init__(self, passage: Passage, text: str) -> None:
        """Take the clauses out, the longest first, since a short one may stand within it."""
        self.passage, self.text = passage, text
        self.words = SLOT.sub(" ", text)
        self.left, self.missing = text.lower(), False
        for clause in sorted(passage.clauses, key=len, reverse=True):
            self.left, count = re.subn(
                rf"(?<![\w{{-]){re.escape(clause)}(?![\w}}-])", TAKEN, self.left, count=1
            )
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
    left = PROSE.sub("", read.left.replace(TAKEN, ""))
    return bool(left) or read.text.count("(") != read.text.count(")") or not read.text.endswith(".")


def _fitting(passage: Passage) -> frozenset[str]:
    """List the words that say which way a figure went, and whether that is good."""
    return frozenset(word for sign in (passage.way, passage.worth) if sign for word in WAYS[sign])


def _new_word(read: _Read) -> bool:
    """Find a word that the statement does not say: anything but everyday words, and which way it went."""
    return not (EVERYDAY | _fitting(read.passage)).issuperset(WORD.findall(read.left))


def _idle_sentence(read: _Read) -> bool:
    """Find a sentence that says nothing of the statement."""
    fitting = _fitting(read.passage)
    parts = (part for part in read.left.split(".") if part.strip())
    return any(TAKEN not in part and fitting.isdisjoint(WORD.findall(part)) for part in parts)


def _run_together(read: _Read) -> bool:
    return bool(RUN_TOGETHER.search(read.left))


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
    ("hidden_direction", _hidden_direction),
)


def _said(passage: Passage, text: str) -> Statement:
    """Give the statement in a model's words."""
    core = texts.fill(_cased(text, passage.template), passage.slots)
    return replace(passage.said, core=core, text=texts.join((core, *passage.said.advice)))


def _cased(text: str, like: str) -> str:
    """Begin a sentence as the statement did that it replaces; each further sentence with a capital."""
    rest = re.sub(r"(?<=[.] )[a-z]", lambda found: found[0].upper(), text)
    if rest.startswith("{"):
        return rest.replace("}", ":cap}", 1) if like[:1].isupper() else rest
    return (rest[:1].lower() if like[:1].islower() else rest[:1].upper()) + rest[1:]


# --- a paragraph ---


def _with(paragraph: Paragraph, wishes: Sequence[_Wish]) -> Paragraph:
    slots = slots_of(paragraph.text)
    whole, statements = template(paragraph.text, slots) or "", list(paragraph.statements)
    for wish in wishes:
        statements[wish.passage.statement] = _said(wish.passage, wish.text)
        core = found_in(wish.passage.template, whole) or ""
        whole = whole.replace(core, _cased(wish.text, core), 1)
    said = [_quoted(wish.quote) for wish in wishes if wish.quote]
    text = texts.join((texts.fill(whole, slots), *said))
    return replace(paragraph, text=text, statements=tuple(statements))


def _quoted(quote: Quote) -> Text:
    """Say a person's own words as theirs; these are no claim of ours, and stand outside the rules."""
    return texts.fill(
        "{who} wrote: {words}", {"who": quote.who, "words": quotes.quote(quote.words, MOST_QUOTED)}
    )


def _fault_in_paragraph(paragraph: Paragraph) -> str:
    if lonely_gain(paragraph.text, paragraph.statements):
        return "wording_34"
    return "too_long" if len(str(paragraph.text)) > LONGEST_LINE else ""
