"""Where each item stands, computed from what people said, what its evidence shows, and now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schema.attempts import Code, Declined
from schema.checklists import CheckKind, ItemClass
from schema.evidence import Finding
from schema.items import SETTLED, ByItem, Item, ItemState, evidence_now, item_of
from schema.launches import Launch, Revision
from schema.policies import SelfApproval
from schema.products import Role
from schema.risks import RiskQuestion
from schema.seats import Place, apart, matched, one_name, places_of, shared, signers
from schema.votes import Intent, Vote, counted
from schema.waivers import Waiver

SCREENING = "ETH-01"  # the item without which a possible banned practice goes nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One seat, and whose signature fills it."""

    role: Role
    vote: Vote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Where one item stands."""

    item: Item
    state: ItemState
    seats: tuple[Seat, ...] = ()  # none where the evidence alone decides
    failing: tuple[Finding, ...] = ()
    objections: tuple[Vote, ...] = ()  # open ones
    waiver: Waiver | None = None  # that holds
    changed: bool = False  # its evidence is not the one that the ledger knows; that is about to be written
    clash: bool = False  # its signatures are of people who must sign elsewhere as different ones
    unseparated: bool = False  # the team is too small for different people

    @property
    def settled(self) -> bool:
        """Tell whether nothing is missing."""
        return self.state in SETTLED

    @property
    def self_approved(self) -> bool:
        """Tell whether the requester fills a seat."""
        return any(seat.vote is not None and seat.vote.self_approved for seat in self.seats)


def tallies(launch: Launch, found: ByItem, now: datetime) -> Mapping[str, Tally]:
    """Say where every item of the newest revision stands, in the checklist's order."""
    revision = launch.revision
    alone = {name: tally(revision, item, found, now) for name, item in revision.items.items()}
    return {**_apart(revision, alone, now), **_left_behind(revision)}


def settled(launch: Launch, found: ByItem, now: datetime) -> bool:
    """Tell whether nothing is missing anywhere; looks no further than the first item that is not settled."""
    revision = launch.revision
    if _left_behind(revision):
        return False
    alone = {}
    for name, item in revision.items.items():
        alone[name] = tally(revision, item, found, now)
        if not alone[name].settled:
            return False
    return all(each.settled for each in _apart(revision, alone, now).values())


def _left_behind(revision: Revision) -> Mapping[str, Tally]:
    """Keep items that are no longer asked for as long as somebody objects to them."""
    left = {name: open_objections(revision, name) for name in revision.voices if name not in revision.items}
    return {
        name: Tally(
            item=item_of(revision.specs[name], revision.manifest),
            state=ItemState.OBJECTED,
            objections=objections,
        )
        for name, objections in left.items()
        if objections
    }


def to_take_back(revision: Revision, pids: Collection[str]) -> tuple[Item, ...]:
    """List what is not asked any more, though somebody objects to it: there is nothing else to say to it."""
    names = dict.fromkeys(vote.item for vote in revision.dissent if vote.pid in pids)
    return tuple(
        item_of(revision.specs[name], revision.manifest) for name in names if name not in revision.items
    )


def tally(revision: Revision, item: Item, found: ByItem, now: datetime) -> Tally:
    """Say where one item stands by itself."""
    objections = open_objections(revision, item.id)
    failing = _failing(item, found)
    waiver = waiver_now(revision, item, now)
    seats = _filled(revision, item, Intent.SIGN, now=now)
    aside = _filled(revision, item, Intent.NOT_APPLICABLE, now=now)
    full = all(seat.vote for seat in seats)
    state = _before_seats(item, found, objections=objections, waiver=waiver)
    if state is None and aside and all(seat.vote for seat in aside):
        state, seats = ItemState.NOT_APPLICABLE, aside
    if state is None:
        state = _by_seats(revision, item, failing=failing, full=full)
    return Tally(
        item=item,
        state=state,
        seats=seats if needs_people(item) or state is ItemState.NOT_APPLICABLE else (),
        failing=failing,
        objections=objections,
        waiver=waiver,
        changed=evidence_now(item.spec, found) not in (None, item.evidence),
        unseparated=item.id in revision.unseparated,
    )


def needs_people(item: Item) -> bool:
    """Tell whether evidence alone cannot settle an item."""
    return item.spec.check is not CheckKind.AUTO


def _before_seats(
    item: Item, found: ByItem, *, objections: Sequence[Vote], waiver: Waiver | None
) -> ItemState | None:
    if objections:
        return ItemState.OBJECTED
    evidence = evidence_now(item.spec, found)
    if evidence is None:
        return ItemState.UNKNOWN
    if evidence != item.evidence:
        return ItemState.STALE
    return ItemState.WAIVED if waiver else None


def _by_seats(revision: Revision, item: Item, *, failing: Sequence[Finding], full: bool) -> ItemState:
    if failing:
        return ItemState.AUTO_FAIL
    if not needs_people(item):
        return ItemState.AUTO_PASS
    if full:
        return ItemState.SIGNED
    return ItemState.STALE if _signed_before(revision, item) else ItemState.NEEDS_SIGN


def _signed_before(revision: Revision, item: Item) -> bool:
    earlier = {digest for digest, bound in revision.spoken_of.items() if bound.item.id == item.id}
    if earlier <= {item.digest}:
        return False  # said without going through a thousand voices
    voices = revision.voices.get(item.id, {}).values()
    return any(
        vote.intent is Intent.SIGN and voice.said(item.digest) is None
        for voice in voices
        for vote in voice.newest.values()
    )


def open_objections(revision: Revision, item: str) -> tuple[Vote, ...]:
    """List the objections that block an item: neither taken back nor overridden as the item is now."""
    voices = revision.voices.get(item, {}).values()
    return tuple(
        [
            voice.objection
            for voice in voices
            if voice.objection is not None and not _overridden(revision, voice.objection)
        ]
    )


def _overridden(revision: Revision, objection: Vote) -> bool:
    """Tell whether somebody went on in spite of it, and about what the item is now; what is not asked changes no more."""
    override, item = revision.overrides.get(objection.seq), revision.items.get(objection.item)
    return override is not None and (item is None or override.digest == item.digest)


def waiver_now(revision: Revision, item: Item, now: datetime) -> Waiver | None:
    """Give the waiver that lets an item go now."""
    waiver = revision.waivers.get(item.id)
    holds = waiver is not None and waiver.holds(item.digest, now)
    return waiver if holds and item.spec.waivable_at(revision.tier) else None


def _failing(item: Item, found: ByItem) -> tuple[Finding, ...]:
    mine = found.get(item.id, {})
    names = [each.name for each in item.spec.requirements]
    return tuple(mine[name] for name in names if name in mine and not mine[name].passed)


def votes_for(revision: Revision, item: Item, intent: Intent, *, now: datetime) -> tuple[Vote, ...]:
    """List the votes of one intent that hold now for what the item is now."""
    policy = revision.policy
    return tuple(
        counted(
            revision.voices.get(item.id, {}),
            item.digest,
            intent,
            since=now - timedelta(days=policy.sign_off_valid_days),
            self_approval=may_be_own(revision, item),
        )
    )


def may_be_own(revision: Revision, item: Item) -> bool:
    """Tell whether whoever asked for the launch may fill a seat of an item; it is marked then."""
    allowed = revision.policy.self_approval is SelfApproval.ALLOW_MARKED or item.id in revision.unseparated
    return allowed and not item.spec.never_requester


def _filled(revision: Revision, item: Item, intent: Intent, *, now: datetime) -> tuple[Seat, ...]:
    if intent is Intent.NOT_APPLICABLE and item.spec.klass is not ItemClass.CONDITIONAL:
        return ()
    votes = votes_for(revision, item, intent, now=now)
    if not votes:
        return tuple([Seat(role=role) for role in item.spec.places])
    places = places_of(item.spec)
    fill = shared if item.id in revision.unseparated else matched
    names = fill(places, signers(votes, most=len(places)))
    called = one_name(votes)
    return tuple(_seat(place, names.get(place), called, votes=votes) for place in places)


def _seat(place: Place, name: str | None, called: Mapping[str, str], *, votes: Sequence[Vote]) -> Seat:
    if name is None:
        return Seat(role=place.role)
    fits = (vote for vote in votes if called.get(vote.pid, vote.pid) == name and place.role in vote.roles)
    return Seat(role=place.role, vote=next(fits))


def _apart(revision: Revision, alone: Mapping[str, Tally], now: datetime) -> Mapping[str, Tally]:
    """Hold signed items to the sets of seats that different people must fill; the checklist's order decides."""
    different = revision.policy.different_people
    named = {item for seats in different for item, _ in seats}
    kept: list[Place] = []
    found: dict[Place, str] = {}
    joined = dict(alone)
    held = {name: each for name, each in alone.items() if name in named and _by_people(each)}
    who, votes = _sitters(revision, tuple(held.values()), now=now)
    for name, each in held.items():
        places = places_of(each.item.spec)
        together = apart([*kept, *places], who, different)
        if together is None:
            joined[name] = replace(each, state=ItemState.NEEDS_SIGN, clash=True)
            continue
        kept, found = [*kept, *places], together
    for name in {place.item for place in kept}:
        joined[name] = _reseated(joined[name], found, votes)
    return joined


def _by_people(each: Tally) -> bool:
    signed = each.state in (ItemState.SIGNED, ItemState.NOT_APPLICABLE)
    return signed and not each.unseparated


def _sitters(
    revision: Revision, each_tally: Sequence[Tally], *, now: datetime
) -> tuple[Mapping[Place, Sequence[str]], Sequence[Vote]]:
    held = {each.item.id: _held(revision, each, now=now) for each in each_tally}
    everyone = [vote for votes in held.values() for vote in votes]
    called = one_name(everyone)
    who = {
        place: tuple(
            dict.fromkeys(
                called.get(vote.pid, vote.pid) for vote in held[each.item.id] if place.role in vote.roles
            )
        )
        for each in each_tally
        for place in places_of(each.item.spec)
    }
    return who, everyone


def _held(revision: Revision, each: Tally, *, now: datetime) -> tuple[Vote, ...]:
    aside = each.state is ItemState.NOT_APPLICABLE
    intent = Intent.NOT_APPLICABLE if aside else Intent.SIGN
    return votes_for(revision, each.item, intent, now=now)


def _reseated(each: Tally, found: Mapping[Place, str], votes: Sequence[Vote]) -> Tally:
    called = one_name(votes)
    mine = [vote for vote in votes if vote.item == each.item.id]
    places = places_of(each.item.spec)
    return replace(each, seats=tuple(_seat(place, found.get(place), called, votes=mine) for place in places))


def screened(launch: Launch, now: datetime) -> bool:
    """Tell whether no banned practice stands in the way: none is possible, or the screening is signed."""
    revision = launch.revision
    if RiskQuestion.BANNED_PRACTICE not in revision.answers:
        return True
    item = revision.items.get(SCREENING)
    if item is None or open_objections(revision, item.id):
        return False
    seats = _filled(revision, item, Intent.SIGN, now=now)
    return bool(seats) and all(seat.vote for seat in seats)


def need_screened(launch: Launch, now: datetime) -> None:
    """Refuse whatever must wait for the screening."""
    if not screened(launch, now):
        raise Declined(
            Code.BANNED,
            f"A banned practice is possible here, so {SCREENING} has to be signed by all its seats first.",
        )
