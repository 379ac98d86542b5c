"""What a launch says by itself: reminders, broken promises, and what became of it after a week and a month."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from handlers.listeners.ids import Action
from handlers.views.blocks import Block, Payload, actions, button, context, fallback, section, sections
from handlers.views.deadlines import until
from handlers.views.receipts import slack_time
from handlers.views.text import bold, clip, escape, harmless
from schema.launches import Launch, State
from schema.products import Role
from schema.role_words import ROLE_WORDS

MOST_TITLE: Final = 100
MOST_ITEMS: Final = 8  # named in one line, and asked in one message
MOST_QUESTION: Final = 120
MOST_CELL: Final = 300
MOST_ROWS: Final = 15  # with their cells they fit into one table
AFTER: Final[Mapping[int, str]] = {7: "A week", 30: "A month"}
HEADS: Final = ("What was promised", "What is real")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One launch as these messages name it."""

    id: str
    title: str
    product: str  # its title
    link: str | None = None
    deadline: datetime | None = None
    wanted_on: date | None = None  # when it is to go out, where that is sooner
    questions: Mapping[str, str] = field(default_factory=dict)  # by item

    @property
    def named(self) -> str:
        """Name it, escaped, with a link where its card stands."""
        title = escape(clip(self.title, MOST_TITLE))
        shown = f"<{self.link}|{title.replace('|', '¦')}>" if self.link else title
        return f"{bold(shown)} ({escape(self.id)}, {escape(self.product)})"


Asked = Mapping[Role, Sequence[str]]  # items by role
Objectors = Mapping[
    str, Sequence[str]
]  # items by the name of who has to say whether their objection still holds
NOBODY: Final[Objectors] = {}


def reminder(about: About, items: Asked, objections: Sequence[str] = ()) -> Payload:
    """Remind somebody, in a direct message, of what they could sign, and of what they objected to.

    objections   items that have changed since
    """
    words = f"{about.named} waits for your signature on {_as(items)}." if items else f"{about.named}:"
    if objections:
        does = "Does" if items else "does"
        words += (
            f" {does} your objection to {_named(objections)} still hold? What it is about has changed since: object again,"
            " sign, or take it back."
        )
    listed = _listed(about, items, objections)
    review = "Review this item" if len(listed) == 1 else f"Review these {len(listed)} items"
    press = actions([button(review, action_id=Action.REVIEW, value={"launch": about.id}, primary=True)])
    return _message(f"{words}{_by(about)}", *_questions(about, listed), press)


def thread_line(about: About, items: Asked, objectors: Objectors = NOBODY) -> Payload:
    """Say in the launch's thread whom it still waits for; nobody is mentioned."""
    words = f"Still waiting for {_asked(items, objectors)}.{_by(about)}"
    return _message(words, *_questions(about, _listed(about, items, *objectors.values())))


def escalation(about: About, items: Asked, holders: Sequence[str], objectors: Objectors = NOBODY) -> Payload:
    """Tell the product's owners that the deadline is near.

    holders   mentions of the people who could sign
    """
    people = f" {_joined(holders)} could sign." if holders else ""
    words = f"{about.named} still waits for {_asked(items, objectors)}.{people}{_by(about)}"
    return _message(words, *_questions(about, _listed(about, items, *objectors.values())))


def _listed(about: About, items: Asked, *more: Sequence[str]) -> tuple[str, ...]:
    """List items in the checklists' order, each once."""
    listed = {item for mine in (*items.values(), *more) for item in mine}
    return (*(item for item in about.questions if item in listed), *sorted(listed - about.questions.keys()))


def _questions(about: About, items: Sequence[str]) -> list[Block]:
    """Say what is asked, an item a line: nobody knows items by heart."""
    lines = [
        f"• {bold(escape(item))} {escape(clip(about.questions[item], MOST_QUESTION))}"
        for item in items
        if item in about.questions
    ]
    more = len(lines) - MOST_ITEMS
    return sections("\n".join([*lines[:MOST_ITEMS], *([f"and {more} more"] if more > 0 else [])]))


def review_wanted(about: About, *, by: datetime, late: bool) -> Payload:
    """Tell the product's owners that an emergency launch has to be looked at by two people."""
    asks = "was to be reviewed by two other people" if late else "has to be reviewed by two other people"
    words = f"{about.named} went out in an emergency and {asks}, until {slack_time(by)}: choose *More* on its card."
    return _message(words)


def broken(about: About, payload: Mapping[str, Any], *, signed: bool) -> Payload:
    """Tell who signed an item, or the owner where nobody did, that what was promised does not hold."""
    item = bold(escape(str(payload["item"])))
    what = f"What you signed for {item}" if signed else f"What was promised for {item}"
    lines = (
        f"{about.named}: {what} does not hold any more.",
        f"> Promised: {escape(clip(str(payload['promised']), MOST_CELL))}",
        f"> Now: {escape(clip(str(payload['real']), MOST_CELL))}",
        "Look whether it has to be revoked; the item stays amber until it holds again.",
    )
    return _message("\n".join(lines))


def amber(launch: Launch, items: Collection[str] | None = None) -> list[str]:
    """Name the items whose promise does not hold after launch, for the card and for those who signed them.

    items   those that a message is about; None: all
    """
    if launch.state is not State.LAUNCHED:
        return []
    broken = sorted({item for item, _ in launch.revision.broken if items is None or item in items})
    named = _joined([bold(escape(item)) for item in broken]) if broken else ""
    return [f":large_orange_circle: What was promised for {named} does not hold any more."] if broken else []


def looked_back(day: int, rows: Sequence[Mapping[str, Any]]) -> Payload:
    """Hold what was promised against what is real, in two columns."""
    held = sum(bool(row["held"]) for row in rows)
    words = f"{AFTER[day]} after it went out, {_held(held, len(rows))}."
    if not rows:
        words = f"{AFTER[day]} after it went out: no figure was promised, so there is nothing to compare."
    shown = sorted(rows, key=lambda row: bool(row["held"]))[:MOST_ROWS]
    small = _small(day, more=len(rows) - len(shown))
    if not shown:
        return {"text": fallback(words), "blocks": [section(words), *small]}
    return {
        "text": fallback(words),
        "blocks": [section(words), _table(shown), *small],
        "fallback": [section(words), *sections("\n".join(map(_line, shown))), *small],
    }


def checkpoints_missing() -> str:
    """Say what is missing without a channel for checkpoints, and what would help."""
    return (
        "Checkpoints of the ledger are posted nowhere, so that somebody with the database could rewrite it unseen."
        " Name a channel as `audit_channel` under `workspace` in muster.yaml, then run `muster apply`."
    )


def month_of_checkpoints(month: str) -> Payload:
    """Begin the thread of a month's checkpoints."""
    words = f"*Checkpoints of the ledger, {escape(month)}*\nEach message below is signed; `muster verify` reads them."
    return {"text": fallback(words), "blocks": [section(words)]}


def checkpoint(note: str) -> Payload:
    """Show one signed note, exactly."""
    words = f"```\n{escape(note.strip())}\n```"
    return {"text": fallback(words), "blocks": [section(words)]}


def _message(words: str, *more: Block) -> Payload:
    return {"text": fallback(words), "blocks": [*sections(words), *more]}


def _by(about: About) -> str:
    return f" Sign by {until(about.deadline, about.wanted_on)}." if about.deadline else ""


def _asked(items: Asked, objectors: Objectors) -> str:
    roles = _joined([f"{ROLE_WORDS[role]} ({_named(mine)})" for role, mine in items.items()]) if items else ""
    if not objectors:
        return roles
    people = _joined([f"{escape(name)} ({_named(mine)})" for name, mine in objectors.items()])
    said = f"{people} to say whether their objection still holds"
    return f"{roles}, and for {said}" if roles else said


def _as(items: Asked) -> str:
    return _joined([f"{_named(mine)} (as {ROLE_WORDS[role]})" for role, mine in items.items()])


def _named(items: Sequence[str]) -> str:
    shown = [escape(item) for item in items[:MOST_ITEMS]]
    more = len(items) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _held(held: int, total: int) -> str:
    if held == total:
        return "what was promised holds" if total == 1 else f"all {total} promises hold"
    return f"{held} of {total} promises hold"


def _small(day: int, *, more: int) -> Iterable[Block]:
    words = [f"And {more} more that hold."] if more > 0 else []
    if day == max(AFTER):
        words.append("With this the launch is closed.")
    return [context(" ".join(words))] if words else []


def _table(rows: Sequence[Mapping[str, Any]]) -> Block:
    told = [[f"{row['item']}: {row['promised']}", _real(row)] for row in rows]
    cells = [[_cell(each) for each in row] for row in (HEADS, *told)]
    return {"type": "table", "rows": cells, "column_settings": [{"is_wrapped": True}, {"is_wrapped": True}]}


def _cell(words: str) -> Block:
    return {"type": "raw_text", "text": clip(harmless(words).replace("\n", " ").strip(), MOST_CELL) or "–"}


def _real(row: Mapping[str, Any]) -> str:
    verdict = "Holds" if row["held"] else "Does not hold"
    return f"{verdict}: {row['real']}" if row["real"] else "Not known: there is no evidence now"


def _line(row: Mapping[str, Any]) -> str:
    promised = escape(clip(f"{row['item']}: {row['promised']}", MOST_CELL))
    return f"• {promised}\n   {escape(clip(_real(row), MOST_CELL))}"
