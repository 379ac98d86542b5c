"""Check-ins as rows: whose turn it is, what they answered, and the blockers that stay open from week to week."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, not_, or_, select, update
from sqlalchemy.orm import Session

from integrations.store.engine import lock
from integrations.store.tables import Found, insert_new, inserting, table_of
from schema.checkins import (
    Answers,
    Blocker,
    CheckIn,
    Decision,
    Gathered,
    ReadingRef,
    Turn,
    members,
)
from schema.tables.checkins import BlockerRow, CheckInRow, RosterTroubleRow

CHECKINS = table_of(CheckInRow)
BLOCKERS = table_of(BlockerRow)
TROUBLES = table_of(RosterTroubleRow)
C, B, T = CHECKINS.c, BLOCKERS.c, TROUBLES.c
PLANNED = (
    "post_at", "deadline", "zone", "ask_at", "asked_at", "remind_at", "reminded_at", "away", "barred", "left",
    "skipped_at",
)  # fmt: skip


def lock_standup(session: Session, workspace: str, product: str) -> None:
    """Let planning, asking, answering and composing for a product go one after the other until this transaction ends."""
    lock(session, "checkins", workspace, product)


# --- whose turn it is ---


def turns(session: Session, workspace: str, *, product: str, period: str) -> tuple[Turn, ...]:
    """List everybody of one standup."""
    here = (C.workspace == workspace, C.product == product, C.period == period)
    rows = session.execute(select(CHECKINS).where(*here).order_by(C.person)).all()
    named = open_blockers(session, workspace, product=product, period=period)
    return tuple(_turn(row, [each for each in named if each.by == row.person]) for row in rows)


def turn(
    session: Session, workspace: str, *, product: str, period: str, person: str, hold: bool = False
) -> Turn | None:
    """Give one person's turn; None where there is none.

    hold   nobody else changes it before this transaction ends
    """
    query = select(CHECKINS).where(*_named(workspace, product, period, person))
    row = session.execute(query.with_for_update() if hold else query).first()
    if row is None:
        return None
    return _turn(row, open_blockers(session, workspace, product=product, period=period, person=person))


def mine(session: Session, workspace: str, person: str, *, since: datetime) -> tuple[Turn, ...]:
    """List the turns of somebody in standups posted after a time, the soonest deadline first; without answers."""
    where = (C.workspace == workspace, C.person == person, C.post_at > since)
    rows = session.execute(select(CHECKINS).where(*where).order_by(C.deadline, C.product))
    return tuple(_turn(row, []) for row in rows)


def put(session: Session, workspace: str, turn: Turn) -> None:
    """Store whose turn it is and where they stand; what they answered stays as it is."""
    values = {name: getattr(turn, name) for name in PLANNED}
    key = {
        "workspace": workspace,
        "product": turn.product,
        "period": turn.period,
        "person": turn.person,
    }
    statement = inserting(session, CHECKINS).values(key | values | {"late": False, "revision": 1})
    keys = [C.workspace, C.product, C.period, C.person]
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=values | {"revision": C.revision + 1})
    )


def put_new(session: Session, workspace: str, turn: Turn) -> None:
    """Store a turn that nobody planned; one that is there stays as it is."""
    values = {name: getattr(turn, name) for name in PLANNED}
    key = {"workspace": workspace, "product": turn.product, "period": turn.period, "person": turn.person}
    insert_new(session, CHECKINS, key | values | {"late": False, "revision": 1})


# --- what they answered ---


def keep(session: Session, workspace: str, checkin: CheckIn) -> None:
    """Store somebody's answers, over earlier ones; what is not named as a blocker any more is taken back or solved.

    Of this week's blockers those are taken back that the answers leave out; older ones are solved.
    """
    values = {
        "given_at": checkin.given_at,
        "edited_at": checkin.edited_at,
        "late": checkin.late,
        "answers": _written(checkin.answers),
        "skipped_at": None,
        "draft": None,
        "revision": C.revision + 1,
    }
    named = _named(workspace, checkin.product, checkin.period, checkin.person)
    session.execute(update(CHECKINS).where(*named).values(**values))
    _keep_blockers(session, workspace, checkin)


def _keep_blockers(session: Session, workspace: str, checkin: CheckIn) -> None:
    said = {each.id: each for each in checkin.answers.blockers}
    before = open_blockers(
        session, workspace, product=checkin.product, period=checkin.period, person=checkin.person
    )
    at = checkin.edited_at or checkin.given_at
    for each in before:
        if each.id in said or each.resolved_at is not None:  # solved in a later period, which stays so
            continue
        if each.since == checkin.period:
            session.execute(delete(BLOCKERS).where(B.workspace == workspace, B.id == each.id))
        else:
            solve(session, workspace, each.id, period=checkin.period, at=at)
    for each in said.values():
        _put_blocker(session, workspace, checkin.product, each)


def solve(session: Session, workspace: str, blocker: str, *, period: str, at: datetime) -> None:
    """Store in which period a blocker was solved; one that is solved already stays so."""
    open_ = (B.workspace == workspace, B.id == blocker, B.resolved_in.is_(None))
    session.execute(update(BLOCKERS).where(*open_).values(resolved_at=at, resolved_in=period))


def _put_blocker(session: Session, workspace: str, product: str, blocker: Blocker) -> None:
    said = {
        "text": blocker.text,
        "unblocker": blocker.unblocker,
        "metric": blocker.metric,
        "launch": blocker.launch,
        "resolved_at": None,
        "resolved_in": None,
    }
    row = {
        "workspace": workspace,
        "id": blocker.id,
        "product": product,
        "person": blocker.by,
        "since": blocker.since,
        "raised_at": blocker.raised_at,
    }
    statement = inserting(session, BLOCKERS).values(row | said)
    session.execute(statement.on_conflict_do_update(index_elements=[B.workspace, B.id], set_=said))


def blocker_id(*, workspace: str, product: str, period: str, person: str, text: str) -> str:
    """Name a blocker by who named it when; the same however often the form is sent."""
    identity = json.dumps([workspace, product, period, person, text])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def put_draft(
    session: Session, workspace: str, *, product: str, period: str, person: str, draft: Mapping[str, Any]
) -> None:
    """Store answers that their author is asked about; nobody else reads them."""
    named = _named(workspace, product, period, person)
    session.execute(update(CHECKINS).where(*named).values(draft=dict(draft)))


def draft(
    session: Session, workspace: str, *, product: str, period: str, person: str
) -> Mapping[str, Any] | None:
    """Give the answers that their author was asked about; None where there are none."""
    found: Mapping[str, Any] | None = session.execute(
        select(C.draft).where(*_named(workspace, product, period, person))
    ).scalar()
    return found


# --- what a standup takes from it ---


def gathered(session: Session, workspace: str, *, product: str, period: str, now: datetime) -> Gathered:
    """Gather all that the standup of a period takes from its people, as they stand at a moment."""
    found = turns(session, workspace, product=product, period=period)
    open_ = open_blockers(session, workspace, product=product, period=period)
    return Gathered(
        members=members(found, now),
        checkins=tuple(
            sorted(
                (each.checkin for each in found if each.checkin is not None), key=lambda each: each.given_at
            )
        ),
        blockers=tuple(open_),
        decisions=_earlier_decisions(session, workspace, product, period),
        stamp=stamp(session, workspace, product=product, period=period),
    )


def stamp(session: Session, workspace: str, *, product: str, period: str) -> str:
    """Name what is stored of a standup's people; another name: something changed."""
    here = (C.workspace == workspace, C.product == product, C.period == period)
    rows = session.execute(select(C.person, C.revision).where(*here).order_by(C.person)).all()
    if not rows:
        return ""
    listed = [[row.person, row.revision] for row in rows]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


def _earlier_decisions(session: Session, workspace: str, product: str, period: str) -> tuple[Decision, ...]:
    """Give the decisions of the standup before, which is the newest one that anybody answered for."""
    given = (C.workspace == workspace, C.product == product, C.given_at.is_not(None))
    before = session.execute(select(func.max(C.period)).where(*given, C.period < period)).scalar()
    rows = session.execute(select(CHECKINS).where(*given, C.period == before).order_by(C.given_at, C.person))
    return tuple(each for row in rows for each in _decisions(row))


def open_blockers(
    session: Session, workspace: str, *, product: str, period: str, person: str | None = None
) -> list[Blocker]:
    """List what was open when the standup of a period was over, the oldest first; of one person where they are named."""
    begun = or_(B.since <= period, _another_cadence(B.since, period))
    later = and_(B.resolved_in > period, not_(_another_cadence(B.resolved_in, period)))
    named = [B.workspace == workspace, B.product == product, begun, or_(B.resolved_in.is_(None), later)]
    if person is not None:
        named.append(B.person == person)
    return _listed(session, *named)


def solved_in(
    session: Session, workspace: str, *, product: str, period: str, person: str
) -> list[Blocker]:  # fmt: skip
    """List what somebody said in a period that it was solved."""
    named = (B.workspace == workspace, B.product == product, B.person == person, B.resolved_in == period)
    return _listed(session, *named)


def orphans(session: Session, workspace: str, *, product: str, period: str) -> list[Blocker]:
    """List open blockers that nobody of the roster named: who did is not asked any more, so others say when it is solved."""
    asked = [each.person for each in turns(session, workspace, product=product, period=period) if each.asks]
    if not asked:
        return []
    return [
        each
        for each in open_blockers(session, workspace, product=product, period=period)
        if each.by not in asked and each.resolved_at is None
    ]


def _listed(session: Session, *named: ColumnElement[bool]) -> list[Blocker]:
    rows = session.execute(select(BLOCKERS).where(*named).order_by(B.raised_at, B.id))
    return [_blocker(row) for row in rows]


def _another_cadence(key: ColumnElement[Any], period: str) -> ColumnElement[bool]:
    """Tell whether a period's key is of a month where the other is of a week; those do not sort."""
    return func.length(key) != len(period)


# --- who of a roster cannot be asked ---


def trouble(
    session: Session, workspace: str, *, product: str, member: str, trouble: str, now: datetime
) -> bool:
    """Store why a member of a roster cannot be asked; False when that was told already."""
    named = {"workspace": workspace, "product": product, "member": member}
    if insert_new(session, TROUBLES, named | {"trouble": trouble, "told_at": now}):
        return True
    other = _trouble(workspace, product, member)
    known = session.execute(select(T.trouble).where(*other)).scalar()
    if known == trouble:
        return False
    session.execute(update(TROUBLES).where(*other).values(trouble=trouble, told_at=now))
    return True


def no_trouble(session: Session, workspace: str, *, product: str, members: Iterable[str]) -> None:
    """Forget the troubles of members that have none any more, so that a new one is told again."""
    for member in members:
        session.execute(delete(TROUBLES).where(*_trouble(workspace, product, member)))


def _trouble(workspace: str, product: str, member: str) -> tuple[ColumnElement[bool], ...]:
    return (T.workspace == workspace, T.product == product, T.member == member)


# --- rows and values ---


def _named(workspace: str, product: str, period: str, person: str) -> tuple[ColumnElement[bool], ...]:
    return (C.workspace == workspace, C.product == product, C.period == period, C.person == person)


def _written(answers: Answers) -> dict[str, Any]:
    decisions = [
        {
            "text": each.text,
            "metric": each.metric,
            "based_on": asdict(each.based_on) if each.based_on else None,
        }
        for each in answers.decisions
    ]
    return {"changed": answers.changed, "learned": answers.learned, "decisions": decisions}


def _turn(row: Found, blockers: Sequence[Blocker]) -> Turn:
    planned = {name: getattr(row, name) for name in PLANNED}
    turn = Turn(product=row.product, period=row.period, person=row.person, **planned)
    if row.given_at is None:
        return turn
    answers = Answers(
        changed=row.answers["changed"],
        learned=row.answers["learned"],
        blockers=tuple(blockers),
        decisions=_decisions(row),
    )
    checkin = CheckIn(
        product=row.product,
        period=row.period,
        person=row.person,
        answers=answers,
        given_at=row.given_at,
        edited_at=row.edited_at,
        late=row.late,
    )
    return replace(turn, checkin=checkin)


def _decisions(row: Found) -> tuple[Decision, ...]:
    return tuple(
        Decision(
            text=each["text"],
            by=row.person,
            period=row.period,
            metric=each["metric"],
            based_on=ReadingRef(**each["based_on"]) if each["based_on"] else None,
        )
        for each in row.answers["decisions"]
    )


def _blocker(row: Found) -> Blocker:
    return Blocker(
        id=row.id,
        text=row.text,
        by=row.person,
        since=row.since,
        raised_at=row.raised_at,
        unblocker=row.unblocker,
        metric=row.metric,
        launch=row.launch,
        resolved_at=row.resolved_at,
    )
