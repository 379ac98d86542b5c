"""What Slack says of a channel, believed for a while: above all whether another company reads along."""

from datetime import timedelta

from handlers.sender import Sender
from integrations.base import Call
from integrations.pacer import POST
from integrations.slack_errors import OPEN_TO_ALL, SHARED_OUTSIDE, Refused
from integrations.slack_values import SlackChannel


async def looked_up(sender: Sender, id: str) -> SlackChannel:
    """Give a channel as Slack described it lately."""
    known = sender.memory.channels.get(id)
    if known is not None and sender.now() - known[0] < timedelta(seconds=sender.waits.channel_valid_s):
        return known[1]
    channel = await sender.slack.channel(id)
    sender.memory.channels[id] = (sender.now(), channel)
    return channel


async def need_inside(sender: Sender, id: str, *, private: bool) -> None:
    """Refuse a channel that another company reads; raises Refused.

    private  refuse one that anybody may join, too
    """
    channel = await looked_up(sender, id)
    if channel.shared_outside:
        raise Refused(Call(source="Slack", asked=POST), SHARED_OUTSIDE)
    if private and not channel.private:
        raise Refused(Call(source="Slack", asked=POST), OPEN_TO_ALL)
