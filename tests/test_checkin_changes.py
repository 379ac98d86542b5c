"""What changes between the question and the post: the schedule, the roster, somebody's zone, the channel."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handlers import checkins, outbox, schedules, standups
from handlers.asks import Asking
from handlers.checkin_answers import Place, Said
from handlers.schedules import Wish
from schema.recurrences import day_of
from tests import builders
from tests.checkin_rooms import DEADLINE, FRIDAY, MONDAY, PERIOD, PRODUCT, THURSDAY, a_room

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
HOUR = timedelta(hours=1)


@pytest.fixture
async def room(tmp_path):
    async with a_room(tmp_path) as opened:
        yield opened


async def changed(room, moment=None, *, standup=None, **product):
    """Ask people by other settings, from a moment on."""
    services = room.talk.desk.services
    held = await services.snapshot(builders.WORKSPACE)
    before = held.product(PRODUCT)
    time = before.standup.model_copy(update=standup or {})
    after = before.model_copy(update={"standup": time, **product})
    asking = Asking(services=services, directory=room.talk.desk.directory, holder="test")
    if moment is not None:
        room.clock.move(moment)
    configuration = replace(held.configuration, products={PRODUCT: after})
    snapshot = replace(held, configuration=configuration, revision=held.revision + 1)
    for _ in range(2):
        await asking.plan(snapshot)
        await asking.do_due(snapshot)
        room.talk.sender.memory.coalesced.clear()
        await outbox.send_pending(room.talk.sender)
    return snapshot


async def test_a_deadline_that_a_change_puts_into_the_past_is_told_and_nobody_is_reminded(room):
    lea = room.talk.lea
    wednesday = {"on": day_of("wednesday"), "since": date(2026, 11, 23)}
    await changed(room, standup=wednesday)  # about the same week; answers by Tuesday
    tuesday = DEADLINE + timedelta(days=4)
    await changed(room, THURSDAY + timedelta(days=4), standup=wednesday)
    promised = await room.turn(lea)
    await changed(room, MONDAY + 8 * HOUR, standup={"on": day_of("tuesday")})
    turn, [told] = await room.turn(lea), room.words(lea)
    await changed(room, tuesday - HOUR, standup={"on": day_of("tuesday")})

    assert (promised.deadline, promised.asked_at is not None) == (tuesday, True)
    assert (turn.deadline, turn.post_at.day) == (MONDAY.replace(hour=16, minute=0, second=0), 24)
    assert "the standup was moved, so the time for your check-in ended" in told
    assert len(room.heard(lea)) == 1


async def test_a_deadline_that_moves_just_before_it_ends_holds_for_everybody(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.at(DEADLINE - timedelta(minutes=30))
    later = (DEADLINE + 2 * HOUR).time()
    await changed(room, DEADLINE - timedelta(minutes=20), standup={"deadline": later})

    assert (await room.turn(lea)).deadline == DEADLINE + 2 * HOUR


async def test_who_answered_before_being_asked_is_told_the_new_deadline_too(room):
    lea = room.talk.lea
    await room.talk.types(lea, "checkin")
    await room.sends(lea, learned="Much.")
    before = room.words(lea)
    await changed(room, standup={"deadline": (DEADLINE - 2 * HOUR).time()})

    assert "You can change it until" in before[0]
    assert [each != was for each, was in zip(room.words(lea), before, strict=True)] == [True]


async def test_who_comes_back_to_the_roster_is_reminded_like_everybody(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await changed(room, THURSDAY + HOUR, standup={"roster": (builders.PIA,)})
    left = room.words(lea)
    await changed(room, THURSDAY + 3 * HOUR, standup={"roster": (builders.PIA, builders.LEA)})
    back = room.words(lea)
    await changed(room, FRIDAY + timedelta(minutes=5), standup={"roster": (builders.PIA, builders.LEA)})

    assert "nobody waits for your check-in any more" in left[0]
    assert "your check-in for the standup, please" in back[0]
    assert ["still missing" in each for each in room.words(lea)] == [False, True]


async def test_a_paused_standup_takes_its_question_back_and_a_resumed_one_asks_again(room):
    lea = room.talk.lea
    await room.at(THURSDAY)
    await changed(room, THURSDAY + HOUR, standup={"paused": True})
    paused, waits = room.words(lea), (await room.turn(lea)).expects
    await changed(room, THURSDAY + 2 * HOUR)
    resumed = room.words(lea)
    await changed(room, FRIDAY + timedelta(minutes=5))

    assert ("nobody waits for your check-in" in paused[0], waits) == (True, False)
    assert "your check-in for the standup, please" in resumed[0]
    assert len(room.heard(lea)) == 2  # reminded, once


async def test_nobody_is_asked_for_a_standup_that_is_left_out_or_posted_already(room):
    services, lea, pia = room.talk.desk.services, room.talk.lea, room.talk.pia
    snapshot = await services.snapshot(builders.WORKSPACE)
    product = snapshot.product(PRODUCT)
    await room.at(THURSDAY)
    plan = await schedules.plan_of(services, snapshot, product)
    wish = Wish(by=builders.ANA, key="skip")
    await schedules.skip(
        services, snapshot, product, wish, at=plan.runs[0].occurrence.at, why="A day of training."
    )
    await room.at()  # no time passes
    skipped = [room.words(each)[0] for each in (lea, pia)]
    await schedules.take_back(services, snapshot, product, replace(wish, key="back"))
    await room.at()
    back = room.words(lea)[0]
    await room.at(FRIDAY + timedelta(minutes=5))

    assert all("nobody waits for your check-in any more" in each for each in skipped)
    assert "your check-in for the standup, please" in back
    assert len(room.heard(lea)) == 2


async def test_a_standup_that_is_posted_before_its_time_takes_its_question_back_at_once(room):
    services, lea = room.talk.desk.services, room.talk.lea
    late = {"on": day_of("friday"), "since": date(2026, 11, 23)}
    await changed(room, MONDAY + 49 * HOUR, standup=late)
    asked = room.words(lea)
    snapshot = await services.snapshot(builders.WORKSPACE)
    product = snapshot.product(PRODUCT)
    await standups.prepare(services, snapshot, product, await standups.post_now(services, snapshot, product))
    room.talk.sender.memory.coalesced.clear()
    await outbox.send_pending(room.talk.sender)

    assert "your check-in for the standup, please" in asked[0]
    assert "nobody waits for your check-in any more" in room.words(lea)[0]


async def test_a_standup_that_is_posted_before_its_time_asks_nobody(room):
    services, lea = room.talk.desk.services, room.talk.lea
    late = {"on": day_of("friday"), "since": date(2026, 11, 23)}
    await changed(room, MONDAY, standup=late)  # of the week before; people are asked on Wednesday
    snapshot = await services.snapshot(builders.WORKSPACE)
    await standups.post_now(services, snapshot, snapshot.product(PRODUCT))
    await room.talk.sends()
    for hours in (24, 47, 49, 52):
        await changed(room, MONDAY + hours * HOUR, standup=late)

    assert room.heard(lea) == []


async def test_who_travels_is_asked_at_ten_where_they_are(room):
    slack, lea = room.talk.slack, room.talk.lea
    slack.state.users[lea.id] = replace(slack.state.users[lea.id], tz="America/New_York")  # its event is lost
    await room.at(THURSDAY)
    early = len(room.heard(lea))
    await room.at(THURSDAY + 5 * HOUR)

    assert (early, len(room.heard(lea))) == (0, 1)


async def test_late_answers_follow_the_digest_to_where_it_stands(room):
    slack, lea, fraud, lunch = room.talk.slack, room.talk.lea, room.talk.fraud, room.talk.lunch
    await room.at(THURSDAY)
    parent = await room.posts(MONDAY)
    before = len(slack.thread(fraud, parent["ts"]))
    moved = await changed(room, channel=lunch.id)
    place = Place(snapshot=moved, product=moved.product(PRODUCT), period=PERIOD, person=lea.id)
    await checkins.answer(room.talk.desk.services, place, Said(learned="Late."), key="k1")
    await changed(room, channel=lunch.id)

    assert len(slack.thread(fraud, parent["ts"])) == before + 1
    assert "it goes into its thread" in room.words(lea)[0]


async def test_late_answers_of_a_product_for_its_roles_stay_out_of_a_public_channel(tmp_path):
    async with a_room(tmp_path, readers="roles") as room:
        slack, lea, fraud = room.talk.slack, room.talk.lea, room.talk.fraud
        await room.at(THURSDAY)
        parent = await room.posts(MONDAY)
        before = len(slack.thread(fraud, parent["ts"]))
        await room.presses(lea, "checkin_open", room.heard(lea)[0])
        await room.sends(lea, learned="Late.")

        assert len(slack.thread(fraud, parent["ts"])) == before
        assert "everybody can read its channel" in room.words(lea)[-1]
