"""Opening launches: who could decide is known before anything is posted, and what could never be decided is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from handlers import drawing, findings, folds, ticks
from handlers.deciding import Decided, Person, known, need_same, need_settings, standing_of
from handlers.findings import NOTHING
from handlers.services import Services, Snapshot
from integrations.store import launches as stored
from integrations.store import ledger, people, texts
from integrations.store.engine import lock_workspace
from integrations.store.launches import Outcome
from schema import openings
from schema.attempts import Code, Declined
from schema.earlier import Unsettled, unsettled
from schema.histories import fold
from schema.manifests import Manifest
from schema.openings import Opening, Submission
from schema.products import Product, Role
from schema.risks import RiskQuestion, Tier

NO_KEY: Final = (
    "No launch can be opened before Muster has a key to sign its ledger with: run `muster key new` and name the file"
    " in MUSTER_SIGNING_KEY."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who may decide in a product right now, as Slack says it."""

    members: Mapping[Role, Sequence[Person]]  # without those who never decide
    closed: tuple[str, ...] = ()  # a sentence for each user group that Slack will not list
    outsiders: bool = False  # another company reads along in the product's channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A launch as somebody asks for it."""

    title: str
    manifest: Manifest
    answers: frozenset[RiskQuestion]
    tier: Tier | None = None  # None takes the one that the answers make
    goes_out_on: date | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A launch that was opened."""

    id: str
    decided: Decided


async def open_launch(
    services: Services,
    snapshot: Snapshot,
    product: Product,
    asked: Asked,
    *,
    by: Person,
    team: Team,
    key: str,
) -> Opened:
    """Open a launch with its two reviews; refused, before anything is posted, where it could never be decided."""
    channel = _ready(services, product, team)
    opening = _Opening(
        services=services, snapshot=snapshot, product=product, asked=asked, by=by, team=team, key=key, channel=channel
    )  # fmt: skip
    return await services.store.write(opening.act)


def _ready(services: Services, product: Product, team: Team) -> str:
    if services.signing_key is None:
        raise Declined(Code.POLICY, NO_KEY)
    if product.channel is None:
        raise Declined(
            Code.POLICY,
            f"{product.title} has no channel yet. Give it one in muster.yaml, then `muster apply`.",
        )
    if team.outsiders:
        raise Declined(
            Code.POLICY,
            f"<#{product.channel}> is shared with another company, and reviews stay inside; name another channel for"
            f" {product.key} in muster.yaml.",
        )
    if team.closed:
        raise Declined(Code.NOBODY, team.closed[0])
    return product.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    services: Services
    snapshot: Snapshot
    product: Product
    asked: Asked
    by: Person
    team: Team
    key: str
    channel: str

    def act(self, session: Session) -> Opened:
        workspace = self.snapshot.workspace
        lock_workspace(session, workspace)
        came = stored.outcome(session, workspace, self.key)
        if came is not None:
            return self._again(session, came.launch)
        need_settings(session, self.snapshot)
        need_same(session, workspace, self.by)
        now = self.services.now()
        who = standing_of(session, self.snapshot, self.by)
        number = stored.next_number(session, workspace, self.product.key)
        id_ = f"{self.product.key}-{number}"
        title = texts.keep(session, workspace, self.asked.title.strip()) if self.asked.title.strip() else ""
        opening = Opening(
            id=id_,
            product=self.product.key,
            title=title,
            due_on=self.asked.goes_out_on,
            zone=self.product.zone,
            country=self.product.holidays or "",
        )
        submission = submission_of(
            session, self.services, self.snapshot, product=self.product, asked=self.asked, team=self.team
        )
        earlier = self._unsettled(session)
        drafts = openings.open_launch(opening, submission, who, now, earlier=earlier)
        events = ledger.append(session, workspace, drafts, now=now)
        came = Outcome(launch=id_, first=events[0].seq, last=events[-1].seq, code=None, refusal=None)
        stored.note(session, workspace, [(self.key, came)], at=now)
        launch = fold(events)
        folds.put(self.services.folds, events[-1].hash, launch)
        stored.add(session, workspace, launch=launch, newest=events[-1], number=number, channel=self.channel)
        kept = stored.get(session, workspace, id_)
        assert kept is not None  # added a moment ago
        if findings.metrics_in(launch.revision.specs.values(), self.product):  # their sources are asked first
            drawing.after(
                session, self.snapshot, kept=kept, before=None, launch=launch, found=NOTHING, now=now
            )
        else:
            events += ticks.settle(session, self.services, self.snapshot, kept)
            launch = folds.load(session, self.services.folds, known(session, workspace, id_))
        drawing.ask_again(session, self.snapshot, launch, channel=self.channel, now=now)
        decided = Decided(launch=launch, found=NOTHING, now=now, events=events, fresh=True)
        return Opened(id=id_, decided=decided)

    def _unsettled(self, session: Session) -> tuple[Unsettled, ...]:
        """List the objections that the product's earlier launches left behind."""
        before = stored.of_product(session, self.snapshot.workspace, self.product.key)
        return unsettled(folds.load(session, self.services.folds, kept) for kept in before)

    def _again(self, session: Session, id: str) -> Opened:
        launch = folds.load(session, self.services.folds, known(session, self.snapshot.workspace, id))
        decided = Decided(launch=launch, found=NOTHING, now=self.services.now(), events=(), fresh=False)
        return Opened(id=id, decided=decided)


def submission_of(
    session: Session, services: Services, snapshot: Snapshot, *, product: Product, asked: Asked, team: Team
) -> Submission:
    """Say what a revision asks for, under the rules and with the people of now."""
    return Submission(
        manifest=asked.manifest,
        answers=asked.answers,
        specs=services.checklists.with_own(snapshot.configuration.items).of(product),
        policy=snapshot.configuration.reviews.policy,
        members=members_of(session, snapshot, team),
        tier=asked.tier,
        deadline=asked.deadline,
    )


def members_of(session: Session, snapshot: Snapshot, team: Team) -> dict[Role, frozenset[str]]:
    """Give the pids of those who may decide now, by role."""
    users = {each.user for held in team.members.values() for each in held}
    pids = people.pids_of(session, snapshot.workspace, users)
    return {
        role: frozenset(standing_of(session, snapshot, each, pids=pids).pid for each in held)
        for role, held in team.members.items()
    }
