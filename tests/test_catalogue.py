"""The catalogue: whole, honest, and in words that fit any product."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from schema.estimates.estimating import FUNCTIONS, SHAPES_TAKEN
from schema.metrics import Audience, Catalogue, Direction, Form, Metric, Unit, metrics_of
from schema.readings import Shape
from schema.statements.levels import Language, phrase
from schema.texts import fields
from schema.wording.readability import grade
from schema.wording.rules import Claim, broken

FOLDER = Path(__file__).parent.parent / "schema" / "catalogue"
FAMILIES = (
    "classification",
    "ranking",
    "regression",
    "drift",
    "fairness",
    "llm_quality",
    "reliability",
    "product",
    "business",
)
KEYS = {
    "classification": "precision recall false_positive_rate false_discovery_rate specificity npv f1 accuracy "
    "balanced_accuracy mcc roc_auc pr_auc log_loss brier ece alert_rate lift",
    "ranking": "precision_at_k recall_at_k ndcg_at_k mrr hit_rate_at_k catalog_coverage",
    "regression": "mae rmse wape mape bias r2 interval_coverage",
    "drift": "psi ks_pvalue wasserstein_norm js_distance drifted_share missing_rate data_age label_maturity "
    "estimated_performance",
    "fairness": "demographic_parity_difference demographic_parity_ratio equal_opportunity_difference "
    "equalized_odds_difference fpr_gap worst_group_recall calibration_gap",
    "llm_quality": "groundedness hallucination_rate answer_relevance retrieval_hit_rate refusal_rate "
    "over_refusal_rate thumbs_down_rate unsafe_rate pii_leak_rate judge_agreement cost_per_answer",
    "reliability": "availability error_budget_used error_rate latency_p95 fallback_rate change_fail_rate "
    "time_to_restore",
    "product": "adoption_rate containment_rate confirmed_resolution reopen_rate human_override_rate "
    "task_success week4_retention opt_out_rate",
    "business": "loss_avoided_gross net_benefit missed_loss false_block_cost review_hours "
    "cost_per_resolution support_savings resolution_time csat",
}
LABELS = {
    "outcomes",  # where true outcomes come from
    "coverage",  # how complete known outcomes are
    "recourse",  # how people can ask for a review
    "judge",  # which automatic judge, which version
    "sample",  # how the checked ones were chosen
    "policy",  # who accepted this weighing, and where it is written
    "missing",  # what stands in for a missing value
    "reason",  # the reviewed reason for a gap
    "spend",  # what the spend covers
    "hours",  # calendar or business hours
}
# Wording rules 1, 11, 13, 19, 22, 23, 25, 28, 31, 40 and 44: what the fixed words of a text may not say.
NUMBER_WORDS = """none zero nil half halves double doubled twice thrice once triple third thirds quarter quarters
    dozen dozens most majority minority one two three four five six seven eight nine ten eleven twelve twenty
    hundred hundreds thousand thousands million millions"""
LOADED = """down drop drops lost gains fall falls yearly lowest improved better up rose gained declined worse dropped fell rising falling stable flat unchanged never
    safe eliminated highest record best worst trend steadily because caused drove accurate fair unbiased compliant
    legal non-discriminatory likely unlikely"""
TECHNICAL = """precision recall f1 auc p-value psi drift baseline latency p95 token tokens threshold cohort
    calibration significant calibrated prevalence"""
SCENARIO = """fraud fraudulent payment payments loan loans chat chats chatbot assistant applicant applicants
    customer customers alert alerts"""
TECHNICAL_PHRASES = (
    "confidence interval",
    "due to",
    "led to",
    "thanks to",
    "resulted in",
    "no change",
    "no bias",
)
SLOT = re.compile(r"\{[^}]*\}")


def documents():
    for path in (*(FOLDER / f"{family}.yaml" for family in FAMILIES), FOLDER / "supporting.yaml"):
        yield YAML(typ="safe").load(path.read_text("utf-8"))


METRICS = metrics_of(documents())
NOUNS = YAML(typ="safe").load((FOLDER / "nouns.yaml").read_text("utf-8"))


def phrases(metric: Metric) -> dict[str, str]:
    """Everything fixed that a text may say of a metric, by field."""
    words = {f"words.{name}": text for name, text in metric.words.model_dump().items() if text}
    own = {name: getattr(metric, name) for name in ("plain", "what", "not_meaning", "misreading", "note")}
    return {name: text for name, text in (own | words).items() if text}


def with_nouns(text: str, metric: Metric) -> str:
    """Fill nouns and constants as a product that says nothing would."""
    filled = text.replace("{label.", "{")
    for name, value in metric.constants.items():
        filled = filled.replace(f"{{constant.{name}}}", str(value))
    return SLOT.sub(lambda slot: NOUNS.get(slot[0][1:-1], "not stated"), filled)


def said(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9][a-z0-9'-]*", SLOT.sub(" ", text).lower()))


def statement(metric: Metric) -> str:
    """Say the metric as its form does, with figures in place."""
    words = metric.words
    if metric.form in {Form.PROPORTION, Form.WORST}:
        rest = f" and 18 {words.rest}" if words.rest else ""
        text = f"Of every 100 {words.of}, 82 {words.hit}{rest}."
    elif metric.form is Form.GAP:
        text = f"Of every 100 {words.of}, 60 in group A and 42 in group B {words.hit}."
    else:
        text = f"{words.subject[:1].upper()}{words.subject[1:]} was 4.6."
    return with_nouns(text, metric)


def test_every_metric_of_the_catalogue_is_there_in_its_family():
    found = {
        family: [m.key for m in METRICS if m.family == family and not m.supporting] for family in FAMILIES
    }

    assert found == {family: keys.split() for family, keys in KEYS.items()}
    assert sum(map(len, found.values())) == 81


def test_every_countermetric_and_every_stand_in_is_a_metric():
    catalogue = Catalogue(METRICS)  # raises on an unknown key

    for metric in catalogue:
        assert metric.key not in metric.countermetrics
        assert metric.countermetrics or metric.direction is Direction.NONE, metric.key


def test_a_metric_is_shown_as_others_that_follow_from_the_same_table():
    catalogue = Catalogue(METRICS)

    for metric in catalogue:
        for other in map(catalogue.__getitem__, metric.shown_as):
            assert Shape.CONFUSION in metric.accepts, metric.key
            assert Shape.CONFUSION in other.accepts, other.key
            assert (metric.grouped, other.engineers_only) == (other.grouped, False)


def test_each_supporting_metric_is_somebodys_countermetric():
    named = {key for metric in METRICS for key in metric.countermetrics}

    supporting = {metric.key for metric in METRICS if metric.supporting}

    assert supporting - named == set()
    assert {m.family for m in METRICS if m.supporting} == {"supporting"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_no_phrase_holds_a_digit_a_number_word_or_a_loaded_word(metric):
    banned = set(f"{NUMBER_WORDS} {LOADED} {SCENARIO}".split())

    for field, text in phrases(metric).items():
        assert not re.search(r"\d", SLOT.sub("", text)), (field, text)
        assert not said(text) & banned, (field, said(text) & banned)
        assert not [phrase for phrase in TECHNICAL_PHRASES if phrase in text.lower()], (field, text)
    assert not said(metric.name) & set(SCENARIO.split()) - {"alert", "customer"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_what_an_executive_reads_is_short_and_plain(metric):
    for field, text in phrases(metric).items():
        if field == "note":
            continue
        read = with_nouns(text, metric)
        assert not said(text) & set(TECHNICAL.split()), (field, text)
        assert len(read.split()) <= 25, (field, read)
        if field in {"plain", "what", "not_meaning"}:
            assert grade(read) <= 9, (field, grade(read), read)
    if not (metric.engineers_only or metric.shown_as):
        assert len(statement(metric).split()) <= 25
        assert grade(statement(metric)) <= 9, (grade(statement(metric)), statement(metric))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_an_explanation_breaks_no_wording_rule(metric):
    language = Language(nouns=NOUNS)
    of_a_sentence = {1, 2, 3, 4, 22, 23, 24, 25, 26, 28, 30, 31, 40, 44}

    for template in (metric.what, metric.not_meaning, f"{metric.plain[:1].upper()}{metric.plain[1:]}."):
        claim = Claim(text=phrase(template, metric, language), audience=Audience.EXECUTIVE, metric=metric)

        assert not of_a_sentence & set(broken(claim, explanation=True)), template


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_sentences_are_sentences_and_phrases_are_phrases(metric):
    for sentence in (metric.what, metric.not_meaning, metric.misreading, metric.note):
        assert sentence.endswith("."), sentence
        assert sentence[0].isupper(), sentence
    for sentence in (metric.what, metric.not_meaning):
        assert sentence.count(". ") == 0, sentence
        assert " not " in sentence or sentence == metric.what, sentence
    for part in metric.note.split(". "):
        assert len(with_nouns(part, metric).split()) <= 25, part
    for words in (metric.plain, *metric.words.model_dump().values()):
        assert not words.endswith("."), words
        assert not words[:1].isupper(), words


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_form_has_exactly_its_words(metric):
    words = {name for name, text in metric.words.model_dump().items() if text}

    match metric.form:
        case Form.PROPORTION | Form.WORST:
            assert words - {"rest"} == {"of", "hit"}
            assert metric.unit is Unit.SHARE
        case Form.GAP:
            assert words == {"of", "hit"}
            assert metric.grouped
        case _:
            assert words == {"subject"}
    assert (metric.form is Form.AMOUNT) == (metric.unit is Unit.MONEY)
    assert (metric.form is Form.DURATION) == (metric.unit in {Unit.SECONDS, Unit.MINUTES, Unit.HOURS})
    assert bool(metric.unit_name) == (metric.unit is Unit.OWN)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_slot_is_a_noun_a_label_or_a_constant_of_the_metric(metric):
    slots = {slot for text in phrases(metric).values() for slot in fields(text)}
    labels = {
        slot.removeprefix("label.") for text in (metric.note,) for slot in fields(text) if "label." in slot
    }

    known = (
        set(NOUNS) | {f"label.{name}" for name in LABELS} | {f"constant.{name}" for name in metric.constants}
    )

    assert slots - known == set()
    assert {slot for slot in slots if slot.startswith("label.")} == {f"label.{name}" for name in labels}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_metric_can_be_measured_and_its_function_takes_what_it_accepts(metric):
    order = list(Shape)

    assert metric.function in FUNCTIONS
    graded = [order.index(shape) for shape in metric.accepts if shape not in {Shape.BANDS, Shape.INPUTS}]
    assert graded == sorted(graded)
    for shape in set(metric.accepts) - {Shape.MEAN, Shape.RANGED, Shape.BARE}:
        assert shape in SHAPES_TAKEN[metric.function], (metric.key, shape)


def test_every_function_is_used_by_a_metric():
    assert set(FUNCTIONS) == {metric.function for metric in METRICS}


def test_every_label_and_every_noun_is_used():
    slots = {slot for metric in METRICS for text in phrases(metric).values() for slot in fields(text)}

    assert {f"label.{name}" for name in LABELS} <= slots
    singular = {noun for noun in NOUNS if {f"{noun}s", f"{noun}es"} & set(NOUNS) or noun == "person"}
    assert set(NOUNS) - singular <= slots


def test_no_definition_repeats_the_sentence_of_another():
    for field in ("name", "plain", "what", "not_meaning", "misreading"):
        texts = [getattr(metric, field) for metric in METRICS]
        assert len(set(texts)) == len(texts), [text for text in texts if texts.count(text) > 1]


def test_only_amounts_and_counts_of_a_period_add_up_over_periods():
    totals = {metric.key for metric in METRICS if metric.total}

    assert all(
        metric.unit in {Unit.MONEY, Unit.HOURS, Unit.OWN} and metric.function != "cost_per_resolution"
        for metric in METRICS
        if metric.total
    )
    assert {"loss_avoided_gross", "net_benefit", "missed_loss", "false_block_cost", "review_hours"} < totals
    assert not totals & {"cost_per_answer", "cost_per_resolution", "resolution_time", "sample_size", "mae"}
