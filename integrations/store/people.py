"""Whom the ledger's pids mean; erasing a person deletes these rows and never an event."""

import secrets
from collections.abc import Iterable, Mapping

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, insert, select, true, update
from sqlalchemy.orm import Session

from integrations.store.tables import insert_new, table_of
from integrations.store.texts import in_parts, overwrite, salt_of
from schema.certificates import KeptName
from schema.ledger import SALT_BYTES, person_id
from schema.tables.columns import plain
from schema.tables.ledger import LINKED, AccountRow, PersonRow

PEOPLE = table_of(PersonRow)
P = PEOPLE.c
ACCOUNTS = table_of(AccountRow)
A = ACCOUNTS.c

# built once: every decision asks them
OURS: BindParameter[str] = bindparam("ours")
PIDS = select(A.user, A.pid).where(A.workspace == OURS, A.user.in_(bindparam("users", expanding=True)))
SHARED = select(A.pid).where(A.workspace == OURS, LINKED)


def pid_of(session: Session, workspace: str, user: str, *, name: str) -> str:
    """Give the pid of a Slack user, and make one at first sight; the name is bound to it for good."""
    known = pids_of(session, workspace, [user]).get(user)
    if known is not None:
        return known
    salt, name = secrets.token_bytes(SALT_BYTES), plain(name)
    pid = person_id(salt, workspace, user=user, name=name)
    if insert_new(session, ACCOUNTS, {"workspace": workspace, "user": user, "pid": pid}):
        row = {"workspace": workspace, "pid": pid, "user": user, "name": name, "salt": salt.hex()}
        session.execute(insert(PEOPLE).values(row))
        return pid
    return pids_of(session, workspace, [user])[user]


def pids_of(session: Session, workspace: str, users: Iterable[str]) -> dict[str, str]:
    """Give the pids of those users who have one."""
    found: dict[str, str] = {}
    for some in in_parts(users):
        rows = session.connection().execute(PIDS, {"ours": workspace, "users": some})
        found |= {row.user: row.pid for row in rows}
    return found


def user_of(session: Session, workspace: str, pid: str) -> str | None:
    """Give the Slack user that a pid was made for; None for one who was erased."""
    found = kept(session, workspace, [pid]).get(pid)
    return None if found is None else found.user


def kept(session: Session, workspace: str, pids: Iterable[str]) -> dict[str, KeptName]:
    """Give the names that are still there, with what proves them."""
    found: dict[str, KeptName] = {}
    for some in in_parts(pids):
        found |= _kept(session, workspace, P.pid.in_(some))
    return found


def every(session: Session, workspace: str) -> dict[str, KeptName]:
    """Give all names, for an audit."""
    return _kept(session, workspace, true())


def link(session: Session, workspace: str, users: Mapping[str, str]) -> str:
    """Say that several accounts (user → name) are one person; gives the pid that they share from now on.

    The first account that has a pid keeps it. Events that name another one stay as they are: `same_person`.
    """
    known = pids_of(session, workspace, users)
    first = next((user for user in users if user in known), next(iter(users)))
    pid = pid_of(session, workspace, first, name=users[first])
    for user, name in users.items():
        pid_of(session, workspace, user, name=name)
    mine = (A.workspace == workspace) & A.user.in_(sorted(users))
    session.execute(update(ACCOUNTS).where(mine).values(pid=pid, linked=True))
    return pid


def link_known(session: Session, workspace: str, users: Iterable[str]) -> None:
    """Let those of a person's accounts that acted already share one pid, as `link` does when they act next."""
    known = pids_of(session, workspace, users)
    if len(set(known.values())) > 1:
        names = kept(session, workspace, known.values())
        link(session, workspace, {user: names[pid].name for user, pid in known.items() if pid in names})


def same_person(session: Session, workspace: str) -> dict[str, str]:
    """Map each pid that an account had before it was linked to the one that it shares now."""
    shared = session.connection().execute(SHARED, {"ours": workspace}).scalars().all()
    if not shared:  # as nearly always, and asked whenever a launch is read
        return {}
    both = select(P.pid, A.pid.label("now")).join(
        ACCOUNTS, (A.workspace == P.workspace) & (A.user == P.user) & (A.pid != P.pid)
    )
    found = both.where(P.workspace == workspace, A.pid.in_(shared))
    return {row.pid: row.now for row in session.execute(found)}


def erase(session: Session, workspace: str, pid: str) -> int:
    """Forget a person with all linked accounts; gives how many rows went. Every hash stays valid."""
    linked = select(A.user).where(A.workspace == workspace, A.pid == pid)
    own = kept(session, workspace, [pid])
    users = sorted({*session.execute(linked).scalars(), *(each.user for each in own.values())})
    one = delete(PEOPLE).where(P.workspace == workspace, P.user.in_(users))
    other = delete(ACCOUNTS).where(A.workspace == workspace, A.user.in_(users))
    overwrite(session)
    connection = session.connection()
    return connection.execute(one).rowcount + connection.execute(other).rowcount


def _kept(session: Session, workspace: str, which: ColumnElement[bool]) -> dict[str, KeptName]:
    rows = session.execute(select(PEOPLE).where(P.workspace == workspace, which))
    return {row.pid: KeptName(salt=salt_of(row.salt), user=row.user, name=row.name) for row in rows}
