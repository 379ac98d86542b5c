"""The few kinds of Block Kit that Muster uses, each inside Slack's limits (SLACK.md 1)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from handlers.views.text import clip, clip_mrkdwn, harmless, pieces_of

Block: TypeAlias = dict[str, Any]
Payload: TypeAlias = dict[str, Any]  # what is posted: blocks, text, and sometimes fallback

SECTION_MOST: Final = 3_000
HEADER_MOST: Final = 150
CONTEXT_MOST: Final = 2_000
BUTTON_MOST: Final = 75
TITLE_MOST: Final = 24  # of a modal
OPTION_MOST: Final = 75
TEXT_MOST: Final = 4_000  # a message's text: longer fails in chat.update
OPTIONS_MOST: Final = 100


def section(words: str) -> Block:
    """Show escaped words; longer ones are cut, see `sections`."""
    return {"type": "section", "text": _mrkdwn(words, SECTION_MOST)}


def sections(words: str) -> list[Block]:
    """Show escaped words of any length."""
    return [section(piece) for piece in pieces_of(words, SECTION_MOST)]


def header(words: str) -> Block:
    """Show a title; plain words, not escaped."""
    return {"type": "header", "text": plain_text(words, HEADER_MOST)}


def context(words: str) -> Block:
    """Show small print; escaped words."""
    return {"type": "context", "elements": [_mrkdwn(words, CONTEXT_MOST)]}


def _mrkdwn(words: str, most: int) -> Block:
    """Hold escaped words; `verbatim`, so that Slack itself makes no links or mentions out of names in them."""
    return {"type": "mrkdwn", "text": clip_mrkdwn(words, most) or " ", "verbatim": True}


def divider() -> Block:
    return {"type": "divider"}


def button(words: str, *, action_id: str, value: Mapping[str, str], primary: bool = False) -> Block:
    """Make a button; its value is small and says what it is about, never what is true of it."""
    made: Block = {
        "type": "button", "action_id": action_id, "text": plain_text(words, BUTTON_MOST), "value": packed(value),
    }  # fmt: skip
    return made | {"style": "primary"} if primary else made


def packed(value: Mapping[str, str]) -> str:
    """Write what a button or a view carries; `listeners/payloads.py` reads it back."""
    return json.dumps(dict(value), ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def actions(elements: Iterable[Block]) -> Block:
    return {"type": "actions", "elements": list(elements)}


def plain_text(words: str, most: int) -> Block:
    return {
        "type": "plain_text",
        "text": clip(harmless(words).replace("\n", " ").strip(), most) or "–",
        "emoji": False,
    }


def option(words: str, value: str) -> Block:
    return {"text": plain_text(words, OPTION_MOST), "value": value}


def select(
    label: str, *, block_id: str, action_id: str, options: Sequence[Block], chosen: str | None = None
) -> Block:
    """Ask for one of at most a hundred things."""
    shown = list(options[:OPTIONS_MOST])
    element: Block = {"type": "static_select", "action_id": action_id, "options": shown}
    initial = next((each for each in shown if each["value"] == chosen), None)
    if initial is not None:
        element["initial_option"] = initial
    return {"type": "input", "block_id": block_id, "label": plain_text(label, 2_000), "element": element}


def fallback(words: str) -> str:
    """Shorten what notifications and screen readers get; escaped words."""
    return clip_mrkdwn(words, TEXT_MOST) or " "
