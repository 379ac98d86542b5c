"""What an honest sentence may say; the rules carry METRICS.md (b)'s numbers, at the scopes of DESIGN.md 5."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from schema.estimates import Estimate
from schema.facts import Fact, Kind
from schema.metrics import Audience, Direction, Form, Metric, Unit
from schema.readability import is_easy
from schema.texts import Text
from schema.verdicts import CHANGES, FEWEST_CASES, LARGEST_Q, SMALL, Verdict
from schema.verdicts import Kind as VerdictKind

PERIODS_FOR_A_SUPERLATIVE: Final = 8
WEEKS_FOR_A_YEAR: Final = 13
PLAIN_READERS: Final = frozenset({Audience.EXECUTIVE, Audience.SUPPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A text with what it may lean on; what is absent may not be said."""

    text: Text
    audience: Audience
    metric: Metric | None = None
    verdict: Verdict | None = None
    now: Estimate | None = None
    before: Estimate | None = None
    experiment: bool = False  # the change rests on a controlled experiment
    periods: int = 0  # complete periods behind a superlative, a trend or a yearly figure
    truncated: bool = False
    partial: bool = False
    provisional: bool = False
    baseline: bool = False  # the do-nothing baseline stands beside it
    own_words: bool = False  # names and labels that people chose stand in the text


def _pattern(*words: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:" + "|".join(words) + r")(?![\w-])", re.IGNORECASE)


NUMBER_WORDS: Final = _pattern(
    "none", "zero", "half", "halved", "double", "doubled", "twice", "thrice", "triple", "tripled", "a third", "two thirds",
    "a quarter", "dozens?", "hundreds", "thousands", "millions", "most", "majority",
)  # fmt: skip
TYPED_DIGIT: Final = re.compile(r"\d")
NO_NUMBER: Final = re.compile(
    r"\b(?:nan|inf|infinity|none)\b|1\.79\d*e\+?308|\d+(?:\.\d+)?e-\d+|(?<![\d.,])-0(?:\.0+)?(?![\d.])",
    re.IGNORECASE,
)
UP: Final = _pattern(
    "up(?! to)", "rose", "risen", "rises?", "gained", "increased?", "grew", "more than before", "↑", "▲"
)
DOWN: Final = _pattern(
    "down",
    "fell",
    "fallen",
    "falls?",
    "dropped",
    "drops?",
    "declined?",
    "declines?",
    "decreased?",
    "fewer good",
    "↓",
    "▼",
)
BETTER: Final = _pattern("improved", "improvement", "better", "which is good")
WORSE: Final = _pattern("worsened", "worse", "which is bad")
STEADY: Final = _pattern("no change", "stable", "flat", "unchanged", "about the same")
SUPERLATIVE: Final = re.compile(
    r"(?<!at )(?<!fares )\b(?:highest|lowest|record|best|worst|most)\b", re.IGNORECASE
)
TREND: Final = _pattern("trend", "trends", "trending", "keeps (?:rising|falling)", "steadily", "consistently")
YEARLY: Final = _pattern("a year", "per year", "yearly", "annual", "annually", "annualised", "annualized")
CAUSAL: Final = _pattern(
    "because", "due to", "caused", "causes", "drove", "driven by", "led to", "thanks to", "resulted in"
)
WORSE_MODEL: Final = re.compile(r"\bmodel (?:got|has got|became|is|has become) (?:worse|less)", re.IGNORECASE)
ACCURATE: Final = re.compile(r"\baccura(?:te|tely|cy of)\b|\bright \S+ of the time\b", re.IGNORECASE)
CHANCE: Final = re.compile(
    r"\b(?:due to|by) chance\b|\bchance (?:that|of being) \w*\s*(?:true|real|wrong)", re.IGNORECASE
)
LIKELY: Final = re.compile(r"\b(?:(?:very )?(?:un)?likely|about even|probably)\b(?!\s*\()", re.IGNORECASE)
SAFE: Final = _pattern(
    "none", "never", "zero", "safe", "eliminated", "no unsafe", "no \\w+ (?:answers?|cases?|leaks?)"
)
CONCLUSION: Final = _pattern(
    "fair", "fairly", "unfair", "unfairly", "unbiased", "bias-free", "no bias", "compliant", "non-discriminatory",
    "discriminatory", "legal", "illegal",
)  # fmt: skip
ONE_IN: Final = re.compile(r"\b1 in (\d[\d,]*)")
RELATIVE: Final = re.compile(
    r"\b(?:up|down|rose|fell|dropped|gained|grew|declined|by)\s+\d[\d.,]*\s?%", re.IGNORECASE
)
BANNED: Final = re.compile(
    r"\b(?:precision|recall|f1|r?o?c?[- ]?auc|p-?values?|psi|drift(?:ed)?|baselines?|latency|p\d\d|tokens?|thresholds?|cohorts?"
    r"|calibration|confidence intervals?|CI|significan(?:t|ce)|specificity|ndcg|mrr|brier|log loss|wasserstein)\b",
    re.IGNORECASE,
)
POWERS: Final = frozenset(10**exponent for exponent in range(1, 7))


def broken(claim: Claim, *, explanation: bool = False) -> tuple[int, ...]:
    """List the rules that a text breaks, by number; an empty tuple may be posted.

    explanation   rule 44 applies: an executive's or a support person's explanation
    """
    found = [number for number, rule in RULES if rule(claim)]
    if explanation and claim.audience in PLAIN_READERS and _hard_to_read(claim):
        found.append(44)
    return tuple(found)


def _typed(claim: Claim) -> bool:
    return any(_types_a_number(piece) for piece in claim.text.pieces if isinstance(piece, str))


@lru_cache(maxsize=8192)
def _types_a_number(words: str) -> bool:
    return bool(TYPED_DIGIT.search(words) or NUMBER_WORDS.search(words))


def _without_unit(claim: Claim) -> bool:
    return any(not _prints_its_unit(fact) for fact in claim.text.facts) or "%" in claim.text.words


def _prints_its_unit(fact: Fact) -> bool:
    if fact.value is None or fact.kind in {Kind.COUNT, Kind.BASE, Kind.CHANCE, Kind.CONSTANT, Kind.PER}:
        return True
    if fact.shown == "level":
        return True
    wanted = UNIT_MARKS.get(fact.unit)
    return wanted is None or any(mark in fact.shown for mark in wanted)


UNIT_MARKS: Final = {
    "points": ("points",),
    Unit.SHARE.value: ("%",),
    Unit.SECONDS.value: ("second",),
    Unit.MINUTES.value: ("minute",),
    Unit.HOURS.value: ("hour",),
    Unit.MULTIPLE.value: ("times",),
}


def _no_number(claim: Claim) -> bool:
    return any(fact.kind is not Kind.NAME and NO_NUMBER.search(fact.shown) for fact in claim.text.facts)


def _does_not_add_up(claim: Claim) -> bool:
    if claim.metric is None or claim.metric.form is not Form.PROPORTION:
        return False
    now = [fact for fact in claim.text.facts if fact.of.endswith("/now")]
    rests = [fact.value for fact in now if fact.function == "rest" and fact.value is not None]
    bases = [fact.value for fact in now if fact.kind is Kind.BASE and fact.value is not None]
    if not rests or not bases:
        return False
    hits = [_whole(fact.shown) for fact in now if fact.function == "per"]
    return not any(hit + rest == base for hit in hits for rest in rests for base in bases)


def _whole(shown: str) -> Decimal:
    return Decimal(shown.replace(",", ""))


def _mixed_bases(claim: Claim) -> bool:
    bases = {fact.value for fact in claim.text.facts if fact.kind is Kind.BASE}
    if len(bases) > 1 and claim.metric is not None and not claim.metric.shown_as:
        return True
    if any(base not in POWERS for base in bases):
        return True
    return any(int(found.replace(",", "")) not in POWERS for found in ONE_IN.findall(str(claim.text)))


def _too_exact_money(claim: Claim) -> bool:
    if claim.audience is not Audience.EXECUTIVE:
        return False
    amounts = [
        f for f in claim.text.facts if f.unit == Unit.MONEY.value and f.kind in {Kind.LEVEL, Kind.CHANGE}
    ]
    needs = claim.metric is None or bool(claim.metric.needs)
    return needs and any(_significant_digits(fact.shown) > MONEY_DIGITS for fact in amounts)


MONEY_DIGITS: Final = 3


def _significant_digits(shown: str) -> int:
    digits = re.sub(r"\D", "", shown.split(" ", maxsplit=1)[0]).strip("0")
    return len(digits)


def _averaged_percentile(claim: Claim) -> bool:
    return bool(re.search(r"\b(?:average|mean|averaged)\s+p\d\d\b", str(claim.text), re.IGNORECASE))


def _hides_the_cut(claim: Claim) -> bool:
    return claim.truncated and "at least" not in str(claim.text)


def _moves(claim: Claim) -> tuple[bool, bool]:
    words = claim.text.words
    return bool(UP.search(words)), bool(DOWN.search(words))


def _unproven_direction(claim: Claim) -> bool:
    words = claim.text.words
    said = any(_moves(claim)) or bool(BETTER.search(words) or WORSE.search(words))
    verdict = claim.verdict
    if not said or verdict is None:
        return False
    return verdict.kind not in CHANGES or not verdict.excludes_nothing


def _wrong_direction(claim: Claim) -> bool:
    verdict, metric = claim.verdict, claim.metric
    if verdict is None or metric is None or verdict.kind not in CHANGES:
        return False
    up, down = _moves(claim)
    if (up and not verdict.rose) or (down and verdict.rose):
        return True
    words = claim.text.words
    good, bad = bool(BETTER.search(words)), bool(WORSE.search(words))
    if metric.direction in {Direction.TARGET, Direction.NONE}:
        return good or bad
    is_good = verdict.rose == metric.good_is_up
    return (good and not is_good) or (bad and is_good)


def _unproven_calm(claim: Claim) -> bool:
    calm = bool(STEADY.search(claim.text.words))
    return calm and (claim.verdict is None or claim.verdict.kind is not VerdictKind.SAME)


def _hides_the_range(claim: Claim) -> bool:
    verdict = claim.verdict
    if verdict is None or verdict.kind is not VerdictKind.CANNOT_TELL or verdict.low is None:
        return False
    if claim.metric is not None and claim.metric.engineers_only and claim.audience in PLAIN_READERS:
        return False
    shown = {fact.function for fact in claim.text.facts if fact.of.endswith("/change")}
    return not {"low", "high"} <= shown


def _bare_relative(claim: Claim) -> bool:
    relative = [fact for fact in claim.text.facts if fact.kind is Kind.RELATIVE]
    if not relative:
        return bool(RELATIVE.search(str(claim.text)))
    ends = {
        fact.of.rpartition("/")[2]
        for fact in claim.text.facts
        if fact.kind in {Kind.LEVEL, Kind.PER, Kind.COUNT}
    }
    few = claim.before is not None and (claim.before.denominator or FEWEST_CASES) < FEWEST_CASES
    return few or not {"now", "before"} <= ends


def _hides_smallness(claim: Claim) -> bool:
    if claim.verdict is None or claim.verdict.kind not in SMALL:
        return False
    if claim.metric is not None and claim.metric.engineers_only and claim.audience in PLAIN_READERS:
        return False
    return "small" not in str(claim.text)


def _uncorrected(claim: Claim) -> bool:
    verdict = claim.verdict
    return verdict is not None and verdict.q is not None and verdict.q > LARGEST_Q and any(_moves(claim))


def _shares_of_few(claim: Claim) -> bool:
    few = any(
        each is not None and each.denominator is not None and each.denominator < FEWEST_CASES
        for each in (claim.now, claim.before)
    )
    if not few:
        return False
    if any(_moves(claim)):
        return True
    shares = {Kind.PER} if claim.audience in PLAIN_READERS else set()
    return any(fact.kind in shares and not fact.of.endswith("/change") for fact in claim.text.facts)


def _says_nothing_happens(claim: Claim) -> bool:
    now = claim.now
    if now is None or now.numerator is None or now.numerator != 0 or not now.denominator:
        return False
    if SAFE.search(claim.text.words):
        return True
    bound = {fact.function for fact in claim.text.facts if fact.of.endswith("/now")}
    return not bound & {"upper", "high"}


def _compares_a_part(claim: Claim) -> bool:
    return claim.partial and "so far" not in str(claim.text)


def _compares_apples(claim: Claim) -> bool:
    verdict = claim.verdict
    return verdict is not None and verdict.kind is VerdictKind.NOT_COMPARABLE and any(_moves(claim))


def _superlative(claim: Claim) -> bool:
    return bool(SUPERLATIVE.search(claim.text.words)) and claim.periods < PERIODS_FOR_A_SUPERLATIVE


def _trend(claim: Claim) -> bool:
    return bool(TREND.search(claim.text.words))


def _yearly(claim: Claim) -> bool:
    return bool(YEARLY.search(claim.text.words)) and claim.periods < WEEKS_FOR_A_YEAR


def _causal(claim: Claim) -> bool:
    return bool(CAUSAL.search(claim.text.words)) and not claim.experiment


def _blames_the_model(claim: Claim) -> bool:
    drift = claim.metric is not None and claim.metric.form is Form.DRIFT
    return drift and bool(WORSE_MODEL.search(claim.text.words) or BETTER.search(claim.text.words))


def _accurate(claim: Claim) -> bool:
    if not ACCURATE.search(str(claim.text)):
        return False
    return claim.metric is None or claim.metric.key != "accuracy" or not claim.baseline


def _no_reference_class(claim: Claim) -> bool:
    text = str(claim.text)
    if any(fact.kind is Kind.PER and fact.of.endswith("/now") for fact in claim.text.facts):
        return "f every" not in text and "in every" not in text
    if (
        claim.audience not in PLAIN_READERS
        or claim.metric is None
        or claim.metric.form is not Form.PROPORTION
    ):
        return False
    return any(fact.kind is Kind.LEVEL and fact.shown.endswith("%") for fact in claim.text.facts)


def _chance(claim: Claim) -> bool:
    return bool(CHANCE.search(claim.text.words))


def _bare_likelihood(claim: Claim) -> bool:
    return bool(LIKELY.search(claim.text.words))


def _not_called_estimated(claim: Claim) -> bool:
    text = str(claim.text).lower()
    quiet = claim.metric is not None and claim.metric.engineers_only and claim.audience in PLAIN_READERS
    estimated = claim.metric is not None and claim.metric.estimated and not quiet
    if estimated and "estimated" not in text:
        return True
    return claim.provisional and not quiet and "provisional" not in text and not estimated


def _judge_unnamed(claim: Claim) -> bool:
    judged = claim.metric is not None and claim.metric.judged
    return judged and claim.audience not in PLAIN_READERS and "judge" not in str(claim.text).lower()


def _concludes(claim: Claim) -> bool:
    return bool(CONCLUSION.search(claim.text.words))


def _screens_what_is_no_selection(claim: Claim) -> bool:
    selection = claim.metric is not None and claim.metric.selection
    return "screening line" in str(claim.text) and not selection


def _ranks_small_groups(claim: Claim) -> bool:
    named = {fact.shown for fact in claim.text.facts if fact.kind is Kind.NAME}
    groups = claim.now.groups if claim.now is not None else ()
    small = {g.group for g in groups if g.denominator is not None and g.denominator < FEWEST_CASES}
    return claim.audience in PLAIN_READERS and bool(small & named)


def _hides_group_counts(claim: Claim) -> bool:
    if claim.metric is None or claim.metric.form is not Form.GAP or claim.now is None or not claim.now.groups:
        return False
    counted = [g for g in claim.now.groups if g.denominator is not None]
    if claim.audience in PLAIN_READERS or len(counted) < 2:
        return False
    shown = {fact.shown for fact in claim.text.facts if fact.kind is Kind.COUNT}
    ends = (counted[0], counted[-1])
    return not all(f"{g.denominator:,}" in shown for g in ends)


def _hard_to_read(claim: Claim) -> bool:
    return bool(BANNED.search(claim.text.words)) or not is_easy(claim.text)


Rule = Callable[[Claim], bool]
RULES: Final[Sequence[tuple[int, Rule]]] = (
    (1, _typed), (2, _without_unit), (4, _no_number), (6, _does_not_add_up), (7, _mixed_bases), (8, _too_exact_money),
    (9, _averaged_percentile), (10, _hides_the_cut), (11, _unproven_direction), (12, _wrong_direction),
    (13, _unproven_calm), (14, _hides_the_range), (15, _bare_relative), (16, _hides_smallness), (17, _uncorrected),
    (18, _shares_of_few), (19, _says_nothing_happens), (20, _compares_a_part), (21, _compares_apples),
    (22, _superlative), (23, _trend), (24, _yearly), (25, _causal), (26, _blames_the_model), (28, _accurate),
    (29, _no_reference_class), (30, _chance), (31, _bare_likelihood), (32, _not_called_estimated),
    (33, _judge_unnamed), (40, _concludes), (41, _screens_what_is_no_selection), (42, _ranks_small_groups),
    (43, _hides_group_counts),
)  # fmt: skip


def same_values(claims: Sequence[Claim]) -> bool:
    """Tell whether one figure is the same in every audience's version, up to its rounding (rule 5)."""
    exact: dict[tuple[str, str], set[Decimal]] = {}
    for claim in claims:
        for fact in _exact_figures(claim):
            if fact.value is not None:
                exact.setdefault((fact.of, fact.function), set()).add(fact.value)
    return all(len(values) == 1 for values in exact.values())


def _exact_figures(claim: Claim) -> Iterator[Fact]:
    for fact in claim.text.facts:
        if fact.kind in {Kind.LEVEL, Kind.CHANGE} and fact.function in {"level", "low", "high", "difference"}:
            yield fact


def rests_on(text: Text) -> frozenset[str]:
    """List the readings that a text's figures rest on: `precision/now`, `precision/before` (rule 46)."""
    return frozenset(fact.of for fact in text.facts if fact.of.endswith(("/now", "/before")))
