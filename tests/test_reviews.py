"""Reviews as they go by themselves: a launch's whole life, and what waits for whom."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.local_slack.faults import FaultKind
from handlers import outbox, pulls, reviews, rounds
from handlers.pages import closed_period
from integrations.store import cards, due
from integrations.store.engine import Store
from schema.launches import State
from schema.products import Role
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_lives import AUDIT, HOUR, a_life, document, weeks
from tests.launch_rooms import EVERYBODY, MIA, PIA, RON, SAM, person

SIGN = Intent.SIGN
DAY = timedelta(days=1)
GROUP = "S0SCIENCE01"
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture(name="life")
async def a_life_of_launches(store):
    async with a_life(store) as made:
        yield made


def on(month, day, hour=12):
    return datetime(2026, month, day, hour, tzinfo=UTC)


async def test_a_launch_lives_for_forty_days_through_the_deaths_of_its_processes(life):
    id_ = await life.open()  # on a Friday at noon
    await reminded_and_approved(life, id_)
    await life.use(id_)  # on Tuesday
    await watched(life, id_)
    await looked_back_on(life, id_)

    await life.until(on(12, 28), step=DAY)
    left = await life.room.store.read(lambda session: due.planned(session, life.room.workspace))
    assert left == ()
    assert life.told(MIA.user) == life.told(RON.user) == life.told(builders.ANA) == []
    assert (await life.kept(id_)).state is State.CLOSED
    keys = [m["metadata"]["event_payload"]["key"] for m in life.thread()]
    assert len(keys) == len(set(keys)) > 8
    notes = [m for m in life.thread(AUDIT) if m["text"].startswith("```")]
    assert len(notes) == len({m["text"] for m in notes}) > 4


async def reminded_and_approved(life, id_):
    await life.beat()
    assert await life.kinds(id_) == ["opened", "submitted", "checked"]
    assert life.told(PIA.user)[-1].endswith("is open for sign-off.")

    await life.die(0.05)
    await life.until(on(11, 23, 11), step=12 * HOUR)  # a weekend, and a morning
    assert [life.told(each.user) for each in (PIA, MIA, RON, SAM)] == [[], [], [], []]

    await life.until(on(11, 23, 12))  # a business day later, in Berlin
    [asked] = life.told(MIA.user)
    assert "waits for your signature on T-1, T-4 (as data science)" in asked
    await life.die(0.2)
    await life.until(on(11, 24, 0))  # nine o'clock in Tokyo
    [asked] = life.told(RON.user)
    assert "T-2 (as responsible AI)" in asked

    await life.until(on(11, 24, 12))
    said = [m["text"] for m in life.thread() if m["text"].startswith("Still waiting")]
    assert [each.partition(" Sign by")[0] for each in said] == [
        "Still waiting for data science (T-1, T-4) and responsible AI (T-2)."
    ]
    assert life.told(MIA.user) == life.told(builders.ANA) == []

    await life.said(id_, MIA, Role.ML, T_1=SIGN, T_4=SIGN)
    await life.die(0.02)
    await life.said(id_, RON, Role.RAI, T_2=SIGN)
    life.room.clock.turn(hours=2)
    await life.beat()
    assert (await life.kinds(id_))[-1] == "approved"
    assert life.told(PIA.user)[-1].endswith("is approved.")


async def watched(life, id_):
    weeks(life.folder, "2026-11-25")
    await life.die(0.1)
    await life.until(on(11, 29, 23), step=12 * HOUR)
    assert life.told(MIA.user) == life.told(RON.user) == life.told(builders.ANA) == []
    await life.until(on(11, 30, 6))  # the week is over, and it was a bad one
    [broken] = life.told(MIA.user)
    assert "What you signed for *T-4* does not hold any more." in broken
    assert (await life.kinds(id_))[-1] == "promise_broken"
    await life.die(0.1)


async def looked_back_on(life, id_):
    await life.until(on(12, 1, 13), step=8 * HOUR)
    assert "looked_back" not in await life.kinds(id_)
    await life.until(on(12, 1, 15))
    [table] = [m for m in life.thread() if m["text"].startswith("A week after it went out")]
    assert table["text"] == "A week after it went out, 0 of 1 promises hold."
    [[promised, real]] = table["blocks"][1]["rows"][1:]
    assert promised["text"].startswith("T-4: ")
    assert real["text"].startswith("Does not hold: ")

    await life.until(on(12, 7, 6), step=DAY)
    assert (await life.kinds(id_))[-1] == "promise_kept"
    await life.die(0.1)
    await life.until(on(12, 24, 15), step=DAY)  # thirty days
    assert (await life.kinds(id_))[-2:] == ["looked_back", "closed"]
    [table] = [m for m in life.thread() if m["text"].startswith("A month after it went out")]
    assert table["text"] == "A month after it went out, what was promised holds."


async def test_what_waits_for_somebody_is_what_they_could_still_sign(life):
    first = await life.open()
    second = await life.open(title="Ranker v4", by=MIA, people=(*EVERYBODY, person("LIN", Role.ML)))
    await life.beat()
    await life.said(first, MIA, Role.ML, T_1=SIGN)

    mine, asked, nobody = [
        await reviews.waiting(life.services, life.directory, life.snapshot, user=each.user)
        for each in (MIA, PIA, SAM)
    ]

    assert [(each.launch, each.waits_for) for each in mine.mine] == [(first, {Role.ML: 1})]
    assert [(each.launch, each.title, each.waits_for) for each in mine.others] == [
        (second, "Ranker v4", {Role.ML: 2, Role.RAI: 1})
    ]
    assert [each.launch for each in asked.others] == [first]
    assert asked.others[0].link.startswith("https://")
    assert (asked.mine, nobody.mine, nobody.others) == ((), (), ())


@only_sqlite
async def test_a_group_that_nobody_asked_about_is_learned_before_the_list_is_made(store):
    given = document()
    given["products"]["fraud-detection"]["roles"]["ml"] = [GROUP]
    async with a_life(store, given=given) as life:
        life.local.add_group("science", members=[MIA.user], id=GROUP)
        id_ = await life.open()
        await life.beat()
        life.room.clock.turn(minutes=20)  # nothing that was said is believed any more
        life.restart()

        found = await reviews.waiting(life.services, life.directory, life.snapshot, user=MIA.user)

    assert [each.launch for each in found.mine] == [id_]


@only_sqlite
async def test_a_group_that_slack_does_not_list_lets_nobody_wait(store):
    given = document()
    given["products"]["fraud-detection"]["roles"]["ml"] = [GROUP]
    async with a_life(store, given=given) as life:
        life.local.fail(FaultKind.SLOW, "usergroups.users.list", seconds=300)
        await life.open()

        found = await reviews.waiting(life.services, life.directory, life.snapshot, user=MIA.user)

    assert found.mine == ()


async def test_why_names_the_least_that_is_missing(life):
    id_ = await life.open()
    await life.beat()

    found = await reviews.why(life.services, life.snapshot, id_)

    assert [(call.role, call.items) for call in found.missing.signatures] == [
        (Role.ML, ("T-1", "T-4")),
        (Role.RAI, ("T-2",)),
    ]
    assert found.gate.open is False


@only_sqlite
async def test_a_dead_source_costs_only_what_rests_on_it(life):
    (life.folder / "fraud.db").unlink()
    id_ = await life.open()

    await life.beat()

    found = await reviews.why(life.services, life.snapshot, id_)
    assert (await life.kept(id_)).state is State.OPEN
    assert [finding.item for finding in found.missing.evidence] == ["T-4"]
    weeks(life.folder)  # it is back
    await life.until(life.room.clock.now + 2 * HOUR, step=HOUR)
    assert (await reviews.why(life.services, life.snapshot, id_)).missing.evidence == ()
    assert (await life.kinds(id_))[-1] == "evidence_changed"


@only_sqlite
async def test_a_launch_whose_source_hangs_is_checked_without_it(life):
    id_ = await life.open()
    await life.rounds.plan(life.snapshot)
    assert await life.rounds.tick_due(life.snapshot) == 0  # its sources are asked first

    life.room.clock.turn(seconds=45)
    await life.rounds.tick_due(life.snapshot)

    assert (await life.kept(id_)).state is State.OPEN


async def test_readings_that_anybody_pulls_are_seen_at_once(life):
    id_ = await life.open()
    await life.beat()
    weeks(life.folder, "2026-11-11")  # the newest closed week is restated
    product = life.room.product

    await pulls.pull(
        life.services, life.snapshot, product, period=closed_period(product, life.room.clock.now)
    )
    await life.rounds.tick_due(life.snapshot)

    assert (await life.kinds(id_))[-1] == "evidence_changed"


async def test_a_deadline_that_passed_while_nothing_ran_is_written_once_by_one_of_two(life, database):
    id_ = await life.open()
    await life.beat()
    life.room.clock.turn(days=20)
    other = Store(database)
    second = replace(life.rounds, services=life.room.another(other), holder="another")

    await asyncio.gather(
        *[each.tick_due(life.snapshot) for each in (life.rounds, second)],
        *[each.plan(life.snapshot) for each in (life.rounds, second)],
    )
    await other.close()
    await life.beat()

    assert (await life.kinds(id_)).count("expired") == 1
    assert life.told(PIA.user)[-1].endswith("has expired.")
    assert life.told(MIA.user) == life.told(builders.ANA) == []  # it ended: nobody has anything to do


@only_sqlite
async def test_after_a_start_a_card_that_shows_something_older_is_drawn_anew(life):
    id_ = await life.open()
    await life.beat()
    [card, *_] = life.local.messages(builders.CHANNEL)
    before = len(life.local.calls("chat.update"))
    life.restart()

    assert await rounds.redraw(life.services, life.snapshot) == 1
    await outbox.send_pending(life.sender)
    assert len(life.local.calls("chat.update")) == before  # it shows that already

    def older(session):
        held = cards.get(session, life.room.workspace, f"launch.{id_}")
        older = {**held.message, "text": "What another version drew"}
        cards.put(
            session, life.room.workspace, key=held.key, channel=held.channel, under=held.under, message=older
        )

    await life.room.store.write(older)
    life.restart()
    await rounds.redraw(life.services, life.snapshot)
    await outbox.send_pending(life.sender)
    drawn = await life.room.store.read(
        lambda session: cards.get(session, life.room.workspace, f"launch.{id_}")
    )
    assert drawn.message["text"].startswith("Ranker v3: ")
    assert card["ts"] == life.local.messages(builders.CHANNEL)[0]["ts"]


@only_sqlite
async def test_settings_that_changed_meanwhile_let_a_turn_wait_for_the_newest(life):
    id_ = await life.open()
    await life.rounds.plan(life.snapshot)
    await life.room.settings_changed()
    life.room.clock.turn(minutes=2)

    await life.rounds.tick_due(life.snapshot)
    assert await life.kinds(id_) == ["opened", "submitted"]
    life.room.snapshot = replace(life.room.snapshot, revision=life.room.snapshot.revision + 1)
    life.room.clock.turn(minutes=1)
    await life.rounds.tick_due(life.snapshot)

    assert (await life.kinds(id_))[-1] == "checked"
