"""What changed in an item since somebody spoke to it, in plain words; not escaped, for it is kept as it is shown."""

from typing import Final

from handlers.views.text import clip
from schema.checklists import ItemSpec
from schema.differences import Difference
from schema.items import ANSWERS, TIER, Item, names_waivers
from schema.launches import Revision
from schema.risks import ASKED, RiskQuestion
from schema.tallies import open_objections
from schema.votes import Intent, Vote

SPOKE: Final = {
    Intent.SIGN: "you signed this",
    Intent.OBJECT: "you objected to this",
    Intent.NOT_APPLICABLE: "you signed that this does not apply",
}
MOST_VALUE: Final = 60


def since_then(found: Difference, spec: ItemSpec) -> str:
    """Say in one sentence what is not as it was when somebody spoke."""
    on = found.vote.at
    when = f"Since {SPOKE.get(found.vote.intent, 'you spoke to this')} on {on.day} {on:%B}"
    told = [*_question(found), *_answers(found), *_manifest(found), *_evidence(found, spec), *_rules(found)]
    return f"{when}, {_joined(told)}." if told else f"{when}, it has changed."


def beside(item: Item, revision: Revision) -> list[str]:
    """Say what a signature is bound to beside the evidence: an earlier no, answers to the risk questions, tier, waivers."""
    told = [_left(vote) for vote in open_objections(revision, item.id) if vote.launch]
    if ANSWERS in item.risk:
        yes = [f"“{asked.question}”" for each, asked in ASKED.items() if each in _yes(item.risk[ANSWERS])]
        told.append(
            f"Answered with yes: {' '.join(yes)}" if yes else "Every risk question was answered with no."
        )
    if TIER in item.risk:
        told.append(f"The tier is {item.risk[TIER]}.")
    if names_waivers(item.spec):
        told += [
            f"{each.item} is waived until {each.until.day} {each.until:%B %Y}; watched meanwhile: {each.metric}."
            for each in revision.waivers.values()
        ] or ["Nothing is waived."]
    return told


def _left(vote: Vote) -> str:
    """Name no person and quote nothing: what is shown is kept, and names and words can be erased."""
    on = f"{vote.at.day} {vote.at:%B %Y}"
    return f"Somebody objected to this in {vote.launch} on {on}; that stands until they speak to it again or it is overridden."


def _question(found: Difference) -> list[str]:
    return [f"the question changed; it was “{found.question[0]}”"] if found.question else []


def _answers(found: Difference) -> list[str]:
    before, now = (_yes(text) for text in found.manifest.get(ANSWERS, ("", "")))
    return [
        f"“{asked.question}” is answered {'yes' if question in now else 'no'} now"
        for question, asked in ASKED.items()
        if question in before ^ now
    ]


def _yes(answers: str) -> frozenset[RiskQuestion]:
    return frozenset(each for each in RiskQuestion if each in answers.split(", "))


def _manifest(found: Difference) -> list[str]:
    return [
        f"the {part.replace('_', ' ')} changed from {clip(before, MOST_VALUE)} to {clip(now, MOST_VALUE)}"
        for part, (before, now) in found.manifest.items()
        if part != ANSWERS
    ]


def _evidence(found: Difference, spec: ItemSpec) -> list[str]:
    words = {each.name: each.words for each in spec.requirements}
    return [f"there is other evidence for {words.get(name, name)}" for name in found.evidence]


def _rules(found: Difference) -> list[str]:
    return ["what it takes to pass changed"] if found.rules else []


def _joined(told: list[str]) -> str:
    *most, last = told
    return f"{', '.join(most)} and {last}" if most else last
