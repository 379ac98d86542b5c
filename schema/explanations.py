"""A metric explained: what it is, what it means for people, what it does not mean, and a product's own figure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from schema import facts, texts
from schema.blanks import why
from schema.briefs import Paragraph, Section, say
from schema.metrics import Audience, Metric
from schema.pages import Page
from schema.ripeness import still_open
from schema.statements import levels
from schema.statements.levels import Language
from schema.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One metric in plain words; every text is plain and not yet escaped."""

    metric: str
    product: str | None  # whose figure it tells; None where it tells none
    headline: Text
    sections: tuple[Section, ...]


def explain(metric: Metric, page: Page | None, *, nouns: Mapping[str, str]) -> Explanation:
    """Explain a metric, with a product's nouns and figure where there is a page of one.

    nouns   the catalogue's, used without a page
    """
    language = page.language() if page is not None else Language(nouns=nouns)
    plain = levels.phrase(metric.plain, metric, language)
    sections = [
        _said("What it is", levels.phrase(metric.what, metric, language)),
        _said("What it does not mean", levels.phrase(metric.not_meaning, metric, language)),
        _said("A common misreading", levels.phrase(metric.misreading, metric, language)),
    ]
    if page is not None:
        sections.insert(1, Section(title="What it says here", paragraphs=(figure(page, metric),)))
    return Explanation(
        metric=metric.key, product=page.product.key if page is not None else None,
        headline=texts.fill(HEADLINE if page is None else HEADLINE_OF, {
            "name": facts.name(metric.name), "plain": plain, "title": facts.name(page.product.title) if page else "",
        }),
        sections=tuple(each for each in sections if each.paragraphs),
    )  # fmt: skip


HEADLINE: Final = "{name}: {plain}"
HEADLINE_OF: Final = "{name} of {title}: {plain}"


def _said(title: str, text: Text) -> Section:
    return Section(title=title, paragraphs=(Paragraph(label="", text=text),) if text else ())


def figure(page: Page, metric: Metric) -> Paragraph:
    """Say a product's own figure of a metric, or why there is none."""
    title = facts.name(page.product.title)
    judgement = page.judged.get(metric.key)
    if judgement is None:
        return Paragraph(label="", text=texts.fill("{title} does not measure it.", {"title": title}))
    if judgement.now is None:
        reason = why(page, judgement.blank) if judgement.blank else "it has not been pulled yet"
        text = texts.fill("{title} has no figure for it: {reason}.", {"title": title, "reason": reason})
        return Paragraph(label="", text=text, metrics=(metric.key,))
    said = say(page, metric.key, Audience.EXECUTIVE)
    return replace(said, text=texts.join((said.text, *(each.text for each in still_open(page, [said])))))
