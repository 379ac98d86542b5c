"""What changed in an item since somebody spoke to it, so that only that has to be read again."""

from collections.abc import Mapping
from dataclasses import dataclass

from schema.items import ANSWERS, TIER, Bound, Item, bound_parts
from schema.launches import Revision
from schema.manifests import Manifest
from schema.votes import SILENT, Intent, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is not as it was when this person spoke."""

    vote: Vote  # the newest of theirs; its showing holds the words that they saw
    question: tuple[str, str] | None  # before and now
    rules: bool  # seats, class or thresholds are others
    manifest: Mapping[str, tuple[str, str]]  # by part, before and now; the answers and the tier beside it
    evidence: tuple[str, ...]  # requirements whose evidence is another


def since(revision: Revision, pid: str, item: str) -> Difference | None:
    """Compare an item with what this person last spoke to; None when it is the same, or they said nothing."""
    now = revision.items.get(item)
    voice = revision.voices.get(item, {}).get(pid, SILENT)
    votes = [vote for vote in voice.newest.values() if vote.intent is not Intent.TAKE_BACK]
    if now is None or not votes or now.digest in voice.newest:
        return None
    vote = max(votes, key=lambda each: each.seq)
    then = revision.spoken_of.get(vote.digest)
    return None if then is None else _compared(vote, then, now, manifest=revision.manifest)


def _compared(vote: Vote, then: Bound, now: Item, *, manifest: Manifest) -> Difference:
    old, new = then.item.spec, now.spec
    before, after = then.manifest.parts, manifest.parts
    names = dict.fromkeys((*then.item.evidence, *now.evidence))
    return Difference(
        vote=vote,
        question=None if old.question == new.question else (old.question, new.question),
        rules=(old.places, old.klass, old.hard_from, old.requirements)
        != (new.places, new.klass, new.hard_from, new.requirements),
        manifest={
            part: (before[part], after[part])
            for part in after
            if part in bound_parts(new) | bound_parts(old) and before[part] != after[part]
        }
        | {
            name: (then.item.risk.get(name, "none"), now.risk.get(name, "none"))
            for name in (ANSWERS, TIER)
            if then.item.risk.get(name) != now.risk.get(name)
        },
        evidence=tuple(name for name in names if then.item.evidence.get(name) != now.evidence.get(name)),
    )
