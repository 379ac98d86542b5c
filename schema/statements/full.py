"""A metric in full: exact figures, intervals, counts and limits, for engineers and compliance."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.facts import Fact, Kind
from schema.metrics import Audience, Unit
from schema.statements import levels
from schema.statements.levels import Subject
from schema.statements.plain import UNCOMPARED
from schema.statements.subjects import as_stated
from schema.texts import Filling, Text
from schema.verdicts import Because
from schema.verdicts import Kind as VerdictKind

CONFIDENCE: Final = Decimal("0.95")

VERDICT_WORDS: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "clear gain",
    VerdictKind.SMALL_GAIN: "real but small gain",
    VerdictKind.SAME: "about the same",
    VerdictKind.CANNOT_TELL: "cannot tell",
    VerdictKind.SMALL_LOSS: "real but small loss",
    VerdictKind.CLEAR_LOSS: "clear loss",
    VerdictKind.CLEAR_CHANGE: "clear change",
    VerdictKind.SMALL_CHANGE: "real but small change",
    VerdictKind.NOT_COMPARABLE: "not comparable",
}
REASONS: Final[Mapping[Because, str]] = {
    Because.NOTHING: "",
    Because.WIDE: "",
    Because.FEW_CASES: ": too few cases",
    Because.ONE_OF_MANY: ": not after correcting for {tested} tests",
    Because.SHORT_HISTORY: ": too few past periods for a bare value",
    Because.NOT_ASKED: "",
    Because.UNSTATED: ": the smallest change that matters is not stated",
    **{because: f": {words}" for because, words in UNCOMPARED.items()},
}


def for_engineers(subject: Subject, others: Sequence[Subject]) -> Text:
    """Give value, interval, counts, window and source, and then each change."""
    metric = subject.metric
    fillings: dict[str, Filling] = {
        "name": facts.name(metric.name),
        "value": _exact(subject, "now"),
        "details": _details(subject, "{confidence} CI"),
        "window": subject.moment.window,
        "source": facts.name(subject.moment.source),
    }
    start = texts.fill("{name} {value}{details}, {window}, from {source}.", fillings)
    changes = [_change_for_engineers(each) for each in (subject, *others)]
    return texts.join((start, *changes, _marks(subject), _judge(subject)))


def _details(subject: Subject, interval: str) -> Text:
    metric, now = subject.metric, subject.now
    parts: list[Text] = []
    if now.low is not None and now.high is not None:
        low, high = _ends(subject, now.low, now.high)
        confidence = levels.constant(CONFIDENCE, "confidence", shown="95%")
        template = f"{interval} {{low}} to {{high}}"
        parts.append(texts.fill(template, {"confidence": confidence, "low": low, "high": high}))
    if now.numerator is not None and now.denominator is not None:
        parts.append(texts.fill("{numerator} of {denominator}", {
            "numerator": levels.count(metric, levels.NOW, "numerator", now.numerator),
            "denominator": levels.count(metric, levels.NOW, "denominator", now.denominator),
        }))  # fmt: skip
    elif now.n is not None:
        parts.append(texts.fill("n={n}", {"n": levels.count(metric, levels.NOW, "n", now.n)}))
    parts.extend(_group_counts(subject))
    return texts.join((" (", texts.join(parts, "; "), ")"), "") if parts else Text(())


def _group_counts(subject: Subject) -> list[Text]:
    metric = subject.metric
    return [
        texts.fill("{group} {numerator}/{denominator}", {
            "group": facts.group_name(each.group),
            "numerator": levels.count(metric, levels.NOW, "numerator", each.numerator, group=each.group),
            "denominator": levels.count(metric, levels.NOW, "denominator", each.denominator, group=each.group),
        })
        for each in subject.now.groups
        if each.numerator is not None and each.denominator is not None
    ]  # fmt: skip


def _change_for_engineers(subject: Subject) -> Text:
    verdict = subject.verdict
    if verdict.because is Because.NOT_ASKED:
        return Text(())
    fillings = _judged(subject)
    if not subject.compared:
        return texts.fill(UNCOMPARED_IN_FULL, fillings)
    interval = " (CI {low} to {high}{q})" if verdict.low is not None else ""
    default = ", by default" if verdict.matters_is_default else ""
    matters = f"; smallest change that matters {{matters}}{default}" if verdict.matters is not None else ""
    template = f"Against {{then}} ({{before}}): {{change}}{interval}, {{verdict}}{{reason}}{matters}."
    return texts.fill(template, fillings)


UNCOMPARED_IN_FULL: Final = "Against {then}: {verdict}{reason}."


def _judged(subject: Subject) -> dict[str, Filling]:
    verdict = subject.verdict
    tested = levels.constant(Decimal(verdict.tested), "change")
    fillings: dict[str, Filling] = {
        "when": subject.moment.when,
        "then": subject.moment.then,
        "verdict": VERDICT_WORDS[subject.kind],
        "reason": texts.fill(REASONS[verdict.because], {"tested": tested}),
        "q": _chance(subject, tested),
        "before": _before(subject),
        **_differences(subject),
    }
    if verdict.matters is not None:
        fillings["matters"] = levels.constant(
            verdict.matters, "matters", shown=_size(subject, verdict.matters)
        )
    return fillings


def _chance(subject: Subject, tested: Fact) -> Text:
    if subject.verdict.q is None:
        return Text(())
    q = Decimal(repr(subject.verdict.q))
    smallest = facts.SMALLEST_CHANCE
    shown = facts.number(q, 3) if q >= smallest else f"under {facts.number(smallest, 3)}"
    fact = levels.figure(f"{subject.metric.key}/change", "q", Kind.CHANCE, q, shown=shown)
    return texts.fill(", q {q}, {tested} tested", {"q": fact, "tested": tested})


def _size(subject: Subject, size: Decimal) -> str:
    """Write a smallest change that matters: as it was stated, or rounded where it is the default."""
    metric, currency = subject.metric, subject.language.currency
    if subject.verdict.matters_is_default:
        if metric.unit is Unit.SHARE:
            return facts.points(size).removeprefix("+")
        return levels.show(metric, size, currency)
    if metric.unit is Unit.SHARE:
        return facts.points(size, facts.decimals_in(size * facts.HUNDRED)).removeprefix("+")
    return as_stated(size, metric.unit, metric.unit_name, currency=currency)


def _differences(subject: Subject) -> dict[str, Filling]:
    low, high = subject.ends or (None, None)
    found = {"change": subject.verdict.difference, "low": low, "high": high}
    known = {name: value for name, value in found.items() if value is not None}
    places = _places(subject, list(known.values()))
    functions = {"change": "difference"}
    return {
        name: _difference(subject, value, functions.get(name, name), places) for name, value in known.items()
    }


def _places(subject: Subject, differences: Sequence[Decimal]) -> int:
    """Choose one number of decimals for a change and its interval, so that no end that is not nought shows as nought."""
    share = subject.metric.unit is Unit.SHARE
    scaled = [each * facts.HUNDRED if share else each for each in differences]
    if subject.metric.unit is Unit.COUNT or not scaled:
        return 0
    if share:
        places = facts.decimals_of_points(differences[0])
    else:
        sizes = [abs(each.value) for each in (subject.now, subject.before) if each is not None]
        places = facts.decimals_of(max(sizes), subject.metric.unit)
    ends = scaled[1:]
    while places < MOST_DECIMALS and (
        any(each and not facts.rounded(each, places) for each in scaled) or _look_alike(ends, places)
    ):
        places += 1
    return places


def _look_alike(ends: Sequence[Decimal], places: int) -> bool:
    """Tell whether an interval would look as if it had no width."""
    return len(set(ends)) > 1 and len({facts.rounded(each, places) for each in ends}) == 1


MOST_DECIMALS: Final = 6


def _marks(subject: Subject) -> Text:
    """Say what an estimate or unripe labels take away from a figure."""
    parts: list[Text] = []
    if subject.metric.estimated:
        parts.append(texts.plain("Estimated, without true outcomes for every case."))
    if subject.provisional:
        parts.append(texts.plain("Provisional: outcomes are still open."))
    return texts.join(parts)


def _judge(subject: Subject) -> Text:
    """Name the automatic judge and how far people agree with it (wording rule 33)."""
    if not subject.metric.judged:
        return Text(())
    judge = subject.language.labels.get("judge")
    fillings: dict[str, Filling] = {"judge": facts.name(judge) if judge else "not stated"}
    if subject.agreement is None:
        return texts.fill("Judge: {judge}, agreement with people not measured.", fillings)
    fillings["agreement"] = subject.agreement
    return texts.fill("Judge: {judge}, agreement with people {agreement}.", fillings)


def for_compliance(subject: Subject, others: Sequence[Subject]) -> Text:
    """Say the level in words with its interval and counts, each change, and what the figure leaves out."""
    metric = subject.metric
    fillings: dict[str, Filling] = {
        "name": facts.name(metric.name),
        "level": levels.level(subject, Audience.COMPLIANCE),
        "details": _details(subject, "{confidence} range"),
        "window": subject.moment.window,
        "source": facts.name(subject.moment.source),
    }
    start = texts.fill("{level:cap}{details}; measured for {window} from {source}.", fillings)
    note = levels.phrase(metric.note, metric, subject.language) if metric.note else Text(())
    limits = levels.phrase(metric.not_meaning, metric, subject.language)
    changes = [_change_for_compliance(each) for each in (subject, *others)]
    return texts.join((start, *changes, _judge(subject), note, limits))


def _change_for_compliance(subject: Subject) -> Text:
    verdict = subject.verdict
    if verdict.because is Because.NOT_ASKED:
        return Text(())
    fillings = _judged(subject)
    if not subject.compared:
        return texts.fill(UNCOMPARED_IN_FULL, fillings)
    interval = "; the change lies between {low} and {high}" if verdict.low is not None else ""
    default = "; smallest change that matters {matters}, by default" if verdict.matters_is_default else ""
    return texts.fill(f"Against {{then}} ({{before}}): {{verdict}}{{reason}}{interval}{default}.", fillings)


def _before(subject: Subject) -> Filling:
    """Say the exact level before, and whose it was where it was another group's."""
    if subject.before is None:
        return ""
    fillings: dict[str, Filling] = {
        "level": _exact(subject, levels.BEFORE), "turned": levels.turned(subject.itself),
    }  # fmt: skip
    return texts.fill("{level}{turned}", fillings)


def _exact(subject: Subject, at: str) -> Fact:
    metric = subject.metric
    estimate = subject.now if at == levels.NOW or subject.before is None else subject.before
    places = _places_of_ends(subject)
    if places is None:
        shown = levels.show(metric, estimate.value, subject.language.currency)
    else:
        shown = facts.percent(estimate.value, max(places, facts.decimals_of_share(estimate.value)))
    of = f"{metric.key}/{at}"
    return levels.figure(of, "level", Kind.LEVEL, estimate.value, shown=shown, unit=metric.unit.value)


def _ends(subject: Subject, low: Decimal, high: Decimal) -> list[Fact]:
    """Show the ends of a level's interval, so that they can be told apart."""
    metric, places = subject.metric, _places_of_ends(subject)
    currency = subject.language.currency
    return [
        levels.figure(
            f"{metric.key}/now", which, Kind.LEVEL, value, unit=metric.unit.value,
            shown=levels.show(metric, value, currency) if places is None else facts.percent(value, places),
        )
        for which, value in (("low", low), ("high", high))
    ]  # fmt: skip


def _places_of_ends(subject: Subject) -> int | None:
    """Choose one number of decimals for a share and its interval where its ends would else look alike."""
    now = subject.now
    if subject.metric.unit is not Unit.SHARE or now.low is None or now.high is None:
        return None
    if facts.percent(now.low) != facts.percent(now.high):
        return None
    places = facts.decimals_of_share(now.low)
    ends = [each * facts.HUNDRED for each in (now.low, now.high)]
    while places < facts.MOST_DECIMALS and _look_alike(ends, places):
        places += 1
    return max(places, facts.decimals_of_share(now.value))


def _difference(subject: Subject, value: Decimal, which: str, places: int) -> Fact:
    metric = subject.metric
    of = f"{metric.key}/change"
    if metric.unit is Unit.SHARE:
        shown = facts.points(value, places)
        if which == "low":  # the unit stands once, at the interval's other end
            return levels.figure(of, which, Kind.CHANGE, value, shown=shown.removesuffix(" points"), base=100)
        return levels.figure(of, which, Kind.CHANGE, value, shown=shown, unit="points")
    size = abs(value)
    shown = (
        facts.money(size, subject.language.currency)
        if metric.unit is Unit.MONEY
        else facts.quantity(size, metric.unit, unit_name=metric.unit_name, decimals=places)
    )
    sign = ("-" if value < 0 else "+") if any(digit in shown for digit in "123456789") else ""
    return levels.figure(of, which, Kind.CHANGE, value, shown=f"{sign}{shown}", unit=metric.unit.value)
