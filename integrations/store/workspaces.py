"""Workspaces: whom all the rows belong to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import Found, changed, insert_new, table_of
from schema.errors import Refusal
from schema.tables.workspaces import WorkspaceRow

WORKSPACES = table_of(WorkspaceRow)
W = WORKSPACES.c
GET = select(WORKSPACES).where(W.id == bindparam("this"))  # built once: every decision asks it


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One team in Slack, or one that has no Slack yet."""

    id: str
    name: str
    slack_team: str | None
    revision: int  # of its configuration


def ensure(session: Session, id: str, *, name: str, now: datetime) -> Workspace:
    """Make the workspace unless it is there, and give it."""
    insert_new(session, WORKSPACES, {"id": id, "name": name, "revision": 0, "created_at": now})
    return get(session, id)


def get(session: Session, id: str) -> Workspace:
    """Give a workspace; refuses one that nobody has made."""
    row = session.connection().execute(GET, {"this": id}).first()
    if row is None:
        raise Refusal(f"There is no workspace {id} yet. Apply its configuration first.")
    return _workspace(row)


def by_team(session: Session, team: str) -> Workspace | None:
    """Find the workspace of a Slack team."""
    row = session.execute(select(WORKSPACES).where(W.slack_team == team)).first()
    return None if row is None else _workspace(row)


def join_team(session: Session, id: str, team: str) -> Workspace:
    """Bind a workspace to the Slack team that its token belongs to; refuses a second team."""
    other = by_team(session, team)
    if other is not None and other.id != id:
        raise Refusal(
            f"Slack team {team} belongs to workspace {other.id}. Run that one, or use another token."
        )
    free = update(WORKSPACES).where(W.id == id, W.slack_team.is_(None))
    if not changed(session, free.values(slack_team=team)) and get(session, id).slack_team != team:
        raise Refusal(f"Workspace {id} belongs to another Slack team. Use its own token or another database.")
    return get(session, id)


def every(session: Session) -> tuple[Workspace, ...]:
    """List all workspaces."""
    return tuple(_workspace(row) for row in session.execute(select(WORKSPACES).order_by(W.id)))


def _workspace(row: Found) -> Workspace:
    return Workspace(id=row.id, name=row.name, slack_team=row.slack_team, revision=row.revision)
