"""A workspace in which launches are decided: a product, its people, a short checklist, and a clock that one can turn."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, update

from bot.files import nouns
from handlers import evidence, gates, items, launches, ticks
from handlers.deciding import Person
from handlers.items import Answer
from handlers.launches import Asked, Team
from handlers.services import Services, Snapshot
from integrations.store import workspaces
from integrations.store.engine import Store
from integrations.store.tables import table_of
from schema.checklists import CheckKind, Checklists, ItemClass, ItemSpec, Review
from schema.checkpoints import SigningKey
from schema.evidence import Record
from schema.manifests import pinned
from schema.policies import Standing
from schema.products import Role
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.tables.ledger import LedgerTextRow
from schema.tables.workspaces import WorkspaceRow
from schema.votes import Intent
from tests import builders

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
KEYS = count(1)
MANIFEST = pinned({
    "code": "4f2a9c1e7b3d5a6f8c0e", "model": "ranker", "model_version": "v3.1", "prompt": "none",
    "configuration": "sha256:" + "ab" * 32, "data": "offers-2026-11-01",
})  # fmt: skip
SIGNED = ItemSpec(
    id="T-1", review=Review.LAUNCH, question="Does it work?", why="Because people rely on it.",
    seats=(Role.ML,), klass=ItemClass.HARD, check=CheckKind.PEOPLE, rests_on=frozenset({"model", "model_version"}),
)  # fmt: skip
WAIVABLE = ItemSpec(
    id="T-2", review=Review.ETHICS, question="Is it fair?", why="Because people differ.",
    seats=(Role.RAI,), klass=ItemClass.WAIVABLE, check=CheckKind.PEOPLE, rests_on=frozenset({"data"}),
)  # fmt: skip
MEASURED = ItemSpec(
    id="T-3", review=Review.LAUNCH, question="Can it be switched off?", why="Because things go wrong.",
    seats=(Role.SRE,), klass=ItemClass.HARD, check=CheckKind.AUTO_AND_SIGN, rests_on=frozenset({"code"}),
    requirements=(
        Requirement(
            name="drill", kind=EvidenceKind.RECORD, words="how long the switch-off took", unit=RecordUnit.MINUTES,
            at_most=5, fresh_days=30,
        ),
    ),
)  # fmt: skip
PEOPLE = {
    Role.PM: ["PIA"],
    Role.ML: ["MIA"],
    Role.RAI: ["RON"],
    Role.SRE: ["SAM"],
    Role.EXEC: ["EVA"],
    Role.LEG: ["LEO"],
}


def person(name: str, *roles: Role, **more) -> Person:
    return Person(
        user=f"U0{name}000", name=name.title(), standing=Standing(pid="", roles=frozenset(roles), **more)
    )


PIA, MIA, RON = person("PIA", Role.PM), person("MIA", Role.ML), person("RON", Role.RAI)
SAM, EVA, LEO = person("SAM", Role.SRE), person("EVA", Role.EXEC), person("LEO", Role.LEG)
OWN = person("OWN", owner=True)
EVERYBODY = (PIA, MIA, RON, SAM, EVA, LEO)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span) -> None:
        self.now += timedelta(**span)


def team(*people: Person, outsiders: bool = False, closed=()) -> Team:
    """Hold a team's roles by those who have them."""
    members = {role: [each for each in people if role in each.standing.roles] for role in Role}
    return Team(
        members={role: held for role, held in members.items() if held},
        closed=tuple(closed),
        outsiders=outsiders,
    )


@dataclass
class Room:
    """One workspace of a store, with what is needed to decide in it."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    specs: tuple[ItemSpec, ...] = (SIGNED, WAIVABLE)
    workspace: str = builders.WORKSPACE
    document: dict = field(default_factory=builders.document)
    snapshot: Snapshot = None
    services: Services = None

    def __post_init__(self) -> None:
        configured = builders.configuration(self.document)
        self.snapshot = Snapshot(
            workspace=self.workspace, revision=0, configuration=configured, connectors={}
        )
        self.services = self.another(self.store)
        self.store.write_sync(
            lambda session: workspaces.ensure(session, self.workspace, name="Acme", now=self.clock.now)
        )

    def another(self, store: Store) -> Services:
        """Give the services of another process."""

        async def newest(_: str) -> Snapshot:
            return self.snapshot

        return Services(
            store=store, snapshot=newest, now=self.clock, nouns=nouns(), checklists=Checklists(items=self.specs),
            signing_key=SigningKey(Ed25519PrivateKey.generate()),
        )  # fmt: skip

    @property
    def product(self):
        return self.snapshot.product("fraud-detection")

    async def opened(self, *, by: Person = PIA, people=EVERYBODY, key: str = "", **asked) -> str:
        """Open a launch and let its checks run; gives its id."""
        given = Asked(**{"title": "Ranker v3", "manifest": MANIFEST, "answers": frozenset(), **asked})
        made = await launches.open_launch(
            self.services, self.snapshot, self.product, given, by=by, team=team(*people), key=key or a_key()
        )
        await ticks.tick_launch(self.services, self.snapshot, made.id)
        return made.id

    async def said(
        self,
        launch: str,
        who: Person,
        role: Role,
        *,
        key: str = "",
        services=None,
        **answers: Answer | Intent,
    ):
        """Show somebody their items, and let them answer some; T_1 means T-1."""
        used = services or self.services
        showing = await items.show(used, self.snapshot, launch, person=who, role=role, id=a_key())
        given = {name.replace("_", "-"): each if isinstance(each, Answer) else Answer(intent=each)
                 for name, each in answers.items()}  # fmt: skip
        return await items.sign(used, self.snapshot, showing.id, given, person=who, key=key or a_key())

    @staticmethod
    def documented(**parts) -> dict:
        """Give a muster.yaml with more parts."""
        return {**builders.document(), **parts}

    def acting(self, launch: str) -> tuple[Services, Snapshot, str]:
        """Give what every action on a launch takes first."""
        return self.services, self.snapshot, launch

    async def revised(self, launch: str, *, by: Person = PIA, people=EVERYBODY, **asked):
        given = Asked(**{"title": "", "manifest": MANIFEST, "answers": frozenset(), **asked})
        await launches.revise(*self.acting(launch), given, by=by, team=team(*people), key=a_key())
        return await ticks.tick_launch(*self.acting(launch))

    async def used(
        self, launch: str, *, by: Person | str = OWN, manifest: str = MANIFEST.digest, key: str = "", **more
    ):
        return await gates.use(*self.acting(launch), manifest, by=by, key=key or a_key(), **more)

    async def texts(self) -> int:
        """Count the free texts that are kept."""

        def count(session):
            return session.execute(select(func.count()).select_from(table_of(LedgerTextRow))).scalar_one()

        return await self.store.read(count)

    async def settings_changed(self) -> None:
        """Raise the configuration's revision, as another process does."""

        def change(session):
            session.execute(update(table_of(WorkspaceRow)).values(revision=1))

        await self.store.write(change)

    async def gate(self, launch: str, **more):
        return await gates.answer(self.services, self.snapshot, launch, **more)

    async def drilled(self, minutes: str, *, by: Person = SAM, key: str = "") -> bool:
        record = Record(
            name="drill", value=minutes, unit=RecordUnit.MINUTES, measured_at=self.clock.now, by="", at=self.clock.now,
            digest="",
        )  # fmt: skip
        return await evidence.put(
            self.services, self.snapshot, self.product, item="T-3", given=record, by=by, key=key or a_key()
        )


def a_key() -> str:
    return f"key-{next(KEYS)}"
