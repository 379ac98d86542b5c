"""Check-ins: what people answer, skip or are away for; kept in one transaction with what they are shown for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from handlers import folds
from handlers.ask_cards import show
from handlers.checkin_answers import (
    Place,
    Said,
    answers_of,
    open_blockers,
    orphans,
    said_in,
    solved_here,
)
from handlers.contradictions import contradicted
from handlers.late_answers import follow, prepared
from handlers.services import Services, Snapshot
from handlers.views.checkins import Asked, Contradicted, Filling
from integrations.store import checkins as stored
from integrations.store import inbox, launches, texts
from schema.asks import ANSWERED_FOR, SAID_SO, coming, new_turn
from schema.checkins import Answers, CheckIn, Turn
from schema.errors import Refusal
from schema.products import Product

OVER: Final = "That standup is over. Type `{command} checkin` to answer for the coming one."
NO_ROSTER: Final = (
    "You are on no roster, so no standup waits for your answers. The owner of a product adds people in muster.yaml,"
    " under `standup` and `roster`."
)
NOT_ON_IT: Final = (
    "You are not on the roster of {title}. Its owner adds people in muster.yaml, under `standup`."
)
NOTHING: Final = "Say one thing at least, or close this and press Skip this week."
ANSWERED: Final = "Your answers are in already; press Change it to say something else."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of a form: saved, or its author is asked about it first."""

    turn: Turn
    contradicted: Sequence[Contradicted] = field(default_factory=tuple)


# --- finding the standup ---


def coming_place(
    snapshot: Snapshot, product: Product, person: str, *, now: datetime, reads: bool
) -> Place | None:
    """Name the coming standup of a product; None where none is planned."""
    slot = coming(product, now)
    if slot is None:
        return None
    return Place(
        snapshot=snapshot, product=product, period=slot.period, person=person, reads=reads, deadline=slot.deadline
    )  # fmt: skip


def on_roster(session: Session, place: Place) -> bool:
    """Tell whether somebody is on the roster of a coming standup as far as it was looked up; named people are."""
    standup = place.product.standup
    turn = place.turn(session)
    if turn is not None and (turn.barred or not turn.left):
        return not turn.barred
    return standup is not None and place.person in standup.roster


def _begun(session: Session, place: Place, now: datetime, *, hold: bool = False) -> Turn:
    """Give somebody's turn, begun now where nobody has planned it yet; raises Refusal where answers come too late."""
    if hold:
        stored.lock_standup(session, place.workspace, place.product.key)
    turn = place.turn(session, hold=hold)
    if turn is None:
        slot = coming(place.product, now)
        if slot is None or slot.period != place.period:
            raise Refusal(OVER.format(command="/muster"))
        turn = new_turn(slot, place.person)
    if turn.barred:
        raise Refusal(NOT_ON_IT.format(title=place.product.title))
    if now >= turn.post_at + ANSWERED_FOR:
        raise Refusal(OVER.format(command="/muster"))
    return turn


async def waiting(services: Services, snapshot: Snapshot, person: str) -> list[Asked]:
    """List the check-ins that somebody is asked for now and has not given, the soonest deadline first."""
    now, products = services.now(), snapshot.configuration.products
    turns = await services.store.read(
        lambda session: stored.mine(session, snapshot.workspace, person, since=now)
    )
    return [
        Asked(title=products[turn.product].title, turn=turn, prepared=False)
        for turn in turns
        if turn.product in products and turn.asked_at is not None and turn.expects
    ]


# --- the form ---


async def filling(services: Services, place: Place) -> Filling:
    """Load what a form begins with; raises Refusal where it is too late for one."""
    return await services.store.read(partial(_filling, services=services, place=place))


def _filling(session: Session, *, services: Services, place: Place) -> Filling:
    now, product = services.now(), place.product
    turn = _begun(session, place, now)
    mine = open_blockers(session, place)
    fresh = turn.checkin.answers if turn.checkin is not None else Answers()
    metrics = product.shown if place.reads else ()
    return Filling(
        title=product.title,
        turn=turn,
        late=now >= turn.deadline,
        prepared=prepared(session, place.workspace, product, turn),
        older=[
            *(each for each in mine if each.since != place.period),
            *solved_here(session, place),
            *orphans(session, place),
        ],
        metrics=[(key, place.snapshot.catalogue[key].name) for key in metrics],
        launches=_launches(session, services, place) if place.reads else (),
        fresh=replace(fresh, blockers=tuple(each for each in mine if each.since == place.period)),
    )


def _launches(session: Session, services: Services, place: Place) -> list[tuple[str, str]]:
    found = [
        folds.load(session, services.folds, kept)
        for kept in launches.going(session, place.workspace, product=place.product.key)
    ]
    titles = texts.kept(session, place.workspace, [each.title for each in found])
    return [(each.id, titles[each.title].text if each.title in titles else each.id) for each in found]


# --- answering ---


async def answer(services: Services, place: Place, said: Said, *, key: str) -> Answered:
    """Keep somebody's answers, or ask them about what the numbers contradict; the same request twice does it once."""
    against = await contradicted(services, place.snapshot, place.product, said.typed) if place.reads else ()
    now = services.now()

    def write(session: Session) -> Answered:
        turn = _begun(session, place, now, hold=True)
        if against:
            stored.put_new(session, place.workspace, turn)
            stored.put_draft(
                session, place.workspace, product=turn.product, period=turn.period, person=turn.person,
                draft=said.written(),
            )  # fmt: skip
            return Answered(turn=turn, contradicted=against)
        return Answered(turn=_keep(session, services, place, turn, said=said, key=key, now=now))

    return await services.store.write(write)


async def answer_anyway(services: Services, place: Place, *, key: str) -> Turn:
    """Keep the answers that their author was asked about, and wants to give all the same."""
    now = services.now()

    def write(session: Session) -> Turn:
        turn = _begun(session, place, now, hold=True)
        draft = stored.draft(
            session, place.workspace, product=turn.product, period=turn.period, person=turn.person
        )
        if draft is None:  # saved already, by another press
            return turn
        return _keep(session, services, place, turn, said=said_in(draft), key=key, now=now)

    return await services.store.write(write)


def _keep(
    session: Session, services: Services, place: Place, turn: Turn, *, said: Said, key: str, now: datetime
) -> Turn:  # fmt: skip
    """Store answers, show their author what was received, and let them follow a digest that is ready already."""
    workspace = place.workspace
    if not inbox.first_time(session, workspace, key, at=now, kind="checkin"):
        return turn
    before = turn.checkin
    answers = answers_of(session, services, place, turn, said=said, now=now)
    gone = [each for each in orphans(session, place) if each.id in said.solved]
    if answers.empty and not said.solved:
        raise Refusal(NOTHING)
    checkin = CheckIn(
        product=turn.product,
        period=turn.period,
        person=turn.person,
        answers=answers,
        given_at=before.given_at if before else now,
        edited_at=now if before else None,
        late=now >= turn.deadline,
    )
    stored.put_new(session, workspace, turn)
    stored.keep(session, workspace, checkin)
    for each in gone:
        stored.solve(session, workspace, each.id, period=turn.period, at=now)
    kept = replace(turn, checkin=checkin, skipped_at=None)
    show(session, place.snapshot, place.product, kept, now=now)
    if prepared(session, workspace, place.product, kept):
        follow(session, workspace, kept, now=now)
    return kept


# --- skipping, being away ---


async def skip(services: Services, place: Place, *, key: str) -> Turn:
    """Leave this standup out; raises Refusal for somebody whose answers are in."""
    return await _say(services, place, key=key, away=False)


async def be_away(services: Services, place: Place, *, key: str) -> Turn:
    """Be away for this standup; raises Refusal for somebody whose answers are in."""
    return await _say(services, place, key=key, away=True)


async def _say(services: Services, place: Place, *, key: str, away: bool) -> Turn:
    now = services.now()

    def write(session: Session) -> Turn:
        turn = _begun(session, place, now, hold=True)
        if turn.checkin is not None:
            raise Refusal(ANSWERED)
        if not inbox.first_time(session, place.workspace, key, at=now, kind="checkin"):
            return turn
        said = replace(turn, away=SAID_SO) if away else replace(turn, skipped_at=turn.skipped_at or now)
        stored.put(session, place.workspace, said)
        show(session, place.snapshot, place.product, said, now=now)
        return said

    return await services.store.write(write)


# --- reading ---


async def one(services: Services, place: Place) -> CheckIn:
    """Give what somebody answered; raises Refusal where there is nothing."""
    turn = await services.store.read(place.turn)
    if turn is None or turn.checkin is None:
        raise Refusal("There is no such check-in any more.")
    return turn.checkin
