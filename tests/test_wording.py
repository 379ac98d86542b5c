"""The wording rules: the vectors of METRICS.md (b), and a text for every rule that breaks it and one that keeps it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schema.estimates.estimating import Estimate, GroupEstimate
from schema.facts import Fact, Kind
from schema.metrics import Audience
from schema.readings import Confusion
from schema.statements.stating import state
from schema.texts import Piece, Text
from schema.verdicts import Because, Verdict, in_family
from schema.verdicts import Kind as VerdictKind
from schema.wording.claims import Claim
from schema.wording.rules import RULES, broken
from tests.subjects import level, metrics, share, subject

VECTORS = YAML(typ="safe").load((Path(__file__).parent / "vectors" / "wording.yaml").read_text("utf-8"))
D = Decimal


def bound(text: str, figures: Sequence[Mapping[str, Any]], metric: str = "precision") -> Text:
    """Put figures into a text in place of what they show, in reading order."""
    pieces: list[Piece] = []
    rest = text
    for figure in figures:
        before, found, rest = rest.partition(figure["shown"])
        assert found, (figure, text)
        at = figure.get("at", "change" if figure["kind"] == "change" else "now")
        fact = Fact(
            of=f"{metric}/{at}", function=figure["function"], kind=Kind(figure["kind"]),
            value=D(figure["value"]) if "value" in figure else None, shown=figure["shown"],
            unit=figure.get("unit", ""), base=figure.get("base", 1), group=figure.get("group", ""),
        )  # fmt: skip
        pieces += [piece for piece in (before, fact) if piece != ""]
    return Text((*pieces, rest))


def weeks() -> dict[str, Any]:
    """Give the case of the vectors: 820 of 1,000 this week, 850 last week, 2 points matter, up is good."""
    now, before = level("precision", share(820, 1_000)), level("precision", share(850, 1_000))
    told = subject("precision", now, before, matters="0.02")
    verdict = in_family({"precision": told.verdict})["precision"]
    return {"metric": told.metric, "verdict": verdict, "now": told.now, "before": told.before}


def small_groups() -> dict[str, Any]:
    groups = tuple(
        GroupEstimate(
            group=name, value=D(hits) / 10, numerator=hits, denominator=10, low=D("0.2"), high=D("0.9")
        )
        for name, hits in (("Group A", 6), ("Group B", 4))
    )
    ratio = Estimate(value=D("0.6667"), low=D("0.27"), high=D("1.66"), groups=groups)
    return {"metric": metrics()["demographic_parity_ratio"], "now": ratio}


CASES = {
    "weeks": weeks,
    "none_seen": lambda: {
        "metric": metrics()["unsafe_rate"], "now": level("unsafe_rate", share(0, 300)).estimate,
    },
    "small_groups": small_groups,
    "money": lambda: {"metric": metrics()["net_benefit"]},
}  # fmt: skip


def claim(vector: Mapping[str, Any], **more: Any) -> Claim:
    case = CASES[vector.get("case", "weeks")]()
    text = bound(vector["text"], vector["figures"], case["metric"].key)
    return Claim(text=text, **{"audience": Audience.EXECUTIVE, **case, **more})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["text"][:50])
def test_a_vector_breaks_the_rules_that_it_is_said_to_break(vector) -> None:
    found = broken(claim(vector), explanation=True)

    assert set(vector["fails"]) <= set(found)
    if not vector["fails"]:
        assert found == ()
    # a number that is bound is no typed digit, so rule 1 fails only where the vector says so
    assert (1 in found) is (1 in vector["fails"])


def verdict(
    kind: VerdictKind, difference: str = "0.06", low: str = "0.03", high: str = "0.09", **more: Any
) -> Verdict:
    return Verdict(kind=kind, difference=D(difference), low=D(low), high=D(high), matters=D("0.02"), **more)


GAIN = verdict(VerdictKind.CLEAR_GAIN)
LOSS = verdict(VerdictKind.CLEAR_LOSS, "-0.06", "-0.09", "-0.03")
FEW = Estimate(value=D("0.9"), numerator=9, denominator=10)
NONE = Estimate(value=D(0), numerator=0, denominator=300, high=D("0.0126"))
PER = {"shown": "82", "kind": "per", "function": "per", "value": "0.82", "base": 100}
SOURCE = {"shown": "ledger", "kind": "name", "function": "source", "group": "ledger"}
BASE = {"shown": "100", "kind": "base", "function": "base", "value": "100"}


def effect(function: str, shown: str, value: str) -> dict[str, Any]:
    return {
        "shown": shown,
        "kind": "change",
        "function": function,
        "at": "beside",
        "value": value,
        "base": 1000,
    }


BREACHES: list[tuple[int, str, list[Mapping[str, Any]], dict[str, Any]]] = [
    (1, "There were 7 alerts", [], {}),
    (1, "A third of alerts were right", [], {}),
    (1, "82 alerts", [PER], {"table": {}}),
    (1, "82 alerts", [PER], {"table": {("precision/now", "per", ""): [D("0.83")]}}),
    (2, "82 alerts", [{**PER, "kind": "level", "function": "level", "unit": "share", "base": 1}], {}),
    (2, "97,925 saved", [{"shown": "97,925", "kind": "level", "function": "level", "value": "97925", "unit": "money"}], {}),
    (3, "83 alerts", [{**PER, "shown": "83"}], {}),
    (4, "nan alerts", [{"shown": "nan", "kind": "level", "function": "level"}], {}),
    (4, "-0.0 points", [{"shown": "-0.0 points", "kind": "change", "function": "low", "value": "0"}], {}),
    (4, "1e-17 alerts", [{"shown": "1e-17", "kind": "level", "function": "level", "value": "0"}], {}),
    (6, "a gap of 19: 82 and 64", [{"shown": "19", "kind": "per", "function": "gap", "value": "19"}, PER, {**PER, "shown": "64", "value": "0.64"}], {}),
    (7, "82 of every 50", [PER, {**BASE, "shown": "50", "value": "50"}], {}),
    (7, "82 of every 1,000", [PER, {**BASE, "shown": "1,000", "value": "1000"}], {}),
    (8, "It was $97,925", [{"shown": "$97,925", "kind": "level", "function": "level", "value": "97925", "unit": "money"}], {"metric": None}),
    (9, "The average p95 was long", [], {}),
    (10, "Many alerts", [], {"truncated": True}),
    (11, "It rose", [], {"verdict": verdict(VerdictKind.CANNOT_TELL, low="-0.03")}),
    (11, "It is better", [], {"verdict": verdict(VerdictKind.SAME, low="-0.01", high="0.01")}),
    (12, "It fell, which is good", [], {"verdict": GAIN}),
    (12, "It rose, which is bad", [], {"verdict": GAIN}),
    (12, "It rose", [], {"verdict": GAIN}),
    (12, "It fell", [], {"verdict": LOSS}),
    (12, "clear loss", [], {"audience": Audience.ENGINEER, "labels": ["clear gain"]}),
    (13, "It is about the same", [], {"verdict": GAIN}),
    (14, "We cannot tell", [], {"verdict": verdict(VerdictKind.CANNOT_TELL, low="-0.03")}),
    (15, "It rose 3%", [], {"verdict": GAIN}),
    (15, "45% less", [{"shown": "45% less", "kind": "relative", "function": "relative", "value": "-0.45"}], {}),
    (16, "It rose", [], {"verdict": verdict(VerdictKind.SMALL_GAIN, "0.01", "0.005", "0.015")}),
    (16, "smallest of rises", [], {"verdict": verdict(VerdictKind.SMALL_GAIN, "0.01", "0.005", "0.015")}),
    (17, "It rose", [], {"verdict": verdict(VerdictKind.CLEAR_GAIN, q=0.2)}),
    (18, "82 of every 100", [PER, BASE], {"now": FEW}),
    (18, "It rose", [], {"before": FEW, "verdict": GAIN}),
    (19, "They are safe", [], {"now": NONE}),
    (19, "Nothing seen", [], {"now": NONE}),
    (20, "Few alerts", [], {"partial": True}),
    (21, "It rose", [], {"verdict": Verdict(kind=VerdictKind.NOT_COMPARABLE, because=Because.DEFINITION)}),
    (21, "It was high", [], {"verdict": Verdict(kind=VerdictKind.NOT_COMPARABLE, because=Because.DEFINITION)}),
    (22, "The highest week", [], {"periods": 7}),
    (23, "It keeps rising", [], {}),
    (24, "That is a lot a year", [], {"periods": 12}),
    (25, "due to the new rule", [], {}),
    (25, "which led to fewer mistakes", [], {}),
    (26, "the model got worse", [], {"metric": "psi"}),
    (26, "Fewer alerts were right, so the model got worse", [], {"metric": "precision"}),
    (26, "Precision got worse, so the model got worse", [], {"metric": "net_benefit", "audience": Audience.ENGINEER}),
    (27, "18 fewer from the mix", [effect("mix", "18 fewer", "-0.018")], {}),
    (27, "18 fewer, 3 more, 16 fewer", [effect("mix", "18 fewer", "-0.018"), effect("rate", "3 more", "0.003"), effect("change", "16 fewer", "-0.016")], {}),
    (27, "Most of the change is in the mix", [], {}),
    (27, "Most of the change is within: 4 fewer, 2 more, 2 fewer",
     [effect("mix", "4 fewer", "-0.004"), effect("rate", "2 more", "0.002"), effect("change", "2 fewer", "-0.002")], {}),
    (28, "right 82 of the time", [PER], {}),
    (29, "82 were right", [PER], {}),
    (30, "That is by chance", [], {}),
    (31, "That is unlikely", [], {}),
    (32, "It was fine", [], {"provisional": True}),
    (32, "It was fine", [], {"estimated": True}),
    (32, "Estimated: it was fine", [], {"estimated": True, "provisional": True}),
    (33, "It was fine", [], {"metric": "groundedness", "audience": Audience.ENGINEER}),
    (36, "It was fine", [], {"source": "warehouse", "audience": Audience.ENGINEER, "now": FEW}),
    (39, "ledger says 82", [SOURCE, {**PER, "at": "beside", "group": "own"}], {}),
    (39, "ledger says 82", [{**SOURCE, "group": "own"}, {**PER, "at": "beside", "group": "own"}], {}),
    (40, "The model is unbiased", [], {}),
    (41, "It passes the screening line", [], {}),
    (43, "It is 82", [PER], {"metric": "demographic_parity_ratio", "audience": Audience.ENGINEER, "now": small_groups()["now"]}),
    (43, "82 among men", [{**PER, "group": "women"}, {"shown": "men", "kind": "name", "function": "group", "group": "men"}], {}),
    (43, "82 among men", [{**PER, "group": "women"}, {"shown": "men", "kind": "name", "function": "group", "group": "women"}], {}),
    (44, "The recall and its calibration were looked at", [], {}),
    (44, "It " + "really " * 30 + "was.", [], {}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text", "figures", "more"), BREACHES, ids=lambda each: str(each)[:40])
def test_each_rule_catches_a_breach(rule, text, figures, more) -> None:
    if isinstance(more.get("metric"), str):
        more = {**more, "metric": metrics()[more["metric"]]}
    case = {"verdict": None, "now": None, "before": None, **more}

    assert rule in broken(claim({"text": text, "figures": figures}, **case), explanation=True)


def test_every_rule_of_a_sentence_has_a_breach() -> None:
    assert {number for number, _ in RULES} <= {rule for rule, *_ in BREACHES} | {
        42
    }  # 42: the vector of group B


ALLOWED = [
    "Making up for mistakes took time, and it broke down into parts",
    "The agreed target is at most what it was",
    "Each visit led to something being read",
    "It may be up to what was said",
    "Half-open spans are no halves",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_ordinary_words_are_no_breach(text) -> None:
    assert broken(claim({"text": text, "figures": []}, verdict=None, now=None, before=None)) == ()


def test_a_superlative_with_eight_periods_and_a_cause_with_an_experiment_may_be_said() -> None:
    case = {"verdict": None, "now": None, "before": None}

    assert broken(claim({"text": "The highest week of these", "figures": []}, periods=8, **case)) == ()
    assert broken(claim({"text": "That is due to the change", "figures": []}, experiment=True, **case)) == ()


def test_accuracy_may_be_called_so_beside_what_doing_nothing_reaches() -> None:
    table = Confusion(tp=820, fp=180, fn=205, tn=98_795)
    told = subject("accuracy", level("accuracy", table), None)
    text = {"text": "accurate", "figures": []}
    case = {"verdict": None, "before": None, "now": told.now, "metric": told.metric}

    assert "baseline" in told.now.parts
    assert broken(claim(text, baseline=True, **case)) == ()
    assert broken(claim(text, baseline=False, **case)) == (28,)
    assert "doing nothing" in str(state(told, Audience.EXECUTIVE))
