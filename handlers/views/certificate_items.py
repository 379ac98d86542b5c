"""The questions of a certificate: what was asked, what the evidence said, who signed, and what they were shown."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from handlers.views.launches import ITEM_STATES
from handlers.views.pages_html import Html, element, joined, listed, paragraph, table, words
from schema.gates import Gate
from schema.items import ByItem, Item, ItemState
from schema.launches import Launch, Promise, Revision
from schema.ledger import Json
from schema.role_words import ROLE_WORDS, all_of
from schema.votes import Intent, Vote

SAYS: Final[Mapping[Intent, str]] = {
    Intent.SIGN: "signs",
    Intent.OBJECT: "objects",
    Intent.NOT_APPLICABLE: "says that it does not apply",
    Intent.TAKE_BACK: "takes back what they said",
    Intent.COMMENT: "comments",
}
NOT_KEPT: Final = "(no longer kept)"


class Told(Protocol):
    """What a question needs to know."""

    @property
    def launch(self) -> Launch: ...
    @property
    def gate(self) -> Gate: ...
    @property
    def found(self) -> ByItem: ...
    @property
    def shown(self) -> Mapping[str, Mapping[str, str]]: ...
    def name(self, pid: str) -> str: ...
    def text(self, id: str | None) -> str | None: ...
    def when(self, at: datetime) -> str: ...


class Filled(dict[str, Any]):
    """Words for a sentence's slots; a slot that nothing fills keeps its name."""

    def __init__(self, payload: Mapping[str, Json]) -> None:
        super().__init__(payload)

    def __missing__(self, key: str) -> str:
        return key


def item(told: Told, revision: Revision, asked: Item) -> Html:
    """Write one question."""
    votes = _votes(revision, asked)
    shown = _shown(told, asked, votes)
    head = [
        element("h3", words(f"{asked.id}: {asked.spec.question}")),
        paragraph(asked.spec.why, cls="quiet"),
        element("p", words(_state(told, revision, asked)), cls="state"),
        listed(_evidence(told, revision, asked)),
    ]
    return joined(
        [element("section", *head, _signatures(told, asked, votes, shown=shown), cls="item"), *_texts(shown)]
    )


def _votes(revision: Revision, asked: Item) -> Sequence[Vote]:
    voices = revision.voices.get(asked.id, {}).values()
    return sorted((vote for voice in voices for vote in voice.newest.values()), key=lambda vote: vote.seq)


def _state(told: Told, revision: Revision, asked: Item) -> str:
    seats = f" It takes {all_of(asked.spec.places)}." if asked.spec.places else ""
    waiver = revision.waivers.get(asked.id)
    if revision.used is not None and not revision.used.bypass:
        waived = waiver is not None and waiver.holds(asked.digest, revision.used.at)
        return f"{'Waived' if waived else 'Settled'} when it went out.{seats}"
    if told.launch.ended:
        return f"The launch ended.{seats}"
    state = ITEM_STATES[told.gate.items[asked.id]]
    return f"{state[0].upper()}{state[1:]}.{seats}"


def _evidence(told: Told, revision: Revision, asked: Item) -> Iterator[str]:
    """Say what the evidence said when it went out, else what it says now; not again where that was shown and signed."""
    if told.gate.items.get(asked.id) is ItemState.SIGNED:
        return
    promised = [each for each in revision.promises if each.item == asked.id]
    if promised:
        yield from (f"When it went out: {_promise(asked, each)}" for each in promised)
        return
    for finding in told.found.get(asked.id, {}).values():
        verdict = "Passes" if finding.passed else "Does not pass"
        measured = f" Measured {told.when(finding.measured_at)}." if finding.measured_at else ""
        link = f" See {finding.link}" if finding.link else ""
        yield f"{verdict}: {finding.statement or finding.why}{measured}{link}"


def _promise(asked: Item, promise: Promise) -> str:
    named = {each.name: each.words for each in asked.spec.requirements}
    return promise.statement or named.get(promise.requirement, promise.requirement)


def _shown(told: Told, asked: Item, votes: Sequence[Vote]) -> Mapping[str, str]:
    """Give each different text that was shown a letter, in the order in which they were signed."""
    found: dict[str, str] = {}
    for vote in votes:
        text = told.shown.get(vote.showing, {}).get(asked.id, NOT_KEPT)
        found.setdefault(text, _letter(len(found)))
    return found


def _letter(number: int) -> str:
    letter = chr(ord("A") + number % 26)
    return letter * (number // 26 + 1)


def _signatures(told: Told, asked: Item, votes: Sequence[Vote], *, shown: Mapping[str, str]) -> Html:
    rows = [
        (_who(told, vote), _says(told, asked, vote), told.when(vote.at),
         shown[told.shown.get(vote.showing, {}).get(asked.id, NOT_KEPT)], vote.seq)
        for vote in votes
    ]  # fmt: skip
    heads = ("Who", "What they say", "When", "Shown", "Event")
    return table(heads, rows) if rows else paragraph("Nobody has said anything to it.")


def _who(told: Told, vote: Vote) -> str:
    roles = ", ".join(ROLE_WORDS[role] for role in sorted(vote.roles))
    through = f" through {', '.join(told.name(each) for each in vote.through)}" if vote.through else ""
    lent = f", for {told.name(vote.principal)}{through}" if vote.principal else ""
    own = "; asked for this launch" if vote.self_approved else ""
    return f"{told.name(vote.pid)}{lent}; {roles}{own}"


def _says(told: Told, asked: Item, vote: Vote) -> str:
    earlier = "" if vote.digest == asked.digest else ", of an earlier state of this question"
    text = told.text(vote.text)
    return f"{SAYS[vote.intent]}{earlier}" + (f": “{text}”" if text else "")


def _texts(shown: Mapping[str, str]) -> Iterator[Html]:
    for text, letter in shown.items():
        yield element("h4", words(f"{letter}. What they were shown"))
        yield element("p", words(text), cls="shown")
