"""Briefs and standups as plain text for the command line: the same content without any Slack."""

from handlers.views import voices
from handlers.views.charts import sparkline
from handlers.views.text import harmless
from schema.briefs import Brief, Paragraph, Section
from schema.explanations import Explanation
from schema.standups import Chart, Standup


def brief(shown: Brief) -> str:
    """Write a page as text."""
    return _joined([str(shown.headline), *map(_section, shown.sections), str(shown.closing)])


def standup(shown: Standup) -> str:
    """Write a digest as text: its parent, its trends, its thread."""
    parent = "\n".join(_paragraph(each) for each in shown.parent)
    return _joined([str(shown.note), parent, *map(_chart, shown.charts), *map(_section, shown.sections)])


def explanation(shown: Explanation) -> str:
    """Write an explained metric as text."""
    return _joined([str(shown.headline), *map(_section, shown.sections)])


def _section(shown: Section) -> str:
    mark = "- " if len(shown.paragraphs) > 1 else ""
    lines = [shown.title, *(f"{mark}{_paragraph(each)}" for each in shown.paragraphs)]
    return "\n".join([*lines, *(voices.plain(each) for each in shown.voices)])


def _paragraph(shown: Paragraph) -> str:
    return f"{shown.label}: {shown.text}" if shown.label else str(shown.text)


def _chart(shown: Chart) -> str:
    span = f"  {shown.labels[0]} – {shown.labels[-1]}" if shown.labels else ""
    return f"{shown.title}\n{sparkline(shown)}{span}\n{shown.words}"


def _joined(parts: list[str]) -> str:
    return harmless("\n\n".join(part for part in parts if part)).rstrip() + "\n"
