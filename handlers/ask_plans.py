"""Who is asked before a standup, and when: written down ahead, and looked at again as rosters and schedules change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from handlers import chores
from handlers.ask_cards import show
from handlers.ask_work import ASK, PLAN, REMIND, due_of, key_of
from handlers.effects import tell
from handlers.late_answers import over
from handlers.people import BARRED
from handlers.services import Services, Snapshot
from handlers.views.text import escape, mention
from integrations.store import checkins as stored
from integrations.store import due, identities
from integrations.store.identities import Identity
from schema.asks import AHEAD, SAID_SO, Slot, planned, slots
from schema.checkins import Turn
from schema.due import Due, Outcome, Taken
from schema.people import worker_of
from schema.products import Product

TIMES: Final = ("post_at", "deadline")  # of a standup: where one moved, its people are planned again
HEARD: Final = timedelta(days=30)  # for how long somebody's time zone is believed

Payload = Mapping[str, Any]


def wanted_standups(snapshot: Snapshot, now: datetime) -> Iterable[Due]:
    for product in snapshot.configuration.products.values():
        if product.standup is None or not product.standup.roster or product.channel is None:
            continue
        for slot in slots(product, after=now, until=now + AHEAD):
            yield Due(
                workspace=snapshot.workspace,
                kind=PLAN,
                key=f"{slot.product}.{slot.period}",
                due_at=now,
                window_end=slot.post_at,
                payload={
                    "product": slot.product,
                    "period": slot.period,
                    "post_at": slot.post_at.isoformat(),
                    "deadline": slot.deadline.isoformat(),
                    "revision": snapshot.revision,
                },
            )


def write_down(session: Session, *, snapshot: Snapshot, wanted: Mapping[str, Due], now: datetime) -> None:
    """Plan what is new, look again at what changed, and drop what no schedule wants any more."""
    known = {work.key: work for work in due.planned(session, snapshot.workspace, kind=PLAN)}
    for key, work in known.items():
        if key not in wanted and datetime.fromisoformat(str(work.payload["post_at"])) > now:
            due.drop(session, snapshot.workspace, PLAN, key, now=now, reason="the schedule changed")
            _drop_turns(session, snapshot, work, now=now)
    for key, work in wanted.items():
        if key not in known:
            ended = due.ended(session, snapshot.workspace, PLAN, key)
            moved = ended is not None and any(
                ended.work.payload.get(name) != work.payload[name] for name in TIMES
            )
            due.plan(session, work, again=frozenset(Outcome) if moved else {Outcome.DROPPED})
        elif known[key].payload != work.payload:
            due.move(session, work)


def take_back(session: Session, snapshot: Snapshot, product: Product, period: str, *, now: datetime) -> None:
    """Ask nobody any more, whose time has not ended, for a standup that is left out or composed before its time."""
    stored.lock_standup(session, snapshot.workspace, product.key)
    for turn in stored.turns(session, snapshot.workspace, product=product.key, period=period):
        if now < turn.deadline:
            _drop(session, snapshot, product, turn, now=now)


def look_again(session: Session, snapshot: Snapshot, product: Product, period: str, *, now: datetime) -> None:
    """Ask people again, now and not at the next look, for a standup that is posted after all."""
    key = f"{product.key}.{period}"
    for work in due.planned(session, snapshot.workspace, kind=PLAN):
        if work.key == key:
            due.move(session, replace(work, due_at=now))


def _drop_turns(session: Session, snapshot: Snapshot, work: Due, *, now: datetime) -> None:
    said, workspace = work.payload, snapshot.workspace
    stored.lock_standup(session, workspace, str(said["product"]))
    product = snapshot.configuration.products.get(str(said["product"]))
    for turn in stored.turns(session, workspace, product=str(said["product"]), period=str(said["period"])):
        _drop(session, snapshot, product, turn, now=now)


def _drop(
    session: Session, snapshot: Snapshot, product: Product | None, turn: Turn, *, now: datetime
) -> None:
    """Ask somebody no more, and say so where they were asked; what they answered stays."""
    workspace, expected = snapshot.workspace, turn.expects
    _forget_asking(session, workspace, turn, now=now)
    if turn.left:
        return
    left = replace(turn, left=True)
    stored.put(session, workspace, left)
    if expected and turn.asked_at is not None and product is not None:
        show(session, snapshot, product, left, now=now)


def _forget_asking(session: Session, workspace: str, turn: Turn, *, now: datetime) -> None:
    for kind in (ASK, REMIND):
        due.drop(session, workspace, kind, key_of(turn), now=now, reason="nobody is to be asked any more")


def slot_of(product: Product | None, said: Payload) -> Slot | None:
    """Find the standup that a piece of work is about; None when the schedule has changed since."""
    if product is None or product.standup is None or not product.standup.roster:
        return None
    post_at = datetime.fromisoformat(str(said["post_at"]))
    found = slots(product, after=post_at - timedelta(microseconds=1), until=post_at)
    return next((each for each in found if each.period == said["period"]), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is on a roster, and the groups of it that Slack does not list."""

    users: tuple[str, ...]
    closed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """One standup whose people are planned."""

    services: Services
    snapshot: Snapshot
    product: Product
    slot: Slot
    taken: Taken
    roster: Roster
    again: timedelta

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace

    def write(self, session: Session) -> None:
        now = self.services.now()
        next_at = now + self.again
        if next_at >= self.slot.deadline:
            ended = chores.done(session, self.taken, now=now)
        else:
            ended = chores.done(session, self.taken, now=now, next_at=next_at, **self.taken.work.payload)
        if not ended:
            return
        stored.lock_standup(
            session, self.workspace, self.slot.product
        )  # else a press meanwhile would be undone
        if now >= self.slot.deadline:
            self._too_late(session, now)
        elif over(session, self.workspace, self.product, self.slot.period):
            self._nobody(session, now)
        else:
            self._people(session, now)

    def _before(self, session: Session) -> tuple[Turn, ...]:
        return stored.turns(session, self.workspace, product=self.slot.product, period=self.slot.period)

    def _too_late(self, session: Session, now: datetime) -> None:
        """Tell people when a change of the schedule left them no time: their deadline is over."""
        slot = self.slot
        for before in self._before(session):
            turn = replace(before, deadline=slot.deadline, post_at=slot.post_at, zone=slot.zone)
            if turn == before or turn.left:
                continue
            stored.put(session, self.workspace, turn)
            _forget_asking(session, self.workspace, turn, now=now)
            if _told(turn):
                show(session, self.snapshot, self.product, turn, now=now)

    def _nobody(self, session: Session, now: datetime) -> None:
        """Ask nobody for a standup that was left out, or that somebody posted before its time."""
        for turn in self._before(session):
            _drop(session, self.snapshot, self.product, turn, now=now)

    def _people(self, session: Session, now: datetime) -> None:
        before = {each.person: each for each in self._before(session)}
        said = identities.known(session, self.workspace, self.roster.users, since=now - HEARD)
        troubles = dict(self.roster.closed)
        for user in self.roster.users:
            why = barred(said.get(user))
            if why:
                troubles[user] = why
            self._person(session, user, said.get(user), before=before.get(user), why=why, now=now)
        for user, turn in before.items():
            if user not in self.roster.users:
                _drop(session, self.snapshot, self.product, turn, now=now)
        fine = [user for user in self.roster.users if user not in troubles]
        stored.no_trouble(session, self.workspace, product=self.product.key, members=fine)
        tell_troubles(session, self.snapshot, self.product, troubles, now=now)

    def _person(
        self, session: Session, user: str, said: Identity | None, *, before: Turn | None, why: str, now: datetime
    ) -> None:  # fmt: skip
        zone = str(said.body.get("tz") or "") if said is not None else ""
        worker = worker_of(user, self.product, self.snapshot.configuration.people, slack_zone=zone or None)
        turn = replace(planned(self.slot, worker, now=now, before=before), barred=why)
        if turn != before:
            stored.put(session, self.workspace, turn)
        if before is not None and _told(turn) and (turn.deadline != before.deadline or before.left):
            show(session, self.snapshot, self.product, turn, now=now)  # it says until when
        if turn.asked_at is None and turn.ask_at is not None and not why and wants(turn):
            chores.put(session, [due_of(self.workspace, ASK, turn, turn.ask_at)])
        elif turn.asked_at is None:
            due.drop(session, self.workspace, ASK, key_of(turn), now=now, reason="not to be asked now")
        elif turn.remind_at is not None and turn.expects and turn.reminded_at is None:
            chores.put(session, [due_of(self.workspace, REMIND, turn, turn.remind_at)])


def _told(turn: Turn) -> bool:
    """Tell whether somebody has a message about their turn, which says until when."""
    return turn.asked_at is not None or turn.checkin is not None


def wants(turn: Turn) -> bool:
    """Tell whether somebody who is not asked yet is to be; who is away later is asked while they are there."""
    return turn.checkin is None and turn.skipped_at is None and turn.away != SAID_SO and not turn.left


def barred(said: Identity | None) -> str:
    """Say why an account is never asked, in words for the product's owner; "" where it is, or is not known yet."""
    return "" if said is None else why_not(said.body)


def why_not(body: Payload) -> str:
    """Say what about an account keeps it from being asked."""
    if "refused" in body:
        return "Slack knows no such account"
    return next((words for flag, words in UNFIT.items() if body.get(flag)), "")


UNFIT: Final[Mapping[str, str]] = {
    "deleted": "the account is deactivated",
    "is_bot": "it is a bot",
    "is_stranger": "they belong to another company",
    "is_ultra_restricted": "they are a guest of single channels",
    "is_restricted": "they are a guest",
}
assert UNFIT.keys() == BARRED.keys()  # who may not decide is not asked either


def tell_troubles(
    session: Session, snapshot: Snapshot, product: Product, troubles: Mapping[str, str], *, now: datetime
) -> None:
    """Tell a product's owner once who of its roster cannot be asked, and what to change."""
    new = [
        f"{mention(member)}: {escape(why.rstrip('.'))}."
        for member, why in sorted(troubles.items())
        if stored.trouble(
            session, snapshot.workspace, product=product.key, member=member, trouble=why, now=now
        )
    ]
    if new:
        words = (
            f"On the roster of {escape(product.title)} I cannot ask everybody. {' '.join(new)} Take them out of"
            " `standup.roster` in muster.yaml, or name full members of this workspace instead."
        )
        tell(session, snapshot.workspace, users=[product.owner], text=words, now=now)
