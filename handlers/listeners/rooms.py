"""Channels that something is to be shown in: who reads along there, and may we post."""

import asyncio

from handlers.listeners.desk import Desk
from handlers.readers import PRESS_AGAIN
from integrations.slack_errors import Refused
from integrations.slack_values import SlackChannel
from schema.errors import Refusal
from schema.products import Product, Readers

OUTSIDE = (
    "This channel is shared with another company, and figures stay inside. Share it in a channel of your own."
)


async def may_be_shown(desk: Desk, product: Product, channel: str, *, shared_outside: bool = False) -> None:
    """Refuse to show a product to a channel whose people may not all read it.

    shared_outside   where Slack has said so already; one that waits for the other company's yes is asked for
    """
    if not channel or channel.startswith("D"):
        raise Refusal(
            "There is no channel here to share it in. Type the command in the channel that should see it."
        )
    if product.readers is Readers.ROLES and product.channel != channel:
        where = "in its own channel" if product.channel else "nowhere, for it has no channel yet"
        raise Refusal(f"{product.title} is only for the people in its roles, so it may be shared {where}.")
    if shared_outside:
        raise Refusal(OUTSIDE)
    found = await room(desk, channel)
    if found.shared_outside:
        raise Refusal(OUTSIDE)
    if product.readers is Readers.ROLES and not found.private:
        raise Refusal(
            f"{product.title} is only for the people in its roles, and anybody here may join this channel."
            " Make it a private channel first."
        )


async def room(desk: Desk, id_: str) -> SlackChannel:
    """Ask Slack for a channel while the person waits; raises Refusal where we may not post."""
    try:
        async with asyncio.timeout(desk.directory.within_s):
            channel = await desk.slack.channel(id_)
    except TimeoutError:
        raise Refusal(PRESS_AGAIN) from None
    except Refused as refused:
        raise Refusal(refused.advice) from refused
    if channel.private and not channel.member:
        raise Refusal("I am not in this channel. Type `/invite @Muster` in it, then press again.")
    return channel
