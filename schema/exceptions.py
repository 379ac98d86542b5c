"""What is decided against the checklist, in the open: waivers and overridden objections."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schema.attempts import Code, Declined
from schema.evidence import Finding
from schema.following import draft, followed
from schema.items import Item
from schema.launches import EventKind, Launch, State
from schema.ledger import Draft
from schema.payloads import plain
from schema.policies import Right, Standing, need_reason, need_right
from schema.tallies import need_screened, open_objections


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverAsked:
    """A waiver as somebody asks for it."""

    item: str
    digest: str  # of the item that was shown
    owner: str  # pid of who answers for it until it ends
    reason: str  # text id
    metric: str  # what is watched meanwhile
    until: datetime


def waive(
    launch: Launch, who: Standing, asked: WaiverAsked, *, findings: Iterable[Finding], now: datetime
) -> tuple[Draft, ...]:
    """Let an item go for a while."""
    revision = launch.revision
    need_right(revision.policy, Right.WAIVE, who, revision.tier)
    if who.pid == launch.requester:
        raise Declined(Code.SELF, "You asked for this launch; somebody else has to waive.")
    _need_open(launch, now)
    need_screened(launch, now)
    item = _waivable(launch, asked)
    _need_whole(asked)
    longest = timedelta(days=revision.policy.waiver_max_days)
    if not now < asked.until <= now + longest:
        raise Declined(
            Code.LIMIT, f"Choose a day from tomorrow on, within {revision.policy.waiver_max_days} days."
        )
    if _same(launch, who, asked):
        return ()
    waived = draft(
        launch,
        EventKind.WAIVED,
        who.pid,
        n=revision.n,
        item=item.id,
        digest=item.digest,
        owner=asked.owner,
        text=asked.reason,
        metric=asked.metric,
        until=plain(asked.until),
    )
    return followed(launch, (waived,), findings, now)


def _need_open(launch: Launch, now: datetime) -> None:
    if launch.ended:
        raise Declined(Code.ENDED, f"This launch is {launch.state}; open a new one.")
    if launch.state is not State.OPEN:
        raise Declined(Code.STATE, "This works only while the launch is open for sign-off.")
    if launch.overdue(now):
        raise Declined(Code.LATE, "The deadline has passed; the requester has to open a new launch.")


def _waivable(launch: Launch, asked: WaiverAsked) -> Item:
    revision = launch.revision
    item = revision.items.get(asked.item)
    if item is None:
        raise Declined(Code.UNKNOWN_ITEM, f"{asked.item} is not asked here; waive one of the items that are.")
    if not item.spec.waivable_at(revision.tier):
        raise Declined(
            Code.NOT_THIS_ITEM,
            f"{item.id} cannot be waived at the {revision.tier} tier; it needs its evidence and signatures.",
        )
    if asked.digest != item.digest:
        raise Declined(Code.STALE, f"{item.id} has changed since this was shown to you; open it again.")
    return item


def _need_whole(asked: WaiverAsked) -> None:
    need_reason(asked.reason, "waive")
    if not asked.owner:
        raise Declined(Code.NO_REASON, "Name who answers for the waiver until it ends.")
    if not asked.metric:
        raise Declined(Code.NO_REASON, "Name the metric that is watched while the waiver holds.")


def _same(launch: Launch, who: Standing, asked: WaiverAsked) -> bool:
    held = launch.revision.waivers.get(asked.item)
    if held is None or held.by != who.pid:
        return False
    now = (held.digest, held.owner, held.reason, held.metric, held.until)
    return now == (asked.digest, asked.owner, asked.reason, asked.metric, asked.until)


def override(
    launch: Launch, who: Standing, objection: int, *, text: str, findings: Iterable[Finding], now: datetime
) -> tuple[Draft, ...]:
    """Go on in spite of an objection, which stays visible.

    objection   seq of the vote
    """
    revision = launch.revision
    need_right(revision.policy, Right.OVERRIDE, who, revision.tier)
    if who.pid == launch.requester:
        raise Declined(Code.SELF, "You asked for this launch; somebody else has to override an objection.")
    found = next((vote for vote in revision.dissent if vote.seq == objection), None)
    if found is not None and found not in open_objections(revision, found.item):
        return ()
    _need_open(launch, now)
    need_screened(launch, now)
    if found is None:
        raise Declined(Code.NOTHING, "That objection does not stand any more; there is nothing to override.")
    if found.pid == who.pid:
        raise Declined(Code.SELF, "This is your own objection; take it back instead.")
    need_reason(text, "override an objection")
    now_asked = revision.items.get(found.item)
    overridden = draft(
        launch,
        EventKind.OVERRIDDEN,
        who.pid,
        objection=objection,
        item=found.item,
        digest=now_asked.digest if now_asked else "",
        text=text,
    )
    return followed(launch, (overridden,), findings, now)
