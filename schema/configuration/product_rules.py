"""What must fit together within one product, and between it and the metrics that exist."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from schema.metrics import Direction, Form, Metric, Unit
from schema.periods import Cadence
from schema.problems import Findings, Path, either, listed, nearest, quoted
from schema.products import NOUNS, Assumption, ProductMetric, Since
from schema.recurrences import tidy
from schema.sources import AnyQuery, HttpJsonQuery

_UNCOUNTED: Final = frozenset({Unit.MONEY, Unit.COUNT, Unit.OWN})  # 0 is an ordinary value of these
_DISTANCES: Final = frozenset({Form.GAP, Form.DRIFT})  # 0 is what one hopes for


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A product while it is read: what the file names, and what of it is sound so far."""

    path: Path
    body: Mapping[str, Any]
    queries: Mapping[str, AnyQuery]
    metrics: Mapping[str, ProductMetric]
    assumptions: Mapping[str, Assumption]

    def named(self, part: str) -> tuple[str, ...]:
        """List the keys of a part as the file has them, sound or not."""
        given = self.body.get(part)
        return tuple(given) if isinstance(given, Mapping) else ()

    @property
    def milestones(self) -> tuple[str, ...]:
        """List the names of the milestones as the file has them."""
        given = self.body.get("milestones")
        entries = [entry for entry in given if isinstance(entry, Mapping)] if isinstance(given, list) else []
        return tuple(str(entry["name"]) for entry in entries if "name" in entry)


def must_state_matters(metric: Metric) -> bool:
    """Tell whether a level may be 0 or negative, so that a part of the previous level is no measure of a change.

    A share or a duration of exactly 0 is possible too, but rare; such a period is then judged as `cannot tell`.
    """
    if metric.minimum is None or metric.minimum < 0:
        return True
    return metric.minimum == 0 and (metric.unit in _UNCOUNTED or metric.form in _DISTANCES)


def check_people(draft: Draft, findings: Findings) -> None:
    """Note owners who are one person, and readers who are nobody."""
    owner, backup = draft.body.get("owner"), draft.body.get("backup_owner")
    if isinstance(owner, str) and owner == backup:
        what = "The owner and the backup owner are the same person."
        findings.error(
            (*draft.path, "backup_owner"), what, "Name another one, who is told when the first is away."
        )
    if draft.body.get("readers") == "roles" and not draft.body.get("roles"):
        what = "Only roles may read this product, and nobody holds one."
        findings.warning((*draft.path, "readers"), what, "Add `roles`, or only the two owners can read it.")


def check_words(draft: Draft, labels: Iterable[str], findings: Findings) -> None:
    """Note nouns and labels that no text would use, and milestones of one name."""
    for part, known in (("nouns", frozenset(NOUNS)), ("labels", frozenset(labels))):
        for name in draft.named(part):
            if name not in known:
                what = f"No text uses the {part.removesuffix('s')} {quoted(name)}."
                findings.error((*draft.path, part, name), what, nearest(name, known, kind=part))
    for place, name in enumerate(draft.milestones):
        if name in draft.milestones[:place]:
            what = f"There are two milestones {quoted(name)}."
            findings.error((*draft.path, "milestones", place), what, "Give each a name of its own.")


def check_assumptions(draft: Draft, today: date | None, findings: Findings) -> None:
    """Warn of assumptions that nobody owns or whose last day has passed."""
    for name, assumption in draft.assumptions.items():
        path = (*draft.path, "assumptions", name)
        if assumption.owner is None:
            findings.warning(path, f"Nobody owns the assumption {quoted(name)}.", "Add `owner: U…`.")
        if today is not None and assumption.expired(today):
            what = f"The assumption {quoted(name)} held until {assumption.until}."
            findings.warning((*path, "until"), what, "Let its owner confirm it, and set a later day.")
        if (assumption.unit is Unit.OWN) != (assumption.unit_name is not None):
            findings.error(path, "`unit_name` belongs to `unit: own`.", "Write both, or neither.")


def check_brief(draft: Draft, findings: Findings) -> None:
    """Note what a brief is asked to show and the product does not measure."""
    brief = draft.body.get("brief")
    show = brief.get("show") if isinstance(brief, Mapping) else None
    for place, name in enumerate(show if isinstance(show, list) else ()):
        if isinstance(name, str) and name not in draft.named("metrics"):
            what = f"This product has no metric {quoted(name)}."
            findings.error((*draft.path, "brief", "show", place), what, nearest(name, draft.named("metrics")))


def check_standup(draft: Draft, findings: Findings) -> None:
    """Note a standup whose day does not fit how long the product's periods are."""
    given = draft.body.get("standup")
    on = given.get("on") if isinstance(given, Mapping) else None
    ordinal = isinstance(on, str) and " " in tidy(on)
    if (
        isinstance(given, Mapping)
        and draft.body.get("cadence") == Cadence.MONTH
        and given.get("every", 1) != 1
    ):
        what = "This product tells of months, and its standup would be every few weeks."
        findings.error(
            (*draft.path, "standup", "every"), what, "Leave `every` out, or write `cadence: week`."
        )
    if ordinal and draft.body.get("cadence", Cadence.WEEK) == Cadence.WEEK:
        what = "This standup is once a month and tells of the last week only."
        findings.warning(
            (*draft.path, "standup", "on"), what, "Write `cadence: month` to have it tell of the month."
        )


def check_metric(draft: Draft, metric: Metric, findings: Findings) -> None:
    """Note what does not fit between a metric and how the product uses it, as far as that can be read."""
    path: Path = (*draft.path, "metrics", metric.key)
    given = draft.body["metrics"][metric.key]
    query = given.get("query") if isinstance(given, Mapping) else None
    if isinstance(query, str):
        _query(draft, metric, query, path=(*path, "query"), findings=findings)
    used = draft.metrics.get(metric.key)
    if used is not None:
        _numbers(metric, used, path, findings)
        _milestones(draft, used, path, findings)
    _needs(draft, metric, path, findings)
    _countermetrics(draft, metric, path, findings)


def _query(draft: Draft, metric: Metric, name: str, *, path: Path, findings: Findings) -> None:
    if name not in draft.named("queries"):
        what = f"This product has no query {quoted(name)}."
        findings.error(path, what, nearest(name, draft.named("queries"), kind="queries"))
    query = draft.queries.get(name)
    if query is None:
        return
    if query.shape not in metric.accepts:
        what = f"{quoted(metric.key)} cannot be computed from the shape {quoted(query.shape)}."
        findings.error(path, what, f"It takes {either(metric.accepts)}.")
    if metric.grouped and not has_groups(query):
        what = f"{quoted(metric.key)} compares groups, and its query gives one row."
        findings.error(path, what, "Add `groups` (for http_json `rows` and `group`) to the query.")
    if not metric.grouped and has_groups(query):
        what = f"{quoted(metric.key)} is one value, and its query gives a row for each group."
        findings.warning(path, what, "Use a query without groups to have a value for everybody.")


def has_groups(query: AnyQuery) -> bool:
    """Tell whether a query gives a row for each group."""
    return query.group is not None if isinstance(query, HttpJsonQuery) else bool(query.groups)


def _numbers(metric: Metric, used: ProductMetric, path: Path, findings: Findings) -> None:
    if used.matters is None and must_state_matters(metric):
        what = f"{quoted(metric.key)} may be 0 or negative, so there is no default for the smallest change that matters."
        findings.error(path, what, "Add `matters: …`, in the metric's unit.")
    if used.matters is not None and metric.unit is Unit.SHARE and used.matters >= 1:
        findings.error((*path, "matters"), *_percent(used.matters))
    if used.target is None:
        return
    for end in used.target.ends:
        for what, works in out_of_range(metric, end):
            findings.error((*path, "target"), what, works)
    _direction(metric, used, path, findings)


def out_of_range(metric: Metric, value: Decimal) -> list[tuple[str, str]]:
    """Say what is wrong with a value that a metric never has, and what would work; empty for a possible one."""
    below = metric.minimum is not None and value < metric.minimum
    above = metric.maximum is not None and value > metric.maximum
    if not below and not above:
        return []
    if metric.unit is Unit.SHARE and value > 1:
        return [_percent(value)]
    return [(f"{quoted(metric.key)} never has the value {value}.", _range(metric))]


def _percent(given: Decimal) -> tuple[str, str]:
    return f"{quoted(str(given))} is more than a whole.", "Shares go from 0 to 1: write 80 % as 0.80."


def _range(metric: Metric) -> str:
    low = "" if metric.minimum is None else f"from {metric.minimum}"
    high = "" if metric.maximum is None else f"up to {metric.maximum}"
    return f"It goes {' '.join(part for part in (low, high) if part)}."


def _direction(metric: Metric, used: ProductMetric, path: Path, findings: Findings) -> None:
    target = used.target
    if target is None or target.between is not None:
        return
    wrong = Direction.LOWER if target.at_least is not None else Direction.HIGHER
    if metric.direction is wrong:
        said, meant = ("at_least", "at_most") if wrong is Direction.LOWER else ("at_most", "at_least")
        what = f"For {quoted(metric.key)} {wrong} is better, and the target says {quoted(said)}."
        findings.warning((*path, "target"), what, f"Did you mean {quoted(meant)}?")


def _milestones(draft: Draft, used: ProductMetric, path: Path, findings: Findings) -> None:
    for place, comparison in enumerate(used.compare):
        if isinstance(comparison, Since) and comparison.since not in draft.milestones:
            what = f"This product has no milestone {quoted(comparison.since)}."
            works = nearest(comparison.since, draft.milestones, kind="milestones")
            findings.error((*path, "compare", place), what, works)


def _needs(draft: Draft, metric: Metric, path: Path, findings: Findings) -> None:
    missing = [name for name in metric.needs if name not in draft.named("assumptions")]
    if missing:
        what = (
            f"{quoted(metric.key)} needs the assumption{'s' if len(missing) > 1 else ''} {listed(missing)}."
        )
        works = "Add under `assumptions:` with value, unit, owner, until and means."
        findings.error(path, what, works)


def _countermetrics(draft: Draft, metric: Metric, path: Path, findings: Findings) -> None:
    """Warn where a gain would have nothing to stand beside; one measured countermetric is enough."""
    if metric.good_is_up is None or metric.supporting or not metric.countermetrics:
        return
    if any(key in draft.named("metrics") for key in metric.countermetrics):
        return
    one = len(metric.countermetrics) == 1
    role = "is a countermetric" if one else "are countermetrics"
    what = (
        f"{listed(metric.countermetrics)} {role} of {quoted(metric.key)}"
        f" and {'has' if one else 'have'} no query here."
    )
    works = (
        "A gain will be posted with “its countermetric is not measured”; measure one to have the gain stand."
    )
    findings.warning(path, what, works)
