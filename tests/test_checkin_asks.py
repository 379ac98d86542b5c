"""Who is asked before a standup, and who is not: rosters, absences, people who change, and two processes at once."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from handlers import checkins, late_answers
from handlers import outbox as outbox_sending
from handlers.asks import Asking
from handlers.checkin_answers import Place, Said
from integrations.store import checkins as stored
from integrations.store import due, outbox
from integrations.store.engine import Store
from tests import builders
from tests.checkin_rooms import DEADLINE, FRIDAY, LEO, PERIOD, PRODUCT, THURSDAY, WEDNESDAY, a_room
from tests.conversations import words
from tests.databases import a_database, an_engine  # noqa: F401 - fixtures

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
GROUP, GONE, BOT = "S0TEAM00001", "U0GONE0001", "U0BOT000001"


async def people(room):
    return await room.talk.desk.services.snapshot(builders.WORKSPACE)


async def test_a_group_is_asked_and_whom_slack_calls_no_full_member_is_not(tmp_path):
    async with a_room(tmp_path, roster=(builders.LEA, GROUP, LEO, GONE, BOT), planned=False) as room:
        slack, pia, lea, ana = room.talk.slack, room.talk.pia, room.talk.lea, room.talk.ana
        slack.add_user("leo", id=LEO, guest=True)
        slack.add_user("gone", id=GONE, deleted=True)
        slack.add_user("robot", id=BOT, bot=True)
        slack.add_group("team", id=GROUP, members=[pia, lea])
        await room.at(WEDNESDAY)
        await room.at(THURSDAY)
        await room.at(THURSDAY + timedelta(hours=2))
        [told] = room.words(ana)
        [refused] = await room.talk.types(ana, "checkin")

        assert [len(room.heard(each)) for each in (lea, pia, LEO, GONE, BOT)] == [1, 1, 0, 0, 0]
        assert "On the roster of Fraud detection I cannot ask everybody." in told
        assert (
            f"<@{BOT}>: it is a bot. <@{GONE}>: the account is deactivated. <@{LEO}>: they are a guest."
            in told
        )
        assert "Take them out of `standup.roster` in muster.yaml" in told
        assert "You are on no roster" in words(refused)


async def test_a_guest_of_a_group_answers_nothing_before_anybody_has_planned(tmp_path):
    async with a_room(tmp_path, roster=(GROUP,), planned=False) as room:
        slack, pia = room.talk.slack, room.talk.pia
        leo = slack.add_user("leo", id=LEO, guest=True)
        slack.add_group("team", id=GROUP, members=[pia, leo])
        await slack.join(leo, room.talk.fraud)
        await room.talk.desk.directory.learn([LEO, GROUP])
        [refused] = await room.talk.types(leo, "checkin")
        opened = await room.talk.types(pia, "checkin")

        assert "You are on no roster" in words(refused)
        assert (opened, "What changed" in room.seen(pia)) == ([], True)


async def test_who_leaves_in_the_middle_of_the_week_is_not_reminded_and_the_owner_is_told(tmp_path):
    async with a_room(tmp_path, roster=(builders.LEA, GROUP), planned=False) as room:
        slack, lea, pia = room.talk.slack, room.talk.lea, room.talk.pia
        group = slack.add_group("team", id=GROUP, members=[pia])
        await room.at(WEDNESDAY)
        await room.at(THURSDAY)
        asked = [len(room.heard(each)) for each in (lea, pia)]
        await slack.change_user(lea, deleted=True)
        await slack.change_group(group, members=[])
        await slack.settled()
        await room.at(FRIDAY - timedelta(hours=1))
        await room.at(FRIDAY + timedelta(minutes=5))

        assert asked == [1, 1]
        assert [len(room.heard(each)) for each in (lea, pia)] == [1, 1]
        assert "the account is deactivated" in room.words(room.talk.ana)[0]
        assert not any(turn.counts for turn in [await room.turn(lea), await room.turn(pia)])


async def test_absences_and_holidays_are_kept_and_each_is_asked_in_their_own_zone(tmp_path):
    named = {
        builders.LEA: {"away": [{"from": "2026-11-16", "until": "2026-11-22"}]},
        builders.PIA: {"away": [{"from": "2026-11-19", "until": "2026-11-20"}]},
        builders.BEN: {"zone": "Asia/Tokyo", "ask_at": "09:00"},
    }
    async with a_room(tmp_path, roster=(*named, builders.ANA), people=named) as room:
        turns = {user: await room.turn(user) for user in (*named, builders.ANA)}

        assert (turns[builders.LEA].ask_at, turns[builders.LEA].away) == (None, "planned absence")
        assert turns[builders.PIA].away == "planned absence"
        assert "your check-in for the standup, please" in room.words(builders.PIA)[0]  # while they are there
        assert turns[builders.BEN].ask_at == THURSDAY.replace(hour=0, second=0)
        assert turns[builders.ANA].ask_at == THURSDAY.replace(second=0)
        await room.at(THURSDAY)
        await room.at(FRIDAY + timedelta(minutes=5))
        assert [len(room.heard(each)) for each in turns] == [0, 1, 1, 2]  # Ben's working day is over


async def test_a_status_that_means_away_is_respected_until_it_ends(tmp_path):
    async with a_room(tmp_path) as room:
        slack, lea = room.talk.slack, room.talk.lea
        await slack.change_user(lea, status_emoji=":palm_tree:")
        await slack.settled()
        await room.at(THURSDAY)
        away = await room.turn(lea)
        await slack.change_user(lea, status_emoji="")
        await slack.settled()
        await room.at(THURSDAY + timedelta(hours=3))
        back = await room.turn(lea)

        assert (away.away, away.asked_at) == ("their Slack status", None)
        assert back.away == ""
        assert len(room.heard(lea)) == 1


async def test_nobody_is_asked_twice_by_two_processes_or_by_one_that_starts_again(tmp_path):
    async with a_room(tmp_path, roster=(builders.LEA, builders.PIA, builders.BEN)) as room:
        services, directory = room.talk.desk.services, room.talk.desk.directory
        snapshot = await people(room)
        others = [Asking(services=services, directory=directory, holder=f"p{n}") for n in range(4)]
        room.clock.move(THURSDAY)
        for _ in range(2):
            await asyncio.gather(*[each.plan(snapshot) for each in others])
            await asyncio.gather(*[each.do_due(snapshot) for each in others])
        await room.at()

        assert [len(room.heard(each)) for each in (builders.LEA, builders.PIA, builders.BEN)] == [1, 1, 1]


async def test_two_processes_on_one_database_ask_each_person_once(tmp_path, database):
    async with a_room(tmp_path, planned=False) as room:
        snapshot, stores = await people(room), [Store(database) for _ in range(2)]
        await builders.a_workspace_in(stores[0])
        both = [
            Asking(
                services=replace(room.talk.desk.services, store=store),
                directory=room.talk.desk.directory,
                holder=f"p{n}",
            )
            for n, store in enumerate(stores)
        ]
        for moment in (WEDNESDAY, THURSDAY, FRIDAY + timedelta(minutes=5)):
            room.clock.move(moment)
            await asyncio.gather(*[each.plan(snapshot) for each in both])
            for _ in range(3):
                await asyncio.gather(*[each.do_due(snapshot) for each in both])
        kept = await stores[0].read(lambda session: outbox.kept(session, builders.WORKSPACE))
        for store in stores:
            await store.close()

        asked = sorted(effect.payload["key"] for effect in kept)
        assert [key.removeprefix(f"checkin.{PRODUCT}.{PERIOD}.") for key in dict.fromkeys(asked)] == [
            builders.LEA, f"{builders.LEA}.reminder", builders.PIA, f"{builders.PIA}.reminder",
        ]  # fmt: skip


async def test_an_ask_that_was_missed_at_night_comes_in_the_morning(tmp_path):
    async with a_room(tmp_path) as room:
        await room.at(THURSDAY + timedelta(hours=12))  # nothing ran before 22:00
        night = len(room.heard(room.talk.lea))
        await room.at(FRIDAY.replace(hour=9, minute=1))

        assert (night, len(room.heard(room.talk.lea))) == (0, 1)


async def test_nobody_is_asked_after_the_deadline_or_for_a_schedule_that_is_gone(tmp_path):
    async with a_room(tmp_path) as room:
        services = room.talk.desk.services
        held = await people(room)
        product = held.product(PRODUCT)
        paused = product.model_copy(update={"standup": product.standup.model_copy(update={"paused": True})})
        changed = replace(held.configuration, products={PRODUCT: paused})
        asking = Asking(services=services, directory=room.talk.desk.directory, holder="test")
        await asking.plan(replace(held, configuration=changed, revision=9))
        left = await services.store.read(lambda session: due.planned(session, held.workspace))
        await room.at(DEADLINE + timedelta(minutes=1))

        assert [each.kind for each in left if each.kind.startswith("checkin")] == []
        assert room.heard(room.talk.lea) == []


async def test_a_changed_schedule_moves_the_deadline_that_people_were_told(tmp_path):
    async with a_room(tmp_path) as room:
        services, lea = room.talk.desk.services, room.talk.lea
        await room.at(THURSDAY)
        held, before = await people(room), room.words(lea)[0]
        product = held.product(PRODUCT)
        standup = product.standup.model_copy(update={"deadline": time(12)})
        changed = replace(
            held.configuration, products={PRODUCT: product.model_copy(update={"standup": standup})}
        )
        asking = Asking(services=services, directory=room.talk.desk.directory, holder="test")
        now_ = replace(held, configuration=changed, revision=9)
        await asking.plan(now_)
        await asking.do_due(now_)
        await outbox_sending.send_pending(room.talk.sender)
        await room.talk.desk.tasks.idle()
        turn = await room.turn(lea)

        assert turn.deadline == DEADLINE - timedelta(hours=4)
        assert [room.words(lea)[0] == before, len(room.heard(lea))] == [False, 1]


async def test_answers_that_come_while_the_digest_is_composed_follow_it(tmp_path):
    async with a_room(tmp_path) as room:
        services, snapshot = room.talk.desk.services, await people(room)
        product = snapshot.product(PRODUCT)
        place = Place(snapshot=snapshot, product=product, period=PERIOD, person=builders.LEA)
        await checkins.answer(services, place, Said(learned="Just now."), key="k1")

        def freeze(session, composed):
            now, key = services.now(), f"{PRODUCT}.{PERIOD}.{builders.LEA}"
            late_answers.left_out(
                session, snapshot.workspace, product, period=PERIOD, composed=composed, now=now
            )
            return [each.key for each in due.planned(session, snapshot.workspace, kind="checkin_thread")] == [
                key
            ]

        given = (await room.turn(builders.LEA)).checkin
        assert not await services.store.write(lambda session: freeze(session, [given]))
        assert await services.store.write(lambda session: freeze(session, []))


async def test_one_person_presses_twice_in_two_processes_and_it_counts_once(tmp_path, database):
    async with a_room(tmp_path) as room:
        snapshot, first = await people(room), Store(database)
        second = Store(database)
        await builders.a_workspace_in(first)
        both = [replace(room.talk.desk.services, store=store) for store in (first, second)]
        place = Place(
            snapshot=snapshot, product=snapshot.product(PRODUCT), period=PERIOD, person=builders.LEA
        )
        room.clock.move(WEDNESDAY)
        await asyncio.gather(
            *[checkins.answer(each, place, Said(learned="Once."), key="same") for each in both]
        )
        turn = await first.read(place.turn)
        revision = await first.read(lambda session: session.execute(select(stored.C.revision)).scalar_one())
        await first.close()
        await second.close()

        assert turn.checkin.answers.learned == "Once."
        assert revision == 2  # made, and answered
