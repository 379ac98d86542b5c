"""Subjects of statements for tests: any form, verdict and direction, from counts and plain figures."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from bot.files import catalogue, nouns
from schema import facts, texts
from schema.estimates.estimating import estimate
from schema.facts import Fact, Kind
from schema.metrics import Catalogue
from schema.readings import WHOLE, Confusion, Measurement, Proportion
from schema.statements.subjects import Language, Moment, Shown, Subject
from schema.verdicts import Level, Verdict, judge

WINDOW = Fact(of="period", function="window", kind=Kind.TIME, value=None, shown="16 to 22 November 2026")
WEEK_BEFORE = texts.plain("the week before")
MOMENT = Moment(window=WINDOW, when=WEEK_BEFORE, then=WEEK_BEFORE, source="warehouse")
RELEASE = Moment(
    window=WINDOW, when=texts.fill("before {name}", {"name": facts.name("release 2.3")}),
    then=texts.fill("the last week before {name}", {"name": facts.name("release 2.3")}), source="warehouse",
)  # fmt: skip
LABELS = {"recourse": "a request for review, answered within a day", "judge": "the checking model, version 4"}


@lru_cache(maxsize=1)
def metrics() -> Catalogue:
    """Give the catalogue."""
    return catalogue()


@lru_cache(maxsize=1)
def language() -> Language:
    """Give the catalogue's own nouns with a few labels."""
    return Language(nouns=nouns(), labels=LABELS)


def level(metric: str, measured: Measurement | Mapping[str, Measurement]) -> Level:
    """Estimate a level; a mapping is measured a group."""
    measurements = measured if isinstance(measured, Mapping) else {WHOLE: measured}
    result = estimate(metrics()[metric], measurements, ASSUMED)
    whole = measurements.get(WHOLE)
    return Level(estimate=result, measurement=whole, definition="d", question="q")


ASSUMED = {
    "average_loss": Decimal(120), "fee": Decimal(15), "prevented_share": Decimal("0.95"), "review_cost": Decimal(4),
    "friction_cost": Decimal(18), "ticket_cost": Decimal("6.50"), "minutes_per_review": Decimal(6),
}  # fmt: skip


def subject(
    metric: str, now: Level, before: Level | None, *, matters: str | None = None, history: tuple[Decimal | None, ...] = (),
    verdict: Verdict | None = None, moment: Moment = MOMENT, **more,
) -> Subject:  # fmt: skip
    """Judge two levels and gather what a statement may lean on."""
    judged = verdict or judge(
        metrics()[metric], now, before, matters=None if matters is None else Decimal(matters), history=history
    )
    return Subject(
        metric=metrics()[metric], now=now.estimate, before=before.estimate if before else None, verdict=judged,
        language=language(), moment=moment, shown=stand_ins(metric, now, before), **more,
    )  # fmt: skip


def stand_ins(metric: str, now: Level, before: Level | None) -> tuple[Shown, ...]:
    """Give the metrics that plain readers read instead."""
    keys = metrics()[metric].shown_as
    if not keys or not isinstance(now.measurement, Confusion) or before is None or before.measurement is None:
        return ()
    return tuple(
        Shown(
            metric=metrics()[key], now=level(key, now.measurement).estimate,
            before=level(key, before.measurement).estimate,
        )
        for key in keys
    )  # fmt: skip


def share(hits: int, of: int) -> Proportion:
    """Measure so many of so many."""
    return Proportion(numerator=hits, denominator=of)
