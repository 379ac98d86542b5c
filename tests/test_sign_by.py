"""Until when people sign: a launch that goes out before its deadline says so, and asks before that day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers import drawing
from integrations.store import cards
from schema.launches import State
from schema.products import Role
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_lives import a_life
from tests.launch_rooms import MEASURED, SAM, Room
from tests.launch_stage import Stage

SIGN = Intent.SIGN
WORDS = "27 November 2026, when it is to go out; it expires <!date^"


def at(day, hour, month=11):
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due_on", "wanted_on"), [("2026-11-27", date(2026, 11, 27)), ("2026-11-30", None), ("2026-12-07", None), (None, None)]
)  # fmt: skip
def test_the_day_counts_where_it_comes_before_the_deadline(due_on, wanted_on):
    launch = Stage().launch  # of Monday, so its deadline is on the Monday after
    assert launch.revision.deadline.date() == date(2026, 11, 30)

    assert replace(launch, due_on=due_on).wanted_on == wanted_on


async def test_a_launch_that_reopens_asks_for_signatures_before_the_day_on_which_it_goes_out(store):
    room = Room(store, specs=(MEASURED,))
    launch = await room.opened(goes_out_on=date(2026, 11, 27), deadline=at(26, 12))
    await room.drilled("4")
    await room.said(launch, SAM, Role.SRE, T_3=SIGN)
    assert (await room.gate(launch)).state is State.APPROVED
    await room.drilled("9")
    await drawing.catch_up(room.services, room.snapshot)

    assert (await room.gate(launch)).state is State.OPEN
    card = await room.store.read(lambda session: cards.get(session, room.workspace, drawing.card_key(launch)))
    assert f"sign by {WORDS}" in str(card.message)


async def test_owners_hear_of_it_before_that_day_and_are_told_both(store):
    async with a_life(store) as life:
        await life.open(goes_out_on=date(2026, 11, 26))
        await life.beat()
        await life.until(at(25, 18), step=timedelta(hours=6))
        [words] = life.told(builders.ANA)

    assert "Sign by 26 November 2026, when it is to go out; it expires <!date^" in words
