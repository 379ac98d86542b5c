"""Who may read which product, and who may post its standup; what Slack does not say counts as no."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from handlers.services import Snapshot
from integrations.base import IntegrationError
from integrations.slack import Slack
from integrations.slack_errors import Refused
from integrations.store import identities
from integrations.store.engine import Store
from integrations.store.identities import Identity, IdentityKind
from schema.errors import Refusal
from schema.products import Product, Readers, Role

PRESS_AGAIN: Final = (
    "Slack did not answer, so I cannot tell what you may read. Please press or type it again."
)
AT_ONCE: Final = 4  # look-ups side by side
FLAGS: Final = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted")


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
    """What Slack said of people and user groups, for ten minutes or until it says that something changed.

    team        whose people are inside; "" where Slack's own word for strangers has to do
    workspace   whose rows of the store all processes share; without a store each process asks for itself
    """

    slack: Slack
    now: Callable[[], datetime]
    valid_s: float = 600
    within_s: float = 1.5  # of one look-up
    team: str = ""
    workspace: str = ""
    store: Store | None = None
    _said: dict[str, Identity] = field(default_factory=dict)
    _changes: dict[str, int] = field(default_factory=dict)  # counted: what was asked before one is not kept

    def person(self, id: str) -> Person | None:
        said = self.identity(id)
        return None if said is None or "is_stranger" not in said.body else _person(said.body)

    def group(self, id: str) -> frozenset[str] | None:
        said = self.identity(id)
        return None if said is None or "users" not in said.body else frozenset(said.body["users"])

    def identity(self, id: str) -> Identity | None:
        """Give what Slack said, if it may still be believed."""
        said = self._said.get(id)
        return said if said is not None and said.fetched_at > self.since else None

    @property
    def since(self) -> datetime:
        """Tell from when on an answer may still be believed."""
        return self.now() - timedelta(seconds=self.valid_s)

    def believe(self, said: Identity) -> None:
        """Take an answer as Slack's."""
        self._said[said.id] = said

    def forget(self, id: str) -> None:
        """Believe nothing of this person or group here until Slack is asked again."""
        self._said.pop(id, None)
        self._changes[id] = self._changes.get(id, 0) + 1

    async def changed(self, id: str) -> None:
        """Forget somebody here and in every process: Slack says that they changed."""
        self.forget(id)
        if self.store is not None:
            forget = partial(identities.forget, workspace=self.workspace, id=id, at=self.now())
            await self.store.write(forget)

    async def notice(self) -> None:
        """Forget whom other processes heard of."""
        if self.store is None:
            return
        changed = await self.store.read(
            partial(identities.changed, workspace=self.workspace, since=self.since)
        )
        for id_, at in changed.items():
            said = self._said.get(id_)
            if said is not None and said.fetched_at <= at:
                self.forget(id_)

    async def learn(self, ids: Iterable[str]) -> None:
        """Ask Slack about people and groups that nobody asked for lately; who gets no answer stays unknown."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(id_: str) -> None:
            async with gate:
                await self._ask(id_)

        async with asyncio.TaskGroup() as group:
            for id_ in await self.unknown(frozenset(ids)):
                group.create_task(ask(id_))

    async def unknown(self, ids: frozenset[str]) -> frozenset[str]:
        """Take over what other processes learned; gives of whom Slack has to be asked."""
        if self.store is None:
            return ids
        before = dict(self._changes)
        look = partial(identities.known, workspace=self.workspace, ids=ids, since=self.since)
        shared = await self.store.read(look)
        for each in shared.values():
            self._keep(each, before.get(each.id, 0))
        return ids - shared.keys()

    async def _ask(self, id_: str) -> None:
        before, at = self._changes.get(id_, 0), self.now()
        try:
            body = await self._answer(id_)
        except Refused as refused:
            if refused.everywhere:
                self._said.pop(id_, None)
                return
            body = {"refused": refused.error, "advice": refused.advice}
        except IntegrationError:
            self._said.pop(id_, None)
            return
        said = Identity(kind=identities.kind_of(id_), id=id_, body=body, fetched_at=at)
        if self._keep(said, before) and self.store is not None:
            await self.store.write(lambda session: identities.remember(session, self.workspace, said))

    async def _answer(self, id_: str) -> Mapping[str, object]:
        if identities.kind_of(id_) is IdentityKind.GROUP:
            return {"users": list(await self.slack.group_members(id_, within_s=self.within_s))}
        return said_of(await self.slack.user(id_, within_s=self.within_s), team=self.team)

    def _keep(self, said: Identity, changes: int) -> bool:
        """Keep an answer, unless its subject changed since it was asked for."""
        if self._changes.get(said.id, 0) != changes:
            return False
        self.believe(said)
        return True


def said_of(user: Mapping[str, Any], *, team: str) -> dict[str, object]:
    """Keep of Slack's user object what decides who somebody is; a home elsewhere in one company is no stranger's."""
    homes = {user.get("team_id") or team, *((user.get("enterprise_user") or {}).get("teams") or ())}
    stranger = bool(user.get("is_stranger")) or (team != "" and team not in homes)
    zone = {"tz": str(user["tz"])} if user.get("tz") else {}
    name = str(user.get("real_name") or user.get("name") or "")
    return {"name": name, "is_stranger": stranger} | zone | {flag: True for flag in FLAGS if user.get(flag)}


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


async def poster(directory: Directory, product: Product, user: str, *, otherwise: str = "") -> None:
    """Refuse who may not post a product's standup, nor change it; who is not known may not.

    otherwise  what to tell them, where it is about something else than posting
    """
    if not may_post(directory, product, user):
        with suppress(TimeoutError):
            async with asyncio.timeout(directory.within_s):
                await directory.learn(_unknown_poster(directory, product, user))
    if may_post(directory, product, user):
        return
    if _unknown_poster(directory, product, user):
        raise Refusal(PRESS_AGAIN)
    raise Refusal(
        otherwise
        or f"Only a product manager or an owner of {product.title} may post its standup now;"
        f" `standup {product.key} preview` shows it to you alone."
    )
