"""Blockers from week to week: solved by who named them or by who is still there, and never lost on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations.store import checkins
from schema.checkins import Answers, Blocker, CheckIn
from tests import builders
from tests.checkin_rooms import MONDAY, PERIOD, PRODUCT, THURSDAY, a_room
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
A_WEEK = timedelta(days=7)
NEXT = "2026-W48"


@pytest.fixture
async def room(tmp_path):
    async with a_room(tmp_path) as opened:
        yield opened


async def one_named(room, **said):
    """Let Lea name a blocker on Thursday; gives it."""
    lea = room.talk.lea
    await room.at(THURSDAY)
    await room.presses(lea, "checkin_open")
    await room.sends(lea, **{"blocker__new": "No labels"} | said)
    return (await room.answers(lea)).blockers[0]


async def a_week_later(room, **said):
    lea = room.talk.lea
    await room.at(THURSDAY + A_WEEK)
    await room.presses(lea, "checkin_open")
    await room.sends(lea, **said)


async def open_in(room, period):
    store = room.talk.desk.services.store
    return [
        each.text
        for each in await store.read(
            lambda session: checkins.open_blockers(
                session, builders.WORKSPACE, product=PRODUCT, period=period
            )
        )
    ]


async def test_last_weeks_answers_keep_a_blocker_that_was_solved_since(room):
    blocker = await one_named(room, changed="Prompts.")
    await room.at(MONDAY)
    await a_week_later(room, **{f"still__{blocker.id}": "solved"}, learned="Labels came.")
    lea = room.talk.lea
    await room.presses(lea, "checkin_open", room.heard(lea)[0])
    await room.sends(lea, changed="Prompts and data.")

    assert [await open_in(room, each) for each in (PERIOD, NEXT)] == [["No labels"], []]


async def test_that_a_blocker_is_solved_is_an_answer_and_can_be_taken_back(room):
    blocker = await one_named(room)
    await a_week_later(room, **{f"still__{blocker.id}": "solved"})
    solved, lea = await open_in(room, NEXT), room.talk.lea
    await room.presses(lea, "checkin_open")
    shown = next(each for each in room.view(lea).content["blocks"] if each["block_id"].startswith("still."))
    await room.sends(lea, **{f"still__{blocker.id}": "open"})

    assert (solved, shown["element"]["initial_option"]["value"]) == ([], "solved")
    assert await open_in(room, NEXT) == ["No labels"]


async def test_a_new_blocker_with_the_old_words_of_another_does_not_replace_it(room):
    blocker = await one_named(room)
    lea = room.talk.lea
    await room.presses(lea, "checkin_open")
    await room.sends(lea, **{f"blocker__{blocker.id}": "No labels in French", "blocker__new": "No labels"})

    assert sorted(await open_in(room, PERIOD)) == ["No labels", "No labels in French"]


async def test_who_is_still_asked_says_that_a_blocker_of_somebody_who_left_is_solved(tmp_path):
    group = "S0TEAM00001"
    async with a_room(tmp_path, roster=(builders.PIA, group), planned=False) as room:
        slack, pia = room.talk.slack, room.talk.pia
        team = slack.add_group("team", id=group, members=[room.talk.lea])
        await room.at()
        blocker = await one_named(room)
        await slack.change_group(team, members=[])
        await slack.settled()
        await room.at(THURSDAY + A_WEEK)
        await room.presses(pia, "checkin_open")
        asked = room.seen(pia)
        await room.sends(pia, **{f"still__{blocker.id}": "solved"}, learned="Labels came.")

        assert "Of somebody who is not asked any more: No labels" in asked
        assert [await open_in(room, each) for each in (PERIOD, NEXT)] == [["No labels"], []]


def test_what_is_open_stays_open_when_a_product_goes_from_weeks_to_months(store):
    at = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
    named = Blocker(id="b1", text="No labels", by="U1", since="2026-W47", raised_at=at)
    given = CheckIn(
        product="p", period="2026-W47", person="U1", answers=Answers(blockers=(named,)), given_at=at
    )

    def open_(period):
        return store.write_sync(
            lambda session: checkins.open_blockers(session, "w", product="p", period=period)
        )

    store.write_sync(lambda session: checkins.keep(session, "w", given))
    before = open_("2026-11")
    solved = replace(given, period="2026-W48", answers=Answers())
    store.write_sync(lambda session: checkins.keep(session, "w", solved))

    assert ([each.id for each in before], open_("2026-12")) == (["b1"], [])
