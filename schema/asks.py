"""Asks: which standups are coming, and when each person of a roster is asked for one, or why not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from schema.checkins import A_DAY, Hours, Turn, ask_moment, deadline_before, first_moment, reminder_moment
from schema.deadlines import is_business_day
from schema.people import Away, Worker, is_away
from schema.products import Product
from schema.schedules import standup_schedule

AHEAD: Final = timedelta(days=16)  # a person may be asked two weeks before a deadline
LONGEST_TURN: Final = timedelta(days=7)  # where a product has had no standup before
LOOK_BACK: Final = timedelta(days=100)  # farther than any pause between two standups
ANSWERED_FOR: Final = timedelta(days=7)  # after the post, for so long answers still go into its thread
SAID_SO: Final = "they said so"
STATUS: Final = "their Slack status"
REASONS: Final = {Away.ABSENCE: "planned absence", Away.HOLIDAY: "public holiday", Away.STATUS: STATUS}
NEXT_MORNING: Final = timedelta(hours=16)  # enough to be past a working day, and before the next one ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One standup that is coming, and since when it is the next one."""

    product: str
    period: str  # key of the period that it is about
    since: datetime
    deadline: datetime
    post_at: datetime
    zone: str


def slots(product: Product, *, after: datetime, until: datetime) -> Iterator[Slot]:
    """Go through the standups that a product posts later than a moment and not later than another."""
    schedule = standup_schedule(product)
    if schedule is None or product.standup is None:
        return
    before: datetime | None = None
    for found in schedule.until(after - LOOK_BACK, until):
        if found.at > after:
            deadline = deadline_before(
                found.at,
                at=product.standup.deadline,
                zone=schedule.zone,
                is_business_day=lambda day: is_business_day(day, product.holidays or ""),
            )
            yield Slot(
                product=product.key,
                period=product.calendar.key(product.calendar.last_complete(found.at)),
                since=before or deadline - LONGEST_TURN,
                deadline=deadline,
                post_at=found.at,
                zone=schedule.zone.key,
            )
        before = found.at


def coming(product: Product, now: datetime) -> Slot | None:
    """Find the next standup of a product; None where none is planned in the next months."""
    return next(slots(product, after=now, until=now + LOOK_BACK), None)


def hours_of(worker: Worker) -> Hours:
    """Say when somebody can be asked."""
    return Hours(zone=worker.zone, works=worker.works_on, ask_at=worker.ask_at)


def new_turn(slot: Slot, person: str) -> Turn:
    """Begin somebody's turn in a standup."""
    return Turn(
        product=slot.product, period=slot.period, person=person, deadline=slot.deadline, post_at=slot.post_at,
        zone=slot.zone,
    )  # fmt: skip


def planned(slot: Slot, worker: Worker, *, now: datetime, before: Turn | None) -> Turn:
    """Say when somebody is asked for a standup, and whether they are away; what happened already stays.

    before   their turn as it stands, where they have one
    """
    turn = before or new_turn(slot, worker.user)
    turn = replace(turn, deadline=slot.deadline, post_at=slot.post_at, zone=slot.zone, left=False)
    if turn.away not in {SAID_SO, STATUS}:
        turn = replace(turn, away=away_at(slot, worker))
    if turn.asked_at is not None:
        return replace(turn, remind_at=reminder_moment(turn.asked_at, slot.deadline, hours_of(worker)))
    return replace(turn, ask_at=_ask_at(slot, worker, now=now, before=turn.ask_at))


def _ask_at(slot: Slot, worker: Worker, *, now: datetime, before: datetime | None) -> datetime | None:
    """Find the moment; one that has passed before anybody knew of it becomes the next one at work."""
    if not _works_meanwhile(slot, worker):
        return None
    found = ask_moment(slot.deadline, hours_of(worker))
    if found is not None and (found > now or found == before):
        return found
    return first_moment(now, slot.deadline, hours_of(worker))


def away_at(slot: Slot, worker: Worker) -> str:
    """Say why somebody is away when answers are due, or on every day before; "" where they are not."""
    last = slot.deadline.astimezone(worker.zone).date()
    why = is_away(worker, last)
    if why is None and not _works_meanwhile(slot, worker):
        why = next((each for day in _days(slot, worker) if (each := is_away(worker, day)) is not None), None)
    return REASONS[why] if why is not None else ""


def _works_meanwhile(slot: Slot, worker: Worker) -> bool:
    """Tell whether somebody works on any day between the standup before and the deadline."""
    return any(worker.works_on(day) for day in _days(slot, worker))


def _days(slot: Slot, worker: Worker) -> Iterator[date]:
    day, last = (each.astimezone(worker.zone).date() for each in (slot.since, slot.deadline))
    while day <= last:
        yield day
        day += A_DAY


def next_morning(now: datetime, deadline: datetime, worker: Worker) -> datetime | None:
    """Find when to look again after somebody who is away now; None where no working time is left."""
    return first_moment(now + NEXT_MORNING, deadline, hours_of(worker))
