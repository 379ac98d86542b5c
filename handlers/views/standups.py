"""A standup as the messages of its delivery: a short parent, and the parts of its thread."""

from typing import Final

from handlers.listeners.ids import Action
from handlers.views import budget, charts
from handlers.views.blocks import Block, Payload, actions, button, context, fallback, section, sections
from handlers.views.briefs import section_blocks
from handlers.views.labels import labelled
from handlers.views.text import bold, clip_mrkdwn, mrkdwn
from schema.metrics import Audience
from schema.standups import Standup

LINE_MOST: Final = 600  # of the parent, so that one statement cannot make it long
PARENT_MOST: Final = 6  # lines


def standup(shown: Standup, *, period: str) -> list[Payload]:
    """Give the payloads of a delivery, the parent first: blocks, text, and `fallback` blocks without charts."""
    return [parent(shown, period=period), *thread(shown)]


def parent(shown: Standup, *, period: str) -> Payload:
    """Show the headline, what moved and what is asked, in at most six lines."""
    first, *rest = shown.parent[:PARENT_MOST]
    blocks: list[Block] = [section(bold(clip_mrkdwn(mrkdwn(first.text), LINE_MOST)))]
    lines = [clip_mrkdwn(labelled(each), LINE_MOST) for each in rest]
    if lines:
        blocks.extend(sections("\n".join(lines)))
    about = {"product": shown.product, "audience": Audience.EXECUTIVE.value, "period": period}
    blocks.append(actions([
        button("For another reader", action_id=Action.OTHER_READER, value=about),
        button("How do we know?", action_id=Action.HOW, value=about),
    ]))  # fmt: skip
    return {"blocks": blocks, "text": fallback(mrkdwn(shown.fallback))}


def thread(shown: Standup) -> list[Payload]:
    """Show trends and sections; each part stands alone and says of itself what it is."""
    found = _trends(shown)
    for blocks in budget.split(section_blocks(each) for each in shown.sections):
        found.append({"blocks": blocks, "text": fallback(_first_words(blocks))})
    return found


def _trends(shown: Standup) -> list[Payload]:
    if not shown.charts:
        return []
    groups = [charts.drawn(each) for each in shown.charts[: budget.MOST_CHARTS]]
    plain = [charts.as_text(each) for each in shown.charts[: budget.MOST_CHARTS]]
    title = sections(bold("Trends"))
    payload: Payload = {
        "blocks": [*title, *(block for group in groups for block in group)],
        "text": fallback("Trends. " + " ".join(charts.words(each) for each in shown.charts)),
    }
    if groups != plain:
        payload["fallback"] = [*title, *(block for group in plain for block in group)]
    return [payload]


def _first_words(blocks: list[Block]) -> str:
    for block in blocks:
        if block["type"] == "section":
            return str(block["text"]["text"])
    return "More of the standup."


def preview(shown: Standup, *, period: str) -> list[Payload]:
    """Show to one person what would be posted; charts as text, for a private message may be cut short."""
    top = parent(shown, period=period)
    note = context(f"Only you see this preview. {mrkdwn(shown.note)}".strip())
    trends = [charts.as_text(each) for each in shown.charts]
    groups = [[note, *top["blocks"]], *trends, *(section_blocks(each) for each in shown.sections)]
    return [{"blocks": blocks, "text": top["text"]} for blocks in budget.split(groups)]
