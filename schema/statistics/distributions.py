"""The normal and Student t distributions, from the standard library alone."""

import math
from functools import lru_cache
from statistics import NormalDist

from schema.statistics.figures import demand_inside

_ROOT_2 = math.sqrt(2)
_TINY = 1e-300  # stands in for 0 in the continued fraction (Lentz)
_MANY_FREEDOMS = 1000  # above it Hill's expansion is closer than the continued fraction
_STEPS = 500
_SMALLEST_T, _LARGEST_T = 1e-100, 1e100


@lru_cache(maxsize=256)
def normal_quantile(confidence: float) -> float:
    """Give z so that a normal value lies within ±z with this confidence (0.95 → 1.959964).

    raises   ValueError unless 0 < confidence < 1
    """
    demand_inside(confidence=confidence)
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def normal_p(z: float) -> float:
    """Give the two-sided p of a normal z; an infinite z gives 0."""
    if math.isnan(z):
        raise ValueError("z is not a number.")
    return math.erfc(abs(z) / _ROOT_2)


def student_p(t: float, freedoms: float) -> float:
    """Give the two-sided p of a Student t; beyond ±1e100 it is 0.

    raises   ValueError when t is not a number, or with less than one degree of freedom
    source   regularised incomplete beta, I(f / (f + t²); f/2, 1/2); above 1,000 degrees
             of freedom G. W. Hill's expansion (Algorithm 395, CACM 1970)
    """
    if math.isnan(t):
        raise ValueError("t is not a number.")
    _demand_a_freedom(freedoms)
    if not _SMALLEST_T < abs(t) < _LARGEST_T:  # beyond, its square leaves the floats
        return 1.0 if abs(t) <= _SMALLEST_T else 0.0
    if freedoms > _MANY_FREEDOMS:
        return normal_p(_normal_of_student(t, freedoms))
    return _tail(t, freedoms)


def student_cdf(t: float, freedoms: float) -> float:
    """Give the chance that a Student t value is at most t."""
    half = student_p(t, freedoms) / 2
    return half if t < 0 else 1 - half


@lru_cache(maxsize=4096)
def student_quantile(confidence: float, freedoms: float) -> float:
    """Give t so that a Student value lies within ±t with this confidence.

    raises   ValueError unless 0 < confidence < 1 and freedoms ≥ 1
    """
    demand_inside(confidence=confidence)
    _demand_a_freedom(freedoms)
    # Newton from the normal quantile never overshoots: Student's tail is heavier and convex.
    t = normal_quantile(confidence)
    for _ in range(_STEPS):
        step = (student_p(t, freedoms) - (1 - confidence)) / (2 * _density(t, freedoms))
        t += step
        if abs(step) <= 1e-14 * t:
            break
    return t


def _demand_a_freedom(freedoms: float) -> None:
    if not 1 <= freedoms < math.inf:
        raise ValueError(f"{freedoms} degrees of freedom; at least one is needed, and not endlessly many.")


def _density(t: float, freedoms: float) -> float:
    log_beta = _log_beta_half(freedoms / 2) + math.log(freedoms) / 2
    return math.exp(-(freedoms + 1) / 2 * math.log1p(t * t / freedoms) - log_beta)


def _log_beta_half(a: float) -> float:
    """Give log B(a, 1/2); the series avoids the cancellation of two large log-gammas."""
    if a < 50:
        return math.lgamma(a) + math.lgamma(0.5) - math.lgamma(a + 0.5)
    series = 1 - 1 / (8 * a) + 1 / (128 * a**2) + 5 / (1024 * a**3) - 21 / (32768 * a**4)
    return math.log(math.pi / a) / 2 - math.log(series)


def _tail(t: float, freedoms: float) -> float:
    square = t * t
    a = freedoms / 2
    x = 1 / (1 + square / freedoms)
    rest = 1 / (1 + freedoms / square)  # 1 - x without its rounding error
    log_front = -a * math.log1p(square / freedoms) + math.log(rest) / 2 - _log_beta_half(a)
    front = math.exp(log_front)
    if x < (a + 1) / (a + 2.5):
        return min(1.0, front * _fraction(x, a, 0.5) / a)
    return max(0.0, 1 - front * _fraction(rest, 0.5, a) / 0.5)


def _fraction(x: float, a: float, b: float) -> float:
    """Give the continued fraction of the incomplete beta (DLMF 8.17.22), by Lentz's method."""
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        for term in _terms(m, x, a, b):
            d = 1 / _off_zero(1 + term * d)
            c = _off_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def _terms(m: int, x: float, a: float, b: float) -> tuple[float, float]:
    even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return even, odd


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _normal_of_student(t: float, freedoms: float) -> float:
    a = freedoms - 0.5
    b = 48 * a * a
    square = a * math.log1p(t * t / freedoms)
    correction = ((-0.4 * square - 3.3) * square - 24) * square - 85.5
    correction /= 0.8 * square * square + 100 + b
    return ((correction + square + 3) / b + 1) * math.sqrt(square)
