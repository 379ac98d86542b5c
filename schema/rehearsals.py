"""A rehearsal of what is coming: every post, deadline, ask and reminder, with what is unusual about each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from schema.asks import Slot, hours_of, planned, slots
from schema.checkins import Turn, reminder_moment
from schema.people import Person, Worker, worker_of
from schema.products import Product
from schema.schedule_words import marks, offset
from schema.schedules import Occurrence, Schedule, standup_schedule


class What(StrEnum):
    """What happens."""

    ASK = "ask"
    REMIND = "remind"  # who has not answered
    AWAY = "away"  # so nobody is asked
    DEADLINE = "deadline"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happens, in the zone of whom it happens to."""

    at: datetime
    what: What
    product: str
    zone: ZoneInfo
    who: str = ""  # the person; of a post its channel
    marks: tuple[str, ...] = ()  # what is unusual, in plain words


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the people on rosters.

    members  by user group; of one that is not here, the group itself stands for its people
    zones    by person, of their Slack profiles
    left_out  product and beginning of the period of each standup that somebody left out
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[tuple[str, datetime]] = frozenset()

    def leaves_out(self, product: Product, at: datetime) -> bool:
        """Tell whether somebody left out the standup that would be posted at a moment."""
        return (product.key, product.calendar.last_complete(at).start) in self.left_out

    def workers(self, product: Product) -> tuple[Worker, ...]:
        """List whom a product's standup asks, each once."""
        roster = product.standup.roster if product.standup is not None else ()
        users = dict.fromkeys(user for each in roster for user in self.members.get(each, (each,)))
        return tuple(worker_of(user, product, self.people, slack_zone=self.zones.get(user)) for user in users)


def rehearsed(
    products: Iterable[Product], known: Known, *, after: datetime, until: datetime, per_minute: int
) -> tuple[Moment, ...]:
    """List what happens later than a moment and not later than another, soonest first.

    per_minute  how many messages the workspace takes in a minute
    """
    found = [moment for product in products for moment in _of(product, known, after=after, until=until)]
    found.sort(key=lambda each: (each.at, list(What).index(each.what), each.product, each.who))
    return tuple(_flagged([*_over_clocks(found)], per_minute))


def next_runs(product: Product, *, after: datetime, count: int) -> datetime:
    """Find when the last of a product's next few standups is posted; the moment itself where there is none."""
    schedule = standup_schedule(product)
    if schedule is None:
        return after
    coming = schedule.after(after)
    return [next(coming).at for _ in range(count)][-1]


def _of(product: Product, known: Known, *, after: datetime, until: datetime) -> Iterator[Moment]:
    schedule = standup_schedule(product)
    if schedule is None:
        return
    for found in schedule.until(after, until):
        post = _post(product, schedule, found)
        yield _with(post, "left out") if known.leaves_out(product, found.at) else post
    workers = known.workers(product)
    if not workers:
        return
    for slot in slots(product, after=after, until=until):
        if known.leaves_out(product, slot.post_at):
            continue
        if slot.deadline > after:
            yield Moment(at=slot.deadline, what=What.DEADLINE, product=product.key, zone=schedule.zone)
        for worker in workers:
            yield from (each for each in _turn(slot, worker) if each.at > after)


def _post(product: Product, schedule: Schedule, found: Occurrence) -> Moment:
    return Moment(
        at=found.at, what=What.POST, product=product.key, zone=schedule.zone, who=product.channel or "",
        marks=tuple(marks(found, schedule)) + (() if product.channel else ("it has no channel yet",)),
    )  # fmt: skip


def _turn(slot: Slot, worker: Worker) -> Iterator[Moment]:
    """Say when one person is asked and reminded, or why not."""
    turn = planned(slot, worker, now=slot.since, before=None)
    if turn.away or turn.ask_at is None:
        yield _away(slot, worker, turn)
        return
    yield Moment(at=turn.ask_at, what=What.ASK, product=slot.product, zone=worker.zone, who=worker.user)
    remind_at = reminder_moment(turn.ask_at, slot.deadline, hours_of(worker))
    if remind_at is not None:
        yield Moment(at=remind_at, what=What.REMIND, product=slot.product, zone=worker.zone, who=worker.user)


def _away(slot: Slot, worker: Worker, turn: Turn) -> Moment:
    why = turn.away or "no working day is left"
    return Moment(
        at=slot.deadline,
        what=What.AWAY,
        product=slot.product,
        zone=worker.zone,
        who=worker.user,
        marks=(why,),
    )


# --- what is unusual between them ---


def _over_clocks(found: Iterable[Moment]) -> Iterator[Moment]:
    """Mark the first of each series after a change of its clocks."""
    before: dict[tuple[str, str, str], str] = {}
    for each in found:
        if each.what in (What.REMIND, What.AWAY):
            yield each
            continue
        series, now = (each.what.value, each.product, each.who), offset(each.at, each.zone)
        was = before.setdefault(series, now)
        before[series] = now
        yield each if was == now else _with(each, f"the clocks changed from {was} to {now}")


def _flagged(found: Sequence[Moment], per_minute: int) -> Iterator[Moment]:
    """Mark what comes too close to something else."""
    every = [each for each in found if each.what is not What.AWAY]
    close = _Close(
        rooms=_together(every, What.POST, _minute),
        hours=_together(every, What.ASK, _hour),
        sent=Counter(_minute(each) for each in every if each.what is not What.DEADLINE),
        per_minute=per_minute,
    )
    for each in found:
        yield replace(each, marks=(*each.marks, *close.marks(each)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Close:
    """What happens together: the products by channel and minute, by person and hour, and messages by minute."""

    rooms: defaultdict[tuple[str, str], set[str]]
    hours: defaultdict[tuple[str, str], set[str]]
    sent: Mapping[str, int]
    per_minute: int

    def marks(self, each: Moment) -> Iterator[str]:
        if each.what is What.POST and (others := self.rooms[each.who, _minute(each)] - {each.product}):
            yield f"in the same minute as {_named(others)} in this channel"
        if each.what is What.ASK and (others := self.hours[each.who, _hour(each)] - {each.product}):
            yield f"asked in the same hour for {_named(others)}"
        count = self.sent.get(_minute(each), 0)
        if each.what in (What.POST, What.ASK, What.REMIND) and count > self.per_minute:
            yield f"{count} messages in this minute, and {self.per_minute} fit"


def _together(
    found: Iterable[Moment], what: What, when: Callable[[Moment], str]
) -> defaultdict[tuple[str, str], set[str]]:
    """Give the products of what happens to somebody, or in some channel, at one time."""
    kept: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in found:
        if each.what is what and each.who:
            kept[each.who, when(each)].add(each.product)
    return kept


def _minute(each: Moment) -> str:
    return f"{each.at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _hour(each: Moment) -> str:
    return f"{each.at.astimezone(each.zone):%Y-%m-%d %H}"


def _named(products: Iterable[str]) -> str:
    return " and ".join(sorted(products))


def _with(each: Moment, mark: str) -> Moment:
    return replace(each, marks=(*each.marks, mark))
