"""A gain's other side: what its countermetric did, or why nobody knows (wording rule 34)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, TypeAlias

from schema import texts
from schema.blanks import plain_name, why_blank
from schema.headlines import LABELS
from schema.insights import counter_of
from schema.judgements import Compared
from schema.pages import Page, subject
from schema.statements import levels
from schema.statements.stating import Statement, state
from schema.texts import Text
from schema.verdicts import CHANGES, SMALL
from schema.verdicts import Kind as VerdictKind
from schema.wording.readability import sentences

NOTHING: Final = Text(())
Place: TypeAlias = tuple[str, str]  # a metric and the window that it is compared with, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSide:
    """What a gain cost: its countermetric in words, or why it is not known."""

    text: Text
    warning: Text = (
        NOTHING  # begins the paragraph where the gain takes more than one sentence (wording rule 34)
    )
    advice: tuple[Text, ...] = ()
    metrics: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()


def other_side(
    page: Page, main: Statement, compared: Compared | None, *, short: bool = False,
    above: AbstractSet[Place] = frozenset(),
) -> OtherSide:  # fmt: skip
    """Say what a gain's countermetric did; what is unclear or unknown says so at once (wording rule 34).

    short   of what is unclear only say so and name it; the thread has the figures
    above   changes whose figures stand above already: of these it only says what they amount to
    """
    window = compared.comparison.key if compared else None
    counter, known = counter_of(main.subject.metric, page.judged, window)
    if counter is None:
        return _unknown(main, texts.plain("nobody has named a figure to watch beside it."))
    if not known:
        return _unknown(
            main, texts.fill("{plain} is not measured here.", {"plain": plain_name(page, counter)})
        )
    judgement = page.judged[counter]
    if judgement.now is None:
        return _unknown(main, why_blank(page, counter), counter)
    against_window = judgement.against(window) if window is not None else None
    if window is not None and against_window is None:
        why = texts.fill("{plain} is not compared since then.", {"plain": plain_name(page, counter)})
        return _unknown(main, why, counter, since=" since then")
    said = frozenset(levels.marks(main.subject))
    against = subject(page, counter, against_window)
    own = frozenset(levels.marks(against))
    statement = state(against, main.audience, unmarked=own if own <= said else frozenset())
    unsure = statement.verdict.kind in UNSURE
    warning = _warning(main, NOT_CLEAR) if unsure else Text(())
    start = OTHER_SIDE if not unsure else KNOWN_UNSURE_SIDE if warning else UNSURE_SIDE
    told = texts.fill(start, {"text": _uncapped(statement.core)})
    if unsure and (short or place(statement) in above):
        where = "see the thread" if short else "see above"
        named = NAMED_SIDE if warning else NAMED_UNSURE_SIDE
        told = texts.fill(named, {"plain": plain_name(page, counter), "where": where})
    elif place(statement) in above and statement.subject.kind in MOVED:
        told = texts.fill(
            NAMED_MOVED_SIDE.format(label=LABELS[statement.subject.kind].lower()),
            {"plain": plain_name(page, counter)},
        )
    return OtherSide(
        text=told, warning=warning, advice=statement.advice, metrics=(counter,), statements=(statement,)
    )


def _unknown(main: Statement, why: Text, *counter: str, since: str = "") -> OtherSide:
    warning = _warning(main, NOT_KNOWN)
    text = texts.fill("{why:cap}" if warning else f"What it cost{since} is not known: {{why}}", {"why": why})
    return OtherSide(text=text, warning=warning, metrics=counter)


def _warning(main: Statement, words: str) -> Text:
    alone = len(sentences(str(main.core))) == 1
    return Text(()) if alone or main.audience not in levels.PLAIN_READERS else texts.plain(words)


def place(statement: Statement) -> Place:
    """Name what a statement compares: its metric and the other window."""
    return statement.metric, str(statement.subject.moment.then)


UNSURE: Final = frozenset({VerdictKind.CANNOT_TELL, VerdictKind.NOT_COMPARABLE})
MOVED: Final = CHANGES | SMALL
OTHER_SIDE: Final = "At the same time: {text}"
UNSURE_SIDE: Final = "The other side is not clear yet: {text}"
KNOWN_UNSURE_SIDE: Final = "The other side: {text}"
NAMED_SIDE: Final = "Its other side is {plain}; {where}."
NAMED_UNSURE_SIDE: Final = "The other side is not clear yet: {plain}; {where}."
NAMED_MOVED_SIDE: Final = "The other side is a {label}: {{plain}}; see above."
NOT_CLEAR: Final = "This is good news whose other side is not clear yet."
NOT_KNOWN: Final = "This is good news whose cost is not known."


def _uncapped(text: Text) -> Text:
    """Let a sentence go on after a colon, unless a name begins it."""
    first = text.pieces[0] if text.pieces else ""
    if isinstance(first, str) and first.split(" ")[0] in OPENERS:
        return Text((first[:1].lower() + first[1:], *text.pieces[1:]))
    return text


OPENERS: Final = frozenset({"Of", "In", "The", "Estimated", "Provisional", "Estimated:", "Provisional:"})
