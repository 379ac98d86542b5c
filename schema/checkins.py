"""Check-ins: what people answer before a standup, when each is asked, and where each of them stands."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from schema.wall_times import instant
from schema.working_hours import CLOSES, OPENS

A_DAY: Final = timedelta(days=1)
NOTICE: Final = timedelta(hours=24)  # at least so long before the deadline people are asked
WINDOW_SHARE: Final = Fraction(4, 5)  # of the time to answer has passed when who is missing is reminded
LONGEST_LOOK_BACK: Final = 14  # days without a working day among them: that person is away

Days: TypeAlias = Callable[[date], bool]  # whether somebody works on a day, or a product's people do


# --- what people say ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """What keeps somebody from going on; it stays open until its author says that it is solved."""

    id: str
    text: str  # as it was typed
    by: str  # Slack user
    since: str  # key of the first period in which it was named
    raised_at: datetime
    unblocker: str | None = None  # Slack user who can solve it; None: nobody was named
    metric: str | None = None  # key of what it holds up, where that is a metric
    launch: str | None = None  # id of what it holds up, where that is a launch
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRef:
    """Which stored reading a number came from; it never changes, whatever is restated later."""

    metric: str
    period: str  # key
    source: str
    query_digest: str
    definition: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decides, or needs decided."""

    text: str
    by: str
    period: str  # key of the standup's period
    metric: str | None = None
    based_on: ReadingRef | None = None  # the newest reading then, where there was one


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of one check-in, as they were typed."""

    changed: str = ""  # in model, data or prompts
    learned: str = ""  # from the numbers
    blockers: tuple[Blocker, ...] = ()  # this person's open ones, older ones too
    decisions: tuple[Decision, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether nothing is said."""
        return not (self.changed or self.learned or self.blockers or self.decisions)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """One person's answers for one standup."""

    product: str
    period: str  # key of the period that the standup is about
    person: str  # Slack user
    answers: Answers
    given_at: datetime
    edited_at: datetime | None = None
    late: bool = False  # given or changed after the deadline


# --- where people stand ---


class State(StrEnum):
    """Where a member of a roster stands in one standup."""

    UNASKED = "unasked"  # their time to be asked has not come
    ASKED = "asked"
    ANSWERED = "answered"
    LATE = "late"
    AWAY = "away"
    SKIPPED = "skipped"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One person's turn in one standup: all that is stored of it."""

    product: str
    period: str
    person: str
    deadline: datetime
    post_at: datetime
    zone: str
    ask_at: datetime | None = None  # None: no working day is left to ask on
    asked_at: datetime | None = None
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    away: str = ""  # why, in words that follow "away": `on holiday`
    barred: str = ""  # why they are not asked at all
    left: bool = False  # they are not on the roster any more
    skipped_at: datetime | None = None
    checkin: CheckIn | None = None

    @property
    def counts(self) -> bool:
        """Tell whether the person belongs to the roster of this standup, or answered for it."""
        return self.checkin is not None or self.asks

    @property
    def asks(self) -> bool:
        """Tell whether the person is one of those who are asked, now and later."""
        return not (self.left or self.barred)

    @property
    def expects(self) -> bool:
        """Tell whether an answer is still wanted."""
        return self.counts and self.checkin is None and self.skipped_at is None and not self.away

    def state(self, now: datetime) -> State:
        """Say where the person stands at a moment."""
        if self.checkin is not None:
            return State.LATE if self.checkin.late else State.ANSWERED
        if self.skipped_at is not None:
            return State.SKIPPED
        if self.away:
            return State.AWAY
        if self.asked_at is None:
            return State.UNASKED
        return State.MISSING if now >= self.deadline else State.ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One line of who was asked."""

    person: str
    state: State
    why: str = ""  # of who is away


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that a standup takes from its people.

    blockers   open ones of the product, oldest first, whoever named them and in whichever week
    decisions  of the standup before this one
    stamp      changes whenever anything here does; "" where nobody is asked
    """

    members: tuple[Member, ...] = ()
    checkins: tuple[CheckIn, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    decisions: tuple[Decision, ...] = ()
    stamp: str = ""


NOBODY_ASKED: Final = Gathered()


def members(turns: Iterable[Turn], now: datetime) -> tuple[Member, ...]:
    """Say where everybody on a roster stands."""
    return tuple(
        Member(person=each.person, state=each.state(now), why=each.away) for each in turns if each.counts
    )


# --- when people are asked ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When somebody can be asked: their zone, their working days, and at which wall time they are asked."""

    zone: ZoneInfo
    works: Days
    ask_at: time = field(default=time(10))


def deadline_before(post_at: datetime, *, at: time, zone: ZoneInfo, is_business_day: Days) -> datetime:
    """Find until when answers come in time: a wall time on the last business day before the post; aware UTC.

    raises   ValueError where a product has no business day within a year
    """
    day = post_at.astimezone(zone).date()
    for _ in range(366):
        day -= A_DAY
        if is_business_day(day):
            return instant(day, at, zone)
    message = "there is no business day in the year before this post"
    raise ValueError(message)


def ask_moment(deadline: datetime, hours: Hours) -> datetime | None:
    """Find when somebody is asked: on the latest of their working days that leaves a day to answer; aware UTC.

    None where they work on none of the days before.
    """
    latest = deadline - NOTICE
    day = latest.astimezone(hours.zone).date()
    for _ in range(LONGEST_LOOK_BACK + 1):
        if hours.works(day) and (found := instant(day, hours.ask_at, hours.zone)) <= latest:
            return found
        day -= A_DAY
    return None


def reminder_moment(asked_at: datetime, deadline: datetime, hours: Hours) -> datetime | None:
    """Find when who has not answered is reminded, in their own working hours; None where no such time is left."""
    from_ = asked_at + (deadline - asked_at) * WINDOW_SHARE.numerator / WINDOW_SHARE.denominator
    return next((each for each in _at_work(from_, hours) if each < deadline), None)


def first_moment(now: datetime, deadline: datetime, hours: Hours) -> datetime | None:
    """Find when somebody whose time to be asked has passed is asked after all; None where none is left."""
    return next((each for each in _at_work(now, hours) if each < deadline), None)


def _at_work(moment: datetime, hours: Hours) -> Iterator[datetime]:
    """Give the first moment of this day or a later one on which somebody is at work; nothing within two weeks."""
    here = moment.astimezone(hours.zone)
    for days in range(LONGEST_LOOK_BACK + 1):
        day = here.date() + timedelta(days=days)
        opens, closes = (instant(day, each, hours.zone) for each in (OPENS, CLOSES))
        if hours.works(day) and moment < closes:
            yield max(moment, opens)
            return
