"""How many cases settle a question, and how often many looks at nothing raise an alarm."""

import math
from functools import lru_cache

from schema.statistics.distributions import normal_quantile
from schema.statistics.figures import demand_inside, demand_some

MOST_LOOKS = 1000  # more is a mistake, and the computation grows with the square
_STEP = 0.2  # grid of the integration, in standard deviations of one look


def cases_for_a_change(before: float, now: float, *, power: float = 0.8, confidence: float = 0.95) -> int:
    """Give the cases each period needs for before → now to be seen with this power.

    before, now   shares, both strictly between 0 and 1
    raises        ValueError when they are equal: no number of cases shows no change
    source        METRICS.md 3.2, the textbook formula (statsmodels' arcsine form gives a few fewer)
    """
    demand_inside(before=before, now=now, power=power)
    if before == now:
        raise ValueError("Both shares are the same; no number of cases shows a change.")
    mean = (before + now) / 2
    alpha = normal_quantile(confidence) * math.sqrt(2 * mean * (1 - mean))
    beta = _one_sided(power) * math.sqrt(before * (1 - before) + now * (1 - now))
    return max(1, math.ceil(((alpha + beta) / (now - before)) ** 2))


def cases_for_a_precision(share: float, half_width: float, *, confidence: float = 0.95) -> int:
    """Give the least n at which Wilson's interval around the share is ± half_width or closer.

    source   METRICS.md 3.2
    """
    demand_inside(share=share, half_width=half_width)
    z = normal_quantile(confidence)
    enough = 1
    while _wilson_half(share, enough, z) > half_width:
        enough *= 2
    low = enough // 2
    while enough - low > 1:
        middle = (low + enough) // 2
        low, enough = (middle, enough) if _wilson_half(share, middle, z) > half_width else (low, middle)
    return enough


def any_false_alarm(looks: int, *, level: float = 0.05) -> float:
    """Give the chance of at least one false alarm in independent looks at nothing.

    source   METRICS.md 3.3: 1 - (1 - level)^looks
    """
    demand_some(looks=looks)
    demand_inside(level=level)
    return -math.expm1(looks * math.log1p(-level))


def expected_false_alarms(looks: int, *, level: float = 0.05) -> float:
    """Give the expected number of false alarms in as many looks at nothing."""
    demand_some(looks=looks)
    demand_inside(level=level)
    return looks * level


@lru_cache(maxsize=64)
def any_false_alarm_while_growing(looks: int, *, level: float = 0.05) -> float:
    """Give the chance of at least one false alarm when each look has all data so far.

    looks    1 to 1,000, at equal steps of the sample
    source   Armitage, McPherson & Rowe 1969: the density of the sum that no look has flagged
             yet, carried from look to look by Simpson's rule
    """
    demand_some(looks=looks)
    if looks > MOST_LOOKS:
        raise ValueError(f"{looks} looks; at most {MOST_LOOKS} can be computed.")
    limit = normal_quantile(1 - level)
    points, weights = _grid(limit)
    density = [_bell(point) for point in points]
    for look in range(2, looks + 1):
        mass = [w * d for w, d in zip(weights, density, strict=True)]
        here, next_weights = _grid(limit * math.sqrt(look))
        density = [
            sum(m * _bell(x - y) for m, y in zip(mass, points, strict=True) if m and abs(x - y) < 8)
            for x in here
        ]
        points, weights = here, next_weights
    return 1 - sum(w * d for w, d in zip(weights, density, strict=True))


def smallest_visible_change(n: int, m: int, share: float, *, confidence: float = 0.95) -> float:
    """Give the change between n and m cases around a share that would just be told from none.

    returns  a share; the pooled standard error times z
    source   METRICS.md (e) 4
    """
    demand_some(n=n, m=m)
    demand_inside(share=share)
    return normal_quantile(confidence) * math.sqrt(share * (1 - share) * (1 / n + 1 / m))


def _one_sided(power: float) -> float:
    return math.copysign(normal_quantile(abs(2 * power - 1)), power - 0.5) if power != 0.5 else 0.0


def _wilson_half(share: float, n: int, z: float) -> float:
    return z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)


def _bell(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _grid(reach: float) -> tuple[list[float], list[float]]:
    """Give Simpson's points and weights from -reach to reach."""
    pieces = 2 * math.ceil(reach / _STEP)
    width = 2 * reach / pieces
    points = [i * width - reach for i in range(pieces + 1)]
    weights = [width / 3 * (4 if i % 2 else 2) for i in range(pieces + 1)]
    weights[0] = weights[-1] = width / 3
    return points, weights
