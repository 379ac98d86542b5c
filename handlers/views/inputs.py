"""Inputs of modals, each inside Slack's limits (SLACK.md 1.4); what a person typed before stands in them again."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from handlers.views.blocks import OPTION_MOST, OPTIONS_MOST, TITLE_MOST, Block, packed, plain_text
from handlers.views.text import clip, harmless

LABEL_MOST: Final = 2_000
HINT_MOST: Final = 2_000
PLACEHOLDER_MOST: Final = 150
TYPED_MOST: Final = 3_000
REASON_MOST: Final = 1_000
CHOICES_MOST: Final = 10  # of checkboxes and radio buttons


def asked(label: str, element: Block, *, block_id: str, hint: str = "", optional: bool = False) -> Block:
    """Ask for something; the block and its element have one name."""
    made: Block = {
        "type": "input", "block_id": block_id, "label": plain_text(label, LABEL_MOST), "optional": optional,
        "element": {**element, "action_id": block_id},
    }  # fmt: skip
    return made | {"hint": plain_text(hint, HINT_MOST)} if hint else made


def line(*, initial: str = "", placeholder: str = "", most: int = 200, multiline: bool = False) -> Block:
    """Take words."""
    made: Block = {"type": "plain_text_input", "multiline": multiline, "max_length": min(most, TYPED_MOST)}
    if initial:
        made["initial_value"] = clip(harmless(initial), made["max_length"])
    return made | {"placeholder": plain_text(placeholder, PLACEHOLDER_MOST)} if placeholder else made


def reason(*, initial: str = "", most: int = REASON_MOST) -> Block:
    """Take a sentence or some."""
    return line(initial=initial, most=most, multiline=True)


def link() -> Block:
    """Take an address."""
    return {"type": "url_text_input"}


def number(*, least: int, most: int, initial: int | None = None) -> Block:
    """Take a whole number."""
    made: Block = {
        "type": "number_input", "is_decimal_allowed": False, "min_value": str(least), "max_value": str(most),
    }  # fmt: skip
    return made if initial is None else made | {"initial_value": str(initial)}


def day(initial: date | None = None) -> Block:
    """Take a day."""
    return {"type": "datepicker"} | ({"initial_date": initial.isoformat()} if initial else {})


def person(initial: str = "") -> Block:
    """Take somebody of the workspace."""
    return {"type": "users_select"} | ({"initial_user": initial} if initial else {})


def choice(words: str, value: str, told: str = "") -> Block:
    """Offer something, with what it means."""
    made: Block = {"text": plain_text(words, OPTION_MOST), "value": value}
    return made | {"description": plain_text(told, OPTION_MOST)} if told else made


def radio(choices: Sequence[Block], *, chosen: str = "") -> Block:
    """Take one of a few."""
    shown = list(choices[:CHOICES_MOST])
    first = next((each for each in shown if each["value"] == chosen), None)
    made: Block = {"type": "radio_buttons", "options": shown}
    return made if first is None else made | {"initial_option": first}


def boxes(choices: Sequence[Block], *, ticked: Iterable[str] = ()) -> Block:
    """Take any of a few."""
    shown, wanted = list(choices[:CHOICES_MOST]), frozenset(ticked)
    initial = [each for each in shown if each["value"] in wanted]
    made: Block = {"type": "checkboxes", "options": shown}
    return made | {"initial_options": initial} if initial else made


def menu(choices: Sequence[Block], *, chosen: str = "") -> Block:
    """Take one of many."""
    shown = list(choices[:OPTIONS_MOST])
    first = next((each for each in shown if each["value"] == chosen), None)
    made: Block = {"type": "static_select", "options": shown}
    return made if first is None else made | {"initial_option": first}


def form(title: str, blocks: Sequence[Block], *, callback: str, about: dict[str, str], submit: str) -> Block:
    """Make a modal that is sent; it carries ids only."""
    return {
        "type": "modal", "callback_id": callback, "private_metadata": packed(about),
        "title": plain_text(title, TITLE_MOST), "submit": plain_text(submit, TITLE_MOST),
        "close": plain_text("Close", TITLE_MOST), "blocks": list(blocks),
    }  # fmt: skip


def shortened(words: str, most: int = OPTION_MOST) -> str:
    """Shorten a list in words between two of its parts."""
    if len(words) <= most:
        return words
    cut = words[: most - 3].rpartition(", ")[0] or words[: most - 3]
    return f"{cut}, …"
