"""Side questions in muster.yaml: every mistake has its place and says what would work, and what is sound comes back."""

import copy

import pytest

from bot.files import load_yaml
from handlers.configuration import yaml_text
from schema.configuration.changes import document_of, objects_of
from schema.configuration.reading import Configuration, problems_in, read_configuration
from schema.products import Limit
from schema.sides import asked_of, side_key
from tests import builders

PATH = "products.fraud-detection.metrics."
TABLE = "FROM outcomes WHERE day >= :start AND day < :end"
QUERIES = {
    "outcomes": {"source": "warehouse", "shape": "confusion", "sql": f"SELECT tp, fp, fn, tn {TABLE}"},
    "again": {"source": "warehouse", "shape": "confusion", "sql": f"SELECT tp, fp, fn, tn, 1 {TABLE}"},
    "by_card": {"source": "warehouse", "shape": "confusion", "groups": ["card"], "sql": f"SELECT card, tp, fp, fn, tn {TABLE}"},
    "by_both": {
        "source": "warehouse", "shape": "confusion", "groups": ["g", "card"], "sql": f"SELECT g, card, tp, fp, fn, tn {TABLE}"
    },
    "bare": {"source": "warehouse", "shape": "bare", "sql": f"SELECT tp AS value {TABLE}"},
    "ready": {"source": "warehouse", "shape": "ranged", "groups": ["card"], "sql": f"SELECT card, tp AS value, 0 AS low, 1 AS high {TABLE}"},
}  # fmt: skip
MONEY = {
    name: {"value": 1, "unit": "money", "owner": "U0NOR00001", "means": "a cost"}
    for name in ("average_loss", "fee", "prevented_share", "review_cost", "friction_cost")
}


def document(**metrics):
    return builders.document(fraud_detection={
        "queries": QUERIES, "metrics": {key: {"query": "outcomes", "matters": 0.05, **given} for key, given in metrics.items()},
        "assumptions": MONEY,
    })  # fmt: skip


def said(**metrics) -> dict[str, str]:
    """Give what is wrong, by place."""
    found = problems_in(document(**metrics), catalogue=builders.known_metrics())
    return {
        ".".join(map(str, each.path)): each.sentence for each in found if "countermetric" not in each.sentence
    }


@pytest.mark.parametrize(
    ("metric", "given", "place", "words"),
    [
        ("precision", {"mix": "by_cart", "mix_name": "card"}, "mix", "no query `by_cart`. Did you mean `by_card`?"),
        ("precision", {"mix": "outcomes", "mix_name": "card"}, "mix", "is the metric's own query. Name another query"),
        ("precision", {"mix": "by_card"}, "mix", "belong together. Write both"),
        ("precision", {"mix_name": "card"}, "mix_name", "belong together. Write both"),
        ("precision", {"mix": "again", "mix_name": "card"}, "mix", "gives one row. Add `groups`"),
        ("precision", {"mix": "ready", "mix_name": "card"}, "mix", "A mix needs counts"),
        ("missed_loss", {"mix": "by_card", "mix_name": "card"}, "mix", "is no share"),
        ("precision", {"also": ["nowhere"]}, "also.0", "no query `nowhere`."),
        ("precision", {"also": ["again", "again"]}, "also.1", "stands there twice. Name it once."),
        ("precision", {"also": ["by_card"]}, "also.0", "Use a query without groups."),
        ("row_count", {"also": ["again"]}, "also.0", "cannot be computed from the shape `confusion`. It takes"),
        ("precision", {"alternatives": {"looser": "again"}}, "alternatives", "Write them at `net_benefit`."),
        ("net_benefit", {"alternatives": {"looser": "bare"}}, "alternatives.looser", "Limits are compared by counts"),
        ("net_benefit", {"alternatives": {"tighter": "by_card"}}, "alternatives.tighter", "Use a query without groups."),
        ("net_benefit", {"alternatives": {"wider": "again"}}, "alternatives.wider", "is not one of the choices"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place_and_says_what_would_work(metric, given, place, words) -> None:
    found = said(**{metric: given})

    assert words in found[f"{PATH}{metric}.{place}"], found


def test_a_metric_of_groups_needs_the_group_and_the_part_of_each_row() -> None:
    right = {"query": "by_card", "mix": "by_both", "mix_name": "card"}
    wrong = {"query": "by_card", "mix": "again", "mix_name": "card"}

    assert "two columns in `groups`" in said(fpr_gap=wrong)[f"{PATH}fpr_gap.mix"]
    assert "Leave `also` out here." in said(fpr_gap={**right, "also": ["again"]})[f"{PATH}fpr_gap.also"]
    assert said(fpr_gap=right) == {}


def test_sound_side_questions_are_read_and_asked_under_keys_of_their_own() -> None:
    given = document(
        precision={"mix": "by_card", "mix_name": "card", "also": ["again"]},
        net_benefit={"alternatives": {"looser": "again", "tighter": "again"}},
    )
    before = copy.deepcopy(given)
    found = read_configuration(given, catalogue=builders.known_metrics())

    assert isinstance(found, Configuration)
    assert given == before
    product = found.products["fraud-detection"]
    assert product.metrics["net_benefit"].alternatives == {Limit.LOOSER: "again", Limit.TIGHTER: "again"}
    assert list(asked_of(product)) == [
        "precision", "net_benefit", side_key("precision", "again"), side_key("precision", "by_card"),
        side_key("net_benefit", "again"),
    ]  # fmt: skip


def test_what_is_exported_reads_back_as_the_same_side_questions() -> None:
    given = document(
        precision={"mix": "by_card", "mix_name": "card", "also": ["again"]},
        net_benefit={"alternatives": {"looser": "again", "tighter": "again"}},
    )
    again = load_yaml(yaml_text(document_of(objects_of(given)))).document

    assert read_configuration(again, catalogue=builders.known_metrics()) == read_configuration(
        given, catalogue=builders.known_metrics()
    )
    assert again["products"]["fraud-detection"]["metrics"] == given["products"]["fraud-detection"]["metrics"]
