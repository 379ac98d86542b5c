"""What a rehearsal owes: digests of long past weeks, composed as the real ones, and other messages between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from bot.files import Secrets
from bot.offline import Desk, desk
from bot.rehearse.stages import Stage
from bot.settings import Settings
from bot.workspaces import MAIN
from handlers import deliveries, standups
from handlers.effects import EffectKind
from handlers.pages import closed_period, load_page
from integrations.store import outbox
from schema.deliveries import part_key
from schema.periods import Period
from schema.products import Product
from schema.standups import compose_standup

OTHERS = 8  # one message in so many is no digest
A_WEEK = timedelta(weeks=1)
GREETINGS = 100  # the bot comes into a new channel once in so many messages

Payloads = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One product's digest as it would be posted, and the period that closed last."""

    product: Product
    period: Period
    payloads: Payloads


@dataclass(slots=True)
class Owing:
    """Owes messages in portions, and remembers what it owed.

    deliveries  their ids, each with the keys of its parts, the parent first
    others      how many messages of the outbox
    channels    that the bot came into
    """

    stage: Stage
    digests: Sequence[Digest]
    deliveries: dict[str, tuple[str, ...]] = field(default_factory=dict)
    others: int = 0
    channels: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def planned(self) -> int:
        """Tell how many messages are owed by now."""
        return sum(len(keys) for keys in self.deliveries.values()) + self.others

    async def owe(self, messages: int) -> None:
        """Owe at least so many messages more, all of them now."""
        until = self.planned + messages
        while self.planned < until:
            await self._digest()
            while self.others * OTHERS < self.planned:
                await self._other()
        while len(self.channels) * GREETINGS < self.planned:
            await self._come_in()

    async def owe_one_each(self) -> None:
        """Owe a digest and another message more."""
        await self._digest()
        await self._other()

    async def _digest(self) -> None:
        number = next(self._numbers)
        digest, back = self.digests[number % len(self.digests)], A_WEEK * (number // len(self.digests))
        store, now = self.stage.store, datetime.now(UTC)
        period = Period(start=digest.period.start - back, end=digest.period.end - back)
        owed = standups.owed(digest.product, period, now)
        delivery, _ = await deliveries.plan(store, MAIN, owed)
        await deliveries.prepare(store, MAIN, delivery.id, payloads=digest.payloads, now=now)
        self.deliveries[delivery.id] = tuple(
            part_key(delivery.id, place) for place in range(len(digest.payloads))
        )

    async def _other(self) -> None:
        """Owe what a person shared in a channel, or what an owner is told."""
        product = self.digests[self.others % len(self.digests)].product
        text, now = f"Message {self.others} of the rehearsal.", datetime.now(UTC)
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
        to_owner = self.others % 3 == 2
        where = {"user": product.owner} if to_owner else {"channel": product.channel}
        kind = EffectKind.DM if to_owner else EffectKind.POST
        payload = {"text": text, "blocks": blocks, **where}

        def put(session: Session) -> None:
            outbox.put(session, MAIN, kind=kind, payload=payload, now=now)

        await self.stage.store.write(put)
        self.others += 1

    async def _come_in(self) -> None:
        slack = self.stage.slack
        channel = slack.add_channel(f"joined-{len(self.channels)}")
        self.channels.append(channel.id)
        await slack.join(self.stage.app.bot_user_id, channel)


async def composed(stage: Stage, settings: Settings) -> list[Digest]:
    """Compose each product's digest without asking any source."""
    now, nothing = datetime.now(UTC), Secrets(environment={})
    async with desk(settings, nothing, config=stage.config, now=lambda: now) as opened:
        return [await _composed(opened, product, now) for product in stage.products]


async def _composed(opened: Desk, product: Product, now: datetime) -> Digest:
    period = closed_period(product, now)
    page = await load_page(opened.services, opened.snapshot, product, period)
    payloads = standups.messages(compose_standup(page), product, period)
    return Digest(product=product, period=period, payloads=payloads)
