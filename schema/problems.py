"""What is wrong with a file that a person wrote: where, what, and what would work."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from pydantic_core import PydanticCustomError

Path: TypeAlias = tuple[str | int, ...]
Lines: TypeAlias = Callable[[Path], int | None] | Mapping[Path, int]  # 1-based lines of what stands at a path

_SHOWN = 60  # characters of a person's own text that a problem repeats
_MOST_LISTED = 12
OURS = "muster"  # the type of pydantic errors that carry our own sentences


class Severity(StrEnum):
    """Whether a problem stops the file from being applied."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, in plain words."""

    path: Path
    line: int | None  # 1-based; None where the place is unknown
    what: str
    works: str
    level: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        """Name the place as people write it: `products.fraud-detection.compare[1]`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{_clipped(part)}" for part in self.path)
        return text.removeprefix(".")

    @property
    def sentence(self) -> str:
        """Say it on one line: place, what is wrong, what would work."""
        where = f"line {self.line}" if self.line else ""
        start = ", ".join(part for part in (where, self.place) if part)
        return f"{start}: {self.what} {self.works}".removeprefix(": ").rstrip()


@dataclass(frozen=True, slots=True)
class Findings:
    """Collects problems while a file is read, so that all are told at once."""

    lines: Lines = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def error(self, path: Path, what: str, works: str = "") -> None:
        """Note what stops the file."""
        self._note(path, what, works, Severity.ERROR)

    def warning(self, path: Path, what: str, works: str = "") -> None:
        """Note what the file can live with and its owner should know."""
        self._note(path, what, works, Severity.WARNING)

    def _note(self, path: Path, what: str, works: str, level: Severity) -> None:
        line = line_of(self.lines, path)
        self.problems.append(Problem(path=path, line=line, what=what, works=works, level=level))

    @property
    def errors(self) -> list[Problem]:
        """List what stops the file."""
        return [problem for problem in self.problems if problem.level is Severity.ERROR]

    def in_order(self) -> list[Problem]:
        """List everything in the order of the file, each thing once."""
        return in_order(self.problems)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by their line, each thing once; those without a place come first."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line or 0, problem.place))


def line_of(lines: Lines, path: Path) -> int | None:
    """Find the line of a path, or of the nearest thing around it that has one."""
    look_up = lines if callable(lines) else lines.get
    for length in range(len(path), -1, -1):
        line = look_up(path[:length])
        if line is not None:
            return line
    return None


def mistake(what: str, works: str = "") -> PydanticCustomError:
    """Make the error that a validator raises, so that our own sentences reach the person."""
    return PydanticCustomError(OURS, "{what} {works}", {"what": what, "works": works})


def nearest(word: object, known: Iterable[str], *, kind: str = "") -> str:
    """Say which known names come nearest, or what the known names are.

    kind    what the names are, plural: `metrics`; "" says `names`
    """
    names = sorted(set(known))
    if not names:
        return f"There are no {kind or 'names'} yet; define one first."
    by_lower = {name.lower(): name for name in names}
    said = str(word)[:80].strip().lower()
    close = [said] if said in by_lower else difflib.get_close_matches(said, by_lower, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {either([by_lower[name] for name in close])}?"
    if len(names) > _MOST_LISTED:
        return f"There are {len(names)} {kind or 'names'}, such as {either(names[:3])}."
    return f"What works: {listed(names)}."


def quoted(word: object) -> str:
    """Repeat a person's own text, shortened and free of what cannot be shown."""
    return f"`{_clipped(str(word))}`"


def listed(words: Iterable[str]) -> str:
    """List names: `a`, `b`, `c`."""
    return ", ".join(quoted(word) for word in words)


def either(words: Iterable[str]) -> str:
    """List alternatives: `a`, `b` or `c`."""
    *most, last = [quoted(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def _clipped(text: str) -> str:
    shown = "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: _SHOWN + 1]
    )
    return f"{shown[:_SHOWN]}…" if len(shown) > _SHOWN else shown
