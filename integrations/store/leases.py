"""Leases: one holder at a time, taken over after they end, each holding with a higher number."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import changed, insert_new, table_of
from schema.due import Lease
from schema.tables.due import LeaseRow

LEASES = table_of(LeaseRow)
L = LEASES.c


def acquire(
    session: Session, workspace: str, name: str, *, holder: str, now: datetime, lease_s: float
) -> Lease | None:
    """Take the lease when it is free, ended, or ours already; None when another holds it.

    One that ends far in the future is taken over too: a clock that was wrong wrote it, and it would block for as long.
    """
    until = now + timedelta(seconds=lease_s)
    row = {"workspace": workspace, "name": name, "holder": holder, "until": until, "fence": 1}
    if insert_new(session, LEASES, row):
        return Lease(workspace=workspace, name=name, holder=holder, until=until, fence=1)
    ours = (
        update(LEASES).where(*_named(workspace, name), L.holder == holder, L.until > now).values(until=until)
    )
    free = (
        update(LEASES)
        .where(*_named(workspace, name), or_(L.until <= now, L.until > now + timedelta(seconds=2 * lease_s)))
        .values(holder=holder, until=until, fence=L.fence + 1)
    )
    if changed(session, ours) or changed(session, free):
        return held(session, workspace, name)
    return None


def renew(session: Session, lease: Lease, *, now: datetime, lease_s: float) -> Lease | None:
    """Hold on for longer; None when it has ended, even if nobody took it over yet."""
    until = now + timedelta(seconds=lease_s)
    if changed(session, update(LEASES).where(*_mine(lease), L.until > now).values(until=until)):
        return held(session, lease.workspace, lease.name)
    return None


def release(session: Session, lease: Lease, *, now: datetime) -> bool:
    """Let the next holder begin at once; False when it was lost before."""
    return changed(session, update(LEASES).where(*_mine(lease), L.until > now).values(until=now))


def holds(session: Session, lease: Lease, *, now: datetime) -> bool:
    """Tell whether the lease is still the holder's; on PostgreSQL nobody takes it over before the transaction ends."""
    row = select(L.fence).where(*_mine(lease), L.until > now).with_for_update()
    return session.execute(row).first() is not None


def held(session: Session, workspace: str, name: str) -> Lease | None:
    """Tell who had the lease last and until when."""
    row = session.execute(select(LEASES).where(*_named(workspace, name))).first()
    if row is None:
        return None
    return Lease(workspace=workspace, name=name, holder=row.holder, until=row.until, fence=row.fence)


def _named(workspace: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return (L.workspace == workspace, L.name == name)


def _mine(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        *_named(lease.workspace, lease.name),
        L.holder == lease.holder,
        L.fence == lease.fence,
    )
