"""What a workspace says of one product: people, words, queries, metrics, and when its standup is."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from schema.metrics import Unit
from schema.periods import Cadence, Calendar, Period
from schema.plain_values import (
    ChannelId,
    Currency,
    Day,
    Holder,
    Holidays,
    Number,
    OneLine,
    Sentence,
    UserId,
    WallTime,
    ZoneName,
)
from schema.problems import mistake, quoted
from schema.recurrences import RepeatingDay
from schema.requirements import Binding
from schema.sources import AnyQuery, Frozen
from schema.statistics.certainty import Interval

FIRST_PULL = 13  # periods; DESIGN.md 4, Pull
LONGEST_BACK = 520  # periods: ten years of weeks
ASK_AT = time(10)
DEADLINE = time(16)
LONGEST_PAUSE = 13  # weeks between two standups: a quarter
NOUNS: Mapping[
    str, str | None
] = {  # slot of one → slot of many; what they say by default: catalogue/nouns.yaml
    "case": "cases",
    "positive": "positives",
    "negative": "negatives",
    "flag": "flags",
    "answer": "answers",
    "conversation": "conversations",
    "person": "people",
    "item": "items",
    "request": "requests",
    "question": "questions",
    "search": "searches",
    "group": "groups",
    "selected": None,
}
LABELS = frozenset({"outcomes", "matured", "recourse", "judge", "coverage"})


class Role(StrEnum):
    """What a person answers for in a product."""

    PM = "pm"
    ML = "ml"
    ENG = "eng"
    SRE = "sre"
    UX = "ux"
    SEC = "sec"
    PRIV = "priv"
    LEG = "leg"
    RAI = "rai"  # responsible AI
    SUP = "sup"
    FIN = "fin"
    EXEC = "exec"


class Readers(StrEnum):
    """Who may read a product."""

    WORKSPACE = "workspace"
    ROLES = "roles"  # those who hold a role, and its two owners


def _noun(value: object) -> object:
    if isinstance(value, str):
        return {"one": value, "many": f"{value}s"}
    if isinstance(value, NounForms | Mapping):
        return value
    raise mistake(f"{quoted(value)} is no noun.", "Write one word, or `{one: person, many: people}`.")


class NounForms(Frozen):
    """A noun of the product, singular and plural."""

    one: OneLine
    many: OneLine


Noun: TypeAlias = Annotated[NounForms, BeforeValidator(_noun)]


class Previous(Frozen):
    """Against the period before."""

    key: Literal["previous"] = "previous"


class PeriodsAgo(Frozen):
    """Against the period that many earlier, such as the same week a year ago."""

    periods_ago: int = Field(ge=1, le=LONGEST_BACK)

    @property
    def key(self) -> str:
        """Name it for stored verdicts."""
        return f"periods_ago:{self.periods_ago}"


class Since(Frozen):
    """Against the last period that was complete before a milestone."""

    since: OneLine

    @property
    def key(self) -> str:
        """Name it for stored verdicts."""
        return f"since:{self.since}"


_COMPARISON = "Write `previous`, `{periods_ago: 4}` or `{since: NAME OF A MILESTONE}`."


def _comparison(value: object) -> object:
    if isinstance(value, Previous | PeriodsAgo | Since):
        return value
    if value == "previous":
        return Previous()
    if not isinstance(value, Mapping) or len(value) != 1:
        raise mistake(f"{quoted(value)} is no comparison.", _COMPARISON)
    [(name, given)] = value.items()
    if name == "since" and isinstance(given, str) and given.strip():
        return Since(since=given)
    if name == "periods_ago" and type(given) is int and 1 <= given <= LONGEST_BACK:
        return PeriodsAgo(periods_ago=given)
    raise mistake(f"{quoted(f'{name}: {given}')} is no comparison.", _COMPARISON)


Comparison: TypeAlias = Previous | PeriodsAgo | Since
_Comparison: TypeAlias = Annotated[Comparison, BeforeValidator(_comparison)]


class Target(Frozen):
    """Where a value is meant to be, in the metric's unit; ends belong to it."""

    at_least: Number | None = None
    at_most: Number | None = None
    between: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        stated = [self.at_least, self.at_most, self.between]
        if sum(end is not None for end in stated) != 1:
            raise mistake(
                "A target says exactly one thing.",
                "Write `at_least: …`, `at_most: …` or `between: [low, high]`.",
            )
        if self.between and self.between[0] >= self.between[1]:
            raise mistake("The target's low end is not below its high end.", "Write `between: [low, high]`.")
        return self

    @property
    def low(self) -> Decimal | None:
        """Give the lowest value that is on target; None without one."""
        return self.between[0] if self.between else self.at_least

    @property
    def high(self) -> Decimal | None:
        """Give the highest value that is on target; None without one."""
        return self.between[1] if self.between else self.at_most

    @property
    def ends(self) -> tuple[Decimal, ...]:
        """List the figures that the target names."""
        return tuple(end for end in (self.low, self.high) if end is not None)

    def crossed(self, value: Decimal | float | Interval) -> bool:
        """Tell whether a value, or a whole interval, lies off target; an interval that touches it does not."""
        low, high = (value.low, value.high) if isinstance(value, Interval) else (value, value)
        below = self.low is not None and Decimal(repr(high) if isinstance(high, float) else high) < self.low
        above = self.high is not None and Decimal(repr(low) if isinstance(low, float) else low) > self.high
        return below or above


class Goal(Frozen):
    """A value to be reached by the end of a day."""

    reach: Number  # in the metric's unit
    by: Day


class Concentration(Frozen):
    """How much of what a metric counts may lie in one group."""

    at_most: Annotated[Number, Field(gt=0, lt=1)]


class Limit(StrEnum):
    """Another operating point: more is flagged, or less."""

    LOOSER = "looser"
    TIGHTER = "tighter"


class ProductMetric(Frozen):
    """A metric as one product uses it."""

    query: str
    matters: Annotated[Number, Field(gt=0)] | None = None  # in the metric's unit; None takes the default
    target: Target | None = None
    compare: tuple[_Comparison, ...] = (Previous(),)
    window: int = Field(default=1, ge=1, le=52)  # periods joined for one value
    mix: str | None = None  # a query with the same metric a segment: is a change one of mix or of rates?
    mix_name: OneLine | None = None  # with `mix`: what a segment is, such as `device`
    also: tuple[str, ...] = ()  # queries that give the same metric from another place
    alternatives: Mapping[Limit, str] = {}  # queries of the outcomes that another limit would have had
    goal: Goal | None = None
    concentration: Concentration | None = None  # of the hits of a metric with groups


class Assumption(Frozen):
    """An input of a money figure; somebody answers for it until a day."""

    value: Number
    unit: Unit
    unit_name: OneLine | None = None  # with `own`
    owner: UserId | None = None
    until: Day | None = None  # last day it holds
    means: Sentence  # a noun phrase: `the average loss of a fraud case`

    def expired(self, today: date) -> bool:
        """Tell whether its last day has passed."""
        return self.until is not None and self.until < today


class Milestone(Frozen):
    """A dated change that people named."""

    name: OneLine
    on: Day


class StandupTime(Frozen):
    """When the standup is posted and people are asked for it."""

    on: RepeatingDay  # a monthly product's plain weekday is the first such day of the month
    at: WallTime
    zone: ZoneName | None = None  # of `at` and `deadline`; None: the product's
    every: int = Field(default=1, ge=1, le=LONGEST_PAUSE)  # weeks
    since: Day | None = Field(default=None, alias="from")  # none before; weeks are counted from its week
    paused: bool = False
    ask_at: WallTime = ASK_AT  # each person in their own zone
    deadline: WallTime = DEADLINE  # on the last business day before the post
    roster: tuple[Holder, ...] = ()  # who is asked; empty: nobody

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.every > 1 and self.since is None:
            raise mistake(
                "It is not said which weeks these are.", "Add `from: 2027-01-04`, a day in the first one."
            )
        if self.every > 1 and self.on.ordinal is not None:
            raise mistake(
                f"{quoted(self.on)} comes once a month.", "Leave `every` out, or write a plain weekday."
            )
        return self


class BriefOrder(Frozen):
    """Which metrics a brief shows, and in which order."""

    show: tuple[str, ...] = ()


class Product(Frozen):
    """An AI feature with its channel, people, words, queries and metrics."""

    key: str
    title: OneLine
    about: Sentence | None = None
    channel: ChannelId | None = None  # None: the command line only
    zone: ZoneName
    holidays: Holidays | None = None  # None: every Monday to Friday is a business day
    cadence: Cadence = Cadence.WEEK
    readers: Readers = Readers.WORKSPACE
    owner: UserId
    backup_owner: UserId
    roles: Mapping[Role, tuple[Holder, ...]] = {}
    currency: Currency
    nouns: Mapping[str, Noun] = {}
    labels: Mapping[str, Sentence] = {}
    milestones: tuple[Milestone, ...] = ()
    assumptions: Mapping[str, Assumption] = {}
    queries: Mapping[str, AnyQuery] = {}
    metrics: Mapping[str, ProductMetric] = {}
    standup: StandupTime | None = None
    brief: BriefOrder = BriefOrder()
    reviews: Mapping[str, Mapping[str, Binding]] = {}  # by item and requirement: what it measures otherwise

    @property
    def zoneinfo(self) -> ZoneInfo:
        """Give the product's time zone."""
        return ZoneInfo(self.zone)

    @property
    def standup_zone(self) -> ZoneInfo:
        """Give the zone of the standup's wall times; how weeks are cut does not follow it."""
        return ZoneInfo((self.standup.zone if self.standup is not None else None) or self.zone)

    @property
    def calendar(self) -> Calendar:
        """Give the cutting of time into this product's periods."""
        return Calendar(zone=self.zoneinfo, cadence=self.cadence)

    @property
    def shown(self) -> tuple[str, ...]:
        """List the product's metrics in the order that a brief shows them."""
        return self.brief.show or tuple(self.metrics)

    def words(self, defaults: Mapping[str, str]) -> dict[str, str]:
        """Fill the slots of the catalogue's nouns with the product's own words."""
        own: dict[str, str] = {}
        for noun, forms in self.nouns.items():
            own[noun] = forms.one
            many = NOUNS.get(noun)
            if many is not None:
                own[many] = forms.many
        return {**defaults, **own}

    def milestone(self, name: str) -> Milestone:
        """Find a milestone; raises KeyError."""
        return {milestone.name: milestone for milestone in self.milestones}[name]

    def holders(self, role: Role) -> tuple[str, ...]:
        """List the people and user groups that hold a role."""
        return self.roles.get(role, ())

    def before(self, milestone: Milestone) -> Period:
        """Find the last period that was complete when a milestone's day began."""
        start = datetime.combine(milestone.on, time.min, tzinfo=self.zoneinfo)
        return self.calendar.last_complete(start)

    def compared(self, comparison: Comparison, period: Period, window: int = 1) -> Period:
        """Find the period, the last of its window, that a period is compared with."""
        match comparison:
            case Previous():
                return self.calendar.shift(period, -window)
            case PeriodsAgo():
                return self.calendar.shift(period, -comparison.periods_ago)
            case Since():
                return self.before(self.milestone(comparison.since))

    def periods_until(self, goal: Goal, period: Period) -> int:
        """Count the periods from this one to the last that is complete on a goal's day; 0 and less: it is past."""
        after = datetime.combine(goal.by + timedelta(days=1), time.min, tzinfo=self.zoneinfo)
        return self.calendar.distance(period, self.calendar.last_complete(after))

    def history_periods(self, metric: str, period: Period, beside: Iterable[Comparison] = ()) -> int:
        """Count the periods, this one included, that a first pull of a metric needs.

        beside   comparisons that it has as somebody's countermetric
        """
        asked = self.metrics[metric]
        back = [
            self.calendar.distance(self.compared(comparison, period, asked.window), period)
            for comparison in (*asked.compare, *beside)
        ]
        return max(FIRST_PULL, *(count + asked.window for count in (0, *back)))
