"""Asks: people are asked before a standup, reminded once, and their late answers follow the digest into its thread.

All of it is due work that any process may do. What is sent is a card with a key of its own, decided in the transaction
that ends the work, so that nobody is asked twice, whoever dies when.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from handlers import ask_plans, chores, late_answers
from handlers.ask_plans import HEARD, Planning, Roster
from handlers.ask_turns import Asked, Seen
from handlers.ask_work import ASK, PLAN, REMIND, THREAD
from handlers.late_answers import Following
from handlers.readers import Directory, said_of
from handlers.services import Services, Snapshot
from handlers.views.checkins import kept_inside, kept_private
from integrations.base import IntegrationError
from integrations.slack_errors import Refused
from integrations.store import identities
from integrations.store.identities import IdentityKind
from schema.due import Taken
from schema.errors import Refusal
from schema.products import Product, Readers

KINDS: Final = (ASK, REMIND, THREAD)
EVERY: Final = timedelta(hours=1)  # so often who is on a roster is looked up again
SOON: Final = timedelta(minutes=1)
MOST_AT_ONCE: Final = 40  # people that Slack is asked about in one go
SILENT: Final = "Slack did not answer."
NO_GROUP: Final = {  # Slack's word → ours
    "plan_upgrade_required": "user groups need a paid plan of Slack",
    "no_such_subteam": "there is no such group any more",
}


@dataclass(slots=True, kw_only=True)
class Asking:
    """What the clock needs to ask people; `holder` names this process."""

    services: Services
    directory: Directory
    holder: str
    _planned: tuple[int, datetime] | None = field(default=None, init=False)  # for which revision, and when

    async def plan(self, snapshot: Snapshot) -> None:
        """Write down which standups people are asked for; looked at when the settings change, and every minute."""
        now = self.services.now()
        if self._planned is not None:
            revision, at = self._planned
            if revision == snapshot.revision and at <= now < at + SOON:
                return
        wanted = {work.key: work for work in ask_plans.wanted_standups(snapshot, now)}
        await self.services.store.write(
            partial(ask_plans.write_down, snapshot=snapshot, wanted=wanted, now=now)
        )
        self._planned = (snapshot.revision, now)

    async def do_due(self, snapshot: Snapshot) -> int:
        """Plan, ask, remind and follow up what is due; gives how many there were."""
        count = await chores.do(
            self.services, partial(self._plan, snapshot), kinds=[PLAN], holder=self.holder, limit=4
        )
        return count + await chores.do(
            self.services, partial(self._turn, snapshot), kinds=KINDS, holder=self.holder
        )

    # --- who is asked, and when ---

    async def _plan(self, snapshot: Snapshot, taken: Taken) -> None:
        said = taken.work.payload
        product = snapshot.configuration.products.get(str(said["product"]))
        slot = ask_plans.slot_of(product, said)
        if product is None or slot is None:
            await self.services.store.write(
                lambda session: chores.done(session, taken, now=self.services.now())
            )
            return
        roster = await self._roster(product)
        unknown = await self._learn(snapshot, roster.users)
        await self.services.store.write(
            Planning(
                services=self.services, snapshot=snapshot, product=product, slot=slot, taken=taken, roster=roster,
                again=SOON if unknown else EVERY,
            ).write
        )  # fmt: skip

    async def _roster(self, product: Product) -> Roster:
        """Look up who is on a roster now; raises Refusal while Slack does not say who is in a group."""
        assert product.standup is not None  # it has a slot
        groups = [id_ for id_ in product.standup.roster if identities.kind_of(id_) is IdentityKind.GROUP]
        await self.directory.learn(groups)
        said = {id_: self.directory.identity(id_) for id_ in groups}
        if None in said.values():
            raise Refusal(SILENT)
        users = [id_ for id_ in product.standup.roster if id_ not in said]
        closed: dict[str, str] = {}
        for id_, each in said.items():
            assert each is not None  # asked above
            if "refused" in each.body:
                closed[id_] = NO_GROUP.get(str(each.body["refused"]), "Slack does not list this group")
            users += [user for user in each.body.get("users", ()) if user not in users]
        return Roster(users=tuple(dict.fromkeys(users)), closed=closed)

    async def _learn(self, snapshot: Snapshot, users: Iterable[str]) -> bool:
        """Ask Slack of people of whom nobody heard for long, for their zones; True when some are still unknown."""
        since = self.services.now() - HEARD
        look = partial(identities.known, workspace=snapshot.workspace, ids=frozenset(users), since=since)
        missing = sorted(frozenset(users) - (await self.services.store.read(look)).keys())
        await self.directory.learn(missing[:MOST_AT_ONCE])
        return any(self.directory.identity(user) is None for user in missing)

    # --- one person's turn ---

    async def _turn(self, snapshot: Snapshot, taken: Taken) -> None:
        said = taken.work.payload
        product = snapshot.configuration.products.get(str(said["product"]))
        if product is None:
            await self.services.store.write(
                lambda session: chores.done(session, taken, now=self.services.now())
            )
            return
        if taken.work.kind == THREAD:
            await self._thread(snapshot, product, taken)
            return
        seen = await self._look(snapshot, str(said["person"]))
        asking = Asked(services=self.services, snapshot=snapshot, product=product, taken=taken, seen=seen)
        await self.services.store.write(asking.ask if taken.work.kind == ASK else asking.remind)

    async def _look(self, snapshot: Snapshot, user: str) -> Seen:
        """Ask Slack who somebody is right now; raises Refusal while it does not answer."""
        try:
            found = await self.directory.slack.user(user)
        except Refused as refused:
            if refused.everywhere:
                raise Refusal(SILENT) from refused
            return Seen(body={"refused": refused.error}, away=False)
        except IntegrationError as error:
            raise Refusal(SILENT) from error
        body = said_of(found, team=self.directory.team)
        emoji = str((found.get("profile") or {}).get("status_emoji") or "")
        return Seen(body=body, away=emoji in snapshot.configuration.workspace.away_emoji)

    async def _thread(self, snapshot: Snapshot, product: Product, taken: Taken) -> None:
        """Put answers that came too late for the digest into its thread, as soon as that stands."""
        period = str(taken.work.payload["period"])
        made = await self.services.store.read(
            lambda session: late_answers.delivery_of(session, snapshot.workspace, product, period)
        )
        kept = "" if made is None else await self._kept(product, made.channel)
        following = Following(
            services=self.services, snapshot=snapshot, product=product, taken=taken, kept=kept
        )
        await self.services.store.write(following.write)

    async def _kept(self, product: Product, channel: str) -> str:
        """Say why a channel is not to read people's answers, as it is now."""
        try:
            found = await self.directory.slack.channel(channel)
        except IntegrationError as error:
            raise Refusal(SILENT) from error
        if found.shared_outside:
            return kept_inside(product.title)
        roles_only = product.readers is Readers.ROLES and not found.private
        return kept_private(product.title) if roles_only else ""
