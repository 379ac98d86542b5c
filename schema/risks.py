"""How much is at stake in a launch: ten plain questions, and the tier that follows from their answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Tier(StrEnum):
    """How much care a launch needs; compare by `rank`, never by name."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Count from the lowest, which is 0."""
        return list(Tier).index(self)

    def reaches(self, other: "Tier") -> bool:
        """Tell whether this is at least as high as another."""
        return self.rank >= other.rank


class RiskQuestion(StrEnum):
    """What is asked before a launch opens, yes or no; in this order."""

    BANNED_PRACTICE = "banned_practice"
    ANNEX_III = "annex_iii"
    ALLOCATION = "allocation"
    AT_RISK_PEOPLE = "at_risk_people"
    PERSONAL_DATA = "personal_data"
    ABOUT_PEOPLE = "about_people"
    GENERATIVE = "generative"
    SYNTHETIC_MEDIA = "synthetic_media"
    TALKS_TO_PEOPLE = "talks_to_people"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A risk question as people read it."""

    question: str
    example: str  # what counts as yes; one plain sentence


ASKED: Final[Mapping[RiskQuestion, Asked]] = {
    RiskQuestion.BANNED_PRACTICE: Asked(
        question="Could any part of it be a practice that the law bans?",
        example="Such as pushing people against their will, scoring them as citizens, or reading feelings at work or school.",
    ),
    RiskQuestion.ANNEX_III: Asked(
        question="Is it used in an area that the law calls high-risk?",
        example="Such as identity checks by body features, power and water, schools, hiring, credit, police, borders or courts.",
    ),
    RiskQuestion.ALLOCATION: Asked(
        question="Does it help to decide who gets a chance or money?",
        example="Such as jobs, loans, housing, school places, insurance, care or benefits.",
    ),
    RiskQuestion.AT_RISK_PEOPLE: Asked(
        question="Will children or others at special risk use it, or be affected by it?",
        example="Such as children, people who are ill, in debt, in danger or dependent on others.",
    ),
    RiskQuestion.PERSONAL_DATA: Asked(
        question="Does it use data about people?",
        example="Such as names, messages, places, payments or anything that can be traced to one person.",
    ),
    RiskQuestion.ABOUT_PEOPLE: Asked(
        question="Does its output say something about people?",
        example="Such as a description, a score, a rank or a summary of a person or a group.",
    ),
    RiskQuestion.GENERATIVE: Asked(
        question="Does it write, draw or speak?",
        example="Such as answers, summaries, translations, code or pictures that a model makes up.",
    ),
    RiskQuestion.SYNTHETIC_MEDIA: Asked(
        question="Does it make pictures, sound, film or text that people could take for real?",
        example="Such as a cloned voice, a made-up photo or an article under a person's name.",
    ),
    RiskQuestion.TALKS_TO_PEOPLE: Asked(
        question="Does it talk or write to people?",
        example="Such as a chat, a voice on the phone or messages that it sends by itself.",
    ),
    RiskQuestion.THIRD_PARTY: Asked(
        question="Does it rest on a model or service of another company?",
        example="Such as a language model behind an interface, or a model that was trained elsewhere.",
    ),
}  # fmt: skip

# A banned practice stops the launch until ETH-01 is signed; until then nothing about it is of less than the highest tier.
MAKES_HIGH: Final = frozenset(
    {
        RiskQuestion.BANNED_PRACTICE,
        RiskQuestion.ANNEX_III,
        RiskQuestion.ALLOCATION,
        RiskQuestion.AT_RISK_PEOPLE,
    }
)


def tier_of(answers: Iterable[RiskQuestion]) -> Tier:
    """Derive the tier from the questions that were answered with yes."""
    said = frozenset(answers)
    if said & MAKES_HIGH:
        return Tier.HIGH
    return Tier.MEDIUM if said else Tier.LOW
