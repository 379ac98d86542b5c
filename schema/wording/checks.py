"""The wording rules held to statements, and to what stands together in a paragraph."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from schema.estimates.estimating import Estimate
from schema.statements.full import VERDICT_WORDS
from schema.statements.levels import Subject, marks
from schema.statements.stating import Statement
from schema.statements.subjects import Shown, phrase
from schema.texts import Text
from schema.verdicts import GAINS, Because
from schema.verdicts import Kind as VerdictKind
from schema.wording.claims import PLAIN_READERS, Place
from schema.wording.readability import sentences
from schema.wording.rules import Claim, broken

UNSURE: Final = frozenset({VerdictKind.CANNOT_TELL, VerdictKind.NOT_COMPARABLE})
SAID_EARLY: Final = 2  # sentences of a paragraph; wording rule 34
NOT_KNOWN: Final = ("not clear yet", "not known")


def check(statement: Statement) -> tuple[int, ...]:
    """List the wording rules that a statement breaks."""
    return broken(claim_of(statement), explanation=True)


def claim_of(statement: Statement) -> Claim:
    """Gather all that a statement may lean on."""
    subject = statement.subject
    kept = [mark for mark in marks(subject) if mark not in statement.unmarked]
    plain = statement.audience in PLAIN_READERS
    windows = [subject] if plain else [subject, *statement.others]
    return Claim(
        text=statement.text, audience=statement.audience, metric=subject.metric, verdict=subject.verdict,
        now=subject.now, before=subject.before, table=table_of(windows),
        labels=None if plain else labels_of(windows), provisional="provisional" in kept,
        estimated="estimated" in kept, baseline="baseline" in subject.now.parts, source=subject.moment.source,
        periods=subject.periods,
    )  # fmt: skip


def labels_of(windows: Iterable[Subject]) -> list[str]:
    """List the verdicts that a full text names, in reading order."""
    return [VERDICT_WORDS[each.kind] for each in windows if each.verdict.because is not Because.NOT_ASKED]


def table_of(windows: Sequence[Subject]) -> dict[Place, list[Decimal]]:
    """List the only values that the figures of a statement may have, window by window."""
    table: dict[Place, list[Decimal]] = {}
    first = windows[0]
    for shown in (first.itself, *first.shown):
        _add_level(table, shown, "now", shown.now)
    for subject in windows:
        if subject.compared:
            for shown in (subject.itself, *subject.shown):
                _add_level(table, shown, "before", shown.before)
            _add_change(table, subject)
    if first.agreement is not None and first.agreement.value is not None:
        table[first.agreement.of, first.agreement.function, ""] = [first.agreement.value]
    return table


def _add_level(table: dict[Place, list[Decimal]], shown: Shown, at: str, estimate: Estimate | None) -> None:
    if estimate is None:
        return
    of = f"{shown.metric.key}/{at}"
    figures = {
        **dict.fromkeys(("level", "per", "ratio", "gap"), estimate.value), "low": estimate.low, "high": estimate.high,
        "upper": estimate.high, "numerator": estimate.numerator, "denominator": estimate.denominator,
        "n": estimate.n, "baseline": estimate.parts.get("baseline"),
    }  # fmt: skip
    places = {(of, function, ""): value for function, value in figures.items()}
    for group in estimate.groups:
        counts = {"per": group.value, "numerator": group.numerator, "denominator": group.denominator}
        places.update({(of, function, group.group): value for function, value in counts.items()})
        places[of, "ratio", group.group] = estimate.value
    for place, value in places.items():
        if value is not None:
            table.setdefault(place, []).append(Decimal(value))


def _add_change(table: dict[Place, list[Decimal]], subject: Subject) -> None:
    verdict, of = subject.verdict, f"{subject.metric.key}/change"
    low, high = subject.ends or (None, None)
    figures = {
        "difference": verdict.difference, "low": low, "high": high,
        "size": None if verdict.difference is None else abs(verdict.difference),
        "q": None if verdict.q is None else Decimal(repr(verdict.q)),
        "relative": subject.relative.value if subject.relative else None,
    }  # fmt: skip
    for function, value in figures.items():
        if value is not None:
            table.setdefault((of, function, ""), []).append(value)


def lonely_gain(text: Text, statements: Sequence[Statement]) -> bool:
    """Tell whether a gain stands without its countermetric, or says too late that it is not clear (rule 34).

    statements   those of the paragraph; the first is its subject
    """
    if not statements or statements[0].subject.kind not in GAINS:
        return False
    wanted = statements[0].subject.metric.countermetrics
    if not wanted:
        return False
    early = " ".join(sentences(str(text))[:SAID_EARLY])
    counter = next((each for each in statements[1:] if each.metric in wanted), None)
    if counter is None or counter.verdict.kind in UNSURE:
        return not any(words in early for words in NOT_KNOWN)
    whole = str(counter.core)[1:]  # its first letter may have become small
    return whole not in str(text) and _pointed_to(counter) not in str(text)


def _pointed_to(statement: Statement) -> str:
    """Say what is said of a change whose figures stand above: what it amounts to, and its name."""
    subject = statement.subject
    return f"is a {subject.kind.value}: {phrase(subject.metric.plain, subject.metric, subject.language)}; see above."
