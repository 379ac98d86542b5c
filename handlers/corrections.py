"""Corrections: what a source restates is told below the posts that said otherwise, once."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers.effects import EffectKind
from handlers.pages import load_page
from handlers.services import Services, Snapshot
from handlers.views import corrections as shown
from integrations.store import deliveries, told
from integrations.store import outbox as stored_outbox
from schema.corrections import Correction, corrected, corrections
from schema.deliveries import PARENT, Delivery
from schema.pages import Page
from schema.periods import Period
from schema.products import Product

log = logging.getLogger(__name__)

KIND: Final = "standup"
FOR: Final = timedelta(days=8)  # after the post: asked again for seven days, the last time up to a day late


async def correct(services: Services, snapshot: Snapshot, product: Product, period: Period) -> int:
    """Correct the posts of a period whose figures are known otherwise now; gives how many figures."""
    said = await services.store.read(partial(_said, snapshot=snapshot, product=product, period=period))
    fresh = [each for each in said if services.now() - each[0].due_at <= FOR]
    if not fresh:
        return 0
    page = await load_page(services, snapshot, product, period)
    count = 0
    for delivery, thread, kept in fresh:
        note = partial(_note, services=services, page=page, delivery=delivery, thread_ts=thread, kept=kept)
        count += await services.store.write(note)
    return count


def _said(
    session: Session, *, snapshot: Snapshot, product: Product, period: Period
) -> list[tuple[Delivery, str, tuple[told.Kept, ...]]]:
    """List the posts of a period with the thread below each and what they say; only what stands in Slack."""
    found = []
    for each in deliveries.of_period(session, snapshot.workspace, product=product.key, period=period):
        parts = deliveries.parts(session, snapshot.workspace, each.id)
        ts = next((part.ts for part in parts if part.position == PARENT), None)
        if each.kind == KIND and ts is not None:
            found.append((each, ts, told.of(session, snapshot.workspace, each.id)))
    return found


def _note(
    session: Session, *, services: Services, page: Page, delivery: Delivery, thread_ts: str,
    kept: Sequence[told.Kept],
) -> int:  # fmt: skip
    """Store what is corrected and owe the message about it in one transaction: so it is told exactly once."""
    now = services.now()
    times = {each.told.metric: each.corrections for each in kept}
    new = [
        each
        for each in corrections(page, [each.told for each in kept])
        if told.correct(session, delivery.workspace, delivery.id, each, times=times[each.metric], at=now)
    ]
    if new:
        _post(session, page, delivery, new, thread_ts=thread_ts, now=now)
        log.info("figures_corrected", extra={"delivery": delivery.id, "count": len(new)})
    return len(new)


def _post(
    session: Session, page: Page, delivery: Delivery, new: Sequence[Correction], *, thread_ts: str, now: datetime
) -> None:  # fmt: skip
    payload = {
        **shown.correction([corrected(page, each) for each in new]),
        "channel": delivery.channel,
        "thread_ts": thread_ts,
        "product": delivery.product,
        "kind": "correction",
        "inside": True,
        "by": page.product.owner,
        "backup": page.product.backup_owner,
        "what": f"A correction of the standup of {delivery.product}",
    }
    stored_outbox.put(session, delivery.workspace, kind=EffectKind.POST, payload=payload, now=now)
