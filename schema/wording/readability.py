"""How hard a text is to read: sentences, words and the Flesch-Kincaid grade."""

import re
from functools import lru_cache
from typing import Final

from schema.texts import Text

MOST_WORDS: Final = 25  # of a sentence; wording rule 44
MOST_SENTENCES: Final = 4
MOST_FOR_SUPPORT: Final = 6  # two more: what the figure does not mean, and what customers can do
HIGHEST_GRADE: Final = 9.0
SHORT_WORD: Final = "it"
CAVEATS: Final = re.compile(
    r"\b(?:estimated|provisional)\b", re.IGNORECASE
)  # wording rule 32 demands these words

WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[$€£]?\d[\d.,:/]*%?")
VOWELS: Final = re.compile(r"[aeiouy]+")
SILENT: Final = re.compile(r"(?:[^laeiouy]es|ed|[^laeiouy]e)$")


def sentences(text: str) -> list[str]:
    """Split at ends of sentences; a decimal point is none."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def words_of(text: str) -> list[str]:
    """List words; a figure with its sign is one word."""
    return WORD.findall(text)


@lru_cache(maxsize=8192)
def syllables(word: str) -> int:
    """Count syllables by groups of vowels; a figure counts as one."""
    if not word[:1].isalpha():
        return 1
    lower = word.lower()
    count = len(VOWELS.findall(lower))
    if count > 1 and SILENT.search(lower) and not lower.endswith(("ted", "ded", "le")):
        count -= 1
    return max(1, count)


@lru_cache(maxsize=8192)
def grade(text: str) -> float:
    """Give the Flesch-Kincaid school grade, the caveats that rule 32 demands read as short words; 0 for no words.

    source   Kincaid et al. 1975: 0.39 words a sentence + 11.8 syllables a word - 15.59
    """
    words = words_of(CAVEATS.sub(SHORT_WORD, text))
    if not words:
        return 0.0
    count = max(1, len(sentences(text)))
    return 0.39 * len(words) / count + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def is_easy(text: Text, *, most_sentences: int = MOST_SENTENCES) -> bool:
    """Tell whether an executive can read it at once (wording rule 44, but for its list of terms)."""
    lengths = _lengths(str(text))
    if len(lengths) > most_sentences or max(lengths, default=0) > MOST_WORDS:
        return False
    return grade(_read_aloud(text)) <= HIGHEST_GRADE


@lru_cache(maxsize=8192)
def _lengths(text: str) -> tuple[int, ...]:
    """Count the words of each sentence."""
    return tuple([len(words_of(part)) for part in sentences(text)])


def _read_aloud(text: Text) -> str:
    """Put a short word for figures and for words that people chose: neither is ours to simplify."""
    return "".join([piece if isinstance(piece, str) else SHORT_WORD for piece in text.pieces])
