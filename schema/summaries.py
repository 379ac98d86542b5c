"""A summary that a language model wrote: held to the statements that it was given, and to the wording rules."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from schema import quotes, texts
from schema.briefs import Paragraph
from schema.passages import MOST_QUOTED, Offer, Passage, Quote, found_in, slots_of, template
from schema.rewordings import cased, fault_in, restated
from schema.texts import Text
from schema.wording.checks import lonely_gain

LONGEST_LINE: Final = 560  # of a paragraph, so that nothing of it is cut
MOST_QUOTES: Final = 2

FENCED: Final = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)


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


# --- a paragraph ---


def _with(paragraph: Paragraph, wishes: Sequence[_Wish]) -> Paragraph:
    slots = slots_of(paragraph.text)
    whole, statements = template(paragraph.text, slots) or "", list(paragraph.statements)
    for wish in wishes:
        statements[wish.passage.statement] = restated(wish.passage, wish.text)
        core = found_in(wish.passage.template, whole) or ""
        whole = whole.replace(core, cased(wish.text, core), 1)
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
