"""Reviews as people ask for them: what waits for somebody, and the least that keeps a launch from going out."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import cards, findings, folds, gates, people
from handlers.drawing import card_key
from handlers.gates import Looked
from handlers.people import Known
from handlers.readers import Directory
from handlers.services import Services, Snapshot
from handlers.views.reviews import Lists, Waits
from integrations.store import identities, launches, texts
from integrations.store import people as pids
from integrations.store.identities import IdentityKind
from integrations.store.launches import Kept
from schema.delegations import fold_delegations
from schema.gates import Gate, answer
from schema.launches import Launch, State
from schema.products import Product, Role
from schema.reminders import may_still_sign
from schema.renewals import outdated

WAITED_FOR: Final = frozenset({State.CHECKING, State.OPEN, State.APPROVED, State.BYPASSED})


async def why(services: Services, snapshot: Snapshot, launch: str) -> Looked:
    """Say where a launch stands, with the fewest signatures and the evidence that are still missing."""
    return await gates.look(services, snapshot, launch)


async def waiting(services: Services, directory: Directory, snapshot: Snapshot, *, user: str) -> Lists:
    """List what waits for somebody, and what they wait for, the oldest first.

    Slack is asked only about groups that nobody knows, and only for as long as somebody may be kept waiting.
    """
    cold = await services.store.read(partial(_cold, snapshot=snapshot, directory=directory))
    if cold:
        with suppress(TimeoutError):
            async with asyncio.timeout(directory.within_s):
                await directory.learn(cold)
    asked = _Asked(services=services, directory=directory, snapshot=snapshot, user=user)
    return await services.store.read(asked.lists)


def _cold(session: Session, *, snapshot: Snapshot, directory: Directory) -> frozenset[str]:
    """Name the groups of products with launches under way that Slack was not asked about lately."""
    going = {kept.product for kept in launches.going(session, snapshot.workspace)}
    named = {id_ for product in _products(snapshot, going) for id_ in groups(product)}
    said = identities.known(session, snapshot.workspace, named, since=directory.since)
    return frozenset(named - said.keys())


def _products(snapshot: Snapshot, keys: Iterable[str]) -> list[Product]:
    found = snapshot.configuration.products
    return [found[key] for key in sorted(keys) if key in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One person's question."""

    services: Services
    directory: Directory
    snapshot: Snapshot
    user: str

    def lists(self, session: Session) -> Lists:
        workspace = self.snapshot.workspace
        pid = pids.pids_of(session, workspace, [self.user]).get(self.user, "")
        mine: list[Waits] = []
        others: list[Waits] = []
        for kept in launches.going(session, workspace):
            product = self.snapshot.configuration.products.get(kept.product)
            if product is None or kept.state not in WAITED_FOR:
                continue
            roles = self._roles(session, product, pid)
            if not roles and kept.requester != pid:
                continue
            launch, gate = self._look(session, kept)
            my_items = waits_for(launch, gate, pid, roles=roles, now=self.services.now())
            my_no = len([vote for vote in outdated(launch) if vote.pid == pid])
            if my_items or my_no:
                mine.append(replace(self._waits(session, launch, product, my_items), objections=my_no))
            if kept.requester == pid:
                everybody = {role: len(items) for role, items in gate.waits_for.items()}
                others.append(self._waits(session, launch, product, everybody))
        return Lists(mine=tuple(mine), others=tuple(others))

    def _roles(self, session: Session, product: Product, pid: str) -> frozenset[Role]:
        """Name the roles that somebody holds, or may sign for now."""
        workspace, now = self.snapshot.workspace, self.services.now()
        said = identities.known(session, workspace, groups(product), since=self.directory.since)
        own = people.standing(Known(said=said), product, self.user).roles
        lent = [
            each.roles
            for each in fold_delegations(folds.events_of(session, workspace, ""))
            if each.delegate == pid and each.product == product.key and each.lasts(now)
        ]
        return own.union(*lent)

    def _look(self, session: Session, kept: Kept) -> tuple[Launch, Gate]:
        now = self.services.now()
        launch = folds.load(session, self.services.folds, kept)
        found = findings.found_in(session, self.services, self.snapshot, launch, now=now)
        return launch, answer(launch, found.findings, now)

    def _waits(self, session: Session, launch: Launch, product: Product, items: Mapping[Role, int]) -> Waits:
        workspace = self.snapshot.workspace
        title = texts.kept(session, workspace, [launch.title]).get(launch.title)
        return Waits(
            launch=launch.id,
            title=title.text if title else launch.id,
            product=product.title,
            state=launch.state,
            waits_for=items,
            deadline=launch.revision.deadline if launch.state is State.OPEN else None,
            wanted_on=launch.wanted_on,
            link=cards.link(session, workspace, card_key(launch.id)),
        )


def groups(product: Product) -> tuple[str, ...]:
    """List the user groups that a product's roles name."""
    return tuple(id_ for id_ in people.holders(product) if identities.kind_of(id_) is IdentityKind.GROUP)


def waits_for(
    launch: Launch, gate: Gate, pid: str, *, roles: Iterable[Role], now: datetime
) -> dict[Role, int]:
    """Count, by role, the items that somebody of these roles could still sign."""
    counted = {
        role: sum(may_still_sign(launch, item, pid, now) for item in gate.waits_for.get(role, ()))
        for role in Role
        if role in frozenset(roles)
    }
    return {role: items for role, items in counted.items() if items}
