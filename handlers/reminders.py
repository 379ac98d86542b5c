"""Reminders of launches: to people in their own working hours, then in the thread, then to the product's owners."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from handlers import cards, chores, findings, folds, people, watches
from handlers.drawing import card_key
from handlers.people import Asked, Membership
from handlers.readers import Directory
from handlers.services import Services, Snapshot
from handlers.views import watches as shown
from handlers.views.text import mention
from integrations.store import identities, launches, ledger
from integrations.store import people as stored_people
from integrations.store.engine import lock_workspace
from integrations.store.launches import Kept
from schema.delegations import fold_delegations
from schema.due import Taken
from schema.gates import answer
from schema.launches import EventKind, Launch, State
from schema.products import Product, Role
from schema.reminders import Reminders, Round, Situation, Told, Waited, due, waited_for
from schema.wall_times import instant
from schema.working_hours import working

REMIND: Final = "launch_reminder"  # due work, one a launch that waits
ASKED: Final = frozenset({EventKind.CHECKED, EventKind.REOPENED})  # what asks people, or asks them again
LOOK_AGAIN: Final = timedelta(hours=6)  # at the latest: new evidence may ask somebody anew at any time
HEARD: Final = timedelta(days=30)  # for how long somebody's time zone is believed

Payload = Mapping[str, Any]


async def remind_due(services: Services, directory: Directory, snapshot: Snapshot, *, holder: str) -> int:
    """Remind whoever has to be reminded now; gives how many launches were looked at."""
    work = partial(_remind, services, directory, snapshot)
    return await chores.do(services, work, kinds=[REMIND], holder=holder)


async def _remind(services: Services, directory: Directory, snapshot: Snapshot, taken: Taken) -> None:
    workspace = snapshot.workspace
    kept = await services.store.read(lambda session: launches.get(session, workspace, taken.work.key))
    product = snapshot.configuration.products.get(kept.product) if kept is not None else None
    if product is None:
        await services.store.write(lambda session: chores.done(session, taken, now=services.now()))
        return
    asked = Asked(workspace=workspace, product=product)
    await people.known(services, directory, asked)  # the groups; without them nobody knows who is asked
    found = await services.store.read(partial(people.membership, asked=asked, since=directory.since))
    round_ = _Turn(services=services, snapshot=snapshot, product=product, found=found, taken=taken)
    await directory.learn(await services.store.read(round_.users))
    await services.store.write(round_.act)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One launch whose turn it is."""

    services: Services
    snapshot: Snapshot
    product: Product
    found: Membership
    taken: Taken

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace

    def users(self, session: Session) -> frozenset[str]:
        """Name the people who may be told, so that their time zones are known; nobody is given a pid here."""
        kept = launches.get(session, self.workspace, self.taken.work.key)
        if kept is None or kept.state is not State.OPEN:
            return frozenset()
        pids = stored_people.pids_of(session, self.workspace, self._holders())
        waited = self._waited(session, self._launch(session, kept), pids)
        return frozenset(watches.users_of(session, self.workspace, [each.pid for each in waited]))

    def act(self, session: Session) -> None:
        """Say what is due, and write down when to look again, in one transaction."""
        lock_workspace(session, self.workspace)
        now = self.services.now()
        kept = launches.get(session, self.workspace, self.taken.work.key)
        assert kept is not None  # launches are never deleted
        launch = self._launch(session, kept)
        if launch.state is State.OPEN:
            self._open(session, kept, launch, now)
        elif launch.state is State.BYPASSED:
            self._bypassed(session, kept, launch, now)
        else:  # the launch has moved on, and with it everybody
            chores.done(session, self.taken, now=now)

    def _launch(self, session: Session, kept: Kept) -> Launch:
        return folds.load(session, self.services.folds, kept)

    def _holders(self) -> frozenset[str]:
        return frozenset(user for users in self.found.roles.values() for user in users)

    # --- a launch that asks for signatures ---

    def _open(self, session: Session, kept: Kept, launch: Launch, now: datetime) -> None:
        name, situation = self._situation(session, launch)
        said = due(situation, now)
        told = situation.told
        after = Told(
            people=told.people | {each.key for each in said.people},
            thread=told.thread or said.thread,
            owners=told.owners or said.owners,
        )
        again = now + LOOK_AGAIN
        next_at = min(said.next_at or again, again)
        going_on = chores.done(session, self.taken, now=now, next_at=next_at, **_payload(kept, name, after))
        if going_on:
            self._say(session, kept, launch, situation, said=said, name=name, now=now)

    def _situation(self, session: Session, launch: Launch) -> tuple[str, Situation]:
        asking = [
            event for event in ledger.events_of(session, self.workspace, launch.id) if event.kind in ASKED
        ][-1]
        name = f"{launch.revision.n}.{asking.seq}"
        round_ = Round(
            since=asking.at, deadline=_until(launch, asking.at), zone=launch.zone, country=launch.country
        )
        pids = stored_people.pids_of(session, self.workspace, self._holders())
        waited = self._waited(session, launch, pids)
        return name, Situation(
            round=round_,
            waited=waited,
            zones=self._zones(session, waited),
            told=_told(self.taken.work.payload, name),
        )

    def _waited(self, session: Session, launch: Launch, pids: Mapping[str, str]) -> tuple[Waited, ...]:
        now = self.services.now()
        shows = findings.found_in(session, self.services, self.snapshot, launch, now=now)
        stands_in = self._stand_ins(session, now)
        members = {
            role: [stands_in.get((role, pids[user]), pids[user]) for user in sorted(users) if user in pids]
            for role, users in self.found.roles.items()
        }
        changed = {
            str(event.payload["item"]): event.at
            for event in ledger.events_of(session, self.workspace, launch.id)
            if event.kind == EventKind.EVIDENCE_CHANGED
        }
        gate = answer(launch, shows.findings, now)
        return waited_for(launch, gate, members, changed=changed, now=now)

    def _stand_ins(self, session: Session, now: datetime) -> dict[tuple[Role, str], str]:
        """Say who signs for whom now: who is away is not reminded, their delegate is."""
        return {
            (role, each.principal): each.delegate
            for each in fold_delegations(folds.events_of(session, self.workspace, ""))
            if each.product == self.product.key and each.lasts(now)
            for role in each.roles
        }

    def _zones(self, session: Session, waited: Iterable[Waited]) -> dict[str, str]:
        named = stored_people.kept(session, self.workspace, [each.pid for each in waited])
        users = {each.user: pid for pid, each in named.items()}
        said = identities.known(session, self.workspace, users, since=self.services.now() - HEARD)
        return {users[user]: str(each.body["tz"]) for user, each in said.items() if each.body.get("tz")}

    def _say(
        self, session: Session, kept: Kept, launch: Launch, situation: Situation, *, said: Reminders, name: str,
        now: datetime,
    ) -> None:  # fmt: skip
        about = watches.about(session, self.snapshot, launch)
        for pid in dict.fromkeys(each.pid for each in said.people):
            users = watches.users_of(session, self.workspace, [pid])
            mine = [each for each in said.people if each.pid == pid]
            words = shown.reminder(
                about, _together(mine), [item for each in mine for item in each.objections]
            )
            watches.message(session, self.workspace, users, words, now=now)
        items, waited = _together(situation.waited), situation.waited
        objectors = self._objectors(session, waited)
        if said.thread:
            card = card_key(launch.id)
            cards.put(
                session, self.workspace, key=f"{card}.reminder.{name}", channel=kept.channel, under=card,
                message=shown.thread_line(about, items, objectors), now=now,
            )  # fmt: skip
        if said.owners:
            could = watches.users_of(session, self.workspace, [each.pid for each in waited if each.items])
            words = shown.escalation(about, items, [mention(user) for user in could], objectors)
            owners = watches.owners(self.snapshot, launch.product)
            watches.message(session, self.workspace, owners, words, now=now)

    def _objectors(self, session: Session, waited: Iterable[Waited]) -> dict[str, Sequence[str]]:
        """Name who has to say whether their objection still holds, with the items."""
        mine = {each.pid: each.objections for each in waited if each.objections}
        named = stored_people.kept(session, self.workspace, mine)
        return {named[pid].name: items for pid, items in mine.items() if pid in named}

    # --- an emergency that has to be reviewed ---

    def _bypassed(self, session: Session, kept: Kept, launch: Launch, now: datetime) -> None:
        bypass = launch.revision.bypass
        assert bypass is not None  # it made the state
        times = [
            working(max(at, now), launch.zone, launch.country) for at in (bypass.until, bypass.review_by)
        ]
        told = int(self.taken.work.payload.get("reviews_wanted", 0))
        ready = sum(at <= now for at in times)
        again = times[ready] if ready < len(times) else now + timedelta(days=30)
        payload = stands(kept) | {"reviews_wanted": max(told, ready)}
        if chores.done(session, self.taken, now=now, next_at=again, **payload) and ready > told:
            about = watches.about(session, self.snapshot, launch)
            words = shown.review_wanted(about, by=bypass.review_by, late=ready == len(times))
            owners = watches.owners(self.snapshot, launch.product)
            watches.message(session, self.workspace, owners, words, now=now)


def stands(kept: Kept) -> dict[str, Any]:
    """Say what begins a new round of asking when it changes."""
    deadline = kept.deadline.isoformat() if kept.deadline else None
    return {"state": kept.state.value, "revision": kept.revision, "deadline": deadline}


def _until(launch: Launch, since: datetime) -> datetime:
    """Give when people have to have signed: before the day on which it is to go out, where that is still to come."""
    if launch.wanted_on is None:
        return launch.revision.deadline
    goes_out = instant(launch.wanted_on, time(), ZoneInfo(launch.zone))
    return goes_out if goes_out > since else launch.revision.deadline


def _payload(kept: Kept, name: str, told: Told) -> dict[str, Any]:
    said = {"round": name, "people": sorted(told.people), "thread": told.thread, "owners": told.owners}
    return stands(kept) | said


def _told(payload: Payload, name: str) -> Told:
    """Read what was said in this round; what an earlier one said does not count."""
    if payload.get("round") != name:
        return Told()
    return Told(
        people=frozenset(payload["people"]), thread=bool(payload["thread"]), owners=bool(payload["owners"])
    )


def _together(waited: Sequence[Waited]) -> dict[Role, list[str]]:
    """List by role what people could sign, each item once."""
    return {
        role: sorted({item for each in waited for item in each.items.get(role, ())})
        for role in Role
        if any(role in each.items for each in waited)
    }
