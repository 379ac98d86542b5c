"""What the program reads from files: muster.yaml with its lines, package data, secrets."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from schema.checklists import Checklists
from schema.configuration.reading import Configuration, read_configuration
from schema.configuration.review_items import read_checklists
from schema.errors import Refusal
from schema.metrics import Catalogue, metrics_of
from schema.problems import Findings, Problem, in_order, quoted
from schema.problems import Path as Place

LARGEST_FILE: Final = 1_000_000  # bytes
MOST_VALUES: Final = 100_000  # an alias of aliases grows without end
_NOUNS: Final = "nouns.yaml"
_TAG: Final = "tag:yaml.org,2002:"
_SECRET_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A YAML file as plain values, the line of each, and what is wrong with it as YAML."""

    document: Any = None
    positions: Mapping[Place, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_yaml(source: str | bytes | Path, *, as_written: bool = False) -> Loaded:
    """Read YAML from a text or from a file: plain values only, days as text, every key once.

    as_written  leave numbers and yes or no the text that they are, so that version 3.10 is not 3.1
    """
    text = _text_of(source)
    if isinstance(text, Problem):
        return Loaded(problems=(text,))
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError, ValueError) as error:
        return Loaded(problems=(_unreadable(error, text),))
    return Loaded() if root is None else _Builder(as_written=as_written).build(root)


def _text_of(source: str | bytes | Path) -> str | Problem:
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                source = file.read(LARGEST_FILE + 1)
        except OSError as error:
            what = f"The file {quoted(source)} cannot be read: {error.strerror or 'unknown reason'}."
            return _whole(what, "Give the path of your muster.yaml with --config.")
    if len(source) > LARGEST_FILE:
        return _whole("The file is too large.", f"At most {LARGEST_FILE:,} bytes fit.")
    if isinstance(source, bytes):
        try:
            return source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = source[: error.start].count(b"\n") + 1
            return _whole("This is not UTF-8 text.", "Save the file in the encoding UTF-8.", line)
    return source


def _whole(what: str, works: str, line: int | None = None) -> Problem:
    return Problem(path=(), line=line, what=what, works=works)


def _unreadable(error: Exception, text: str) -> Problem:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = (error.problem or error.context or "it cannot be read").partition("\n")[0]
        line = mark.line + 1 if mark is not None else None
        return _whole(
            f"This is not YAML: {said}.", "Check the indentation, the quotes and the brackets here.", line
        )
    if isinstance(error, ReaderError):
        line = text[: error.position].count("\n") + 1 if isinstance(error.position, int) else None
        return _whole("The file holds a character that YAML refuses.", "Leave out control characters.", line)
    if isinstance(error, RecursionError):
        return _whole("The file is nested too deeply.", "Nothing here needs that many levels.")
    return _whole("This is not YAML.", "Check the indentation, the quotes and the brackets.")


@dataclass(slots=True)
class _Builder:
    """Turns YAML's nodes into plain values and remembers their lines."""

    as_written: bool = False
    positions: dict[Place, int] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    open: list[int] = field(
        default_factory=list
    )  # nodes around the current one: an alias to one of them has no end
    values: int = 0

    def build(self, root: Node) -> Loaded:
        self.findings = Findings(self.positions)
        document = self._value(root, ())
        return Loaded(document=document, positions=self.positions, problems=tuple(self.findings.problems))

    def _value(self, node: Node, path: Place) -> Any:
        self.positions.setdefault(path, node.start_mark.line + 1)
        self.values += 1
        if self.values > MOST_VALUES:
            if self.values == MOST_VALUES + 1:
                self.findings.error(path, "The file holds too many values.", "Use fewer aliases (`*name`).")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self.open:
            self.findings.error(path, "An alias points at what it stands in.", "Write the value out.")
            return None
        self.open.append(id(node))
        value = self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        self.open.pop()
        return value

    def _scalar(self, node: ScalarNode, path: Place) -> Any:
        read = _SCALARS.get(str(node.tag).removeprefix(_TAG))
        if read is None:
            self.findings.error(path, f"The tag {quoted(node.tag)} is not allowed.", _TAGS)
            return None
        if self.as_written and read is not _nothing:
            return str(node.value)
        try:
            return read(node.value)
        except ValueError:
            self.findings.error(path, f"{quoted(node.value)} is not what its tag says.", "Leave the tag out.")
            return None

    def _sequence(self, node: Node, path: Place) -> Any:
        if node.tag != f"{_TAG}seq":
            self.findings.error(path, f"The tag {quoted(node.tag)} is not allowed.", _TAGS)
        return [self._value(inner, (*path, place)) for place, inner in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Place) -> Any:
        if node.tag != f"{_TAG}map":
            self.findings.error(path, f"The tag {quoted(node.tag)} is not allowed.", _TAGS)
        found: dict[Any, Any] = {}
        merged: list[Node] = []
        for key_node, inner in node.value:
            if key_node.tag == f"{_TAG}merge":
                merged.extend(inner.value if isinstance(inner, SequenceNode) else [inner])
                continue
            key = self._key(key_node, path, found)
            if key is not None:
                self.positions[*path, key] = key_node.start_mark.line + 1
                found[key] = self._value(inner, (*path, key))
        for other in merged:
            self._merge(other, path, found)
        return found

    def _key(self, node: Node, path: Place, found: Mapping[str, Any]) -> str | None:
        line = node.start_mark.line + 1
        if not isinstance(node, ScalarNode) or str(node.tag).removeprefix(_TAG) not in {
            "str",
            "timestamp",
            "value",
        }:
            shown = f"The key {quoted(node.value)}" if isinstance(node, ScalarNode) else "The key"
            self._at(line, path, f"{shown} is no text.", "Put it in quotes.")
            return None
        if node.value in found:
            first = self.positions[*path, node.value]
            what = f"The key {quoted(node.value)} stands here twice; the first is on line {first}."
            self._at(line, (*path, node.value), what, "Keep one of them.")
            return None
        return str(node.value)

    def _at(self, line: int, path: Place, what: str, works: str) -> None:
        self.findings.problems.append(Problem(path=path, line=line, what=what, works=works))

    def _merge(self, node: Node, path: Place, found: dict[Any, Any]) -> None:
        value = self._value(node, path)
        if not isinstance(value, Mapping):
            self.findings.error(
                path, "`<<` takes a mapping.", "Write `<<: *name` with the anchor of a mapping."
            )
            return
        for key, inner in value.items():
            found.setdefault(key, inner)


_TAGS: Final = "Write plain values; a secret is `{secret: NAME}`."


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    if len(digits) > 30:
        return 10**30 * (-1 if digits.startswith("-") else 1)  # refused as too large, without reading it all
    try:
        return int(digits, 0)
    except ValueError:
        return int(digits)


def _float(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


def _nothing(_: str) -> None:
    return None


_SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {
    "str": str,
    "value": str,
    "timestamp": str,  # a day stays the text that was written
    "null": _nothing,
    "bool": lambda text: text.lower() in {"true", "yes", "on", "y"},
    "int": _integer,
    "float": _float,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Looks values of secrets up: MUSTER_SECRET_NAME, then NAME, then a file NAME in the secrets' folder."""

    environment: Mapping[str, str] = field(repr=False)
    folder: Path | None = None

    def value(self, name: str) -> str:
        """Give the value of a secret; refuses when there is none."""
        found = self.find(name)
        if found is None:
            raise Refusal(f"There is no secret {quoted(name)}. {self.works(name)}")
        return found

    def find(self, name: str) -> str | None:
        """Give the value of a secret, or None."""
        if not _SECRET_NAME.fullmatch(name):
            return None
        found = self.environment.get(f"MUSTER_SECRET_{name.upper()}") or self.environment.get(name)
        return found or self._in_folder(name)

    def works(self, name: str) -> str:
        """Say where the value of a secret may be put."""
        if not _SECRET_NAME.fullmatch(name):
            return "Name it with letters, digits and underscores."
        return f"Set MUSTER_SECRET_{name.upper()}, or put a file {name} into the folder MUSTER_SECRETS_DIR."

    def _in_folder(self, name: str) -> str | None:
        if self.folder is None:
            return None
        try:
            return (self.folder / name).read_text(encoding="utf-8").rstrip("\r\n") or None
        except (OSError, UnicodeDecodeError):
            return None


def read_text(
    source: str | bytes | Path, *, catalogue: Catalogue, today: date | None = None
) -> Configuration | list[Problem]:
    """Read muster.yaml: a configuration, or everything that is wrong with it, in the file's order."""
    loaded = load_yaml(source)
    if loaded.document is None and loaded.problems:
        return list(loaded.problems)
    result = read_configuration(
        loaded.document, loaded.positions, catalogue=catalogue, today=today, checklists=checklists()
    )
    if isinstance(result, Configuration) and not loaded.problems:
        return result
    found = list(result.warnings) if isinstance(result, Configuration) else result
    return in_order([*loaded.problems, *found])


def check_text(
    source: str | bytes | Path,
    *,
    catalogue: Catalogue,
    secrets: Secrets | None = None,
    today: date | None = None,
) -> list[Problem]:
    """List every problem of a muster.yaml, warnings and missing secrets included."""
    loaded = load_yaml(source)
    if loaded.document is None and loaded.problems:
        return list(loaded.problems)
    result = read_configuration(
        loaded.document, loaded.positions, catalogue=catalogue, today=today, checklists=checklists()
    )
    found = result.warnings if isinstance(result, Configuration) else result
    missing = _without_value(loaded, secrets) if secrets is not None else []
    return in_order([*loaded.problems, *found, *missing])


def _without_value(loaded: Loaded, secrets: Secrets) -> list[Problem]:
    """Name secrets that have no value here, in a file that may have other mistakes too."""
    findings = Findings(loaded.positions)
    document = loaded.document if isinstance(loaded.document, Mapping) else {}
    for part in ("workspace", "sources"):
        for path, name in _secrets_in(document.get(part), (part,)):
            if secrets.find(name) is None:
                findings.error(path, f"There is no secret {quoted(name)}.", secrets.works(name))
    return findings.problems


def _secrets_in(value: Any, path: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, Mapping):
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            yield path, value["secret"]
            return
        for key, inner in value.items():
            yield from _secrets_in(inner, (*path, str(key)))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _secrets_in(inner, (*path, place))


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Read the metrics that come with the program."""
    return Catalogue(metrics_of(_plain(text) for name, text in _package_files() if name != _NOUNS))


@lru_cache(maxsize=1)
def nouns() -> Mapping[str, str]:
    """Read what the slots of the catalogue's nouns say where a product says nothing else."""
    [text] = [text for name, text in _package_files() if name == _NOUNS]
    return {str(name): str(word) for name, word in _plain(text).items()}


@lru_cache(maxsize=1)
def checklists() -> Checklists:
    """Read the two checklists that come with the program; raises ValueError with all that is wrong with them."""
    loaded = {name.removesuffix(".yaml"): load_yaml(text) for name, text in _package_files("checklists")}
    result = read_checklists(
        {name: each.document for name, each in loaded.items()},
        catalogue(),
        {name: each.positions for name, each in loaded.items()},
    )
    if isinstance(result, Checklists):
        return result
    raise ValueError("\n".join(problem.sentence for problem in result))


def _package_files(folder_name: str = "catalogue") -> Iterator[tuple[str, str]]:
    folder = resources.files("schema") / folder_name
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            yield file.name, file.read_text(encoding="utf-8")


def _plain(text: str) -> Any:
    return YAML(typ="safe").load(text)
