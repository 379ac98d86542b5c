"""What people do about a launch of the story, step by step; who acts is named by Slack user."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from deploy.demo.weeks import COMPLETE, ZONE, Weeks
from schema.products import Role
from schema.risks import RiskQuestion

When: TypeAlias = Callable[[Weeks], datetime]  # the moment of a step
BASE = "https://docs.fernhall.example"  # no such site; it stands for the company's own pages
WEEKEND = 5  # as `date.weekday()` counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A record or a document as somebody types it."""

    item: str
    name: str  # of the requirement
    by: str
    value: str | None = None  # of a record; None: a document
    states: Mapping[str, str] = field(default_factory=dict)
    days: int = 1  # how long before it is given it was measured, or dated

    @property
    def link(self) -> str:
        return f"{BASE}/{self.item.lower()}/{self.name.replace('_', '-')}"

    @property
    def digest(self) -> str:
        """Give the sha256 of what a document says."""
        said = "\n".join([self.link, *(f"{name}: {text}" for name, text in self.states.items())])
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """People put evidence there, as `muster evidence put` does."""

    when: When
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Somebody opens the launch, or puts a new revision in its place."""

    when: When
    by: str
    parts: Mapping[str, str]  # of the manifest
    answers: frozenset[RiskQuestion]


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Somebody opens their items and answers: signs what waits for their role, objects to some, leaves the rest."""

    when: When
    by: str
    role: Role
    objections: Mapping[str, str] = field(default_factory=dict)  # item → reason
    leaves: frozenset[str] = frozenset()  # items that they do not answer
    also: frozenset[str] = frozenset()  # items that they sign though somebody objects


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """Somebody answers before a standup."""

    when: When
    by: str
    changed: str = ""
    learned: str = ""
    blocker: str = ""  # of the launch
    unblocker: str = ""
    decision: str = ""
    about: str = ""  # the decision's metric


Step: TypeAlias = Give | Submit | Say | CheckIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One launch of the story, its steps in the order of time."""

    product: str
    title: str
    goes_out_in: int  # business days after the story is told
    steps: tuple[Step, ...]


def before(week: int, days: int, wall: str) -> When:
    """Name the moment so many days before a week begins, at a wall time."""

    def moment(weeks: Weeks) -> datetime:
        return _at(weeks.first_day(week) - timedelta(days=days), wall)

    return moment


def ago(days: int, wall: str) -> When:
    """Name the moment so many business days before the telling, at a wall time."""

    def moment(weeks: Weeks) -> datetime:
        return _at(business_day(weeks, -days), wall)

    return moment


def lately(minutes: int) -> When:
    """Name the moment so many minutes before the telling, though not before this week began."""

    def moment(weeks: Weeks) -> datetime:
        return max(weeks.periods[COMPLETE].start, weeks.at - timedelta(minutes=minutes))

    return moment


def business_day(weeks: Weeks, days: int) -> date:
    """Give the business day so many after the telling, or before it."""
    day, left = weeks.at.astimezone(ZONE).date(), abs(days)
    while left:
        day += timedelta(days=1 if days > 0 else -1)
        left -= day.weekday() < WEEKEND
    return day


def _at(day: date, wall: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(wall), tzinfo=ZONE).astimezone(UTC)
