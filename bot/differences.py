"""What applying a file changed, or would have to decide, as lines to read."""

import json
from collections.abc import Iterator
from typing import Any

from schema.configuration.changes import Applied, Difference, Fate

LONGEST = 160  # characters of one value; a query may be a page
SHOWN = frozenset({Fate.CHANGED, Fate.CONFLICT, Fate.KEPT})


def lines_of(applied: Applied) -> list[str]:
    """Say what became of each object that differs, with the values that do."""
    lines = [line for each in applied.differences for line in _lines(each)]
    lines += [problem.sentence for problem in applied.problems]
    return lines or ["Nothing has changed."]


def _lines(each: Difference) -> Iterator[str]:
    if each.fate is Fate.UNCHANGED:
        return
    by = f", changed in Slack by {each.changed_by}" if each.changed_by else ""
    yield f"{each.fate.value}: {each.at.kind.value} {each.at.key}".rstrip() + by
    if each.fate not in SHOWN:
        return
    for path, before, after in each.alterations:
        place = ".".join(str(step) for step in path) or "all of it"
        if each.fate is Fate.CHANGED:
            yield f"  {place}: {_value(before)} → {_value(after)}"
        else:
            yield f"  {place}: {_value(before)} in Slack, {_value(after)} in the file"


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
