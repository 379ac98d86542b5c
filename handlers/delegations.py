"""Delegations: somebody who will be away lets a colleague sign for them, within a window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from handlers import folds
from handlers.deciding import Person, need_same, need_settings, refused, standing_of
from handlers.services import Services, Snapshot
from integrations.store import launches as requests
from integrations.store import ledger
from integrations.store.engine import lock_workspace
from integrations.store.launches import Outcome
from schema import delegations as rules
from schema.attempts import Code, Declined
from schema.delegations import Delegation, Handover, fold_delegations
from schema.errors import Refusal
from schema.ledger import Draft
from schema.policies import Standing
from schema.products import Product, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """What somebody who will be away asks for."""

    to: Person
    roles: frozenset[Role]
    starts_at: datetime
    ends_at: datetime  # it does not belong to the window


async def delegate(
    services: Services, snapshot: Snapshot, product: Product, handing: Handing, *, by: Person, key: str
) -> int:
    """Let a colleague sign for somebody; gives the number by which it can be ended."""

    def rule(session: Session, who: Standing, now: datetime) -> Sequence[Draft]:
        wanted = Handover(
            product=product.key, to=standing_of(session, snapshot, handing.to), roles=handing.roles,
            starts_at=handing.starts_at, ends_at=handing.ends_at,
        )  # fmt: skip
        policy = snapshot.configuration.reviews.policy
        return rules.delegate(every(session, snapshot), who, wanted, policy=policy, now=now)

    attempt = f"hand over in {product.key}"
    return await _decide(services, snapshot, rule, by=by, key=key, attempt=attempt)


async def end(services: Services, snapshot: Snapshot, number: int, *, by: Person, key: str) -> None:
    """Take a delegation back; either of the two may."""

    def rule(session: Session, who: Standing, now: datetime) -> Sequence[Draft]:
        found = next((each for each in every(session, snapshot) if each.seq == number), None)
        if found is None:
            raise Refusal("There is no such delegation; it may have ended.")
        return rules.end_delegation(found, who, now)

    await _decide(services, snapshot, rule, by=by, key=key, attempt="end a delegation")


def every(session: Session, snapshot: Snapshot) -> tuple[Delegation, ...]:
    """List who lets whom sign for them in a workspace, ended ones too."""
    return fold_delegations(folds.events_of(session, snapshot.workspace, ""))


async def _decide(
    services: Services, snapshot: Snapshot, rule: Callable[[Session, Standing, datetime], Sequence[Draft]], *,
    by: Person, key: str, attempt: str,
) -> int:  # fmt: skip
    def act(session: Session) -> int | Declined:
        workspace = snapshot.workspace
        lock_workspace(session, workspace)
        came = requests.outcome(session, workspace, key)
        if came is not None:
            return came.first if came.refusal is None else Declined(Code(str(came.code)), came.refusal)
        need_settings(session, snapshot)
        need_same(session, workspace, by)
        now, who = services.now(), standing_of(session, snapshot, by)
        try:
            drafts = rule(session, who, now)
        except Declined as declined:
            return refused(session, workspace, declined, who=who, attempt=attempt, key=key, now=now)
        events = ledger.append(session, workspace, drafts, now=now)
        first = events[0].seq if events else 0
        came = Outcome(launch="", first=first, last=first, code=None, refusal=None)
        requests.note(session, workspace, [(key, came)], at=now)
        return first

    found = await services.store.write(act)
    if isinstance(found, Declined):
        raise found
    return found
