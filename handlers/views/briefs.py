"""A brief as messages that only one person sees, and as one that is shared."""

from collections.abc import Sequence
from typing import Final

from handlers.listeners.ids import Action
from handlers.views import budget, voices
from handlers.views.blocks import Block, Payload, actions, button, context, divider, fallback, sections
from handlers.views.labels import labelled
from handlers.views.text import bold, escape, mention, mrkdwn
from schema.briefs import Brief, Section
from schema.metrics import Audience

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


def shared(shown: Brief, *, by: str, command: str) -> Payload:
    """Show a page to a channel in one message, with who asked for it; what does not fit is named."""
    who = context(f"Asked for by {mention(by)} · {_for(shown)}")
    rest = f"The page is longer than one message: `{command} brief {escape(shown.product)} for {shown.audience.value}` shows all of it."
    first, *more = budget.split([*groups(shown), [who]])
    blocks = [*first, context(rest), who] if more else first
    return {"blocks": blocks, "text": _fallback(shown)}


def groups(shown: Brief) -> list[list[Block]]:
    """Put a page into groups of blocks that stay together where they can: headline, sections, closing."""
    top = [*sections(bold(mrkdwn(shown.headline))), context(_for(shown))]
    parts = [section_blocks(each) for each in shown.sections]
    return [top, *parts, [divider(), *sections(mrkdwn(shown.closing))]]


def section_blocks(shown: Section) -> list[Block]:
    """Show a titled part: short paragraphs share a block, so that many figures fit into few messages."""
    title = bold(escape(shown.title))
    lines = [labelled(paragraph) for paragraph in shown.paragraphs]
    told = sections("\n".join([title, *(f"• {line}" if len(lines) > 1 else line for line in lines)]))
    return [*told, *(block for voice in shown.voices for block in voices.said(voice))]


def status(shown: Brief, *, period: str) -> Payload:
    """Show the headline and what is asked, for a thread."""
    blocks = [*sections(bold(mrkdwn(shown.headline))), *sections(mrkdwn(shown.closing)), how(shown, period)]
    return {"blocks": budget.split([blocks])[0], "text": _fallback(shown)}


def how(shown: Brief, period: str) -> Block:
    """Offer the receipts alone."""
    about = {"product": shown.product, "audience": shown.audience.value, "period": period}
    return actions([button("How do we know?", action_id=Action.HOW, value=about)])


def paged(shown: Brief) -> list[Block]:
    """Show a page inside a modal."""
    return [block for group in groups(shown) for block in group]


def buttons(shown: Brief, period: str) -> Block:
    about = {"product": shown.product, "audience": shown.audience.value, "period": period}
    return actions(brief_buttons(about))


def brief_buttons(about: dict[str, str]) -> Sequence[Block]:
    """Offer what one may do with a page."""
    return (
        button("Share in channel", action_id=Action.SHARE, value=about),
        button("For another reader", action_id=Action.OTHER_READER, value=about),
        button("How do we know?", action_id=Action.HOW, value=about),
    )


def _for(shown: Brief) -> str:
    return f"For {READERS[shown.audience]}"


def _fallback(shown: Brief) -> str:
    return fallback(f"{mrkdwn(shown.headline)} {mrkdwn(shown.closing)}")
