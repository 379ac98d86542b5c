"""The two checklists: twenty launch items and twenty-two ethics items, read as strictly as a person's file."""

import copy
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.files import catalogue, checklists, load_yaml
from schema.checklists import CheckKind, Checklists, EvidenceKind, ItemClass, ItemSpec, Requirement, Review
from schema.configuration.review_items import read_checklists
from schema.manifests import PARTS
from schema.products import Role
from schema.risks import RiskQuestion, Tier
from schema.wording.readability import grade, words_of

FOLDER = Path(__file__).parent.parent / "schema" / "checklists"
FILES = {name: load_yaml(FOLDER / f"{name}.yaml") for name in ("launch", "ethics", "frameworks")}
ITEMS = tuple(checklists())

H, W, C = ItemClass.HARD, ItemClass.WAIVABLE, ItemClass.CONDITIONAL
A, AS, D, P = CheckKind.AUTO, CheckKind.AUTO_AND_SIGN, CheckKind.DOCUMENT, CheckKind.PEOPLE
TABLE = [  # as the company's two checklists have them: id, who, class, check
    ("LR-01", "pm", H, D), ("LR-02", "eng", H, A), ("LR-03", "ml", H, AS), ("LR-04", "ml", W, AS),
    ("LR-05", "ml pm", W, A), ("LR-06", "pm", W, AS), ("LR-07", "sre", H, A), ("LR-08", "sre", W, A),
    ("LR-09", "fin pm", W, A), ("LR-10", "sre", H, AS), ("LR-11", "eng", H, A), ("LR-12", "sre ml", H, A),
    ("LR-13", "ml", W, A), ("LR-14", "eng", W, AS), ("LR-15", "sre", H, D), ("LR-16", "sec priv", H, A),
    ("LR-17", "ux", W, P), ("LR-18", "sup leg", W, AS), ("LR-19", "pm sre", W, A), ("LR-20", "pm exec", H, D),
    ("ETH-01", "leg rai", H, P), ("ETH-02", "rai leg", H, D), ("ETH-03", "rai", H, D), ("ETH-04", "pm", H, D),
    ("ETH-05", "ml pm", W, AS), ("ETH-06", "priv leg", H, D), ("ETH-07", "ml", W, AS), ("ETH-08", "ml rai", W, AS),
    ("ETH-09", "rai leg", C, AS), ("ETH-10", "rai", C, AS), ("ETH-11", "ml pm", C, AS), ("ETH-12", "pm sre", H, D),
    ("ETH-13", "ux leg", C, D), ("ETH-14", "eng leg", C, AS), ("ETH-15", "ux pm", W, D), ("ETH-16", "sup", H, D),
    ("ETH-17", "priv", H, AS), ("ETH-18", "sec", H, AS), ("ETH-19", "ux rai", W, AS), ("ETH-20", "eng", H, A),
    ("ETH-21", "eng leg", C, D), ("ETH-22", "exec", H, D),
]  # fmt: skip


def item(key: str) -> ItemSpec:
    return checklists()[key]


def read(edit=lambda documents: None) -> Checklists | list:
    documents = copy.deepcopy({name: each.document for name, each in FILES.items()})
    edit(documents)
    return read_checklists(documents, catalogue(), {name: each.positions for name, each in FILES.items()})


def entry(documents, key: str) -> dict:
    review = "launch" if key.startswith("LR") else "ethics"
    return next(each for each in documents[review]["items"] if each["id"] == key)


def test_the_items_are_those_of_the_two_checklists():
    found = [(each.id, " ".join(each.seats), each.klass, each.check) for each in ITEMS]

    assert found == TABLE
    assert [len([each for each in ITEMS if each.review is review]) for review in Review] == [20, 22]


@pytest.mark.parametrize("spec", ITEMS, ids=lambda spec: spec.id)
def test_each_item_is_one_plain_question_with_one_plain_reason(spec):
    assert spec.question.endswith("?")
    assert spec.why.endswith(".")
    assert spec.why.count(".") == 1
    assert len(words_of(spec.question)) <= 20
    assert grade(spec.question) <= 9
    assert grade(spec.why) <= 9
    assert "!" not in spec.question + spec.why


@pytest.mark.parametrize("spec", ITEMS, ids=lambda spec: spec.id)
def test_each_item_rests_on_parts_that_a_manifest_has_and_names_its_frameworks(spec):
    assert spec.rests_on <= {*PARTS, "answers", "tier"}
    assert spec.clauses
    assert {"nist"} <= set(spec.clauses)
    assert all(spec.clauses.values())
    assert checklists().references(spec)[0][1]


@pytest.mark.parametrize("spec", ITEMS, ids=lambda spec: spec.id)
def test_what_a_requirement_asks_for_has_words_a_limit_and_an_age(spec):
    for each in spec.requirements:
        assert not re.search(r"[\d.!]", each.words), each.words
        assert each.words[0].islower()
        assert each.fresh_days is not None
        assert each.metric is None or each.metric in catalogue()


def test_every_clause_that_a_framework_lists_is_asked_by_some_item_but_for_those_without_a_question():
    unasked = {
        framework.key: set(framework.clauses)
        - {c for each in ITEMS for c in each.clauses.get(framework.key, ())}
        for framework in checklists().frameworks
    }

    assert unasked["microsoft"] == set()
    assert unasked["google"] == {"together"}  # sharing tools with others is no matter of one launch
    assert unasked["nist_genai"] == {"Environmental impacts"}


def test_the_dates_of_the_law_stand_in_the_data_with_their_sources():
    [law] = [each for each in checklists().frameworks if each.key == "eu"]

    assert [each.on for each in law.dates] == sorted(each.on for each in law.dates)
    assert {date(2026, 8, 2), date(2026, 12, 2), date(2027, 12, 2), date(2028, 8, 2)} <= {
        each.on for each in law.dates
    }
    assert all(each.source and each.what.endswith(".") for each in law.dates)
    assert checklists().last_checked == date(2026, 11, 23)


SWITCHED = {
    "allocation": {"ETH-09"}, "about_people": {"ETH-10"}, "generative": {"ETH-10", "ETH-11"},
    "talks_to_people": {"ETH-13"}, "synthetic_media": {"ETH-14"}, "third_party": {"ETH-21"},
}  # fmt: skip


@pytest.mark.parametrize("question", RiskQuestion)
def test_a_risk_question_switches_its_own_conditional_items(question):
    without = {each.id for each in ITEMS if each.applies(Tier.HIGH, frozenset())}
    with_it = {each.id for each in ITEMS if each.applies(Tier.HIGH, frozenset({question}))}

    assert with_it - without == SWITCHED.get(question, set())


def test_a_low_tier_is_not_asked_for_impact_complaints_and_remaining_risk():
    asked = {tier: {each.id for each in ITEMS if each.applies(tier, frozenset())} for tier in Tier}

    assert asked[Tier.HIGH] == asked[Tier.MEDIUM]
    assert asked[Tier.MEDIUM] - asked[Tier.LOW] == {"ETH-03", "ETH-16", "ETH-22"}


@pytest.mark.parametrize(
    ("key", "waivable"),
    [
        ("LR-04", {"low", "medium", "high"}),
        ("LR-03", set()),
        ("ETH-08", {"low", "medium"}),
        ("ETH-09", set()),
        ("ETH-10", set()),
    ],
)
def test_only_waivable_items_are_waived_and_only_below_the_tier_that_hardens_them(key, waivable):
    assert {str(tier) for tier in Tier if item(key).waivable_at(tier)} == waivable
    assert all(not (item(key).waivable_at(tier) and item(key).hard_at(tier)) for tier in Tier)


def test_a_seat_is_counted_as_often_as_people_of_its_role_must_sign():
    spec = ItemSpec(
        id="OWN-01", review=Review.LAUNCH, question="?", why=".", seats=(Role.ML, Role.LEG), klass=H, check=P,
        counts={Role.ML: 2},
    )  # fmt: skip

    assert spec.places == (Role.ML, Role.ML, Role.LEG)


def test_a_requirement_is_named_by_what_it_asks_and_not_by_its_words():
    def asked(**edits) -> Requirement:
        plain = {
            "name": "quality",
            "kind": EvidenceKind.READING,
            "words": "how good it is",
            "metric": "recall",
        }
        return Requirement(**{**plain, **edits})

    same = asked(at_least=Decimal("0.90"), words="otherwise", because="so")

    assert same.digest == asked(at_least=Decimal("0.9")).digest
    others = [
        asked(), asked(at_least=Decimal("0.91")), asked(at_most=Decimal("0.9")), asked(metric="precision"),
        asked(fewest=200), asked(fresh_days=7), asked(name="other"),
    ]  # fmt: skip
    assert len({each.digest for each in [same, *others]}) == len(others) + 1


def put(key: str, path: str, value: object):
    def edit(documents) -> None:
        *way, last = path.split(".")
        target = entry(documents, key)
        for step in way:
            target = target[step]
        target[last] = value

    return edit


def without(key: str, name: str):
    return lambda documents: entry(documents, key).pop(name)


def framework(place: int, **edits):
    return lambda documents: documents["frameworks"]["frameworks"][place].update(edits)


QUALITY = "requirements.quality"
DRILL = "requirements.switch_off"
MISTAKES = [
    (put("LR-03", "id", "three"), "items[2].id: `three` is no id of an item."),
    (put("LR-03", "id", "LR-02"), "The item `LR-02` is defined twice."),
    (put("LR-03", "review", "launch"), "`review` is not a key here."),
    (put("LR-03", "clas", "hard"), "`clas` is not a key here. Did you mean `class`"),
    (without("LR-03", "class"), "`class` is missing."),
    (without("LR-03", "why"), "`why` is missing."),
    (put("LR-03", "class", "soft"), "`soft` is not one of the choices."),
    (put("LR-03", "seats", []), "This has a length of 0."),
    (put("LR-03", "seats", ["ml", "ml"]), "The role `ml` stands here twice. Write `counts: {ml: 2}`"),
    (put("LR-03", "seats", ["ml", "boss"]), "`boss` is not one of the choices."),
    (put("LR-03", "counts", {"leg": 2}), "`leg` has no seat at this item."),
    (put("LR-03", "counts", {"ml": 0}), "Write a number of at least 1."),
    (put("LR-03", "hard_from", "high"), "A hard item is hard at every tier."),
    (put("LR-03", "class", "conditional"), "A conditional item and its condition belong together."),
    (put("LR-03", "applies_if", ["generative"]), "A conditional item and its condition belong together."),
    (put("ETH-09", "applies_if", ["aliens"]), "`aliens` is not one of the choices."),
    (put("LR-03", "rests_on", ["modell"]), "A manifest has no part `modell`. Did you mean `model`"),
    (put("LR-03", "check", "people"), "An item that people alone decide takes no evidence."),
    (put("LR-03", "requirements", {}), "The check `auto_and_sign` needs evidence to look at."),
    (put("LR-03", "clauses", {"nisst": ["MAP 1.1"]}), "There is no framework `nisst`. Did you mean `nist`?"),
    (put("LR-03", "clauses", {"nist": ["MAP 9.1"]}), "NIST AI Risk Management Framework has no clause `MAP 9.1`."),
    (put("LR-03", "clauses", {"microsoft": ["Z9"]}), "Microsoft Responsible AI Standard has no clause `Z9`."),
    (put("LR-03", "requirements", {"Quality 1": {}}), "`kind` is missing."),
    (put("LR-03", f"{QUALITY}.metric", "recal"), "There is no metric `recal`. Did you mean `recall`"),
    (put("LR-03", f"{QUALITY}.metric", None), "A reading needs its metric."),
    (put("LR-03", f"{QUALITY}.at_least", 0.8), "There are two limits, the target and a number."),
    (put("LR-03", f"{QUALITY}.unit", "share"), "A reading has no `unit`."),
    (put("LR-03", f"{QUALITY}.matches", "model"), "A reading has no `matches`."),
    (put("LR-03", f"{QUALITY}.fewest", 0), "Write a number of at least 1."),
    (put("LR-13", "requirements.shift.at_most", -1), "`psi` never has the value -1."),
    (put("LR-10", f"{DRILL}.unit", None), "A record needs its unit."),
    (put("LR-10", f"{DRILL}.unit", "text"), "A record of `text` has no limit."),
    (put("LR-10", f"{DRILL}.matches", "modle"), "A manifest has no part `modle`. Did you mean `model`"),
    (put("LR-10", f"{DRILL}.fewest", 5), "A record of `minutes` does not say of how many it is."),
    (put("LR-10", f"{DRILL}.at_least", 9), "`at_least` is above `at_most`."),
    (put("LR-10", f"{DRILL}.metric", "recall"), "A record has no `metric`."),
    (put("LR-11", "requirements.first_stage.at_most", 5), "No share is 5. Shares go from 0 to 1"),
    (put("ETH-04", "requirements.model_card.at_most", 0), "A document has no `at_most`."),
    (put("LR-16", "requirements.open_findings", {"kind": "document", "words": "the page"}), "Nobody reads `open_findings`"),
    (framework(0, clauses={}), "The framework `google` does not say which clauses it has."),
    (lambda documents: documents.pop("ethics"), "does not fit here."),
    (lambda documents: documents["launch"].pop("last_checked"), "`last_checked` is missing."),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "sentence"), MISTAKES)
def test_a_mistake_in_a_checklist_is_told_with_its_place_and_what_would_work(edit, sentence):
    found = read(edit)

    assert isinstance(found, list)
    assert any(sentence in problem.sentence for problem in found), [each.sentence for each in found]
    assert all(problem.works or problem.what for problem in found)


def test_a_mistake_has_its_line():
    [problem] = read(put("LR-03", f"{QUALITY}.metric", "recal"))
    text = (FOLDER / "launch.yaml").read_text().splitlines()

    assert problem.place == "items[2].requirements.quality.metric"
    assert text[problem.line - 1].strip() == "metric: recall"


def test_the_module_and_the_folder_of_data_of_one_name_stand_side_by_side():
    import schema.checklists

    assert schema.checklists.__file__ is not None
    assert schema.checklists.__file__.endswith("checklists.py")
