"""What a workspace is made of: its own part, sources, metrics and products."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from integrations.store.tables import table_of
from schema.configuration.changes import WORKSPACE, Kind, ObjectKey, StoredObject
from schema.tables.configuration import ConfigurationRow
from schema.tables.workspaces import WorkspaceRow

OBJECTS = table_of(ConfigurationRow)
WORKSPACES = table_of(WorkspaceRow)
C, W = OBJECTS.c, WORKSPACES.c
_REMOVED = False  # as a body: JSON's false, which no object of a file can be


def objects(session: Session, workspace: str) -> dict[ObjectKey, StoredObject]:
    """Give every object that the database or the last applied file knows."""
    rows = session.execute(select(OBJECTS).where(C.workspace == workspace))
    return {
        ObjectKey(Kind(row.kind), row.key): StoredObject(
            body=None if row.body is _REMOVED else row.body,
            applied_digest=row.applied_digest,
            changed_by=row.changed_by,
        )
        for row in rows
    }


def save(session: Session, workspace: str, wanted: Mapping[ObjectKey, StoredObject], at: datetime) -> int:
    """Hold exactly these objects; gives the revision, which rises only when a body changed."""
    before = objects(session, workspace)
    for gone in before.keys() - wanted.keys():
        session.execute(delete(OBJECTS).where(*_is(workspace, gone)))
    for key, value in wanted.items():
        _put(session, workspace, key=key, value=value, before=before.get(key), at=at)
    _name(session, workspace, wanted, at)
    if _standing(before) != _standing(wanted):
        session.execute(update(WORKSPACES).where(W.id == workspace).values(revision=W.revision + 1))
    return revision(session, workspace)


def revision(session: Session, workspace: str) -> int:
    """Give the revision of a workspace's configuration; 0 before anything was applied."""
    return session.execute(select(W.revision).where(W.id == workspace)).scalar_one_or_none() or 0


def _put(
    session: Session,
    workspace: str,
    *,
    key: ObjectKey,
    value: StoredObject,
    before: StoredObject | None,
    at: datetime,
) -> None:
    if value == before:
        return
    content = {
        "body": _REMOVED if value.body is None else value.body,
        "applied_digest": value.applied_digest,
        "changed_by": value.changed_by,
        "changed_at": at,
    }
    if before is None:
        session.execute(insert(OBJECTS).values(workspace=workspace, kind=key.kind, key=key.key, **content))
    else:
        session.execute(update(OBJECTS).where(*_is(workspace, key)).values(**content))


def _name(session: Session, workspace: str, wanted: Mapping[ObjectKey, StoredObject], at: datetime) -> None:
    """Keep the workspace's own row in step with what it is called."""
    own = wanted.get(WORKSPACE)
    said = own.body if own is not None and own.body is not None else {}
    known = session.execute(select(W.id).where(W.id == workspace)).first()
    if known is None:
        session.execute(
            insert(WORKSPACES).values(
                id=workspace,
                name=said.get("name", workspace),
                slack_team=said.get("slack_team"),
                revision=0,
                created_at=at,
            )
        )
    elif said:
        learned = {"slack_team": said["slack_team"]} if said.get("slack_team") else {}
        session.execute(update(WORKSPACES).where(W.id == workspace).values(name=said["name"], **learned))


def _is(workspace: str, key: ObjectKey) -> tuple[ColumnElement[bool], ...]:
    return C.workspace == workspace, C.kind == key.kind, C.key == key.key


def _standing(known: Mapping[ObjectKey, StoredObject]) -> dict[ObjectKey, str]:
    return {key: repr(value.body) for key, value in known.items() if value.body is not None}
