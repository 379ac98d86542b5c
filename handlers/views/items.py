"""The modal in which somebody reads their items with the evidence and answers each, and the one that takes evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from handlers.listeners.ids import Action, Callback, Field
from handlers.views import inputs
from handlers.views.blocks import Block, actions, button, context, divider, packed, plain_text, sections
from handlers.views.text import bold, clip, escape
from schema.evidence_given import example
from schema.products import Role
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.role_words import ROLE_WORDS
from schema.votes import Intent

MODAL_MOST: Final = 100  # blocks, says Slack
MOST_BLOCKS: Final = 96  # some stay free for a sentence in front
MOST_TEXT: Final = 9_000  # of one item; three blocks
MOST_ITEMS: Final = 10  # a page: more, and people stop reading
SPANS: Final = frozenset({RecordUnit.SECONDS, RecordUnit.MINUTES, RecordUnit.HOURS, RecordUnit.DAYS})
LATER: Final = "later"  # no answer yet
CHOICES: Final[Mapping[Intent, str]] = {
    Intent.SIGN: "Sign: I have read it and stand for it",
    Intent.OBJECT: "Object: I say why below",
    Intent.NOT_APPLICABLE: "Does not apply: I say why below",
    Intent.COMMENT: "Comment only",
    Intent.TAKE_BACK: "Take back what I said",
}
SAID: Final[Mapping[Intent | None, str]] = {
    Intent.SIGN: "You have signed this.",
    Intent.OBJECT: "You object to this.",
    Intent.NOT_APPLICABLE: "You have signed that this does not apply.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One item as it is put before somebody."""

    id: str
    text: str  # exactly as it is stored with the showing: question, why, then evidence, a line each
    choices: Sequence[Intent]
    said: Intent | None = None  # what holds of what this person said before
    held: bool = False  # its evidence has to pass first
    lacking: Sequence[Requirement] = ()  # records and documents that people give


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A showing: what one person is asked in one role."""

    showing: str
    launch: str
    title: str
    role: Role
    items: Sequence[Shown]
    note: str = ""  # a sentence in front
    every_role: bool = False  # their other roles come afterwards
    acting_for: str = ""  # Slack user of the colleague for whom they sign


def answer_block(item: str) -> str:
    """Name the input that takes the answer to an item."""
    return f"answer.{item}"


def reason_block(item: str) -> str:
    """Name the input that takes the reason of an answer."""
    return f"reason.{item}"


def first_page(items: Sequence[Shown]) -> int:
    """Count the items that one page takes: as many as Slack and its reader do."""
    used = 0
    for at, item in enumerate(items):
        used += len(_item(item))
        if used > MOST_BLOCKS or at == MOST_ITEMS:
            return max(at, 1)
    return len(items)


def review_form(sheet: Sheet) -> Block:
    """Ask for an answer to each item that fits one page.

    The modal carries ids only: of the showing, and of the items that come on the next page.
    """
    fits = first_page(sheet.items)
    left = ",".join(item.id for item in sheet.items[fits:])
    blocks: list[Block] = [context(_intro(sheet, fits))]
    if sheet.note:
        blocks = [*sections(escape(sheet.note))[:1], *blocks]
    for item in sheet.items[:fits]:
        blocks.extend(_item(item))
    about = {"showing": sheet.showing, "launch": sheet.launch, "role": sheet.role.value, "left": left}
    return inputs.form(
        f"For {ROLE_WORDS[sheet.role]}", blocks[:-1][:MODAL_MOST], callback=Callback.ITEMS,
        about=about | _more_about(sheet), submit="Save and go on" if left else "Save",
    )  # fmt: skip


def _more_about(sheet: Sheet) -> dict[str, str]:
    return ({"every": "role"} if sheet.every_role else {}) | (
        {"for": sheet.acting_for} if sheet.acting_for else {}
    )


def _intro(sheet: Sheet, fits: int) -> str:
    told = f"{bold(escape(clip(sheet.title, 100)))} ({escape(sheet.launch)})."
    more = f" {fits} of {len(sheet.items)} items; the others follow." if fits < len(sheet.items) else ""
    return (
        f"{told}{more} Nothing is recorded before you save. What stands here is kept with your answer; reasons and"
        " comments stand in the thread, under your name."
    )


def _item(item: Shown) -> list[Block]:
    question, _, rest = clip(item.text, MOST_TEXT).partition("\n")
    why, *evidence = rest.split("\n")
    lines = [bold(escape(f"{item.id}  {question}")), escape(why), *(f"• {escape(each)}" for each in evidence)]
    if item.said in SAID:
        lines.append(f"_{SAID[item.said]}_")
    elif item.held:
        lines.append("_It can be signed when its evidence passes._")
    return [*sections("\n".join(lines)), _answer(item), _reason(item), *_evidence(item), divider()]


def _answer(item: Shown) -> Block:
    offered = [inputs.choice(CHOICES[each], each.value) for each in item.choices]
    offered.append(inputs.choice("Leave it as it is" if item.said else "Not now", LATER))
    element = inputs.radio(offered, chosen=LATER)
    return inputs.asked(f"Your answer to {item.id}", element, block_id=answer_block(item.id))


def _reason(item: Shown) -> Block:
    element = inputs.line(most=inputs.REASON_MOST)
    return inputs.asked("Reason or comment", element, block_id=reason_block(item.id), optional=True)


def _evidence(item: Shown) -> list[Block]:
    """Offer to add what is lacking: a button for one thing, a menu for several."""
    lacking = [(each.words, packed({"item": item.id, "requirement": each.name})) for each in item.lacking]
    if not lacking:
        return []
    if len(lacking) == 1:
        [(words, _)] = lacking
        about = {"item": item.id, "requirement": item.lacking[0].name}
        return [actions([button(f"Add {words}", action_id=Action.EVIDENCE, value=about)])]
    options = [inputs.choice(inputs.shortened(words), value) for words, value in lacking]
    menu = inputs.menu(options) | {
        "action_id": Action.EVIDENCE, "placeholder": plain_text("Add evidence …", inputs.PLACEHOLDER_MOST),
    }  # fmt: skip
    return [actions([menu])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The piece of evidence that a form asks for."""

    launch: str
    item: str
    requirement: Requirement
    role: str  # whose items are asked for beneath
    parts: Mapping[str, str] = field(default_factory=dict)  # of the manifest that goes out


def evidence_form(wanted: Wanted) -> Block:
    """Ask for one record or document, typed as its requirement says."""
    asked = wanted.requirement
    words = asked.words[:1].upper() + asked.words[1:]
    blocks = [
        *sections(f"{bold(escape(wanted.item))}  {escape(words)}{escape(_limits(asked))}"),
        *(_document(wanted) if asked.kind is EvidenceKind.DOCUMENT else _record(wanted)),
        context("It is kept under your name, and everybody who reviews this item sees it."),
    ]
    about = {"launch": wanted.launch, "role": wanted.role, "item": wanted.item, "requirement": asked.name}
    return inputs.form("Add evidence", blocks, callback=Callback.EVIDENCE, about=about, submit="Add it")


def _limits(asked: Requirement) -> str:
    told = []
    if asked.at_least is not None:
        told.append(f"at least {_limit(asked, asked.at_least)}")
    if asked.at_most is not None:
        told.append(f"at most {_limit(asked, asked.at_most)}")
    if asked.fewest is not None:
        told.append(f"from {asked.fewest:,} cases or more")
    if asked.fresh_days is not None:
        told.append(f"not older than {asked.fresh_days} days")
    return f"\nIt passes with {', '.join(told)}." if told else ""


def _limit(asked: Requirement, limit: Decimal) -> str:
    """Write a limit as people type it."""
    if asked.unit is RecordUnit.SHARE:
        return f"{_plain(limit * 100)} %"
    return f"{_plain(limit)} {asked.unit.value}" if asked.unit in SPANS else _plain(limit)


def _plain(number: Decimal) -> str:
    return format(Decimal(number).normalize(), "f")


def _record(wanted: Wanted) -> list[Block]:
    asked = wanted.requirement
    if asked.unit is RecordUnit.YES:
        element = inputs.radio([inputs.choice("Yes", "yes"), inputs.choice("No", "no")])
        value = inputs.asked("Is it so?", element, block_id=Field.VALUE)
    else:
        value = inputs.asked(
            "Value", inputs.line(most=300), block_id=Field.VALUE, hint=f"Write {example(asked)}."
        )
    return [
        value,
        inputs.asked("Measured on", inputs.day(), block_id=Field.MEASURED, hint="When it was true, not today's date."),
        *_stated(wanted, without=asked.unit is RecordUnit.TEXT),
        inputs.asked("Where can it be looked up?", inputs.link(), block_id=Field.LINK, optional=True),
    ]  # fmt: skip


def _document(wanted: Wanted) -> list[Block]:
    hint = "Its sha256, or the commit that holds it: so nobody can change it unseen."
    return [
        inputs.asked("Link", inputs.link(), block_id=Field.LINK),
        inputs.asked("Digest", inputs.line(), block_id=Field.DIGEST, hint=hint),
        inputs.asked("Dated", inputs.day(), block_id=Field.DATED, hint="The day on which it was last true."),
        *(_says(name) for name in wanted.requirement.states),
        *_stated(wanted, without=False),
    ]


def _says(name: str) -> Block:
    label = f"What it says: {name.replace('_', ' ')}"
    return inputs.asked(label, inputs.reason(most=300), block_id=state_block(name))


def _stated(wanted: Wanted, *, without: bool) -> list[Block]:
    part = wanted.requirement.matches
    if part is None or without:
        return []
    goes = wanted.parts.get(part, "")
    hint = f"It has to be the one that goes out: {clip(goes, 200)}." if goes else ""
    return [
        inputs.asked(
            f"For which {part.replace('_', ' ')}?", inputs.line(), block_id=state_block(part), hint=hint
        )
    ]


def state_block(name: str) -> str:
    """Name the input that takes what a record or document states."""
    return f"state.{name}"
