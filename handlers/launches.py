"""Launches: opened, revised, waived, ended and used; each verb is one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from handlers import drawing, folds
from handlers.deciding import Decided, Deciding, Person, Request, known, need_settings, standing_of
from handlers.decisions import decide
from handlers.findings import NOTHING
from handlers.services import Services, Snapshot
from integrations.store import launches as stored
from integrations.store import ledger, texts
from integrations.store.engine import lock_workspace
from integrations.store.launches import Outcome
from schema import emergencies, endings, exceptions, openings
from schema.attempts import Code, Declined
from schema.emergencies import Emergency
from schema.exceptions import WaiverAsked
from schema.histories import fold
from schema.ledger import Draft
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
        if self.by.still is not None:
            self.by.still(session)
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
        )
        submission = submission_of(
            session, self.services, self.snapshot, product=self.product, asked=self.asked, team=self.team
        )
        drafts = openings.open_launch(opening, submission, who, now)
        events = ledger.append(session, workspace, drafts, now=now)
        came = Outcome(launch=id_, first=events[0].seq, last=events[-1].seq, code=None, refusal=None)
        stored.note(session, workspace, [(self.key, came)], at=now)
        launch = fold(events)
        self.services.folds.put(events[-1].hash, launch)
        stored.add(session, workspace, launch=launch, newest=events[-1], number=number, channel=self.channel)
        kept = stored.get(session, workspace, id_)
        assert kept is not None  # added a moment ago
        drawing.after(session, self.snapshot, kept=kept, before=None, launch=launch, found=NOTHING, now=now)
        decided = Decided(launch=launch, found=NOTHING, now=now, events=events, fresh=True)
        return Opened(id=id_, decided=decided)

    def _again(self, session: Session, id: str) -> Opened:
        launch = folds.load(session, self.services.folds, known(session, self.snapshot.workspace, id))
        decided = Decided(launch=launch, found=NOTHING, now=self.services.now(), events=(), fresh=False)
        return Opened(id=id, decided=decided)


def submission_of(
    session: Session, services: Services, snapshot: Snapshot, *, product: Product, asked: Asked, team: Team
) -> Submission:
    """Say what a revision asks for, under the rules and with the people of now."""
    members = {
        role: frozenset(standing_of(session, snapshot, each).pid for each in people_)
        for role, people_ in team.members.items()
    }
    return Submission(
        manifest=asked.manifest,
        answers=asked.answers,
        specs=services.checklists.with_own(snapshot.configuration.items).of(product),
        policy=snapshot.configuration.reviews.policy,
        members=members,
        tier=asked.tier,
        deadline=asked.deadline,
    )


async def revise(
    services: Services, snapshot: Snapshot, launch: str, asked: Asked, *, by: Person, team: Team, key: str
) -> Decided:
    """Put a new revision in the place of the newest one; sign-offs of items that did not change hold."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        product = snapshot.product(deciding.launch.product)
        submission = submission_of(
            deciding.session, services, snapshot, product=product, asked=asked, team=team
        )
        return openings.submit(deciding.launch, submission, deciding.who, deciding.now)

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="submit a revision"),
    )


async def rebase(
    services: Services, snapshot: Snapshot, launch: str, *, by: Person, team: Team, key: str
) -> Decided:
    """Move a launch to the rules and questions of today."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        revision = deciding.launch.revision
        asked = Asked(title="", manifest=revision.manifest, answers=revision.answers)
        product = snapshot.product(deciding.launch.product)
        submission = submission_of(
            deciding.session, services, snapshot, product=product, asked=asked, team=team
        )
        return openings.rebase(deciding.launch, submission, deciding.who, deciding.now)

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="move to new rules"),
    )


async def withdraw(
    services: Services, snapshot: Snapshot, launch: str, *, reason: str = "", by: Person, key: str
) -> Decided:
    """Take a launch back before it goes out."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        policy = snapshot.configuration.reviews.policy
        text = deciding.keep(reason) or None
        return endings.withdraw(deciding.launch, deciding.who, policy=policy, text=text)

    return await decide(
        services, Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="withdraw")
    )


async def reject(
    services: Services, snapshot: Snapshot, launch: str, *, reason: str, by: Person, key: str
) -> Decided:
    """Say no to a launch for good."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        return endings.reject(deciding.launch, deciding.who, text=deciding.keep(reason), now=deciding.now)

    return await decide(
        services, Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="reject")
    )


async def revoke(
    services: Services, snapshot: Snapshot, launch: str, *, reason: str, by: Person, key: str
) -> Decided:
    """Take an approval away, before or after it was used."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        return endings.revoke(deciding.launch, deciding.who, text=deciding.keep(reason))

    return await decide(
        services, Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="revoke")
    )


async def change_tier(
    services: Services, snapshot: Snapshot, launch: str, tier: Tier, *, reason: str = "", by: Person, key: str
) -> Decided:
    """Raise the tier, or lower it again to no less than the answers make it."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        return openings.change_tier(
            deciding.launch, deciding.who, tier, text=deciding.keep(reason), findings=deciding.found.findings,
            now=deciding.now,
        )  # fmt: skip

    return await decide(
        services,
        Request(
            snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt=f"change the tier to {tier}"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiving:
    """A waiver as somebody asks for it."""

    item: str
    digest: str  # of the item that was shown
    owner: Person
    reason: str
    metric: str
    until: datetime


async def waive(
    services: Services, snapshot: Snapshot, launch: str, waiving: Waiving, *, by: Person, key: str
) -> Decided:
    """Let an item go for a while."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        asked = WaiverAsked(
            item=waiving.item, digest=waiving.digest, owner=deciding.standing(waiving.owner).pid,
            reason=deciding.keep(waiving.reason), metric=waiving.metric, until=waiving.until,
        )  # fmt: skip
        return exceptions.waive(
            deciding.launch, deciding.who, asked, findings=deciding.found.findings, now=deciding.now
        )

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt=f"waive {waiving.item}"),
    )


async def override(
    services: Services, snapshot: Snapshot, launch: str, objection: int, *, reason: str, by: Person, key: str
) -> Decided:
    """Go on in spite of an objection, which stays visible.

    objection   seq of its event
    """

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        return exceptions.override(
            deciding.launch, deciding.who, objection, text=deciding.keep(reason), findings=deciding.found.findings,
            now=deciding.now,
        )  # fmt: skip

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="override an objection"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """Why a launch has to pass without approval, as somebody says it."""

    reason: str
    incident: str  # its id where incidents are kept
    hours: int


async def break_glass(
    services: Services, snapshot: Snapshot, launch: str, breaking: Breaking, *, by: Person, key: str
) -> Decided:
    """Let a launch pass for some hours without approval."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        reason = deciding.keep(breaking.reason)
        emergency = Emergency(reason=reason, incident=breaking.incident, hours=breaking.hours)
        return emergencies.break_glass(deciding.launch, deciding.who, emergency, deciding.now)

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="break the glass"),
    )


async def review_bypass(
    services: Services, snapshot: Snapshot, launch: str, *, reason: str, by: Person, key: str
) -> Decided:
    """Say what an emergency launch showed."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        return emergencies.review_bypass(deciding.launch, deciding.who, text=deciding.keep(reason))

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="review an emergency"),
    )
