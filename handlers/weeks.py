"""What stands around a period's figures, loaded from what is stored: launches, check-ins, decisions, the record."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import findings, folds
from handlers.services import Services, Snapshot
from handlers.views.launches import most
from integrations.store import checkins, deliveries, identities, launches, people, texts
from integrations.store import readings as stored_readings
from integrations.store.launches import Kept
from schema.checkins import Decision, Gathered, ReadingRef
from schema.consequences import Decided, apart, asked_of, with_comparisons
from schema.delays import UNDER_WAY, Standing
from schema.gates import Gate, Reason, ReasonCode, answer
from schema.judgements import Compared, Judgement, judge_product, past_of, questions_of
from schema.launches import Launch
from schema.pages import Page
from schema.products import Comparison, Product, Role
from schema.records import LOOKED_BACK, Record, record_of
from schema.weeks import Week

HOLDS: Final = {ReasonCode.OBJECTION: "an objection to", ReasonCode.EVIDENCE: "the evidence for"}
CHANNELS: Final = 3  # that one standup may have been planned for
BELIEVED: Final = timedelta(days=14)  # a name changes seldom, and nothing is decided by it


async def around(services: Services, snapshot: Snapshot, page: Page, *, again_on: date | None = None) -> Week:
    """Load what a digest says besides its figures.

    again_on   the day it is composed again, of a time that has passed: launches stand otherwise by now, and are left out
    """
    look = partial(_look, services=services, snapshot=snapshot, page=page, current=again_on is None)
    gathered, standing, record, names = await services.store.read(look)
    return Week(
        launches=standing, gathered=gathered, record=record, names=names,
        decided=await _decided(services, snapshot, page, gathered.decisions),
        composed_again_on=again_on,
    )  # fmt: skip


def _look(
    session: Session, *, services: Services, snapshot: Snapshot, page: Page, current: bool
) -> tuple[Gathered, tuple[Standing, ...], Record, Mapping[str, str]]:
    product, now = page.product, services.now()
    gathered = checkins.gathered(
        session, snapshot.workspace, product=product.key, period=product.calendar.key(page.period), now=now
    )
    standing = standing_of(session, services, snapshot, product) if current else ()
    past = deliveries.record(
        session,
        snapshot.workspace,
        product=product.key,
        before=page.period.start,
        count=LOOKED_BACK * CHANNELS,
    )
    return gathered, standing, record_of(past), _names(session, snapshot, gathered, now)


def _names(session: Session, snapshot: Snapshot, gathered: Gathered, now: datetime) -> dict[str, str]:
    """Give the names of who is quoted, as Slack said them last."""
    named = {each.person for each in gathered.members} | {each.person for each in gathered.checkins}
    named |= {each.by for each in gathered.blockers} | {each.by for each in gathered.decisions}
    pids = people.pids_of(session, snapshot.workspace, sorted(named))
    kept = people.kept(session, snapshot.workspace, pids.values())
    told = identities.known(session, snapshot.workspace, named, since=now - BELIEVED)
    names = {each.user: each.name for each in kept.values()}
    return names | {id_: str(each.body["name"]) for id_, each in told.items() if each.body.get("name")}


def standing_of(
    session: Session, services: Services, snapshot: Snapshot, product: Product
) -> tuple[Standing, ...]:
    """Say of each launch of a product that is under way where it stands, as its card and its gate do."""
    going = launches.going(session, snapshot.workspace, product=product.key)
    return tuple(_standing(session, services, snapshot, each) for each in going if each.state in UNDER_WAY)


def _standing(session: Session, services: Services, snapshot: Snapshot, kept: Kept) -> Standing:
    now = services.now()
    launch = folds.load(session, services.folds, kept)
    found = findings.found_in(session, services, snapshot, launch, now=now)
    title = texts.kept(session, snapshot.workspace, [launch.title]).get(launch.title)
    return standing(launch, answer(launch, found.findings, now), title=title.text if title else launch.id)


def standing(launch: Launch, gate: Gate, *, title: str) -> Standing:
    """Say where a launch stands, as its card and its gate do."""
    first = most(gate.reasons)
    lacking = first is not None and first.item is not None and first.code is ReasonCode.EVIDENCE
    return Standing(
        id=launch.id, title=title, state=launch.state, may_go_out=bool(gate.open),
        goes_out_on=date.fromisoformat(launch.due_on) if launch.due_on else None,
        waits_for={role: len(items) for role, items in gate.waits_for.items()},
        held_by=_held_by(launch, first), held_because=_because(first), objected_by=_objecting(launch, gate),
        evidence_from=launch.revision.specs[str(first.item)].seats if first is not None and lacking else (),
        metrics=_metrics(launch, gate),
    )  # fmt: skip


def _held_by(launch: Launch, reason: Reason | None) -> str:
    """Say what holds a launch back most, with the question behind an item's number."""
    if reason is None:
        return ""
    if reason.item is None or reason.code not in HOLDS:
        return reason.words
    return f"{HOLDS[reason.code]} “{launch.revision.specs[reason.item].question}” ({reason.item})."


def _objecting(launch: Launch, gate: Gate) -> tuple[Role, ...]:
    """Name the roles whose objections hold a launch back, in the order of the roles."""
    items = {each.item for each in gate.reasons if each.code is ReasonCode.OBJECTION}
    votes = [each for each in gate.dissent if each.item in items]
    named = {role for vote in votes for role in vote.roles if role in launch.revision.specs[vote.item].seats}
    return tuple(role for role in Role if role in named)


def _because(reason: Reason | None) -> str:
    """Say what its evidence shows, where that holds it back."""
    if reason is None or reason.item is None or reason.code is not ReasonCode.EVIDENCE:
        return ""
    return reason.words.removeprefix(f"{reason.item}: ")


def _metrics(launch: Launch, gate: Gate) -> frozenset[str]:
    """Name the metrics that the items of reasons rest on."""
    items = {each.item for each in gate.reasons if each.code is ReasonCode.EVIDENCE and each.item}
    asked = (each for item in items for each in launch.revision.specs[item].requirements)
    return frozenset(each.metric for each in asked if each.metric)


async def _decided(
    services: Services, snapshot: Snapshot, page: Page, decisions: Iterable[Decision]
) -> tuple[Decided, ...]:
    """Compare the number that each decision was based on with the same number now."""
    about = [each for each in decisions if each.metric in page.judged]
    found: dict[Decision, Decided] = {}
    for alike in apart(page.product, about, page.period):
        found |= {each.decision: each for each in await _compared(services, snapshot, page, alike)}
    return tuple(found[each] for each in about)


async def _compared(
    services: Services, snapshot: Snapshot, page: Page, about: Sequence[Decision]
) -> tuple[Decided, ...]:
    """Compare decisions of which no two ask the same metric for different times."""
    asked = asked_of(page.product, about, page.period)
    if not asked:
        return tuple(Decided(decision=each) for each in about)
    product = with_comparisons(page.product, asked)
    needed = max(product.history_periods(key, page.period) for key in product.metrics)
    first = product.calendar.shift(page.period, -needed)
    readings = await services.store.read(lambda session: stored_readings.history(
        session, snapshot.workspace, product=product.key, metrics=tuple(product.metrics), first=first, last=page.period,
    ))  # fmt: skip
    questions = questions_of(page.product, snapshot.catalogue)
    judged = judge_product(
        product, snapshot.catalogue, period=page.period, past=past_of(readings, questions), blanks={}, today=page.today
    )  # fmt: skip
    newest = {
        (each.metric, product.calendar.key(each.period)): each.revision for each in readings
    }  # what was fetched last comes last
    return tuple(
        Decided(
            decision=each,
            compared=judged[each.metric].against(asked[each.metric].key) if each.metric in asked else None,
            beside=_beside(snapshot, judged, each, asked),
            restated=_is_restated(each.based_on, newest),
        )
        for each in about
    )  # fmt: skip


def _beside(
    snapshot: Snapshot, judged: Mapping[str, Judgement], decision: Decision, asked: Mapping[str, Comparison]
) -> dict[str, Compared]:
    """Give what countermetrics did over the time since a decision's number."""
    if decision.metric is None or decision.metric not in asked:
        return {}
    window = asked[decision.metric].key
    counters = (key for key in snapshot.catalogue[decision.metric].countermetrics if key in judged)
    found = {key: judged[key].against(window) for key in counters}
    return {key: each for key, each in found.items() if each is not None}


def _is_restated(based_on: ReadingRef | None, newest: Mapping[tuple[str, str], int]) -> bool:
    if based_on is None:
        return False
    return newest.get((based_on.metric, based_on.period), based_on.revision) != based_on.revision
