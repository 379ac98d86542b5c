"""The words that the wording rules look for, and which of them stand in a text."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Sign(StrEnum):
    """What kind of claim a word makes."""

    TYPED = "typed"  # a digit or a number word outside a slot
    PERCENT = "percent"
    UP = "up"
    DOWN = "down"
    BETTER = "better"
    WORSE = "worse"
    STEADY = "steady"
    SUPERLATIVE = "superlative"
    TREND = "trend"
    YEARLY = "yearly"
    CAUSAL = "causal"
    WORSE_MODEL = "worse_model"
    ACCURATE = "accurate"
    CHANCE = "chance"
    LIKELY = "likely"
    SAFE = "safe"
    CONCLUSION = "conclusion"
    BANNED = "banned"


def _pattern(*words: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:" + "|".join(words) + r")(?![\w-])", re.IGNORECASE)


# `down from`, `is down`, `, down` and `down` before a figure; not `break down` or `make up for`
WAYS: Final = (r"(?:is|are|was|were|went|goes|moved) WAY", r"WAY (?:from|by)", r"WAY(?=\s\s)", r"(?<=, )WAY")
SIGNS: Final[Mapping[Sign, re.Pattern[str]]] = {
    Sign.TYPED: re.compile(
        r"\d|(?<![\w-])(?:none|zero|half|halved|double|doubled|twice|thrice|triple|tripled|a third|two thirds|a quarter"
        r"|dozens?|hundreds|thousands|millions|(?<!at )most(?! of the change)|majority)(?![\w-])",
        re.IGNORECASE,
    ),
    Sign.PERCENT: re.compile("%"),
    Sign.UP: _pattern(
        *(each.replace("WAY", "up") for each in WAYS), "rose", "risen", "rises?", "gained", "increased?", "grew", "more than before", "keeps rising", "↑", "▲", "🟢"
    ),
    Sign.DOWN: _pattern(
        *(each.replace("WAY", "down") for each in WAYS), "fell", "fallen", "falls?", "dropped", "drops?", "declined?", "declines?", "decreased?", "fewer good",
        "keeps falling", "↓", "▼", "🔴",
    ),
    Sign.BETTER: _pattern("improved", "improvement", "better", "(?:which|this|that) is good"),
    Sign.WORSE: _pattern("worsened", "worse", "(?:which|this|that) is bad"),
    Sign.STEADY: _pattern("no change", "stable", "flat", "unchanged", "about the same"),
    Sign.SUPERLATIVE: re.compile(
        r"(?<!at )(?<!fares )\b(?:highest|lowest|record|best|worst|most(?! of the change))\b", re.IGNORECASE
    ),
    Sign.TREND: _pattern(
        "trend", "trends", "trending", "keeps (?:rising|falling)", "steadily", "consistently"
    ),
    Sign.YEARLY: _pattern(
        "a year", "per year", "yearly", "annual", "annually", "annualised", "annualized"
    ),
    Sign.CAUSAL: _pattern(
        "because", "due to", "caused", "causes", "drove", "driven by", "led to(?! something)", "thanks to", "resulted in"
    ),
    Sign.WORSE_MODEL: re.compile(
        r"\bmodel (?:got|has got|became|is|has become) (?:worse|less)", re.IGNORECASE
    ),
    Sign.ACCURATE: re.compile(
        r"\baccura(?:te|tely|cy of)\b|\bright\s+(?:\S+\s+)?of the time\b", re.IGNORECASE
    ),
    Sign.CHANCE: re.compile(
        r"\b(?:due to|by) chance\b|\bchance (?:that|of being) \w*\s*(?:true|real|wrong)", re.IGNORECASE
    ),
    Sign.LIKELY: re.compile(r"\b(?:(?:very )?(?:un)?likely|about even|probably)\b(?!\s*\()", re.IGNORECASE),
    Sign.SAFE: _pattern(
        "none", "never", "zero", "safe", "eliminated", "no unsafe", r"no \w+ (?:answers?|cases?|leaks?)"
    ),
    Sign.CONCLUSION: _pattern(
        "fair", "fairly", "unfair", "unfairly", "unbiased", "bias-free", "no bias", "compliant", "non-discriminatory",
        "discriminatory", "legal", "illegal",
    ),
    Sign.BANNED: re.compile(
        r"\b(?:precision|recall|f1|r?o?c?[- ]?auc|p-?values?|psi|drift(?:ed)?|baselines?|latency|p\d\d|tokens?|thresholds?"
        r"|cohorts?|calibration|confidence intervals?|CI|significan(?:t|ce)|specificity|ndcg|mrr|brier|log loss"
        r"|wasserstein)\b",
        re.IGNORECASE,
    ),
}  # fmt: skip

NO_NUMBER: Final = re.compile(
    r"\b(?:nan|inf|infinity|none)\b|1\.79\d*e\+?308|\d+(?:\.\d+)?e-\d+|(?<![\d.,])-0(?:\.0+)?(?![\d.])",
    re.IGNORECASE,
)
ONE_IN: Final = re.compile(r"\b1 in (\d[\d,]*)")
RELATIVE: Final = re.compile(
    r"\b(?:up|down|rose|fell|dropped|gained|grew|declined|by)\s+\d[\d.,]*\s?%", re.IGNORECASE
)
AVERAGED: Final = re.compile(r"\b(?:average|mean|averaged)\s+p\d\d\b", re.IGNORECASE)
SMALLNESS: Final = re.compile(r"\bsmall\b", re.IGNORECASE)
VERDICTS: Final = re.compile(
    r"\b(?:clear (?:gain|loss|change)|real but small (?:gain|loss|change)|about the same|cannot tell|not comparable)\b"
)


@lru_cache(maxsize=16_384)
def signs(words: str) -> frozenset[Sign]:
    """List what the words of a text claim; its figures and the names that people chose are blanks in them."""
    return frozenset(sign for sign, pattern in SIGNS.items() if pattern.search(words))


@lru_cache(maxsize=16_384)
def verdicts_in(words: str) -> tuple[str, ...]:
    """List the verdicts that a full text names, in reading order."""
    return tuple(VERDICTS.findall(words))
