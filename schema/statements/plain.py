"""A metric in plain words: one change, what it amounts to, and what to tell a customer."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.metrics import Audience
from schema.statements import levels
from schema.statements.levels import SHARED_FORMS, Subject
from schema.texts import Filling, Text
from schema.verdicts import CHANGES, SMALL, Because
from schema.verdicts import Kind as VerdictKind
from schema.wording.readability import is_easy

PLAIN: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "{level:cap}, {moved} {before} {when}{relative}{turned}, which is good.",
    VerdictKind.CLEAR_LOSS: "{level:cap}, {moved} {before} {when}{relative}{turned}, which is bad.",
    VerdictKind.CLEAR_CHANGE: "{level:cap}, {moved} {before} {when}{relative}{turned}.",
    **dict.fromkeys(
        SMALL, "{level:cap}, {moved} {before} {when}{turned}: real but too small to act on{by_default}."
    ),
    VerdictKind.SAME: "{level:cap}, about the same as {then} ({before}{turned}).",
}
UNCLEAR: Final[Mapping[Because, str]] = {
    Because.WIDE: "We cannot tell yet if that is a real change: it may be anything from {low} to {high}.",
    Because.FEW_CASES: "Too few to tell if that is a real change: it may be anything from {low} to {high}.",
    Because.ONE_OF_MANY: (
        "With {tested} figures checked together, some will move by luck. We cannot tell yet if that is a real change:"
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
    Because.GROUPS: "the groups are not the same",
    Because.MATURITY: "far fewer or far more of the outcomes were known then",
    Because.OVERLAP: "the two windows overlap",
}


def for_plain_readers(subject: Subject, audience: Audience, unmarked: frozenset[str]) -> Text:
    """Say what a change means to an executive or to customers, in the fullest wording that can be read at once."""
    if subject.metric.engineers_only:
        return _check_for_engineers(subject)
    if subject.metric.beside and subject.metric.beside not in subject.now.parts:
        return _not_alone(subject)
    fillings = _fillings(subject)
    text = Text(())
    for rest, apart in ((True, False), (False, False), (False, True)):
        level = levels.level(subject, audience, rest=rest, apart=apart, unmarked=unmarked)
        text = _in_plain_words(subject, {**fillings, "level": level}, apart=apart)
        if is_easy(text):
            break
    return text


def _in_plain_words(subject: Subject, fillings: dict[str, Filling], *, apart: bool) -> Text:
    verdict = subject.verdict
    if verdict.because is Because.NOT_ASKED:
        return texts.fill("{level:cap}.", fillings)
    if not subject.compared:
        fillings["reason"] = UNCOMPARED.get(verdict.because, UNCOMPARED[Because.NO_VALUE_BEFORE])
        return texts.fill("{level:cap}. It is not compared with {then}: {reason}.", fillings)
    apart = apart or subject.now.numerator == 0  # the level is a sentence of its own
    if verdict.kind is VerdictKind.CANNOT_TELL:
        return texts.join((texts.fill(WAS_APART if apart else WAS, fillings),
                           texts.fill(UNCLEAR[verdict.because], fillings)))  # fmt: skip
    if subject.shown:
        return _together(subject, fillings, apart=apart)
    template = PLAIN[subject.kind]
    if verdict.kind in CHANGES and levels.look_equal(subject):
        template = template.replace("{moved} {before} {when}", "{way} by {size} from {then}")
        fillings |= {"way": "up" if verdict.rose else "down", "size": levels.size_of_change(subject)}
    return texts.fill(
        template.replace("{level:cap},", "{level:cap}. That is") if apart else template, fillings
    )


WAS: Final = "{level:cap}; {when} it was {before}{turned}."
WAS_APART: Final = "{level:cap}. {when:cap} it was {before}{turned}."


def _together(subject: Subject, fillings: dict[str, Filling], *, apart: bool) -> Text:
    amount = {
        VerdictKind.SAME: "about the same",
        **dict.fromkeys(SMALL, "a real but small {turn}, too small to act on{by_default}"),
        VerdictKind.CLEAR_GAIN: "better",
        VerdictKind.CLEAR_LOSS: "worse",
        VerdictKind.CLEAR_CHANGE: "a clear change",
    }[subject.verdict.kind]
    fillings["amount"] = texts.fill(amount, fillings)
    return texts.join((texts.fill(WAS_APART if apart else WAS, fillings),
                       texts.fill("Taken together, that is {amount}.", fillings)))  # fmt: skip


def _check_for_engineers(subject: Subject) -> Text:
    name = levels.phrase(subject.metric.plain, subject.metric, subject.language)
    template = CHECKS.get(subject.kind, "{name:cap} is a check for engineers, told on their page.")
    moved = "rose" if subject.verdict.rose else "fell"
    return texts.fill(template, {"name": name, "moved": moved})


CHECKS: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "{name:cap}, a check for engineers, {moved}, which is good.",
    VerdictKind.CLEAR_LOSS: "{name:cap}, a check for engineers, {moved}, which is bad.",
    VerdictKind.CLEAR_CHANGE: "{name:cap}, a check for engineers, {moved}.",
    **dict.fromkeys(SMALL, "{name:cap}, a check for engineers, {moved}: real but small."),
}


def _not_alone(subject: Subject) -> Text:
    plain = levels.phrase(subject.metric.plain, subject.metric, subject.language)
    return texts.fill(
        "{plain:cap} is not told here: what doing nothing would have reached is not known.", {"plain": plain}
    )


def for_customers(subject: Subject) -> tuple[Text, ...]:
    """Say what support tells a customer: what the figure does not mean, and what they can do."""
    limits = levels.phrase(subject.metric.not_meaning, subject.metric, subject.language)
    recourse = subject.language.labels.get("recourse")
    if not recourse or subject.metric.form not in SHARED_FORMS:
        return (limits,)
    people = levels.phrase("{people}", subject.metric, subject.language)
    can_do = texts.fill(
        "What {people} who disagree can do: {recourse}.",
        {"recourse": facts.name(recourse), "people": people},
    )
    return limits, can_do


def _relative(subject: Subject) -> Filling:
    """Say a change over the level before, unless the rounded levels beside it look like another one."""
    by, before = subject.relative, subject.before
    if by is None or by.value is None or before is None:
        return ""
    base = levels.base_of(subject, subject.itself) if levels.is_share(subject.itself) else None
    if base is not None:
        then, now = facts.per(before.value, base), facts.per(subject.now.value, base)
        if not then or abs(Decimal(now - then) / then - by.value) > LOOKS_OTHERWISE:
            return ""
    return texts.fill(" ({by})", {"by": by})


LOOKS_OTHERWISE: Final = Decimal("0.05")


def _fillings(subject: Subject) -> dict[str, Filling]:
    verdict = subject.verdict
    fillings: dict[str, Filling] = {
        "when": subject.moment.when,
        "then": subject.moment.then,
        "moved": "up from" if verdict.rose else "down from",
        "turn": "rise" if verdict.rose else "fall",
        "tested": levels.constant(Decimal(verdict.tested), "change"),
        "relative": _relative(subject),
        "turned": "" if subject.shown else levels.turned(subject.itself),
        "by_default": " by our default" if verdict.matters_is_default else "",
    }
    if subject.before is not None:
        fillings["before"] = levels.level_before(subject)
    if subject.ends is not None:
        fillings["low"], fillings["high"] = levels.ends_of_change(subject, *subject.ends)
    return fillings
