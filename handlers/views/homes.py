"""The Home tab: your products with their headline, the next standup, and what you can type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.listeners.ids import Action
from handlers.views.blocks import Block, actions, button, context, divider, header, sections
from handlers.views.helps import Examples, help_blocks
from handlers.views.receipts import slack_time
from handlers.views.text import bold, escape, mrkdwn
from schema.texts import Text

MOST_BLOCKS: Final = 100
MOST_PRODUCTS: Final = 20  # four blocks each
MOST_WORDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One product on the Home tab."""

    product: str
    title: str
    channel: str | None
    period: str
    headline: Text
    next_standup: datetime | None


def home(cards: Sequence[Card], *, command: str, examples: Examples, waiting: Sequence[Block] = ()) -> Block:
    """Make the Home view of one person.

    waiting   launches that wait for them, and those that they wait for
    """
    blocks: list[Block] = [*waiting, header("Your products")]
    for card in cards[:MOST_PRODUCTS]:
        blocks.extend(_card(card))
    if not cards:
        blocks.extend(sections("There is no product yet that you can read."))
    elif len(cards) > MOST_PRODUCTS:
        blocks.append(context(f"and {len(cards) - MOST_PRODUCTS} more; `{escape(command)} help` names them"))
    blocks.append(header("What you can type"))
    blocks.extend(help_blocks(command, examples))
    return {"type": "home", "blocks": blocks[:MOST_BLOCKS]}


def _card(card: Card) -> list[Block]:
    place = f"<#{card.channel}>" if card.channel and card.channel.isalnum() else "no channel yet"
    when = f"next standup {slack_time(card.next_standup)}" if card.next_standup else "no standup is planned"
    about = {"product": card.product, "audience": "executive", "period": card.period}
    return [
        *sections(f"{bold(escape(card.title))}\n{mrkdwn(card.headline)}")[:1],
        context(f"{place} · {when}"),
        actions([button("Read the brief", action_id=Action.OTHER_READER, value=about)]),
        divider(),
    ]
