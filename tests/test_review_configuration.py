"""The reviews of muster.yaml: who may do what, within which limits, own questions, and what products measure otherwise."""

import asyncio
import copy
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files import catalogue, check_text, checklists, load_yaml
from handlers.configuration import apply, export, plan, snapshot, yaml_text
from integrations.store import configuration as stored
from schema.checklists import EvidenceKind
from schema.configuration.changes import (
    REVIEWS,
    Fate,
    StoredObject,
    Take,
    bodies,
    document_of,
    objects_of,
    place_of,
)
from schema.configuration.reading import Configuration, problems_in, read_configuration
from schema.configuration.reviews import ReviewRules
from schema.policies import Policy, Right, SelfApproval
from schema.problems import Severity
from schema.products import Role
from schema.requirements import RecordUnit
from schema.risks import Tier
from tests.builders import document
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OURS = "w1"
ANA, ANA_TOO, BEN = "U0ANA00001", "W0ANA00002", "U0BEN00001"
OWN = {
    "id": "OWN-01",
    "review": "launch",
    "question": "Did the regional team agree?",
    "why": "They meet the people whom it concerns.",
    "seats": ["pm", "leg"],
    "counts": {"leg": 2},
    "class": "waivable",
    "check": "auto_and_sign",
    "rests_on": ["model", "answers", "tier"],
    "requirements": {
        "answer": {"kind": "record", "words": "whether they agreed", "unit": "yes_or_no", "fresh_days": 30}
    },
    "clauses": {"nist": ["MAP 5.2"]},
}


def with_reviews(reviews, /, **product):
    return document(fraud_detection=product) | {"reviews": reviews}


def read(given, **more) -> Configuration:
    found = read_configuration(given, catalogue=catalogue(), checklists=checklists(), **more)
    assert isinstance(found, Configuration), [each.sentence for each in found]
    return found


def said(given) -> list[str]:
    found = problems_in(given, catalogue=catalogue(), checklists=checklists())
    return [f"{each.place}: {each.what} {each.works}" for each in found if each.level is Severity.ERROR]


def warned(given) -> list[str]:
    found = problems_in(given, catalogue=catalogue(), checklists=checklists())
    return [f"{each.place}: {each.what} {each.works}" for each in found if each.level is Severity.WARNING]


def test_without_a_word_the_rules_are_those_of_the_policy():
    assert ReviewRules().policy == Policy()
    assert read(document()).reviews.policy.digest == Policy().digest
    assert read(document()).items == ()


def test_a_right_that_is_named_is_said_in_full_and_others_stay():
    rules = read(
        with_reviews({"rights": {"request": "pm", "reject": []}, "rights_at_high": {"waive": []}})
    ).reviews

    assert rules.policy.rights[Right.REQUEST] == {"pm"}
    assert rules.policy.rights[Right.REJECT] == frozenset()
    assert rules.policy.rights[Right.WAIVE] == Policy().rights[Right.WAIVE]
    assert rules.policy.holders(Right.WAIVE, Tier.HIGH) == {"rai"}


def test_every_number_and_flag_reaches_the_policy():
    numbers = {
        "deadline_days": 3, "sign_off_valid_days": 30, "waiver_max_days": 14, "bypass_max_hours": 4,
        "bypass_review_days": 1, "delegation_max_days": 7, "delegation_depth": 2,
    }  # fmt: skip
    flags = {"self_approval": "allow_marked", "small_team": True}

    policy = read(with_reviews(numbers | flags)).reviews.policy

    assert {name: getattr(policy, name) for name in numbers} == numbers
    assert policy.self_approval is SelfApproval.ALLOW_MARKED
    assert policy.small_team


def test_seats_for_different_people_and_accounts_of_one_person():
    given = {"different_people": [{"LR-03": "ml", "ETH-08": ["ml", "rai"]}], "same_person": [[ANA, ANA_TOO]]}

    rules = read(with_reviews(given | {"admins": [BEN]})).reviews

    assert rules.policy.different_people == (
        frozenset({("LR-03", Role.ML), ("ETH-08", Role.ML), ("ETH-08", Role.RAI)}),
    )
    assert rules.accounts(ANA_TOO) == {ANA, ANA_TOO}
    assert rules.accounts(BEN) == {BEN}
    assert rules.admins == (BEN,)


def test_an_own_question_stands_beside_the_programs():
    configuration = read(with_reviews({"items": [OWN]}))
    [own] = configuration.items
    every = checklists().with_own(configuration.items).of(configuration.products["fraud-detection"])

    assert own.own
    assert own.places == (Role.PM, Role.LEG, Role.LEG)
    assert len(every) == 43
    assert every[-1] == own


def own(**edits):
    return with_reviews({"items": [OWN | edits]})


def bound(item: str, name: str, **binding):
    return document(fraud_detection={"reviews": {item: {name: binding}}})


MISTAKES = [
    (with_reviews([]), "reviews: A list does not fit here."),
    (with_reviews({"rigths": {}}), "reviews.rigths: `rigths` is not a key here. Did you mean `rights`"),
    (with_reviews({"audit_channel": "C0AUDIT001"}), "reviews.audit_channel: `audit_channel` is not a key here."),
    (with_reviews({"rights": {"requst": ["pm"]}}), "`requst`"),
    (with_reviews({"rights": {"waive": ["boss"]}}), "reviews.rights.waive[0]: `boss` holds no right."),
    (with_reviews({"rights": {"waive": ["owners"]}}), "`owners` holds no right. Did you mean `owner`?"),
    (with_reviews({"self_approval": True}), "reviews.self_approval: `True` is not one of the choices."),
    (with_reviews({"deadline_days": 0}), "reviews.deadline_days: `0` is out of range. Write a number of at least 1."),
    (with_reviews({"bypass_max_hours": 48}), "reviews.bypass_max_hours: `48` is out of range. Write a number of at most 24."),
    (with_reviews({"waiver_max_days": "long"}), "`long` is no whole number."),
    (with_reviews({"delegation_depth": 9}), "Write a number of at most 3."),
    (with_reviews({"admins": ["ana"]}), "reviews.admins[0]: `ana` is no member id."),
    (with_reviews({"same_person": [[ANA]]}), "reviews.same_person[0]: One account needs no such line."),
    (with_reviews({"same_person": [[ANA, ANA_TOO], [ANA, BEN]]}), "`U0ANA00001` stands in two of these lines."),
    (with_reviews({"different_people": [{"LR-03": "ml"}]}), "One seat is always filled by one person."),
    (with_reviews({"different_people": [{"LR-99": "ml", "LR-03": "ml"}]}), "There is no item `LR-99`."),
    (with_reviews({"different_people": [{"LR-03": ["ml", "leg"]}]}), "`leg` has no seat at LR-03."),
    (with_reviews({"items": {}}), "`items` is a mapping"),
    (with_reviews({"items": ["text"]}), "reviews.items[0]: `text` does not fit here."),
    (own(id="LR-21"), "`LR-21` is an id of Muster's own checklists. Use another prefix"),
    (own(id="own"), "`own` is no id of an item."),
    (own(review=None), "reviews.items[0]: `review` is missing."),
    (own(question="Two\nlines?"), "The text holds a line break"),
    (own(counts={"sup": 1}), "`sup` has no seat at this item."),
    (own(clauses={"nist": ["GOVERN 9"]}), "has no clause `GOVERN 9`."),
    (own(requirements={"answer": {"kind": "reading", "words": "x", "metric": "recal"}}), "There is no metric `recal`."),
    (with_reviews({"items": [OWN, OWN]}), "reviews.items[1].id: The item `OWN-01` is defined twice."),
    (bound("LR-99", "quality", target=True), "products.fraud-detection.reviews.LR-99: There is no item `LR-99`."),
    (bound("LR-03", "qualiti", target=True), "The item LR-03 asks for no `qualiti`. Did you mean `quality`?"),
    (bound("LR-03", "quality", at_leest=0.8), "`at_leest` is not a key here. Did you mean `at_least`"),
    (bound("LR-03", "quality", metric="precisoin", because="So."), "There is no metric `precisoin`."),
    (bound("LR-03", "quality", metric="precision"), "This measures something else than the checklist asks for, and does not say why."),
    (bound("LR-03", "quality", target=False), "The checklist sets a limit here, and this measures without one."),
    (bound("LR-03", "quality", at_least=1.8), "`recall` never has the value 1.8."),
    (bound("LR-10", "switch_off", unit="seconds", because="So."), "The checklist sets a limit here"),
    (bound("LR-03", "quality", kind="record", because="So."), "A record needs its unit."),
    (bound("LR-03", "quality", kind="document", because="So."), "The checklist sets a limit here"),
    (bound("LR-03", "quality", fixed_on="soon"), "`soon` is no day."),
    (bound("LR-03", "quality", fresh_days=0), "Write a number of at least 1."),
]  # fmt: skip


@pytest.mark.parametrize(("given", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_would_work(given, sentence):
    assert any(sentence in each for each in said(given)), said(given)


def test_a_binding_is_checked_against_an_own_question_too():
    given = own() | {"products": bound("OWN-01", "answr", fresh_days=5)["products"]}

    assert any("The item OWN-01 asks for no `answr`." in each for each in said(given))


def test_a_measure_that_cannot_pass_is_a_warning():
    assert any("has no target for `recall`" in each for each in warned(bound("LR-03", "quality", fewest=100)))
    unmeasured = bound("LR-03", "quality", metric="mcc", at_least=0.5, because="Fraud is rare.")
    assert any("does not measure `mcc`" in each for each in warned(unmeasured))


def requirement(given, item: str = "LR-03", name: str = "quality"):
    product = read(given).products["fraud-detection"]
    return {each.id: each for each in checklists().of(product)}[item].requirement(name)


def test_a_products_own_target_becomes_the_limit():
    given = document(
        fraud_detection={"metrics": {"recall": {"query": "outcomes", "target": {"between": [0.85, 0.95]}}}}
    )

    found = requirement(given)

    assert (found.target, found.at_least, found.at_most) == (True, Decimal("0.85"), Decimal("0.95"))


def test_a_limit_of_ones_own_replaces_the_target_and_keeps_the_rest():
    found = requirement(bound("LR-03", "quality", at_least=0.8, fixed_on="2026-11-02"))

    assert (found.metric, found.target, found.at_least, found.fewest) == (
        "recall",
        False,
        Decimal("0.8"),
        200,
    )
    assert found.fixed_on == date(2026, 11, 2)


def test_another_measure_with_a_reason_brings_its_own_limit():
    found = requirement(
        bound("LR-03", "quality", metric="precision", at_least=0.8, because="Alarms cost trust.")
    )

    assert (found.metric, found.at_least, found.target) == ("precision", Decimal("0.8"), False)
    assert found.because == "Alarms cost trust."


def test_another_kind_of_evidence_starts_anew():
    found = requirement(
        bound("LR-03", "quality", kind="record", unit="share", at_least=0.8, because="It is not live yet.")
    )

    assert (found.kind, found.unit, found.metric) == (EvidenceKind.RECORD, RecordUnit.SHARE, None)
    assert (found.target, found.fewest, found.fresh_days) == (False, None, None)


def put(store, given, *, take=None):
    return asyncio.run(apply(store, OURS, given, catalogue=catalogue(), now=NOON, take=take))


WHOLE = with_reviews(
    {"rights": {"request": ["pm"]}, "deadline_days": 3, "admins": [BEN], "items": [OWN]},
    reviews={"LR-03": {"quality": {"at_least": 0.8}}},
)


def test_reviews_written_out_and_applied_again_are_the_same(store):
    put(store, WHOLE)
    written = asyncio.run(export(store, OURS))
    again = load_yaml(written).document

    held = asyncio.run(snapshot(store, OURS, catalogue=catalogue())).configuration

    assert check_text(written, catalogue=catalogue()) == []
    assert held == read(WHOLE) == read(again)
    assert {each.fate for each in asyncio.run(plan(store, OURS, again))} == {Fate.UNCHANGED}
    assert list(again) == ["workspace", "sources", "reviews", "products"]


def test_reviews_changed_in_slack_and_in_the_file_are_a_conflict(store):
    put(store, WHOLE)

    def change(session):
        held = stored.objects(session, OURS)
        said = held[REVIEWS].applied_digest
        body = WHOLE["reviews"] | {"deadline_days": 9}
        held[REVIEWS] = StoredObject(body=body, applied_digest=said, changed_by=BEN)
        return stored.save(session, OURS, held, NOON)

    store.write_sync(change)
    changed = copy.deepcopy(WHOLE)
    changed["reviews"]["deadline_days"] = 4

    refused = put(store, changed)
    settled = put(store, changed, take=Take.SLACK)
    held = asyncio.run(snapshot(store, OURS, catalogue=catalogue())).configuration

    assert [each.at for each in refused.conflicts] == [REVIEWS]
    assert not settled.conflicts
    assert held.reviews.deadline_days == 9


def test_reviews_have_a_place_of_their_own_in_the_file():
    assert place_of(WHOLE, REVIEWS) == ("reviews",)
    assert document_of(objects_of(WHOLE))["reviews"] == WHOLE["reviews"]
    assert REVIEWS not in objects_of(document())
    assert REVIEWS not in bodies({REVIEWS: StoredObject(body=None)})


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 400), st.floats(allow_nan=False), st.text(max_size=5),
    st.sampled_from(["pm", "LR-03", ANA, "waive", "high", "reading", "recall"]), st.just([]), st.just({}),
)  # fmt: skip
JUNK = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ReviewRules.model_fields, "LR-03", "waive", "id", "class"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(JUNK)
def test_junk_in_the_reviews_never_raises(junk):
    found = read_configuration(with_reviews(junk), catalogue=catalogue(), checklists=checklists())

    assert isinstance(found, Configuration) or found


@given(JUNK)
def test_junk_in_what_a_product_binds_never_raises(junk):
    given_ = document(fraud_detection={"reviews": junk})
    found = read_configuration(given_, catalogue=catalogue(), checklists=checklists())

    assert isinstance(found, Configuration) or found


def test_the_configuration_is_yaml_that_reads_back_equal():
    assert load_yaml(yaml_text(WHOLE)).document == WHOLE
