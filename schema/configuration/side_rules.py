"""What must fit between a metric and its side questions: its mix, its other sources and its other limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schema.configuration.product_rules import Draft, has_groups
from schema.metrics import Form, Metric, Unit
from schema.problems import Findings, Path, either, nearest, quoted
from schema.products import ProductMetric
from schema.readings import Shape
from schema.sources import AnyQuery, SqlQuery

COUNTED: Final = frozenset({Shape.CONFUSION, Shape.PROPORTION})
A_GROUP_AND_A_PART: Final = 2  # columns
PRICED: Final = "net_benefit"  # the function whose metric says what a limit earns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Used:
    """A metric as a product of the file uses it, and where that stands."""

    draft: Draft
    metric: Metric
    given: ProductMetric
    path: Path
    findings: Findings

    def query(self, name: str | None) -> AnyQuery | None:
        """Give a query that is sound."""
        return self.draft.queries.get(name) if name is not None else None


def check_sides(draft: Draft, metric: Metric, findings: Findings) -> None:
    """Note side questions that nobody could answer, or whose answer would say nothing."""
    path, given = (*draft.path, "metrics", metric.key), draft.metrics.get(metric.key)
    if given is None:
        return
    for where, name in _asked(given, path):
        if name not in draft.named("queries"):
            what = f"This product has no query {quoted(name)}."
            findings.error(where, what, nearest(name, draft.named("queries"), kind="queries"))
        elif name == given.query:
            findings.error(
                where, f"{quoted(name)} is the metric's own query.", "Name another query, or leave it out."
            )
        elif (query := draft.queries.get(name)) is not None:
            _shape(metric, query, where, findings)
    used = _Used(draft=draft, metric=metric, given=given, path=path, findings=findings)
    _mix(used)
    _also(used)
    _alternatives(used)


def _asked(given: ProductMetric, path: Path) -> Iterator[tuple[Path, str]]:
    """Give each side query with its place in the file."""
    if given.mix is not None:
        yield (*path, "mix"), given.mix
    yield from (((*path, "also", place), name) for place, name in enumerate(given.also))
    yield from (((*path, "alternatives", which.value), name) for which, name in given.alternatives.items())


def _shape(metric: Metric, query: AnyQuery, where: Path, findings: Findings) -> None:
    if query.shape not in metric.accepts:
        what = f"{quoted(metric.key)} cannot be computed from the shape {quoted(query.shape)}."
        findings.error(where, what, f"It takes {either(metric.accepts)}.")


def _mix(used: _Used) -> None:
    if (used.given.mix is None) != (used.given.mix_name is None):
        where = "mix" if used.given.mix is not None else "mix_name"
        what = "`mix` and `mix_name` belong together."
        used.findings.error(
            (*used.path, where), what, "Write both, such as `mix: by_device` and `mix_name: device`."
        )
    query = used.query(used.given.mix)
    if query is None or used.given.mix == used.given.query:
        return
    place: Path = (*used.path, "mix")
    if used.metric.grouped:
        _mix_of_groups(used.metric, query, place, used.findings)
    elif used.metric.unit is not Unit.SHARE or used.metric.form is not Form.PROPORTION:
        what = f"{quoted(used.metric.key)} is no share, so its change cannot be split by a mix."
        used.findings.error(
            place, what, "Leave `mix` out; it works for metrics that count so many of so many."
        )
    elif query.shape in used.metric.accepts and query.shape not in COUNTED:
        what = f"A mix needs counts, and {quoted(used.given.mix)} gives the shape {quoted(query.shape)}."
        used.findings.error(place, what, f"Use {either(sorted(COUNTED & set(used.metric.accepts)))}.")
    elif not has_groups(query):
        what = f"A mix needs a row for each part, and {quoted(used.given.mix)} gives one row."
        used.findings.error(place, what, "Add `groups` (for http_json `rows` and `group`) to the query.")


def _mix_of_groups(metric: Metric, query: AnyQuery, where: Path, findings: Findings) -> None:
    if not isinstance(query, SqlQuery) or len(query.groups) != A_GROUP_AND_A_PART:
        what = f"{quoted(metric.key)} compares groups, so its mix needs the group and the part of each row."
        findings.error(
            where, what, "Use an sql query with two columns in `groups`: first the group, then the part."
        )


def _also(used: _Used) -> None:
    if used.given.also and used.metric.grouped:
        what = f"{quoted(used.metric.key)} compares groups, and `also` sets one figure for everybody beside another."
        used.findings.error((*used.path, "also"), what, "Leave `also` out here.")
        return
    for place, name in enumerate(used.given.also):
        _one_row(used.draft, name, (*used.path, "also", place), used.findings)
        if name in used.given.also[:place]:
            used.findings.error(
                (*used.path, "also", place), f"{quoted(name)} stands there twice.", "Name it once."
            )


def _alternatives(used: _Used) -> None:
    if used.given.alternatives and used.metric.function != PRICED:
        what = f"{quoted(used.metric.key)} does not say what a limit earns, so other limits cannot be weighed by it."
        used.findings.error((*used.path, "alternatives"), what, f"Write them at {quoted(PRICED)}.")
        return
    for which, name in used.given.alternatives.items():
        where = (*used.path, "alternatives", which.value)
        _counted(used.draft, name, where, used.findings)
        _one_row(used.draft, name, where, used.findings)
    if used.given.alternatives:
        _counted(used.draft, used.given.query, (*used.path, "query"), used.findings)


def _counted(draft: Draft, name: str, where: Path, findings: Findings) -> None:
    query = draft.queries.get(name)
    if query is not None and query.shape not in COUNTED:
        what = f"Limits are compared by counts, and {quoted(name)} gives the shape {quoted(query.shape)}."
        findings.error(where, what, f"Use {either(sorted(COUNTED))}.")


def _one_row(draft: Draft, name: str, where: Path, findings: Findings) -> None:
    query = draft.queries.get(name)
    if query is not None and has_groups(query):
        what = f"{quoted(name)} gives a row for each group, and one figure is wanted here."
        findings.error(where, what, "Use a query without groups.")
