"""Figures that a post said and that their source restated: the old value, the new one, and what is known of why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from schema import facts, texts
from schema.blanks import plain_name, why_blank
from schema.briefs import Paragraph, Section
from schema.facts import Fact, Kind
from schema.headlines import LABELS, TOPIC_LABELS
from schema.insights import Topic, is_for_everybody
from schema.metrics import Audience
from schema.pages import Page, subject
from schema.restatements import as_told
from schema.statements import levels
from schema.texts import Filling, Text

CAVEATS: Final = frozenset({"estimated", "provisional"})
LABEL: Final = TOPIC_LABELS[Topic.CORRECTION]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One figure as a post says it."""

    metric: str
    words: str  # its level in plain words, without caveats; "" where there is no figure any more
    label: str  # its verdict in words
    question: str  # digest of the query and of the definition
    source: str
    fetched_at: str  # of the newest reading behind it, ISO
    cases: int | None  # that it was counted over, where that is known
    open: bool = False  # its outcomes were not all known, and the post says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A figure of a post that its source restated."""

    metric: str
    old: Told
    new: Told


def told_in(page: Page, parts: Iterable[Paragraph | Section]) -> tuple[Told, ...]:
    """List the figures that a post says, each metric once."""
    keys = dict.fromkeys(key for each in _paragraphs(parts) for key in each.metrics)
    return tuple(each for key in keys if (each := told_now(page, key)) is not None)


def _paragraphs(parts: Iterable[Paragraph | Section]) -> Iterable[Paragraph]:
    for each in parts:
        yield from (each,) if isinstance(each, Paragraph) else each.paragraphs


def told_now(page: Page, key: str) -> Told | None:
    """Say a figure as a post would say it now; None for one that plain readers are not told."""
    judgement = page.judged.get(key)
    if judgement is None or judgement.now is None or page.catalogue[key].engineers_only:
        return None
    about = subject(page, key)
    if not is_for_everybody(about.metric) and not about.shown:
        return None
    estimate, receipt = judgement.now.level.estimate, judgement.now.receipt
    return Told(
        metric=key, words=str(levels.level(about, Audience.EXECUTIVE, unmarked=CAVEATS)), label=LABELS[about.kind],
        question=f"{receipt.query_digest}.{receipt.definition}", source=receipt.source,
        fetched_at=receipt.fetched_at.isoformat(), cases=estimate.denominator or estimate.n,
        open=judgement.provisional,
    )  # fmt: skip


def corrections(page: Page, told: Iterable[Told]) -> tuple[Correction, ...]:
    """List what a post says otherwise than is known now, beyond the digits that it shows.

    What the post calls provisional is corrected when its outcomes are known: until then it is what it was said to be.
    """
    found = []
    for each in told:
        new = told_now(page, each.metric) or _gone(page, each)
        if new is not None and new.question == each.question and not new.open and _differs(each, new):
            found.append(Correction(metric=each.metric, old=each, new=new))
    return tuple(found)


def _gone(page: Page, told: Told) -> Told | None:
    """Say that a figure is withdrawn; None where its metric is not asked for any more."""
    judgement = page.judged.get(told.metric)
    if judgement is None or judgement.now is not None or not told.words:
        return None
    return Told(
        metric=told.metric, words="", label=LABELS[judgement.verdict.kind], question=told.question,
        source=told.source, fetched_at="", cases=None,
    )  # fmt: skip


def _differs(old: Told, new: Told) -> bool:
    return old.words != new.words or (old.label != new.label and old.fetched_at != new.fetched_at)


def corrected(page: Page, correction: Correction) -> Paragraph:
    """Say a correction below the post that it corrects: old value, new value, reason (wording rule 38)."""
    key, old, new = correction.metric, correction.old, correction.new
    said = _values(page, correction)
    if old.words == new.words:
        said = texts.fill("{plain:cap} is the same in the digits shown here, but not its verdict.", {
            "plain": plain_name(page, key),
        })  # fmt: skip
    verdict = Text(())
    if old.label != new.label and new.words:
        verdict = texts.plain(f"Its verdict was “{old.label}”; it is “{new.label}”.")
    return Paragraph(label=LABEL, text=texts.join((said, verdict, _reason(page, correction))), metrics=(key,))


def _values(page: Page, correction: Correction) -> Text:
    key, old, new = correction.metric, correction.old, correction.new
    fillings: dict[str, Filling] = {"old": as_told(key, old.words), "new": as_told(key, new.words)}
    if not old.words:
        return texts.fill("There is a figure again: {new}.", fillings)
    if not new.words:
        fillings["why"] = why_blank(page, key)
        return texts.fill("This post said: {old}. That figure was taken back: {why}", fillings)
    return texts.fill("This post said: {old}. It is: {new}.", fillings)


def _reason(page: Page, correction: Correction) -> Text:
    old, new = correction.old, correction.new
    fillings: dict[str, Filling] = {"source": facts.name(new.source), "day": _day(page, new.fetched_at)}
    if not new.words:
        return texts.fill("The reason: {source} gives no figure for that time any more.", fillings)
    if old.cases is not None and new.cases is not None and old.cases != new.cases:
        fillings |= {"now": _cases(new.metric, new.cases), "before": _cases(old.metric, old.cases)}
        return texts.fill(
            "The reason: asked again on {day}, {source} counts {now} cases for the same time; it had counted {before}.", fillings
        )  # fmt: skip
    if old.open:
        return texts.fill(
            "The reason: more of the outcomes were known when {source} was asked again on {day}.", fillings
        )
    return texts.fill(
        "The reason: asked again on {day}, {source} gave other figures for the same time; why, it does not say.", fillings
    )  # fmt: skip


def _day(page: Page, fetched_at: str) -> Fact:
    at = datetime.fromisoformat(fetched_at) if fetched_at else page.period.end
    shown = facts.day(at.astimezone(page.product.zoneinfo).date())
    return Fact(of="source", function="fetched", kind=Kind.TIME, value=None, shown=shown)


def _cases(metric: str, value: int) -> Fact:
    return Fact(
        of=f"{metric}/told", function="cases", kind=Kind.COUNT, value=Decimal(value), shown=f"{value:,}"
    )


def as_body(told: Told) -> dict[str, Any]:
    """Write what was told as JSON has it."""
    return {name: getattr(told, name) for name in Told.__slots__}


def from_body(body: Mapping[str, Any]) -> Told:
    """Read what was told back."""
    return Told(**{name: body[name] for name in Told.__slots__ if name in body})
