"""What delays a product: blockers by age with who can solve them, and launches with whom they wait for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.blanks import plain_name
from schema.briefs import Paragraph
from schema.checkins import Blocker
from schema.facts import Fact, Kind
from schema.launches import State
from schema.pages import Page
from schema.products import Role
from schema.quotes import called, person, quote
from schema.role_words import ROLE_WORDS, all_of
from schema.texts import Filling, Text

UNDER_WAY: Final = frozenset({State.CHECKING, State.OPEN, State.APPROVED, State.BYPASSED})
STANDS: Final[Mapping[State, str]] = {
    State.CHECKING: "its evidence is being checked",
    State.OPEN: "open for sign-off",
    State.APPROVED: "approved",
    State.BYPASSED: "let through in an emergency, not approved",
}
QUOTED_SHORT: Final = 160  # characters of a blocker in the parent
QUOTED: Final = 300
TITLE: Final = 80
BLOCKED: Final = "Blocked"
LAUNCH: Final = "Launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A launch under way, as a digest tells of it."""

    id: str
    title: str  # in the words of who asked for it
    state: State
    may_go_out: bool  # the gate's answer
    goes_out_on: date | None
    waits_for: Mapping[Role, int]  # items that wait for a role's signature
    held_by: str = (
        ""  # the one thing that most holds it back, with a full stop; "" where only signatures are missing
    )
    held_because: str = ""  # what its evidence shows, as sentences
    objected_by: tuple[Role, ...] = ()  # whose objection holds it back
    evidence_from: tuple[Role, ...] = ()  # who can give the evidence that holds it back
    metrics: frozenset[str] = frozenset()  # those that its failing evidence rests on


def ordered(blockers: tuple[Blocker, ...], launches: tuple[Standing, ...]) -> tuple[Blocker, ...]:
    """Put what delays a launch first, the launch that goes out next before others; then the oldest."""
    places = {each.id: place for place, each in enumerate(launches)}

    def weight(blocker: Blocker) -> tuple[int, object, str]:
        launch = held_up(blocker, launches)
        return places[launch.id] if launch else len(places), blocker.raised_at, blocker.id

    return tuple(sorted(blockers, key=weight))


def held_up(blocker: Blocker, launches: tuple[Standing, ...]) -> Standing | None:
    """Find the launch that a blocker holds up: the one it names, or one whose evidence rests on its metric."""
    named = next((each for each in launches if each.id == blocker.launch), None)
    if named is not None or blocker.metric is None:
        return named
    return next((each for each in launches if blocker.metric in each.metrics), None)


def soonest(launches: tuple[Standing, ...]) -> tuple[Standing, ...]:
    """Put the launch first that goes out first; what may go out already waits for nobody."""
    return tuple(sorted(launches, key=lambda each: (each.may_go_out, each.goes_out_on or date.max, each.id)))


def blocker_line(
    page: Page, blocker: Blocker, launches: tuple[Standing, ...], names: Mapping[str, str], *, short: bool = False
) -> Paragraph:  # fmt: skip
    """Say a blocker: its age, its author's words, who can solve it, and what it holds up."""
    fillings: dict[str, Filling] = {
        "since": _age(page, blocker),
        "words": quote(blocker.text, QUOTED_SHORT if short else QUOTED),
        "by": person(blocker.by, names),
        "who": called(blocker.unblocker) if blocker.unblocker else "",
    }
    told = texts.fill("{since}: {words} ({by}).", fillings)
    solver = "{who} can solve it." if blocker.unblocker else "Nobody is named who could solve it."
    return Paragraph(
        label=BLOCKED,
        text=texts.join((told, _holds_up(page, blocker, launches), texts.fill(solver, fillings))),
        metrics=(blocker.metric,) if blocker.metric is not None and blocker.metric in page.judged else (),
    )


def _age(page: Page, blocker: Blocker) -> Text:
    """Say for how long a blocker has been open, in days."""
    raised = blocker.raised_at.astimezone(page.product.zoneinfo).date()
    days = (page.today - raised).days
    if days <= 0:
        return texts.plain("since today")
    count = Fact(of="blocker", function="age", kind=Kind.TIME, value=None, shown=str(days))
    return texts.fill(f"for {{days}} day{'' if days == 1 else 's'}", {"days": count})


def _holds_up(page: Page, blocker: Blocker, launches: tuple[Standing, ...]) -> Text:
    launch = held_up(blocker, launches)
    if launch is not None:
        return texts.fill("It holds up {title}.", {"title": _title(launch)})
    if blocker.metric in page.judged:
        return texts.fill("It is about {plain}.", {"plain": plain_name(page, str(blocker.metric))})
    return Text(())


def launch_line(launch: Standing, *, short: bool = False) -> Paragraph:
    """Say a launch: where it stands, when it is to go out, whom it waits for, and what holds it back most.

    short   for a digest's parent: without what the evidence shows
    """
    stands = STANDS[launch.state]
    if launch.state is State.APPROVED and not launch.may_go_out:
        stands = "approved, but it may not go out now"
    parts = [texts.fill("{title}: {stands}{when}.", {
        "title": _title(launch), "stands": stands, "when": _when(launch),
    })]  # fmt: skip
    if launch.waits_for:
        parts.append(texts.fill("It waits for {roles}.", {"roles": _roles(launch)}))
    if launch.held_by:
        parts.append(texts.fill("Held back most by {why}", {"why": facts.name(launch.held_by)}))
    if launch.held_because and not short:
        parts.append(texts.fill("{because}", {"because": facts.name(launch.held_because)}))
    return Paragraph(label=LAUNCH, text=texts.join(parts))


def _when(launch: Standing) -> Text:
    if launch.goes_out_on is None:
        return Text(())
    day = facts.day(launch.goes_out_on, year=False)
    when = Fact(of="launch", function="day", kind=Kind.TIME, value=None, shown=day)
    return texts.fill(", to go out on {day}", {"day": when})


def _roles(launch: Standing) -> Text:
    named = [
        texts.fill(
            f"{ROLE_WORDS[role]} ({{count}} item{'' if items == 1 else 's'})", {"count": _count(items)}
        )
        for role, items in launch.waits_for.items()
    ]
    return texts.join((texts.join(named[:-1], ", "), named[-1]), " and ")


def _title(launch: Standing) -> Text:
    return quote(launch.title, TITLE)


def _count(value: int) -> Fact:
    return Fact(of="launch", function="count", kind=Kind.COUNT, value=Decimal(value), shown=str(value))


def asks(
    blockers: tuple[Blocker, ...], launches: tuple[Standing, ...], names: Mapping[str, str]
) -> tuple[Text, ...]:
    """Say what is asked of whom, `{who}: …`: to solve the first blocker, and what the first launch lacks; at most one each."""
    found: list[Text] = []
    solvable = next((each for each in ordered(blockers, launches) if each.unblocker), None)
    if solvable is not None and solvable.unblocker is not None:
        told: dict[str, Filling] = {"who": called(solvable.unblocker), "by": person(solvable.by, names)}
        found.append(texts.fill("{who}: solve what blocks {by}.", told))
    wanting = next((each for each in soonest(launches) if lacks(each)), None)
    if wanting is not None:
        found.append(_asked_for(wanting))
    return tuple(found)


def lacks(launch: Standing) -> bool:
    """Tell whether somebody can do something for a launch."""
    return bool(launch.waits_for or launch.evidence_from or launch.objected_by)


def _asked_for(launch: Standing) -> Text:
    """Ask for what holds it back most, else for signatures."""
    title = _title(launch)
    objections = "the objection" if len(launch.objected_by) == 1 else "any objection"
    for roles, words in (
        (launch.objected_by, f"say whether {objections} to {{title}} still holds"),
        (launch.evidence_from, "give the evidence that {title} lacks"),
        (tuple(launch.waits_for), "review {title}"),
    ):
        if roles:
            return texts.fill(f"{{who}}: {words}.", {"who": _who(roles), "title": title})
    return Text(())


def _who(roles: tuple[Role, ...]) -> str:
    return all_of(roles) if len(roles) <= BOTH else "all whom it waits for"


BOTH: Final = 2
