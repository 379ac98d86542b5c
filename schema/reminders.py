"""Reminders: whom a launch still waits for, and when who is told, inside people's own working hours."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schema.deadlines import business_days_after
from schema.gates import Gate
from schema.launches import Launch
from schema.policies import SelfApproval
from schema.products import Role
from schema.renewals import outdated
from schema.votes import Intent
from schema.working_hours import business_day_before, working

FEW: Final = 3  # of a role that many hold, so many are told; other ones at each launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A launch that asks for signatures: since when, and until when."""

    since: datetime  # when its items were asked, the last time
    deadline: datetime
    zone: str  # of the product
    country: str = ""  # whose public holidays nobody works on

    @property
    def halfway(self) -> datetime:
        """Give the moment by which half of the time has passed, for deadlines that leave no whole day."""
        return self.since + (self.deadline - self.since) / 2

    @property
    def thread_at(self) -> datetime:
        """Give when the thread is told: two business days on, a day after people were told themselves."""
        days = self._days_after(self.since, 2, self.zone)
        return min(days, self.since + (self.deadline - self.since) * 3 / 4)

    @property
    def owners_at(self) -> datetime:
        """Give when owner and backup are told: a business day before the deadline, never before half of the time."""
        return max(self.halfway, business_day_before(self.deadline, self.zone, self.country))

    def person_at(self, waited: "Waited", zone: str) -> datetime:
        """Give when somebody is told: a business day after they were asked, or last said something here."""
        since = max([self.since, *(at for at in (waited.asked_at, waited.acted_at) if at is not None)])
        return min(self._days_after(since, 1, zone), max(self.halfway, since))

    def _days_after(self, moment: datetime, days: int, zone: str) -> datetime:
        """Count business days from when people are at work: what comes on a Saturday is seen on Monday."""
        seen = working(moment, zone, self.country)
        return business_days_after(seen, days, zone=zone, country=self.country)


class Step(StrEnum):
    """Who is told, in this order."""

    PERSON = "person"
    THREAD = "thread"
    OWNERS = "owners"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Somebody whom a launch waits for: for what they could sign, or to say whether their objection still holds."""

    pid: str
    items: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)  # to sign
    objections: tuple[str, ...] = ()  # items to which they objected as they were before
    asked_at: datetime | None = None  # when the evidence of all of this had changed; None: it did not
    acted_at: datetime | None = None  # when they last said something about this launch

    @property
    def key(self) -> str:
        """Name what they are told of: to sign, or of their objection; anew where they had spoken and then it changed."""
        spoke, changed = self.acted_at, self.asked_at
        anew = [spoke.isoformat()] if spoke is not None and changed is not None and changed > spoke else []
        return " ".join((self.pid, *(["objected"] if self.objections else []), *anew))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was said already in a round; nobody is told the same twice."""

    people: frozenset[str] = frozenset()  # by the key of what they were told of
    thread: bool = False
    owners: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """What is to be said now, and when to look again."""

    people: tuple[Waited, ...] = ()
    thread: bool = False
    owners: bool = False
    next_at: datetime | None = None  # None: nothing more will be said in this round

    @property
    def silent(self) -> bool:
        """Tell whether nothing is said."""
        return not (self.people or self.thread or self.owners)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that decides who is reminded."""

    round: Round
    waited: tuple[Waited, ...]
    zones: Mapping[str, str] = field(default_factory=dict)  # pid → zone; the product's where it is not known
    told: Told = field(default_factory=Told)

    def turns(self, now: datetime) -> Iterator[tuple[Step, Waited | None, datetime]]:
        """Give what is still to be said, and when: never before now, outside of working hours or after the deadline."""
        for step, who, at, zone in self._planned():
            turn = working(max(at, now), zone, self.round.country)
            if turn < self.round.deadline:
                yield step, who, turn

    def _planned(self) -> Iterator[tuple[Step, Waited | None, datetime, str]]:
        here = self.round.zone
        for each in self.waited:
            if each.key not in self.told.people:
                zone = self.zones.get(each.pid, here)
                yield Step.PERSON, each, self.round.person_at(each, zone), zone
        if self.waited and not self.told.thread:
            yield Step.THREAD, None, self.round.thread_at, here
        if self.waited and not self.told.owners:
            yield Step.OWNERS, None, self.round.owners_at, here


def due(situation: Situation, now: datetime) -> Reminders:
    """Say who is to be told now."""
    turns = list(situation.turns(now))
    ready = [(step, who) for step, who, at in turns if at <= now]
    return Reminders(
        people=tuple(who for step, who in ready if who is not None),
        thread=any(step is Step.THREAD for step, _ in ready),
        owners=any(step is Step.OWNERS for step, _ in ready),
        next_at=min((at for _, _, at in turns if at > now), default=None),
    )


def waited_for(
    launch: Launch,
    gate: Gate,
    members: Mapping[Role, Collection[str]],
    *,
    changed: Mapping[str, datetime],
    now: datetime,
) -> tuple[Waited, ...]:
    """List the people whom a launch waits for; of a role that many hold, a few, and of who objected, all.

    members   pids by role, without those who never decide
    changed   when the evidence of an item changed, the last time
    """
    found: dict[str, dict[Role, tuple[str, ...]]] = {}
    for role, items in gate.waits_for.items():
        mine = {pid: _signable(launch, items, pid, now) for pid in members.get(role, ())}
        for pid in few(launch.id, (pid for pid, each in mine.items() if each)):
            found.setdefault(pid, {})[role] = mine[pid]
    here = {pid for mine in members.values() for pid in mine}
    signers = (
        Waited(
            pid=pid,
            items=items,
            asked_at=_asked_at(frozenset(item for mine in items.values() for item in mine), changed),
            acted_at=acted_at(launch, pid),
        )
        for pid, items in sorted(found.items())
    )
    return (*signers, *(each for each in _objectors(launch, changed) if each.pid in here))


def _objectors(launch: Launch, changed: Mapping[str, datetime]) -> Iterator[Waited]:
    """List who has to say whether their objection still holds; nobody else can take it back."""
    mine: dict[str, list[str]] = {}
    for vote in outdated(launch):
        mine.setdefault(vote.pid, []).append(vote.item)
    for pid, items in sorted(mine.items()):
        yield Waited(
            pid=pid,
            objections=tuple(items),
            asked_at=_asked_at(frozenset(items), changed),
            acted_at=acted_at(launch, pid),
        )


def _asked_at(listed: frozenset[str], changed: Mapping[str, datetime]) -> datetime | None:
    """Tell since when the item that waits longest has waited, as its evidence is now."""
    return min(changed[item] for item in listed) if listed <= changed.keys() else None


def few(launch: str, pids: Iterable[str]) -> tuple[str, ...]:
    """Choose whom of many to tell: always the same at one launch, other ones at the next."""
    named = sorted(pids, key=lambda pid: hashlib.sha256(f"{launch} {pid}".encode()).digest())
    return tuple(named[:FEW])


def _signable(launch: Launch, items: Iterable[str], pid: str, now: datetime) -> tuple[str, ...]:
    return tuple(item for item in items if may_still_sign(launch, item, pid, now))


def may_still_sign(launch: Launch, item: str, pid: str, now: datetime) -> bool:
    """Tell whether somebody who holds the role could fill a seat of an item that they do not fill yet."""
    revision = launch.revision
    asked = revision.items.get(item)
    if asked is None:
        return False
    alone = revision.policy.self_approval is SelfApproval.ALLOW_MARKED or item in revision.unseparated
    if pid == launch.requester and not alone:
        return False
    voice = revision.voices.get(item, {}).get(pid)
    vote = None if voice is None else voice.newest.get(asked.digest)
    signed = vote is not None and vote.intent in (Intent.SIGN, Intent.NOT_APPLICABLE)
    valid = timedelta(days=revision.policy.sign_off_valid_days)
    return not signed or (vote is not None and now - vote.at >= valid)


def acted_at(launch: Launch, pid: str) -> datetime | None:
    """Tell when somebody last said something about a launch."""
    voices = [each[pid] for each in launch.revision.voices.values() if pid in each]
    return max((vote.at for voice in voices for vote in voice.newest.values()), default=None)
