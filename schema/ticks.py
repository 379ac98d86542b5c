"""What the clock writes: checks that finished, evidence that changed, and whatever ends by time."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from schema.evidence import Finding
from schema.following import draft, followed
from schema.histories import after
from schema.items import ByItem, by_item, evidence_now, with_evidence
from schema.launches import EventKind, Launch, State
from schema.ledger import SYSTEM, Draft, Json
from schema.watches import looked_back, watched


def tick(launch: Launch, findings: Iterable[Finding], now: datetime) -> tuple[Draft, ...]:
    """Give what has to be written now; nothing when it was written before.

    findings   what the stored evidence shows at this moment, of every item that is asked
    """
    listed = tuple(findings)
    drafts: tuple[Draft, ...] = ()
    then = launch
    while due := _due(then, listed, now):  # what one move makes due is written with it
        drafts = (*drafts, *due)
        grown = after(then, due, now)
        assert grown is not None
        then = grown
    return drafts


def _due(launch: Launch, listed: tuple[Finding, ...], now: datetime) -> tuple[Draft, ...]:
    if launch.overdue(now):
        deadline = draft(launch, EventKind.EXPIRED, SYSTEM, n=launch.revision.n)
        return (deadline,)
    match launch.state:
        case State.CHECKING:
            checked = tuple(_checked(launch, by_item(listed)))
            return followed(launch, checked, listed, now)
        case State.OPEN | State.APPROVED:
            changed = (*_changed(launch, by_item(listed)), *_waivers_ended(launch, now))
            return followed(launch, changed, listed, now)
        case State.LAUNCHED:
            promises = (*_waivers_ended(launch, now), *watched(launch, listed))
            then = after(launch, promises, now)
            assert then is not None
            return (*promises, *looked_back(then, listed, now))
        case State.BYPASSED:
            return tuple(_bypass_ended(launch, now))
        case _:
            return ()


def _checked(launch: Launch, found: ByItem) -> Iterator[Draft]:
    """Say that every check ran; until then nobody is asked."""
    revision = launch.revision
    evidence = {name: evidence_now(item.spec, found) for name, item in revision.items.items()}
    if any(each is None for each in evidence.values()):
        return
    known = {name: each for name, each in evidence.items() if each is not None}
    digests = {
        name: with_evidence(item, revision.manifest, known[name]).digest
        for name, item in revision.items.items()
    }
    yield draft(launch, EventKind.CHECKED, SYSTEM, n=revision.n, evidence=known, digests=digests)


def _changed(launch: Launch, found: ByItem) -> Iterator[Draft]:
    revision = launch.revision
    for name, item in revision.items.items():
        evidence = evidence_now(item.spec, found)
        if evidence is not None and evidence != item.evidence:
            digest = with_evidence(item, revision.manifest, evidence).digest
            payload: dict[str, Json] = {"item": name, "evidence": evidence, "digest": digest}
            yield draft(launch, EventKind.EVIDENCE_CHANGED, SYSTEM, **payload)


def _waivers_ended(launch: Launch, now: datetime) -> Iterator[Draft]:
    for name, waiver in launch.revision.waivers.items():
        if now >= waiver.until:
            yield draft(launch, EventKind.WAIVER_ENDED, SYSTEM, item=name, waiver=waiver.seq)


def _bypass_ended(launch: Launch, now: datetime) -> Iterator[Draft]:
    bypass = launch.revision.bypass
    if bypass is not None and not bypass.ended and now >= bypass.until:
        yield draft(launch, EventKind.BYPASS_ENDED, SYSTEM, n=launch.revision.n, bypass=bypass.seq)
