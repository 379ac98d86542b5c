"""An explained metric as one private message."""

from handlers.listeners.ids import Action
from handlers.views import budget
from handlers.views.blocks import Payload, actions, button, fallback, sections
from handlers.views.briefs import section_blocks
from handlers.views.text import bold, mrkdwn
from schema.explanations import Explanation


def explanation(shown: Explanation, *, period: str) -> list[Payload]:
    """Show what a metric is, says here, and does not mean."""
    groups = [sections(bold(mrkdwn(shown.headline))), *(section_blocks(each) for each in shown.sections)]
    if shown.product is not None:
        about = {"product": shown.product, "period": period, "metric": shown.metric}
        groups.append([actions([button("How do we know?", action_id=Action.HOW, value=about)])])
    return [{"blocks": blocks, "text": fallback(mrkdwn(shown.headline))} for blocks in budget.split(groups)]
