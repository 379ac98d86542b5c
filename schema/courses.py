"""Slow moves and new levels of a product's metrics, tested together (METRICS.md (c) 7 and 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from schema.judgements import Judgement
from schema.metrics import Catalogue, Form, Metric
from schema.products import Product
from schema.statistics.certainty import benjamini_hochberg
from schema.statistics.courses import Move, creep, turn
from schema.verdicts import CHANGES, FEWEST_CASES, LARGEST_Q, LOSSES, Verdict, smallest_that_matters
from schema.verdicts import Kind as VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a metric is heading, in its unit."""

    metric: str
    move: Move
    before: Decimal
    now: Decimal
    verdict: Verdict  # of the move, from the earlier mean to the recent one
    told_longer: bool  # a longer comparison tells the same move already

    @property
    def harm(self) -> bool:
        """Tell whether it goes the wrong way."""
        return self.verdict.kind in LOSSES

    @property
    def periods(self) -> int:
        """Count the complete periods that it rests on."""
        return self.move.earlier + self.move.recent


def courses(product: Product, catalogue: Catalogue, judged: Mapping[str, Judgement]) -> dict[str, Course]:
    """Find the course of each metric; a new level is the plainer finding where both detectors have one.

    Each detector on each metric is a test of one family, so that the number looked at raises the bar (rule 17).
    """
    looks = [
        (key, detector(past))
        for key, each in judged.items()
        if can_be_averaged(catalogue[key]) and (past := followed(each)) is not None
        for detector in (creep, turn)
    ]
    qs = benjamini_hochberg([1.0 if move is None else move.p for _, move in looks])
    found: dict[str, Course] = {}
    for (key, move), q in zip(looks, qs, strict=True):
        if move is None or q > LARGEST_Q or key in found:
            continue
        course = _course(catalogue[key], judged[key], move, stated=product.metrics[key].matters)
        if course is not None:
            found[key] = replace(course, verdict=replace(course.verdict, q=q, tested=len(looks)))
    return found


def can_be_averaged(metric: Metric) -> bool:
    """Tell whether a mean over periods says anything: percentiles and medians are never averaged (wording rule 9)."""
    return "percentile" not in metric.constants and "median" not in metric.formula


def followed(judgement: Judgement) -> list[float] | None:
    """Give the newest periods without a gap; None where they cannot be followed.

    Figures whose outcomes are still open would seem to move as outcomes come in, and few cases move by luck.
    """
    if judgement.now is None or judgement.provisional:
        return None
    cases = judgement.now.level.estimate.denominator
    if cases is not None and cases < FEWEST_CASES:
        return None
    run: list[float] = []
    for value in reversed(judgement.history):
        if value is None:
            break
        run.insert(0, float(value))
    return run


def _course(metric: Metric, judgement: Judgement, move: Move, *, stated: Decimal | None) -> Course | None:
    before, now = Decimal(repr(move.before)), Decimal(repr(move.now))
    threshold = smallest_that_matters(before, stated)
    difference = now - before
    if threshold is None or abs(difference) < threshold[0]:
        return None  # a move that matters to nobody
    verdict = Verdict(
        kind=_kind(metric, difference), difference=difference, low=Decimal(repr(move.interval.low)),
        high=Decimal(repr(move.interval.high)), p=move.p, matters=threshold[0], matters_is_default=threshold[1],
    )  # fmt: skip
    if not verdict.excludes_nothing:
        return None
    return Course(
        metric=metric.key, move=move, before=before, now=now, verdict=verdict,
        told_longer=_told_longer(judgement, difference),
    )  # fmt: skip


def _kind(metric: Metric, difference: Decimal) -> VerdictKind:
    if metric.good_is_up is None or metric.form is Form.DRIFT:
        return VerdictKind.CLEAR_CHANGE
    return VerdictKind.CLEAR_GAIN if (difference > 0) is metric.good_is_up else VerdictKind.CLEAR_LOSS


def _told_longer(judgement: Judgement, difference: Decimal) -> bool:
    others: Sequence[Verdict] = [each.verdict for each in judgement.compared[1:]]
    return any(
        each.kind in CHANGES and each.difference is not None and each.difference * difference > 0
        for each in others
    )
