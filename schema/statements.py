"""One metric in words for one reader: statement shape, verdict, the product's own nouns and the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schema import facts, levels, texts
from schema.facts import Fact, Kind
from schema.levels import SHARED_FORMS, Subject
from schema.metrics import Audience, Unit
from schema.readability import is_easy
from schema.texts import Filling, Text
from schema.verdicts import SMALL, Because, Verdict
from schema.verdicts import Kind as VerdictKind

CONFIDENCE: Final = Decimal(95)
SMALLEST_Q: Final = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A metric in words: the verdict's label, and sentences of slots."""

    metric: str
    audience: Audience
    verdict: Verdict
    text: Text
    level: Text  # the level alone, for one-line lists
    subject: Subject

    def __str__(self) -> str:
        """Show it as plain text."""
        return str(self.text)


def state(subject: Subject, audience: Audience, *, others: Sequence[Subject] = ()) -> Statement:
    """Say what a metric's change means to one audience; text is plain, not yet escaped for Slack.

    others   the same metric against other windows; engineers and compliance read them in one breath
    """
    level = levels.level(subject, audience)
    if audience is Audience.ENGINEER:
        text = _for_engineers(subject, others)
    elif audience is Audience.COMPLIANCE:
        text = _for_compliance(subject, others)
    elif subject.metric.engineers_only:
        text = _check_for_engineers(subject)
    elif subject.metric.beside and subject.metric.beside not in subject.now.parts:
        text = _not_alone(subject)
    else:
        text = _short_enough(subject, audience)
    if audience is Audience.SUPPORT:
        text = texts.join((text, _for_customers(subject)))
    return Statement(
        metric=subject.metric.key,
        audience=audience,
        verdict=subject.verdict,
        text=text,
        level=level,
        subject=subject,
    )


def _short_enough(subject: Subject, audience: Audience) -> Text:
    """Take the fullest of three wordings that can be read at once."""
    for rest, apart in ((True, False), (False, False), (False, True)):
        text = _in_plain_words(subject, levels.level(subject, audience, rest=rest), apart=apart)
        if is_easy(text):
            return text
    return text


# --- executive and support -------------------------------------------------------------------------------------

PLAIN: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "{level:cap}, {moved} {before} {when}{relative}, which is good.",
    VerdictKind.CLEAR_LOSS: "{level:cap}, {moved} {before} {when}{relative}, which is bad.",
    VerdictKind.CLEAR_CHANGE: "{level:cap}, {moved} {before} {when}.",
    VerdictKind.SMALL_GAIN: "{level:cap}, {moved} {before} {when}: real but too small to act on.",
    VerdictKind.SMALL_LOSS: "{level:cap}, {moved} {before} {when}: real but too small to act on.",
    VerdictKind.SMALL_CHANGE: "{level:cap}, {moved} {before} {when}: real but too small to act on.",
    VerdictKind.SAME: "{level:cap}, about the same as {then} ({before}).",
}
UNCLEAR: Final[Mapping[Because, str]] = {
    Because.WIDE: "We cannot tell yet if that is a real change: it may be anything from {low} to {high}.",
    Because.FEW_CASES: "Too few {of} to tell if that is a real change: it may be anything from {low} to {high}.",
    Because.ONE_OF_MANY: (
        "With {tested} figures checked at the same time we cannot tell yet if that is a real change:"
        " it may be anything from {low} to {high}."
    ),
    Because.SHORT_HISTORY: "We cannot tell yet if that is a real change: too few past figures are known.",
    Because.UNSTATED: "We cannot tell if that matters: nobody has stated what size of change does.",
}
UNCOMPARED: Final[Mapping[Because, str]] = {
    Because.NO_VALUE_BEFORE: "there is no figure for it",
    Because.DEFINITION: "the definition has changed",
    Because.QUESTION: "the query has changed",
    Because.WINDOW: "the two windows differ in length",
    Because.STALE: "the newest data are too old",
}


def _in_plain_words(subject: Subject, level: Text, *, apart: bool) -> Text:
    verdict = subject.verdict
    fillings = _fillings(subject, level)
    if verdict.because is Because.NOT_ASKED:
        return texts.fill("{level:cap}.", fillings)
    if verdict.kind is VerdictKind.NOT_COMPARABLE or subject.before is None:
        fillings["reason"] = UNCOMPARED.get(verdict.because, UNCOMPARED[Because.NO_VALUE_BEFORE])
        return texts.fill("{level:cap}. It is not compared with {then}: {reason}.", fillings)
    apart = apart or subject.now.numerator == 0  # the level is a sentence of its own
    if verdict.kind is VerdictKind.CANNOT_TELL:
        start = texts.fill(
            "{level:cap}. {when:cap} it was {before}." if apart else "{level:cap}; {when} it was {before}.",
            fillings,
        )
        return texts.join((start, texts.fill(UNCLEAR[verdict.because], fillings)))
    if subject.shown:
        return _together(subject, fillings)
    template = PLAIN[verdict.kind]
    return texts.fill(
        template.replace("{level:cap},", "{level:cap}. That is") if apart else template, fillings
    )


def _together(subject: Subject, fillings: dict[str, Filling]) -> Text:
    amount = {
        VerdictKind.SAME: "about the same",
        **dict.fromkeys(SMALL, "a real but small {turn}, too small to act on"),
        VerdictKind.CLEAR_GAIN: "better",
        VerdictKind.CLEAR_LOSS: "worse",
        VerdictKind.CLEAR_CHANGE: "a clear change",
    }[subject.verdict.kind]
    fillings["amount"] = texts.fill(amount, fillings)
    return texts.fill("{level:cap}; {when} it was {before}. Taken together, that is {amount}.", fillings)


def _check_for_engineers(subject: Subject) -> Text:
    name = levels.phrase(subject.metric.plain, subject.metric, subject.language)
    kind = subject.verdict.kind
    if kind in {VerdictKind.CLEAR_GAIN, VerdictKind.CLEAR_LOSS}:
        good = "good" if kind is VerdictKind.CLEAR_GAIN else "bad"
        return texts.fill(
            "{name:cap}, a check for engineers, {moved}, which is {good}.",
            {"name": name, "moved": "rose" if subject.verdict.rose else "fell", "good": good},
        )
    return texts.fill(
        "{name:cap} is a check for engineers; there is nothing in it to act on.", {"name": name}
    )


def _not_alone(subject: Subject) -> Text:
    plain = levels.phrase(subject.metric.plain, subject.metric, subject.language)
    return texts.fill(
        "{plain:cap} is not told here: what doing nothing would have reached is not known.", {"plain": plain}
    )


def _for_customers(subject: Subject) -> Text:
    parts = [levels.phrase(subject.metric.not_meaning, subject.metric, subject.language)]
    recourse = subject.language.labels.get("recourse")
    if recourse and subject.metric.form in SHARED_FORMS:
        parts.append(
            texts.fill(
                "What {people} who disagree can do: {recourse}.",
                {
                    "recourse": facts.name(recourse),
                    "people": levels.phrase("{people}", subject.metric, subject.language),
                },
            )
        )
    return texts.join(parts)


def _fillings(subject: Subject, level: Text) -> dict[str, Filling]:
    verdict = subject.verdict
    fillings: dict[str, Filling] = {
        "level": level,
        "when": subject.moment.when,
        "then": subject.moment.then,
        "moved": "up from" if verdict.rose else "down from",
        "turn": "rise" if verdict.rose else "fall",
        "of": levels.phrase(subject.metric.words.of or "cases", subject.metric, subject.language),
        "tested": levels.constant(Decimal(verdict.tested), "change"),
    }
    fillings["relative"] = texts.fill(" ({by})", {"by": subject.relative}) if subject.relative else ""
    if subject.before is not None:
        fillings["before"] = levels.level_before(subject)
    if verdict.low is not None and verdict.high is not None:
        fillings["low"], fillings["high"] = levels.ends_of_change(subject, verdict.low, verdict.high)
    return fillings


# --- engineer and compliance -------------------------------------------------------------------------------------

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


def _for_engineers(subject: Subject, others: Sequence[Subject]) -> Text:
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
    now = subject.now
    parts: list[Text] = []
    if now.low is not None and now.high is not None:
        parts.append(texts.fill(f"{interval} {{low}} to {{high}}", {
            "confidence": levels.constant(CONFIDENCE, "confidence", shown="95%"),
            "low": _end(subject, now.low, "low"), "high": _end(subject, now.high, "high"),
        }))  # fmt: skip
    if now.numerator is not None and now.denominator is not None:
        parts.append(texts.fill("{numerator} of {denominator}", {
            "numerator": _count(subject, now.numerator, "numerator"),
            "denominator": _count(subject, now.denominator, "denominator"),
        }))  # fmt: skip
    elif now.n is not None:
        parts.append(texts.fill("n={n}", {"n": _count(subject, now.n, "n")}))
    parts.extend(_group_counts(subject))
    return texts.join((" (", texts.join(parts, "; "), ")"), "") if parts else Text(())


def _group_counts(subject: Subject) -> list[Text]:
    listed = []
    for each in subject.now.groups:
        if each.numerator is None or each.denominator is None:
            continue
        listed.append(texts.fill("{group} {numerator}/{denominator}", {
            "group": facts.name(each.group),
            "numerator": _count(subject, each.numerator, "numerator"),
            "denominator": _count(subject, each.denominator, "denominator"),
        }))  # fmt: skip
    return listed


def _change_for_engineers(subject: Subject) -> Text:
    verdict = subject.verdict
    fillings = _judged(subject)
    if verdict.because is Because.NOT_ASKED:
        return Text(())
    if subject.before is None or verdict.kind is VerdictKind.NOT_COMPARABLE:
        return texts.fill("Against {then}: {verdict}{reason}.", fillings)
    interval = " (CI {low} to {high}{q})" if verdict.low is not None else ""
    default = ", by default" if verdict.matters_is_default else ""
    matters = f"; smallest change that matters {{matters}}{default}" if verdict.matters is not None else ""
    template = f"Against {{then}} ({{before}}): {{change}}{interval}, {{verdict}}{{reason}}{matters}."
    return texts.fill(template, fillings)


def _judged(subject: Subject) -> dict[str, Filling]:
    verdict = subject.verdict
    tested = levels.constant(Decimal(verdict.tested), "change")
    fillings: dict[str, Filling] = {
        "when": subject.moment.when,
        "then": subject.moment.then,
        "verdict": VERDICT_WORDS[verdict.kind],
        "reason": texts.fill(REASONS[verdict.because], {"tested": tested}),
        "q": "",
    }
    if subject.before is not None:
        fillings["before"] = _exact(subject, "before")
    if verdict.difference is not None:
        places = facts.decimals_of_share(verdict.difference)
        fillings["change"] = _difference(subject, verdict.difference, "difference", places)
        if verdict.low is not None and verdict.high is not None:
            fillings["low"] = _difference(subject, verdict.low, "low", places)
            fillings["high"] = _difference(subject, verdict.high, "high", places)
    if verdict.q is not None:
        q = Decimal(repr(verdict.q))
        shown = facts.number(q, 3) if q >= SMALLEST_Q else f"under {facts.number(SMALLEST_Q, 3)}"
        fact = levels.figure("change", "q", Kind.CHANCE, q, shown, subject.metric)
        fillings["q"] = texts.fill(", q {q}, {tested} tested", {"q": fact, "tested": tested})
    if verdict.matters is not None:
        shown = levels.show(subject.metric, verdict.matters, subject.language.currency)
        if subject.metric.unit is Unit.SHARE:
            shown = facts.points(verdict.matters).lstrip("+")
        fillings["matters"] = levels.constant(verdict.matters, "matters", shown=shown)
    return fillings


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


def _for_compliance(subject: Subject, others: Sequence[Subject]) -> Text:
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
    fillings = _judged(subject)
    if verdict.because is Because.NOT_ASKED:
        return Text(())
    if subject.before is None or verdict.kind is VerdictKind.NOT_COMPARABLE:
        return texts.fill("Against {then}: {verdict}{reason}.", fillings)
    interval = "; the change lies between {low} and {high}" if verdict.low is not None else ""
    return texts.fill(f"Against {{then}} ({{before}}): {{verdict}}{{reason}}{interval}.", fillings)


def _exact(subject: Subject, at: str) -> Fact:
    estimate = subject.now if at == "now" or subject.before is None else subject.before
    shown = levels.show(subject.metric, estimate.value, subject.language.currency)
    return levels.figure(
        at, "level", Kind.LEVEL, estimate.value, shown, subject.metric, unit=subject.metric.unit.value
    )


def _end(subject: Subject, value: Decimal, which: str) -> Fact:
    shown = levels.show(subject.metric, value, subject.language.currency)
    return levels.figure(
        "now", which, Kind.LEVEL, value, shown, subject.metric, unit=subject.metric.unit.value
    )


def _count(subject: Subject, value: int, which: str) -> Fact:
    return levels.figure("now", which, Kind.COUNT, Decimal(value), f"{value:,}", subject.metric)


def _difference(subject: Subject, value: Decimal, which: str, places: int) -> Fact:
    metric = subject.metric
    if metric.unit is Unit.SHARE:
        shown = facts.points(value, places)
        if which == "low":  # the unit stands once, at the interval's other end
            return levels.figure("change", which, Kind.CHANGE, value, shown.removesuffix(" points"), metric)
        return levels.figure("change", which, Kind.CHANGE, value, shown, metric, unit="points")
    size = levels.show(metric, abs(value), subject.language.currency)
    sign = "-" if value < 0 else "+"
    return levels.figure("change", which, Kind.CHANGE, value, f"{sign}{size}", metric, unit=metric.unit.value)
