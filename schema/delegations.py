"""Delegations: a person lets another sign for them, for a while; both names stand beside the signature."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schema.attempts import Code, Declined
from schema.launches import EventKind
from schema.ledger import Draft, Event
from schema.payloads import plain
from schema.policies import Policy, Standing, need_person
from schema.products import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A window in which one person signs for another in a product."""

    seq: int
    product: str
    principal: str  # pid
    delegate: str  # pid
    roles: frozenset[Role]
    starts_at: datetime
    ends_at: datetime  # it does not belong to the window
    ended: bool = False  # taken back, whatever the clock says later

    def lasts(self, now: datetime) -> bool:
        """Tell whether the delegate may sign now."""
        return not self.ended and self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """For whom somebody may sign now, and through whom that came to them."""

    principal: str
    through: tuple[str, ...]  # from the principal's delegate on; empty when it is they themselves
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What somebody who will be away asks for."""

    product: str
    to: Standing
    roles: frozenset[Role]
    starts_at: datetime
    ends_at: datetime


def delegate(
    standing: Sequence[Delegation], who: Standing, wanted: Handover, *, policy: Policy, now: datetime
) -> tuple[Draft, ...]:
    """Let somebody sign for a person who is away."""
    need_person(who)
    _need_sound_window(policy, wanted.starts_at, wanted.ends_at, now=now)
    if wanted.to.barred is not None or wanted.to.pid == who.pid:
        raise Declined(Code.DELEGATION, "Name a colleague who may decide here; that person cannot.")
    _need_short_chain([each for each in standing if _beside(each, wanted)], who, wanted, policy=policy)
    payload = {
        "product": wanted.product,
        "delegate": wanted.to.pid,
        "roles": plain(wanted.roles),
        "starts_at": plain(wanted.starts_at),
        "ends_at": plain(wanted.ends_at),
    }
    return (Draft(kind=EventKind.DELEGATED, actor=who.pid, payload=payload),)


def _beside(other: Delegation, wanted: Handover) -> bool:
    overlaps = other.starts_at < wanted.ends_at and wanted.starts_at < other.ends_at
    return other.product == wanted.product and overlaps and not other.ended


def _need_short_chain(
    chains: Sequence[Delegation], who: Standing, wanted: Handover, *, policy: Policy
) -> None:
    held = who.roles | {role for each in chains if each.delegate == who.pid for role in each.roles}
    if not wanted.roles or not wanted.roles <= held:
        raise Declined(Code.DELEGATION, "You can only hand on roles that you hold in this product.")
    if who.pid in _reached(chains, wanted.to.pid):
        raise Declined(
            Code.DELEGATION, "That person already signs for others through you; name somebody else."
        )
    before = 0 if wanted.roles <= who.roles else _steps(chains, who.pid, forward=False)
    if before + 1 + _steps(chains, wanted.to.pid, forward=True) > policy.delegation_depth:
        raise Declined(
            Code.DELEGATION, "A seat may not be handed on that often; ask the person who holds it."
        )


def _need_sound_window(policy: Policy, starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    longest = timedelta(days=policy.delegation_max_days)
    if not max(starts_at, now) < ends_at or ends_at - starts_at > longest:
        raise Declined(
            Code.LIMIT, f"Choose an end after the start, at most {policy.delegation_max_days} days later."
        )


def _reached(chains: Sequence[Delegation], pid: str) -> frozenset[str]:
    """Name everyone to whom something that this person holds may come."""
    found, new = {pid}, {pid}
    while new:
        new = {each.delegate for each in chains if each.principal in new} - found
        found |= new
    return frozenset(found)


def _steps(chains: Sequence[Delegation], pid: str, *, forward: bool) -> int:
    """Count the longest chain that leads from, or to, this person; there are no cycles."""
    ends = [
        each.delegate if forward else each.principal
        for each in chains
        if (each.principal if forward else each.delegate) == pid
    ]
    return max((1 + _steps(chains, end, forward=forward) for end in ends), default=0)


def end_delegation(delegation: Delegation, who: Standing, now: datetime) -> tuple[Draft, ...]:
    """Take a delegation back; either of the two may."""
    need_person(who)
    if who.pid not in (delegation.principal, delegation.delegate):
        raise Declined(Code.DELEGATION, "Only the two people of a delegation can end it.")
    if delegation.ended or now >= delegation.ends_at:
        return ()
    return (Draft(kind=EventKind.DELEGATION_ENDED, actor=who.pid, payload={"delegation": delegation.seq}),)


def fold_delegations(events: Iterable[Event]) -> tuple[Delegation, ...]:
    """Read the delegations of a workspace from its events, oldest first."""
    found: dict[int, Delegation] = {}
    for event in events:
        if event.kind == EventKind.DELEGATED:
            found[event.seq] = _read(event)
        elif event.kind == EventKind.DELEGATION_ENDED:
            seq = event.payload["delegation"]
            assert isinstance(seq, int)
            found[seq] = replace(found[seq], ended=True, ends_at=min(event.at, found[seq].ends_at))
    return tuple(found.values())


def _read(event: Event) -> Delegation:
    payload = event.payload
    roles = payload["roles"]
    assert isinstance(roles, Sequence)
    return Delegation(
        seq=event.seq,
        product=str(payload["product"]),
        principal=event.actor,
        delegate=str(payload["delegate"]),
        roles=frozenset(Role(str(role)) for role in roles),
        starts_at=datetime.fromisoformat(str(payload["starts_at"])),
        ends_at=datetime.fromisoformat(str(payload["ends_at"])),
    )


def authorities(
    delegations: Iterable[Delegation],
    pid: str,
    *,
    product: str,
    people: Mapping[str, Standing],
    depth: int,
    now: datetime,
) -> tuple[Authority, ...]:
    """List for whom somebody may sign now.

    people   by pid, the principals as they stand now; who is missing there, or barred, hands on nothing
    depth    how often a seat may be handed on
    """
    live = [each for each in delegations if each.product == product and each.lasts(now)]
    found: list[Authority] = []
    waiting: list[tuple[str, tuple[str, ...], frozenset[Role]]] = [(pid, (), frozenset(Role))]
    while waiting:
        at, through, roles = waiting.pop(0)
        for each in live:
            if each.delegate != at or each.principal in (pid, *through) or len(through) >= depth:
                continue
            passed = roles & each.roles
            principal = people.get(each.principal)
            if principal is None or principal.barred is not None or not passed:
                continue
            held = passed & principal.roles
            if held:
                found.append(Authority(principal=each.principal, through=through, roles=held))
            if len(through) + 1 < depth:
                waiting.append((each.principal, (each.principal, *through), passed))
    return tuple(found)
