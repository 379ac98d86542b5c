"""What the stored evidence of a launch shows at a moment; computed once as long as nothing about it changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from handlers.memos import Memo
from handlers.pages import closed_period
from handlers.services import Services, Snapshot
from integrations.store import blanks as stored_blanks
from integrations.store import evidence as stored
from integrations.store import limits, people
from integrations.store import readings as stored_readings
from integrations.store.evidence import Version
from schema.assessments import Gathered, assess_all, until
from schema.checklists import ItemSpec
from schema.evidence import Finding
from schema.items import ByItem, by_item
from schema.judgements import MATURITY, Judgement, judge_product, past_of, questions_of
from schema.launches import Launch
from schema.periods import Period
from schema.policies import SelfApproval
from schema.products import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the evidence of a launch's items shows, and how long that can be said without looking again."""

    findings: tuple[Finding, ...] = ()
    by_item: ByItem = field(default_factory=dict)
    until: datetime | None = None  # time alone may change it then; None: never

    def holds(self, now: datetime) -> bool:
        """Tell whether it can still be said."""
        return self.until is None or now < self.until


NOTHING: Final = Found()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """All that a look at the evidence rests on, but for its hour and the questions themselves."""

    workspace: str
    settings: int  # the revision of the workspace's configuration
    launch: str
    revision: int
    period: Period  # the newest closed one
    today: date
    version: Version


Looks = Memo[Key, tuple[Mapping[str, ItemSpec], frozenset[str], Found]]


def found_in(
    session: Session, services: Services, snapshot: Snapshot, launch: Launch, *, now: datetime
) -> Found:
    """Say what the evidence of a launch's newest revision shows; nothing where its product is gone."""
    product = snapshot.configuration.products.get(launch.product)
    if launch.ended or not launch.revisions or product is None:
        return NOTHING
    specs, period = launch.revision.specs, closed_period(product, now)
    metrics = metrics_in(specs.values(), product)
    key = Key(
        workspace=snapshot.workspace, settings=snapshot.revision, launch=launch.id, revision=launch.revision.n,
        period=period, today=now.astimezone(product.zoneinfo).date(),
        version=stored.version(
            session, snapshot.workspace, product.key, metrics=metrics, since=_first(product, metrics, period)
        ),
    )  # fmt: skip
    looks: Looks = services.looks
    held = looks.get(key)
    if held is not None and not others(launch, *held[:2]) and held[2].holds(now):
        return held[2]
    found = _look(session, services, snapshot, launch, now=now)
    looks.put(key, (specs, launch.revision.unseparated, found))
    return found


def others(launch: Launch, specs: Mapping[str, ItemSpec], unseparated: frozenset[str]) -> bool:
    """Tell whether a launch asks other questions than these, or a small team may answer others of them alone."""
    return launch.revision.specs is not specs or launch.revision.unseparated != unseparated


def _look(
    session: Session, services: Services, snapshot: Snapshot, launch: Launch, *, now: datetime
) -> Found:
    revision, product = launch.revision, snapshot.configuration.products[launch.product]
    items = tuple(revision.specs.values())  # those that a higher tier would ask, too
    gathered = Gathered(
        product=product,
        catalogue=snapshot.catalogue,
        nouns=services.nouns,
        judged=_judged(session, snapshot, product, metrics=metrics_in(items, product), now=now),
        given=stored.newest(session, snapshot.workspace, product.key),
        manifest=revision.manifest.parts,
        fixed=_fixed(items, limits.since(session, snapshot.workspace, product.key)),
        own=_own(session, snapshot, launch),
        lone=revision.unseparated,
    )
    listed = assess_all(items, gathered, now)
    return Found(findings=listed, by_item=by_item(listed), until=until(items, gathered, now))


def _own(session: Session, snapshot: Snapshot, launch: Launch) -> frozenset[str]:
    """Give every pid of who asked for a launch; none where the rules let them sign."""
    if launch.revision.policy.self_approval is not SelfApproval.FORBID:
        return frozenset()
    same = people.same_person(session, snapshot.workspace)
    return frozenset({launch.requester, *(pid for pid, now in same.items() if now == launch.requester)})


def _fixed(
    items: Iterable[ItemSpec], since: Mapping[tuple[str, str], tuple[str, datetime]]
) -> dict[tuple[str, str], datetime]:
    """Tell when the limits that a launch is held to were set, where they were changed."""
    asked = {(item.id, each.name): each.digest for item in items for each in item.requirements}
    return {place: at for place, (digest, at) in since.items() if asked.get(place) == digest}


def metrics_in(specs: Iterable[ItemSpec], product: Product) -> tuple[str, ...]:
    """List the metrics of a product that some items rest on."""
    named = {each.metric for spec in specs for each in spec.requirements if each.metric}
    return tuple(sorted((named | {MATURITY}) & product.metrics.keys()))


def _first(product: Product, metrics: Iterable[str], period: Period) -> datetime:
    """Tell from when on readings make up what the metrics are now."""
    joined = max((product.metrics[key].window for key in metrics), default=1)
    return product.calendar.shift(period, 1 - joined).start


def _judged(
    session: Session, snapshot: Snapshot, product: Product, *, metrics: Sequence[str], now: datetime
) -> Mapping[str, Judgement]:
    """Judge the newest closed period by nothing but what is stored of it."""
    period = closed_period(product, now)
    first = product.calendar.containing(_first(product, metrics, period))
    readings = stored_readings.history(
        session, snapshot.workspace, product=product.key, metrics=metrics, first=first, last=period
    )
    troubles = stored_blanks.troubles(
        session, snapshot.workspace, product=product.key, metrics=metrics, first=period, last=period
    )
    past = past_of(readings, questions_of(product, snapshot.catalogue))
    blanks = {blank.metric: blank for blank in troubles}
    today = now.astimezone(product.zoneinfo).date()
    return judge_product(product, snapshot.catalogue, period=period, past=past, blanks=blanks, today=today)
