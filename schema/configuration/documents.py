"""What any parsed file must be before its meaning is read: text, numbers, lists and mappings of a bearable size."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from schema.problems import Findings, Path, quoted

DEEPEST: Final = 20
LONGEST_TEXT: Final = 100_000  # characters
LARGEST_NUMBER: Final = 2**63
_SURROGATES: Final = range(0xD800, 0xE000)


def sound(value: object, path: Path, findings: Findings) -> Any:
    """Copy a parsed file without what no reader of it could bear, and note each such place."""
    if len(path) > DEEPEST:
        findings.error(
            path, "This lies too deep inside other things.", "Nothing here needs that many levels."
        )
        return None
    if isinstance(value, Mapping):
        return _mapping(value, path, findings)
    if isinstance(value, list | tuple):
        return [sound(each, (*path, place), findings) for place, each in enumerate(value)]
    if isinstance(value, str):
        return _text(value, path, findings)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, path, findings)
    if isinstance(value, date):
        return value.isoformat()  # some readers of YAML make days of what looks like one
    findings.error(path, "This is neither text nor a number.", "Put it in quotes.")
    return None


def _mapping(value: Mapping[Any, Any], path: Path, findings: Findings) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            findings.error(path, f"The key {quoted(key)} is no text.", "Put it in quotes.")
            continue
        name = _text(key, path, findings)
        kept[name] = sound(inner, (*path, name), findings)
    return kept


def _text(value: str, path: Path, findings: Findings) -> str:
    if len(value) > LONGEST_TEXT:
        findings.error(
            path, f"The text has {len(value):,} characters.", f"At most {LONGEST_TEXT:,} fit anywhere."
        )
        value = value[:LONGEST_TEXT]
    if "\0" in value:
        findings.error(path, "The text holds a NUL character.", "Leave it out.")
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if not value.isascii() and any(ord(char) in _SURROGATES for char in value):
        findings.error(
            path, "The text holds half of a character (a lone surrogate).", "Write whole characters."
        )
        value = "".join("\N{REPLACEMENT CHARACTER}" if ord(char) in _SURROGATES else char for char in value)
    return value


def _number(value: float, path: Path, findings: Findings) -> float:
    if isinstance(value, float) and not math.isfinite(value):
        findings.error(path, "This is not a finite number.", "Write digits, or leave the line out.")
        return 0
    if abs(value) >= LARGEST_NUMBER:
        findings.error(path, "The number is too large.", "Numbers here have at most 18 digits.")
        return 0
    return value
