"""One product of the file, read part by part so that one mistake hides no other."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from schema.checklists import Checklists
from schema.configuration.goal_rules import check_goals
from schema.configuration.mistakes import kind_of, read
from schema.configuration.product_rules import (
    Draft,
    check_assumptions,
    check_brief,
    check_metric,
    check_people,
    check_standup,
    check_words,
)
from schema.configuration.requirement_rules import check_bindings
from schema.configuration.side_rules import check_sides
from schema.configuration.source_rules import Kinds, name_is_fine, read_query
from schema.metrics import Metric
from schema.problems import Findings, Path, nearest, quoted
from schema.products import Assumption, Product, ProductMetric
from schema.sources import AnyQuery

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a product may refer to outside itself."""

    defaults: Mapping[str, Any]  # zone and currency of the workspace
    kinds: Kinds
    dialects: Mapping[str, str | None]  # SQL dialect by source; None: its SQL was checked before
    metrics: Mapping[str, Metric]
    metric_names: frozenset[str]  # broken ones of the file included
    labels: frozenset[str]
    today: date | None
    checklists: Checklists | None = None  # None: what it binds was checked before


def read_product(key: str, given: object, around: Around, findings: Findings) -> Product | None:
    """Read one product; None when it has mistakes, which are then noted."""
    path: Path = ("products", key)
    if not _KEY.fullmatch(key):
        works = "Use small letters, digits and hyphens, at most 40."
        findings.error(path, f"{quoted(key)} is no key of a product.", works)
    if not isinstance(given, Mapping):
        findings.error(
            path, f"A product is a mapping; this is {kind_of(given)}.", "Write `title`, `owner` and so on."
        )
        return None
    body = {name: value for name, value in given.items() if value is not None}
    if "key" in body:
        findings.error((*path, "key"), "`key` is not a key here.", "The product's key is the name above it.")
    draft = _draft(path, body, around, findings)
    _check(draft, around, findings)
    parts = {"queries": draft.queries, "metrics": draft.metrics, "assumptions": draft.assumptions}
    sound = {name: part for name, part in parts.items() if isinstance(body.get(name, {}), Mapping)}
    product = read(Product, {**around.defaults, **body, **sound, "key": key}, path, findings)
    if product is not None and product.reviews and around.checklists is not None:
        check_bindings(
            product.reviews,
            (*path, "reviews"),
            around.checklists,
            metrics=around.metrics,
            used=draft.metrics,
            findings=findings,
        )
    return product


def _draft(path: Path, body: Mapping[str, Any], around: Around, findings: Findings) -> Draft:
    def query(given: object, where: Path) -> AnyQuery | None:
        if not name_is_fine(str(where[-1]), where, findings):
            return None
        return read_query(
            given,
            where,
            kinds=around.kinds,
            dialect=lambda name: around.dialects.get(name, ""),
            findings=findings,
        )

    return Draft(
        path=path,
        body=body,
        queries=_each(body, "queries", path, query),
        metrics=_each(body, "metrics", path, _reader(ProductMetric, findings)),
        assumptions=_each(body, "assumptions", path, _reader(Assumption, findings)),
    )


def _each(
    body: Mapping[str, Any], part: str, path: Path, one: Callable[[object, Path], Part | None]
) -> dict[str, Part]:
    given = body.get(part)
    if not isinstance(given, Mapping):
        return {}
    found = {name: one(inner, (*path, part, name)) for name, inner in given.items()}
    return {name: value for name, value in found.items() if value is not None}


Model = TypeVar("Model", bound=BaseModel)


def _reader(model: type[Model], findings: Findings) -> Callable[[object, Path], Model | None]:
    return lambda given, where: read(model, given, where, findings)


def _check(draft: Draft, around: Around, findings: Findings) -> None:
    check_people(draft, findings)
    check_words(draft, around.labels, findings)
    check_assumptions(draft, around.today, findings)
    check_brief(draft, findings)
    check_standup(draft, findings)
    for name in draft.named("metrics"):
        if name not in around.metric_names:
            what = f"There is no metric {quoted(name)}."
            findings.error(
                (*draft.path, "metrics", name), what, nearest(name, around.metric_names, kind="metrics")
            )
        elif name in around.metrics:
            check_metric(draft, around.metrics[name], findings)
            check_sides(draft, around.metrics[name], findings)
            check_goals(draft, around.metrics[name], around.today, findings)
