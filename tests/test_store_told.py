"""What deliveries told, and their record, on every database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from integrations.store import deliveries, told
from schema.corrections import Correction, Told
from schema.periods import Period
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = timedelta(days=7)
SAID = Told(
    metric="precision", words="of every 100 alerts, 70 were fraud cases", label="Clear loss", question="q.d",
    source="warehouse", fetched_at="2026-11-23T08:00:00+00:00", cases=1000,
)  # fmt: skip
NOW = replace(SAID, words="of every 100 alerts, 60 were fraud cases", cases=None, open=True)


def period(ago=0):
    return Period(start=MONDAY - ago * WEEK, end=MONDAY + WEEK - ago * WEEK)


def made(session, *, ago=0, product="fraud", channel="C1"):
    delivery, _ = deliveries.create_or_get(
        session, "main", kind="standup", product=product, period=period(ago), channel=channel, due_at=MONDAY
    )
    return delivery.id


async def test_what_was_told_is_kept_and_read_back(store):
    def act(session):
        id = made(session)
        told.keep(session, "main", id, [SAID, replace(SAID, metric="recall")])
        told.keep(session, "main", made(session, ago=1), [])
        return told.of(session, "main", id)

    first, second = await store.write(act)

    assert (first.posted, first.told, first.corrections) == (SAID, SAID, 0)
    assert second.told.metric == "recall"


async def test_a_correction_counts_once_for_whoever_came_first(store):
    correction = Correction(metric="precision", old=SAID, new=NOW)

    def act(session):
        id = made(session)
        told.keep(session, "main", id, [SAID])
        won = [told.correct(session, "main", id, correction, times=0, at=MONDAY) for _ in range(2)]
        return (
            won,
            told.of(session, "main", id),
            told.corrected(session, "main", product="fraud", period=period()),
        )

    won, [kept], listed = await store.write(act)

    assert won == [True, False]
    assert (kept.posted, kept.told, kept.corrections) == (SAID, NOW, 1)
    assert listed == (kept,)


async def test_only_corrected_figures_of_the_product_and_period_are_listed(store):
    correction = Correction(metric="precision", old=SAID, new=NOW)

    def act(session):
        for ago, product, metric in (
            (0, "fraud", "recall"),
            (1, "fraud", "precision"),
            (0, "jobs", "precision"),
        ):
            id = made(session, ago=ago, product=product)
            told.keep(session, "main", id, [replace(SAID, metric=metric)])
            if metric == "precision":
                told.correct(session, "main", id, correction, times=0, at=MONDAY)
        return [
            len(told.corrected(session, "main", product="fraud", period=period(ago))) for ago in (0, 1, 2)
        ]

    assert await store.write(act) == [0, 1, 0]


async def test_a_record_leaves_out_this_period_and_later_ones_and_keeps_thirteen(store):
    def act(session):
        for ago in range(-2, 20):
            made(session, ago=ago)
        deliveries.looked_for_doubles(session, "main", made(session, ago=1), doubled=2)
        return deliveries.record(session, "main", product="fraud", before=period().start)

    found = await store.write(act)

    assert [each.period for each in found] == [period(ago) for ago in range(1, 14)]
    assert [each.doubled for each in found[:2]] == [2, None]
