"""One whole week: asked on Thursday, reminded on Friday, late on Monday, posted, corrected on Tuesday, told of a week later."""

import sqlite3
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.asks import Asking
from handlers.pages import closed_period
from handlers.pulls import pull
from tests import builders
from tests.checkin_rooms import FRIDAY, MONDAY, THURSDAY, WEDNESDAY, Clock, Room
from tests.conversations import a_talk, words
from tests.databases import an_engine  # noqa: F401 - fixture

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")

TUESDAY = MONDAY + timedelta(days=1)
EARLY = MONDAY - timedelta(minutes=40)  # before the digest is prepared


@asynccontextmanager
async def a_week(folder, engine):
    """Open a product with two people on its roster, on the Wednesday before."""
    standup = {"on": "monday", "at": "09:30", "roster": [builders.LEA, builders.PIA]}
    document = builders.document(fraud_detection={"standup": standup})
    document["people"] = {}
    clock = Clock()
    async with a_talk(folder, document=document, beside={"now": clock}, engine=engine) as talk:
        talk.sender = replace(talk.sender, now=clock)
        asking = Asking(services=talk.desk.services, directory=talk.desk.directory, holder="test")
        room = Room(talk=talk, clock=clock, asking=asking)
        await room.at(WEDNESDAY)
        services = talk.desk.services
        snapshot = await services.snapshot(builders.WORKSPACE)
        product = snapshot.product("fraud-detection")
        await pull(services, snapshot, product, period=closed_period(product, clock()))
        yield room


def restate(folder):
    """Let the warehouse count otherwise what it had counted for the week."""
    with sqlite3.connect(folder / "fraud.db") as database:
        newest = "(SELECT max(day) FROM outcomes)"
        database.execute(f"UPDATE outcomes SET tp = 600, fp = 400 WHERE day = {newest}")
    database.close()


def next_week(folder):
    """Let the warehouse have one week more."""
    with sqlite3.connect(folder / "fraud.db") as database:
        database.execute("INSERT INTO outcomes VALUES ('2026-11-25', 850, 150, 100, 9000)")
    database.close()


def thread(room, parent):
    return "\n".join(words(each) for each in room.talk.slack.thread(room.talk.fraud, parent["ts"])[1:])


async def test_a_whole_week(tmp_path, engine):
    async with a_week(tmp_path, engine) as room:
        lea, pia, talk = room.talk.lea, room.talk.pia, room.talk
        assert room.words(lea) == []

        await room.at(THURSDAY)
        assert "your check-in for the standup, please, by" in room.words(lea)[0]
        await room.presses(lea, "checkin_open")
        await room.sends(
            lea, changed="Version 5 is live.", blocker__new="No labels from the bank",
            unblocker__new=builders.BEN, decision__new="We loosen the limit", decision_metric__new="precision",
        )  # fmt: skip

        await room.at(FRIDAY + timedelta(minutes=1))
        assert "your check-in is still missing" in room.words(pia)[-1]
        assert len(room.words(lea)) == 1

        await room.at(EARLY)
        await room.presses(pia, "checkin_open", room.heard(pia)[0])
        await room.sends(pia, learned="Alerts are wrong more often.")

        parent = await room.posts(MONDAY)
        posted, below = words(parent), thread(room, parent)
        assert "1 clear loss" in posted
        assert "*Blocked*  for 4 days: “No labels from the bank”" in posted
        assert f"<@{builders.BEN}>: solve what blocks Lea." in posted
        assert "2 on the roster. Answered: Lea. Answered late: Pia." in below
        assert "> Version 5 is live." in below
        assert "*Pia* (late)\nWhat the numbers taught:\n> Alerts are wrong more often." in below
        assert "Correction" not in below

        restate(tmp_path)
        room.clock.move(TUESDAY)
        await talk.sends()
        await talk.sends()
        corrected = [
            each for each in talk.slack.thread(talk.fraud, parent["ts"]) if "Correction" in words(each)
        ]
        assert len(corrected) == 1
        assert "It is: of every 100 alerts, 60 were fraud cases" in words(corrected[0])

        next_week(tmp_path)
        await room.posts(MONDAY + timedelta(days=7))
        following = talk.slack.messages(talk.fraud)[-1]
        posted, below = words(following), thread(room, following)
        assert "2 figures corrected" in posted
        assert "2 figures of the week before were corrected" in posted
        assert "*Blocked*  for 11 days: “No labels from the bank”" in posted
        assert "Lea wrote “We loosen the limit”. Of every 100 alerts, 85 were fraud cases" in below
        assert "Of the 1 planned before this one: 1 on time; 0 posted twice (1 not looked at)." in below
        assert (
            len([each for each in talk.slack.messages(talk.fraud) if "Fraud detection, " in words(each)]) == 2
        )
