"""A product whose people are asked before its standup, in a local Slack, with a clock that the test moves."""

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from handlers import digests, outbox
from handlers.asks import Asking
from integrations.store import checkins
from tests import builders
from tests.conversations import Talk, a_talk, words

LEO = "U0LEO00001"
WEDNESDAY = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 19, 10, 0, 10, tzinfo=UTC)  # people are asked, in their own zone
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # after four fifths of the time
DEADLINE = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 30, 5, tzinfo=UTC)
PERIOD = "2026-W47"
PRODUCT = "fraud-detection"


@dataclass(slots=True)
class Clock:
    """Stands where the test puts it, and runs on from there."""

    at: datetime = WEDNESDAY
    since: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.since)

    def move(self, at: datetime) -> None:
        self.at, self.since = at, time.monotonic()


@dataclass(slots=True, kw_only=True)
class Room:
    """The workspace, and what people do in it."""

    talk: Talk
    clock: Clock
    asking: Asking

    async def at(self, moment: datetime | None = None) -> None:
        """Move the clock, and let everything happen that is due by then."""
        if moment is not None:
            self.clock.move(moment)
        await self.talk.desk.tasks.idle()
        services = self.talk.desk.services
        snapshot = await services.snapshot(builders.WORKSPACE)
        for _ in range(2):
            await self.asking.plan(snapshot)
            await self.asking.do_due(snapshot)
            self.talk.sender.memory.coalesced.clear()
            await outbox.send_pending(self.talk.sender)

    async def posts(self, moment: datetime) -> dict[str, Any]:
        """Plan, prepare and post the digest that is due; gives its first message."""
        services = self.talk.desk.services
        snapshot = await services.snapshot(builders.WORKSPACE)
        await digests.plan_ahead(services, snapshot, prepare_before_s=600)
        self.clock.move(moment)
        await self.talk.sends()
        return self.talk.slack.messages(self.talk.fraud)[0]

    def heard(self, user) -> list[dict[str, Any]]:
        """Give the direct messages that somebody has, the oldest first."""
        id_ = getattr(user, "id", user)
        return [
            message
            for channel, message in self.talk.slack.every_message()
            if channel.startswith("D") and id_ in self.talk.slack.state.members[channel]
        ]

    def words(self, user) -> list[str]:
        return [words(each) for each in self.heard(user)]

    async def presses(self, user, action: str, message=None) -> list[dict[str, Any]]:
        """Press a button of one's newest direct message; gives what came back privately."""
        message = message or self.heard(user)[-1]
        [channel] = {c for c, m in self.talk.slack.every_message() if m["ts"] == message["ts"]}
        before = len(self.talk.slack.ephemerals(user, channel))
        pressed = await self.talk.slack.click(user, channel, message["ts"], action)
        assert pressed.acked, pressed
        await self.at()
        return self.talk.slack.ephemerals(user, channel)[before:]

    def view(self, user):
        return self.talk.slack.state.views[self.talk.slack.state.stacks[user.id][-1]]

    def blocks(self, user) -> list[str]:
        return [each["block_id"] for each in self.view(user).content["blocks"] if each["type"] == "input"]

    def seen(self, user) -> str:
        return words(self.view(user).content)

    def modals(self, user) -> int:
        return len(self.talk.slack.state.stacks[user.id])

    async def sends(self, user, **fields):
        """Fill the open form and send it; `blocker__new` is the block `blocker.new`."""
        named = {name.replace("__", "."): value for name, value in fields.items()}
        values = {block: {block: value} for block, value in named.items()}
        sent = await self.talk.slack.submit(user, self.view(user).id, values)
        assert sent.acked
        assert sent.problems == []
        await self.at()
        return sent

    async def turn(self, user, period: str = PERIOD):
        store, id_ = self.talk.desk.services.store, getattr(user, "id", user)
        return await store.read(
            lambda session: checkins.turn(
                session, builders.WORKSPACE, product=PRODUCT, period=period, person=id_
            )
        )

    async def answers(self, user, period: str = PERIOD):
        return (await self.turn(user, period)).checkin.answers


@asynccontextmanager
async def a_room(
    folder: Path, *, roster=(builders.LEA, builders.PIA), mode="socket", people=None, planned=True, **product
):
    """Open it on a Wednesday, before anybody is asked.

    planned   it is written down already who is asked, and when
    """
    standup = {"on": "monday", "at": "09:30", "roster": list(roster)}
    document = builders.document(fraud_detection={"standup": standup, **product})
    document["people"] = people or {}
    clock = Clock()
    async with a_talk(folder, mode=mode, document=document, beside={"now": clock}) as talk:
        talk.sender = replace(talk.sender, now=clock)
        asking = Asking(services=talk.desk.services, directory=talk.desk.directory, holder="test")
        room = Room(talk=talk, clock=clock, asking=asking)
        if planned:
            await room.at()
        yield room
