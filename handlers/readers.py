"""Who may read which product, and who may post its standup; what Slack does not say counts as no."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from handlers.services import Snapshot
from integrations.base import IntegrationError
from integrations.slack import Slack
from schema.errors import Refusal
from schema.products import Product, Readers, Role

PRESS_AGAIN: Final = (
    "Slack did not answer, so I cannot tell what you may read. Please press or type it again."
)
AT_ONCE: Final = 4  # look-ups side by side

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What decides whether somebody may read."""

    inside: bool  # a full member: no guest, no bot, nobody of another company, not deactivated
    stranger: (
        bool  # of another company, a bot or deactivated: reads nothing at all; a guest reads open products
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """The products that one person may know of."""

    user: str
    products: Mapping[str, Product]
    sure: bool = True  # False when Slack did not answer for some; those are left out

    def product(self, key: str) -> Product:
        """Give a product; raises Refusal as for one that does not exist."""
        found = self.products.get(key)
        if found is None and not self.sure:
            raise Refusal(PRESS_AGAIN)
        if found is None:
            raise Refusal("There is no such product any more, or none that you may read.")
        return found


@dataclass(slots=True)
class Directory:
    """What Slack said of people and user groups, for ten minutes or until it says that something changed."""

    slack: Slack
    now: Callable[[], datetime]
    valid_s: float = 600
    within_s: float = 1.5  # of one look-up
    _people: dict[str, tuple[datetime, Person]] = field(default_factory=dict)
    _groups: dict[str, tuple[datetime, frozenset[str]]] = field(default_factory=dict)

    def person(self, id: str) -> Person | None:
        return self._fresh(self._people.get(id))

    def group(self, id: str) -> frozenset[str] | None:
        return self._fresh(self._groups.get(id))

    def forget(self, id: str) -> None:
        """Believe nothing of this person or group until Slack is asked again."""
        self._people.pop(id, None)
        self._groups.pop(id, None)

    async def learn(self, ids: Iterable[str]) -> None:
        """Ask Slack about people and groups; who does not get an answer stays unknown."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(id_: str) -> None:
            async with gate:
                await self._ask(id_)

        async with asyncio.TaskGroup() as group:
            for id_ in ids:
                group.create_task(ask(id_))

    async def _ask(self, id_: str) -> None:
        try:
            if id_.startswith("S"):
                members = frozenset(await self.slack.group_members(id_, within_s=self.within_s))
                self._groups[id_] = self.now(), members
            else:
                self._people[id_] = self.now(), _person(await self.slack.user(id_, within_s=self.within_s))
        except IntegrationError:
            self.forget(id_)

    def _fresh(self, known: tuple[datetime, T] | None) -> T | None:
        if known is None or self.now() - known[0] >= timedelta(seconds=self.valid_s):
            return None
        return known[1]


def _person(user: Mapping[str, object]) -> Person:
    stranger = any(user.get(name) for name in ("is_stranger", "is_bot", "deleted"))
    guest = any(user.get(name) for name in ("is_restricted", "is_ultra_restricted"))
    return Person(inside=not stranger and not guest, stranger=stranger)


def known(directory: Directory, snapshot: Snapshot, user: str) -> Circle | None:
    """Give what somebody may read from what is known by now; None when Slack has to be asked first."""
    if _unknown(directory, snapshot, user):
        return None
    return _circle(directory, snapshot, user, sure=True)


async def circle(directory: Directory, snapshot: Snapshot, user: str) -> Circle:
    """Give what somebody may read, asking Slack for what is not known; fails closed."""
    missing = _unknown(directory, snapshot, user)
    if missing:
        await directory.learn(missing)
    return _circle(directory, snapshot, user, sure=not _unknown(directory, snapshot, user))


async def circle_in_time(directory: Directory, snapshot: Snapshot, user: str) -> Circle:
    """Give what somebody may read before Slack's patience ends; raises Refusal when that takes too long."""
    try:
        async with asyncio.timeout(directory.within_s):
            return await circle(directory, snapshot, user)
    except TimeoutError:
        raise Refusal(PRESS_AGAIN) from None


async def circle_at_once(directory: Directory, snapshot: Snapshot, user: str) -> Circle | None:
    """Give what somebody may read where Slack answers while they hardly wait; None when it takes longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(directory.within_s / 2):
            return await circle(directory, snapshot, user)
    return None


def _circle(directory: Directory, snapshot: Snapshot, user: str, *, sure: bool) -> Circle:
    found = {
        key: each for key, each in snapshot.configuration.products.items() if may_read(directory, each, user)
    }
    return Circle(user=user, products=found, sure=sure)


def may_read(directory: Directory, product: Product, user: str) -> bool:
    """Tell whether somebody may read a product, as far as is known."""
    if product.readers is Readers.WORKSPACE:
        person = directory.person(user)
        return person is not None and not person.stranger
    return _inside(directory, user) and _holds(directory, everyone(product), user)


def may_post(directory: Directory, product: Product, user: str) -> bool:
    """Tell whether somebody may post the standup now: its product managers and its two owners, no guests."""
    return _inside(directory, user) and _holds(
        directory, (product.owner, product.backup_owner, *product.holders(Role.PM)), user
    )


def everyone(product: Product) -> tuple[str, ...]:
    """List the people and groups that a product names, its owners first."""
    holders = (holder for role in product.roles for holder in product.holders(role))
    return tuple(dict.fromkeys((product.owner, product.backup_owner, *holders)))


def _inside(directory: Directory, user: str) -> bool:
    person = directory.person(user)
    return person is not None and person.inside


def _holds(directory: Directory, holders: Iterable[str], user: str) -> bool:
    return any(holder == user or user in (directory.group(holder) or ()) for holder in holders)


def _unknown(directory: Directory, snapshot: Snapshot, user: str) -> frozenset[str]:
    """Name who has to be looked up before it is certain what somebody may read."""
    missing = {user} if directory.person(user) is None else set()
    for product in snapshot.configuration.products.values():
        holders = everyone(product)
        if product.readers is Readers.ROLES and not _holds(directory, holders, user):
            missing.update(_groups_unknown(directory, holders))
    return frozenset(missing)


def _groups_unknown(directory: Directory, holders: Iterable[str]) -> list[str]:
    return [each for each in holders if each.startswith("S") and directory.group(each) is None]


def _unknown_poster(directory: Directory, product: Product, user: str) -> list[str]:
    """Name who has to be looked up before it is certain whether somebody may post."""
    groups = _groups_unknown(directory, product.holders(Role.PM))
    return [*groups, *([user] if directory.person(user) is None else ())]


async def poster(directory: Directory, product: Product, user: str) -> None:
    """Refuse who may not post a product's standup; who is not known may not."""
    if not may_post(directory, product, user):
        with suppress(TimeoutError):
            async with asyncio.timeout(directory.within_s):
                await directory.learn(_unknown_poster(directory, product, user))
    if may_post(directory, product, user):
        return
    if _unknown_poster(directory, product, user):
        raise Refusal(PRESS_AGAIN)
    raise Refusal(
        f"Only a product manager or an owner of {product.title} may post its standup now;"
        f" `standup {product.key} preview` shows it to you alone."
    )
