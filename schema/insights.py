"""What is worth saying, and in which order; METRICS.md (c). Clicks never change the order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from schema.courses import Course
from schema.judgements import Judgement
from schema.metrics import Catalogue, Form, Metric, Unit
from schema.products import Previous
from schema.signals import NO_SIGNALS, Crowd, Inputs, Pace, Signals
from schema.statistics.courses import Detector
from schema.statistics.detectors import FEWEST_PERIODS, oddity
from schema.statistics.priorities import certainty_of, effect_of, insight_score, novelty_of, reach_of
from schema.verdicts import CHANGES, DEFAULT_MATTERS, GAINS, LOSSES, SMALL
from schema.verdicts import Kind as VerdictKind

MOST_SCORED: Final = 5
MATERIAL: Final = "material_amount"  # the assumption that says which amount is worth a meeting


class Topic(StrEnum):
    """Kinds of insight."""

    CORRECTION = "correction"
    NOT_FIT = "not_fit"
    LIMIT = "limit"
    GAP = "gap"
    COST = "cost"  # a gain whose countermetric lost
    CHANGE = "change"
    SMALL = "small"
    SOURCES = "sources"  # another source says something else
    MIX = "mix"  # rates changed, and a changed mix hides it
    WHAT_IF = "what_if"  # another limit would have brought more
    UNUSUAL = "unusual"
    INPUTS = "inputs"  # what comes in has shifted while outcomes are open
    TURN = "turn"  # a new level
    CREEP = "creep"  # a slow move that goes on
    PACE = "pace"  # where it may stand on its goal's day
    CROWD = "crowd"  # one group is more of it than agreed


PINNED: Final = (Topic.CORRECTION, Topic.NOT_FIT, Topic.LIMIT, Topic.GAP)  # above any score, in this order
FEWEST_EVENTS: Final = 30  # METRICS.md 3.4, counts
UNRANKED: Final = -1.0
APART: Final = frozenset({Topic.PACE, Topic.CROWD})  # other figures than the metric's own, said beside those
OWN_VERDICT: Final = frozenset({Topic.COST, Topic.CHANGE, Topic.SMALL})
PREVIOUS: Final = Previous().key


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """One thing worth saying about one metric."""

    topic: Topic
    metric: str
    score: float
    harm: bool
    counter: str | None = None  # the countermetric that is said with a gain; None when no gain
    counter_known: bool = True  # False: the catalogue names it and nobody measures it here

    @property
    def pinned(self) -> bool:
        """Tell whether it stands above any score."""
        return self.topic in PINNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Insights in reading order, and what is left for one line."""

    said: tuple[Insight, ...]
    unsaid: tuple[Insight, ...]  # scored, beyond the five
    quiet: tuple[str, ...]  # metrics that are about the same or unclear


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """A figure of the last post that its source restated, in plain words."""

    posted: str  # as the post said it
    now: str  # as it is known; "" where it was taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What weighs in a ranking and stands in no judgement."""

    repeats: Mapping[str, int] = field(
        default_factory=dict
    )  # closed periods before with the same verdict, by metric
    corrected: Mapping[str, Restated] = field(default_factory=dict)  # figures of the period before, by metric
    material: Decimal | None = None  # the team's agreed amount of money
    seen: Signals = NO_SIGNALS  # courses, inputs, paces and crowds


NO_BACKGROUND: Final = Background()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What an insight weighs by."""

    q: float
    difference: Decimal
    matters: Decimal
    repeats: int  # closed periods before in which it was as true
    harm: bool


def rank(
    catalogue: Catalogue, judged: Mapping[str, Judgement], background: Background = NO_BACKGROUND
) -> Ranked:
    """Order what is worth saying: pins first, then at most five by score, harm first on a tie.

    A metric's own figure is said once, and once for the rest of the same cases: by its pin, else by changed inputs, its verdict, its side questions, its course,
    or as unusual. Its goal, its groups and its figure of the period before, where that was corrected, are other figures.
    """
    found = [
        insight
        for each in judged.values()
        for insight in (
            _insight(catalogue, judged, each, background),
            *_apart(catalogue[each.metric], each, background),
        )
        if insight is not None
    ]
    told = {insight.metric for insight in found if insight.topic not in APART}
    found = [each for each in found if not _is_the_rest(catalogue, judged, each, found)]
    found += [
        Insight(topic=Topic.CORRECTION, metric=key, score=UNRANKED, harm=True)
        for key in judged
        if key in background.corrected
    ]
    pinned = sorted((i for i in found if i.pinned), key=lambda i: (PINNED.index(i.topic), i.metric))
    scored = sorted((i for i in found if not i.pinned), key=lambda i: (-i.score, not i.harm, i.metric))
    return Ranked(
        said=(*pinned, *scored[:MOST_SCORED]),
        unsaid=tuple(scored[MOST_SCORED:]),
        quiet=tuple(key for key in judged if key not in told),
    )


def _is_the_rest(
    catalogue: Catalogue, judged: Mapping[str, Judgement], insight: Insight, others: Sequence[Insight]
) -> bool:
    """Tell whether an insight without good or bad says of the rest what another one says of the same cases."""
    if insight.topic not in OWN_VERDICT or catalogue[insight.metric].good_is_up is not None:
        return False
    return any(
        each.topic in OWN_VERDICT
        and catalogue[each.metric].good_is_up is not None
        and _complete(judged[insight.metric], judged[each.metric])
        for each in others
    )


def _complete(one: Judgement, other: Judgement) -> bool:
    """Tell whether the hits of one figure are the misses of another, now and in the period before."""
    pairs = [
        (first.level.estimate if first else None, second.level.estimate if second else None)
        for first, second in ((one.now, other.now), (one.before.get(PREVIOUS), other.before.get(PREVIOUS)))
    ]
    return all(
        first is not None and second is not None and first.denominator is not None
        and first.numerator is not None and second.numerator is not None
        and first.denominator == second.denominator == first.numerator + second.numerator
        for first, second in pairs
    )  # fmt: skip


def _insight(
    catalogue: Catalogue, judged: Mapping[str, Judgement], judgement: Judgement, background: Background
) -> Insight | None:
    metric = catalogue[judgement.metric]
    topic = _topic(metric, judgement)
    inputs, course = background.seen.inputs.get(metric.key), background.seen.courses.get(metric.key)
    if inputs is not None and topic not in PINNED:
        seen = _weight_of_inputs(inputs, background)
        return _seen(Topic.INPUTS, seen, score=_score(metric, judgement, seen, background), metric=metric.key)
    if course is not None and topic in {None, Topic.UNUSUAL} and _is_told(metric, course):
        return _of_course(metric, judged, course, background)
    if topic is None:
        return None
    weight = _weighed(topic, metric, judgement, background)
    harm = topic in PINNED or (weight.harm if weight is not None else judgement.verdict.kind in LOSSES)
    counter, known = counter_of(metric, judged) if judgement.verdict.kind in GAINS else (None, True)
    if topic is Topic.CHANGE and counter is not None and _costs(judged.get(counter)):
        topic = Topic.COST
    score = UNRANKED if topic in PINNED else _score(metric, judgement, weight, background)
    return Insight(
        topic=topic, metric=metric.key, score=score, harm=harm, counter=counter, counter_known=known
    )


def _is_told(metric: Metric, course: Course) -> bool:
    """Tell whether everybody reads a course: a longer comparison says it better, and some figures are engineers' own."""
    return not course.told_longer and is_for_everybody(metric)


def is_for_everybody(metric: Metric) -> bool:
    """Tell whether plain readers are told the metric's figure itself."""
    return not (metric.engineers_only or metric.shown_as or metric.beside)


def _seen(topic: Topic, weight: Weight, *, score: float, metric: str) -> Insight:
    return Insight(topic=topic, metric=metric, score=score, harm=weight.harm)


def _of_course(
    metric: Metric, judged: Mapping[str, Judgement], course: Course, background: Background
) -> Insight:
    verdict = course.verdict
    weight = Weight(
        q=verdict.q or 0.0, difference=course.now - course.before, matters=verdict.matters or course.before,
        repeats=course.move.repeats, harm=course.harm,
    )  # fmt: skip
    topic = Topic.TURN if course.move.detector is Detector.CHANGE_POINT else Topic.CREEP
    score = _score(metric, judged[metric.key], weight, background)
    found = _seen(topic, weight, score=score, metric=metric.key)
    counter, known = counter_of(metric, judged) if verdict.kind in GAINS else (None, True)
    return replace(found, counter=counter, counter_known=known)


def _weight_of_inputs(inputs: Inputs, background: Background) -> Weight:
    """Weigh changed inputs by how far they lie above luck; whether that is harm, nobody knows yet (wording rule 26)."""
    return Weight(
        q=inputs.p, difference=inputs.value - inputs.floor, matters=inputs.matters, harm=False,
        repeats=background.repeats.get(inputs.metric, 0),
    )  # fmt: skip


def _apart(metric: Metric, judgement: Judgement, background: Background) -> list[Insight]:
    """List what is said of a metric's goal and groups, whatever else is said of it."""
    pace, crowd = background.seen.paces.get(metric.key), background.seen.crowds.get(metric.key)
    weights: dict[Topic, Weight] = {}
    if pace is not None and is_for_everybody(metric):
        weights[Topic.PACE] = _weight_of_pace(pace)
    if crowd is not None:
        weights[Topic.CROWD] = _weight_of_crowd(crowd)
    return [
        _seen(topic, weight, score=_score(metric, judgement, weight, background), metric=metric.key)
        for topic, weight in weights.items()
    ]


def _weight_of_pace(pace: Pace) -> Weight:
    return Weight(
        q=pace.p, difference=pace.distance, matters=pace.matters, repeats=pace.repeats,
        harm=pace.reaches is False,
    )  # fmt: skip


def _weight_of_crowd(crowd: Crowd) -> Weight:
    over, matters = crowd.share - crowd.at_most, crowd.at_most * DEFAULT_MATTERS
    return Weight(q=crowd.p, difference=over, matters=matters, repeats=0, harm=True)


def _topic(metric: Metric, judgement: Judgement) -> Topic | None:
    kind = judgement.verdict.kind
    if judgement.now is None:
        return Topic.NOT_FIT
    if judgement.off_target:
        return Topic.GAP if metric.form is Form.GAP else Topic.LIMIT
    if kind in SMALL:
        return Topic.SMALL
    if kind in CHANGES:
        return Topic.CHANGE
    beside = _beside(judgement)
    if beside is not None:
        return beside
    return Topic.UNUSUAL if _is_odd(judgement) else None


def _beside(judgement: Judgement) -> Topic | None:
    """Give what the side questions of a metric show; where its verdict says something, it is said beside that."""
    findings = judgement.findings
    if findings.dispute is not None:
        return Topic.SOURCES
    if findings.hidden_change(PREVIOUS) is not None:
        return Topic.MIX
    return Topic.WHAT_IF if findings.better_limit is not None else None


def _is_odd(judgement: Judgement) -> bool:
    past = [float(value) for value in judgement.history[:-1] if value is not None]
    now = judgement.history[-1] if judgement.history else None
    events = judgement.now.level.estimate.numerator if judgement.now else None
    if events is not None and events < FEWEST_EVENTS:
        return False  # a few events come and go by luck
    if now is None or len(past) < FEWEST_PERIODS or judgement.verdict.kind is VerdictKind.SAME:
        return False
    return oddity(past, float(now)).flagged


def counter_of(
    metric: Metric, judged: Mapping[str, Judgement], comparison: str | None = None
) -> tuple[str | None, bool]:
    """Choose the countermetric that says most against a gain: a loss, then what is not known, then the rest.

    comparison   the key of the gain's own window; None is the period before
    """
    measured = [key for key in metric.countermetrics if key in judged]
    if not measured:
        return (metric.countermetrics[0], False) if metric.countermetrics else (None, True)

    def weight(key: str) -> tuple[int, int]:
        return _weight(judged[key], comparison), metric.countermetrics.index(key)

    return min(measured, key=weight), True


def _weight(judgement: Judgement, comparison: str | None) -> int:
    against = judgement.against(comparison) if comparison is not None else None
    verdict = against.verdict if against is not None else judgement.verdict
    compared = comparison is None or against is not None
    if judgement.off_target or (compared and verdict.kind in LOSSES):
        return 0
    if judgement.now is None or not compared:
        return 1
    return 2 if verdict.kind in {VerdictKind.CANNOT_TELL, VerdictKind.NOT_COMPARABLE} else 3


def _costs(counter: Judgement | None) -> bool:
    return counter is not None and counter.now is not None and counter.verdict.kind in LOSSES


def _weighed(topic: Topic, metric: Metric, judgement: Judgement, background: Background) -> Weight | None:
    """Give what an insight weighs by; None where nothing was compared."""
    findings, verdict = judgement.findings, judgement.verdict
    matters = findings.matters or Decimal(0)
    dispute, split, limit = findings.dispute, findings.hidden_change(PREVIOUS), findings.better_limit
    if topic is Topic.SOURCES and dispute is not None:
        return Weight(
            q=0.0, difference=dispute.difference, matters=matters, repeats=dispute.repeats, harm=False
        )
    if topic is Topic.MIX and split is not None:
        harm = metric.good_is_up is not None and (split.rate > 0) is not metric.good_is_up
        return Weight(
            q=split.p if split.q is None else split.q, difference=split.rate, matters=matters,
            repeats=split.repeats, harm=harm,
        )  # fmt: skip
    if topic is Topic.WHAT_IF and limit is not None:
        return Weight(
            q=limit.p if limit.q is None else limit.q, difference=limit.difference, matters=matters,
            repeats=limit.repeats, harm=False,
        )  # fmt: skip
    if verdict.difference is None or verdict.matters is None:
        return None
    q = verdict.q if verdict.q is not None else (verdict.p if verdict.p is not None else 1.0)
    return Weight(
        q=q, difference=verdict.difference, matters=verdict.matters, harm=verdict.kind in LOSSES,
        repeats=background.repeats.get(metric.key, 0),
    )  # fmt: skip


def _score(metric: Metric, judgement: Judgement, weight: Weight | None, background: Background) -> float:
    if weight is None or judgement.now is None:
        return 0.0
    estimate = judgement.now.level.estimate
    people = 0
    if metric.unit is Unit.SHARE and estimate.denominator:
        people = int(abs(weight.difference) * estimate.denominator)
    money = float(weight.difference) if metric.unit is Unit.MONEY else 0.0
    return insight_score(
        certainty=certainty_of(weight.q),
        effect=effect_of(float(weight.difference), float(weight.matters)),
        reach=reach_of(
            people, money=money, material=float(background.material) if background.material else None
        ),
        novelty=novelty_of(weight.repeats),
        harm=weight.harm,
    )
