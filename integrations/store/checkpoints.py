"""Signed checkpoints of a workspace's ledger, and the places outside where they were posted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from integrations.store import ledger, people, texts
from integrations.store.tables import Found, insert_new, table_of
from schema import audits, merkle
from schema.audits import Audit, Lost
from schema.certificates import SignedLedger
from schema.checkpoints import (
    Checkpoint,
    PublicKey,
    SigningKey,
    origin_of,
    read_checkpoint,
    signed_checkpoint,
)
from schema.tables.ledger import LedgerCheckpointRow, LedgerPostingRow

CHECKPOINTS = table_of(LedgerCheckpointRow)
C = CHECKPOINTS.c
POSTINGS = table_of(LedgerPostingRow)
P = POSTINGS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A signed note and the number of events it stands over."""

    size: int
    note: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Where a checkpoint can be seen outside the database."""

    size: int
    place: str
    reference: str
    posted_at: datetime


def make(session: Session, workspace: str, *, key: SigningKey, now: datetime) -> StoredCheckpoint:
    """Sign the ledger as it is; gives the checkpoint that is there when nothing was added since."""
    head, peaks = ledger.peaks(session, workspace)
    root = merkle.root_of(peaks).hex()
    checkpoint = Checkpoint(origin=origin_of(workspace), size=head.seq, root=root, head=head.hash, at=now)
    row = {
        "workspace": workspace,
        "size": head.seq,
        "signed_at": now,
        "note": signed_checkpoint(checkpoint, key),
    }
    insert_new(session, CHECKPOINTS, row)
    made = newest(session, workspace)
    assert made is not None
    return made


def newest(session: Session, workspace: str) -> StoredCheckpoint | None:
    """Give the checkpoint over the most events."""
    query = select(CHECKPOINTS).where(C.workspace == workspace).order_by(C.size.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else _checkpoint(row)


def first(session: Session, workspace: str) -> StoredCheckpoint | None:
    """Give the checkpoint over the fewest events."""
    query = select(CHECKPOINTS).where(C.workspace == workspace).order_by(C.size).limit(1)
    row = session.execute(query).first()
    return None if row is None else _checkpoint(row)


def signer(checkpoint: StoredCheckpoint) -> str:
    """Give the id of the key that a checkpoint names."""
    read = read_checkpoint(checkpoint.note)
    return "" if read is None else read[1]


def every(session: Session, workspace: str) -> tuple[StoredCheckpoint, ...]:
    """Give all checkpoints in the order in which the ledger grew."""
    query = select(CHECKPOINTS).where(C.workspace == workspace).order_by(C.size)
    return tuple(_checkpoint(row) for row in session.execute(query))


def note_posted(session: Session, workspace: str, posting: Posting) -> bool:
    """Remember where a checkpoint was posted; False when that was known."""
    row = {
        "workspace": workspace,
        "size": posting.size,
        "place": posting.place,
        "reference": posting.reference,
        "posted_at": posting.posted_at,
    }
    return insert_new(session, POSTINGS, row)


def postings(session: Session, workspace: str, *, size: int) -> tuple[Posting, ...]:
    """Tell where a checkpoint was posted."""
    rows = session.execute(select(POSTINGS).where(*_at(workspace, size)).order_by(P.place))
    return tuple(
        Posting(size=row.size, place=row.place, reference=row.reference, posted_at=row.posted_at)
        for row in rows
    )


def unposted(session: Session, workspace: str, *, place: str) -> tuple[StoredCheckpoint, ...]:
    """Give the checkpoints that a place has not seen yet."""
    seen = select(P.size).where(P.workspace == workspace, P.place == place)
    query = select(CHECKPOINTS).where(C.workspace == workspace, C.size.not_in(seen)).order_by(C.size)
    return tuple(_checkpoint(row) for row in session.execute(query))


def signed_ledger(session: Session, workspace: str, checkpoint: StoredCheckpoint) -> SignedLedger:
    """Give what a certificate is made from."""
    hashes = ledger.hashes(session, workspace, size=checkpoint.size)
    return SignedLedger(checkpoint=checkpoint.note, hashes=hashes)


def lost(session: Session, workspace: str, checkpoint: Checkpoint) -> Lost | None:
    """Say which events a checkpoint from outside counts and this database lacks, as after a restored backup."""
    before = ledger.events_since(session, workspace, after=checkpoint.size - 1, most=1)
    here = before[0].hash if before and checkpoint.size else None
    return audits.lost(checkpoint, ledger.head(session, workspace), here=here)


def audit(
    session: Session, workspace: str, *, keys: Iterable[PublicKey] = (), outside: Iterable[str] = ()
) -> Audit:
    """Check the whole ledger against its own checkpoints and those that were kept outside."""
    events, unreadable = ledger.readable(session, workspace)
    notes = dict.fromkeys([*(each.note for each in every(session, workspace)), *outside])
    found = audits.audit(
        workspace, events, until=ledger.head(session, workspace), notes=tuple(notes), keys=keys
    )
    beside = audits.kept_flaws(
        workspace, events, texts=texts.every(session, workspace), names=people.every(session, workspace)
    )
    return audits.with_more(found, first=unreadable, then=beside)


def _at(workspace: str, size: int) -> tuple[ColumnElement[bool], ...]:
    return (P.workspace == workspace, P.size == size)


def _checkpoint(row: Found) -> StoredCheckpoint:
    return StoredCheckpoint(size=row.size, note=row.note, signed_at=row.signed_at)
