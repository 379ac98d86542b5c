"""Events folded into the launch that they tell of; the ledger is the truth, this is how it is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from schema.bypasses import Bypass, Use
from schema.checklists import ItemSpec
from schema.items import Bound, Item, item_of, names_waivers, risk_of, spec_of, split, with_evidence
from schema.launches import Ending, EventKind, Launch, Promise, Revision, State, moved
from schema.ledger import Draft, Event
from schema.manifests import Manifest
from schema.payloads import value_of
from schema.policies import Policy
from schema.risks import RiskQuestion, Tier
from schema.spoken import INTENTS as INTENTS
from schema.spoken import KIND_OF as KIND_OF
from schema.spoken import SIGNED as SIGNED
from schema.spoken import carried_vote, vote_of
from schema.votes import SILENT, heard
from schema.waivers import Override, Waiver

_K = EventKind
Payload: TypeAlias = Mapping[str, Any]
Change: TypeAlias = Callable[[Revision, Event], Revision]


def fold(events: Iterable[Event]) -> Launch:
    """Read a launch from its events, oldest first; raises ValueError without an opening."""
    launch: Launch | None = None
    for event in events:
        launch = apply(launch, event)
    if launch is None:
        message = "a launch begins with an event"
        raise ValueError(message)
    return launch


def apply(launch: Launch | None, event: Event) -> Launch:
    """Add one event; what concerns no state changes only the position."""
    if launch is None:
        return _opened(event)
    if event.kind == _K.SUBMITTED:
        return _submitted(launch, event)
    if not launch.revisions:
        return replace(launch, seq=event.seq, drafting=moved(launch.drafting, EventKind(event.kind)))
    change = _CHANGES.get(event.kind)
    revision = launch.revisions[-1] if change is None else change(launch.revisions[-1], event)
    if event.kind in INTENTS:
        revision = _spoken(launch.revisions[-1], event, requester=launch.requester)
    state = moved(revision.state, EventKind(event.kind))
    if state is not revision.state:
        revision = replace(revision, state=state)
    return replace(launch, seq=event.seq, revisions=(*launch.revisions[:-1], revision))


def after(launch: Launch | None, drafts: Iterable[Draft], now: datetime) -> Launch | None:
    """Give the launch as it will be with these drafts; their places in the chain are not yet known."""
    for draft in drafts:
        launch = apply(launch, _event(draft, 1 if launch is None else launch.seq + 1, now))
    return launch


def _event(draft: Draft, seq: int, at: datetime) -> Event:
    return Event(
        seq=seq,
        at=at,
        launch=draft.launch,
        kind=draft.kind,
        actor=draft.actor,
        payload=draft.payload,
        payload_hash="",
        before=seq - 1,
        prev_hash="",
        hash="",
    )


def _at(written: Any) -> datetime:
    return datetime.fromisoformat(str(written))


def _opened(event: Event) -> Launch:
    if event.kind != _K.OPENED:
        message = f"a launch begins with its opening, not with {event.kind}"
        raise ValueError(message)
    said: Payload = event.payload
    return Launch(
        id=event.launch,
        product=said["product"],
        title=said["title"],
        requester=event.actor,
        opened_at=event.at,
        due_on=said["due_on"],
        zone=said["zone"],
        country=said["country"],
        seq=event.seq,
    )


def _submitted(launch: Launch, event: Event) -> Launch:
    said: Payload = event.payload
    before = launch.revisions[-1] if launch.revisions else None
    if before is not None and before.state is not State.SUPERSEDED:
        message = "a revision follows only one that is superseded"
        raise ValueError(message)
    manifest = value_of(Manifest, said["manifest"])
    answers = frozenset(RiskQuestion(answer) for answer in said["answers"])
    specs = _specs(said["items"], before)
    revision = Revision(
        n=said["n"],
        state=moved(State.DRAFT, _K.SUBMITTED),
        submitted_at=event.at,
        manifest=manifest,
        answers=answers,
        tier=Tier(said["tier"]),
        policy=value_of(Policy, said["policy"]),
        deadline=_at(said["deadline"]),
        items=_asked(
            specs, Tier(said["tier"]), answers, manifest=manifest, waivers=before.waivers if before else {}
        ),
        specs=specs,
        unseparated=frozenset(said["unseparated"]),
        voices=before.voices if before else {},  # what still holds is told by the digests
        waivers=before.waivers if before else {},
        overrides=before.overrides if before else {},
        spoken_of=before.spoken_of if before else {},
    )
    return replace(launch, seq=event.seq, revisions=(*launch.revisions, revision))


def _specs(written: Sequence[Any], before: Revision | None) -> dict[str, ItemSpec]:
    """Read the questions; one that somebody objected to stays, though the checklist may have dropped it."""
    objected = () if before is None else [vote.item for vote in before.dissent]
    kept = {name: before.specs[name] for name in objected} if before else {}
    return {**{spec.id: spec for spec in map(spec_of, written)}, **_without(kept, written)}


def _without(kept: Mapping[str, ItemSpec], written: Sequence[Any]) -> dict[str, ItemSpec]:
    new = {spec["id"] for spec in written}
    return {name: spec for name, spec in kept.items() if name not in new}


def _asked(
    specs: Mapping[str, ItemSpec],
    tier: Tier,
    answers: frozenset[RiskQuestion],
    *,
    manifest: Manifest,
    waivers: Mapping[str, Waiver],
    known: Mapping[str, Item] | None = None,
) -> dict[str, Item]:
    asked, _ = split(tuple(specs.values()), tier, answers)
    evidence = {name: item.evidence for name, item in (known or {}).items()}
    names = _names(waivers)
    return {
        spec.id: item_of(
            spec, manifest, evidence.get(spec.id), waivers=names, risk=risk_of(spec, tier, answers)
        )
        for spec in asked
    }


def _checked(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    items = {
        name: with_evidence(item, revision.manifest, said["evidence"].get(name, {}))
        for name, item in revision.items.items()
    }
    return replace(revision, items=items)


def _evidence_changed(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    item = revision.items[said["item"]]
    changed = with_evidence(item, revision.manifest, said["evidence"])
    return replace(revision, items={**revision.items, item.id: changed})


def _spoken(revision: Revision, event: Event, *, requester: str) -> Revision:
    vote = vote_of(event)
    if requester in vote.people and vote.intent in SIGNED:
        vote = replace(vote, self_approved=True)  # by another account, which nobody knew to be theirs
    mine = revision.voices.get(vote.item, {})
    said = heard(mine.get(vote.pid, SILENT), vote)
    voices = {**revision.voices, vote.item: {**mine, vote.pid: said}}
    if vote.digest in revision.spoken_of or vote.item not in revision.items:
        return replace(revision, voices=voices)
    bound = Bound(item=revision.items[vote.item], manifest=revision.manifest)
    return replace(revision, voices=voices, spoken_of={**revision.spoken_of, bound.item.digest: bound})


def _objection_carried(revision: Revision, event: Event) -> Revision:
    """Let somebody's objection to an earlier launch stand here, with its question where that is not asked any more."""
    vote = carried_vote(event)
    mine = revision.voices.get(vote.item, {})
    voices = {**revision.voices, vote.item: {**mine, vote.pid: heard(mine.get(vote.pid, SILENT), vote)}}
    if vote.item in revision.specs:
        return replace(revision, voices=voices)
    return replace(
        revision, voices=voices, specs={**revision.specs, vote.item: spec_of(event.payload["spec"])}
    )


def _waived(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    waiver = Waiver(
        seq=event.seq,
        at=event.at,
        item=said["item"],
        digest=said["digest"],
        by=event.actor,
        owner=said["owner"],
        reason=said["text"],
        metric=said["metric"],
        until=_at(said["until"]),
    )
    return _with_waivers(revision, {**revision.waivers, waiver.item: waiver})


def _waiver_ended(revision: Revision, event: Event) -> Revision:
    ended = event.payload["item"]
    left = {item: waiver for item, waiver in revision.waivers.items() if item != ended}
    return _with_waivers(revision, left)


def _with_waivers(revision: Revision, waivers: Mapping[str, Waiver]) -> Revision:
    """Bind the items that have to name what is waived to what is waived now."""
    if revision.state is State.LAUNCHED:
        return replace(revision, waivers=waivers)  # what was signed is what went out
    names = _names(waivers)
    items = {
        name: item_of(item.spec, revision.manifest, item.evidence, waivers=names, risk=item.risk)
        if names_waivers(item.spec)
        else item
        for name, item in revision.items.items()
    }
    return replace(revision, waivers=waivers, items=items)


def _names(waivers: Mapping[str, Waiver]) -> tuple[str, ...]:
    return tuple(sorted(waiver.name for waiver in waivers.values()))


def _overridden(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    override = Override(
        seq=event.seq,
        at=event.at,
        objection=said["objection"],
        item=said["item"],
        digest=said["digest"],
        by=event.actor,
        reason=said["text"],
    )
    return replace(revision, overrides={**revision.overrides, override.objection: override})


def _approved(revision: Revision, event: Event) -> Revision:
    return replace(revision, approved_at=event.at)


def _reopened(revision: Revision, event: Event) -> Revision:
    return replace(revision, approved_at=None, deadline=_at(event.payload["deadline"]))


def _ended(revision: Revision, event: Event) -> Revision:
    text: Any = event.payload.get("text")
    kind = EventKind(event.kind)
    return replace(revision, ending=Ending(seq=event.seq, at=event.at, by=event.actor, kind=kind, text=text))


def _used(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    bypass = event.kind == _K.BYPASS_USED
    use = Use(seq=event.seq, at=event.at, by=event.actor, manifest=said["manifest"], bypass=bypass)
    promises = tuple(value_of(Promise, each) for each in said.get("promises", ()))
    return replace(revision, used=use, promises=promises)


def _bypass_started(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    bypass = Bypass(
        seq=event.seq,
        at=event.at,
        by=event.actor,
        reason=said["text"],
        incident=said["incident"],
        until=_at(said["until"]),
        review_by=_at(said["review_by"]),
    )
    return replace(revision, bypass=bypass)


def _bypass_ended(revision: Revision, _: Event) -> Revision:
    assert revision.bypass is not None
    return replace(revision, bypass=replace(revision.bypass, ended=True))


def _bypass_reviewed(revision: Revision, event: Event) -> Revision:
    assert revision.bypass is not None
    reviews = (*revision.bypass.reviews, event.actor)
    return replace(revision, bypass=replace(revision.bypass, reviews=reviews))


def _tier_changed(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    tier = Tier(said["tier"])
    items = _asked(
        revision.specs,
        tier,
        revision.answers,
        manifest=revision.manifest,
        waivers=revision.waivers,
        known=revision.items,
    )
    unseparated = frozenset(said.get("unseparated", revision.unseparated))
    return replace(revision, tier=tier, items=items, unseparated=unseparated)


def _rebased(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    specs = _specs(said["items"], revision)
    return replace(
        revision,
        policy=value_of(Policy, said["policy"]),
        deadline=_at(said["deadline"]),
        specs=specs,
        items=_asked(
            specs, revision.tier, revision.answers, manifest=revision.manifest, waivers=revision.waivers
        ),
        unseparated=frozenset(said["unseparated"]),
        approved_at=None,
    )


def _promised(revision: Revision, event: Event) -> Revision:
    said: Payload = event.payload
    promise = (said["item"], said["requirement"])
    broken = revision.broken | {promise} if event.kind == _K.PROMISE_BROKEN else revision.broken - {promise}
    return replace(revision, broken=frozenset(broken))


def _looked_back(revision: Revision, event: Event) -> Revision:
    day: Any = event.payload["day"]
    return replace(revision, looked_back=revision.looked_back | {day})


_CHANGES: Final[Mapping[str, Change]] = {
    _K.CHECKED: _checked,
    _K.OBJECTION_CARRIED: _objection_carried,
    _K.EVIDENCE_CHANGED: _evidence_changed,
    _K.WAIVED: _waived,
    _K.WAIVER_ENDED: _waiver_ended,
    _K.OVERRIDDEN: _overridden,
    _K.APPROVED: _approved,
    _K.REOPENED: _reopened,
    **dict.fromkeys((_K.REJECTED, _K.WITHDRAWN, _K.EXPIRED, _K.SUPERSEDED, _K.REVOKED, _K.CLOSED), _ended),
    _K.USED: _used,
    _K.BYPASS_USED: _used,
    _K.BYPASS_STARTED: _bypass_started,
    _K.BYPASS_ENDED: _bypass_ended,
    _K.BYPASS_REVIEWED: _bypass_reviewed,
    _K.TIER_RAISED: _tier_changed,
    _K.TIER_LOWERED: _tier_changed,
    _K.REBASED: _rebased,
    _K.PROMISE_BROKEN: _promised,
    _K.PROMISE_KEPT: _promised,
    _K.LOOKED_BACK: _looked_back,
}
