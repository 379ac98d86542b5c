"""When standups run: what comes next, and what people change of it in Slack."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy.orm import Session

from handlers import ask_plans, configuration, standups
from handlers.configuration import Edit
from handlers.effects import EffectKind, tell
from handlers.pages import closed_period
from handlers.services import Services, Snapshot
from handlers.views import schedules as shown
from handlers.views.text import escape
from integrations.store import deliveries as stored
from integrations.store import due, inbox, outbox
from schema.configuration.changes import Body, Kind, ObjectKey
from schema.deliveries import Delivery, DeliveryState, delivery_id
from schema.due import Due, Outcome
from schema.errors import Refusal
from schema.products import Product, StandupTime
from schema.schedules import Occurrence, Plan, Run, posted_at, standup_schedule

NEXT: Final = 3
A_QUARTER: Final = timedelta(minutes=15)  # before it is due, as bot/settings.py has it
FARTHEST: Final = 60  # occurrences that are looked at for the next ones
TOLD: Final = frozenset(
    {DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED}
)
NO_TIME: Final = "{title} has no standup yet; `standup {key} schedule` gives it one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants a standup to be."""

    standup: StandupTime
    holidays: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who asks for something, and under which name, so that a second copy of it does nothing."""

    by: str
    key: str
    seen: int | None = None  # the revision that they looked at
    quiet: bool = False  # nothing is said of it in the product's channel


async def plan_of(services: Services, snapshot: Snapshot, product: Product) -> Plan:
    """Say when a product's standup runs."""
    return await services.store.read(partial(_plan, snapshot=snapshot, product=product, now=services.now()))


async def next_run(services: Services, snapshot: Snapshot, product: Product) -> datetime | None:
    """Tell when the next standup is posted; None where none is planned, or all are paused."""
    if standup_schedule(product) is None:
        return None
    found = await plan_of(services, snapshot, product)
    return next((each.occurrence.at for each in found.runs if not each.left_out), None)


def _plan(session: Session, *, snapshot: Snapshot, product: Product, now: datetime) -> Plan:
    schedule = standup_schedule(product, paused=True)
    runs = () if schedule is None else _runs(session, snapshot.workspace, product, schedule.after(now))
    return Plan(product=product, schedule=schedule, runs=tuple(islice(runs, NEXT)))


def _runs(session: Session, workspace: str, product: Product, coming: Iterable[Occurrence]) -> Iterable[Run]:
    """Go through the coming standups; a period that was told already is not told again."""
    known = {each.id: each for each in stored.record(session, workspace, product=product.key)}
    for occurrence in islice(coming, FARTHEST):
        id_ = _id(workspace, product, occurrence.at)
        delivery = known.get(id_)
        if delivery is None or delivery.state not in TOLD:
            yield Run(occurrence=occurrence, delivery=id_, left_out=_left_out(delivery))


def _left_out(delivery: Delivery | None) -> str:
    skipped = delivery is not None and delivery.state is DeliveryState.SKIPPED
    return (delivery.last_reason or "") if delivery is not None and skipped else ""


def _id(workspace: str, product: Product, at: datetime) -> str:
    period = closed_period(product, at)
    return delivery_id(
        workspace=workspace, kind=standups.KIND, product=product.key, period=period, channel=product.channel or ""
    )  # fmt: skip


# --- changes ---


async def change(
    services: Services, snapshot: Snapshot, product: Product, wish: Wish, *, wanted: Wanted
) -> Plan:
    """Give a standup another time, roster or holidays; everybody in its channel is told."""
    edit = partial(_edited, before=product, wanted=wanted)

    def told(plan: Plan) -> str:
        same = standup_schedule(product, paused=True) == plan.schedule
        return "" if same else shown.changed(plan, by=wish.by)  # a roster is between those who are asked

    return await _change(services, snapshot, product, wish, edit=edit, told=told)


async def pause(
    services: Services, snapshot: Snapshot, product: Product, wish: Wish, *, paused: bool
) -> Plan:
    """Stop posting a product's standups until somebody resumes, or go on."""
    need_time(product)

    def edit(body: Body) -> Body:
        standup = {key: value for key, value in body["standup"].items() if key != "paused"}
        return {**body, "standup": {**standup, "paused": True} if paused else standup}

    def told(plan: Plan) -> str:
        return shown.paused(plan, by=wish.by, paused=paused)

    return await _change(services, snapshot, product, wish, edit=edit, told=told)


def need_time(product: Product) -> StandupTime:
    """Refuse what needs a schedule where there is none."""
    if product.standup is None:
        raise Refusal(NO_TIME.format(title=product.title, key=product.key))
    return product.standup


async def hand_over(services: Services, snapshot: Snapshot, product: Product, wish: Wish, *, to: str) -> None:
    """Make somebody else the owner; the two owners change places where it is the backup owner."""
    if wish.by != product.owner:
        raise Refusal(
            f"Only the owner of {product.title} can hand it over; ask them, or whoever runs Muster here."
        )
    if to == product.owner:
        raise Refusal(f"You own {product.title} already; name whom to hand it to, such as `@kim`.")

    def edit(body: Body) -> Body:
        swapped = {"backup_owner": product.owner} if to == product.backup_owner else {}
        return {**body, "owner": to, **swapped}

    def act(session: Session) -> None:
        now = services.now()
        if not inbox.first_time(session, snapshot.workspace, wish.key, at=now, kind="schedule"):
            return
        _put(session, snapshot, product, wish, edit=edit, now=now)
        text = shown.handed_over(product, by=wish.by)
        tell(session, snapshot.workspace, users=[to], text=text, now=now)

    await services.store.write(act)


async def _change(
    services: Services,
    snapshot: Snapshot,
    product: Product,
    wish: Wish,
    *,
    edit: Callable[[Body], Body],
    told: Callable[[Plan], str],
) -> Plan:
    """Store a change and tell it in the channel, once; gives what comes next."""

    def act(session: Session) -> Plan:
        now = services.now()
        if not inbox.first_time(session, snapshot.workspace, wish.key, at=now, kind="schedule"):
            return _plan(session, snapshot=snapshot, product=product, now=now)
        after = _put(session, snapshot, product, wish, edit=edit, now=now)
        plan = _plan(session, snapshot=snapshot, product=after, now=now)
        lost = _lost(session, snapshot.workspace, product, after=after, now=now)
        said = after != product and _tell_channel(
            session, snapshot.workspace, after, told(plan), wish=wish, now=now
        )
        return replace(plan, lost=lost, told=said)

    return await services.store.write(act)


def _put(
    session: Session,
    snapshot: Snapshot,
    product: Product,
    wish: Wish,
    *,
    edit: Callable[[Body], Body],
    now: datetime,
) -> Product:
    at = ObjectKey(Kind.PRODUCT, product.key)
    wanted = Edit(at=at, make=edit, by=wish.by, seen=wish.seen)
    found = configuration.change(session, snapshot.workspace, wanted, catalogue=snapshot.catalogue, now=now)
    return found.products[product.key]


def _tell_channel(
    session: Session, workspace: str, product: Product, text: str, *, wish: Wish, now: datetime
) -> bool:
    """Say a sentence in a product's channel; False where there is none to say, or nobody to hear it."""
    if not text or wish.quiet or product.channel is None:
        return False
    payload = {**shown.said(text), "channel": product.channel, "by": wish.by}
    outbox.put(session, workspace, kind=EffectKind.POST, payload=payload, now=now)
    return True


def _lost(session: Session, workspace: str, before: Product, *, after: Product, now: datetime) -> str:
    """Name the closed period that the old schedule had still to tell of and the new one leaves out."""
    if after.standup is None or after.standup.paused:
        return ""
    period = closed_period(before, now)
    was, is_ = posted_at(before, period), posted_at(after, period)
    comes, was_coming = is_ is not None and is_ > now, was is not None and was > now
    resumed = before.standup is not None and before.standup.paused and is_ is not None
    if comes or not (was_coming or resumed):
        return ""
    id_ = _id(workspace, before, now)
    known = {each.id for each in stored.record(session, workspace, product=before.key)}
    return "" if id_ in known else before.calendar.key(period)


def _edited(body: Body, *, before: Product, wanted: Wanted) -> Body:
    """Write what is different into a product of muster.yaml; the rest stays as somebody wrote it."""
    old = plain(before.standup) if before.standup is not None else {}
    new = plain(wanted.standup)
    standup = dict(body.get("standup") or {})
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            _set(standup, name, new.get(name))
    made = dict(body) | {"standup": standup}
    if before.holidays != wanted.holidays:
        _set(made, "holidays", wanted.holidays)
    return made


def _set(body: dict[str, Any], name: str, value: object) -> None:
    if value is None:
        body.pop(name, None)
    else:
        body[name] = value


def plain(standup: StandupTime) -> Mapping[str, Any]:
    """Write a standup as muster.yaml does, without what is left to its default."""
    kept = standup.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"on"})
    times = {name: value[:5] for name, value in kept.items() if name in {"at", "ask_at", "deadline"}}
    return {"on": str(standup.on), **kept, **times}


# --- one standup that is left out ---


async def skip(
    services: Services, snapshot: Snapshot, product: Product, wish: Wish, *, at: datetime, why: str
) -> Plan:
    """Leave one of the next standups out; who did so and why stands in the product's record and in its channel."""
    need_time(product)

    def act(session: Session) -> Plan:
        now = services.now()
        plan = _plan(session, snapshot=snapshot, product=product, now=now)
        if inbox.first_time(session, snapshot.workspace, wish.key, at=now, kind="schedule"):
            run = next((each for each in plan.runs if each.occurrence.at == at and not each.left_out), None)
            if run is None:
                raise Refusal(f"That standup of {product.title} is posted, moved or left out already.")
            _leave_out(session, snapshot, product, run, wish=wish, why=why, now=now)
        plan = _plan(session, snapshot=snapshot, product=product, now=now)
        return replace(plan, told=not wish.quiet)

    return await services.store.write(act)


def _leave_out(
    session: Session, snapshot: Snapshot, product: Product, run: Run, *, wish: Wish, why: str, now: datetime
) -> None:
    at, workspace = run.occurrence.at, snapshot.workspace
    owed = standups.owed(product, closed_period(product, at), at)
    delivery, _ = stored.create_or_get(
        session, workspace, kind=owed.kind, product=owed.product, period=owed.period, channel=owed.channel, due_at=at
    )  # fmt: skip
    reason = f"<@{wish.by}> left it out: {escape(why)}"
    stored.skip(session, workspace, delivery.id, reason=reason)
    ask_plans.take_back(session, snapshot, product, product.calendar.key(owed.period), now=now)
    text = shown.left_out(product, run.occurrence, by=wish.by, why=why)
    _tell_channel(session, workspace, product, text, wish=wish, now=now)


async def take_back(services: Services, snapshot: Snapshot, product: Product, wish: Wish) -> Plan:
    """Post the next standup after all that was left out."""

    def act(session: Session) -> Plan:
        now = services.now()
        plan = _plan(session, snapshot=snapshot, product=product, now=now)
        run = next((each for each in plan.runs if each.left_out), None)
        if run is None:
            raise Refusal(
                f"The standup of {product.title} is not paused, and none of the next ones is left out."
            )
        if inbox.first_time(session, snapshot.workspace, wish.key, at=now, kind="schedule"):
            stored.replan(session, snapshot.workspace, run.delivery, due_at=run.occurrence.at)
            due.plan(session, _preparing(snapshot.workspace, product, run, wish), again=frozenset(Outcome))
            period = product.calendar.key(closed_period(product, run.occurrence.at))
            ask_plans.look_again(session, snapshot, product, period, now=now)
            text = shown.taken_back(product, run.occurrence, by=wish.by)
            _tell_channel(session, snapshot.workspace, product, text, wish=wish, now=now)
        return _plan(session, snapshot=snapshot, product=product, now=now)

    return await services.store.write(act)


def _preparing(workspace: str, product: Product, run: Run, wish: Wish) -> Due:
    """Prepare it, though its own time to be prepared may have passed while it was left out."""
    at = run.occurrence.at
    return Due(
        workspace=workspace, kind=standups.PREPARE, key=f"again.{run.delivery}.{wish.key}", due_at=at - A_QUARTER,
        window_end=at + standups.ASKED_FOR,
        payload={"product": product.key, "at": at.isoformat(), "delivery": run.delivery, "by": wish.by},
    )  # fmt: skip
