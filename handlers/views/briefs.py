"""A brief as messages that only one person sees, and as one that is shared."""

from collections.abc import Sequence
from typing import Final

from handlers.views import budget
from handlers.views.blocks import Block, Payload, actions, button, context, divider, fallback, sections
from handlers.views.labels import labelled
from handlers.views.text import bold, escape, mention, mrkdwn
from schema.briefs import Brief, Section
from schema.metrics import Audience

SHARE: Final = "brief_share"
OTHER_READER: Final = "brief_other_reader"
HOW: Final = "receipts_open"

READERS: Final = {
    Audience.EXECUTIVE: "executives",
    Audience.ENGINEER: "engineers",
    Audience.COMPLIANCE: "compliance",
    Audience.SUPPORT: "support",
}
MOST_MESSAGES: Final = 5  # one ack and what a response_url takes


def brief(shown: Brief, *, period: str) -> list[Payload]:
    """Show a page to one person; the last message has the buttons.

    period   the period's key, such as `2026-W47`, for the buttons
    """
    messages = budget.split([*groups(shown), [buttons(shown, period)]])
    return [{"blocks": blocks, "text": _fallback(shown)} for blocks in _at_most(messages)]


def _at_most(messages: list[list[Block]]) -> list[list[Block]]:
    if len(messages) <= MOST_MESSAGES:
        return messages
    left = context("The page is longer than Slack takes; `muster brief` on the command line shows all of it.")
    return [*messages[: MOST_MESSAGES - 1], [left, messages[-1][-1]]]


def shared(shown: Brief, *, by: str) -> list[Payload]:
    """Show a page to a channel, with who shared it; the first message starts the thread of the others."""
    who = context(f"Shared by {mention(by)} · {_for(shown)}")
    messages = budget.split([*groups(shown), [who]])
    return [{"blocks": blocks, "text": _fallback(shown)} for blocks in messages]


def groups(shown: Brief) -> list[list[Block]]:
    """Put a page into groups of blocks that stay together where they can: headline, sections, closing."""
    top = [*sections(bold(mrkdwn(shown.headline))), context(_for(shown))]
    parts = [section_blocks(each) for each in shown.sections]
    return [top, *parts, [divider(), *sections(mrkdwn(shown.closing))]]


def section_blocks(shown: Section) -> list[Block]:
    """Show a titled part: short paragraphs share a block, so that many figures fit into few messages."""
    title = bold(escape(shown.title))
    lines = [labelled(paragraph) for paragraph in shown.paragraphs]
    return sections("\n".join([title, *(f"• {line}" if len(lines) > 1 else line for line in lines)]))


def buttons(shown: Brief, period: str) -> Block:
    about = {"product": shown.product, "audience": shown.audience.value, "period": period}
    return actions(brief_buttons(about))


def brief_buttons(about: dict[str, str]) -> Sequence[Block]:
    """Offer what one may do with a page."""
    return (
        button("Share in channel", action_id=SHARE, value=about),
        button("For another reader", action_id=OTHER_READER, value=about),
        button("How do we know?", action_id=HOW, value=about),
    )


def _for(shown: Brief) -> str:
    return f"For {READERS[shown.audience]}"


def _fallback(shown: Brief) -> str:
    return fallback(f"{mrkdwn(shown.headline)} {mrkdwn(shown.closing)}")
