"""HTML that holds nothing but words: every value escaped, no script, nothing from elsewhere."""

from collections.abc import Iterable, Sequence
from html import escape as escaped
from typing import Final, NewType

from handlers.views.text import harmless

Html = NewType("Html", str)

NOTHING: Final = Html("")
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def words(text: object) -> Html:
    """Escape anything that a person or a source may have written."""
    return Html(escaped(harmless(str(text)), quote=True))


def element(name: str, *inside: Html | str, cls: str = "") -> Html:
    """Put words or HTML into an element; plain text is escaped."""
    marked = f' class="{words(cls)}"' if cls else ""
    return Html(f"<{name}{marked}>{joined(inside)}</{name}>\n")


def joined(parts: Iterable[Html | str]) -> Html:
    """Put parts one after another."""
    return Html("".join(parts))


def paragraph(text: object, *, cls: str = "") -> Html:
    """Write one paragraph of plain words."""
    return element("p", words(text), cls=cls)


def listed(lines: Iterable[object]) -> Html:
    """Write a list of plain lines; nothing for none."""
    items = [element("li", words(line)) for line in lines]
    return element("ul", *items) if items else NOTHING


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """Write a table of plain words; nothing without rows."""
    body = [element("tr", *(element("td", words(cell)) for cell in row)) for row in rows]
    if not body:
        return NOTHING
    head = element("tr", *(element("th", words(each)) for each in heads))
    return element("table", element("thead", head), element("tbody", *body))


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Write names with their values, one below the other."""
    pairs = [joined([element("dt", words(name)), element("dd", words(value))]) for name, value in rows]
    return element("dl", *pairs)


def page(title: str, style: str, *inside: Html, facts_for_programs: Iterable[tuple[str, str]] = ()) -> bytes:
    """Write a whole page."""
    marks = [f'<meta name="{words(name)}" content="{words(value)}">\n' for name, value in facts_for_programs]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{words(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{''.join(marks)}<title>{words(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{joined(inside)}</body>\n</html>\n"
    ).encode()
