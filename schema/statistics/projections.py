"""Where a series may stand some periods on, at its own past pace: a range, never one number."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from schema.statistics.certainty import FEWEST_PAST_CHANGES
from schema.statistics.distributions import student_p, student_quantile
from schema.statistics.figures import demand_finite, demand_some


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The values that are likely after some periods, if the coming changes are like the past ones."""

    low: float
    high: float
    centre: float
    error: float  # standard error of the centre as a forecast
    changes: int  # past ones that it rests on

    def doubt(self, goal: float) -> float:
        """Give the two-sided p of ending as far from the centre as a goal lies."""
        demand_finite(goal=goal)
        return student_p((goal - self.centre) / self.error, self.changes - 1)


def project(history: Sequence[float | None], ahead: int, *, confidence: float = 0.95) -> Projection | None:
    """Carry a series on by its own period-to-period changes.

    history  past levels, oldest first, the newest known; a change counts only between two neighbours that both are
    ahead    how many periods on
    returns  last + ahead · mean ± t · sd · √(ahead + ahead²/changes); None with fewer than 8 changes, or where the
             past never varied, since its future would be one number
    """
    demand_some(ahead=ahead)
    changes = [b - a for a, b in itertools.pairwise(history) if a is not None and b is not None]
    last = history[-1] if history else None
    if last is None or len(changes) < FEWEST_PAST_CHANGES:
        return None
    sd = statistics.stdev(changes)
    centre = last + ahead * statistics.fmean(changes)
    error = sd * math.sqrt(ahead + ahead**2 / len(changes))
    if error <= 0:
        return None
    demand_finite(centre=centre, error=error)
    half = student_quantile(confidence, len(changes) - 1) * error
    return Projection(low=centre - half, high=centre + half, centre=centre, error=error, changes=len(changes))
