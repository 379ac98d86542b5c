"""Check-ins in a digest: who was asked, and what each person said in their own words."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from schema import texts
from schema.blanks import plain_name
from schema.briefs import Paragraph, Section
from schema.checkins import CheckIn, Decision, Gathered, Member, State
from schema.facts import Fact, Kind
from schema.pages import Page
from schema.quotes import Voice, cut, person
from schema.texts import Text

TITLE: Final = "Check-ins"
SHOWN: Final = 500  # characters of an answer
WHERE: Final[Mapping[str, frozenset[State]]] = {  # in the order in which they are said
    "Answered": frozenset({State.ANSWERED}),
    "Answered late": frozenset({State.LATE}),
    "Away": frozenset({State.AWAY}),
    "Skipped this week": frozenset({State.SKIPPED}),
    "Not answered yet": frozenset({State.ASKED}),
    "No answer": frozenset({State.MISSING}),
    "Not asked": frozenset({State.UNASKED}),
}


def check_ins(page: Page, gathered: Gathered, names: Mapping[str, str]) -> Section:
    """Say who was asked, then what each said; nothing where nobody is asked."""
    if not gathered.members and not gathered.checkins:
        return Section(title=TITLE, paragraphs=())
    return Section(
        title=TITLE,
        paragraphs=(Paragraph(label="", text=asked_and_answered(_as_told(gathered), names)),),
        voices=tuple(voice(page, each, names) for each in gathered.checkins if not _silent(each)),
    )


def _as_told(gathered: Gathered) -> list[Member]:
    """Put who is on the roster in the order in which their words follow, and who said nothing after them."""
    places = {each.person: place for place, each in enumerate(gathered.checkins)}
    return sorted(gathered.members, key=lambda each: places.get(each.person, len(places)))


def asked_and_answered(members: Iterable[Member], names: Mapping[str, str]) -> Text:
    """Say in one line who answered, who is away and who is missing."""
    listed = tuple(members)
    count = Fact(
        of="roster", function="count", kind=Kind.COUNT, value=Decimal(len(listed)), shown=str(len(listed))
    )
    parts = [texts.fill("{count} on the roster.", {"count": count})]
    for words, states in WHERE.items():
        found = [person(each.person, names) for each in listed if each.state in states]
        if found:
            parts.append(texts.fill(f"{words}: {{names}}.", {"names": texts.join(map(_alone, found), ", ")}))
    return texts.join(parts)


def _alone(fact: Fact) -> Text:
    return Text((fact,))


def voice(page: Page, given: CheckIn, names: Mapping[str, str]) -> Voice:
    """Give what one person said; blockers stand in a section of their own."""
    answers = given.answers
    whole = [
        ("What changed", answers.changed.strip()),
        ("What the numbers taught", answers.learned.strip()),
        *((_heading(page, each), each.text.strip()) for each in answers.decisions),
    ]
    said = tuple((title, cut(words, SHOWN)) for title, words in whole if words)
    return Voice(
        given=given, name=person(given.person, names), note="late" if given.late else "", said=said,
        shortened=any(len(words) > SHOWN for _, words in whole),
    )  # fmt: skip


def _heading(page: Page, decision: Decision) -> str:
    if decision.metric not in page.judged:
        return "Decision"
    return f"Decision about {plain_name(page, str(decision.metric))}"


def _silent(given: CheckIn) -> bool:
    return not (given.answers.changed.strip() or given.answers.learned.strip() or given.answers.decisions)
