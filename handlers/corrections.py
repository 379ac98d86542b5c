"""Corrections: what a source restates is told below the posts that said otherwise, once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from handlers.effects import EffectKind
from handlers.pages import load_page
from handlers.parts import shown_blocks, shown_text
from handlers.services import Services, Snapshot
from handlers.views import corrections as shown
from integrations.store import deliveries, told
from integrations.store import outbox as stored_outbox
from schema.corrections import Correction, corrected, corrections
from schema.deliveries import PARENT, Delivery, Part
from schema.pages import Page
from schema.periods import Period
from schema.products import Product, Readers

log = logging.getLogger(__name__)

KIND: Final = "standup"
FOR: Final = timedelta(days=8)  # after the post: asked again for seven days, the last time up to a day late


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """A delivery that stands in Slack, with its parent message and what it says."""

    delivery: Delivery
    parent: Part
    kept: tuple[told.Kept, ...]


async def correct(services: Services, snapshot: Snapshot, product: Product, period: Period) -> int:
    """Correct the posts of a period whose figures are known otherwise now; gives how many figures."""
    said = await services.store.read(partial(_said, snapshot=snapshot, product=product, period=period))
    fresh = [each for each in said if services.now() - each.delivery.due_at <= FOR]
    if not fresh:
        return 0
    page = await load_page(services, snapshot, product, period)
    count = 0
    for each in fresh:
        count += await services.store.write(partial(_note, services=services, page=page, post=each))
    return count


def _said(session: Session, *, snapshot: Snapshot, product: Product, period: Period) -> list[_Post]:
    """List the posts of a period with what they say; only what stands in Slack."""
    found = []
    for each in deliveries.of_period(session, snapshot.workspace, product=product.key, period=period):
        parts = deliveries.parts(session, snapshot.workspace, each.id)
        parent = next((part for part in parts if part.position == PARENT and part.ts), None)
        if each.kind == KIND and parent is not None:
            kept = told.of(session, snapshot.workspace, each.id)
            found.append(_Post(delivery=each, parent=parent, kept=kept))
    return found


def _note(session: Session, *, services: Services, page: Page, post: _Post) -> int:
    """Store what is corrected and owe the message about it in one transaction: so it is told exactly once."""
    now, delivery = services.now(), post.delivery
    times = {each.told.metric: each.corrections for each in post.kept}
    new = [
        each
        for each in corrections(page, [each.told for each in post.kept])
        if told.correct(session, delivery.workspace, delivery.id, each, times=times[each.metric], at=now)
    ]
    if new:
        payload = _payload(page, post, new)
        stored_outbox.put(session, delivery.workspace, kind=EffectKind.POST, payload=payload, now=now)
        log.info("figures_corrected", extra={"delivery": delivery.id, "count": len(new)})
    return len(new)


def _payload(page: Page, post: _Post, new: Sequence[Correction]) -> dict[str, Any]:
    """Give the message for the thread; once it stands there, the post itself points to it (wording rule 38)."""
    delivery, parent = post.delivery, post.parent
    late_line = delivery.late_line or ""
    pointing = {
        "blocks": shown.pointing(shown_blocks(parent.payload, late_line, PARENT, fallback=False)),
        "text": shown_text(parent.payload, late_line, PARENT),
    }
    return {
        **shown.correction([corrected(page, each) for each in new]),
        "channel": delivery.channel,
        "thread_ts": parent.ts,
        "product": delivery.product,
        "kind": "correction",
        "inside": True,
        "private": page.product.readers is Readers.ROLES,
        "by": page.product.owner,
        "backup": page.product.backup_owner,
        "what": f"A correction of the standup of {delivery.product}",
        "then": {"channel": delivery.channel, "ts": parent.ts, **pointing},
    }
