"""Sources that disagree, in words: both values, and which of them the verdicts rest on (wording rule 39)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.estimates.estimating import Estimate
from schema.facts import Fact, Kind
from schema.findings import OtherSource
from schema.metrics import Audience, Unit
from schema.pages import Page, subject
from schema.remarks import SILENT, Remark, base_figure, place, remark
from schema.statements import levels
from schema.statements.counted import per
from schema.statements.levels import Subject
from schema.statements.subjects import SHARED_FORMS
from schema.texts import Filling, Text


def sources_told(page: Page, key: str, audience: Audience, *, named: bool = False) -> Remark:
    """Say what other sources give where it is not the same; engineers are also told where one gives nothing.

    named   another metric stands in the same paragraph, so say which one is meant
    """
    others = page.judged[key].findings.sources
    about = subject(page, key)
    if audience in levels.PLAIN_READERS:
        return _plain(page, about, [each for each in others if each.differs], named=named)
    told = [_in_full(page, about, each) for each in others if each.differs or each.value is None]
    if not told:
        return SILENT
    figures = [figure for _, used in told for figure in used]
    return remark(texts.join((*(text for text, _ in told), _rests(page, about))), figures)


def _plain(page: Page, about: Subject, others: Sequence[OtherSource], *, named: bool) -> Remark:
    if about.metric.engineers_only or about.shown:
        return SILENT  # this figure itself is not told
    told = [
        (name, found)
        for each in others
        if (found := _level(about, each, name := _named(page, about.metric.key, each.source, each.query)))
        is not None
    ]
    if not told:
        return SILENT
    said = [texts.fill("{source} says {level}", {"source": name, "level": text}) for name, (text, _) in told]
    figures = [figure for _, (_, used) in told for figure in used]
    plain = levels.phrase(about.metric.plain, about.metric, about.language)
    template = "For {plain}, {said}." if named else "But {said}."
    text = texts.fill(template, {"said": texts.join(said, ", "), "plain": plain})
    return remark(texts.join((text, _rests(page, about))), figures)


def _rests(page: Page, about: Subject) -> Text:
    key = about.metric.key
    query = page.product.metrics[key].query
    source = _named(page, key, page.product.queries[query].source, query)
    return texts.fill("Verdicts here rest on {source}.", {"source": source})


def _named(page: Page, key: str, source: str, query: str) -> Fact:
    """Name a source, and the query too where two of this metric's queries ask the same source."""
    asked, queries = page.product.metrics[key], page.product.queries
    sources = [queries[each].source for each in (asked.query, *asked.also)]
    shown = source if sources.count(source) <= 1 else f"{source} ({query})"
    return Fact(of="", function="source", kind=Kind.NAME, value=None, shown=shown, group=shown)


def _level(about: Subject, other: OtherSource, source: Fact) -> tuple[Text, list[Fact]] | None:
    """Give another source's value as the metric's own level is told; None where both would read the same."""
    if other.value is None:
        return None
    if about.metric.form not in SHARED_FORMS:
        return _amount(about, other.value, source)
    base = levels.base_of(about, about.itself) if _tells_shares(about) else None
    if base is None:
        return _counts(about, other.value, source)
    same = facts.per(other.value.value, base) == facts.per(about.now.value, base)
    if same or abs(other.difference) * base < HALF:
        return None  # apart by rounding only
    share = replace(per(about.metric, BESIDE, other.value.value, base, function="other"), group=source.shown)
    return texts.fill(
        "{share} of every {base}", {"share": share, "base": base_figure(about.metric.key, base)}
    ), [share]


def _tells_shares(about: Subject) -> bool:
    cases = about.now.denominator
    return cases is None or (bool(about.now.numerator) and cases >= levels.FEWEST_FOR_SHARES)


def _counts(about: Subject, value: Estimate, source: Fact) -> tuple[Text, list[Fact]] | None:
    if value.numerator is None or value.denominator is None:
        return None
    figures = [
        levels.count(about.metric, BESIDE, "other_hits", value.numerator, group=source.shown),
        levels.count(about.metric, BESIDE, "other_cases", value.denominator, group=source.shown),
    ]
    return texts.fill("{hits} of {cases}", {"hits": figures[0], "cases": figures[1]}), figures


def _amount(about: Subject, value: Estimate, source: Fact) -> tuple[Text, list[Fact]] | None:
    metric = about.metric
    shown, own = (
        levels.show(metric, each, about.language.currency, digits=levels.MONEY_DIGITS)
        for each in (value.value, about.now.value)
    )
    if shown == own:
        return None
    figure = _figure(about, value.value, shown, source)
    return Text((figure,)), [figure]


def _figure(about: Subject, value: Decimal, shown: str, source: Fact) -> Fact:
    unit = about.metric.unit
    figure = levels.figure(place(about.metric.key), "other", Kind.LEVEL, value, shown=shown, unit=unit.value)
    return replace(figure, group=source.shown)


def _in_full(page: Page, about: Subject, other: OtherSource) -> tuple[Text, list[Fact]]:
    source = _named(page, about.metric.key, other.source, other.query)
    fillings: dict[str, Filling] = {"source": source}
    if other.value is None:
        if other.blank is None:
            return texts.fill("{source} has no figure for this.", fillings), []
        return texts.fill(
            "{source} gives no figure: {why}", fillings | {"why": facts.name(other.blank.detail)}
        ), []
    shown = levels.show(about.metric, other.value.value, about.language.currency)
    figures = [_figure(about, other.value.value, shown, source), _difference(about, other.difference, source)]
    fillings |= {"value": figures[0], "difference": figures[1], "cases": ""}
    if other.value.numerator is not None and other.value.denominator is not None:
        text, counts = _counts(about, other.value, source) or (Text(()), [])
        fillings["cases"] = texts.fill(" ({counts})", {"counts": text})
        figures += counts
    return texts.fill("{source} says {value}{cases}, {difference} beside ours.", fillings), figures


def _difference(about: Subject, difference: Decimal, source: Fact) -> Fact:
    metric = about.metric
    if metric.unit is Unit.SHARE:
        shown, unit = facts.points(difference), "points"
    else:
        size = levels.show(metric, abs(difference), about.language.currency)
        shown, unit = f"{'-' if difference < 0 else '+'}{size}", metric.unit.value
    figure = levels.figure(place(metric.key), "difference", Kind.CHANGE, difference, shown=shown, unit=unit)
    return replace(figure, group=source.shown)


BESIDE: Final = "beside"
HALF: Final = Decimal("0.5")
