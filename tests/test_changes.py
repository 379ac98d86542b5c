"""Applying muster.yaml: what the file said last, what it says now, and what stands in the database."""

import asyncio
import copy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.files import catalogue, load_yaml
from handlers.configuration import apply, export, plan, snapshot
from integrations.store import configuration as stored
from schema.configuration.changes import (
    WORKSPACE,
    Fate,
    Kind,
    ObjectKey,
    StoredObject,
    Take,
    bodies,
    conflicts,
    difference,
    digest_of,
    document_of,
    merged,
    objects_of,
    place_of,
)
from schema.configuration.reading import Configuration, read_configuration
from schema.errors import Refusal
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

WHOLE = load_yaml(Path(__file__).parent / "answers" / "configuration" / "whole.yaml").document
CATALOGUE = catalogue()
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OURS = "w1"
FRAUD = ObjectKey(Kind.PRODUCT, "fraud-detection")
A, B, C = {"title": "a"}, {"title": "b"}, {"title": "c"}


def whole():
    return copy.deepcopy(WHOLE)


FATES = [
    # applied last, in the file, in the database → fate
    (None, None, None, Fate.UNCHANGED),
    (None, None, B, Fate.KEPT),
    (None, A, None, Fate.ADDED),
    (None, A, A, Fate.UNCHANGED),
    (None, A, B, Fate.CONFLICT),
    (A, None, None, Fate.UNCHANGED),
    (A, None, A, Fate.REMOVED),
    (A, None, B, Fate.CONFLICT),
    (A, A, None, Fate.KEPT),
    (A, A, A, Fate.UNCHANGED),
    (A, A, B, Fate.KEPT),
    (A, B, None, Fate.CONFLICT),
    (A, B, A, Fate.CHANGED),
    (A, B, B, Fate.UNCHANGED),
    (A, B, C, Fate.CONFLICT),
]


def compared(applied, wanted, current):
    digest = None if applied is None else digest_of(applied)
    held = (
        {}
        if applied is current is None
        else {FRAUD: StoredObject(body=current, applied_digest=digest, changed_by="U0ANA00001")}
    )
    return difference({} if wanted is None else {FRAUD: wanted}, held)


@pytest.mark.parametrize(("applied", "wanted", "current", "fate"), FATES)
def test_each_of_the_fifteen_cases_has_one_fate(applied, wanted, current, fate):
    found = compared(applied, wanted, current)

    assert [each.fate for each in found] == ([] if applied is wanted is current is None else [fate])


@pytest.mark.parametrize("take", list(Take))
@pytest.mark.parametrize(("applied", "wanted", "current"), [case[:3] for case in FATES])
def test_a_file_applied_twice_changes_nothing_the_second_time(applied, wanted, current, take):
    after = merged(compared(applied, wanted, current), take)

    again = difference({} if wanted is None else {FRAUD: wanted}, after)

    assert {each.fate for each in again} <= {Fate.UNCHANGED, Fate.KEPT}
    assert merged(again) == after


@pytest.mark.parametrize(("applied", "wanted", "current", "fate"), FATES)
def test_a_conflict_ends_as_the_side_that_was_taken(applied, wanted, current, fate):
    found = compared(applied, wanted, current)
    if fate is not Fate.CONFLICT:
        return

    assert bodies(merged(found, Take.FILE)).get(FRAUD) == wanted
    assert bodies(merged(found, Take.SLACK)).get(FRAUD) == current
    with pytest.raises(ValueError, match="changed on both sides"):
        merged(found)


def test_only_what_somebody_else_changed_keeps_that_persons_name():
    kept = merged(compared(A, A, B))[FRAUD]
    taken = merged(compared(A, B, C), Take.FILE)[FRAUD]

    assert (kept.changed_by, taken.changed_by) == ("U0ANA00001", "")


def test_what_differs_is_listed_value_by_value():
    [found] = compared(
        A, {"title": "b", "roles": {"pm": ["U0ANA00001"]}}, {"title": "a", "roles": {}, "about": "x"}
    )

    assert found.alterations == (
        (("title",), "a", "b"),
        (("roles", "pm"), None, ["U0ANA00001"]),
        (("about",), "x", None),
    )


def test_the_order_of_metrics_counts_as_a_change_because_texts_follow_it():
    assert digest_of({"a": 1, "b": 2}) != digest_of({"b": 2, "a": 1})


def test_a_document_taken_apart_and_put_together_is_the_same():
    assert document_of(objects_of(whole())) == whole()


def test_every_object_has_its_place_in_the_file():
    assert place_of(whole(), FRAUD) == ("products", "fraud-detection")
    assert place_of(whole(), WORKSPACE) == ("workspace",)
    assert place_of(whole(), ObjectKey(Kind.METRIC, "click_through_rate")) == ("metrics", 0)
    assert place_of(whole(), ObjectKey(Kind.METRIC, "gone")) == ("metrics",)


BODY = st.none() | st.sampled_from([A, B, C])
KEYS = st.sampled_from([WORKSPACE, FRAUD, ObjectKey(Kind.SOURCE, "warehouse"), ObjectKey(Kind.METRIC, "own")])
STORED = st.builds(
    StoredObject,
    body=BODY,
    applied_digest=st.none() | st.sampled_from([digest_of(each) for each in (A, B, C)]),
)


@given(
    st.dictionaries(KEYS, st.sampled_from([A, B, C])), st.dictionaries(KEYS, STORED), st.sampled_from(Take)
)
@settings(max_examples=200)
def test_after_taking_the_file_it_stands_and_after_taking_slack_no_change_of_slack_is_lost(
    wanted, held, take
):
    found = difference(wanted, held)
    after = bodies(merged(found, take))

    for each in conflicts(found):
        assert after.get(each.at) == (each.wanted if take is Take.FILE else each.current)
    for each in found:
        if each.fate is Fate.KEPT:
            assert after.get(each.at) == each.current
        elif each.fate is not Fate.CONFLICT:
            assert after.get(each.at) == each.wanted


def put(store, document, *, take=None):
    return asyncio.run(apply(store, OURS, document, catalogue=CATALOGUE, now=NOON, take=take))


def change_in_slack(store, at, body):
    """Save one object as a click in Slack does."""

    def act(session):
        known = stored.objects(session, OURS)
        digest = known[at].applied_digest if at in known else None
        known[at] = StoredObject(body=body, applied_digest=digest, changed_by="U0BEN00001")
        return stored.save(session, OURS, known, NOON)

    return store.write_sync(act)


def fates(applied):
    return {each.at: each.fate for each in applied.differences if each.fate is not Fate.UNCHANGED}


def test_a_first_apply_adds_everything_and_a_second_nothing(store):
    first = put(store, whole())
    second = put(store, whole())

    assert set(fates(first).values()) == {Fate.ADDED}
    assert len(fates(first)) == 9
    assert fates(second) == {}
    assert (first.revision, second.revision) == (1, 1)


def test_a_plan_says_what_an_apply_would_do_and_does_nothing(store):
    put(store, whole())
    document = whole()
    document["products"]["fraud-detection"]["title"] = "Fraud"

    planned = asyncio.run(plan(store, OURS, document))

    assert [
        (each.at, each.fate, each.alterations) for each in planned if each.fate is not Fate.UNCHANGED
    ] == [(FRAUD, Fate.CHANGED, ((("title",), "Fraud detection", "Fraud"),))]
    assert store.read_sync(lambda session: stored.revision(session, OURS)) == 1


def test_what_is_exported_reads_back_as_the_same_configuration(store):
    put(store, whole())

    text = asyncio.run(export(store, OURS))

    loaded = load_yaml(text)
    assert loaded.document == whole()
    assert list(loaded.document["products"]["fraud-detection"]) == list(
        whole()["products"]["fraud-detection"]
    )
    assert read_configuration(loaded.document, catalogue=CATALOGUE) == read_configuration(
        whole(), catalogue=CATALOGUE
    )
    assert fates(put(store, loaded.document)) == {}


def test_a_change_in_slack_stands_while_the_file_says_what_it_said(store):
    put(store, whole())
    renamed = whole()["products"]["fraud-detection"] | {"title": "Renamed in Slack"}
    change_in_slack(store, FRAUD, renamed)

    applied = put(store, whole())

    assert fates(applied) == {FRAUD: Fate.KEPT}
    now = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE))
    assert now.configuration.products["fraud-detection"].title == "Renamed in Slack"
    assert now.revision == 2


@pytest.mark.parametrize(
    ("take", "title", "fate"), [(Take.FILE, "In the file", Fate.CHANGED), (Take.SLACK, "In Slack", Fate.KEPT)]
)
def test_an_object_changed_on_both_sides_waits_for_a_person(store, take, title, fate):
    put(store, whole())
    product = whole()["products"]["fraud-detection"]
    change_in_slack(store, FRAUD, product | {"title": "In Slack"})
    document = whole() | {"products": {"fraud-detection": product | {"title": "In the file"}}}
    document["workspace"]["name"] = "Renamed too"

    refused = put(store, document)
    untouched = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE))
    settled = put(store, document, take=take)
    after = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE))

    assert [(each.at, each.changed_by) for each in refused.conflicts] == [(FRAUD, "U0BEN00001")]
    assert untouched.configuration.workspace.name == "Acme"
    assert not settled.conflicts
    assert fates(settled)[FRAUD] is fate
    assert after.configuration.products["fraud-detection"].title == title
    assert after.configuration.workspace.name == "Renamed too"
    assert set(fates(put(store, document)).values()) <= {Fate.KEPT}


def test_a_product_removed_in_slack_stays_away_until_the_file_changes_it(store):
    put(store, whole())
    change_in_slack(store, FRAUD, None)

    applied = put(store, whole())
    now = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE))

    assert fates(applied) == {FRAUD: Fate.KEPT}
    assert now.configuration.products == {}
    assert load_yaml(asyncio.run(export(store, OURS))).document["products"] == {}


def test_what_the_file_leaves_out_is_removed(store):
    put(store, whole())
    document = whole()
    del document["sources"]["ledger"]

    applied = put(store, document)

    assert fates(applied) == {ObjectKey(Kind.SOURCE, "ledger"): Fate.REMOVED}
    assert applied.revision == 2


def test_a_file_that_does_not_fit_what_slack_changed_is_refused_whole(store):
    put(store, whole())
    product = whole()["products"]["fraud-detection"]
    change_in_slack(store, FRAUD, product | {"title": "In Slack"})
    document = whole()
    del document["sources"]["support"]

    applied = put(store, document)

    assert ["There is no source `support`." in problem.what for problem in applied.problems] == [True]
    assert store.read_sync(lambda session: ObjectKey(Kind.SOURCE, "support") in stored.objects(session, OURS))


def test_a_snapshot_is_the_same_object_until_the_revision_moves(store):
    assert asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE)) is None
    put(store, whole())
    first = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE))

    same = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE, known=first))
    change_in_slack(store, FRAUD, whole()["products"]["fraud-detection"] | {"title": "New"})
    moved = asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE, known=first))

    assert same is first
    assert isinstance(first.configuration, Configuration)
    assert moved.configuration.products["fraud-detection"].title == "New"


def test_stored_configuration_that_no_longer_reads_is_one_clear_line(store):
    put(store, whole())
    change_in_slack(store, FRAUD, {"title": "Nothing else"})

    with pytest.raises(Refusal, match="does not fit this version of Muster"):
        asyncio.run(snapshot(store, OURS, catalogue=CATALOGUE))


def test_two_workspaces_know_nothing_of_each_other(store):
    put(store, whole())
    other = whole()
    other["workspace"] |= {"name": "Other", "slack_team": "T0OTHER001"}
    asyncio.run(apply(store, "w2", other, catalogue=CATALOGUE, now=NOON))

    assert "name: Acme" in asyncio.run(export(store, OURS))
    assert "name: Other" in asyncio.run(export(store, "w2"))


def test_an_export_holds_names_of_secrets_and_no_value(store):
    put(store, whole())

    text = asyncio.run(export(store, OURS))

    assert load_yaml(text).document["sources"]["tracking"]["token"] == {"secret": "MLFLOW_TOKEN"}
