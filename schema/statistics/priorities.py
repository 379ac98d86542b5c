"""Which idea comes first, how easily that would change, and which insight is worth saying.

Source: METRICS.md 5, (c), (f) 15 and 19.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from schema.statistics.figures import (
    demand_amounts,
    demand_counts,
    demand_finite,
    demand_positive,
    demand_possible,
    demand_shares,
    demand_some,
)

Inputs = Mapping[str, float]
Score = Callable[..., float]  # called with an item's inputs by name

PEOPLE_DECADES = 6  # a million people affected weigh as much as anything can


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An item's place in an order."""

    name: str
    score: float
    lead: float | None  # how many times the next item's score this one is; None for the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The one input whose smallest change puts another item first."""

    item: str
    input: str
    factor: float  # what the input must be multiplied by


def rice(*, reach: float, impact: float, confidence: float, effort: float) -> float:
    """Give reach · impact · confidence / effort; confidence is a share."""
    demand_amounts(reach=reach, impact=impact, confidence=confidence)
    demand_positive(effort=effort)
    return demand_possible(reach * impact * confidence / effort, "The score")


def ice(*, impact: float, confidence: float, ease: float) -> float:
    """Give impact · confidence · ease."""
    demand_amounts(impact=impact, confidence=confidence, ease=ease)
    return demand_possible(impact * confidence * ease, "The score")


def wsjf(*, value: float, urgency: float, risk_reduction: float, size: float) -> float:
    """Give (business value + time criticality + risk reduction) / job size."""
    demand_amounts(value=value, urgency=urgency, risk_reduction=risk_reduction)
    demand_positive(size=size)
    return demand_possible((value + urgency + risk_reduction) / size, "The score")


def order(scores: Mapping[str, float]) -> tuple[Place, ...]:
    """Put items in order, highest first, each with its flip factor; ties keep their order.

    lead   the factor by which the score must drop for the next item to catch up; None for
           the last item, and where the next score is not above 0
    """
    for name, score in scores.items():
        demand_finite(**{name: score})
    names = sorted(scores, key=lambda name: -scores[name])
    followers = [*names[1:], None]
    return tuple(
        Place(name=name, score=scores[name], lead=_lead(scores, name, follower))
        for name, follower in zip(names, followers, strict=True)
    )


def win_shares(
    items: Mapping[str, Inputs],
    score: Score,
    *,
    random: Random,
    spread: float = 0.2,
    draws: int = 10_000,
) -> dict[str, float]:
    """Give the share of draws in which each item comes first, all inputs moved at once.

    spread   each input is multiplied by a uniform factor from 1 - spread to 1 + spread
    random   seeded by the caller, so that the answer can be repeated
    """
    demand_some(draws=draws, items=len(items))
    demand_shares(spread=spread)
    wins = dict.fromkeys(items, 0)
    for _ in range(draws):
        drawn = {
            name: score(
                **{key: value * random.uniform(1 - spread, 1 + spread) for key, value in inputs.items()}
            )
            for name, inputs in items.items()
        }
        wins[max(drawn, key=drawn.__getitem__)] += 1
    return {name: won / draws for name, won in wins.items()}


def smallest_flip(items: Mapping[str, Inputs], score: Score) -> Flip | None:
    """Find the single input whose smallest relative change puts another item first.

    returns   None when no input, multiplied by a thousandth to a thousand, does it
    raises    ValueError with fewer than two items
    """
    if len(items) < 2:
        raise ValueError("An order takes at least two items.")
    leader = _first(items, score)
    flips = (
        Flip(item=item, input=key, factor=factor)
        for item, inputs in items.items()
        for key in inputs
        for up in (False, True)
        if (factor := _turning(items, score, leader, (item, key, up))) is not None
    )
    return min(flips, key=lambda flip: abs(math.log(flip.factor)), default=None)


def insight_score(*, certainty: float, effect: float, reach: float, novelty: float, harm: bool) -> float:
    """Give c · (0.45 e + 0.35 m + 0.20 v) · h, 0–1; good news weighs 0.7 of harm.

    certainty, effect, reach, novelty   shares, from the four functions below
    """
    demand_shares(certainty=certainty, effect=effect, reach=reach, novelty=novelty)
    return certainty * (0.45 * effect + 0.35 * reach + 0.20 * novelty) * (1.0 if harm else 0.7)


def certainty_of(q: float) -> float:
    """Give 1 - q, q being the Benjamini-Hochberg one."""
    demand_shares(q=q)
    return 1 - q


def effect_of(change: float, matters: float) -> float:
    """Give min(1, |change| / (2 · matters)); both in the metric's unit."""
    demand_finite(change=change)
    demand_positive(matters=matters)
    return min(1.0, abs(change) / (2 * matters))


def reach_of(people: int, *, money: float = 0, material: float | None = None) -> float:
    """Give the larger of the people's weight and the money's share of a material amount.

    people     affected; a million weighs 1
    money      at stake, either sign; counted only where the team agreed a material amount
    """
    demand_counts(people=people)
    demand_finite(money=money)
    weight = min(1.0, math.log10(1 + people) / PEOPLE_DECADES)
    if material is None:
        return weight
    demand_positive(material=material)
    return max(weight, min(1.0, abs(money) / material))


def novelty_of(repeats: int) -> float:
    """Give 1 the first time, and half of it for each consecutive repeat of the same verdict."""
    demand_counts(repeats=repeats)
    return 0.5**repeats


def _lead(scores: Mapping[str, float], name: str, follower: str | None) -> float | None:
    if follower is None or scores[follower] <= 0:
        return None
    return scores[name] / scores[follower]


def _first(items: Mapping[str, Inputs], score: Score) -> str:
    scores = {name: score(**inputs) for name, inputs in items.items()}
    return max(scores, key=scores.__getitem__)


def _turning(
    items: Mapping[str, Inputs], score: Score, leader: str, where: tuple[str, str, bool]
) -> float | None:
    """Bisect the factor, between 1 and its thousandfold or thousandth, at which the first place turns."""
    item, key, up = where

    def turned(log_factor: float) -> bool:
        moved = {**items[item], key: items[item][key] * math.exp(log_factor)}
        return _first({**items, item: moved}, score) != leader

    near, far = 0.0, math.log(1000) * (1 if up else -1)
    if not turned(far):
        return None
    for _ in range(60):
        middle = (near + far) / 2
        near, far = (near, middle) if turned(middle) else (middle, far)
    return math.exp(far)
