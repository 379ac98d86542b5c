"""The modal that opens a launch or submits a new revision: what goes out, pinned, and ten plain questions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from handlers.listeners.ids import Callback, Field
from handlers.views import inputs, modals
from handlers.views.blocks import Block, context, section
from handlers.views.text import bold, escape
from schema.manifests import LONGEST
from schema.risks import ASKED, RiskQuestion, Tier

TITLE_MOST: Final = 150  # a header's
DATA_MOST: Final = 3_000
MODEL: Final = "model"
FIELDS: Final[Mapping[str, tuple[str, str]]] = {  # part of the manifest → what is asked, and a good example
    "code": ("Code", "The commit or build that goes out, such as 4f2a9c1e7b3d. Every launch has one."),
    "model": ("Model", "Its name, such as offers-ranker; “none” where no model is used."),
    "model_version": ("Model version", "Such as 3.1.4, 2026-11-20 or a hash; not “latest”."),
    "prompt": ("Prompt", "A hash or version, such as greeting-v12; “none” where there is none."),
    "configuration": ("Configuration", "A hash, or the commit that holds it, such as sha256:9f86d08…"),
    "data": ("Data", "Versions or dates, with commas between, such as offers-2026-11-01, labels-v7."),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody typed into the form so far."""

    title: str = ""
    due_on: date | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    risks: frozenset[str] = frozenset()


def launch_form(product: tuple[str, str], typed: Typed, *, trouble: str = "") -> Block:
    """Ask for a new launch.

    product   key and title
    trouble   why what was typed could not be taken, where that belongs to no single field
    """
    key, title = product
    blocks = [
        *_trouble(trouble),
        context(f"A launch of {bold(escape(title))}. It opens with its two reviews in a thread of the product's channel."),
        inputs.asked(
            "What launches?", inputs.line(initial=typed.title, most=TITLE_MOST), block_id=Field.TITLE,
            hint="One plain line, such as: Nearby offers ask first, on phones in Spain.",
        ),
        inputs.asked("When is it meant to go out?", inputs.day(typed.due_on), block_id=Field.DUE_ON, optional=True),
        *_what(typed),
    ]  # fmt: skip
    return inputs.form(
        "Open a launch", blocks, callback=Callback.LAUNCH, about={"product": key}, submit="Open the launch"
    )


def revision_form(launch: str, typed: Typed, *, trouble: str = "") -> Block:
    """Ask for a new revision; what goes out now stands in the fields."""
    blocks = [
        *_trouble(trouble),
        context("Change what is different now. Signatures of items that do not rest on it stay."),
        *_what(typed),
    ]
    return inputs.form(
        "New revision", blocks, callback=Callback.REVISION, about={"launch": launch}, submit="Submit it"
    )


def _trouble(words: str) -> list[Block]:
    return [section(f":warning: {escape(words)}")] if words else []


def _what(typed: Typed) -> Iterable[Block]:
    yield section(
        f"{bold('Exactly what goes out')}\nEach part pinned, so that it cannot become something else later."
    )
    for part, (label, hint) in FIELDS.items():
        long = part == "data"
        element = inputs.line(initial=typed.parts.get(part, ""), most=DATA_MOST if long else LONGEST)
        yield inputs.asked(label, element, block_id=part, hint=hint)
    yield _risks(typed.risks)


def _risks(ticked: Iterable[str]) -> Block:
    choices = [_risk(question) for question in RiskQuestion]
    return inputs.asked(
        "Tick everything that is true of it", inputs.boxes(choices, ticked=ticked), block_id=Field.RISKS,
        optional=True, hint="The answers decide how much care the launch needs, and which questions are asked.",
    )  # fmt: skip


def _risk(question: RiskQuestion) -> Block:
    asked = ASKED[question]
    example = asked.example.removeprefix("Such as ").removesuffix(".")
    return inputs.choice(asked.question, question.value, inputs.shortened(example[:1].upper() + example[1:]))


def opened_page(launch: str, channel: str, tier: Tier) -> Block:
    """Say that a launch is open, and where."""
    where = f"<#{channel}>" if channel.isalnum() else "the product's channel"
    words = (
        f"{bold(escape(launch))} is open in {where}, at {tier} risk. Its evidence is checked now; then the people who"
        " sign are asked in its thread. You are told when it moves."
    )
    return modals.page("Launch opened", [section(words)])
