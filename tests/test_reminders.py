"""Reminders: nobody twice, nobody without reason, nobody outside of their working hours."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local_slack.faults import FaultKind
from handlers import delegations, launches, reminders, reviews
from handlers.delegations import Handing
from handlers.items import Answer
from handlers.launches import Breaking
from integrations.store import people
from integrations.store.engine import Store
from schema.launches import State
from schema.products import Role
from schema.reminders import FEW, Round, Situation, Told, Waited, due, few
from schema.votes import Intent
from schema.working_hours import business_day_before, working
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_lives import FRIDAY, HOUR, a_life, document
from tests.launch_rooms import EVA, EVERYBODY, MIA, PIA, RON, SAM, a_key, person

only_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
SIGN = Intent.SIGN
BERLIN, TOKYO, LOS_ANGELES = "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles"
GROUP = "S0SCIENCE01"


def at(month, day, hour=12, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# --- working hours ---


@pytest.mark.parametrize(
    ("moment", "zone", "country", "works"),
    [
        (at(11, 20, 12), "UTC", "", at(11, 20, 12)),
        (at(11, 20, 8, 59), "UTC", "", at(11, 20, 9)),
        (at(11, 20, 17), "UTC", "", at(11, 23, 9)),  # closed on Friday evening
        (at(11, 21, 12), "UTC", "", at(11, 23, 9)),
        (at(11, 20, 12), TOKYO, "", at(11, 23, 0)),
        (at(11, 20, 12), LOS_ANGELES, "", at(11, 20, 17)),
        (at(12, 25, 12), "UTC", "", at(12, 25, 12)),
        (at(12, 25, 12), BERLIN, "DE", at(12, 28, 8)),  # Christmas and a weekend
        (at(10, 24, 12), BERLIN, "", at(10, 26, 8)),  # the clocks change on the Sunday
    ],
)
def test_people_work_from_nine_to_five_on_business_days_where_they_are(moment, zone, country, works):
    assert working(moment, zone, country) == works


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: at(1, 1, 0) + timedelta(minutes=minutes)),
    st.sampled_from(["UTC", BERLIN, TOKYO, LOS_ANGELES, "Asia/Kathmandu", "Pacific/Apia"]),
    st.sampled_from(["", "DE", "US"]),
)
def test_a_working_moment_is_the_next_one_and_stays_where_it_is(moment, zone, country):
    found = working(moment, zone, country)
    here = found.astimezone(ZoneInfo(zone))

    assert moment <= found <= moment + timedelta(days=8)
    assert here.weekday() < 5
    assert 9 <= here.hour < 17
    assert working(found, zone, country) == found


def test_the_business_day_before_a_monday_is_a_friday():
    assert business_day_before(at(11, 23), "UTC") == at(11, 20)
    assert business_day_before(at(12, 28), BERLIN, "DE") == at(12, 24)


# --- who is due ---

ASKED = Round(since=FRIDAY, deadline=at(11, 27), zone="UTC")
MIAS = Waited(pid="mia", items={Role.ML: ("T-1",)})
RONS = Waited(pid="ron", items={Role.RAI: ("T-2",)})


def said(now, *waited, told=Told(), asked=ASKED, **zones):
    found = due(Situation(round=asked, waited=waited, told=told, zones=zones), now)
    return [each.pid for each in found.people], found.thread, found.owners, found.next_at


def test_people_are_told_first_then_the_thread_then_the_owners():
    everything = (MIAS, RONS)
    assert said(FRIDAY, *everything) == ([], False, False, at(11, 23))
    assert said(at(11, 23), *everything) == (["mia", "ron"], False, False, at(11, 24))
    people = Told(people=frozenset({"mia", "ron"}))
    assert said(at(11, 23, 13), *everything, told=people) == ([], False, False, at(11, 24))
    assert said(at(11, 24), *everything, told=people) == ([], True, False, at(11, 26))
    thread = Told(people=people.people, thread=True)
    assert said(at(11, 26), *everything, told=thread) == ([], False, True, None)
    assert said(at(11, 26, 13), *everything, told=Told(people=people.people, thread=True, owners=True)) == (
        [], False, False, None,
    )  # fmt: skip


def test_each_is_told_where_they_are_and_not_at_night():
    assert said(at(11, 23), MIAS, RONS, mia=BERLIN, ron=TOKYO) == (["mia"], False, False, at(11, 24, 0))
    saturday = Round(since=at(11, 21), deadline=at(11, 30), zone="UTC")
    assert said(at(11, 23), MIAS, asked=saturday)[0] == []  # seen on Monday
    assert said(at(11, 24), MIAS, asked=saturday)[0] == ["mia"]
    assert said(at(11, 22), MIAS, RONS, mia=BERLIN, ron=TOKYO)[0] == []


def test_who_said_something_meanwhile_has_a_day_from_then_on():
    busy = Waited(pid="mia", items=MIAS.items, acted_at=at(11, 23, 11))
    assert said(at(11, 23), busy)[0] == []
    assert said(at(11, 24, 11), busy)[0] == ["mia"]


def test_nobody_is_told_when_nobody_has_anything_to_do_or_the_deadline_has_passed():
    assert said(at(11, 26)) == ([], False, False, None)
    assert said(at(11, 27), MIAS) == ([], False, False, None)
    assert said(at(11, 21), MIAS, asked=Round(since=FRIDAY, deadline=at(11, 22), zone="UTC")) == (
        [], False, False, None,  # it ends on a Sunday
    )  # fmt: skip


def test_a_deadline_that_leaves_no_day_still_leaves_time_before_each_step():
    short = Round(since=at(11, 23, 9), deadline=at(11, 23, 17), zone="UTC")
    assert said(at(11, 23, 9), MIAS, asked=short) == ([], False, False, at(11, 23, 13))
    assert said(at(11, 23, 13), MIAS, asked=short) == (["mia"], False, True, at(11, 23, 15))


def test_after_a_week_without_a_process_everything_is_said_once_and_in_working_hours():
    late = at(11, 26, 3)
    assert said(late, MIAS) == ([], False, False, at(11, 26, 9))
    assert said(at(11, 26, 12), MIAS)[:3] == (["mia"], True, True)


@given(st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=9))
def test_of_many_a_few_are_told_always_the_same_at_one_launch(pids):
    found = few("launch-1", pids)

    assert len(found) == min(FEW, len(pids))
    assert set(found) <= set(pids)
    assert found == few("launch-1", reversed(pids))


def test_other_ones_are_told_at_the_next_launch():
    pids = [f"p{n}" for n in range(30)]
    assert len({few(f"launch-{n}", pids) for n in range(20)}) > 10


NO = Waited(pid="mia", objections=("T-4",), asked_at=at(11, 23, 0), acted_at=at(11, 20, 13))


def test_who_objected_is_told_a_day_after_it_changed_beside_what_they_could_sign():
    assert said(at(11, 23), MIAS, NO)[:1] == (["mia"],)
    assert MIAS.key != NO.key
    told = Told(people=frozenset({MIAS.key}))
    assert said(at(11, 23, 12), MIAS, NO, told=told)[0] == []
    assert said(at(11, 24, 9), MIAS, NO, told=told)[0] == ["mia"]


def test_who_has_spoken_is_told_anew_of_what_changed_afterwards_and_once():
    first = replace(NO, acted_at=at(11, 23, 13), asked_at=at(11, 23, 14))
    later = replace(first, asked_at=at(11, 24, 14))
    assert len({NO.key, first.key}) == 2
    assert first.key == later.key  # they have not spoken since
    assert replace(MIAS, acted_at=at(11, 20, 13)).key == MIAS.key  # nothing has changed since


# --- in Slack ---


@pytest.fixture(name="life")
async def a_life_of_launches(store):
    async with a_life(store) as made:
        yield made


async def test_owners_hear_of_a_launch_a_business_day_before_it_expires(life):
    await life.open()
    await life.beat()
    await life.until(at(11, 26, 11), step=12 * HOUR)
    assert life.told(builders.ANA) == []

    await life.until(at(11, 26, 12))
    first, second = life.told(builders.ANA), life.told(builders.BEN)
    await life.until(at(11, 30), step=12 * HOUR)

    [words] = first
    assert "still waits for data science (T-1, T-4) and responsible AI (T-2)." in words
    assert {word.rstrip(".") for word in words.split() if word.startswith("<@")} == {
        f"<@{MIA.user}>", f"<@{RON.user}>",
    }  # fmt: skip
    assert second == first
    assert life.told(builders.ANA) == []


@only_sqlite
async def test_who_has_signed_is_left_alone_and_nobody_when_the_launch_moves(life):
    id_ = await life.open()
    await life.beat()
    await life.said(id_, MIA, Role.ML, T_1=SIGN, T_4=SIGN)
    await life.until(at(11, 23, 13), step=12 * HOUR)

    assert life.told(MIA.user) == life.told(EVA.user) == []


@only_sqlite
async def test_who_objected_is_asked_whether_that_still_holds_until_they_speak(life):
    id_ = await life.open()
    await life.beat()
    no = Answer(intent=Intent.OBJECT, reason="Half of the week is missing.")
    await life.said(id_, MIA, Role.ML, T_1=SIGN, T_4=no)
    await life.said(id_, RON, Role.RAI, T_2=SIGN)
    await life.until(at(11, 22, 20), step=12 * HOUR)
    assert life.told(MIA.user) == []  # nothing has changed: it is for others to answer her

    await life.until(at(11, 24, 7), step=6 * HOUR)  # on Monday the figures of another week came in
    assert life.told(MIA.user) == []
    mine = await reviews.waiting(life.services, life.directory, life.snapshot, user=MIA.user)
    await life.until(at(11, 24, 15), step=3 * HOUR)
    [asked] = life.told(MIA.user)
    lines = [m["text"] for m in life.thread()]
    await life.until(at(11, 26, 15), step=6 * HOUR)
    [owner] = life.told(builders.ANA)

    assert ": does your objection to T-4 still hold? What it is about has changed since" in asked
    assert "waits for your signature" not in asked
    assert [(each.waits_for, each.objections) for each in mine.mine] == [({}, 1)]
    [changed] = [words for words in lines if words.startswith("The evidence changed.")]
    assert changed.endswith("• Mia: *T-4* Does it find enough? Does your objection still hold?")
    [still] = [words for words in lines if words.startswith("Still waiting")]
    assert "for Mia (T-4) to say whether their objection still holds." in still
    assert "still waits for Mia (T-4) to say whether their objection still holds." in owner
    assert life.told(MIA.user) == []  # once

    await life.said(id_, MIA, Role.ML, T_4=SIGN)
    mine = await reviews.waiting(life.services, life.directory, life.snapshot, user=MIA.user)
    assert (mine.mine, (await life.kept(id_)).state) == ((), State.APPROVED)


@only_sqlite
async def test_for_who_is_away_the_colleague_who_signs_for_them_is_told(life):
    await life.open()
    await life.beat()
    away = Handing(to=SAM, roles=frozenset({Role.ML}), starts_at=life.room.clock.now, ends_at=at(11, 30))
    await delegations.delegate(life.services, life.snapshot, life.room.product, away, by=MIA, key=a_key())

    await life.until(at(11, 23, 16), step=12 * HOUR)
    early = life.told(SAM.user)  # eight in the morning in Los Angeles
    await life.until(at(11, 23, 17))
    listed = await reviews.waiting(life.services, life.directory, life.snapshot, user=SAM.user)

    [words] = life.told(SAM.user)
    assert "waits for your signature on T-1, T-4 (as data science)" in words
    assert early == life.told(MIA.user) == []
    assert [each.waits_for for each in listed.mine] == [{Role.ML: 2}]


@only_sqlite
async def test_a_withdrawn_launch_reminds_nobody(life):
    id_ = await life.open()
    await life.beat()
    await launches.withdraw(life.services, life.snapshot, id_, by=PIA, key=a_key())

    await life.until(at(11, 27), step=12 * HOUR)

    assert life.told(MIA.user) == life.told(RON.user) == life.told(builders.ANA) == []


@only_sqlite
async def test_of_a_role_that_many_hold_three_are_told(store):
    crowd = [person(f"N{n}", Role.ML) for n in range(9)]
    told = document()
    told["products"]["fraud-detection"]["roles"]["ml"] = [each.user for each in crowd]
    async with a_life(store, given=told) as life:
        for each in crowd:
            life.local.add_user(each.name.lower(), id=each.user)
        others = [each for each in EVERYBODY if each is not MIA]
        await life.open(people=(*others, *crowd))
        await life.beat()

        await life.until(at(11, 23, 13), step=12 * HOUR)

    assert sum(bool(life.told(each.user)) for each in crowd) == FEW


@only_sqlite
async def test_while_slack_does_not_say_who_is_in_a_group_nobody_is_told_and_then_all_are(store):
    given = document()
    given["products"]["fraud-detection"]["roles"]["ml"] = [GROUP]
    async with a_life(store, given=given) as life:
        life.local.add_group("science", members=[MIA.user], id=GROUP)
        await life.open()
        await life.beat()
        await life.until(at(11, 23, 11), step=12 * HOUR)
        life.restart()
        life.local.fail(FaultKind.STATUS_BEFORE, "usergroups.users.list", probability=1)
        await life.until(at(11, 23, 13))
        before = life.told(MIA.user)

        life.local.state.faults.clear()
        await life.until(at(11, 23, 16), step=HOUR)

        assert before == []
        assert len(life.told(MIA.user)) == 1


@only_sqlite
async def test_a_launch_that_opens_again_asks_its_people_again(life):
    id_ = await life.open()
    await life.beat()
    await life.until(at(11, 23, 13), step=12 * HOUR)
    await life.said(id_, MIA, Role.ML, T_1=SIGN, T_4=SIGN)
    await life.said(id_, RON, Role.RAI, T_2=SIGN)
    assert len(life.told(RON.user)) == 0  # evening in Tokyo
    await life.until(at(11, 24, 6), step=6 * HOUR)
    assert (await life.kept(id_)).state is State.APPROVED

    await life.said(id_, RON, Role.RAI, T_2=Intent.TAKE_BACK)
    await life.until(at(11, 25, 11), step=6 * HOUR)

    [words] = life.told(RON.user)
    assert "T-2 (as responsible AI)" in words
    assert len(life.told(MIA.user)) == 1  # on Monday, and never again


@only_sqlite
async def test_owners_hear_that_an_emergency_has_to_be_reviewed_and_that_it_is_late(life):
    id_ = await life.open()
    await life.beat()
    glass = Breaking(reason="Payments are down", incident="INC-2041", hours=2)
    await launches.break_glass(life.services, life.snapshot, id_, glass, by=EVA, key=a_key())
    await life.until(at(11, 20, 13), step=HOUR)
    assert life.told(builders.ANA) == []

    await life.until(at(11, 20, 15), step=HOUR)
    [ended] = life.told(builders.ANA)
    await life.until(at(11, 24, 13), step=6 * HOUR)
    assert life.told(builders.ANA) == []
    await life.until(at(11, 24, 15), step=HOUR)
    [late] = life.told(builders.ANA)
    await life.until(at(11, 30), step=12 * HOUR)

    assert "has to be reviewed by two other people" in ended
    assert "was to be reviewed by two other people" in late
    assert life.told(builders.ANA) == []


async def test_two_processes_remind_once(life, database):
    await life.open()
    await life.beat()
    await life.until(at(11, 23, 11), step=12 * HOUR)
    life.room.clock.turn(hours=2)
    other = Store(database)
    services = life.room.another(other)

    await asyncio.gather(
        *[
            reminders.remind_due(each, life.directory, life.snapshot, holder=f"process {number}")
            for number, each in enumerate((life.services, services))
        ]
    )
    await other.close()
    await life.beat()

    assert len(life.told(MIA.user)) == 1


async def test_who_came_to_a_role_and_who_left_it_stands_in_the_ledger(store):
    given = document()
    given["products"]["fraud-detection"]["roles"]["ml"] = [GROUP]
    async with a_life(store, given=given) as life:
        group = life.local.add_group("science", members=[MIA.user], id=GROUP)
        await life.open()
        await life.beat()
        first = {each.payload["role"]: each.payload for each in await life.audits()}

        life.local.state.groups[GROUP] = replace(group, members=(RON.user, SAM.user))
        await life.until(life.room.clock.now + HOUR)
        added = (await life.audits())[len(first) :]
        pids = await store.read(
            lambda session: people.pids_of(session, "main", [MIA.user, RON.user, SAM.user])
        )
        await life.until(life.room.clock.now + 3 * HOUR, step=HOUR)

    assert {"pm", "ml", "rai", "sre", "exec", "leg"} == set(first)
    assert first["ml"]["joined"] == [pids[MIA.user]]
    assert [each.payload for each in added] == [
        {
            "what": "membership", "product": "fraud-detection", "role": "ml", "left": [pids[MIA.user]],
            "joined": sorted([pids[RON.user], pids[SAM.user]]),
        }
    ]  # fmt: skip
    assert len(await life.audits()) == len(first) + 1
