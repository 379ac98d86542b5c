"""What a page says of hand-made weeks: no gain without what it cost, no headline without its paragraph, no false calm."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from schema.briefs import compose
from schema.explanations import explain
from schema.insights import rank
from schema.metrics import Audience
from schema.readings import Bare, Confusion, Inputs, Proportion, Ranged
from schema.standups import compose_standup
from schema.verdicts import Because
from schema.verdicts import Kind as VerdictKind
from schema.wording.checks import check
from tests.builders import known_metrics
from tests.weeks import brief_of, page_of, spoken, words

D = Decimal
FULL = (Audience.ENGINEER, Audience.COMPLIANCE)
OLD, NEW = Confusion(tp=700, fp=300, fn=50, tn=9_000), Confusion(tp=820, fp=180, fn=205, tn=9_000)
SINCE_A = {"milestones": [{"name": "release A", "on": "2026-10-12"}]}
SINCE = {"compare": ["previous", {"since": "release A"}]}


def share(hits, of):
    return Proportion(numerator=hits, denominator=of)


def labels(brief):
    return [each.label for each in spoken(brief) if each.label]


def test_where_nothing_moved_a_plain_reader_still_has_the_first_figures() -> None:
    weeks = {"precision": [Confusion(tp=42, fp=14, fn=9, tn=2_372)] * 3}
    weeks |= dict.fromkeys(("recall", "alert_rate", "specificity"), weeks["precision"])
    brief = brief_of(weeks)
    moved = brief_of({"precision": [OLD] * 10 + [NEW], "recall": [OLD] * 10 + [NEW]})

    standing = brief.sections[0]
    assert standing.title == "Where it stands"
    assert [str(each.text) for each in standing.paragraphs] == [
        "Of every 100 alerts, 75 were fraud cases and 25 were good payments.",
        "Of every 100 fraud cases we know about, 82 were caught and 18 were missed.",
        "Of every 1,000 payments, 23 were flagged.",
    ]
    assert "Where it stands" not in {section.title for section in moved.sections}


def test_a_gain_since_a_milestone_stands_beside_what_was_lost_since_then() -> None:
    weeks = {"precision": [OLD] * 10 + [NEW] * 5, "recall": [OLD] * 10 + [NEW] * 5}
    brief = brief_of(weeks, {"precision": SINCE}, **SINCE_A)

    assert "nothing has clearly changed this week; since release A: 1 clear loss, 1 clear gain." in str(
        brief.headline
    )
    lost, gained = spoken(brief)[:2]
    assert (lost.label, gained.label) == ("Clear loss", "Clear gain with a cost")
    assert str(lost.text).startswith(
        "Of every 100 fraud cases we know about, 80 were caught, down from 93 before release A"
    )
    assert str(gained.text).endswith(
        "The other side is a clear loss: the share of known fraud cases that were caught; see above."
    )
    assert (
        str(brief.closing)
        == "Asked of U0ANA00001: say what is done about the share of known fraud cases that were caught."
    )
    assert all(check(each) == () for paragraph in spoken(brief) for each in paragraph.statements)


def test_a_countermetric_that_is_not_compared_since_then_says_so() -> None:
    weeks = {"precision": [OLD] * 10 + [NEW] * 5, "recall": [OLD] * 10 + [NEW] * 5}
    judged = page_of(weeks, {"precision": SINCE}, **SINCE_A)
    alone = replace(judged.judged["recall"], beside=())
    brief = compose(replace(judged, judged={**judged.judged, "recall": alone}), Audience.EXECUTIVE)

    assert (
        "What it cost since then is not known: the share of known fraud cases that were caught is not compared since then."
        in words(brief)
    )
    assert "about the same as the week before" not in words(brief)


def test_a_loss_since_one_milestone_is_not_dropped_for_a_gain_since_another() -> None:
    weeks = {"precision": [OLD] * 10 + [NEW] * 5, "recall": [OLD] * 10 + [NEW] * 5}
    milestones = [{"name": "release A", "on": "2026-10-12"}, {"name": "release B", "on": "2026-10-13"}]
    brief = brief_of(
        weeks, {"precision": SINCE, "recall": {"compare": ["previous", {"since": "release B"}]}}, milestones=milestones
    )  # fmt: skip

    assert "before release B" in words(brief)
    assert labels(brief) == ["Clear loss", "Clear loss", "Clear gain with a cost"]


def test_what_is_off_target_keeps_its_paragraph_beside_a_gain() -> None:
    table = Confusion(tp=820, fp=0, fn=205, tn=9_000)
    brief = brief_of(
        {"precision": [OLD, NEW], "recall": [table] * 2}, {"recall": {"target": {"at_least": 0.9}}}
    )

    assert labels(brief) == ["Off target", "Clear gain"]
    assert "The agreed target is at least 90 of every 100." in words(brief)


def test_a_gain_that_another_gain_is_watched_by_keeps_its_own_paragraph() -> None:
    weeks = {
        "pii_leak_rate": [share(200, 10_000), share(20, 10_000)],
        "detector_recall": [share(800, 1_000), share(950, 1_000)],
    }
    brief = brief_of(weeks)

    assert "2 clear gains" in str(brief.headline)
    assert sorted(labels(brief)) == ["Clear gain", "Clear gain"]
    assert "What it cost is not known" in words(brief)


@pytest.mark.parametrize("audience", FULL)
def test_a_full_page_holds_what_the_headline_counts_and_what_a_gain_cost(audience) -> None:
    weeks = {
        "precision": [OLD, NEW],
        "recall": [OLD, NEW],
        "alert_rate": [OLD] * 2,
        "specificity": [OLD, OLD],
    }
    brief = brief_of(
        weeks,
        {"specificity": {"target": {"at_least": 0.99}}},
        audience=audience,
        brief={"show": ["precision"]},
    )

    told = [each.metrics[0] for each in spoken(brief) if each.metrics]
    assert told[0] == "precision"
    assert {"recall", "specificity"} <= set(told)
    assert "The agreed target is at least 99%." in words(brief)


@pytest.mark.parametrize(
    ("audience", "at_least", "target"),
    [
        (Audience.EXECUTIVE, 0.9995, "9,995 of every 10,000"),  # of as many as the figure beside it
        (Audience.EXECUTIVE, 0.99955, "99.955%"),  # which cannot show this one
        (Audience.COMPLIANCE, 0.9995, "99.95%"),
        (Audience.ENGINEER, 0.9995, "99.95%"),
    ],
)
def test_a_target_is_told_as_the_figure_beside_it_or_as_it_was_written(audience, at_least, target) -> None:
    weeks = {"availability": [share(999_700, 10**6), share(999_400, 10**6)]}
    asked = {"availability": {"target": {"at_least": at_least}, "matters": 0.0001}}
    brief = brief_of(weeks, asked, audience=audience)

    assert "9,994 found the service working" in words(brief) or audience is Audience.ENGINEER
    assert f"The agreed target is at least {target}." in words(brief)


@pytest.mark.parametrize(
    ("audience", "level", "target"),
    [
        (Audience.EXECUTIVE, "B at 70% of the rate of A", "80%"),
        (Audience.COMPLIANCE, "B at 70% of the rate of A", "80%"),
        (Audience.ENGINEER, "Demographic parity ratio 0.700", "0.8"),
    ],
)
def test_a_ratio_and_its_target_have_one_unit(audience, level, target) -> None:
    groups = {"A": share(600, 1_000), "B": share(420, 1_000)}
    asked = {"demographic_parity_ratio": {"matters": 0.02, "target": {"at_least": 0.8}}}
    brief = brief_of({"demographic_parity_ratio": [groups] * 2}, asked, audience=audience)

    assert level in words(brief)
    assert f"The agreed target is at least {target}." in words(brief)


def priced(**values):
    amounts = {
        "average_loss": 120,
        "fee": 15,
        "prevented_share": 0.95,
        "review_cost": 4,
        "friction_cost": 18,
    } | values
    return {
        "assumptions": {
            name: {"value": value, "unit": "share" if "share" in name else "money", "means": f"the {name}", "owner": "U0ANA00001"}
            for name, value in amounts.items()
        }
    }  # fmt: skip


def net(table, **values):
    return brief_of({"net_benefit": [table] * 2}, {"net_benefit": {"matters": 100}}, **priced(**values))


def test_where_it_stops_paying_is_never_said_too_low() -> None:
    said = words(net(Confusion(tp=82, fp=418, fn=205, tn=9_000)))

    assert "It pays while at least 151 of every 1,000 alerts are right." in said
    assert "It would not pay even if all alerts were right." in words(net(NEW, review_cost=200))


def test_a_bound_on_a_cost_is_never_said_too_high() -> None:
    said = words(net(Confusion(tp=82, fp=418, fn=205, tn=9_000)))

    assert "It pays while a wrong alert costs under $20.3." in said  # 20.373…


@pytest.mark.parametrize(
    ("before", "now", "relative"),
    [
        ((82_000_000, 18_000_000), (82_200_000, 17_800_000), ""),
        ((10**6, 99 * 10**6), (400, 10**8), ""),
        ((700, 300), (820, 180), " (17% more)"),
    ],
)
def test_a_relative_change_that_rounds_to_nothing_or_to_all_is_left_out(before, now, relative) -> None:
    tables = [Confusion(tp=tp, fp=fp, fn=0, tn=0) for tp, fp in (before, now)]
    brief = brief_of(
        {"precision": [tables[0]] * 10 + [tables[1]] * 5},
        {"precision": {"matters": 0.001, **SINCE}},
        **SINCE_A,
    )

    assert f"before release A{relative}, which is" in words(brief)


def test_a_joined_window_is_named_as_what_it_is() -> None:
    brief = brief_of(
        {"precision": [OLD] * 10 + [NEW] * 5},
        {"precision": {"window": 4, "compare": ["previous", {"periods_ago": 5}, {"since": "release A"}]}}, **SINCE_A,
    )  # fmt: skip

    assert "in the 4 weeks to 18 October" in words(brief)
    assert "in the last 4 weeks before release A" in words(brief)


def test_why_there_is_no_figure_is_said_in_words_of_ours_where_the_source_answered() -> None:
    one_group = brief_of(
        {"demographic_parity_difference": [{"A": share(600, 1_000)}] * 2}, {"demographic_parity_difference": {"matters": 0.02}}
    )  # fmt: skip
    none_known = brief_of({"recall": [Confusion(tp=0, fp=9, fn=0, tn=90)] * 2})

    assert "there are too few groups to compare that are large enough to rank" in words(one_group)
    assert "there were no " in words(none_known)
    assert "the source has no records" not in words(one_group) + words(none_known)


def open_outcomes(known=600, **more):
    weeks = {"precision": [OLD, NEW], "recall": [OLD, NEW], "label_maturity": [share(known, 1_000)] * 2}
    return page_of(weeks, {"label_maturity": {"matters": 0.1}}, **more)


MOVES = "Provisional figures can still move: of every 100 outcomes we wait for, 60 were known and 40 were still open."


@pytest.mark.parametrize("audience", [Audience.EXECUTIVE, Audience.SUPPORT])
def test_what_provisional_means_is_said_once_on_a_page_that_uses_the_word(audience) -> None:
    page = open_outcomes(labels={"matured": "45 days"})

    assert words(compose(page, audience)).count(f"{MOVES} All are known after 45 days.") == 1
    assert "can still move" not in words(compose(open_outcomes(980), audience))


def test_what_provisional_means_stands_in_a_digests_parent_and_beside_an_explained_figure() -> None:
    page = open_outcomes()
    standup = compose_standup(page)
    explained = explain(known_metrics()["precision"], page, nouns={})

    assert [str(each.text) for each in standup.parent].count(MOVES) == 1
    assert all(str(line.text) != MOVES for each in standup.sections for line in each.paragraphs)
    assert str(explained.headline) == "Precision of Fraud detection: the share of alerts that were right"
    [said] = [str(line.text) for each in explained.sections for line in each.paragraphs if line.statements]
    assert said.startswith("Provisional: of every 100 alerts")
    assert said.endswith(MOVES)


def test_an_assumption_that_has_expired_is_named() -> None:
    priced_until = priced()
    priced_until["assumptions"]["fee"]["until"] = "2026-11-01"
    page = page_of(
        {"net_benefit": [NEW] * 2},
        {"net_benefit": {"matters": 100}},
        today=date(2026, 11, 23),
        **priced_until,
    )
    explained = explain(known_metrics()["net_benefit"], page, nouns={})

    assert "what it rests on has expired: the fee" in " ".join(
        str(each.text) for section in explained.sections for each in section.paragraphs
    )


def test_a_first_week_says_that_nothing_could_be_compared_yet() -> None:
    brief = brief_of({"precision": [NEW], "recall": [NEW]}, audience=Audience.ENGINEER)

    assert str(brief.headline).endswith(": nothing could be compared yet.")
    assert "tested together" not in words(brief)


def test_a_gain_whose_countermetric_nobody_measures_is_a_gain_and_asks_for_nothing() -> None:
    brief = brief_of({"precision": [OLD, NEW]})

    assert labels(brief) == ["Clear gain"]
    assert "What it cost is not known" in words(brief)
    assert str(brief.closing) == "No action needed."


def test_drift_is_no_loss_in_labels_and_headline() -> None:
    def ranged(value):
        return Ranged(value=D(value), low=D(value) - D("0.01"), high=D(value) + D("0.01"))

    brief = brief_of({"psi": [ranged("0.05"), ranged("0.5")]}, {"psi": {"matters": 0.01}})

    assert "1 clear change." in str(brief.headline)
    assert labels(brief) == ["Clear change"]
    fewer = brief_of({"psi": [ranged("0.5"), ranged("0.05")]}, {"psi": {"matters": 0.01}})
    assert "good news" not in words(fewer)


def test_what_also_moved_holds_nothing_that_nobody_can_tell() -> None:
    table, worse = (
        Confusion(tp=8_200, fp=1_800, fn=2_050, tn=9_000),
        Confusion(tp=7_000, fp=3_000, fn=3_050, tn=7_000),
    )
    weeks = {key: [table, worse] for key in ("precision", "recall", "specificity", "npv")}
    weeks |= {key: [share(900, 1_000), share(500, 1_000)] for key in ("task_success", "week4_retention")}
    past = (4, 4.1, 3.9, 4, 4.2, 4.1, 3.9, 4, 4.1, 4, 3.9, 4.1, 5.5)
    weeks["latency_p95"] = [Bare(value=D(str(value))) for value in past]
    page = page_of(weeks)
    unclear = replace(
        page.judged["latency_p95"].compared[0].verdict, kind=VerdictKind.CANNOT_TELL, because=Because.WIDE
    )
    odd = replace(
        page.judged["latency_p95"],
        compared=(replace(page.judged["latency_p95"].compared[0], verdict=unclear),),
    )
    judged = {**page.judged, "latency_p95": odd}
    page = replace(page, judged=judged, ranked=rank(page.catalogue, judged))

    assert "latency_p95" in {each.metric for each in page.ranked.unsaid}
    rest = str(spoken(compose(page, Audience.EXECUTIVE))[-1].text)
    assert rest.startswith("Also moved, with figures on the page for engineers: ")
    assert "the time within which nearly all answers came back" not in rest


def test_a_range_that_does_not_hold_the_value_or_has_no_width_is_left_out() -> None:
    def week(silent):
        counts = {
            "confirmed": 100,
            "spend": 10,
            "conversations": 1_000,
            "silent": silent,
            "reopened": 50,
            "handed_over": 500,
        }
        return Inputs(counts=tuple(sorted((name, D(value)) for name, value in counts.items())))

    ticket = {
        "assumptions": {
            "ticket_cost": {
                "value": 6.5,
                "unit": "money",
                "means": "the cost of a ticket",
                "owner": "U0ANA00001",
            }
        }
    }

    def said(silent):
        return words(
            brief_of({"support_savings": [week(silent)] * 2}, {"support_savings": {"matters": 100}}, **ticket)
        )

    assert "It lies between" not in said(10)
    assert "It lies between $640 and $965" in said(100)


def test_what_figures_rest_on_is_written_as_it_was_stated() -> None:
    said = brief_of(
        {"net_benefit": [NEW] * 2},
        {"net_benefit": {"matters": 100}},
        audience=Audience.COMPLIANCE,
        **priced(),
    )

    assert said.sections[-1].title == "What these figures rest on"
    assert "The prevented_share: 95%, owned by" in words(said)


def test_the_same_thing_is_asked_of_one_person_once() -> None:
    table = Confusion(tp=500, fp=500, fn=500, tn=9_000)
    closing = str(
        compose_standup(page_of({"precision": [NEW, table], "recall": [NEW, table]})).parent[-1].text
    )

    assert closing.count("Asked of") == 1
    assert closing == (
        "Asked of U0ANA00001: say what is done about the share of alerts that were right, "
        "and about the share of known fraud cases that were caught."
    )
