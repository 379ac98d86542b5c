"""Answers as a form gives them, joined with what was said before, and decisions bound to the readings behind them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from handlers.pages import closed_period
from handlers.services import Services, Snapshot
from handlers.views.inputs import TYPED_MOST
from handlers.views.text import units
from integrations.store import checkins as stored
from integrations.store import readings
from schema.checkins import Answers, Blocker, Decision, ReadingRef, Turn
from schema.products import Product
from schema.readings import WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidBlocker:
    """A blocker as the form gives it."""

    id: str = ""  # "" for a new one
    text: str
    unblocker: str = ""
    metric: str = ""
    launch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidDecision:
    """A decision as the form gives it."""

    number: int = -1  # its place among those that stand in the form; -1 for a new one
    text: str
    metric: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody typed into the form; what was left empty is absent, and so is what was too long to stand in it.

    solved  ids of older blockers that are no more
    still   ids of older blockers that are still there
    """

    changed: str = ""
    learned: str = ""
    blockers: tuple[SaidBlocker, ...] = ()
    solved: tuple[str, ...] = ()
    decisions: tuple[SaidDecision, ...] = ()
    still: tuple[str, ...] = ()

    @property
    def typed(self) -> list[str]:
        """List what may hold a claim."""
        return [self.changed, self.learned, *(each.text for each in self.decisions)]

    def written(self) -> dict[str, Any]:
        """Write it as JSON, for a draft."""
        return asdict(self)


def said_in(draft: Mapping[str, Any]) -> Said:
    """Read a draft back."""
    return Said(
        changed=draft["changed"],
        learned=draft["learned"],
        blockers=tuple(SaidBlocker(**each) for each in draft["blockers"]),
        solved=tuple(draft["solved"]),
        decisions=tuple(SaidDecision(**each) for each in draft["decisions"]),
        still=tuple(draft.get("still", ())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose answers, for which standup."""

    snapshot: Snapshot
    product: Product
    period: str
    person: str
    reads: bool = True  # they may read the product's figures
    deadline: datetime | None = None  # of a coming one

    @property
    def workspace(self) -> str:
        return self.snapshot.workspace

    def turn(self, session: Session, *, hold: bool = False) -> Turn | None:
        return stored.turn(
            session, self.workspace, product=self.product.key, period=self.period, person=self.person, hold=hold
        )  # fmt: skip


def answers_of(
    session: Session, services: Services, place: Place, turn: Turn, *, said: Said, now: datetime
) -> Answers:  # fmt: skip
    """Make the answers that are kept out of what was typed and what stands already."""
    before = turn.checkin.answers if turn.checkin is not None else Answers()
    named = {each.number: each for each in said.decisions if each.number >= 0}
    stand = [
        SaidDecision(number=number, text="", metric=each.metric or "")
        for number, each in enumerate(before.decisions)
        if number not in named and _too_long(each.text)
    ]
    decisions = [
        _decision(session, services, place, each, before=before) for each in (*stand, *said.decisions)
    ]
    return Answers(
        changed=said.changed or _too_long(before.changed),
        learned=said.learned or _too_long(before.learned),
        blockers=_blockers(session, place, said, now=now),
        decisions=tuple(each for each in decisions if each is not None),
    )


def _too_long(text: str) -> str:
    """Give a text back that its field could not hold, so that an empty field does not mean that it is taken back."""
    return text if units(text) > TYPED_MOST else ""


def _blockers(session: Session, place: Place, said: Said, *, now: datetime) -> tuple[Blocker, ...]:
    """Join older blockers that are still open, those that stand in the form, and new ones."""
    known = {each.id: each for each in open_blockers(session, place)}
    known |= {
        each.id: replace(each, resolved_at=None)
        for each in solved_here(session, place)
        if each.id in said.still
    }
    older = [each for each in known.values() if each.since != place.period and each.id not in said.solved]
    hidden = [each for each in known.values() if each.since == place.period and _too_long(each.text)]
    found = {each.id: each for each in (*older, *hidden)}
    for each in said.blockers:
        before = known.get(each.id)
        text = each.text or (_too_long(before.text) if before else "")
        if text:
            said_now = replace(each, text=text)
            id_ = before.id if before else _new_id(place, text, taken=known | found)
            blocker = _blocker(place, said_now, before, id_=id_, now=now)
            found[blocker.id] = blocker
    return tuple(sorted(found.values(), key=lambda each: (each.raised_at, each.id)))


def _new_id(place: Place, text: str, *, taken: Mapping[str, Blocker]) -> str:
    """Name a new blocker by its words; another one that once had the same words keeps its name."""
    while True:
        id_ = stored.blocker_id(
            workspace=place.workspace, product=place.product.key, period=place.period, person=place.person, text=text
        )  # fmt: skip
        if id_ not in taken or taken[id_].text == text.rstrip("\n"):
            return id_
        text += "\n"


def _blocker(
    place: Place, said: SaidBlocker, before: Blocker | None, *, id_: str, now: datetime
) -> Blocker:  # fmt: skip
    return Blocker(
        id=id_,
        text=said.text,
        by=place.person,
        since=before.since if before else place.period,
        raised_at=before.raised_at if before else now,
        unblocker=said.unblocker or None,
        metric=said.metric if said.metric in place.product.metrics else None,
        launch=said.launch or None,
    )


def _decision(
    session: Session, services: Services, place: Place, said: SaidDecision, *, before: Answers
) -> Decision | None:
    """Bind a decision to the reading that it is based on; what was bound already stays so. None: it is taken back."""
    metric = said.metric if said.metric in place.product.metrics else None
    shown = before.decisions[said.number] if 0 <= said.number < len(before.decisions) else None
    text = said.text or (_too_long(shown.text) if shown else "")
    same = next((each for each in before.decisions if (each.text, each.metric) == (text, metric)), None)
    if same is not None or not text:
        return same
    based_on = _newest_reading(session, services, place, metric) if metric else None
    return Decision(text=text, by=place.person, period=place.period, metric=metric, based_on=based_on)


def _newest_reading(session: Session, services: Services, place: Place, metric: str) -> ReadingRef | None:
    product = place.product
    period = closed_period(product, services.now())
    found = readings.latest(
        session, place.workspace, product=product.key, metric=metric, periods=[period], group=WHOLE
    )
    if not found:
        return None
    newest = found[-1]
    return ReadingRef(
        metric=metric, period=product.calendar.key(period), source=newest.receipt.source,
        query_digest=newest.receipt.query_digest, definition=newest.receipt.definition, revision=newest.revision,
    )  # fmt: skip


def open_blockers(session: Session, place: Place) -> list[Blocker]:
    return [
        each
        for each in stored.open_blockers(
            session, place.workspace, product=place.product.key, period=place.period, person=place.person
        )
        if each.resolved_at is None
    ]


def solved_here(session: Session, place: Place) -> list[Blocker]:
    """List the older blockers that somebody called solved for this standup, and may call open again."""
    return stored.solved_in(
        session, place.workspace, product=place.product.key, period=place.period, person=place.person
    )


def orphans(session: Session, place: Place) -> list[Blocker]:
    """List the open blockers of people who are not asked any more; whoever is asked may say that one is solved."""
    return stored.orphans(session, place.workspace, product=place.product.key, period=place.period)
