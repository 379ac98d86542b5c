"""The selectors inside a PromQL expression: what it looks at, apart from what it makes of it."""

import re

# Strings are skipped whole; a name is a selector unless `(` follows, or it stands in a list of labels.
_TOKEN = re.compile(
    r"""
    (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
  | (?P<labels>\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\))
  | (?P<selector>[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{(?:[^{}"'`]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)*\})?
                |\{(?:[^{}"'`]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)*\})
  | (?P<span>\[[^\]]*\])
  | (?P<number>\d[\w.]*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = frozenset(
    {
        "and", "or", "unless", "bool", "offset", "inf", "nan", "by", "without", "on", "ignoring",
        "group_left", "group_right", "start", "end", "atan2",
    }
)  # fmt: skip
_CALLED = re.compile(r"\s*(\(|(by|without)\b)", re.IGNORECASE)  # the name before is a function
_EXTRAPOLATES = re.compile(r"\b(increase|rate|delta|xincrease|xrate|xdelta)\s*\(")


def selectors(expression: str) -> tuple[str, ...]:
    """List the series that an expression selects, such as `errors_total{job="a"}`, each once."""
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(expression):
        text = match["selector"]
        if text is None or _CALLED.match(expression, match.end()):
            continue
        if text.strip().lower() not in _WORDS:
            found[text.strip()] = None
    return tuple(found)


def extrapolates(expression: str) -> bool:
    """Tell whether an expression estimates counts: `increase()` of an integer counter has decimals."""
    return _EXTRAPOLATES.search(expression) is not None
