"""Cards as rows: what each is to show, and where in Slack it stands."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Executable, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import Found, changed, dialect, inserting_in, table_of
from schema.tables.cards import CardRow

CARDS = table_of(CardRow)
C = CARDS.c

# built once, for they run whenever a card is drawn
OURS: BindParameter[str] = bindparam("ours")
HELD = select(CARDS).where(C.workspace == OURS, C.key == bindparam("this")).with_for_update()
SHOWN = select(CARDS).where(
    C.workspace == OURS, C.key.in_(bindparam("keys", expanding=True)), C.ts.is_not(None), C.shown.is_not(None)
)

ANEW = 1  # so often a card that somebody deleted is posted again; then it is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message that changes."""

    workspace: str
    key: str
    channel: str
    under: str | None
    thread_ts: str | None  # of the card that it stands under, once that is posted, or named by its message
    message: Mapping[str, Any]
    shown: str | None
    ts: str | None
    link: str | None
    generation: int
    deleted: int
    doubtful_at: datetime | None
    trouble: str | None

    @property
    def gone(self) -> bool:
        """Tell whether people do not want it: they deleted it once too often."""
        return self.deleted > ANEW

    @property
    def waits(self) -> bool:
        """Tell whether the card that it stands under has to be posted first."""
        return self.under is not None and self.thread_ts is None

    @property
    def by(self) -> str | None:
        """Name who is told when it cannot be shown."""
        return self.message.get("by")

    @property
    def product(self) -> str | None:
        """Name what a mention in its thread is about."""
        return self.message.get("product")

    @property
    def digest(self) -> str:
        """Name what it is to show."""
        return hashlib.sha256(json.dumps(self.message, sort_keys=True).encode()).hexdigest()


def put(
    session: Session,
    workspace: str,
    *,
    key: str,
    channel: str,
    message: Mapping[str, Any],
    under: str | None = None,
) -> Card:
    """Store what a card is to show, and make it if it is new; one that may be posted already stays in its channel."""
    parent = None if under is None else held(session, workspace, under)
    row = {
        "workspace": workspace,
        "key": key,
        "channel": parent.channel if parent else channel,
        "under": under,
        "message": dict(message),
        "generation": 1,
        "deleted": 0,
    }
    found = session.connection().execute(_putting(dialect(session)), row).one()
    return _card(found, parent.ts if parent else None)


@cache
def _putting(dialect: str) -> Executable:
    statement = inserting_in(dialect, CARDS)
    new, stands = statement.excluded, or_(C.ts.is_not(None), C.doubtful_at.is_not(None))
    return statement.on_conflict_do_update(
        index_elements=[C.workspace, C.key],
        set_={"message": new.message, "channel": case((stands, C.channel), else_=new.channel)},
    ).returning(CARDS)


def get(session: Session, workspace: str, key: str) -> Card | None:
    """Give a card and the thread that it stands in."""
    above = CARDS.alias("above")
    thread = (above.c.workspace == C.workspace) & (above.c.key == C.under)
    query = select(CARDS, above.c.ts.label("thread_ts")).outerjoin(above, thread)
    row = session.execute(query.where(*_named(workspace, key))).first()
    return None if row is None else _card(row, row.thread_ts)


def held(session: Session, workspace: str, key: str) -> Found:
    """Give a card's row that nobody changes before this transaction ends; raises ValueError where there is none."""
    row = session.connection().execute(HELD, {"ours": workspace, "this": key}).first()
    if row is None:
        message = f"there is no card {key} for another to stand under"
        raise ValueError(message)
    return row


def shown(session: Session, workspace: str, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Give the content of those of some cards that Slack certainly shows as they are."""
    rows = session.connection().execute(SHOWN, {"ours": workspace, "keys": sorted(keys)})
    cards = [_card(row, None) for row in rows]
    return {each.key: each.message for each in cards if each.shown == each.digest}


def there(session: Session, workspace: str, keys: Iterable[str]) -> frozenset[str]:
    """Name those of some cards that were made."""
    query = select(C.key).where(C.workspace == workspace, C.key.in_(sorted(keys)))
    return frozenset(session.execute(query).scalars())


def by_ts(session: Session, workspace: str, *, channel: str, ts: str) -> str | None:
    """Tell which card a message is."""
    query = select(C.key).where(C.workspace == workspace, C.channel == channel, C.ts == ts)
    return session.execute(query).scalars().first()


def posted(session: Session, card: Card, *, channel: str, ts: str, shown: str | None) -> bool:
    """Store where a card stands now; False when it was posted anew meanwhile."""
    now = {"channel": channel, "ts": ts, "shown": shown, "doubtful_at": None, "trouble": None, "link": None}
    return changed(session, update(CARDS).where(*_this(card), C.ts.is_(None)).values(now))


def shows(session: Session, card: Card, *, digest: str | None) -> None:
    """Store what a card shows in Slack; None when that is not certain."""
    trouble = {"trouble": None} if digest is not None else {}
    session.execute(update(CARDS).where(*_this(card)).values(shown=digest, **trouble))


def linked(session: Session, card: Card, *, link: str) -> None:
    """Store a card's address for people."""
    session.execute(update(CARDS).where(*_this(card)).values(link=link))


def doubtful(session: Session, card: Card, *, at: datetime | None) -> None:
    """Store that a post which began then may stand in Slack; None when it certainly does not."""
    session.execute(update(CARDS).where(*_this(card), C.ts.is_(None)).values(doubtful_at=at))


def troubled(session: Session, workspace: str, key: str, *, trouble: str) -> bool:
    """Store why a card cannot be shown; False when that is known already."""
    other = or_(C.trouble.is_(None), C.trouble != trouble)
    return changed(session, update(CARDS).where(*_named(workspace, key), other).values(trouble=trouble))


def lost(session: Session, card: Card) -> bool:
    """Forget where a deleted card stood, and what stood in its thread; False when it is to be left out from now on."""
    if card.gone or card.deleted == ANEW:
        session.execute(update(CARDS).where(*_this(card)).values(deleted=ANEW + 1))
        return False
    nowhere = {"ts": None, "shown": None, "link": None, "doubtful_at": None, "generation": C.generation + 1}
    mine = update(CARDS).where(*_this(card)).values(**nowhere, deleted=C.deleted + 1)
    if changed(session, mine):
        below = (C.workspace == card.workspace, C.under == card.key)
        session.execute(update(CARDS).where(*below).values(nowhere))
    return True


def below(session: Session, workspace: str, key: str) -> tuple[Card, ...]:
    """List the cards that wait for this one, now that it is posted; they go to its channel."""
    above = held(session, workspace, key)
    waiting = (C.workspace == workspace, C.under == key, C.ts.is_(None), C.deleted <= ANEW)
    session.execute(update(CARDS).where(*waiting, C.doubtful_at.is_(None)).values(channel=above.channel))
    rows: Sequence[Found] = session.execute(select(CARDS).where(*waiting).order_by(C.key)).all()
    return tuple(_card(row, above.ts) for row in rows)


def _named(workspace: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return (C.workspace == workspace, C.key == key)


def _this(card: Card) -> tuple[ColumnElement[bool], ...]:
    """Mean the card as it was read: not one that was posted anew since."""
    return (*_named(card.workspace, card.key), C.generation == card.generation)


def _card(row: Found, thread_ts: str | None) -> Card:
    return Card(
        workspace=row.workspace,
        key=row.key,
        channel=row.channel,
        under=row.under,
        thread_ts=thread_ts or row.message.get("thread_ts"),
        message=row.message,
        shown=row.shown,
        ts=row.ts,
        link=row.link,
        generation=row.generation,
        deleted=row.deleted,
        doubtful_at=row.doubtful_at,
        trouble=row.trouble,
    )
