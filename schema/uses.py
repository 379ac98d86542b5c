"""Using the gate: the one time that a revision goes out, recorded with exactly what went out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from schema.attempts import Code, Declined
from schema.checklists import EvidenceKind
from schema.evidence import Finding
from schema.following import draft
from schema.gates import Gate, answer
from schema.items import ItemState, by_item
from schema.launches import EventKind, Launch, Promise, State
from schema.ledger import Draft, Json
from schema.payloads import plain
from schema.policies import Right, Standing, need_right
from schema.tallies import Tally, tallies

_OVER: Final = "The emergency is over; open a new launch and have it signed."


def use(
    launch: Launch,
    by: Standing | str,
    manifest_digest: str,
    *,
    findings: Iterable[Finding],
    now: datetime,
    accept_bypass: bool = False,
) -> tuple[Draft, ...]:
    """Record that a manifest goes out now; nothing new where the same one has gone out before.

    by   a person, or the name of the release system that was let in by its token
    """
    revision = launch.revision
    if isinstance(by, Standing):
        need_right(revision.policy, Right.USE, by, revision.tier)
    if launch.ended and (revision.used is None or launch.state is State.REVOKED):
        raise Declined(Code.ENDED, f"This launch is {launch.state}; nothing may go out with it any more.")
    if revision.used is not None:
        return _again(launch, manifest_digest, accept_bypass=accept_bypass, now=now)
    listed = tuple(findings)
    gate = answer(launch, listed, now, manifest_digest)
    if manifest_digest != revision.manifest.digest:
        raise Declined(
            Code.OTHER_MANIFEST, "This manifest is not the one that was signed; submit it as a new revision."
        )
    actor = by.pid if isinstance(by, Standing) else by
    if accept_bypass and gate.bypass_until is not None:
        return (draft(launch, EventKind.BYPASS_USED, actor, n=revision.n, manifest=manifest_digest),)
    if gate.open is not True:
        raise Declined(Code.CLOSED, _closed(gate))
    promises = _promises(launch, listed, now)
    used = draft(launch, EventKind.USED, actor, n=revision.n, manifest=manifest_digest, promises=promises)
    return (used,)


def _again(launch: Launch, manifest_digest: str, *, accept_bypass: bool, now: datetime) -> tuple[Draft, ...]:
    """Let the first record stand; an emergency lets nothing pass once it is over."""
    first, bypass = launch.revision.used, launch.revision.bypass
    assert first is not None
    if first.manifest != manifest_digest:
        raise Declined(
            Code.OTHER_MANIFEST,
            "Another manifest has gone out with this launch; open a new launch for this one.",
        )
    if not first.bypass:
        return ()
    if bypass is None or launch.state is not State.BYPASSED or not bypass.lasts(now):
        raise Declined(Code.CLOSED, _OVER)
    if not accept_bypass:
        raise Declined(
            Code.CLOSED,
            "It went out in an emergency and was not approved; accept the bypass to see its record.",
        )
    return ()


def _closed(gate: Gate) -> str:
    if gate.state is State.BYPASSED and gate.bypass_until is None:
        return _OVER
    if not gate.reasons:
        return "The gate is closed; ask again in a moment."
    return gate.reasons[0].words


def _promises(launch: Launch, findings: Sequence[Finding], now: datetime) -> list[Json]:
    """Keep what the evidence says now, to hold it against what is real later."""
    found = by_item(findings)
    standing = tallies(launch, found, now)
    return [
        plain(_promise(finding, standing[name]))
        for name in launch.revision.items
        for finding in found.get(name, {}).values()
        if finding.digest
    ]


def _promise(finding: Finding, standing: Tally) -> Promise:
    aside = standing.state in (ItemState.WAIVED, ItemState.NOT_APPLICABLE)
    return Promise(
        item=finding.item,
        requirement=finding.requirement,
        digest=finding.digest,
        statement=finding.statement,
        watched=finding.kind is EvidenceKind.READING and finding.passed and not aside,
    )
