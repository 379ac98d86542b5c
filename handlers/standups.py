"""Standups: composed from what is stored, owed once a period, and prepared as messages."""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from handlers import ask_plans, deliveries
from handlers.briefs import pull_and_read, read
from handlers.deliveries import Owed
from handlers.late_answers import left_out
from handlers.pages import closed_period
from handlers.services import Services, Snapshot
from handlers.summaries import summarised
from handlers.views import standups as shown
from handlers.views.blocks import Payload
from handlers.views.summaries import signed
from handlers.weeks import around
from integrations.store import deliveries as stored
from integrations.store import due, told
from schema.corrections import told_in
from schema.deliveries import PARENT, STANDUP, Delivery, DeliveryState, PartState
from schema.due import Due, Outcome
from schema.errors import Refusal
from schema.pages import Page
from schema.periods import Period
from schema.problems import quoted
from schema.products import Product, Readers
from schema.schedules import standup_schedule
from schema.standups import Standup, compose_standup
from schema.weeks import Week

KIND: Final = STANDUP
PREPARE: Final = "prepare_standup"  # due work
ASKED_FOR: Final = timedelta(hours=24)  # how long a standup that somebody asked for is worth preparing


async def preview(
    services: Services, snapshot: Snapshot, product: Product, period: Period | None = None, *,
    today: date | None = None,
) -> tuple[Standup, str]:  # fmt: skip
    """Compose a digest without posting it, pulling what was never asked; gives it with its period's key.

    period   a closed one; the newest unless another is named
    today    where a past day counts as now: the day that it really is
    """
    found = await read(services, snapshot, product, period)
    if not found.pulled:
        found = await pull_and_read(services, snapshot, product, period)
    week = await _week(services, snapshot, found.page, today=today)
    return compose_standup(found.page, week), found.key


async def _week(services: Services, snapshot: Snapshot, page: Page, *, today: date | None = None) -> Week:
    """Load what stands around a page's figures; of a time that has passed it is said so."""
    if today is None and page.period.end < closed_period(page.product, services.now()).end:
        today = page.today
    return await around(services, snapshot, page, again_on=today)


def period_named(product: Product, key: str, now: datetime) -> Period:
    """Read a period as people type it; raises Refusal with one that works."""
    newest = closed_period(product, now)
    try:
        period = product.calendar.named(key.upper())
    except (ValueError, OverflowError):
        raise Refusal(
            f"{quoted(key)} is no {product.cadence.value} of {product.title}; try {product.calendar.key(newest)}."
        ) from None
    if period.end > newest.end:
        raise Refusal(
            f"{product.calendar.key(period)} is not over yet; the newest one that is over is"
            f" {product.calendar.key(newest)}."
        )
    return period


def owed(product: Product, period: Period, due_at: datetime) -> Owed:
    """Name the one delivery of a product's standup; raises Refusal without a channel."""
    if product.channel is None:
        raise Refusal(f"{product.title} has no channel yet. Give it one in muster.yaml, then `muster apply`.")
    return Owed(kind=KIND, product=product.key, period=period, channel=product.channel, due_at=due_at)


async def post_now(services: Services, snapshot: Snapshot, product: Product, *, by: str = "") -> Delivery:
    """Owe the standup of the newest closed period now; the same delivery that its schedule would make.

    Its preparation is planned with the same transaction, so that it outlives this process.

    by  who asked, and is told when it cannot be prepared
    """
    now = services.now()
    wanted = owed(product, closed_period(product, now), now)

    def write(session: Session) -> Delivery:
        delivery = deliveries.owe_now(session, workspace=snapshot.workspace, owed=wanted, now=now)
        if delivery.state is DeliveryState.PLANNED:
            due.plan(session, _preparing(delivery, now, by=by), again=frozenset(Outcome))
        return delivery

    return await services.store.write(write)


def _preparing(delivery: Delivery, now: datetime, *, by: str) -> Due:
    return Due(
        workspace=delivery.workspace,
        kind=PREPARE,
        key=f"now.{delivery.id}.{delivery.revision}",
        due_at=now,
        window_end=now + ASKED_FOR,
        payload={"product": delivery.product, "at": now.isoformat(), "delivery": delivery.id, "by": by},
    )


def unwanted(snapshot: Snapshot, delivery: Delivery, *, private: bool) -> str | None:
    """Say why a prepared standup is not to be posted as configuration and channel stand; None when it is.

    private   only its members can read the channel
    """
    product = snapshot.configuration.products.get(delivery.product)
    if product is None:
        return f"There is no product {delivery.product} any more."
    if product.channel is None:
        return f"{delivery.product} has no channel any more."
    if product.channel != delivery.channel:
        return (
            f"The channel of {delivery.product} is <#{product.channel}> now. If the standup is not there, type"
            f" `/muster standup {delivery.product} now`."
        )
    if product.readers is Readers.ROLES and not private:
        return (
            f"{delivery.product} is for the people in its roles only, and everybody can read <#{delivery.channel}>."
            " Make the channel private, or give the product another one."
        )
    return None


async def prepare(
    services: Services,
    snapshot: Snapshot,
    product: Product,
    delivery: Delivery,
    *,
    until: datetime | None = None,
) -> None:
    """Pull, judge, compose and freeze a delivery; what is frozen already stays as it is.

    until   when a language model must be through, where one writes summaries; None: when the delivery is due
    """
    if delivery.state is not DeliveryState.PLANNED:
        return
    page = (await pull_and_read(services, snapshot, product, delivery.period)).page
    week = await _week(services, snapshot, page)
    standup, summary = await summarised(
        services, snapshot, compose_standup(page, week), page=page, week=week, until=until or delivery.due_at
    )
    said = told_in(page, (*standup.parent, *standup.sections))

    def note(session: Session) -> None:
        told.keep(session, snapshot.workspace, delivery.id, said)
        period, now = product.calendar.key(delivery.period), services.now()
        left_out(
            session, snapshot.workspace, product, period=period, composed=week.gathered.checkins, now=now
        )
        ask_plans.take_back(session, snapshot, product, period, now=now)

    await deliveries.prepare(
        services.store, snapshot.workspace, delivery.id, now=services.now(),
        payloads=signed(messages(standup, product, delivery.period), summary),
        note=note,
    )  # fmt: skip


def messages(standup: Standup, product: Product, period: Period) -> list[Payload]:
    """Give the payloads of a standup, the parent first."""
    return shown.standup(standup, period=product.calendar.key(period))


async def unsure(services: Services, delivery: Delivery) -> bool:
    """Tell whether a part may be in the channel without anybody knowing."""
    parts = await services.store.read(lambda session: stored.parts(session, delivery.workspace, delivery.id))
    return any(part.state is PartState.SENDING for part in parts)


async def posted_ts(services: Services, delivery: Delivery) -> str | None:
    """Give the ts of a delivery's parent message; None before it is posted."""
    parts = await services.store.read(lambda session: stored.parts(session, delivery.workspace, delivery.id))
    return next((part.ts for part in parts if part.position == PARENT), None)


def next_standup(product: Product, now: datetime) -> datetime | None:
    """Tell when the next standup is due; None for a product that has no time for it."""
    schedule = standup_schedule(product)
    return None if schedule is None else schedule.next_after(now)
