"""Which of a metric's side findings is an insight of its own, how it ranks, and where it is said."""

from dataclasses import replace
from decimal import Decimal

import pytest

from schema.briefs import compose
from schema.findings import NO_FINDINGS, Findings, Flags, OtherLimit, OtherSource, Split
from schema.headlines import asked, headline
from schema.insights import MOST_SCORED, Background, Topic, rank
from schema.metrics import Audience
from schema.products import Limit
from schema.standups import MOST_LINES, compose_standup
from schema.statistics.priorities import insight_score, reach_of
from schema.verdicts import Because, Kind, Verdict
from tests.demo_pages import demo_pages
from tests.test_insights import calm, clear, with_verdict

D = Decimal
NET, PRECISION = "net_benefit", "precision"


@pytest.fixture
def fraud():
    return demo_pages()["fraud-detection"]


def quarrel(page, key=PRECISION, *, difference="0.1", repeats=0) -> Findings:
    value = page.judged[key].now.level.estimate
    other = replace(value, value=value.value + D(difference))
    source = OtherSource(
        query="outcomes",
        source="ledger",
        value=other,
        difference=D(difference),
        differs=True,
        repeats=repeats,
    )
    return Findings(sources=(source,), matters=D("0.05"))


def hidden(rate="-0.1", *, low="-0.15", high="-0.05") -> Findings:
    split = Split(
        change=D("0.001"), mix=D("0.001") - D(rate), rate=D(rate), low=D(low), high=D(high), p=0.001, segments=2,
        reversed=False, all_against=False, mover=None,
    )  # fmt: skip
    return Findings(splits={"previous": split}, matters=D("0.05"))


def better(difference="2000", *, p=0.001, matters="500") -> Findings:
    limit = OtherLimit(
        which=Limit.LOOSER, net=D(12_000), difference=D(difference), low=D(difference) / 2, high=D(difference) * 2, p=p,
        now=Flags(right=200, flags=300), there=Flags(right=250, flags=400), assumed=D(18), flip=D(30),
    )  # fmt: skip
    return Findings(limits=(limit,), matters=D(matters))


def with_findings(page, found, *, verdicts=()):
    """Give a calm page of which some metrics have findings, and some a verdict."""
    judged = calm(page)
    for key, kind in verdicts:
        judged[key] = with_verdict(page.judged[key], clear(kind))
    judged |= {key: replace(judged[key], findings=each) for key, each in found.items()}
    return replace(page, judged=judged, ranked=rank(page.catalogue, judged))


@pytest.mark.parametrize(
    ("found", "topic", "harm"),
    [
        (quarrel, Topic.SOURCES, False),
        (lambda page: hidden(), Topic.MIX, True),
        (lambda page: hidden("0.1", low="0.05", high="0.15"), Topic.MIX, False),
        (lambda page: quarrel(page, difference="0.01"), None, None),
        (lambda page: hidden("-0.01", low="-0.02", high="-0.001"), None, None),
        (lambda page: hidden("-0.1", low="-0.3", high="0.1"), None, None),
        (lambda page: NO_FINDINGS, None, None),
    ],
)
def test_a_finding_is_an_insight_where_it_is_clear_and_matters(fraud, found, topic, harm) -> None:
    said = with_findings(fraud, {PRECISION: found(fraud)}).ranked.said

    assert [(each.topic, each.harm) for each in said] == ([] if topic is None else [(topic, harm)])


def test_sources_come_before_a_mix_and_a_mix_before_a_limit(fraud) -> None:
    everything = replace(quarrel(fraud), splits=hidden().splits, limits=better().limits, matters=D("0.05"))

    def topic(found):
        return with_findings(fraud, {PRECISION: found}).ranked.said[0].topic

    assert topic(everything) is Topic.SOURCES
    assert topic(replace(everything, sources=())) is Topic.MIX
    assert topic(replace(everything, sources=(), splits={})) is Topic.WHAT_IF


def test_a_verdict_and_a_pin_stand_before_every_side_finding(fraud) -> None:
    loss = with_findings(fraud, {PRECISION: quarrel(fraud)}, verdicts=[(PRECISION, Kind.CLEAR_LOSS)])
    [insight] = loss.ranked.said
    corrected = rank(loss.catalogue, loss.judged, Background(corrected=frozenset({PRECISION})))
    spoken = [
        str(each.text)
        for section in compose(loss, Audience.EXECUTIVE).sections
        for each in section.paragraphs
    ]

    assert insight.topic is Topic.CHANGE
    assert corrected.said[0].topic is Topic.CORRECTION
    [told] = [each for each in spoken if "ledger says" in each]
    assert "which is bad. But ledger says 77 of every 100. Verdicts here rest on payments." in told


def test_scores_follow_the_worked_formula(fraud) -> None:
    [limit] = with_findings(fraud, {NET: better("800", p=0.01)}).ranked.said
    [sources] = with_findings(fraud, {PRECISION: quarrel(fraud, repeats=2)}).ranked.said

    # half of a change of twice what matters, no share of a material amount, said for the first time
    assert limit.score == pytest.approx(
        insight_score(certainty=0.99, effect=0.8, reach=0, novelty=1, harm=False)
    )
    people = int(D("0.1") * fraud.judged[PRECISION].now.level.estimate.denominator)
    assert sources.score == pytest.approx(
        insight_score(certainty=1, effect=1, reach=reach_of(people), novelty=0.25, harm=False)
    )


def test_never_more_than_five_are_scored_and_a_quarrel_beyond_them_is_named(fraud) -> None:
    losses = [key for key, each in fraud.judged.items() if each.compared and key != PRECISION]
    page = with_findings(
        fraud, {PRECISION: quarrel(fraud, repeats=4)}, verdicts=[(key, Kind.CLEAR_LOSS) for key in losses]
    )
    rest = str(compose(page, Audience.EXECUTIVE).sections[-1].paragraphs[-1].text)

    assert len(page.ranked.said) == MOST_SCORED
    assert [each.metric for each in page.ranked.unsaid if each.topic is Topic.SOURCES] == [PRECISION]
    assert "Sources also differ on: the share of alerts that were right." in rest


def test_the_headline_counts_quarrels_and_hidden_changes_and_the_owner_is_asked(fraud) -> None:
    page = with_findings(fraud, {PRECISION: quarrel(fraud), "recall": hidden(), NET: better()})

    assert "1 figure whose sources differ, 1 change hidden by the mix." in str(headline(page))
    assert "find out why sources differ on the share of alerts that were right" in str(asked(page))


def test_another_limit_alone_is_no_change_and_leaves_a_decision(fraud) -> None:
    page = with_findings(fraud, {NET: better()})

    assert "nothing has clearly changed" in str(headline(page))
    assert str(asked(page)) == "Asked of U0ANA00001: decide whether the limit is moved."


def test_a_digest_says_another_limit_in_one_line_and_the_rest_in_its_thread(fraud) -> None:
    page = with_findings(fraud, {NET: better(), PRECISION: quarrel(fraud)})
    standup = compose_standup(page)
    [line] = [each for each in standup.parent if each.label == "Another limit would pay more"]
    thread = [str(each.text) for section in standup.sections for each in section.paragraphs]

    assert len(standup.parent) <= MOST_LINES
    assert (
        str(line.text)
        == "Estimated and provisional: with a looser limit flagging would have earned $2,000 more; see the thread."
    )
    assert any(
        "the net benefit" in each and "With a looser limit it would have been $2,000 more." in each
        for each in thread
    )


def test_a_quarrel_about_a_gains_other_side_is_said_once(fraud) -> None:
    counter = fraud.catalogue["recall"].countermetrics[0]
    unsure = Verdict(
        because=Because.WIDE,
        kind=Kind.CANNOT_TELL,
        low=D("-0.05"),
        high=D("0.06"),
        difference=D("0.01"),
        p=0.5,
        q=0.5,
        matters=D("0.05"),
        tested=9,
    )
    page = with_findings(fraud, {counter: quarrel(fraud, counter)}, verdicts=[("recall", Kind.CLEAR_GAIN)])
    judged = {
        **page.judged,
        counter: replace(with_verdict(fraud.judged[counter], unsure), findings=quarrel(fraud, counter)),
    }
    page = replace(page, judged=judged, ranked=rank(page.catalogue, judged))
    spoken = [
        str(each.text)
        for section in compose(page, Audience.EXECUTIVE).sections
        for each in section.paragraphs
    ]

    assert sum("ledger says" in each for each in spoken) == 1
