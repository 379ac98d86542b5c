"""What must fit between a metric and its goal, or the most that one group may be of it."""

from datetime import date
from decimal import Decimal
from typing import Final

from schema.configuration.product_rules import Draft, out_of_range
from schema.estimates.groups import RATES
from schema.metrics import Metric
from schema.problems import Findings, Path, quoted
from schema.products import Goal, ProductMetric


def check_goals(draft: Draft, metric: Metric, today: date | None, findings: Findings) -> None:
    """Note a goal that cannot be followed, and a limit for groups where there are none."""
    path, given = (*draft.path, "metrics", metric.key), draft.metrics.get(metric.key)
    if given is None:
        return
    if given.goal is not None:
        _goal(metric, given, given.goal, path=(*path, "goal"), findings=findings)
        _day(given.goal, today, (*path, "goal", "by"), findings)
    if given.concentration is not None and metric.function not in RATES:
        what = f"{quoted(metric.key)} counts no hits of groups, so no group can be most of them."
        findings.error((*path, "concentration"), what, GROUPED)


GROUPED: Final = (
    "It goes with a share that is compared between groups, such as `demographic_parity_difference`."
)


def _goal(metric: Metric, given: ProductMetric, goal: Goal, *, path: Path, findings: Findings) -> None:
    if metric.good_is_up is None:
        what = f"For {quoted(metric.key)} neither way is better, so there is no goal to come nearer to."
        findings.error(path, what, "Write `target: {between: [low, high]}` instead.")
    if given.window > 1:
        what = (
            f"One value of {quoted(metric.key)} joins {given.window} periods, so its pace cannot be followed."
        )
        findings.error(path, what, "Leave out the goal, or the `window`.")
    for what, works in out_of_range(metric, Decimal(goal.reach)):
        findings.error((*path, "reach"), what, works)


def _day(goal: Goal, today: date | None, path: Path, findings: Findings) -> None:
    if today is not None and goal.by < today:
        what = f"The day of the goal, {goal.by}, has passed."
        findings.warning(path, what, "Set a later day, or remove the goal.")
