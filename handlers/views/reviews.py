"""What waits for whom: the least that is missing for one launch, and one person's list of launches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from handlers.listeners.ids import Action
from handlers.views import budget
from handlers.views.blocks import (
    Block,
    Payload,
    actions,
    button,
    context,
    fallback,
    header,
    section,
    sections,
)
from handlers.views.deadlines import day, until
from handlers.views.launches import MOST_QUESTION, STATES, About, count, joined, name, quote, title_of
from handlers.views.receipts import slack_time
from handlers.views.text import bold, clip, escape
from schema.gates import Gate
from schema.launches import Launch, State
from schema.products import Role
from schema.role_words import ROLE_WORDS
from schema.shortest import Call, Missing
from schema.votes import Vote

MOST_LINES: Final = 5
MOST_UNSEEN: Final = 4  # items named in one line
LEAST_CALLS: Final = 2  # of these lines are kept for signatures
MOST_ITEMS: Final = 6  # named in one line
MOST_LAUNCHES: Final = 10
MOST_TITLE: Final = 100
MOST_PRODUCT: Final = 60
MOST_WHY: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """One launch that waits: for the reader, or for others."""

    launch: str
    title: str
    product: str  # its title
    state: State
    waits_for: Mapping[Role, int]  # how many items; of the reader's roles where it waits for the reader
    objections: int = 0  # of the reader, to what has changed since
    deadline: datetime | None = None
    wanted_on: date | None = None  # when it is to go out, where that is sooner
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What waits for one person, and what they wait for."""

    mine: Sequence[Waits] = field(default_factory=tuple)
    others: Sequence[Waits] = field(default_factory=tuple)


def why(
    launch: Launch,
    gate: Gate,
    missing: Missing | None,
    about: About,
    *,
    vacant: Collection[Role] = (),
) -> Payload:
    """Say the least that has to happen before a launch may go out.

    vacant   roles that nobody holds any more
    """
    title = bold(escape(clip(title_of(launch, about), MOST_TITLE)))
    lines = (
        missing_lines(missing, launch, about, vacant=vacant)
        if missing is not None and gate.state in (State.OPEN, State.APPROVED)
        else []
    )
    words = f"{title} ({escape(launch.id)})\n{_heading(gate, missing if lines else None)}"
    blocks = [section("\n".join([words, *(f"• {each}" for each in shown(lines))]))]
    if overruled := _overruled(launch, gate, missing):
        blocks.append(context(overruled))
    if gate.state in (State.CHECKING, State.OPEN) and launch.revisions:
        blocks.append(context(f"Sign by {until(launch.revision.deadline, launch.wanted_on)}."))
    return {"text": fallback(words), "blocks": blocks}


def _overruled(launch: Launch, gate: Gate, missing: Missing | None) -> str | None:
    """Recall the objections in spite of which it goes on; those that still hold it back are listed above."""
    hold = {vote.seq for vote in missing.objections} if missing is not None else set()
    over = [vote for vote in gate.dissent if vote.seq in launch.revision.overrides.keys() - hold]
    if not over:
        return None
    return (
        "1 objection was overridden and stays on the card."
        if len(over) == 1
        else f"{len(over)} objections were overridden and stay on the card."
    )


def _heading(gate: Gate, missing: Missing | None) -> str:
    if gate.open:
        return "Nothing is missing: it may go out."
    if gate.bypass_until is not None:
        return f"It was not approved. It may pass in an emergency until {slack_time(gate.bypass_until)}."
    if missing is None:
        return escape(gate.reasons[0].words) if gate.reasons else f"{STATES[gate.state]}."
    needs = []
    if missing.signatures:
        people = len(missing.signatures)
        needs.append("1 signature" if people == 1 else f"signatures of {people} people")
    if missing.evidence:
        needs.append(f"evidence for {count(len({each.item for each in missing.evidence}))}")
    if missing.objections:
        objections = len(missing.objections)
        needs.append(f"{'an answer' if objections == 1 else 'answers'} to {_objections(objections)}")
    if missing.unknown:
        needs.append(f"another look at {count(len(missing.unknown))}")
    return f"The least that is missing: {joined(needs)}."


@dataclass(frozen=True, slots=True)
class _Parts:
    first: list[str]
    calls: list[str]


def missing_lines(
    missing: Missing, launch: Launch, about: About, *, vacant: Collection[Role] = ()
) -> list[str]:
    """List what is missing, the most pressing first."""
    parts = _parts(missing, launch, about, vacant)
    room = max(MOST_LINES - min(LEAST_CALLS, len(parts.calls)), 1)
    return [*parts.first[:room], *parts.calls, *parts.first[room:]]


def _parts(missing: Missing, launch: Launch, about: About, vacant: Collection[Role]) -> _Parts:
    first = [_objection(vote, launch, about) for vote in missing.objections]
    first += _evidence(missing)
    first += _unseen(missing)
    return _Parts(first, [_call(each, launch, vacant) for each in missing.signatures])


def _unseen(missing: Missing) -> list[str]:
    """Name what could not be looked at, which is mostly all of it or nothing."""
    if not missing.unknown:
        return []
    few, more = missing.unknown[:MOST_UNSEEN], len(missing.unknown) - MOST_UNSEEN
    named = joined([*map(escape, few), *([f"{more} more"] if more > 0 else [])])
    return [f"{bold(named)} The evidence could not be looked at; it is tried again."]


def _evidence(missing: Missing) -> list[str]:
    """Say what each item's evidence lacks, a line an item."""
    found: dict[str, list[str]] = {}
    for finding in missing.evidence:
        found.setdefault(finding.item, []).append(finding.why)
    lines = []
    for item, (first, *more) in found.items():
        others = f" And {len(more)} more like this." if more else ""
        waivable = " It may be waived." if item in missing.waivable else ""
        lines.append(f"{bold(escape(item))} {escape(clip(first, MOST_WHY))}{others}{waivable}")
    return lines


def _question(launch: Launch, item: str) -> str:
    return escape(clip(launch.revision.specs[item].question, MOST_QUESTION))


def _objection(vote: Vote, launch: Launch, about: About) -> str:
    who = name(vote.pid, about)
    said = quote(vote.text, about).replace("\n> ", " ")
    asked = f"{bold(escape(vote.item))} {_question(launch, vote.item)}"
    return f"{asked} {who} objects.{said} They take it back, or it is overridden with a reason."


def _call(call: Call, launch: Launch, vacant: Collection[Role]) -> str:
    items = [escape(each) for each in call.items[:MOST_ITEMS]]
    if len(call.items) > MOST_ITEMS:
        items = [*items[:-1], f"{len(call.items) - MOST_ITEMS + 1} more"]
    if call.role in vacant:
        role = ROLE_WORDS[call.role]
        return f"Nobody in {role} is left to sign {joined(items)}; the product’s owner names somebody under `roles` in `muster.yaml`."
    asked = f": {_question(launch, call.items[0])}" if len(items) == 1 else "."
    return f"One person of {ROLE_WORDS[call.role]} signs {joined(items)}{asked}"


def shown(lines: Sequence[str]) -> list[str]:
    """Keep as many lines as people read, and count the rest."""
    rest = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"and {rest} more"] if rest > 0 else [])]


def waiting(found: Lists, *, command: str) -> Payload:
    """Show one person what waits for them, then what they wait for."""
    if not found.mine and not found.others:
        words = f"Nothing waits for you, and you wait for nothing. `{escape(command)} launch` opens a launch."
        return {"text": fallback(words), "blocks": [section(words)]}
    mine = count_launches(len(found.mine))
    return {"text": fallback(f"{mine} for you."), "blocks": waiting_blocks(found)}


def count_launches(launches: int) -> str:
    """Say how many launches wait."""
    if not launches:
        return "No launch waits"
    return "1 launch waits" if launches == 1 else f"{launches} launches wait"


def waiting_blocks(found: Lists) -> list[Block]:
    """Show both lists, as much of them as one message takes; for messages and for the Home tab."""
    shown = (_blocks(found, most) for most in range(MOST_LAUNCHES, 1, -1))
    return next((blocks for blocks in shown if budget.fits(blocks)), _blocks(found, 1))


def _blocks(found: Lists, most: int) -> list[Block]:
    blocks: list[Block] = [section(bold("Waits for you") if found.mine else "Nothing waits for you.")]
    for each in found.mine[:most]:
        blocks += [section(_mine(each)), actions([_review(each)])]
    blocks += _more(len(found.mine), most)
    if found.others:
        lines = [_other(each) for each in found.others[:most]]
        blocks += [*sections("\n".join((bold("You wait for"), *lines))), *_more(len(found.others), most)]
    return blocks


def home_blocks(found: Lists) -> list[Block]:
    """Show reviews on the Home tab; nothing where there is nothing."""
    return [header("Reviews"), *waiting_blocks(found)] if found.mine or found.others else []


def _more(found: int, most: int) -> list[Block]:
    return [context(f"and {found - most} more")] if found > most else []


def _title(each: Waits) -> str:
    title = escape(clip(each.title, MOST_TITLE))
    named = f"<{each.link}|{title.replace('|', '¦')}>" if each.link else title
    return f"{bold(named)} ({escape(each.launch)}, {escape(clip(each.product, MOST_PRODUCT))})"


def _mine(each: Waits) -> str:
    told = [f"{count(items)} as {ROLE_WORDS[role]}" for role, items in each.waits_for.items()]
    if each.objections:
        told.append(f"{_objections(each.objections)} of yours to look at again")
    asked = joined(told)
    ends = day(each.wanted_on) if each.wanted_on else each.deadline and slack_time(each.deadline)
    by = f", by {ends}" if each.deadline else ""
    return f"{_title(each)}\n{asked}{by}"


def _objections(objections: int) -> str:
    return "1 objection" if objections == 1 else f"{objections} objections"


def _review(each: Waits) -> Block:
    items = sum(each.waits_for.values()) + each.objections
    words = "Review this item" if items == 1 else f"Review these {items} items"
    return button(words, action_id=Action.REVIEW, value={"launch": each.launch})


def _other(each: Waits) -> str:
    if each.waits_for:
        told = "waits for " + joined(
            [f"{ROLE_WORDS[role]} ({count(items)})" for role, items in each.waits_for.items()]
        )
    else:
        told = STATES[each.state][:1].lower() + STATES[each.state][1:]
    return f"• {_title(each)}: {told}"
