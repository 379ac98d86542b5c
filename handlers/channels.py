"""What Slack says of a channel, believed for a while: above all whether another company reads along."""

from datetime import timedelta

from handlers.sender import Sender
from integrations.base import Call
from integrations.pacer import POST
from integrations.slack_errors import SHARED_OUTSIDE, Refused
from integrations.slack_values import SlackChannel


async def looked_up(sender: Sender, id: str) -> SlackChannel:
    """Give a channel as Slack described it lately."""
    known = sender.memory.channels.get(id)
    if known is not None and sender.now() - known[0] < timedelta(seconds=sender.waits.channel_valid_s):
        return known[1]
    channel = await sender.slack.channel(id)
    sender.memory.channels[id] = (sender.now(), channel)
    return channel


async def need_inside(sender: Sender, id: str) -> None:
    """Refuse a channel that another company reads; raises Refused."""
    if (await looked_up(sender, id)).shared_outside:
        raise Refused(Call(source="Slack", asked=POST), SHARED_OUTSIDE)
