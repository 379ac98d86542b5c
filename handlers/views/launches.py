"""Launches in Slack: the one card that is edited as things change, and a message a role in its thread."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Protocol

from handlers.listeners.ids import Action
from handlers.views.blocks import Block, Payload, actions, button, context, fallback, header, packed, section
from handlers.views.deadlines import day, until
from handlers.views.inputs import choice
from handlers.views.launch_verbs import MENU, OTHERS, Verb
from handlers.views.receipts import slack_time
from handlers.views.text import bold, clip, escape
from handlers.views.watches import amber
from schema.checklists import Review
from schema.gates import Gate, Reason, ReasonCode
from schema.items import SETTLED, ItemState
from schema.launches import Launch, Revision, State
from schema.products import Role
from schema.renewals import outdated
from schema.role_words import ROLE_WORDS
from schema.votes import Vote

MOST_LINES: Final = 12  # items of a role message
MOST_DISSENT: Final = 3
MOST_PRODUCT: Final = 60
MOST_QUOTED: Final = 200
MOST_QUESTION: Final = 120
MOST_PART: Final = 24  # of the manifest, in short
REVIEWS: Final[Mapping[Review, str]] = {Review.LAUNCH: "launch", Review.ETHICS: "ethics"}
STATES: Final[Mapping[State, str]] = {
    State.DRAFT: "A draft",
    State.CHECKING: "Its evidence is being checked",
    State.OPEN: "Open for sign-off",
    State.APPROVED: "Approved: it may go out",
    State.LAUNCHED: "Launched",
    State.BYPASSED: "BYPASSED, not approved",
    State.REJECTED: "Rejected",
    State.WITHDRAWN: "Withdrawn",
    State.EXPIRED: "Expired: its deadline has passed",
    State.SUPERSEDED: "Replaced by a newer revision",
    State.REVOKED: "Approval revoked",
    State.CLOSED: "Closed",
}
WAITS: Final = frozenset({State.CHECKING, State.OPEN})
ASKS: Final = frozenset({*WAITS, State.APPROVED})  # in which people may speak to items
ITEM_STATES: Final[Mapping[ItemState, str]] = {  # in the order in which they matter
    ItemState.OBJECTED: "Somebody objects",
    ItemState.AUTO_FAIL: "Evidence is missing or does not pass",
    ItemState.UNKNOWN: "Evidence could not be looked at",
    ItemState.STALE: "Changed since it was signed",
    ItemState.NEEDS_SIGN: "Waits for others",
    ItemState.SIGNED: "Signed",
    ItemState.AUTO_PASS: "Passes by its evidence",
    ItemState.WAIVED: "Waived for a while",
    ItemState.NOT_APPLICABLE: "Signed as not applying",
}
TROUBLED: Final = frozenset({ItemState.OBJECTED, ItemState.AUTO_FAIL, ItemState.UNKNOWN})
HOLDS_MOST: Final = (  # what is worth naming first
    ReasonCode.BANNED, ReasonCode.OBJECTION, ReasonCode.EVIDENCE, ReasonCode.UNKNOWN, ReasonCode.CLASH,
    ReasonCode.STALE, ReasonCode.MANIFEST, ReasonCode.ABOUT_TO,
)  # fmt: skip


class About(Protocol):
    """Names and words that a launch refers to by id."""

    @property
    def product(self) -> str: ...
    @property
    def users(self) -> Mapping[str, str]: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    @property
    def texts(self) -> Mapping[str, str]: ...


def named_in(launch: Launch) -> frozenset[str]:
    """List the people (pids) whose names a card shows."""
    found = {launch.requester}
    if launch.revisions:
        revision = launch.revision
        found.update(pid for vote in revision.dissent for pid in vote.people)
        found.update(each.by for each in revision.overrides.values())
        found.update({revision.bypass.by} if revision.bypass else ())
        found.update({revision.ending.by} if revision.ending else ())
    return frozenset(found)


def written_in(launch: Launch) -> frozenset[str]:
    """List the texts (ids) that a card shows."""
    found = {launch.title}
    if launch.revisions:
        revision = launch.revision
        found.update(vote.text for vote in revision.dissent if vote.text)
        found.update({revision.bypass.reason} if revision.bypass else ())
        found.update({revision.ending.text} if revision.ending and revision.ending.text else ())
    return frozenset(found)


def title_of(launch: Launch, about: About) -> str:
    """Give what launches in the requester's words; not escaped."""
    return about.texts.get(launch.title) or launch.id


def card(launch: Launch, gate: Gate, about: About) -> Payload:
    """Show in ten seconds what launches, where it stands, whom it waits for and what holds it back."""
    title = title_of(launch, about)
    told = [
        _state(launch, gate, about), *_counts(launch, gate), *amber(launch), *_waits(gate), *_holds(launch, gate),
    ]  # fmt: skip
    blocks = [
        header(title), *_loud(launch, gate, about), section("\n".join(told)), *_dissent(launch, about),
        *_small_print(launch, about), *_buttons(launch),
    ]  # fmt: skip
    short = f"{escape(title)}: {STATES[launch.state]}. {' '.join(told[1:2])}"
    return {"text": fallback(short), "blocks": blocks}


def _state(launch: Launch, gate: Gate, about: About) -> str:
    words = STATES[launch.state]
    if gate.state is State.APPROVED and not gate.open:
        words = "Approved, but it may not go out now"
    loud = launch.state is State.BYPASSED  # said above, at length
    parts = [*([] if loud else [bold(words)]), escape(clip(about.product, MOST_PRODUCT))]
    if launch.revisions:
        parts.append(f"{launch.revision.tier} risk")
    if launch.due_on:
        parts.append(f"goes out on {day(date.fromisoformat(launch.due_on))}")
    return " · ".join(parts)


def _counts(launch: Launch, gate: Gate) -> list[str]:
    """Count what is settled, as long as that decides something; afterwards what was promised counts."""
    if not gate.items or launch.state not in (*ASKS, State.BYPASSED):
        return _broken(launch)
    found = []
    for review, words in REVIEWS.items():
        mine = [state for name, state in gate.items.items() if _review(launch.revision, name) is review]
        if mine:
            settled = sum(state in SETTLED for state in mine)
            found.append(f"{settled} of {len(mine)} {words} items settled")
    return [f"{', '.join(found)}."]


def _broken(launch: Launch) -> list[str]:
    if launch.state is not State.LAUNCHED or not launch.revision.broken:
        return []
    items = sorted({escape(item) for item, _ in launch.revision.broken})
    return [f":large_orange_circle: {bold('Promised, and not so now:')} {joined(items)}."]


def _review(revision: Revision, item: str) -> Review:
    return revision.specs[item].review


def _waits(gate: Gate) -> list[str]:
    failing = sum(state is ItemState.AUTO_FAIL for state in gate.items.values())
    first = most(gate.reasons)
    named = first is not None and first.code is ReasonCode.EVIDENCE  # below, with what it lacks
    said = gate.state is State.OPEN and failing > named
    lacks = [f"Evidence is missing or does not pass for {count(failing)}."] if said else []
    if not gate.waits_for:
        return lacks
    roles = [f"{ROLE_WORDS[role]} ({count(len(items))})" for role, items in gate.waits_for.items()]
    return [f"Waits for {joined(roles)}.", *lacks]


def joined(words: Iterable[str]) -> str:
    """Join words as a sentence does."""
    *most_, last = list(words)
    return f"{', '.join(most_)} and {last}" if most_ else last


def count(items: int) -> str:
    """Count items in words."""
    return "1 item" if items == 1 else f"{items} items"


def _holds(launch: Launch, gate: Gate) -> list[str]:
    """Name the one thing that most holds it back; signatures alone are said already."""
    if gate.state not in (State.OPEN, State.APPROVED):
        return []
    first = most(gate.reasons)
    if first is None:
        return []
    words = first.words
    if first.code is ReasonCode.OBJECTION and first.item is not None:
        asked = clip(launch.revision.specs[first.item].question, MOST_QUESTION)
        words = f"the objection to {first.item}: {asked}"
    return [f"{bold('Held back most by')} {escape(words)}"]


def most(reasons: Iterable[Reason]) -> Reason | None:
    """Choose the reason to name first; None where only signatures are missing."""
    found = [each for each in reasons if each.code in HOLDS_MOST]
    return min(found, key=lambda each: HOLDS_MOST.index(each.code), default=None)


def _loud(launch: Launch, gate: Gate, about: About) -> list[Block]:
    bypass = launch.revision.bypass if launch.revisions else None
    if launch.state is not State.BYPASSED or bypass is None:
        return []
    who = name(bypass.by, about)
    if gate.bypass_until is not None:
        when = f"until {slack_time(gate.bypass_until)}"
    else:
        when = "and that time is over"
    words = (
        f":rotating_light: {bold('BYPASSED: this was not approved.')} {who} let it pass for incident"
        f" {escape(bypass.incident)}, {when}. Two other people review it by {slack_time(bypass.review_by)}."
    )
    return [section(words + quote(bypass.reason, about))]


def _dissent(launch: Launch, about: About) -> list[Block]:
    """Show who said no, overridden or not; it stays on the card."""
    if not launch.revisions:
        return []
    votes = launch.revision.dissent
    changed = {vote.seq for vote in outdated(launch)} if votes else set()
    lines = [_no(vote, launch.revision, about, changed=vote.seq in changed) for vote in votes[:MOST_DISSENT]]
    if len(votes) > MOST_DISSENT:
        lines.append(f"and {len(votes) - MOST_DISSENT} more objections")
    return [section("\n".join(lines))] if lines else []


def _no(vote: Vote, revision: Revision, about: About, *, changed: bool) -> str:
    over = revision.overrides.get(vote.seq)
    said = f"{bold(f'{name(vote.pid, about)} objects to {escape(vote.item)}')}"
    if vote.launch:
        said += f", since {escape(vote.launch)}"
    elif changed:
        said += ", which has changed since"
    if over is not None:
        said += f" (overridden by {name(over.by, about)})"
    return said + quote(vote.text, about)


def quote(text: str | None, about: About, most: int = MOST_QUOTED) -> str:
    """Quote what somebody wrote, as theirs, on a line of its own."""
    if not text:
        return ""
    words = about.texts.get(text)
    if words is None:
        return "\n> (The words were erased.)"
    return f"\n> “{escape(clip(' '.join(words.split()), most))}”"


def name(pid: str, about: About) -> str:
    """Name somebody without a mention: an edited card would call them again and again."""
    return escape(about.names.get(pid, "somebody whose name was erased"))


def _small_print(launch: Launch, about: About) -> list[Block]:
    lines = [f"{escape(launch.id)} · asked for by {name(launch.requester, about)}"]
    if launch.revisions:
        revision = launch.revision
        if revision.n > 1:
            lines[0] += f" · revision {revision.n}"
        if launch.state in WAITS:
            lines[0] += f" · sign by {until(revision.deadline, launch.wanted_on)}"
        lines.append(_manifest(revision))
        if not revision.unseparated.isdisjoint(revision.items):
            lines.append(
                "The team is too small for different people on every seat; one person may sign for several."
            )
    ending = launch.revision.ending if launch.revisions else None
    if ending is not None and ending.text:
        lines.append(f"{name(ending.by, about)}: {quote(ending.text, about).removeprefix(chr(10) + '> ')}")
    return [context("\n".join(lines))]


def _manifest(revision: Revision) -> str:
    parts = revision.manifest.parts
    model = f"{_short(parts['model'])} {_short(parts['model_version'])}"
    shown = {"code": _short(parts["code"]), "model": "none" if model == "none none" else model} | {
        key: _short(parts[key]) for key in ("prompt", "configuration", "data")
    }
    return escape(" · ".join(f"{key} {value}" for key, value in shown.items()))


def _short(part: str) -> str:
    value = part.removeprefix("sha256:")
    return value[:12] if len(value) >= 32 and value.isalnum() else clip(part, MOST_PART)


def _buttons(launch: Launch) -> list[Block]:
    """Offer what can be done in this state; buttons carry ids, never truth."""
    about = {"launch": launch.id}
    elements = []
    if launch.state in ASKS:
        first = launch.state is State.OPEN
        elements.append(button("Review my items", action_id=Action.REVIEW, value=about, primary=first))
    if not launch.ended:
        elements.append(
            button(
                "Why not yet?" if launch.state in WAITS else "Where does it stand?",
                action_id=Action.WHY,
                value=about,
            )
        )
    more = more_menu(launch)
    return [actions([*elements, *more])] if elements else []


def more_menu(launch: Launch) -> list[Block]:
    """Offer the rest in a menu of five; it keeps no choice, so that the same one can be made again."""
    offered = [verb for verb in MENU.get(launch.state, ()) if _possible(verb, launch)]
    if not offered:
        return []
    options = [choice(verb.words, packed({"launch": launch.id, "verb": verb})) for verb in offered]
    if OTHERS.get(launch.state):
        options.append(choice("Something else …", packed({"launch": launch.id, "verb": Verb.OTHER})))
    return [{"type": "overflow", "action_id": Action.MORE, "options": options}]


def _possible(verb: Verb, launch: Launch) -> bool:
    return verb is not Verb.OVERRIDE or bool(launch.revision.dissent)


def role_message(launch: Launch, role: Role, gate: Gate) -> Payload:
    """Ask one role for its items: those that wait for it in full, the others by their names."""
    mine = [each for each, item in launch.revision.items.items() if role in item.spec.seats]
    waiting = [each for each in mine if each in gate.waits_for.get(role, ())]
    lacking = [each for each in mine if gate.items[each] is ItemState.AUTO_FAIL and not waiting]
    asked = waiting or (lacking if launch.state in ASKS else [])
    others = [each for each in mine if each not in asked]
    state = _role_state(launch, waiting=len(waiting), lacking=len(lacking), of=len(mine))
    title = f"{bold(f'For {ROLE_WORDS[role]}')}  {state}"
    lines = [_item(launch, each, gate) for each in asked[:MOST_LINES]]
    if len(asked) > MOST_LINES:
        lines.append(f"and {len(asked) - MOST_LINES} more")
    blocks = [section("\n".join((title, *amber(launch, mine), *lines)))]
    if others and launch.state in ASKS:
        blocks.append(context("\n".join(_rest(others, gate))))
    blocks += _role_button(launch, role, gate, waiting=len(waiting), mine=mine)
    return {"text": fallback(title), "blocks": blocks}


def owes(launch: Launch, role: Role, gate: Gate) -> int:
    """Say how soon a role should read its message: 0 has to sign, 1 has evidence or an objection to look at, 2 nothing."""
    if gate.waits_for.get(role):
        return 0
    mine = (gate.items[each] for each, item in launch.revision.items.items() if role in item.spec.seats)
    return 1 if any(state in TROUBLED for state in mine) else 2


def _role_state(launch: Launch, *, waiting: int, lacking: int, of: int) -> str:
    if launch.state not in ASKS:
        return "Nothing is asked any more."
    if launch.state is State.CHECKING:
        return "The checks run first."
    if lacking:
        return f"Nothing to sign yet: evidence is missing or does not pass for {count(lacking)}."
    if not waiting:
        return "Nothing waits for your signature."
    if waiting == of:
        return "Your item waits for you." if of == 1 else f"All {count(of)} wait for you."
    return f"{waiting} of {count(of)} {'waits' if waiting == 1 else 'wait'} for you."


def _item(launch: Launch, item: str, gate: Gate) -> str:
    question = escape(clip(launch.revision.specs[item].question, MOST_QUESTION))
    changed = " _It changed since it was signed._" if gate.items[item] is ItemState.STALE else ""
    return f"• {bold(escape(item))} {question}{changed}"


def _rest(items: Iterable[str], gate: Gate) -> list[str]:
    """Say where the others stand, a line a state."""
    found: dict[ItemState, list[str]] = {}
    for item in items:
        found.setdefault(gate.items[item], []).append(escape(item))
    return [f"{ITEM_STATES[state]}: {', '.join(found[state])}" for state in ITEM_STATES if state in found]


def _role_button(launch: Launch, role: Role, gate: Gate, *, waiting: int, mine: Iterable[str]) -> list[Block]:
    if launch.state not in ASKS:
        return []
    words = "Look at the items"
    if waiting:
        words = "Review this item" if waiting == 1 else f"Review these {waiting} items"
    elif any(gate.items[each] is ItemState.AUTO_FAIL for each in mine):
        words = "Add evidence"
    about = {"launch": launch.id, "role": role.value}
    return [actions([button(words, action_id=Action.REVIEW, value=about, primary=bool(waiting))])]
