"""Mix against rate in words: whether a change is one of how much each part weighs, or of what happens within them.

The two effects add up to the change as they are shown (wording rule 27); a gap is looked at within each part (43).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.facts import Fact
from schema.findings import GapCheck, Split
from schema.judgements import Compared
from schema.metrics import Audience
from schema.pages import Page, subject
from schema.products import Previous
from schema.remarks import SILENT, Remark, base_figure, counted, more_or_fewer, per, points, remark
from schema.remarks import percent as percentage
from schema.statements import levels
from schema.statements.levels import Subject
from schema.texts import Filling
from schema.verdicts import CHANGES

PREVIOUS: Final = Previous().key
ROUGHLY: Final = Decimal("0.2")  # an effect is shown within a fifth of the exact one
NAMELESS: Final = "part"


def mix_told(
    page: Page, key: str, audience: Audience, compared: Compared | None, *, short: bool = False, named: bool = False
) -> Remark:  # fmt: skip
    """Say what the mix has to do with a change; nothing where it does not matter to this reader.

    short   for a digest's parent: leave out which part weighs otherwise
    named   another metric stands in the same paragraph, so say which one is meant
    """
    findings = page.judged[key].findings
    chosen = compared or next(iter(page.judged[key].compared), None)
    found = findings.splits.get(chosen.comparison.key) if chosen is not None else None
    if chosen is None or chosen.before is None:
        return SILENT
    about = subject(page, key, chosen)
    if audience not in levels.PLAIN_READERS:
        if findings.misfit:
            return remark(texts.fill(MISFIT, {"by": _by(page, key)}), ())
        told = found is not None and about.compared and _is_worth(page, key, chosen, found)
        return _in_full(page, about, found) if told and found is not None else SILENT
    if found is None or not about.compared:
        return SILENT
    if chosen.verdict.kind in CHANGES:
        matters = found.mostly_mix or found.reversed
        return _plain(page, about, found, short=short, named=named) if matters else SILENT
    hidden = findings.hidden_change(PREVIOUS) if chosen.comparison.key == PREVIOUS else None
    return _hidden(page, about, hidden) if hidden is not None else SILENT


MISFIT: Final = "The parts by {by} are not all the cases of this figure, so its change is not split; have the query checked."


def _is_worth(page: Page, key: str, chosen: Compared, found: Split) -> bool:
    """Tell whether a window has a change, or rates that changed, to split."""
    if chosen.verdict.kind in CHANGES:
        return True
    hidden = page.judged[key].findings.hidden_change(chosen.comparison.key)
    return hidden is found and chosen.comparison.key == PREVIOUS


def _by(page: Page, key: str) -> Fact:
    return facts.name(page.product.metrics[key].mix_name or NAMELESS)


def _plain(page: Page, about: Subject, split: Split, *, short: bool, named: bool) -> Remark:
    shown = _shown(about, split)
    if shown is None:
        return SILENT
    effects, base = _effects(about.metric.key, split, shown), shown.base
    fillings = _words(page, about, effects, base)
    plain = levels.phrase(about.metric.plain, about.metric, about.language)
    fillings["of_it"] = texts.fill(" in {plain}", {"plain": plain}) if named else ""
    told = [
        texts.fill(MOSTLY_MIX if split.mostly_mix else MOSTLY_RATE, fillings),
        texts.fill(EFFECTS, fillings),
    ]
    figures = list(effects)
    if not short and split.mover is not None and split.mostly_mix:
        shares = [per(about.metric.key, name, value, base) for name, value in
                  (("weight", split.mover.now), ("weight_before", split.mover.before))]  # fmt: skip
        told.append(texts.fill(MOVER, fillings | {
            "segment": facts.name(split.mover.segment), "now": shares[0], "before": shares[1],
            "when": about.moment.when,
        }))  # fmt: skip
        figures += shares
    if split.reversed:
        told.append(texts.fill(AGAINST if split.all_against else NOT_WITH, fillings))
    return remark(texts.join(told), figures)


MOSTLY_MIX: Final = "Most of the change{of_it} is in the mix by {by}."
MOSTLY_RATE: Final = "Most of the change{of_it} is within each {by}, not in the mix."
EFFECTS: Final = "Of every {base} {of}: {mix} from the mix, {rate} within the same {by}, {change} in all."
MOVER: Final = "{segment:cap} made up {now} of every {base}; {when} it was {before}."
AGAINST: Final = "Within each {by} by itself it went the other way."
NOT_WITH: Final = "Within no {by} by itself did it go that way."


def _hidden(page: Page, about: Subject, split: Split) -> Remark:
    shown = _shown(about, split)
    if shown is None:
        return SILENT
    effects, base = _effects(about.metric.key, split, shown), shown.base
    fillings = _words(page, about, effects, base)
    return remark(texts.join([texts.fill(each, fillings) for each in (HIDDEN, HIDES)]), effects)


HIDDEN: Final = "Within the same {by} there is a clear change: of every {base} {of}, {rate}."
HIDES: Final = "The mix by {by} hides it with {mix}, which leaves {change} in all."


def _words(page: Page, about: Subject, effects: Sequence[Fact], base: int) -> dict[str, Filling]:
    metric = about.metric
    mix, rate, change = effects
    return {
        "by": _by(page, metric.key), "of": levels.phrase(metric.words.of, metric, about.language),
        "base": base_figure(metric.key, base), "mix": mix, "rate": rate, "change": change,
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Both effects as counts of a base; together they are the change, rounded half up."""

    base: int
    mix: int
    rate: int


def _effects(key: str, split: Split, shown: Shown) -> tuple[Fact, Fact, Fact]:
    mix, rate, change = (
        more_or_fewer(key, name, value, shown.base, count=count)
        for name, value, count in (
            ("mix", split.mix, shown.mix), ("rate", split.rate, shown.rate),
            ("change", split.change, shown.mix + shown.rate),
        )
    )  # fmt: skip
    return mix, rate, change


def _shown(about: Subject, split: Split) -> Shown | None:
    """Choose a denominator at which both effects are near and add up; the statement's own where it can be."""
    least = levels.base_of(about, about.itself) or facts.BASES[0]
    found = (shown for base in facts.BASES if base >= least if (shown := _at(split, base)) is not None)
    return next(found, None)


def _at(split: Split, base: int) -> Shown | None:
    """Round both effects so that they add up, the larger one not below the other; one may be rounded up for that."""
    total = facts.per(split.change, base)
    if not _is_near(total, split.change, base):
        return None
    for mix in _roundings(split.mix, base):
        for rate in _roundings(split.rate, base):
            if mix + rate == total and _in_order(split, mix, rate):
                return Shown(base=base, mix=mix, rate=rate)
    return None


def _in_order(split: Split, mix: int, rate: int) -> bool:
    return (abs(mix) - abs(rate)) * (abs(split.mix) - abs(split.rate)) >= 0


def _roundings(value: Decimal, base: int) -> list[int]:
    """List what an effect may be shown as: half up, or up; within a fifth of the exact figure."""
    counts = dict.fromkeys((facts.per(value, base), facts.outward(value, base, low=False)))
    return [each for each in counts if _is_near(each, value, base)]


def _is_near(count: int, value: Decimal, base: int) -> bool:
    exact = value * base
    return abs(count - exact) <= abs(exact) * ROUGHLY or abs(value) < facts.DUST


def _in_full(page: Page, about: Subject, split: Split) -> Remark:
    key = about.metric.key
    places = _places(split)
    named = {
        "change": split.change,
        "mix": split.mix,
        "rate": split.rate,
        "low": split.low,
        "high": split.high,
    }
    effects = {name: points(key, name, value, places) for name, value in named.items()}
    segments = counted(key, "segments", split.segments)
    fillings: dict[str, Filling] = {
        **effects, "by": _by(page, key), "segments": segments, "then": about.moment.then,
        "confidence": levels.constant(Decimal("0.95"), "confidence", shown="95%"),
    }  # fmt: skip
    told = [texts.fill(FULL, fillings)]
    figures = [*effects.values(), segments]
    if split.mover is not None:
        shares = [percentage(key, name, value) for name, value in
                  (("weight", split.mover.now), ("weight_before", split.mover.before))]  # fmt: skip
        told.append(texts.fill(WEIGHT, {
            "segment": facts.name(split.mover.segment), "now": shares[0], "before": shares[1],
        }))  # fmt: skip
        figures += shares
    if split.reversed:
        told.append(texts.plain(SIMPSON))
    return remark(texts.join(told), figures)


FULL: Final = (
    "Split by {by} ({segments} parts) against {then}: {mix} from the mix and {rate} within the parts"
    " ({confidence} range {low} to {high}), together {change}."
)
WEIGHT: Final = "Largest shift: {segment}, {before} to {now} of the cases."
SIMPSON: Final = "No part moved that way by itself (a reversal, after Simpson)."


def _places(split: Split) -> int:
    """Choose decimals at which both effects add up to the change as they are shown."""
    places = facts.decimals_of_points(split.change)
    while places < facts.MOST_DECIMALS and _misses(split, places):
        places += 1
    return places


def _misses(split: Split, places: int) -> bool:
    mix, rate, change = (
        facts.rounded(each * facts.HUNDRED, places) for each in (split.mix, split.rate, split.change)
    )
    return mix + rate != change


def gap_told(
    page: Page, key: str, audience: Audience, compared: Compared | None = None, *, counter: bool = False
) -> Remark:
    """Say whether two groups stand in the same order within each part (wording rule 43).

    counter   it is told as another metric's other side: then only what is otherwise is worth a sentence
    """
    found = page.judged[key].findings.gap
    if found is None:
        return SILENT
    plain = audience in levels.PLAIN_READERS
    if plain and (
        not found.segments or (not found.turned and (counter or not _is_first(page, key, compared)))
    ):
        return SILENT
    if not plain and not _is_newest(compared):
        return SILENT
    figures = (counted(key, "turned", found.turned), counted(key, "segments", found.segments))
    fillings: dict[str, Filling] = {
        "by": _by(page, key), "turned": figures[0], "segments": figures[1],
        "first": facts.name(found.first), "last": facts.name(found.last),
    }  # fmt: skip
    return remark(texts.fill(_template(found, plain=plain), fillings), figures)


def _template(found: GapCheck, *, plain: bool) -> str:
    if not plain and not found.segments:
        return GAP_TOO_SMALL
    if not plain:
        return OTHER_ORDER_IN_FULL if found.turned else SAME_ORDER_IN_FULL
    if not found.turned:
        return SAME_ORDER if found.all_compared else SAME_WHERE_COMPARED
    if not found.all_compared:
        return SOME_WHERE_COMPARED
    return OTHER_ORDER if found.turned == found.segments else SOME_OTHER


def _is_newest(compared: Compared | None) -> bool:
    return compared is None or compared.comparison == Previous()


def _is_first(page: Page, key: str, compared: Compared | None) -> bool:
    """Tell whether a window is the newest, or the first of the longer ones: there plain readers are told once."""
    others = [each for each in page.judged[key].compared if not _is_newest(each)]
    return _is_newest(compared) or compared == next(iter(others), None)


SAME_ORDER: Final = "{first:cap} and {last} stand in the same order within each {by}."
SAME_WHERE_COMPARED: Final = (
    "{first:cap} and {last} stand in the same order in each part by {by} that has enough of both."
)
OTHER_ORDER: Final = "Within each {by} by itself, {first} and {last} stand the other way round."
SOME_OTHER: Final = "In {turned} of {segments} parts by {by}, {first} and {last} stand the other way round."
SOME_WHERE_COMPARED: Final = "In {turned} of {segments} parts by {by} that have enough of both, {first} and {last} stand the other way round."
SAME_ORDER_IN_FULL: Final = "Looked at by {by}: {first} and {last} stand in the same order in all {segments} parts where both can be compared."
OTHER_ORDER_IN_FULL: Final = (
    "Looked at by {by}: of {segments} parts where {first} and {last} can be compared, {turned} have the other order"
    " (a reversal, after Simpson)."
)
GAP_TOO_SMALL: Final = "Looked at by {by}: no part has enough of {first} and {last} to compare them."
