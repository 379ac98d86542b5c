"""Launches: opened, revised, waived, ended; each verb is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers import findings
from handlers.deciding import Decided, Deciding, Person, Request
from handlers.decisions import decide
from handlers.openings import NO_KEY as NO_KEY
from handlers.openings import Asked as Asked
from handlers.openings import Opened as Opened
from handlers.openings import Team as Team
from handlers.openings import members_of, submission_of
from handlers.openings import open_launch as open_launch
from handlers.services import Services, Snapshot
from integrations.store import launches as stored
from schema import emergencies, endings, exceptions, openings
from schema.emergencies import Emergency
from schema.exceptions import WaiverAsked
from schema.histories import after
from schema.launches import State
from schema.ledger import Draft
from schema.products import Product
from schema.risks import Tier
from schema.ticks import tick


async def revise(
    services: Services, snapshot: Snapshot, launch: str, asked: Asked, *, by: Person, team: Team, key: str
) -> Decided:
    """Put a new revision in the place of the newest one; sign-offs of items that did not change hold."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        product = snapshot.product(deciding.launch.product)
        submission = submission_of(
            deciding.session, services, snapshot, product=product, asked=asked, team=team
        )
        drafts = openings.submit(deciding.launch, submission, deciding.who, deciding.now)
        return _checked_at_once(services, deciding, drafts, product)

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
        drafts = openings.rebase(deciding.launch, submission, deciding.who, deciding.now)
        return _checked_at_once(services, deciding, drafts, product)

    return await decide(
        services,
        Request(snapshot=snapshot, launch=launch, rule=rule, by=by, key=key, attempt="move to new rules"),
    )


def _checked_at_once(
    services: Services, deciding: Deciding, drafts: Sequence[Draft], product: Product
) -> tuple[Draft, ...]:
    """Check what was submitted in the same transaction, where no source has to be asked first."""
    then = after(deciding.launch, drafts, deciding.now)
    assert then is not None
    if findings.metrics_in(then.revision.specs.values(), product):
        return tuple(drafts)
    found = findings.found_in(deciding.session, services, deciding.snapshot, then, now=deciding.now)
    return (*drafts, *tick(then, found.findings, deciding.now))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTier:
    """Another tier as somebody asks for it."""

    tier: Tier
    team: Team
    reason: str = ""


async def change_tier(
    services: Services, snapshot: Snapshot, launch: str, other: OtherTier, *, by: Person, key: str
) -> Decided:
    """Raise the tier, or lower it again to no less than the answers make it."""

    def rule(deciding: Deciding) -> tuple[Draft, ...]:
        drafts = openings.change_tier(
            deciding.launch, deciding.who, other.tier, text=deciding.keep(other.reason),
            members=members_of(deciding.session, snapshot, other.team), findings=deciding.found.findings, now=deciding.now,
        )  # fmt: skip
        then = after(deciding.launch, drafts, deciding.now)
        if not drafts or then is None or then.state is State.CHECKING:
            return drafts
        found = findings.found_in(deciding.session, services, snapshot, then, now=deciding.now)
        return (*drafts, *tick(then, found.findings, deciding.now))  # what is asked now is looked at now

    return await decide(
        services,
        Request(
            snapshot=snapshot,
            launch=launch,
            rule=rule,
            by=by,
            key=key,
            attempt=f"change the tier to {other.tier}",
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
        passed = stored.going(deciding.session, snapshot.workspace, product=deciding.launch.product)
        unreviewed = [
            each.id for each in passed if each.state is State.BYPASSED and each.id != deciding.launch.id
        ]
        return emergencies.break_glass(
            deciding.launch, deciding.who, emergency, deciding.now, unreviewed=unreviewed
        )

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
