"""Wording rules 11 to 24: what may be said of a change, of few cases and of a span of time."""

from collections.abc import Sequence
from typing import Final

from schema.estimates.estimating import Estimate
from schema.facts import Kind
from schema.metrics import Direction, Form, Unit
from schema.statistics.courses import Detector
from schema.verdicts import CHANGES, FEWEST_CASES, LARGEST_Q, SMALL, Because
from schema.verdicts import Kind as VerdictKind
from schema.wording.claims import PLAIN_READERS, Read, Rule
from schema.wording.words import RELATIVE, SMALLNESS, Sign, verdicts_in

PERIODS_FOR_A_SUPERLATIVE: Final = 8
PERIODS_FOR_A_TREND: Final = 4
WEEKS_FOR_A_YEAR: Final = 13
DETECTORS: Final = frozenset(each.value for each in Detector)  # functions of facts that a detector found


def _moves(read: Read) -> bool:
    return Sign.UP in read.signs or Sign.DOWN in read.signs


def _unproven_direction(read: Read) -> bool:
    said = _moves(read) or Sign.BETTER in read.signs or Sign.WORSE in read.signs
    verdict = read.claim.verdict
    if not said or verdict is None:
        return False
    return verdict.kind not in CHANGES or not verdict.excludes_nothing


def _wrong_direction(read: Read) -> bool:
    verdict, metric = read.claim.verdict, read.claim.metric
    if verdict is None or metric is None or verdict.kind not in CHANGES:
        return False
    if (Sign.UP in read.signs and not verdict.rose) or (Sign.DOWN in read.signs and verdict.rose):
        return True
    good, bad = Sign.BETTER in read.signs, Sign.WORSE in read.signs
    if metric.direction in {Direction.TARGET, Direction.NONE}:
        return good or bad
    is_good = verdict.rose == metric.good_is_up
    return (good and not is_good) or (bad and is_good)


def _another_verdict(read: Read) -> bool:
    labels = read.claim.labels
    return labels is not None and verdicts_in(read.words) != tuple(labels)


def _hides_the_direction(read: Read) -> bool:
    """Find a clear change that plain readers are not told, or whose good or bad is left out."""
    claim = read.claim
    if claim.verdict is None or claim.metric is None or claim.audience not in PLAIN_READERS:
        return False
    if claim.metric.form is Form.DRIFT or (read.quiet and not claim.metric.engineers_only):
        return False  # what comes in may shift; that is neither good nor bad
    if claim.verdict.kind is VerdictKind.CLEAR_GAIN:
        return Sign.BETTER not in read.signs
    if claim.verdict.kind is VerdictKind.CLEAR_LOSS:
        return Sign.WORSE not in read.signs
    return False


def _unproven_calm(read: Read) -> bool:
    if Sign.STEADY not in read.signs or read.claim.labels is not None:
        return False  # where verdicts are named, their names are held to them
    return read.claim.verdict is None or read.claim.verdict.kind is not VerdictKind.SAME


def _hides_the_range(read: Read) -> bool:
    verdict = read.claim.verdict
    if verdict is None or verdict.kind is not VerdictKind.CANNOT_TELL or verdict.low is None or read.quiet:
        return False
    return not {"low", "high"} <= {fact.function for fact in read.facts if fact.of.endswith("/change")}


def _bare_relative(read: Read) -> bool:
    if not any(fact.kind is Kind.RELATIVE for fact in read.facts):
        return "%" in read.shown and bool(RELATIVE.search(read.shown))
    levels = {Kind.LEVEL, Kind.PER, Kind.COUNT}
    ends = {fact.of.rpartition("/")[2] for fact in read.facts if fact.kind in levels}
    before = read.claim.before
    few = before is not None and (before.denominator or FEWEST_CASES) < FEWEST_CASES
    return few or not {"now", "before"} <= ends


def _hides_smallness(read: Read) -> bool:
    verdict = read.claim.verdict
    return (
        verdict is not None and verdict.kind in SMALL and not read.quiet and not SMALLNESS.search(read.shown)
    )


def _uncorrected(read: Read) -> bool:
    verdict = read.claim.verdict
    return verdict is not None and verdict.q is not None and verdict.q > LARGEST_Q and _moves(read)


def _shares_of_few(read: Read) -> bool:
    if not any(each is not None and _is_of_few(each) for each in (read.claim.now, read.claim.before)):
        return False
    if _moves(read):
        return True
    if read.claim.audience not in PLAIN_READERS:
        return False
    return any(
        fact.kind is Kind.PER or (fact.kind is Kind.LEVEL and fact.unit in SHARES)
        for fact in read.facts
        if not fact.of.endswith("/change")
    )


SHARES: Final = frozenset({"percent", "ratio", Unit.SHARE.value})


def _is_of_few(estimate: Estimate) -> bool:
    if estimate.denominator is not None:
        return estimate.denominator < FEWEST_CASES
    counted = [group.denominator for group in estimate.groups if group.denominator is not None]
    return bool(counted) and max(counted) < FEWEST_CASES


def _says_nothing_happens(read: Read) -> bool:
    now = read.claim.now
    if now is None or now.numerator is None or now.numerator != 0 or not now.denominator or read.quiet:
        return False
    if Sign.SAFE in read.signs:
        return True
    bound = {fact.function for fact in read.facts if fact.of.endswith("/now")}
    return not bound & {"upper", "high"}


def _compares_a_part(read: Read) -> bool:
    return read.claim.partial and "so far" not in read.shown


def _compares_apples(read: Read) -> bool:
    verdict = read.claim.verdict
    if verdict is None or verdict.kind is not VerdictKind.NOT_COMPARABLE:
        return False
    silent = verdict.because is not Because.NOT_ASKED and not read.quiet and "compar" not in read.said
    return silent or _moves(read)


def _superlative(read: Read) -> bool:
    return Sign.SUPERLATIVE in read.signs and read.claim.periods < PERIODS_FOR_A_SUPERLATIVE


def _trend(read: Read) -> bool:
    """Find a trend that no detector found, or that too few complete periods show."""
    if Sign.TREND not in read.signs:
        return False
    found = any(fact.function in DETECTORS for fact in read.facts)
    return not found or read.claim.periods < PERIODS_FOR_A_TREND


def _yearly(read: Read) -> bool:
    return Sign.YEARLY in read.signs and read.claim.periods < WEEKS_FOR_A_YEAR


RULES: Final[Sequence[tuple[int, Rule]]] = (
    (11, _unproven_direction),
    (12, _wrong_direction),
    (12, _another_verdict),
    (12, _hides_the_direction),
    (13, _unproven_calm),
    (14, _hides_the_range),
    (15, _bare_relative),
    (16, _hides_smallness),
    (17, _uncorrected),
    (18, _shares_of_few),
    (19, _says_nothing_happens),
    (20, _compares_a_part),
    (21, _compares_apples),
    (22, _superlative),
    (23, _trend),
    (24, _yearly),
)
