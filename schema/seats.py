"""Seats: who fills which, by maximum matching, so that the order in which people sign never matters."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schema.checklists import ItemSpec
from schema.policies import Policy, SelfApproval
from schema.products import Role
from schema.votes import Vote

Different: TypeAlias = Sequence[Collection[tuple[str, Role]]]  # sets of seats (item, role), one person each


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One person, or several who count as one, and the roles that they signed for."""

    name: str  # a pid of theirs
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """One seat of one item."""

    item: str
    role: Role
    nth: int = 0  # where several of a role must sign


def places_of(spec: ItemSpec) -> tuple[Place, ...]:
    """List an item's seats."""
    return tuple(
        Place(item=spec.id, role=role, nth=nth)
        for role in spec.seats
        for nth in range(spec.counts.get(role, 1))
    )


def signers(votes: Sequence[Vote], *, most: int) -> tuple[Signer, ...]:
    """Count people: whoever signed for somebody, and that somebody, are one.

    most   of one set of roles; more of them than there are seats change nothing
    """
    names = one_name(votes)
    roles: dict[str, frozenset[Role]] = {}
    seen: Counter[frozenset[Role]] = Counter()
    for vote in votes:
        if vote.pid not in names:
            seen[vote.roles] += 1
            if seen[vote.roles] > most:
                continue
        name = names.get(vote.pid, vote.pid)
        roles[name] = roles.get(name, frozenset()) | vote.roles
    return tuple(Signer(name=name, roles=held) for name, held in roles.items())


def one_name(votes: Iterable[Vote]) -> Mapping[str, str]:
    """Give one name to all who count as one; people who only sign for themselves are left out."""
    groups: list[set[str]] = []
    for vote in votes:
        if vote.principal is None:
            continue
        mine = set(vote.people)
        touching = [group for group in groups if group & mine]
        groups = [group for group in groups if not group & mine]
        groups.append(mine.union(*touching))
    return {pid: min(group) for group in groups for pid in group}


def matched(places: Sequence[Place], people: Iterable[Signer]) -> dict[Place, str]:
    """Fill as many of an item's seats as possible with different people."""
    filled: dict[Place, Signer] = {}
    useless: set[frozenset[Role]] = set()  # who holds no more than these fills no seat either
    for person in people:
        if len(filled) == len(places):
            break
        if person.roles in useless:
            continue
        if _seat(person, places, filled, set()):
            useless.clear()
        else:
            useless.add(person.roles)
    return {place: filled[place].name for place in places if place in filled}


def _seat(person: Signer, places: Sequence[Place], filled: dict[Place, Signer], tried: set[Place]) -> bool:
    for place in places:
        if place.role not in person.roles or place in tried:
            continue
        tried.add(place)
        sitting = filled.get(place)
        if sitting is None or _seat(sitting, places, filled, tried):
            filled[place] = person
            return True
    return False


def shared(places: Sequence[Place], people: Iterable[Signer]) -> dict[Place, str]:
    """Fill seats where a team is too small: one person may sit on several."""
    listed = tuple(people)
    found = {
        place: next((each.name for each in listed if place.role in each.roles), None) for place in places
    }
    return {place: name for place, name in found.items() if name is not None}


def helpful(places: Sequence[Place], people: Sequence[Signer]) -> frozenset[Role]:
    """Name the roles of which one more person would fill one more seat."""
    now = len(matched(places, people))
    return frozenset(
        place.role
        for place in places
        if len(matched(places, (*people, Signer(name="", roles=frozenset({place.role}))))) > now
    )


def apart(
    places: Sequence[Place], who: Mapping[Place, Collection[str]], different: Different
) -> dict[Place, str] | None:
    """Fill all seats of several items, one person a seat within an item and within each set; None where that cannot be.

    who   by seat, those who may sit there
    """
    against = _conflicts(places, different)
    hard, easy = _hardest(places, who, against)
    found = _search(hard, {}, who, against)
    if found is None:
        return None
    for place in reversed(easy):
        taken = {found[other] for other in against[place] if other in found}
        found[place] = next(name for name in who[place] if name not in taken)
    return found


def _conflicts(places: Sequence[Place], different: Different) -> dict[Place, set[Place]]:
    against: dict[Place, set[Place]] = defaultdict(set)
    groups = [{place for place in places if (place.item, place.role) in seats} for seats in different]
    groups += [{place for place in places if place.item == item} for item in {each.item for each in places}]
    for place in places:
        against[place] = {other for group in groups if place in group for other in group} - {place}
    return against


def _hardest(
    places: Sequence[Place], who: Mapping[Place, Collection[str]], against: Mapping[Place, set[Place]]
) -> tuple[list[Place], list[Place]]:
    """Set aside, again and again, a seat that has more people than rivals: it can always be filled last."""
    left: list[Place] = list(places)
    easy: list[Place] = []
    while True:
        roomy = next((each for each in left if len(who[each]) > len(against[each] & set(left))), None)
        if roomy is None:
            return sorted(left, key=lambda each: len(who[each])), easy
        left.remove(roomy)
        easy.append(roomy)


def _search(
    left: Sequence[Place],
    found: dict[Place, str],
    who: Mapping[Place, Collection[str]],
    against: Mapping[Place, set[Place]],
) -> dict[Place, str] | None:
    if not left:
        return dict(found)
    place, rest = left[0], left[1:]
    taken = {found[other] for other in against[place] if other in found}
    for name in who[place]:
        if name not in taken:
            done = _search(rest, {**found, place: name}, who, against)
            if done is not None:
                return done
    return None


def infeasible(
    specs: Iterable[ItemSpec], members: Mapping[Role, frozenset[str]], *, requester: str, policy: Policy
) -> tuple[Place, ...]:
    """Name the seats that different people other than the requester cannot fill; empty when all can be."""
    roles: dict[str, frozenset[Role]] = {}
    for role, pids in members.items():
        for pid in pids:
            roles[pid] = roles.get(pid, frozenset()) | {role}
    people = tuple(Signer(name=pid, roles=roles[pid]) for pid in sorted(roles))
    others = tuple(each for each in people if each.name != requester)
    own = policy.self_approval is SelfApproval.ALLOW_MARKED
    asked = tuple(specs)
    may = {spec.id: people if own and not spec.never_requester else others for spec in asked}
    empty = [place for spec in asked for place in _unfilled(spec, may[spec.id])]
    return tuple(empty) or _clashing(asked, may, policy.different_people)


def _unfilled(spec: ItemSpec, people: Sequence[Signer]) -> list[Place]:
    places = places_of(spec)
    filled = matched(places, people)
    return [place for place in places if place not in filled]


def _clashing(
    specs: Sequence[ItemSpec], may: Mapping[str, Sequence[Signer]], different: Different
) -> tuple[Place, ...]:
    named = {item for seats in different for item, _ in seats}
    places = [place for spec in specs if spec.id in named for place in places_of(spec)]
    who = {
        place: tuple(each.name for each in may[place.item] if place.role in each.roles) for place in places
    }
    kept: list[Place] = []
    clashing: list[Place] = []
    for place in places:
        fits = apart([*kept, place], who, different) is not None
        (kept if fits else clashing).append(place)
    return tuple(clashing)
