"""The shape of muster.yaml: what a workspace says of itself, and every problem of the file at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from schema.checklists import Checklists, ItemSpec
from schema.configuration.documents import sound
from schema.configuration.language_models import check_language_model
from schema.configuration.mistakes import kind_of, read
from schema.configuration.own_metrics import read_own_metrics
from schema.configuration.people import read_people
from schema.configuration.products import Around, read_product
from schema.configuration.reviews import ReviewRules, read_reviews
from schema.configuration.source_rules import kinds_of, name_is_fine, read_source
from schema.errors import Refusal
from schema.language_models import LanguageModel
from schema.metrics import Catalogue, Metric
from schema.people import AWAY_EMOJI, Person
from schema.plain_values import ChannelId, Currency, Emoji, OneLine, TeamId, ZoneName
from schema.problems import Findings, Lines, Path, Problem, nearest, quoted
from schema.products import LABELS, Product
from schema.queries import dialect_of
from schema.sources import Frozen, Source, SqlSource

PARTS: Final = ("workspace", "sources", "metrics", "reviews", "people", "products")


class Workspace(Frozen):
    """One team's Slack workspace; zone and currency are defaults for its products."""

    name: OneLine
    slack_team: TeamId | None = None  # None: learned at the first connection
    zone: ZoneName | None = None
    currency: Currency | None = None
    audit_channel: ChannelId | None = None
    away_emoji: tuple[Emoji, ...] = AWAY_EMOJI  # of a Slack status that means: away
    language_model: LanguageModel | None = None  # None: every summary is written by rules alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A workspace as its file or its database says it; only ever made by `read_configuration`."""

    workspace: Workspace
    sources: Mapping[str, Source]
    metrics: tuple[Metric, ...]  # one's own, by key
    products: Mapping[str, Product]
    catalogue: Catalogue = field(compare=False)  # with one's own
    reviews: ReviewRules = field(default_factory=ReviewRules)
    items: tuple[ItemSpec, ...] = ()  # one's own questions; the program's are its checklists
    people: Mapping[str, Person] = field(default_factory=dict)  # by member id
    warnings: tuple[Problem, ...] = field(default=(), compare=False)


def read_configuration(
    document: object,
    positions: Lines | None = None,
    *,
    catalogue: Catalogue,
    today: date | None = None,
    stored: bool = False,
    checklists: Checklists | None = None,
) -> Configuration | list[Problem]:
    """Read a parsed muster.yaml, or say everything that is wrong with it.

    document   what the YAML holds: mappings, lists, text, numbers
    positions  1-based line of what stands at a path
    today      decides whether an assumption has expired; None leaves that out
    stored     it was read before it was stored: plain values are not checked again, nor SQL parsed again
    checklists the program's; None leaves out whether what products bind is asked for
    returns    a list only with at least one error in it; warnings then stand there too
    """
    findings = Findings(positions if positions is not None else {})
    root = document if stored else sound(document, (), findings)
    unbearable = {problem.path for problem in findings.problems}
    first = len(findings.problems)
    configuration = _read(root, catalogue, today, stored=stored, findings=findings, checklists=checklists)
    findings.problems[first:] = [each for each in findings.problems[first:] if each.path not in unbearable]
    if configuration is None or findings.errors:
        return findings.in_order()
    return replace(configuration, warnings=tuple(findings.in_order()))


def problems_in(
    document: object,
    positions: Lines | None = None,
    *,
    catalogue: Catalogue,
    today: date | None = None,
    checklists: Checklists | None = None,
) -> list[Problem]:
    """List every problem of a parsed file, warnings included."""
    result = read_configuration(document, positions, catalogue=catalogue, today=today, checklists=checklists)
    return list(result.warnings) if isinstance(result, Configuration) else result


def _read(
    root: Any,
    catalogue: Catalogue,
    today: date | None,
    *,
    stored: bool,
    findings: Findings,
    checklists: Checklists | None,
) -> Configuration | None:
    if not isinstance(root, Mapping) or not root:
        what = "The file is empty." if not root else f"The file is {kind_of(root)}, not a mapping."
        findings.error((), what, "Start with `workspace:`, `sources:` and `products:`.")
        return None
    for name in root:
        if name not in PARTS:
            findings.error((name,), f"{quoted(name)} is not a key here.", nearest(name, PARTS, kind="keys"))
    workspace = _workspace(root, findings)
    given_sources, given_products = _part(root, "sources", findings), _part(root, "products", findings)
    sources = _sources(given_sources, findings)
    own, own_names = read_own_metrics(root.get("metrics"), catalogue, findings)
    around = _around(root, sources, (*catalogue, *own), own_names=own_names, today=today, stored=stored)
    reviews, items = read_reviews(
        root.get("reviews"),
        checklists,
        (*catalogue, *own),
        findings,
        metric_names=around.metric_names,
    )
    if checklists is not None:
        around = replace(around, checklists=checklists.with_own(items))
    read_products = {key: read_product(key, body, around, findings) for key, body in given_products.items()}
    products = {key: product for key, product in read_products.items() if product is not None}
    people = read_people(_part(root, "people", findings), findings)
    if workspace is None or findings.errors:
        return None
    own = tuple(sorted(own, key=lambda metric: metric.key))
    return Configuration(
        workspace=workspace,
        sources=sources,
        metrics=own,
        products=products,
        catalogue=catalogue.with_own(own),
        reviews=reviews,
        items=items,
        people=people,
    )


def _workspace(root: Mapping[str, Any], findings: Findings) -> Workspace | None:
    given = root.get("workspace")
    if given is None:
        findings.error((), "`workspace` is missing.", "Add `workspace: {name: …, zone: …, currency: …}`.")
        return None
    path: Path = ("workspace",)
    workspace = read(Workspace, given, path, findings)
    if workspace is not None:
        check_language_model(workspace.language_model, (*path, "language_model"), findings)
    return workspace


def _part(root: Mapping[str, Any], name: str, findings: Findings) -> Mapping[str, Any]:
    given = root.get(name)
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return given
    findings.error(
        (name,), f"`{name}` is {kind_of(given)}, not a mapping.", "Write one `NAME:` a line below it."
    )
    return {}


def _sources(given: Mapping[str, Any], findings: Findings) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name, body in given.items():
        path: Path = ("sources", name)
        source = read_source(body, path, findings)
        if name_is_fine(name, path, findings) and source is not None:
            found[name] = source
    return found


def _around(
    root: Mapping[str, Any],
    sources: Mapping[str, Source],
    metrics: tuple[Metric, ...],
    *,
    own_names: frozenset[str],
    today: date | None,
    stored: bool,
) -> Around:
    given = root.get("workspace")
    workspace = given if isinstance(given, Mapping) else {}
    # a default that is wrong is told where it stands, once, and not again in every product
    stands_in = {"zone": "UTC", "currency": "EUR"}
    defaults = {
        name: _sound_or(workspace[name], name, other)
        for name, other in stands_in.items()
        if name in workspace
    }
    return Around(
        defaults=defaults,
        kinds=kinds_of(root.get("sources")),
        dialects={name: None if stored else _dialect(source) for name, source in sources.items()},
        metrics={metric.key: metric for metric in metrics},
        metric_names=frozenset(metric.key for metric in metrics) | own_names,
        labels=LABELS | labels_in(metrics),
        today=today,
    )


def _sound_or(given: object, name: str, other: str) -> object:
    tried = Findings()
    return given if read(Workspace, {"name": "x", name: given}, (), tried) is not None and given else other


def _dialect(source: Source) -> str:
    if not isinstance(source, SqlSource) or not isinstance(source.url, str):
        return ""
    try:
        return dialect_of(source.url)
    except Refusal:
        return ""


def labels_in(metrics: tuple[Metric, ...]) -> frozenset[str]:
    """Name the labels that the texts of metrics use."""
    texts = " ".join(f"{metric.plain} {metric.what} {metric.not_meaning} {metric.note}" for metric in metrics)
    return frozenset(re.findall(r"\{label\.([a-z_]+)\}", texts))
