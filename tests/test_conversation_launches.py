"""Reviews as conversations: opened, read, signed, objected to, refused and explained, over real sockets."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.local_slack.values import User
from handlers import drawing, outbox, ticks
from integrations.store import ledger
from schema.checklists import CheckKind, Checklists, ItemClass, ItemSpec, Review
from schema.checkpoints import SigningKey
from schema.launches import EventKind
from schema.products import Role
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.risks import RiskQuestion
from tests import builders
from tests.conversations import MODES, Talk, a_talk, words

LAUNCH = "fraud-detection-1"
GOES_OUT = {
    "title": "Ranker v3 for new shops", "due_on": "2026-12-01", "code": "4f2a9c1e7b3d", "model": "ranker",
    "model_version": "v3.1", "prompt": "none", "configuration": "ab" * 32, "data": "offers-2026-11-01",
}  # fmt: skip


def spec(id_, *seats, **more):
    kept = {
        "review": Review.LAUNCH, "klass": ItemClass.HARD, "check": CheckKind.PEOPLE, "why": "Because people rely on it.",
        "question": f"Is {id_} in order?", "rests_on": frozenset({"model", "model_version"}),
    }  # fmt: skip
    return ItemSpec(id=id_, seats=seats, **{**kept, **more})


DRILL = Requirement(
    name="drill", kind=EvidenceKind.RECORD, words="how long the switch-off took", unit=RecordUnit.MINUTES, at_most=5,
    fresh_days=30,
)  # fmt: skip
SPECS = (
    spec("LR-03", Role.ML),
    spec("LR-10", Role.SRE, check=CheckKind.AUTO_AND_SIGN, requirements=(DRILL,), rests_on=frozenset({"code"})),
    spec("ETH-08", Role.ML, Role.RAI, review=Review.ETHICS, klass=ItemClass.WAIVABLE),
    spec("ETH-13", Role.RAI, review=Review.ETHICS, klass=ItemClass.CONDITIONAL,
         applies_if=frozenset({RiskQuestion.TALKS_TO_PEOPLE})),
)  # fmt: skip
NAMED = {"mia": Role.ML, "sam": Role.SRE, "ron": Role.RAI, "eva": Role.EXEC, "leo": Role.LEG}


@dataclass(slots=True)
class Room:
    """A talk in which launches are reviewed."""

    talk: Talk
    people: dict[str, User]

    def __getattr__(self, name):
        return self.people[name] if name in self.people else getattr(self.talk, name)

    def view(self, user):
        """Give the view that somebody has open on top."""
        return self.talk.slack.state.views[self.talk.slack.state.stacks[user.id][-1]]

    def open_for(self, user) -> bool:
        return bool(self.talk.slack.state.stacks[user.id])

    async def quiet(self):
        await self.talk.desk.tasks.idle()
        await self.shown()

    async def shown(self):
        """Let everything that is decided be drawn and sent."""
        services = self.talk.desk.services
        await drawing.catch_up(services, await services.snapshot(builders.WORKSPACE))
        for _ in range(4):
            self.talk.sender.memory.coalesced.clear()
            await outbox.send_pending(self.talk.sender)

    async def ticks(self, launch=LAUNCH):
        services = self.talk.desk.services
        await ticks.tick_launch(services, await services.snapshot(builders.WORKSPACE), launch)
        await self.shown()

    async def opens(self, user=None, **fields):
        """Type the command, fill the form, and let the checks run; gives what the modal says then."""
        user = user or self.talk.pia
        await self.talk.types(user, "launch fraud-detection")
        view = self.view(user)
        given = {**GOES_OUT, **fields}
        values = {block: {block: value} for block, value in given.items()}
        sent = await self.talk.slack.submit(user, view.id, values)
        await self.quiet()
        return sent

    async def begins(self, **fields):
        await self.opens(**fields)
        await self.ticks()

    def posted(self):
        return [each for _, each in self.talk.slack.every_message() if each["channel"] == self.talk.fraud.id] if False else (
            self.talk.slack.messages(self.talk.fraud)
        )

    def card(self):
        return next(each for each in self.posted() if each.get("thread_ts", each["ts"]) == each["ts"])

    def thread(self):
        return self.talk.slack.replies(self.talk.fraud, self.card()["ts"])[1:]

    def asked(self, role: str):
        return next(each for each in self.thread() if f"For {role}" in words(each))

    async def reviews(self, user, message=None, *, action="items_review"):
        """Press the button that opens one's items; gives the private messages that came back."""
        return await self.talk.presses(user, message or self.card(), action)

    async def saves(self, user, **answers):
        """Answer items in the open modal; `LR_03="sign"` or `("object", "why")`."""
        values = {}
        for name, said in answers.items():
            item = name.replace("_", "-")
            intent, why = said if isinstance(said, tuple) else (said, None)
            values[f"answer.{item}"] = {f"answer.{item}": intent}
            if why is not None:
                values[f"reason.{item}"] = {f"reason.{item}": why}
        sent = await self.talk.slack.submit(user, self.view(user).id, values)
        await self.quiet()
        return sent

    async def signs(self, user, message=None, **answers):
        await self.reviews(user, message)
        return await self.saves(user, **answers)

    async def kinds(self, launch=LAUNCH):
        events = await self.talk.desk.services.store.read(
            lambda session: ledger.events_of(session, builders.WORKSPACE, launch)
        )
        return [str(event.kind) for event in events]


@asynccontextmanager
async def a_room(folder: Path, *, mode="socket", specs=SPECS, roles=None, **product):
    ids = {name: f"U0{name.upper()}00001" for name in NAMED}
    held = roles or {
        "pm": [builders.PIA], "ml": [ids["mia"]], "sre": [ids["sam"]], "rai": [ids["ron"]], "exec": [ids["eva"]],
        "leg": [ids["leo"]],
    }  # fmt: skip
    document = builders.document(fraud_detection={"roles": held, **product})
    beside = {
        "checklists": Checklists(items=specs), "signing_key": SigningKey(Ed25519PrivateKey.generate()),
    }  # fmt: skip
    async with a_talk(folder, mode=mode, document=document, beside=beside) as talk:
        people = {name: talk.slack.add_user(name, id=id_, real_name=name.title()) for name, id_ in ids.items()}
        for person in people.values():
            await talk.slack.join(person, talk.fraud)
        await talk.desk.directory.learn([*ids.values()])
        yield Room(talk, people)


@pytest.fixture(name="room")
async def a_small_room(tmp_path):
    async with a_room(tmp_path) as made:
        yield made


@pytest.mark.parametrize("mode", MODES)
async def test_a_launch_is_opened_signed_and_approved(tmp_path, mode):
    async with a_room(tmp_path, mode=mode) as room:
        sent = await room.opens()
        assert "fraud-detection-1" in words(room.view(room.pia).content)
        await room.ticks()

        assert "Open for sign-off" in words(room.card())
        assert "0 of 2 launch items settled, 0 of 1 ethics items settled" in words(room.card())
        await room.signs(room.mia, LR_03="sign", ETH_08="sign")
        await room.signs(room.ron, ETH_08="sign")

        assert sent.acked
        assert await room.kinds() == ["opened", "submitted", "checked", "signed", "signed", "signed"]
        assert "1 of 2 launch items settled, 1 of 1 ethics items settled" in words(room.card())
        assert EventKind.SIGNED in await room.kinds()
