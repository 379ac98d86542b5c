"""What an honest sentence may say; the rules carry METRICS.md (b)'s numbers, at the scopes of DESIGN.md 5."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schema.texts import Text
from schema.wording import changes as wording_changes
from schema.wording import figures as wording_figures
from schema.wording import meanings as wording_meanings
from schema.wording.claims import PLAIN_READERS, Read, Rule
from schema.wording.claims import Claim as Claim
from schema.wording.meanings import hard_to_read

RULES: Final[Sequence[tuple[int, Rule]]] = (
    *wording_figures.RULES, *wording_changes.RULES, *wording_meanings.RULES,
)  # fmt: skip


def broken(claim: Claim, *, explanation: bool = False) -> tuple[int, ...]:
    """List the rules that a text breaks, by number; an empty tuple may be posted.

    explanation   rule 44 applies: an executive's or a support person's explanation
    """
    read = Read(claim)
    found = [number for number, rule in RULES if rule(read)]
    if explanation and claim.audience in PLAIN_READERS and hard_to_read(read):
        found.append(44)
    return tuple(dict.fromkeys(found))


def same_values(claims: Sequence[Claim]) -> bool:
    """Tell whether one figure is the same in every audience's version, up to its rounding (rule 5)."""
    exact: dict[tuple[str, str, str], set[Decimal]] = {}
    for claim in claims:
        for fact in claim.text.facts:
            if fact.value is not None and fact.function in ONE_VALUE and fact.of.endswith(READINGS):
                group = "" if fact.function == "ratio" else fact.group  # a ratio of groups is nobody's own
                place = (fact.of, ONE_VALUE[fact.function], group)
                exact.setdefault(place, set()).add(fact.value)
    return all(len(values) == 1 for values in exact.values())


READINGS: Final = ("/now", "/before", "/change")
ONE_VALUE: Final[Mapping[str, str]] = {  # a level is the same figure, however many it is shown of
    **dict.fromkeys(("level", "per", "ratio"), "level"),
    **{name: name for name in ("low", "high", "difference", "numerator", "denominator", "n")},
}


def rests_on(text: Text) -> frozenset[str]:
    """List the readings that a text's figures rest on: `precision/now`, `precision/before` (rule 46)."""
    return frozenset(fact.of for fact in text.facts if fact.of.endswith(("/now", "/before")))
