"""How a launch begins: opened, submitted, submitted anew, and moved to other rules or another tier."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from schema.attempts import Code, Declined
from schema.checklists import ItemSpec
from schema.deadlines import business_days_after, knows_country
from schema.earlier import Unsettled, carried
from schema.evidence import Finding
from schema.following import draft, followed
from schema.histories import after
from schema.items import split
from schema.launches import EventKind, Launch, State
from schema.ledger import Draft
from schema.manifests import Manifest
from schema.payloads import plain
from schema.policies import Policy, Right, SelfApproval, Standing, need_person, need_reason, need_right
from schema.products import Role
from schema.risks import RiskQuestion, Tier, tier_of
from schema.role_words import ROLE_WORDS, any_of, somebody
from schema.seats import Place, infeasible

Members: TypeAlias = Mapping[Role, frozenset[str]]
IN_WORK = (State.CHECKING, State.OPEN, State.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a new launch is."""

    id: str
    product: str
    title: str  # text id
    due_on: date | None = None
    zone: str = "UTC"
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a revision asks to send out, and under which rules."""

    manifest: Manifest
    answers: frozenset[RiskQuestion]
    specs: tuple[ItemSpec, ...]  # both checklists, all items
    policy: Policy
    members: Members = field(default_factory=dict)  # pids who may decide now
    tier: Tier | None = None  # None takes the derived one
    deadline: datetime | None = None  # None takes the policy's business days


def open_launch(
    opening: Opening, submission: Submission, who: Standing, now: datetime, *, earlier: Sequence[Unsettled] = ()
) -> tuple[Draft, ...]:  # fmt: skip
    """Open a launch and submit its first revision; objections that earlier ones left behind stand in it too."""
    created = create(opening, submission.policy, who)
    launch = after(None, created, now)
    assert launch is not None
    return (*created, *submit(launch, submission, who, now), *carried(launch, earlier))


def create(opening: Opening, policy: Policy, who: Standing) -> tuple[Draft, ...]:
    """Begin a draft."""
    need_right(policy, Right.REQUEST, who, Tier.LOW)
    if not opening.title:
        raise Declined(Code.NO_REASON, "Say in a sentence what launches.")
    if not knows_country(opening.country):
        raise Declined(Code.POLICY, "The holidays of that country are not known; leave the country out.")
    payload = {
        "product": opening.product,
        "title": opening.title,
        "due_on": plain(opening.due_on),
        "zone": opening.zone,
        "country": opening.country,
    }
    return (Draft(kind=EventKind.OPENED, launch=opening.id, actor=who.pid, payload=payload),)


def submit(launch: Launch, submission: Submission, who: Standing, now: datetime) -> tuple[Draft, ...]:
    """Submit a draft, or put a new revision in the place of the newest one."""
    need_person(who)
    if who.pid != launch.requester:
        raise Declined(Code.NO_RIGHT, "Only the person who opened this launch can submit it; ask them.")
    if launch.state is not State.DRAFT and launch.state not in IN_WORK:
        raise Declined(_why_not(launch), "This launch takes no new revision any more; open a new launch.")
    _need_time(launch, now)
    need_right(submission.policy, Right.REQUEST, who, Tier.LOW)
    tier = _tier(launch, submission)
    alone = alone_on(submission, tier, requester=launch.requester)
    n = len(launch.revisions) + 1
    revision = draft(
        launch,
        EventKind.SUBMITTED,
        who.pid,
        **_submitted(launch, submission, tier, n=n, now=now, alone=alone),
    )
    if launch.state is State.DRAFT:
        return (revision,)
    return (draft(launch, EventKind.SUPERSEDED, who.pid, n=n - 1), revision)


def _tier(launch: Launch, submission: Submission) -> Tier:
    """Give the tier of a new revision: never below what the answers make it, nor below what somebody raised it to."""
    derived, raised = tier_of(submission.answers), _raised_to(launch)
    least = raised if raised.reaches(derived) else derived
    tier = submission.tier or least
    if not tier.reaches(derived):
        raise Declined(
            Code.LIMIT,
            f"Your answers make the tier {derived}; choose {derived} or a higher one, or correct an answer.",
        )
    if not tier.reaches(least):
        holders = launch.revision.policy.holders(Right.LOWER_TIER, least)
        ask = f", or ask {somebody(holders)} to lower it with a reason" if holders else ""
        raise Declined(Code.LIMIT, f"The tier of this launch was raised to {least}; choose {least}{ask}.")
    return tier


def _raised_to(launch: Launch) -> Tier:
    """Give the tier to which people raised a launch above its answers, and did not lower it again."""
    raised = Tier.LOW
    for revision in launch.revisions:
        if revision.tier is not tier_of(revision.answers):
            raised = revision.tier
        elif not revision.tier.reaches(raised):
            raised = Tier.LOW
    return raised


def _need_time(launch: Launch, now: datetime) -> None:
    if launch.overdue(now):
        raise Declined(Code.LATE, "The deadline has passed; open a new launch.")


def _why_not(launch: Launch) -> Code:
    return Code.ENDED if launch.ended else Code.STATE


def _submitted(
    launch: Launch, submission: Submission, tier: Tier, *, n: int, now: datetime, alone: frozenset[str]
) -> dict[str, Any]:
    return {
        "n": n,
        "manifest": plain(submission.manifest),
        "manifest_digest": submission.manifest.digest,
        "answers": plain(submission.answers),
        "tier": tier.value,
        "policy": plain(submission.policy),
        "policy_digest": submission.policy.digest,
        "deadline": plain(_deadline(launch, submission, now)),
        "items": plain(submission.specs),
        "unseparated": plain(alone),
    }


def _deadline(launch: Launch, submission: Submission, now: datetime) -> datetime:
    usual = business_days_after(
        now, submission.policy.deadline_days, zone=launch.zone, country=launch.country
    )
    if submission.deadline is not None and submission.deadline <= now:
        raise Declined(Code.LIMIT, "The deadline has passed already; choose a later one.")
    return submission.deadline or usual


def alone_on(submission: Submission, tier: Tier, *, requester: str) -> frozenset[str]:
    """Name the items that a small team cannot sign with different people; refuse where that is not allowed."""
    asked, _ = split(submission.specs, tier, submission.answers)
    policy = submission.policy
    empty = infeasible(asked, submission.members, requester=requester, policy=policy)
    nobody = [place for place in empty if not submission.members.get(place.role)]
    if nobody:
        raise Declined(Code.NOBODY, _nobody(nobody))
    never = {spec.id for spec in asked if spec.never_requester}
    own = [
        place for place in empty if place.item in never and not submission.members[place.role] - {requester}
    ]
    if own:
        raise Declined(Code.NOBODY, _too_few(own, policy, never=True))
    if empty and not policy.small_team:
        raise Declined(Code.NOBODY, _too_few(empty, policy))
    return frozenset(place.item for place in empty)


def _nobody(places: Iterable[Place]) -> str:
    listed = tuple(places)
    items = ", ".join(dict.fromkeys(place.item for place in listed))
    return f"Nobody who may decide is from {any_of(place.role for place in listed)}, which {items} needs; give somebody that role."


def _too_few(places: Iterable[Place], policy: Policy, *, never: bool = False) -> str:
    first = next(iter(places))
    allowed = policy.self_approval is SelfApproval.ALLOW_MARKED and not never
    own = "" if allowed else " other than you"
    seat = f"{first.item} needs somebody from {ROLE_WORDS[first.role]}{own} who sits on no other seat that goes with it"
    return f"{seat}; give one more person that role."


def rebase(launch: Launch, submission: Submission, who: Standing, now: datetime) -> tuple[Draft, ...]:
    """Move a launch in work to the rules and questions of today; its checks start again."""
    revision = launch.revision
    need_right(revision.policy, Right.REBASE, who, revision.tier)
    if launch.state not in IN_WORK:
        raise Declined(_why_not(launch), "Only a launch in work can move to new rules; open a new launch.")
    _need_time(launch, now)
    payload = {
        "policy": plain(submission.policy),
        "policy_digest": submission.policy.digest,
        "deadline": plain(_deadline(launch, submission, now)),
        "items": plain(submission.specs),
        "unseparated": plain(alone_on(submission, revision.tier, requester=launch.requester)),
    }
    return (draft(launch, EventKind.REBASED, who.pid, **payload),)


def change_tier(
    launch: Launch, who: Standing, tier: Tier, *, text: str, members: Members, findings: Iterable[Finding],
    now: datetime,
) -> tuple[Draft, ...]:  # fmt: skip
    """Raise the tier, or lower it again to no less than the answers make it.

    members   pids who may decide now; a higher tier asks more, and is refused where nobody could ever sign that
    """
    revision = launch.revision
    rises = tier.reaches(revision.tier)
    need_right(revision.policy, Right.RAISE_TIER if rises else Right.LOWER_TIER, who, revision.tier)
    if launch.state not in IN_WORK:
        raise Declined(_why_not(launch), "The tier of this launch is settled; open a new launch.")
    _need_time(launch, now)
    if tier is revision.tier:
        return ()
    if rises:
        alone = _alone_at(launch, tier, members)
        raised = draft(
            launch,
            EventKind.TIER_RAISED,
            who.pid,
            tier=tier.value,
            text=text or None,
            unseparated=plain(alone),
        )
        return followed(launch, (raised,), findings, now)
    need_reason(text, "lower the tier")
    derived = tier_of(revision.answers)
    if not tier.reaches(derived):
        raise Declined(
            Code.LIMIT, f"The answers make the tier {derived}; a wrong answer is corrected in a new revision."
        )
    if who.pid == launch.requester and revision.policy.self_approval is SelfApproval.FORBID:
        raise Declined(Code.SELF, "You asked for this launch; somebody else has to lower its tier.")
    lowered = draft(launch, EventKind.TIER_LOWERED, who.pid, tier=tier.value, text=text)
    return followed(launch, (lowered,), findings, now)


def _alone_at(launch: Launch, tier: Tier, members: Members) -> frozenset[str]:
    """Name the items that a small team cannot sign with different people at a tier, under the launch's own rules."""
    revision = launch.revision
    submission = Submission(
        manifest=revision.manifest,
        answers=revision.answers,
        specs=tuple(revision.specs.values()),
        policy=revision.policy,
        members=members,
    )
    return alone_on(submission, tier, requester=launch.requester)
