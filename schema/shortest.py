"""The shortest way to an approval: the fewest people who have to sign, and the evidence that is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schema.evidence import Finding
from schema.items import ItemState, by_item
from schema.launches import Launch
from schema.products import Role
from schema.seats import Place, Signer, helpful, places_of, shared
from schema.tallies import Tally, needs_people, tallies
from schema.votes import Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One person who is needed, and everything that they would sign."""

    role: Role
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The least that has to happen before a launch is approved."""

    signatures: tuple[Call, ...]  # one person each
    evidence: tuple[Finding, ...]  # what has to be measured again, or given
    objections: tuple[Vote, ...]  # what has to be taken back, or overridden
    unknown: tuple[str, ...]  # items whose evidence could not be looked at
    changed: tuple[str, ...] = ()  # items whose evidence changed a moment ago; the clock is about to write it
    waivable: tuple[str, ...]  # items among those with failing evidence that may be waived instead

    @property
    def nothing(self) -> bool:
        """Tell whether nothing is missing."""
        return not (self.signatures or self.evidence or self.objections or self.unknown or self.changed)


def smallest(launch: Launch, findings: Iterable[Finding], now: datetime) -> Missing:
    """List the fewest signatures and the evidence that are still missing."""
    revision = launch.revision
    standing = [each for each in tallies(launch, by_item(findings), now).values() if not each.settled]
    failing = [each for each in standing if each.failing]
    return Missing(
        signatures=_fewest(standing),
        evidence=tuple(finding for each in failing for finding in each.failing),
        objections=tuple(vote for each in standing for vote in each.objections),
        unknown=tuple(each.item.id for each in standing if each.state is ItemState.UNKNOWN),
        changed=tuple(each.item.id for each in standing if each.changed),
        waivable=tuple(each.item.id for each in failing if each.item.spec.waivable_at(revision.tier)),
    )


def _fewest(standing: Sequence[Tally]) -> tuple[Call, ...]:
    """Ask the role that fills seats of most items first, until every seat is filled."""
    people = {each.item.id: _still_seated(each) for each in standing if needs_people(each.item)}
    places = {each.item.id: places_of(each.item.spec) for each in standing}
    lone = {each.item.id for each in standing if each.unseparated}
    calls: list[Call] = []
    while True:
        helps = {name: _wanted(places[name], seated, lone=name in lone) for name, seated in people.items()}
        call = max((_call(role, helps) for role in Role), key=lambda each: len(each.items))
        if not call.items:
            return (*calls, *_clashing(standing))
        calls.append(call)
        person = Signer(name=f"call-{len(calls)}", roles=frozenset({call.role}))
        people = {
            name: (*seated, person) if name in call.items else seated for name, seated in people.items()
        }


def _still_seated(each: Tally) -> tuple[Signer, ...]:
    """Keep the signatures that will hold: other evidence asks for all of them again."""
    votes = [] if each.failing or each.changed else [seat.vote for seat in each.seats if seat.vote]
    return tuple(Signer(name=vote.pid, roles=vote.roles) for vote in votes)


def _wanted(places: Sequence[Place], people: Sequence[Signer], *, lone: bool) -> frozenset[Role]:
    if not lone:
        return helpful(places, people)
    filled = shared(places, people)
    return frozenset(place.role for place in places if place not in filled)


def _call(role: Role, helps: Mapping[str, frozenset[Role]]) -> Call:
    return Call(role=role, items=tuple(name for name, roles in helps.items() if role in roles))


def _clashing(standing: Sequence[Tally]) -> tuple[Call, ...]:
    return tuple(Call(role=each.item.spec.seats[0], items=(each.item.id,)) for each in standing if each.clash)
