"""Telling release systems that a gate's answer changed: noticed once, kept, and tried until they have it."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, Self

from sqlalchemy.orm import Session

from handlers import deciding, findings, folds, gates
from handlers.effects import tell
from handlers.findings import Found
from handlers.memos import Memo
from handlers.services import Services, Snapshot
from handlers.views.gates import body
from integrations.base import IntegrationError
from integrations.store import due
from integrations.store import webhooks as stored
from integrations.store.engine import lock_workspace
from integrations.store.webhooks import Candidate, Told
from integrations.webhooks import Postman
from schema.due import Due, Taken
from schema.webhooks import KIND, again_at, answer_of, delivery_id, listener_id, signature, worth_telling

log = logging.getLogger(__name__)

WORK: Final = "webhook"  # kind of due work
LEASE_S: Final = 60.0
AT_ONCE: Final = 10
LOOK_AGAIN_S: Final = 60.0  # time alone may change an answer, a minute before it is written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an answer rested on when it was looked at."""

    hash: str  # of the launch's newest event
    found: Found
    at: datetime

    def same(self, other: Self) -> bool:
        """Tell whether nothing can have changed in between; time alone changes little within a minute."""
        lately = (self.at - other.at).total_seconds() < LOOK_AGAIN_S
        return self.hash == other.hash and self.found is other.found and lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Who is told, and how; what was looked at lately is only a memory of this process."""

    addresses: Sequence[str]
    secret: str = field(repr=False)
    postman: Postman
    holder: str
    looked: Memo[str, Seen] = field(default_factory=lambda: Memo(1024))  # by launch

    def address(self, listener: str) -> str | None:
        """Find an address again; None for one that is not told any more."""
        return next((each for each in self.addresses if listener_id(each) == listener), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A launch that was looked at."""

    candidate: Candidate
    seen: Seen
    told: Told
    message: Mapping[str, Any]


async def notice(services: Services, snapshot: Snapshot, listeners: Listeners) -> int:
    """Write down which answers changed, and whom that has to be told; gives how many changed."""
    found = await services.store.read(
        partial(_looks, services=services, snapshot=snapshot, listeners=listeners)
    )
    new = [each for each in found if each.candidate.told != each.told]

    def act(session: Session) -> int:
        lock_workspace(session, snapshot.workspace)
        now = services.now()
        changed = [each for each in new if _kept(session, snapshot.workspace, each, now=now)]
        for each in changed:
            _plan(session, snapshot.workspace, listeners, look=each, now=now)
        return len(changed)

    count = await services.store.write(act) if new else 0
    for each in found:
        listeners.looked.put(each.candidate.launch, each.seen)
    return count


def _looks(session: Session, *, services: Services, snapshot: Snapshot, listeners: Listeners) -> list[_Look]:
    """Look at the launches of which something may have changed since this process last did."""
    found = []
    for candidate in stored.candidates(session, snapshot.workspace):
        known, seen = listeners.looked.get(candidate.launch), _seen(session, services, snapshot, candidate)
        if known is None or not seen.same(known):
            found.append(_look(session, services, snapshot, candidate, seen=seen))
    return found


def _seen(session: Session, services: Services, snapshot: Snapshot, candidate: Candidate) -> Seen:
    now = services.now()
    launch = folds.load(
        session, services.folds, deciding.known(session, snapshot.workspace, candidate.launch)
    )
    found = findings.found_in(session, services, snapshot, launch, now=now)
    return Seen(hash=candidate.hash, found=found, at=now)


def _look(
    session: Session, services: Services, snapshot: Snapshot, candidate: Candidate, *, seen: Seen
) -> _Look:
    looked = gates.look_in(session, services, snapshot, candidate.launch)
    answer, before = answer_of(looked.launch, looked.gate), candidate.told
    told_of = before.answer if before else None
    number = (before.number if before else 0) + worth_telling(told_of, answer)
    whole = body(looked.launch, looked.gate, looked.missing, at=seen.at, asked=None)
    return _Look(
        candidate=candidate, seen=seen, told=Told(number=number, answer=answer, seq=looked.launch.seq),
        message={"kind": KIND, "before": told_of, "gate": whole},
    )  # fmt: skip


def _kept(session: Session, workspace: str, look: _Look, *, now: datetime) -> bool:
    """Remember what was seen; True where that has to be told, by this process."""
    before = look.candidate.told
    first = stored.keep(session, workspace, look.candidate.launch, before=before, told=look.told, at=now)
    return first and look.told.number != (before.number if before else 0)


def _plan(session: Session, workspace: str, listeners: Listeners, *, look: _Look, now: datetime) -> None:
    for address in listeners.addresses:
        to = listener_id(address)
        id_ = delivery_id(workspace, look.candidate.launch, look.told.number, listener=to)
        written = json.dumps({"delivery": id_, **look.message}, ensure_ascii=False, sort_keys=True)
        payload = {"listener": to, "body": written, "product": look.message["gate"]["product"]}
        due.plan(session, Due(workspace=workspace, kind=WORK, key=id_, due_at=now, payload=payload))


async def send_due(services: Services, snapshot: Snapshot, listeners: Listeners) -> int:
    """Tell those who have to be told now; gives how many were tried."""
    taken = await services.store.write(
        lambda session: due.take_due(
            session, services.now(), holder=listeners.holder, lease_s=LEASE_S, kinds={WORK}, limit=AT_ONCE
        )
    )
    await asyncio.gather(*(_send(services, snapshot, listeners, each) for each in taken))
    return len(taken)


async def _send(services: Services, snapshot: Snapshot, listeners: Listeners, taken: Taken) -> None:
    written, now = str(taken.work.payload["body"]), services.now()
    address = listeners.address(str(taken.work.payload["listener"]))
    if address is None:
        await _failed(services, taken, "nobody is told at this address any more", again=None)
        return
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "muster",
        "Muster-Delivery": taken.work.key,
        "Muster-Timestamp": str(timestamp),
        "Muster-Signature": signature(listeners.secret, timestamp, written),
    }
    try:
        await listeners.postman.post(address, written, headers)
    except IntegrationError as trouble:
        again = again_at(taken.work.due_at, now, taken.attempt)
        await _failed(services, taken, f"{trouble}.", again=again)
        if again is None:
            await _give_up(services, snapshot, taken, str(trouble))
        return
    await services.store.write(lambda session: due.finish(session, taken, now=services.now()))


async def _failed(services: Services, taken: Taken, reason: str, *, again: datetime | None) -> None:
    await services.store.write(
        lambda session: due.fail(session, taken, now=services.now(), reason=reason, again_at=again)
    )


async def _give_up(services: Services, snapshot: Snapshot, taken: Taken, why: str) -> None:
    """Tell the product's owners that somebody outside does not know."""
    log.warning("webhook_given_up", extra={"delivery": taken.work.key})
    product = snapshot.configuration.products.get(str(taken.work.payload["product"]))
    launch = json.loads(str(taken.work.payload["body"]))["gate"]["launch"]
    if product is None:
        return
    text = f"For a day nobody could be told that the gate of {launch} changed: {why}. Look at the address in MUSTER_WEBHOOK_URLS."
    owners = list(dict.fromkeys([product.owner, product.backup_owner]))
    await services.store.write(
        lambda session: tell(session, snapshot.workspace, users=owners, text=text, now=services.now())
    )
