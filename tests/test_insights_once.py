"""What a page says once: not the rest of the same cases, nothing from old data, and no request without its reason."""

from dataclasses import replace
from decimal import Decimal

from schema.judgements import Judgement
from schema.readings import Bands, Confusion, Proportion
from schema.signals import inputs_of, signals
from schema.standups import compose_standup
from tests.weeks import brief_of, page_of, words

OLD, NEW = Confusion(tp=700, fp=300, fn=50, tn=9_000), Confusion(tp=820, fp=180, fn=205, tn=9_000)
RELEASE = {"milestones": [{"name": "release A", "on": "2026-10-12"}]}
SINCE = {"compare": ["previous", {"since": "release A"}]}


def share(hits: int, of: int = 1_000) -> Proportion:
    return Proportion(numerator=hits, denominator=of)


def topics(weeks) -> list[str]:
    ranked = page_of(weeks).ranked
    return [each.metric for each in (*ranked.said, *ranked.unsaid)]


def test_the_rest_of_the_same_cases_is_not_told_beside_them() -> None:
    solved = {"confirmed_resolution": [share(500), share(700)]}

    assert topics(solved | {"containment_rate": [share(500), share(300)]}) == ["confirmed_resolution"]


def test_a_figure_of_other_cases_is_told_beside() -> None:
    solved = {"confirmed_resolution": [share(500), share(700)]}

    for other in ([share(500), share(301)], [share(500, 999), share(300, 999)], [share(510), share(300)]):
        assert set(topics(solved | {"containment_rate": other})) == {
            "confirmed_resolution",
            "containment_rate",
        }


def test_a_loss_since_a_milestone_that_is_asked_about_is_told_where_this_week_has_news_too() -> None:
    latency = [share(999_000, 10**6)] * 14 + [share(999_900, 10**6)]
    weeks = {"precision": [OLD] * 10 + [NEW] * 5, "recall": [OLD] * 10 + [NEW] * 5, "availability": latency}
    page = page_of(weeks, {"precision": SINCE, "availability": {"matters": 0.0001}}, **RELEASE)
    brief = brief_of(weeks, {"precision": SINCE, "availability": {"matters": 0.0001}}, **RELEASE)
    standup = compose_standup(page)
    parent = " ".join(str(each.text) for each in standup.parent)

    assert "say what is done about the share of known fraud cases that were caught" in str(brief.closing)
    assert "; since release A: 1 clear loss" in str(brief.headline)
    assert "80 were caught" in words(brief)
    assert "80 were caught, down from 93 before release A" in parent
    assert "found the service working" in parent
    assert len(standup.parent) <= 6


def mix(*counts: int) -> Bands:
    reference = tuple(10 * Decimal(each) for each in (50, 30, 20))
    return Bands(names=("a", "b", "c"), now=tuple(map(Decimal, counts)), reference=reference)


def drift(shifted: Bands) -> Judgement:
    weeks = {"psi": [mix(500, 300, 200)] * 9 + [shifted]}
    page = page_of(weeks, {"psi": {"matters": 0.05}})
    return page.judged["psi"]


def test_a_shift_of_a_handful_of_rows_is_not_taken_for_one() -> None:
    page = page_of({"psi": [mix(500, 300, 200), mix(3, 4, 13)]}, {"psi": {"matters": 0.05}})
    product, metric = page.product, page.catalogue["psi"]

    assert inputs_of(product, metric, drift(mix(100, 120, 280))) is not None
    assert inputs_of(product, metric, drift(mix(3, 4, 13))) is None


def test_what_its_source_calls_too_old_shows_no_new_course() -> None:
    falling = [0.80, 0.803, 0.798, 0.801, 0.797, 0.802, 0.799, 0.80, 0.795, 0.786, 0.778, 0.772, 0.765]
    weeks = {"precision": [Confusion(tp=round(each * 800), fp=800 - round(each * 800), fn=200, tn=9_000) for each in falling]}  # fmt: skip
    page = page_of(weeks, {"precision": {"matters": 0.02}})
    old = {"precision": replace(page.judged["precision"], outdated=True)}

    def courses(judged):
        return signals(page.product, page.catalogue, judged, page.period).courses

    assert "precision" in courses(page.judged)
    assert "precision" not in courses(old)
