"""Metrics that a workspace defines for itself: the same fields and the same rules as the catalogue's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from schema.configuration.mistakes import kind_of, read
from schema.metrics import Catalogue, Metric, Unit
from schema.plain_values import SENTENCE_CHARACTERS, unsafe
from schema.problems import Findings, Path, nearest, quoted
from schema.products import NOUNS

_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_TEXTS: Final = (
    "name",
    "plain",
    "family",
    "formula",
    "unit_name",
    "what",
    "not_meaning",
    "misreading",
    "note",
)
_SAID: Final = (
    "plain",
    "what",
    "not_meaning",
    "misreading",
    "note",
)  # these are printed as sentences: no digit
_PHRASES: Final = ("of", "hit", "rest", "subject")


def read_own_metrics(
    given: object, catalogue: Catalogue, findings: Findings
) -> tuple[tuple[Metric, ...], frozenset[str]]:
    """Read `metrics:`; gives the sound ones, and the keys of all that the file defines."""
    if given is None:
        return (), frozenset()
    if not isinstance(given, list):
        findings.error(
            ("metrics",), f"`metrics` is {kind_of(given)}, not a list.", "Write one `- key: …` for each."
        )
        return (), frozenset()
    names = [str(entry["key"]) for entry in given if isinstance(entry, Mapping) and "key" in entry]
    known = frozenset(names) | {metric.key for metric in catalogue}
    sound = [
        metric
        for place, entry in enumerate(given)
        if (metric := _metric(entry, ("metrics", place), catalogue=catalogue, known=known, findings=findings))
        is not None
    ]
    return _once(given, sound, findings), frozenset(names)


def _once(given: list[Any], sound: list[Metric], findings: Findings) -> tuple[Metric, ...]:
    first: dict[str, int] = {}
    for place, entry in enumerate(given):
        key = entry.get("key") if isinstance(entry, Mapping) else None
        if isinstance(key, str) and first.setdefault(key, place) != place:
            what = f"The metric {quoted(key)} is defined twice."
            findings.error(("metrics", place, "key"), what, "Keep one of them, or give it another key.")
    return tuple({metric.key: metric for metric in sound}.values())


def _metric(
    entry: object, path: Path, *, catalogue: Catalogue, known: frozenset[str], findings: Findings
) -> Metric | None:
    metric = read(Metric, entry, path, findings)
    if metric is None:
        return None
    before = len(findings.errors)
    _references(metric, path, catalogue=catalogue, known=known, findings=findings)
    _numbers(metric, path, findings)
    _texts(metric, path, findings)
    return metric if len(findings.errors) == before else None


def _references(
    metric: Metric, path: Path, *, catalogue: Catalogue, known: frozenset[str], findings: Findings
) -> None:
    if metric.key in catalogue:
        what = f"{quoted(metric.key)} is a metric of the catalogue already."
        findings.error((*path, "key"), what, "Use it as it is, or choose another key.")
    for name in ("countermetrics", "shown_as"):
        for place, key in enumerate(getattr(metric, name)):
            if key not in known:
                what = f"There is no metric {quoted(key)}."
                findings.error((*path, name, place), what, nearest(key, known, kind="metrics"))
            elif key == metric.key:
                findings.error(
                    (*path, name, place), "A metric cannot stand beside itself.", "Name another metric."
                )
    functions = {each.function for each in catalogue} | {"given"}
    if metric.function not in functions:
        what = f"There is no function {quoted(metric.function)}."
        findings.error((*path, "function"), what, nearest(metric.function, functions, kind="functions"))


def _numbers(metric: Metric, path: Path, findings: Findings) -> None:
    if metric.minimum is not None and metric.maximum is not None and metric.minimum >= metric.maximum:
        findings.error(
            (*path, "minimum"), "The minimum is not below the maximum.", "Swap them, or leave one out."
        )
    if (metric.unit is Unit.OWN) != bool(metric.unit_name):
        findings.error(path, "`unit_name` belongs to `unit: own`.", "Write both, or neither.")
    if not metric.accepts:
        findings.error(
            (*path, "accepts"), "The metric accepts no shape.", "Name at least one, such as `[bare]`."
        )


def _texts(metric: Metric, path: Path, findings: Findings) -> None:
    slots = frozenset(NOUNS) | {many for many in NOUNS.values() if many is not None}
    for where, text in _all_texts(metric, path):
        found = unsafe(text)
        if found:
            findings.error(where, f"The text holds {found}.", "Write plain text on one line.")
        if len(text) > SENTENCE_CHARACTERS:
            findings.error(
                where, f"The text has {len(text):,} characters.", f"At most {SENTENCE_CHARACTERS} fit."
            )
        if where[-1] not in {*_SAID, *_PHRASES}:
            continue
        if any(char.isdigit() for char in _SLOT.sub("", text)):
            works = "Write it under `constants:` and name it here as `{constant.NAME}`."
            findings.error(where, "The text holds a digit, and figures come from facts only.", works)
        _slots(text, where, metric=metric, nouns=slots, findings=findings)


def _all_texts(metric: Metric, path: Path) -> Iterator[tuple[Path, str]]:
    for name in _TEXTS:
        yield (*path, name), getattr(metric, name)
    for name in _PHRASES:
        yield (*path, "words", name), getattr(metric.words, name)


def _slots(text: str, where: Path, *, metric: Metric, nouns: frozenset[str], findings: Findings) -> None:
    constants = {f"constant.{name}" for name in metric.constants}
    for slot in _SLOT.findall(text):
        if slot in nouns or slot in constants or re.fullmatch(r"label\.[a-z_]+", slot):
            continue
        what = f"Nothing fills the slot {quoted(slot)}."
        findings.error(where, what, nearest(slot, nouns | constants, kind="slots"))
    if "{" in _SLOT.sub("", text) or "}" in _SLOT.sub("", text):
        findings.error(where, "A curly bracket has no partner.", "Slots look like `{cases}`.")
