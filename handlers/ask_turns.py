"""One person's turn before a standup: asked, reminded once, and shown where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from handlers import chores
from handlers.ask_cards import show
from handlers.ask_plans import tell_troubles, wants, why_not
from handlers.ask_work import REMIND, due_of
from handlers.late_answers import over
from handlers.services import Services, Snapshot
from integrations.store import checkins as stored
from schema.asks import STATUS, hours_of, next_morning
from schema.checkins import Turn, ask_moment, first_moment, reminder_moment
from schema.due import Taken
from schema.people import Worker, worker_of
from schema.products import Product

LATE: Final = timedelta(hours=1)  # asked so long after their time, people are asked in working hours only


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What Slack says of somebody at this moment."""

    body: Mapping[str, Any]
    away: bool  # by an emoji of their status


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody whose turn it is to be asked, or to be reminded."""

    services: Services
    snapshot: Snapshot
    product: Product
    taken: Taken
    seen: Seen

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace

    def ask(self, session: Session) -> None:
        now, turn = self.services.now(), self._held(session)
        if turn is None or turn.asked_at is not None or not wants(turn) or self._over(session, turn, now):
            chores.done(session, self.taken, now=now)
            return
        worker = self._worker(turn.person)
        later = first_moment(now, turn.deadline, hours_of(worker))
        moved = ask_moment(turn.deadline, hours_of(worker))  # they may be in another zone since
        if self._barred(session, turn, now):
            return
        if moved is not None and moved > now:
            if self._done(session, turn, next_at=moved):
                stored.put(session, self.workspace, replace(turn, ask_at=moved))
        elif self.seen.away:
            again = next_morning(now, turn.deadline, worker)
            if self._done(session, turn, next_at=again):
                stored.put(session, self.workspace, replace(turn, away=STATUS))
        elif later is not None and later > now and self.taken.late_by(now) > LATE:
            self._done(session, turn, next_at=later)
        elif self._done(session, turn):
            self._asked(session, turn, worker, now)

    def _asked(self, session: Session, turn: Turn, worker: Worker, now: datetime) -> None:
        remind_at = reminder_moment(now, turn.deadline, hours_of(worker))
        away = "" if turn.away == STATUS else turn.away
        asked = replace(turn, asked_at=now, remind_at=remind_at, away=away)
        stored.put(session, self.workspace, asked)
        show(session, self.snapshot, self.product, asked, now=now)
        if remind_at is not None:
            chores.put(session, [due_of(self.workspace, REMIND, asked, remind_at)])

    def remind(self, session: Session) -> None:
        now, turn = self.services.now(), self._held(session)
        if turn is None or not turn.expects or turn.reminded_at is not None or self._over(session, turn, now):
            chores.done(session, self.taken, now=now)
            return
        if self._barred(session, turn, now):
            return
        worker = self._worker(turn.person)
        later = first_moment(now, turn.deadline, hours_of(worker))
        if self.seen.away:
            if self._done(session, turn):
                stored.put(session, self.workspace, replace(turn, away=STATUS))
        elif later != now:
            self._done(session, turn, next_at=later)
        elif self._done(session, turn):
            reminded = replace(turn, reminded_at=now)
            stored.put(session, self.workspace, reminded)
            show(session, self.snapshot, self.product, reminded, now=now)

    def _held(self, session: Session) -> Turn | None:
        said = self.taken.work.payload
        stored.lock_standup(session, self.workspace, self.product.key)
        return stored.turn(
            session, self.workspace, product=self.product.key, period=str(said["period"]), person=str(said["person"]),
            hold=True,
        )  # fmt: skip

    def _over(self, session: Session, turn: Turn, now: datetime) -> bool:
        """Tell whether nobody waits for answers any more."""
        return now >= turn.deadline or over(session, self.workspace, self.product, turn.period)

    def _barred(self, session: Session, turn: Turn, now: datetime) -> bool:
        """Leave out whom Slack calls something else than a full member by now, and tell the owner."""
        why = why_not(self.seen.body)
        if why and self._done(session, turn):
            stored.put(session, self.workspace, replace(turn, barred=why))
            tell_troubles(session, self.snapshot, self.product, {turn.person: why}, now=now)
        return bool(why)

    def _worker(self, user: str) -> Worker:
        zone = str(self.seen.body.get("tz") or "") or None
        return worker_of(user, self.product, self.snapshot.configuration.people, slack_zone=zone)

    def _done(self, session: Session, turn: Turn, *, next_at: datetime | None = None) -> bool:
        now = self.services.now()
        if next_at is not None and next_at >= turn.deadline:
            next_at = None
        return chores.done(session, self.taken, now=now, next_at=next_at, **self.taken.work.payload)
