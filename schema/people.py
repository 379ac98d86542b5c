"""What a workspace knows of a person's time: where they are, when they work, and when they are away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from schema.deadlines import is_business_day
from schema.plain_values import Day, Holidays, WallTime, ZoneName, zones
from schema.problems import mistake
from schema.products import ASK_AT, Product
from schema.public_holidays import name_of
from schema.recurrences import Weekday
from schema.sources import Frozen

AWAY_EMOJI: Final = (
    ":palm_tree:", ":desert_island:", ":beach_with_umbrella:", ":face_with_thermometer:", ":mask:",
)  # fmt: skip


class Away(StrEnum):
    """Why somebody is away."""

    ABSENCE = "absence"
    HOLIDAY = "holiday"
    STATUS = "status"  # an emoji of their Slack status that means so


class Absence(Frozen):
    """Days on which somebody is not there; both belong to it."""

    since: Day = Field(alias="from")
    until: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            raise mistake(
                "The absence ends before it begins.", "Write `{from: 2026-12-21, until: 2027-01-03}`."
            )
        return self

    def holds(self, day: date) -> bool:
        """Tell whether somebody is away on a day."""
        return self.since <= day <= self.until


class Person(Frozen):
    """A person in muster.yaml; what is absent comes from Slack and from the product."""

    zone: ZoneName | None = None
    holidays: Holidays | None = None
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] | None = None
    away: tuple[Absence, ...] = ()
    ask_at: WallTime | None = None  # in their own zone


NOBODY: Final = Person()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A person as one product's standup meets them."""

    user: str
    zone: ZoneInfo
    holidays: str  # whose public holidays they have; "" for none
    days: frozenset[int] | None  # as `date.weekday()` counts; None: the business days of their country
    away: tuple[Absence, ...]
    ask_at: time

    def works_on(self, day: date) -> bool:
        """Tell whether a day is one of their working days: no holiday of theirs, and they are not absent."""
        if is_away(self, day) is not None:
            return False
        return is_business_day(day, self.holidays) if self.days is None else day.weekday() in self.days


def is_away(worker: Worker, day: date) -> Away | None:
    """Say why somebody is away on a day, as far as that is planned; None when nothing says so."""
    if any(absence.holds(day) for absence in worker.away):
        return Away.ABSENCE
    return Away.HOLIDAY if name_of(day, worker.holidays) is not None else None


def worker_of(
    user: str, product: Product, people: Mapping[str, Person], *, slack_zone: str | None = None
) -> Worker:
    """Put together what is known of a person.

    slack_zone  of their Slack profile; their line in muster.yaml goes before it, the product's zone comes last
    """
    said = people.get(user, NOBODY)
    profile = slack_zone if slack_zone in zones() else None
    return Worker(
        user=user,
        zone=ZoneInfo(said.zone or profile or product.zone),
        holidays=said.holidays or product.holidays or "",
        days=None if said.days is None else frozenset(day.number for day in said.days),
        away=said.away,
        ask_at=said.ask_at or (product.standup.ask_at if product.standup else ASK_AT),
    )
