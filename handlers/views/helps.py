"""What one can type, with examples that work for this person in this channel."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.blocks import Block, Payload, context, fallback, sections
from handlers.views.text import bold, clip, escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What the examples may name; nothing in it that the person may not read."""

    product: str | None  # the key of one that exists; None where there is none to read
    here: bool  # it is this channel's own product
    metric: str | None  # one that the product measures
    may_post: bool  # this person may post its standup
    rosters: bool = False  # people are asked before a standup of one of these products
    products: Sequence[tuple[str, str]] = ()  # key and title of all that may be read


def help_message(command: str, examples: Examples) -> Payload:
    """Show what Muster can do, in lines that can be typed as they stand."""
    return {
        "blocks": help_blocks(command, examples),
        "text": fallback(f"Type {command} brief, explain, standup, launch or reviews."),
    }


def help_blocks(command: str, examples: Examples) -> list[Block]:
    intro = (
        "I read your product's metrics where they live and say in plain words what they mean, and I collect the"
        " sign-offs of its launches."
    )
    blocks = sections(f"{bold('What I can do')}\n{intro}")
    lines = _lines(command, examples)
    blocks += sections("\n".join(f"• `{typed}`  {told}" for typed, told in lines))
    if examples.product is None:
        blocks.append(
            context(
                "You can read no product yet. Ask whoever runs Muster here to add one, or to give you a role."
            )
        )
    elif examples.products:
        blocks.append(context(_products(examples.products)))
    blocks.append(
        context(
            "In a thread, mention me instead: `@Muster status`, `why` or `brief`. Slack has no commands in threads."
        )
    )
    return blocks


def _lines(command: str, examples: Examples) -> list[tuple[str, str]]:
    lines = []
    if examples.product is not None:
        name = "" if examples.here else f" {_code(examples.product)}"
        lines.append((f"{command} brief{name}", "one page, only for you"))
        lines.append(
            (
                f"{command} brief{name} for compliance",
                "the same for executive, engineer, compliance or support",
            )
        )
        if examples.metric is not None:
            lines.append(
                (
                    f"{command} explain {_code(examples.metric)} of {_code(examples.product)}",
                    "what it means, and what it does not",
                )
            )
        lines.append((f"{command} standup{name} preview", "the coming standup, only for you"))
        lines.append((f"{command} standup{name} schedule", "when it runs; change it, or leave one out"))
        if examples.may_post:
            lines.append((f"{command} standup{name} now", "post it now"))
        if examples.rosters:
            lines.append((f"{command} checkin", "your answers for the coming standup"))
        lines.append((f"{command} launch{name}", "open a launch with its two reviews"))
        lines.append((f"{command} reviews", "which launches wait for you, and which you wait for"))
    else:
        lines.append((f"{command} explain precision", "what a metric means, and what it does not"))
    lines.append((f"{command} help", "this list"))
    return lines


def _products(products: Sequence[tuple[str, str]]) -> str:
    shown = [f"{escape(clip(title, 40))} (`{_code(key)}`)" for key, title in products[:12]]
    more = f" and {len(products) - 12} more" if len(products) > 12 else ""
    return f"Products you can read: {', '.join(shown)}{more}"


def _code(words: str) -> str:
    return escape(clip(words, 60)).replace("`", "'")
