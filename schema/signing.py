"""Signing, objecting, saying that it does not apply, commenting, taking back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schema.attempts import Code, Declined
from schema.checklists import ItemClass
from schema.delegations import Authority
from schema.following import Course, draft, with_move
from schema.histories import KIND_OF, after
from schema.items import ByItem, Item
from schema.launches import Launch, State
from schema.ledger import Draft
from schema.payloads import plain
from schema.policies import Standing, need_person, need_reason
from schema.products import Role
from schema.role_words import any_of
from schema.tallies import SCREENING, may_be_own, need_screened
from schema.votes import SILENT, Intent, Voice

SIGNATURES = (Intent.SIGN, Intent.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody says to one item, and what they were shown before they said it."""

    item: str
    intent: Intent
    revision: int  # that was shown
    digest: str  # of the item that was shown
    showing: str
    text: str | None = None  # id of what they wrote


def cast(
    launch: Launch,
    who: Standing,
    choices: Sequence[Choice],
    *,
    found: ByItem,
    now: datetime,
    acting_for: Authority | None = None,
) -> Course:
    """Record what somebody says; all of it or nothing, and nothing at all where it was said before.

    acting_for   the person for whom they sign, see `delegations.authorities`; None for themselves
    """
    need_person(who)
    drafts: tuple[Draft, ...] = ()
    then = launch
    for choice in choices:
        said = _say(then, who, choice, now=now, acting_for=acting_for)
        if said is not None:
            drafts = (*drafts, said)
            grown = after(then, (said,), now)
            assert grown is not None
            then = grown
    course = Course(drafts, then)
    return with_move(course, found, now) if drafts else course


def _say(
    launch: Launch, who: Standing, choice: Choice, *, now: datetime, acting_for: Authority | None
) -> Draft | None:
    """Give the event of one choice; None when the person has said just that already."""
    _need_state(launch, choice.intent, now)
    item = _item(launch, choice)
    _need_screening(launch, choice, now)
    _need_current(launch, item, choice)
    voice = launch.revision.voices.get(choice.item, {}).get(who.pid, SILENT)
    if choice.intent is Intent.TAKE_BACK:
        return _taken_back(launch, who, choice, voice=voice)
    if choice.intent is Intent.COMMENT:
        return _comment(launch, who, choice)
    roles = _roles(item, who, acting_for)
    own = _self_approved(launch, who, acting_for)
    if own and not _may_sign_own(launch, item):
        raise Declined(
            Code.SELF, "You asked for this launch, so the seat is for somebody else who holds that role."
        )
    _need_fitting(item, choice)
    _need_one_signature(launch, choice, voice=voice, acting_for=acting_for)
    if _says_so_already(launch, choice, voice=voice, roles=roles, now=now):
        return None
    return _vote(launch, who, choice, roles=roles, acting_for=acting_for, self_approved=own)


def _need_state(launch: Launch, intent: Intent, now: datetime) -> None:
    revision = launch.revision
    if launch.ended:
        raise Declined(Code.ENDED, f"This launch is {launch.state}; nothing can be said to it any more.")
    if intent is Intent.COMMENT:
        return
    if revision.state is State.CHECKING:
        raise Declined(Code.STATE, "The checks are still running; try again in a minute.")
    if revision.state is State.APPROVED and intent in SIGNATURES:
        raise Declined(
            Code.STATE, "Everything is signed and the launch is approved; no signature is missing."
        )
    if revision.state is State.BYPASSED:
        raise Declined(
            Code.STATE, "It was let through in an emergency; two other people end that with their review."
        )
    if revision.state not in (State.OPEN, State.APPROVED):
        raise Declined(Code.STATE, "It has gone out already; who may revoke it can still do so.")
    if launch.overdue(now):
        raise Declined(Code.LATE, "The deadline has passed; the requester has to open a new launch.")


def _item(launch: Launch, choice: Choice) -> Item | None:
    """Find the item; None for one that is not asked any more, which can only be taken back."""
    revision = launch.revision
    item = revision.items.get(choice.item)
    if item is None and (choice.intent is not Intent.TAKE_BACK or choice.item not in revision.voices):
        raise Declined(Code.UNKNOWN_ITEM, f"{choice.item} is not asked here; open the items of your role.")
    return item


def _need_screening(launch: Launch, choice: Choice, now: datetime) -> None:
    if choice.item != SCREENING and choice.intent is not Intent.TAKE_BACK:
        need_screened(launch, now)


def _need_current(launch: Launch, item: Item | None, choice: Choice) -> None:
    if choice.intent in (Intent.TAKE_BACK, Intent.COMMENT):
        return
    assert item is not None
    if choice.revision != launch.revision.n or choice.digest != item.digest:
        raise Declined(
            Code.STALE,
            f"{choice.item} has changed since this was shown to you; open it again to see what it says now.",
        )


def _roles(item: Item | None, who: Standing, acting_for: Authority | None) -> frozenset[Role]:
    assert item is not None
    held = who.roles | (acting_for.roles if acting_for else frozenset())
    seats = frozenset(item.spec.seats)
    lent = acting_for.roles & seats if acting_for else None
    if not held & seats or lent == frozenset():
        raise Declined(
            Code.NO_ROLE, f"{item.id} is for people from {any_of(item.spec.seats)}; ask one of them."
        )
    return held


def _self_approved(launch: Launch, who: Standing, acting_for: Authority | None) -> bool:
    people = {who.pid} if acting_for is None else {who.pid, acting_for.principal, *acting_for.through}
    return launch.requester in people


def _may_sign_own(launch: Launch, item: Item | None) -> bool:
    assert item is not None
    return may_be_own(launch.revision, item)


def _need_fitting(item: Item | None, choice: Choice) -> None:
    assert item is not None
    if choice.intent is Intent.OBJECT:
        need_reason(choice.text or "", "object")
    if choice.intent is Intent.NOT_APPLICABLE:
        if item.spec.klass is not ItemClass.CONDITIONAL:
            raise Declined(Code.NOT_THIS_ITEM, f"{item.id} applies to every launch; sign it or object to it.")
        need_reason(choice.text or "", "say that it does not apply")


def _need_one_signature(
    launch: Launch, choice: Choice, *, voice: Voice, acting_for: Authority | None
) -> None:
    """Refuse a second signature that would count as the same person's."""
    if choice.intent not in SIGNATURES:
        return
    mine = voice.newest.get(choice.digest)
    principal = acting_for.principal if acting_for else None
    if mine is not None and mine.intent in SIGNATURES and mine.principal != principal:
        raise Declined(Code.DELEGATION, "You have signed this for somebody else; take that back first.")
    if acting_for is None:
        return
    others = launch.revision.voices.get(choice.item, {})
    for pid in (acting_for.principal, *acting_for.through):
        if others.get(pid, SILENT).said(choice.digest) in SIGNATURES:
            raise Declined(
                Code.DELEGATION,
                "The person you act for has signed this already; nothing is missing from them.",
            )


def _says_so_already(
    launch: Launch, choice: Choice, *, voice: Voice, roles: frozenset[Role], now: datetime
) -> bool:
    vote = voice.newest.get(choice.digest)
    if vote is None or vote.intent is not choice.intent:
        return False
    if choice.intent is Intent.OBJECT:
        return voice.objection is vote and vote.text == choice.text
    valid = timedelta(days=launch.revision.policy.sign_off_valid_days)
    return voice.objection is None and roles <= vote.roles and now < vote.at + valid


def _taken_back(launch: Launch, who: Standing, choice: Choice, *, voice: Voice) -> Draft:
    """Take back an objection wherever it was made, or else the signature that holds now."""
    item = launch.revision.items.get(choice.item)
    current = voice.newest.get(item.digest) if item else None
    held = voice.objection or (current if current and current.intent in SIGNATURES else None)
    if held is None:
        raise Declined(
            Code.NOTHING,
            f"You have said nothing to {choice.item} that holds now; there is nothing to take back.",
        )
    return draft(
        launch,
        KIND_OF[Intent.TAKE_BACK],
        who.pid,
        n=launch.revision.n,
        item=choice.item,
        digest=held.digest,
        roles=plain(held.roles),
        showing=choice.showing,
        text=choice.text,
        principal=held.principal,
        through=list(held.through),
        self_approved=False,
    )


def _comment(launch: Launch, who: Standing, choice: Choice) -> Draft:
    if not who.roles and not who.owner:
        raise Declined(
            Code.NO_ROLE, "Only people with a role in this product comment here; write in the thread instead."
        )
    need_reason(choice.text or "", "comment")
    return _vote(launch, who, choice, roles=who.roles, acting_for=None, self_approved=False)


def _vote(
    launch: Launch,
    who: Standing,
    choice: Choice,
    *,
    roles: frozenset[Role],
    acting_for: Authority | None,
    self_approved: bool,
) -> Draft:
    return draft(
        launch,
        KIND_OF[choice.intent],
        who.pid,
        n=launch.revision.n,
        item=choice.item,
        digest=choice.digest,
        roles=plain(roles),
        showing=choice.showing,
        text=choice.text,
        principal=acting_for.principal if acting_for else None,
        through=list(acting_for.through) if acting_for else [],
        self_approved=self_approved,
    )
