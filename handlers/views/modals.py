"""Modals: which reader a page is for, and pages that have no channel to be shown in."""

from collections.abc import Mapping, Sequence
from typing import Final

from handlers.listeners.ids import Callback, Field
from handlers.views.blocks import TITLE_MOST, Block, context, option, packed, plain_text, sections, select
from handlers.views.briefs import READERS
from handlers.views.text import escape
from schema.metrics import Audience

MOST_BLOCKS: Final = 100


def reader(
    about: Mapping[str, str], products: Sequence[tuple[str, str]], *, chosen: Audience = Audience.EXECUTIVE
) -> Block:
    """Ask which product a page is of and who it is for.

    products   key and title of those that the person may read
    """
    options = [option(title, key) for key, title in products]
    blocks = []
    if options:
        blocks.append(
            select(
                "Product",
                block_id=Field.PRODUCT,
                action_id=Field.PRODUCT,
                options=options,
                chosen=about.get("product"),
            )
        )
    readers = [option(words.capitalize(), audience.value) for audience, words in READERS.items()]
    blocks.append(
        select(
            "Who is it for?",
            block_id=Field.AUDIENCE,
            action_id=Field.AUDIENCE,
            options=readers,
            chosen=chosen.value,
        )
    )
    blocks.append(context("Only you see the page."))
    return _modal("For another reader", blocks) | {
        "callback_id": Callback.READER, "private_metadata": packed(about), "submit": plain_text("Show it", TITLE_MOST),
    }  # fmt: skip


def page(title: str, blocks: Sequence[Block]) -> Block:
    """Show blocks in a modal, without what only messages can hold."""
    return _modal(title, [each for each in blocks if each["type"] != "data_visualization"][:MOST_BLOCKS])


def sentence(title: str, words: str) -> Block:
    """Show one sentence in a modal."""
    return _modal(title, sections(escape(words)))


def _modal(title: str, blocks: Sequence[Block]) -> Block:
    return {
        "type": "modal", "title": plain_text(title, TITLE_MOST), "close": plain_text("Close", TITLE_MOST),
        "blocks": list(blocks),
    }  # fmt: skip
