"""Launches that live for weeks: a local Slack with people in several time zones, a source, and processes that come and go."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.local_slack.server import LocalSlack
from handlers import checkpoints, drawing, gates, launches, outbox, reminders
from handlers.launches import Asked
from handlers.readers import Directory
from handlers.rounds import Rounds
from handlers.sender import Sender
from handlers.services import Services
from integrations.pacer import Pacer
from integrations.slack import Slack, slack_session
from integrations.sources import open_connector
from integrations.store import launches as stored
from integrations.store import ledger
from schema.checklists import CheckKind, ItemClass, ItemSpec, Review
from schema.launches import EventKind
from schema.products import Role
from schema.requirements import EvidenceKind, Requirement
from tests import builders
from tests.launch_rooms import (
    EVA,
    EVERYBODY,
    LEO,
    MANIFEST,
    MIA,
    PIA,
    RON,
    SAM,
    SIGNED,
    WAIVABLE,
    Clock,
    Room,
    a_key,
    team,
)  # fmt: skip
from tests.test_deliveries import WAITS

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AUDIT = "C0AUDIT0001"
ZONES = {MIA: "Europe/Berlin", SAM: "America/Los_Angeles", RON: "Asia/Tokyo"}
READ = ItemSpec(
    id="T-4", review=Review.LAUNCH, question="Does it find enough?", why="Because fraud that is missed costs money.",
    seats=(Role.ML,), klass=ItemClass.WAIVABLE, check=CheckKind.AUTO_AND_SIGN,
    rests_on=frozenset({"model", "model_version"}),
    requirements=(
        Requirement(
            name="recall", kind=EvidenceKind.READING, words="the share of fraud that is found", metric="recall",
            at_least="0.8", fresh_days=14,
        ),
    ),
)  # fmt: skip


def document(**workspace):
    """Give a file in which everybody of the room holds their role, with a channel for checkpoints."""
    roles = {each: [who.user] for who in (PIA, MIA, RON, SAM, EVA, LEO) for each in who.standing.roles}
    given = builders.document(fraud_detection={"roles": {role.value: who for role, who in roles.items()}})
    given["workspace"] |= {"audit_channel": AUDIT} | workspace
    return given


def weeks(folder: Path, *bad: str, first: str = "2026-06-03", count: int = 40) -> None:
    """Write a row of outcomes for every Wednesday; those named are bad."""
    day = datetime.fromisoformat(first).date()
    with sqlite3.connect(folder / "fraud.db") as database:
        database.execute("DROP TABLE IF EXISTS outcomes")
        database.execute("CREATE TABLE outcomes (day TEXT, tp INT, fp INT, fn INT, tn INT)")
        for at in range(count):
            on = (day + timedelta(weeks=at)).isoformat()
            database.execute(
                "INSERT INTO outcomes VALUES (?, 820, 180, ?, 9000)", (on, 400 if on in bad else 100)
            )
    database.close()


@dataclass
class Life:
    """One workspace and what looks after it; `restart` is another process."""

    room: Room
    local: LocalSlack
    session: object
    folder: Path
    app: object
    services: Services = None
    directory: Directory = None
    rounds: Rounds = None
    sender: Sender = None
    lives: int = 0
    seen: dict = field(default_factory=dict)

    def restart(self) -> None:
        """Forget everything that is not stored."""
        self.lives += 1
        room, holder = self.room, f"process-{self.lives}"
        self.services = replace(room.another(room.store), signing_key=room.services.signing_key)
        slack = Slack(
            token=self.app.bot_token, session=self.session, base_url=self.local.base_url, pacer=Pacer(WAITS.pace),
            request_s=WAITS.request_s,
        )  # fmt: skip
        self.directory = Directory(
            slack, room.clock, within_s=1.5, workspace=room.workspace, store=room.store
        )
        self.rounds = Rounds(services=self.services, directory=self.directory, holder=holder, pause_s=0)

        async def owners(_):
            return (builders.ANA, builders.BEN)

        self.sender = Sender(
            workspace=room.workspace, holder=holder, store=room.store, slack=slack, now=room.clock, owners=owners,
            started_at=room.clock.now, waits=WAITS,
        )  # fmt: skip

    @property
    def snapshot(self):
        return self.room.snapshot

    async def beat(self) -> None:
        """Do what the clocks of one process do in a second."""
        for _ in range(2):  # what one clock leaves, another one finds
            await self.rounds.plan(self.snapshot)
            await self.rounds.pull_due(self.snapshot)
            await self.rounds.people_due(self.snapshot)
            await self.rounds.tick_due(self.snapshot)
            await reminders.remind_due(
                self.services, self.directory, self.snapshot, holder=self.sender.holder
            )
            await checkpoints.keep(self.services, self.snapshot)
            await drawing.catch_up(self.services, self.snapshot)
            await outbox.send_pending(self.sender)

    async def die(self, after_s: float) -> None:
        """Be killed somewhere in the middle of a beat, and be followed by another process."""
        task = asyncio.create_task(self.beat())
        await asyncio.wait([task], timeout=after_s)
        task.cancel()
        await asyncio.wait([task])
        self.restart()
        for _ in range(2):  # what it left half done is looked for, and then done
            self.room.clock.turn(minutes=5)
            await self.beat()

    async def until(self, moment: datetime, *, step: timedelta = 6 * HOUR) -> None:
        """Let time pass, and look now and then."""
        clock = self.room.clock
        while clock.now < moment:
            clock.now = min(clock.now + step, moment)
            await self.beat()

    def told(self, user: str) -> list[str]:
        """Give what somebody was told directly since they were asked for last."""
        found = [m["text"] for m in self.local.messages(self.direct(user))] if self.direct(user) else []
        new = found[self.seen.get(user, 0) :]
        self.seen[user] = len(found)
        return new

    def direct(self, user: str) -> str | None:
        """Find the conversation of the bot with somebody."""
        members = {user, self.app.bot_user_id}
        channels = self.local.state.members
        return next(
            (id_ for id_, held in channels.items() if id_.startswith("D") and set(held) == members), None
        )

    def thread(self, channel: str = builders.CHANNEL) -> list[dict]:
        """Give the messages of a channel with their threads, oldest first."""
        return [m for top in self.local.messages(channel) for m in self.local.thread(channel, top["ts"])]

    async def open(self, *, by=PIA, people=EVERYBODY, **asked) -> str:
        """Open a launch, and leave everything else to the clocks."""
        given = Asked(**{"title": "Ranker v3", "manifest": MANIFEST, "answers": frozenset(), **asked})
        made = await launches.open_launch(
            self.services, self.snapshot, self.room.product, given, by=by, team=team(*people), key=a_key()
        )
        return made.id

    async def said(self, launch: str, who, role: Role, **answers) -> None:
        await self.room.said(launch, who, role, services=self.services, **answers)

    async def events(self, launch: str) -> list:
        return list(
            await self.room.store.read(lambda session: ledger.events_of(session, self.room.workspace, launch))
        )

    async def kinds(self, launch: str) -> list[str]:
        return [event.kind for event in await self.events(launch)]

    async def audits(self) -> list:
        return list(
            await self.room.store.read(
                lambda session: ledger.events_of_kinds(session, self.room.workspace, {EventKind.AUDIT})
            )
        )

    async def kept(self, launch: str):
        return await self.room.store.read(lambda session: stored.get(session, self.room.workspace, launch))

    async def use(self, launch: str) -> None:
        await gates.use(
            self.services, self.snapshot, launch, MANIFEST.digest, by="pipeline", key=f"use-{launch}"
        )


@asynccontextmanager
async def a_life(store, *, specs=(SIGNED, WAIVABLE, READ), at=FRIDAY, given=None):
    """Start a local Slack, a source and a process."""
    with TemporaryDirectory(prefix="muster-test-") as folder:
        weeks(Path(folder))
        async with LocalSlack(time_factor=100) as local, slack_session() as session:
            app = local.add_app("Muster")
            for who in (PIA, MIA, RON, SAM, EVA, LEO):
                local.add_user(who.name.lower(), id=who.user, real_name=who.name, tz=ZONES.get(who, "UTC"))
            for name, id_ in (("ana", builders.ANA), ("ben", builders.BEN)):
                local.add_user(name, id=id_)
            local.add_channel("fraud", id=builders.CHANNEL, members=[app])
            local.add_channel("audit", id=AUDIT, members=[app])
            room = Room(store, clock=Clock(at), specs=specs, document=given or document())
            connectors = {
                name: open_connector(name, source, secrets=lambda name: name, folder=Path(folder))
                for name, source in room.snapshot.configuration.sources.items()
            }
            room.snapshot = replace(room.snapshot, connectors=connectors)
            life = Life(room=room, local=local, session=session, folder=Path(folder), app=app)
            life.restart()
            yield life
