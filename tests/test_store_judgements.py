from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations.store import judgements, workspaces
from integrations.store.judgements import StoredJudgement
from schema.errors import Refusal
from schema.periods import Period
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WEEK = Period(start=NOON - timedelta(days=7), end=NOON)
JUDGEMENT = StoredJudgement(
    product="fraud",
    period=WEEK,
    metric="recall",
    comparison="previous",
    inputs_digest="d1",
    body={"verdict": "small loss", "q": "0.0312"},
    judged_at=NOON,
)


def do(store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, *args, **kwargs))


def newest(store, workspace="w"):
    return store.read_sync(
        lambda session: judgements.newest(session, workspace, product="fraud", period=WEEK)
    )


def test_a_judgement_is_stored_once_and_comes_back_whole(store):
    target = replace(JUDGEMENT, comparison="target", body={"verdict": "met"})

    assert do(store, judgements.keep, "w", [JUDGEMENT, target]) == 2
    assert do(store, judgements.keep, "w", [replace(JUDGEMENT, judged_at=NOON + SECOND)]) == 0

    assert newest(store) == (JUDGEMENT, target)
    assert newest(store, "w2") == ()


@pytest.mark.parametrize("change", [{"inputs_digest": "d2"}, {"body": {"verdict": "cannot tell"}}])
def test_another_judgement_of_the_same_question_is_a_new_revision(store, change):
    do(store, judgements.keep, "w", [JUDGEMENT])
    assert do(store, judgements.keep, "w", [replace(JUDGEMENT, **change)]) == 1

    assert newest(store) == (replace(JUDGEMENT, **change, revision=2),)


def test_one_call_may_judge_a_question_twice(store):
    changed = replace(JUDGEMENT, inputs_digest="d2")

    assert do(store, judgements.keep, "w", [JUDGEMENT, changed, JUDGEMENT]) == 3
    assert newest(store) == (replace(JUDGEMENT, revision=3),)


# --- workspaces ---


def test_a_workspace_is_made_once(store):
    first = do(store, workspaces.ensure, "acme", name="Acme", now=NOON)
    again = do(store, workspaces.ensure, "acme", name="Other", now=NOON)

    assert first == again
    assert do(store, workspaces.every) == (first,)
    with pytest.raises(Refusal, match="no workspace nobody"):
        do(store, workspaces.get, "nobody")


def test_a_workspace_belongs_to_one_team_and_a_team_to_one_workspace(store):
    for name in ("acme", "other"):
        do(store, workspaces.ensure, name, name=name, now=NOON)

    joined = do(store, workspaces.join_team, "acme", "T1")

    assert do(store, workspaces.join_team, "acme", "T1") == joined == do(store, workspaces.by_team, "T1")
    assert do(store, workspaces.by_team, "T2") is None
    with pytest.raises(Refusal, match="another Slack team"):
        do(store, workspaces.join_team, "acme", "T2")
    with pytest.raises(Refusal, match="belongs to workspace acme"):
        do(store, workspaces.join_team, "other", "T1")
