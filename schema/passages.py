"""What a language model is given of a digest: statements as sentences whose figures are named slots, and people's own sentences."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import Final

from schema.briefs import Paragraph
from schema.checkins import CheckIn
from schema.contradictions import contradictions
from schema.facts import Fact, Kind
from schema.pages import Page
from schema.quotes import person
from schema.statements.stating import Statement
from schema.texts import Text
from schema.verdicts import GAINS
from schema.verdicts import Kind as VerdictKind
from schema.wording.readability import sentences
from schema.wording.words import Sign, signs

MOST_QUOTED: Final = 160  # characters of a sentence that may stand beside a figure
FEWEST_WORDS: Final = 3  # of such a sentence
MOST_OFFERED: Final = 60  # sentences of people, so that a long answer costs no more than others
NOBODY: Final[Mapping[str, str]] = {}

SLOT: Final = re.compile(r"\{([a-z][a-z_]*)\}")
WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
PAIR: Final = re.compile(r"\bbetween (\{[a-z_]+\}) and (\{[a-z_]+\})")
CLAUSE: Final = re.compile(r"[,.;:)]\s*|\s(?:and|but)\s")
LOOSE: Final = frozenset({"that", "is", "it", "up", "down"})  # may begin a clause, and change
WORTH: Final = {VerdictKind.CLEAR_GAIN: Sign.BETTER, VerdictKind.CLEAR_LOSS: Sign.WORSE}
LED: Final = re.compile(r"(?:that is |it is )?(?:up|down) ")
FREE: Final = frozenset({"which is good", "which is bad"})  # the rules hold these, however they are said


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One statement of a digest as a language model is given it."""

    key: str  # `a`, `b` …
    paragraph: int  # its place in the parent
    statement: int  # its place in the paragraph
    template: str  # `Of every {precision_base} {name}, {precision_now} were right`
    slots: Mapping[str, Fact]
    said: Statement

    @property
    def clauses(self) -> tuple[str, ...]:
        """List what has to stay as it is: each figure with the words it stands with, and each caveat; small letters."""
        found = (_tightened(each) for each in self._parts)
        return tuple(each for each in found if each and each not in FREE)

    @property
    def turns(self) -> frozenset[str]:
        """List the clauses before which stands which way the figure went: `from {precision_before}`."""
        return frozenset(_tightened(each) for each in self._parts if LED.match(each))

    @property
    def _parts(self) -> tuple[str, ...]:
        whole = PAIR.sub(r"between \1 & \2", self.template.lower())
        return tuple(each.strip().replace(" & ", " and ") for each in CLAUSE.split(whole))

    @property
    def way(self) -> Sign | None:
        """Say which way the figure is told to have gone."""
        return next(iter(signs(self.said.core.words) & {Sign.UP, Sign.DOWN}), None)

    @property
    def single(self) -> bool:
        """Tell whether it has to stay one sentence: what a gain may have cost is said in the next (wording rule 34)."""
        gain = self.said.subject.kind in GAINS and self.statement == 0
        return gain and len(sentences(self.template)) == 1

    @property
    def worth(self) -> Sign | None:
        """Say whether that is told as good or bad."""
        return WORTH.get(self.said.subject.kind)


def _tightened(clause: str) -> str:
    """Leave out the words at the beginning that may change, but never what a figure stands with."""
    words = clause.split()
    while len(words) > 1 and words[0] in LOOSE and not words[1].startswith("{"):
        words = words[1:]
    return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One whole sentence of somebody's check-in."""

    key: str
    who: Fact
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """All that a language model may work with."""

    passages: tuple[Passage, ...]
    quotes: tuple[Quote, ...] = ()


def offered(
    paragraphs: Sequence[Paragraph], checkins: Iterable[CheckIn] = (), names: Mapping[str, str] = NOBODY
) -> Offer:
    """Gather what may be rewritten: only what stands in a paragraph as one whole statement.

    names   of people, by Slack user, where they are known
    """
    found: list[Passage] = []
    for place, paragraph in enumerate(paragraphs):
        for at in range(len(paragraph.statements)):
            passage = _passage(paragraph, at, key=letters(len(found)), place=place)
            if passage is not None:
                found.append(passage)
    return Offer(passages=tuple(found), quotes=_quotes(checkins, names))


def undisputed(offer: Offer, page: Page) -> Offer:
    """Leave out sentences that the page's own numbers contradict: beside a figure they would confuse; the thread has them."""
    verdicts = {key: each.verdict for key, each in page.judged.items() if each.now is not None}
    kept = (each for each in offer.quotes if not contradictions([each.words], page.catalogue, verdicts))
    return replace(offer, quotes=tuple(kept))


def _passage(paragraph: Paragraph, at: int, *, key: str, place: int) -> Passage | None:
    said = paragraph.statements[at]
    slots = slots_of(paragraph.text)
    if "{" in paragraph.text.words or "}" in paragraph.text.words or not slots:
        return None
    whole, core = template(paragraph.text, slots), template(said.core, slots)
    if core is None or whole is None or found_in(core, whole) is None:
        return None
    own = {name: fact for name, fact in slots.items() if f"{{{name}}}" in core}
    return Passage(key=key, paragraph=place, statement=at, template=core, slots=own, said=said)


def found_in(core: str, whole: str) -> str | None:
    """Find a statement in its paragraph, where its first letter may have become small."""
    small = core[:1].lower() + core[1:]
    return next((each for each in (core, small) if each in whole), None)


def template(text: Text, slots: Mapping[str, Fact]) -> str | None:
    """Write a text with its figures as slots; None where one of them has no name."""
    names = {fact: name for name, fact in slots.items()}
    if any(fact not in names for fact in text.facts):
        return None
    return "".join([piece if isinstance(piece, str) else f"{{{names[piece]}}}" for piece in text.pieces])


def slots_of(text: Text) -> dict[str, Fact]:
    """Name the figures of a text by what they are, without digits; equal figures share a name."""
    found: dict[str, Fact] = {}
    for fact in dict.fromkeys(text.facts):
        name = _name(fact)
        turn = 0
        while name in found:
            turn += 1
            name = f"{_name(fact)}_{letters(turn)}"
        found[name] = fact
    return found


def _name(fact: Fact) -> str:
    of, _, at = fact.of.partition("/")
    own = {"level": at, "per": at}.get(fact.function, fact.function) if at else fact.function
    parts = (of.removesuffix(f".{fact.function}"), own) if fact.of else (own,)
    plain = re.sub(r"[^a-z]+", "_", "_".join(parts).lower()).strip("_")
    return plain or "figure"


def letters(number: int) -> str:
    """Count in letters: a, b … z, ba, bb …"""
    size = len(ascii_lowercase)
    rest = letters(number // size) if number >= size else ""
    return rest + ascii_lowercase[number % size]


MEANINGS: Final[Mapping[str, str]] = {
    "base": "the number that is counted out of",
    "per": "how many of them",
    "rest": "how many of them not",
    "level": "the figure",
    "gap": "how far the groups lie apart",
    "ratio": "one group's figure as a share of the other's",
    "numerator": "how many cases",
    "denominator": "out of how many cases",
    "upper": "the most that it may be",
    "low": "the lower end of what the change may be",
    "high": "the upper end of what the change may be",
    "difference": "the change",
    "size": "the size of the change",
    "relative": "the change as a share of the earlier figure, with `more` or `less`",
    "baseline": "what doing nothing would reach",
    "constant": "a number of the definition",
    "window": "the days that are looked at",
    "day": "a day",
}


def meaning(fact: Fact) -> str:
    """Say in words what a slot holds, never the figure itself."""
    if fact.kind is Kind.NAME:
        return "a name" if re.search(r"\d", fact.shown) else f"the words “{fact.shown}”"
    when = {"now": ", now", "before": ", in the earlier window"}.get(fact.of.partition("/")[2], "")
    group = (
        f", of one group of people ({fact.group})" if fact.group and not re.search(r"\d", fact.group) else ""
    )
    return f"{MEANINGS.get(fact.function, 'a figure')}{when}{group}"


def _quotes(checkins: Iterable[CheckIn], names: Mapping[str, str]) -> tuple[Quote, ...]:
    """Take the whole sentences of what people say of changes and of what the numbers taught them."""
    found = [
        (checkin.person, sentence)
        for checkin in checkins
        for answer in (checkin.answers.changed, checkin.answers.learned)
        for sentence in _sentences(answer)
    ]
    return tuple(
        Quote(key=letters(place), who=person(user, names), words=words)
        for place, (user, words) in enumerate(found[:MOST_OFFERED])
    )


def _sentences(answer: str) -> list[str]:
    if "```" in answer:  # what stands around code rarely stands alone
        return []
    lines = (" ".join(line.split()) for line in answer.splitlines())
    parts = (part for line in lines for part in re.split(r"(?<=[.!?])\s+", line))
    return [each for each in parts if len(each) <= MOST_QUOTED and len(WORD.findall(each)) >= FEWEST_WORDS]
